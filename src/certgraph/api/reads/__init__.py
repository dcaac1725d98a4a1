"""Planned reads: what the types declare becomes one SQL plan for each document (docs/reads.md).

In the order a query travels: `declarations` (what a field reads) and `arguments`; `documents`
(parsed, validated, remembered); `selection` (what a document asks of the declarations); `levels`
(SQL) made of `shapes` (rows to JSON); `statements` and `connections` (to the database and back);
`plans` and `reader` (the whole way); `records` (the same rows for graphql-core).
"""
