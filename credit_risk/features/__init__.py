"""Features of a client, as Ibis expressions built from small specifications.

Here: `terms` (numbers of one row), `grammar` (summaries of a client's rows, and how a feature
is named and described), `rendering` (specifications to tables), one module a source table,
`client` (the join), `version` and `catalogue`. Add a feature by adding a specification to
its source. Keep out: reading and writing tables, and what a model does with the features.
"""
