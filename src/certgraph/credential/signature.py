"""Ed25519 (RFC 8032) with the edge cases decided here, and the COSE forms that carry it.

OpenSSL, WebCrypto, noble and tweetnacl disagree about signatures whose points are of small order
or written in a second way. The range checks below are ours, so every implementation that makes
them gives one answer. COSE_Sign1 and COSE_Sign: RFC 9052, sections 4.2 and 4.1.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from certgraph.credential.encoding import MalformedEncoding, decode, encode

EDDSA = -8
FULLY_SPECIFIED_ED25519 = -19
KID_BYTES = 8
SIGNATURE_BYTES = 64
MAX_SIGNERS = 32

_FIELD = 2**255 - 19
_GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493
_SMALL_ORDER_Y = (
    0,
    1,
    _FIELD - 1,
    0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
    0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7,
)
"""y of the points of order 1, 2, 4 and 8."""

_SMALL_ORDER = frozenset(
    (y | sign << 255).to_bytes(32, "little") for y in _SMALL_ORDER_Y for sign in (0, 1)
)


class MalformedEnvelope(ValueError):
    """The bytes are not exactly the COSE structure expected; says what differs."""


class UnsafeKey(ValueError):
    """A public key that verifies messages nobody signed, or that has a second spelling."""


class Signer(Protocol):
    """Whoever holds one Ed25519 private key: a sealed file, an HSM, a remote service."""

    @property
    def public_key(self) -> bytes:
        """The 32 bytes of the public key."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature of `message`."""
        ...


class PrivateKeySigner:
    """A `Signer` over a private key in memory."""

    def __init__(self, private_key: Ed25519PrivateKey) -> None:
        self._private_key = private_key
        self.public_key = private_key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """See `Signer.sign`."""
        return self._private_key.sign(message)


def _is_safe_point(encoded: bytes) -> bool:
    """Tell whether 32 bytes are a canonical encoding and not of a small-order point."""
    if encoded in _SMALL_ORDER:
        return False
    if encoded[31] & 0x7F < 0x7F:  # y is below 2^255 - 2^248, so below the field's prime
        return True
    return int.from_bytes(encoded, "little") & (2**255 - 1) < _FIELD


def load_public_key(public_key: bytes) -> Ed25519PublicKey:
    """Return the key of 32 bytes.

    Raises:
        UnsafeKey: Wrong length, not canonical, or of small order (such keys verify every message).
    """
    if len(public_key) != 32:
        raise UnsafeKey(f"an Ed25519 public key has 32 bytes, this has {len(public_key)}")
    if not _is_safe_point(public_key):
        raise UnsafeKey("the public key is not canonical, or a point of small order")
    return Ed25519PublicKey.from_public_bytes(public_key)


def is_signed_by(key: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    """Verify strictly: S below the group order, R canonical and not of small order, then Ed25519.

    `key` must come from `load_public_key`.
    """
    if len(signature) != SIGNATURE_BYTES:
        return False
    # a last byte below 0x10 means S is below 2^252, so below the group order
    if signature[63] >= 0x10 and int.from_bytes(signature[32:], "little") >= _GROUP_ORDER:
        return False
    if not _is_safe_point(signature[:32]):
        return False
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def kid_of(public_key: bytes) -> bytes:
    """Return the key id: the first 8 bytes of the COSE key thumbprint (RFC 9679)."""
    thumbprint = hashlib.sha256(encode({1: 1, -1: 6, -2: public_key})).digest()
    return thumbprint[:KID_BYTES]


class Sign1(NamedTuple):
    """A COSE_Sign1 as received.

    Attributes:
        kid: Key id named in the protected header; 8 bytes.
        payload: The signed bytes.
        signature: 64 bytes, unchecked.
        to_be_signed: The Sig_structure that the signature covers.
    """

    kid: bytes
    payload: bytes
    signature: bytes
    to_be_signed: bytes


def protected_header(kid: bytes, typ: str, algorithm: int = EDDSA) -> bytes:
    """Return the encoded protected header: algorithm, key id, type (RFC 9596)."""
    return encode({1: algorithm, 4: kid, 16: typ})


def to_be_signed(protected: bytes, payload: bytes) -> bytes:
    """Return the Sig_structure of a COSE_Sign1 without external data."""
    return b"\x84\x6aSignature1" + encode(protected) + b"\x40" + encode(payload)


def sign1_message(public_key: bytes, typ: str, payload: bytes) -> bytes:
    """Return what the holder of `public_key` signs for a payload of type `typ`."""
    return to_be_signed(protected_header(kid_of(public_key), typ), payload)


def assemble_sign1(public_key: bytes, typ: str, payload: bytes, signature: bytes) -> bytes:
    """Return the COSE_Sign1 (tag 18) over a payload whose signature was made elsewhere."""
    protected = protected_header(kid_of(public_key), typ)
    return b"\xd2\x84" + encode(protected) + b"\xa0" + encode(payload) + b"\x58\x40" + signature


def sign1(signer: Signer, typ: str, payload: bytes) -> bytes:
    """Return the COSE_Sign1 of `payload`, signed now."""
    message = sign1_message(signer.public_key, typ, payload)
    return assemble_sign1(signer.public_key, typ, payload, signer.sign(message))


def open_sign1(data: bytes, typ: str) -> Sign1:
    """Return the parts of a COSE_Sign1 of type `typ`; the signature is not checked.

    The structure leaves one way to write it: tag 18, three protected headers, an empty unprotected
    map, a payload with a shortest length, a 64-byte signature, and nothing behind.

    Raises:
        MalformedEnvelope: Anything else.
    """
    starts, kid_at, ending, end = _sign1_layout(typ)
    if not data.startswith(starts) or data[kid_at + KID_BYTES : end] != ending:
        raise MalformedEnvelope(f"does not start as a COSE_Sign1 of type {typ}")
    kid = data[kid_at : kid_at + KID_BYTES]
    rest = data[end:]
    signature = rest[-SIGNATURE_BYTES:]
    payload_item = rest[1 : -SIGNATURE_BYTES - 2]
    if len(rest) < SIGNATURE_BYTES + 4 or rest[0] != 0xA0:
        raise MalformedEnvelope("the unprotected header is not empty, or the bytes end early")
    if rest[-SIGNATURE_BYTES - 2 : -SIGNATURE_BYTES] != b"\x58\x40":
        raise MalformedEnvelope("the signature is not 64 bytes, or bytes follow it")
    payload = _byte_string(payload_item)
    message = b"\x84\x6aSignature1" + data[2:end] + b"\x40" + payload_item
    return Sign1(kid, payload, signature, message)


@lru_cache
def _sign1_layout(typ: str) -> tuple[tuple[bytes, ...], int, bytes, int]:
    """Return the possible bytes before the key id, its place, the bytes after it, and their end."""
    starts = []
    for algorithm in (EDDSA, FULLY_SPECIFIED_ED25519):
        protected = protected_header(bytes(KID_BYTES), typ, algorithm)
        before, kid, after = (b"\xd2\x84" + encode(protected)).partition(bytes(KID_BYTES))
        starts.append(before)
    return tuple(starts), len(before), after, len(before) + len(kid) + len(after)


def _byte_string(item: bytes) -> bytes:
    """Return the content of an encoded byte string of 24 bytes or more, shortest form only."""
    size = {0x58: 1, 0x59: 2, 0x5A: 4}.get(item[0])
    if size is None:
        raise MalformedEnvelope("the payload is not a byte string of 24 bytes or more")
    payload = item[1 + size :]
    length = int.from_bytes(item[1 : 1 + size], "big")
    if length != len(payload):
        raise MalformedEnvelope("the payload's length is not the one stated")
    if length < 24 or (size > 1 and length >> 4 * size == 0):
        raise MalformedEnvelope("the payload's length is longer than needed")
    return payload


@dataclass(frozen=True, slots=True)
class Sign:
    """A COSE_Sign as received.

    Attributes:
        typ: Its type.
        payload: The signed bytes.
        signatures: Key id → signature, unchecked; at most `MAX_SIGNERS`.
    """

    typ: str
    payload: bytes
    signatures: Mapping[bytes, bytes]

    def is_signed_by(self, public_key: bytes) -> bool:
        """Tell whether the holder of a (safe) public key signed."""
        signature = self.signatures.get(kid_of(public_key))
        if signature is None:
            return False
        message = sign_message(public_key, self.typ, self.payload)
        return is_signed_by(load_public_key(public_key), signature, message)


def sign_message(public_key: bytes, typ: str, payload: bytes) -> bytes:
    """Return what one of several signers signs (Sig_structure "Signature")."""
    body = encode({16: typ})
    own = encode({1: EDDSA, 4: kid_of(public_key)})
    return encode(["Signature", body, own, b"", payload])


def assemble_sign(typ: str, payload: bytes, signatures: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Return the COSE_Sign (tag 98) of pairs (public key, signature), sorted by key id."""
    parts = sorted(
        [encode({1: EDDSA, 4: kid_of(public_key)}), {}, signature]
        for public_key, signature in signatures
    )
    return b"\xd8\x62" + encode([encode({16: typ}), {}, payload, parts])


def open_sign(data: bytes, typ: str) -> Sign:
    """Return the parts of a COSE_Sign of type `typ`; no signature is checked.

    Raises:
        MalformedEnvelope: Not such a structure, too many signers, or one key signs twice.
    """
    if data[:2] != b"\xd8\x62":
        raise MalformedEnvelope("does not start as a COSE_Sign")
    try:
        parts = decode(data[2:], max_depth=4)
    except MalformedEncoding as error:
        raise MalformedEnvelope(str(error)) from None
    if not (isinstance(parts, list) and len(parts) == 4):
        raise MalformedEnvelope("is not a COSE_Sign")
    body, unprotected, payload, signers = parts
    if body != encode({16: typ}) or unprotected != {} or not isinstance(payload, bytes):
        raise MalformedEnvelope(f"is not a COSE_Sign of type {typ}")
    if not isinstance(signers, list) or len(signers) > MAX_SIGNERS:
        raise MalformedEnvelope(f"has more than {MAX_SIGNERS} signers, or none")
    signatures: dict[bytes, bytes] = {}
    for signer in signers:
        if not (isinstance(signer, list) and len(signer) == 3):
            raise MalformedEnvelope("a signer is not header, header, signature")
        own, own_unprotected, signature = signer
        kid = own[-KID_BYTES:] if isinstance(own, bytes) else b""
        if own != encode({1: EDDSA, 4: kid}) or len(kid) != KID_BYTES or own_unprotected != {}:
            raise MalformedEnvelope("a signer's header has other fields than algorithm and kid")
        if not isinstance(signature, bytes):
            raise MalformedEnvelope("a signature is not a byte string")
        if kid in signatures:
            raise MalformedEnvelope("one key signs twice")
        signatures[kid] = signature
    return Sign(typ, payload, signatures)
