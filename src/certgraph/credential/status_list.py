"""Which certificates are revoked, suspended or superseded: one small signed file per 131,072.

An IETF Token Status List (draft-ietf-oauth-status-list) as CWT in COSE_Sign1: two bits an entry,
lowest bits first, zlib. The draft is not an RFC yet: its numbers are in this file only. Beyond
the draft, claim `iss` and a private claim name the issuer and list, and entry 3 (application
specific there) means superseded.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from certgraph.credential.days import LAST_INSTANT
from certgraph.credential.encoding import MalformedEncoding, decode, encode
from certgraph.credential.envelopes import MalformedEnvelope, Sign1, open_sign1, sign1
from certgraph.credential.signature import Signer, is_signed_by

TYP = "statuslist+cwt"
ENTRIES = 131_072
BITS = 2
_BYTES = ENTRIES * BITS // 8

_ISS, _SUB, _EXP, _IAT = 1, 2, 4, 6
_STATUS_LIST, _TTL = 65533, 65534
_LIST_NUMBER = -65539


class Status(IntEnum):
    """State of one certificate in a status list; the numbers are those of the draft."""

    VALID = 0
    REVOKED = 1
    SUSPENDED = 2
    SUPERSEDED = 3


_STATUSES = tuple(Status)


class MalformedStatusList(ValueError):
    """The bytes are not a status list; says what is wrong."""


@dataclass(frozen=True, slots=True)
class StatusList:
    """A status list whose signature was checked.

    Attributes:
        issuer: Code of the organization whose certificates it covers.
        number: Its number among that organization's lists.
        issued_at: When it was made, seconds since 1970.
        fresh_until: Up to this instant (inclusive) its statements count as current.
        expires_at: From the next second on it proves nothing.
        compressed: The zlib stream of the entries.
        kid: The key that signed it.
    """

    issuer: str
    number: int
    issued_at: int
    fresh_until: int
    expires_at: int
    compressed: bytes
    kid: bytes

    def entries(self) -> bytes:
        """Return the inflated entries, `ENTRIES` of them, four a byte."""
        inflater = zlib.decompressobj()
        return inflater.decompress(self.compressed, _BYTES)


def status_at(entries: bytes, index: int) -> Status | None:
    """Return one entry of inflated `entries`; None where the index is out of range."""
    if index >= len(entries) * 8 // BITS:
        return None
    return _STATUSES[entries[index // 4] >> (index % 4 * BITS) & 3]


def compress(statuses: Mapping[int, Status]) -> bytes:
    """Return the zlib stream of a list in which all entries but `statuses` are VALID."""
    entries = bytearray(_BYTES)
    for index, status in statuses.items():
        entries[index // 4] |= status << (index % 4 * BITS)
    return zlib.compress(bytes(entries), 9)


def statuses_in(compressed: bytes) -> dict[int, Status]:
    """Return the entries of a zlib stream that are not VALID, by index."""
    entries = zlib.decompressobj().decompress(compressed, _BYTES)
    return {
        place * 4 + part: _STATUSES[byte >> (part * BITS) & 3]
        for place, byte in enumerate(entries)
        if byte
        for part in range(4)
        if byte >> (part * BITS) & 3
    }


def sign_status_list(
    signer: Signer,
    *,
    issuer: str,
    number: int,
    uri: str,
    statuses: Mapping[int, Status],
    issued_at: int,
    ttl: int,
    expires_at: int,
) -> bytes:
    """Return the status list token.

    Args:
        signer: Holds a key that the trust list names for status lists.
        issuer: Code of the organization.
        number: Number of the list.
        uri: Where it is published (`sub`, as the draft asks); verification does not rely on it.
        statuses: Entries that are not VALID.
        issued_at: Now, seconds since 1970.
        ttl: Seconds after which a verifier should fetch it anew.
        expires_at: Last instant at which it may be relied on at all.
    """
    payload = encode(
        {
            _ISS: issuer,
            _SUB: uri,
            _EXP: expires_at,
            _IAT: issued_at,
            _STATUS_LIST: {"lst": compress(statuses), "bits": BITS},
            _TTL: ttl,
            _LIST_NUMBER: number,
        }
    )
    return sign1(signer, TYP, payload)


def kid_and_entries(token: bytes) -> tuple[bytes, bytes]:
    """Return key id and zlib stream of a token that was made here; nothing is checked."""
    envelope = open_sign1(token, TYP)
    return envelope.kid, decode(envelope.payload)[_STATUS_LIST]["lst"]


def open_status_list(token: bytes, keys: Mapping[bytes, Ed25519PublicKey]) -> StatusList:
    """Return the status list of a token signed by one of `keys` (key id → key).

    Raises:
        MalformedStatusList: Wrong form, unknown key, wrong signature, or more or less data inside
            than the declared entries.
    """
    try:
        envelope = open_sign1(token, TYP)
        payload = decode(envelope.payload)
    except (MalformedEnvelope, MalformedEncoding) as error:
        raise MalformedStatusList(str(error)) from None
    _check_signature(envelope, keys)
    try:
        content = payload[_STATUS_LIST]
        times = payload[_IAT], payload[_TTL], payload[_EXP]
        issuer, number, compressed = payload[_ISS], payload[_LIST_NUMBER], content["lst"]
        bits = content["bits"]
    except (KeyError, IndexError, TypeError):
        raise MalformedStatusList("a claim is missing") from None
    if not (isinstance(issuer, str) and isinstance(compressed, bytes) and bits == BITS):
        raise MalformedStatusList("a claim has another type, or not two bits an entry")
    if not all(type(value) is int and 0 <= value <= LAST_INSTANT for value in (*times, number)):
        raise MalformedStatusList("a time or the list number is not a whole number")
    issued_at, ttl, expires_at = times
    _check_size(compressed)
    fresh_until = min(issued_at + ttl, expires_at)
    return StatusList(issuer, number, issued_at, fresh_until, expires_at, compressed, envelope.kid)


def _check_signature(envelope: Sign1, keys: Mapping[bytes, Ed25519PublicKey]) -> None:
    key = keys.get(envelope.kid)
    if key is None:
        raise MalformedStatusList("signed by a key that the trust list does not name for this")
    if not is_signed_by(key, envelope.signature, envelope.to_be_signed):
        raise MalformedStatusList("the signature does not match")


def _check_size(compressed: bytes) -> None:
    """Inflate at most one byte more than declared, and keep nothing."""
    inflater = zlib.decompressobj()
    try:
        size = len(inflater.decompress(compressed, _BYTES + 1))
    except zlib.error:
        raise MalformedStatusList("the entries are not a zlib stream") from None
    if size != _BYTES or not inflater.eof or inflater.unused_data:
        raise MalformedStatusList(f"does not hold exactly {ENTRIES} entries")
