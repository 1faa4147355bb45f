"""Grafana's dashboards, made from code: `make dashboards` writes `dashboards/*.json`.

Here: one module a dashboard, and the parts that they share (`parts`). Add a panel where it answers a
question that somebody asks; say the question in its description. Keep out: hand edits of the JSON (a
test holds that it is what the code gives), and rules of alerts (`deploy/prometheus/rules`).
"""
