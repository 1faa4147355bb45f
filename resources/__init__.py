"""Clients of what stands outside the process: settings, database, lake, registry, files.

Here: one plain client a file, usable from any room. Keep out: Dagster (only
`dagster_resources.py` knows it) and what credit scoring means (that is `credit_risk`).
"""
