"""The types of the graph and what is asked of them, one file a capability."""
