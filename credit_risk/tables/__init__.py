"""What the eight raw tables look like.

`columns` is the notation, one module a table writes it down, `catalogue` collects the tables,
`violations` holds a table against its schema. Types, order, checks and the documentation of a column come
from here and from nowhere else. Keep out: reading files (resources.raw_files) and features.
"""
