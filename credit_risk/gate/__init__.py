"""The gate: whether a challenger takes over from the champion, criterion by criterion."""
