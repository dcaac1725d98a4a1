"""The published head of the audit trail: how far it went at a moment, and its last hash, signed.

A CWT in COSE_Sign1 with a type of its own, signed by the key of the status lists. Whoever keeps one
can prove later that the trail up to there is no longer what it was.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from certgraph.credential.encoding import MalformedEncoding, decode, encode
from certgraph.credential.envelopes import MalformedEnvelope, open_sign1, sign1
from certgraph.credential.signature import Signer, is_signed_by

TYP = "cga+cwt"
_IAT = 6
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
    return sign1(signer, TYP, encode({_IAT: head.issued_at, _HEAD: [head.sequence, head.hash]}))


def unchecked_head(token: bytes) -> AuditHead | None:
    """Return a head that was published here, its signature not checked; None: it is none."""
    try:
        payload = decode(open_sign1(token, TYP).payload)
        sequence, hash_ = payload[_HEAD]
        return AuditHead(sequence, hash_, payload[_IAT])
    except (MalformedEnvelope, MalformedEncoding, KeyError, TypeError, ValueError):
        return None


def open_audit_head(token: bytes, keys: Mapping[bytes, Ed25519PublicKey]) -> AuditHead:
    """Return a published head that one of `keys` (key id → key) signed.

    Raises:
        MalformedAuditHead: Wrong form, unknown key, wrong signature.
    """
    try:
        envelope = open_sign1(token, TYP)
        payload = decode(envelope.payload)
        issued_at, (sequence, hash_) = payload[_IAT], payload[_HEAD]
    except (MalformedEnvelope, MalformedEncoding, KeyError, TypeError, ValueError) as error:
        raise MalformedAuditHead(f"it has another form: {error}") from None
    key = keys.get(envelope.kid)
    if key is None or not is_signed_by(key, envelope.signature, envelope.to_be_signed):
        raise MalformedAuditHead("no status key of the trust list signed it")
    numbers = type(issued_at) is int and type(sequence) is int and sequence > 0
    if not (numbers and isinstance(hash_, bytes) and len(hash_) == _HASH_BYTES):
        raise MalformedAuditHead("a claim has another type")
    return AuditHead(sequence, hash_, issued_at)
