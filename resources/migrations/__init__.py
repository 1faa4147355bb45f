"""Alembic migrations of the schema `credit`; run by `resources.schema`."""
