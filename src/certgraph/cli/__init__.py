"""The command `certgraph`."""
