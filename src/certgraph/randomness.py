"""Where ids and secrets come from: a source of random bits that callers pass in."""

from random import Random
from uuid import UUID

__all__ = ["Random", "new_id", "random_token"]

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letters that are read as digits."""


def new_id(random: Random) -> UUID:
    """Return a random UUID. In production `random` is `random.SystemRandom`."""
    return UUID(int=random.getrandbits(128), version=4)


def random_token(random: Random, characters: int) -> str:
    """Return `characters` random characters, five bits each."""
    bits = random.getrandbits(5 * characters)
    return "".join(_ALPHABET[bits >> 5 * place & 31] for place in range(characters))
