"""Colours, one meaning each, legible on light and on dark.

Blue and vermilion of the Okabe-Ito palette, which everyone can tell apart, stand for decisions. Red and
green stand for drift, as people expect; what they mean is always written beside them too.
"""

APPROVED, REFUSED = "#0a84c6", "#d55e00"
DRIFTED, STABLE = "#d1493b", "#2e9e63"
NEUTRAL = "#8a94a0"
ACCENT, SECOND, THIRD = "#0a84c6", "#e69f00", "#009e73"

DECISIONS = {"APPROVED": APPROVED, "REFUSED": REFUSED}
STATUSES = {"ok": STABLE, "warning": "#e0a100", "alert": DRIFTED, "insufficient": NEUTRAL}
LEVELS = {"warning": "#e0a100", "error": DRIFTED, "critical": "#8e2f7f"}
QUANTILES = {"p50": THIRD, "p95": SECOND, "p99": REFUSED}
DIRECTIONS = {"to refusal": REFUSED, "to approval": APPROVED}
SIDES = {"training": NEUTRAL, "this day": REFUSED}
RATES = {"approved": APPROVED, "good applicants refused": REFUSED, "defaults approved": "#8e2f7f"}
