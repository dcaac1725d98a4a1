"""The published head of the audit trail: how far it went at a moment, and its last hash, signed.

A CWT in COSE_Sign1 with a type of its own, signed by the key of the status lists. Whoever keeps one
can prove later that the trail up to there is no longer what it was.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from certgraph.credential.signature import Signer
from certgraph.credential.statements import (
    MalformedStatement,
    open_statement,
    sign_statement,
    unchecked_statement,
)

TYP = "cga+cwt"
_HEAD = -65541
_HASH_BYTES = 32


class MalformedAuditHead(ValueError):
    """The bytes are no published head; says what is wrong."""


@dataclass(frozen=True, slots=True)
class AuditHead:
    """A published head.

    Attributes:
        sequence: Of the last entry then.
        hash: Of that entry, 32 bytes.
        issued_at: When, in seconds since 1970.
    """

    sequence: int
    hash: bytes
    issued_at: int


def sign_audit_head(signer: Signer, head: AuditHead) -> bytes:
    """Return a head as it is published."""
    return sign_statement(signer, TYP, _HEAD, [head.sequence, head.hash], head.issued_at)


def unchecked_head(token: bytes) -> AuditHead | None:
    """Return a head that was published here, its signature not checked; None: it is none."""
    try:
        _, issued_at, (sequence, hash_) = unchecked_statement(token, TYP, _HEAD)
    except (MalformedStatement, TypeError, ValueError):
        return None
    return AuditHead(sequence, hash_, issued_at)


def open_audit_head(token: bytes, keys: Mapping[bytes, Ed25519PublicKey]) -> AuditHead:
    """Return a published head that one of `keys` (key id → key) signed.

    Raises:
        MalformedAuditHead: Wrong form, unknown key, wrong signature.
    """
    try:
        issued_at, stated = open_statement(token, TYP, _HEAD, keys)
    except MalformedStatement as error:
        raise MalformedAuditHead(str(error)) from None
    match stated:
        case [int(sequence), bytes(hash_)] if sequence > 0 and len(hash_) == _HASH_BYTES:
            if type(issued_at) is int and type(sequence) is int:
                return AuditHead(sequence, hash_, issued_at)
    raise MalformedAuditHead("a claim has another type")
