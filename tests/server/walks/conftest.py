"""The parties of the walks."""

from tests.server.parties import parties, party_tokens

__all__ = ["parties", "party_tokens"]
