"""Ed25519 (RFC 8032) with the edge cases decided here; the COSE forms that carry it: `envelopes`.

OpenSSL, WebCrypto, noble and tweetnacl disagree about signatures whose points are of small order
or written in a second way. The range checks below are ours, so every implementation that makes
them gives one answer.
"""

import hashlib
from functools import lru_cache
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from certgraph.credential.encoding import encode

KID_BYTES = 8
SIGNATURE_BYTES = 64

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


@lru_cache(maxsize=1_024)
def kid_of(public_key: bytes) -> bytes:
    """Return the key id: the first 8 bytes of the COSE key thumbprint (RFC 9679)."""
    thumbprint = hashlib.sha256(encode({1: 1, -1: 6, -2: public_key})).digest()
    return thumbprint[:KID_BYTES]
