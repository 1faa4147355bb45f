"""The core: what credit scoring means, as plain functions over frames and values.

Here: tables, features, models, decisions, drift, policies. Keep out: Dagster, FastAPI, the
environment, the clock, storage, and any random generator that was not passed in.
"""
