"""Questions to PostgreSQL: a module a tab, a function a question; connection in, small frame out.

Aggregates alone: a hundred thousand decisions are counted where they lie. Keep out: pages and pictures.
"""
