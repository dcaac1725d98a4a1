"""The parties of the walk."""

from tests.server.parties import parties

__all__ = ["parties"]
