"""What is handed over, sealed: the hash of the list of its files, signed by the platform."""

from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from certgraph.credential.signature import Signer
from certgraph.credential.statements import MalformedStatement, open_statement, sign_statement

TYP = "cgh+cwt"
_LIST = -65542
_HASH_BYTES = 32


@dataclass(frozen=True, slots=True)
class HandoverSeal:
    """A seal.

    Attributes:
        sha256: Of the list of files, 32 bytes.
        issued_at: When, in seconds since 1970.
    """

    sha256: bytes
    issued_at: int


def sign_handover(signer: Signer, seal: HandoverSeal) -> bytes:
    """Return a seal as it is handed over."""
    return sign_statement(signer, TYP, _LIST, seal.sha256, seal.issued_at)


def open_handover_seal(token: bytes, keys: Mapping[bytes, Ed25519PublicKey]) -> HandoverSeal:
    """Return a seal that one of the status `keys` (key id → key) signed.

    Raises:
        MalformedStatement: Wrong form, unknown key, wrong signature.
    """
    issued_at, sha256 = open_statement(token, TYP, _LIST, keys)
    is_hash = isinstance(sha256, bytes) and len(sha256) == _HASH_BYTES
    if type(issued_at) is not int or not is_hash:
        raise MalformedStatement("a claim has another type")
    return HandoverSeal(sha256, issued_at)
