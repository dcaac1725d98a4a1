"""The graph: the only place with strawberry and starlette."""
