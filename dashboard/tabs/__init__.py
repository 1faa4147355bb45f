"""The tabs: each asks, draws and explains; thin. A tab has one function that draws it: `show`."""
