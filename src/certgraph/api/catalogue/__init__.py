"""The public catalogue at /catalogue: each page is a query of the graph and a template.

The guidance asks for publication (rules R09, R24, R32, R38, R52). What a page shows is what the
graph shows to the public, so that no page can show more; only the table of coverage is asked for
beside it, for today.
"""
