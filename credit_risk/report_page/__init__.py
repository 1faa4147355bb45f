"""The page of a day: what people read about one day of decisions, as one self-contained HTML file.

Figures come in, text goes out. Add a section when people ask for it twice. Keep out: verdicts and
statistics (`credit_risk.drift` and its neighbours), and where a page is stored.
"""
