"""The COSE forms that carry signatures: COSE_Sign1, countersigned or not, and COSE_Sign.

RFC 9052, sections 4.2 and 4.1; countersignature: RFC 9338, section 3.3 (abbreviated, version 2).
Each is read by hand and has one way to be written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from certgraph.credential.encoding import MalformedEncoding, decode, encode
from certgraph.credential.signature import (
    KID_BYTES,
    SIGNATURE_BYTES,
    Signer,
    is_signed_by,
    kid_of,
    load_public_key,
)

EDDSA = -8
FULLY_SPECIFIED_ED25519 = -19
MAX_SIGNERS = 32
_NO_HEADER = b"\xa0"
_COUNTERSIGNATURE_HEADER = b"\xa1\x0c\x58\x40"
"""An unprotected header of one entry: 12, a byte string of 64 bytes (RFC 9338, section 3.2)."""


class MalformedEnvelope(ValueError):
    """The bytes are not exactly the COSE structure expected; says what differs."""


class Sign1(NamedTuple):
    """A COSE_Sign1 as received.

    Attributes:
        kid: Key id named in the protected header; 8 bytes.
        payload: The signed bytes.
        signature: 64 bytes, unchecked.
        covered: Protected header, empty external data and payload, encoded: what the structures
            of signature and countersignature have in common.
        countersignature: 64 bytes, unchecked; None where there is none.
    """

    kid: bytes
    payload: bytes
    signature: bytes
    covered: bytes
    countersignature: bytes | None = None

    @property
    def to_be_signed(self) -> bytes:
        """The Sig_structure that the signature covers."""
        return _SIGNATURE_CONTEXT + self.covered

    @property
    def to_be_countersigned(self) -> bytes:
        """The Countersign_structure that the countersignature covers, the signature with it."""
        return _COUNTERSIGNATURE_CONTEXT + self.covered + b"\x81\x58\x40" + self.signature


_SIGNATURE_CONTEXT = b"\x84\x6aSignature1"
_COUNTERSIGNATURE_CONTEXT = b"\x85\x73CounterSignature0V2"


def protected_header(kid: bytes, typ: str, algorithm: int = EDDSA) -> bytes:
    """Return the encoded protected header: algorithm, key id, type (RFC 9596)."""
    return encode({1: algorithm, 4: kid, 16: typ})


def to_be_signed(protected: bytes, payload: bytes) -> bytes:
    """Return the Sig_structure of a COSE_Sign1 without external data."""
    return Sign1(b"", payload, b"", _covered(protected, payload)).to_be_signed


def to_be_countersigned(protected: bytes, payload: bytes, signature: bytes) -> bytes:
    """Return the Countersign_structure of a COSE_Sign1 without external data."""
    return Sign1(b"", payload, signature, _covered(protected, payload)).to_be_countersigned


def _covered(protected: bytes, payload: bytes) -> bytes:
    return encode(protected) + b"\x40" + encode(payload)


def sign1_message(public_key: bytes, typ: str, payload: bytes) -> bytes:
    """Return what the holder of `public_key` signs for a payload of type `typ`."""
    return to_be_signed(protected_header(kid_of(public_key), typ), payload)


def countersign_message(public_key: bytes, typ: str, payload: bytes, signature: bytes) -> bytes:
    """Return what is countersigned of a payload of type `typ` that `public_key` has signed."""
    return to_be_countersigned(protected_header(kid_of(public_key), typ), payload, signature)


def assemble_sign1(
    public_key: bytes,
    typ: str,
    payload: bytes,
    signature: bytes,
    countersignature: bytes | None = None,
) -> bytes:
    """Return the COSE_Sign1 (tag 18) over a payload whose signatures were made elsewhere."""
    protected = encode(protected_header(kid_of(public_key), typ))
    header = _NO_HEADER
    if countersignature is not None:
        header = _COUNTERSIGNATURE_HEADER + countersignature
    return b"\xd2\x84" + protected + header + encode(payload) + b"\x58\x40" + signature


def sign1(signer: Signer, typ: str, payload: bytes) -> bytes:
    """Return the COSE_Sign1 of `payload`, signed now."""
    message = sign1_message(signer.public_key, typ, payload)
    return assemble_sign1(signer.public_key, typ, payload, signer.sign(message))


def open_sign1(data: bytes, typ: str) -> Sign1:
    """Return the parts of a COSE_Sign1 of type `typ` without countersignature, unchecked.

    The structure leaves one way to write it: tag 18, three protected headers, an empty unprotected
    map, a payload with a shortest length, a 64-byte signature, and nothing behind.

    Raises:
        MalformedEnvelope: Anything else.
    """
    envelope = open_countersigned(data, typ)
    if envelope.countersignature is not None:
        raise MalformedEnvelope("the unprotected header is not empty")
    return envelope


def open_countersigned(data: bytes, typ: str) -> Sign1:
    """Return the parts of a COSE_Sign1 of type `typ`, countersigned or not, unchecked.

    As `open_sign1`; the unprotected map may hold header 12 with 64 bytes, and nothing else.

    Raises:
        MalformedEnvelope: Anything else.
    """
    starts, kid_at, ending, end = _sign1_layout(typ)
    if not data.startswith(starts) or data[kid_at + KID_BYTES : end] != ending:
        raise MalformedEnvelope(f"does not start as a COSE_Sign1 of type {typ}")
    kid = data[kid_at : kid_at + KID_BYTES]
    rest = data[end:]
    countersignature = None
    payload_at = len(_NO_HEADER)
    if rest.startswith(_COUNTERSIGNATURE_HEADER):
        payload_at = len(_COUNTERSIGNATURE_HEADER) + SIGNATURE_BYTES
        countersignature = rest[len(_COUNTERSIGNATURE_HEADER) : payload_at]
    elif not rest.startswith(_NO_HEADER):
        raise MalformedEnvelope("the unprotected header holds more than a countersignature")
    if len(rest) < payload_at + SIGNATURE_BYTES + 3:
        raise MalformedEnvelope("the bytes end early")
    payload_end = len(rest) - SIGNATURE_BYTES - 2
    if rest[payload_end : payload_end + 2] != b"\x58\x40":
        raise MalformedEnvelope("the signature is not 64 bytes, or bytes follow it")
    payload_item = rest[payload_at:payload_end]
    payload = _byte_string(payload_item)
    covered = data[2:end] + b"\x40" + payload_item
    return Sign1(kid, payload, rest[payload_end + 2 :], covered, countersignature)


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
