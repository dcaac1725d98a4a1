# ruff: noqa: ANN401 - whatever CBOR holds
"""What the platform states and signs with a key of the status lists, each kind with its own type.

A CWT in COSE_Sign1: when it was stated, and one claim.
"""

from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from certgraph.credential.encoding import MalformedEncoding, decode, encode
from certgraph.credential.envelopes import MalformedEnvelope, Sign1, open_sign1, sign1
from certgraph.credential.signature import Signer, is_signed_by

_IAT = 6


class MalformedStatement(ValueError):
    """The bytes are no such statement; says what is wrong."""


def sign_statement(signer: Signer, typ: str, claim: int, stated: Any, issued_at: int) -> bytes:
    """Return a statement of type `typ`, made at a moment in seconds since 1970."""
    return sign1(signer, typ, encode({_IAT: issued_at, claim: stated}))


def unchecked_statement(token: bytes, typ: str, claim: int) -> tuple[Sign1, Any, Any]:
    """Return envelope, moment and what is stated; nothing of it is checked but its form.

    Raises:
        MalformedStatement: It has another form.
    """
    try:
        envelope = open_sign1(token, typ)
        payload = decode(envelope.payload)
        return envelope, payload[_IAT], payload[claim]
    except (MalformedEnvelope, MalformedEncoding, KeyError, TypeError, ValueError) as error:
        raise MalformedStatement(f"it has another form: {error}") from None


def open_statement(
    token: bytes, typ: str, claim: int, keys: Mapping[bytes, Ed25519PublicKey]
) -> tuple[Any, Any]:
    """Return moment and what is stated, where one of `keys` (key id → key) signed it.

    Raises:
        MalformedStatement: Wrong form, unknown key, wrong signature.
    """
    envelope, issued_at, stated = unchecked_statement(token, typ, claim)
    key = keys.get(envelope.kid)
    if key is None or not is_signed_by(key, envelope.signature, envelope.to_be_signed):
        raise MalformedStatement("no status key of the trust list signed it")
    return issued_at, stated
