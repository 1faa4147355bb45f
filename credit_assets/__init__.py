"""The Dagster graph: what is computed, with its lineage, metadata, checks and owners.

Here: thin assets (fetch, call the core, store, describe), one noun a file, and partitions,
jobs and schedules. Keep out: anything about credit risk that an `if` could decide.
"""
