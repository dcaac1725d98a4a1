# ruff: noqa: ANN401 - decoded CBOR
"""Everything an employer carries to verify offline, in one file (`.cgtrust`).

The trust list (with the earlier lists that changed root keys, so that an old installation can
follow), all status lists, the published standards for display, and the head of the log of
certificates. The file itself is not signed:
each part is, and `open_trust_bundle` refuses old, expired and mixed parts as a whole.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from certgraph.credential import days
from certgraph.credential.checkpoint import Checkpoint, MalformedCheckpoint, open_checkpoint
from certgraph.credential.encoding import MalformedEncoding, decode, encode
from certgraph.credential.signature import kid_of, load_public_key
from certgraph.credential.status_list import (
    MalformedStatusList,
    Status,
    StatusList,
    open_status_list,
    status_at,
)
from certgraph.credential.trust_list import (
    ListedKey,
    ListedOrganization,
    RootKeys,
    TrustList,
    UntrustedList,
    open_trust_list,
)

MAGIC = "cgtrust"
_VERSION = 1
CLOCK_TOLERANCE = days.SECONDS_A_DAY


class UntrustedBundle(ValueError):
    """A trust bundle that must not be used; the one held before stays in force.

    Attributes:
        reason: `malformed`, `too_few_signatures`, `new_roots_not_signed`, `rollback`, `expired`,
            `not_yet_valid`, `mixed`; stable.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class IssuerKey:
    """A key of the trust list, ready to verify, with whose it is."""

    listed: ListedKey
    key: Ed25519PublicKey
    organization: ListedOrganization

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel between processes without the key object, which cannot."""
        return issuer_key, (self.listed, self.organization)


def issuer_key(listed: ListedKey, organization: ListedOrganization) -> IssuerKey:
    """Return a key of an organization, ready to verify."""
    return IssuerKey(listed, load_public_key(listed.public_key), organization)


@dataclass(frozen=True, slots=True)
class RegisterKey:
    """A register key of the trust list, ready to verify."""

    listed: ListedKey
    key: Ed25519PublicKey

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel between processes without the key object, which cannot."""
        return register_key, (self.listed,)


def register_key(listed: ListedKey) -> RegisterKey:
    """Return a register key, ready to verify."""
    return RegisterKey(listed, load_public_key(listed.public_key))


@dataclass(frozen=True)
class Trust:
    """Trust data that a verifier relies on.

    Attributes:
        trust_list: The list in force.
        status_lists: By (organization code, list number).
        standards: For display, by (standard code, version): see `Standard`.
        fingerprint: SHA-256 of the signed trust list; empty for trust that was never signed.
        log_head: The log of certificates as it was then; None where there is none.
        log_key: The key that signed that head, 32 bytes; empty where there is none.
    """

    trust_list: TrustList
    status_lists: Mapping[tuple[str, int], StatusList] = field(default_factory=dict)
    standards: Mapping[tuple[str, str], "Standard"] = field(default_factory=dict)
    fingerprint: bytes = b""
    log_head: Checkpoint | None = None
    log_key: bytes = b""
    _entries: dict[tuple[str, int], bytes] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def issuer_keys(self) -> Mapping[bytes, tuple[IssuerKey, ...]]:
        """Key id → all keys with that id."""
        found: dict[bytes, tuple[IssuerKey, ...]] = {}
        for organization in self.trust_list.organizations:
            for listed in organization.keys:
                kid = kid_of(listed.public_key)
                found[kid] = (*found.get(kid, ()), issuer_key(listed, organization))
        return found

    @cached_property
    def register_keys(self) -> tuple[RegisterKey, ...]:
        """The register's keys, the newest first: most certificates are of its time."""
        listed = sorted(self.trust_list.register_keys, key=lambda key: -key.first_day)
        return tuple(map(register_key, listed))

    def status(self, status_list: StatusList, index: int) -> Status | None:
        """Return the entry at `index`; None where it is out of range. Inflates a list once."""
        place = (status_list.issuer, status_list.number)
        entries = self._entries.get(place)
        if entries is None:
            entries = self._entries[place] = status_list.entries()
        return status_at(entries, index)


@dataclass(frozen=True, slots=True)
class Standard:
    """What a verifier shows about a standard.

    Attributes:
        code: Code of the standard.
        version: Its version.
        name: Its name.
        outcomes: Number → learning outcome.
    """

    code: str
    version: str
    name: str
    outcomes: Mapping[int, str]


def encode_standards(standards: Sequence[Standard]) -> bytes:
    """Return the display part of a bundle; its SHA-256 is in the trust list."""
    return encode(
        [
            [
                standard.code,
                standard.version,
                standard.name,
                dict(sorted(standard.outcomes.items())),
            ]
            for standard in sorted(standards, key=lambda item: (item.code, item.version))
        ]
    )


def encode_trust_bundle(
    trust_lists: Sequence[bytes],
    status_lists: Sequence[bytes],
    standards: bytes,
    checkpoint: bytes = b"",
) -> bytes:
    """Return the file.

    Args:
        trust_lists: Signed lists: those that changed root keys, oldest first, then the current.
        status_lists: Signed status lists.
        standards: As from `encode_standards`.
        checkpoint: Signed head of the log of certificates; empty where there is none.
    """
    return encode([MAGIC, _VERSION, list(trust_lists), list(status_lists), standards, checkpoint])


def open_trust_bundle(
    data: bytes, roots: RootKeys, *, now: datetime, held: Trust | None = None
) -> Trust:
    """Return the trust data of a bundle, or refuse all of it.

    Args:
        data: The file.
        roots: The root keys of the installation; where `held` names later ones, those count.
        now: The verifier's time.
        held: The trust data in use, which the bundle may not be older than.

    Raises:
        UntrustedBundle: Says why; go on with `held`.
    """
    trust = reopen_trust_bundle(data, roots if held is None else held.trust_list.roots)
    _check_dates(trust.trust_list, days.to_instant(now))
    _check_rollback(trust.trust_list, trust.fingerprint, held)
    _check_mix(trust.status_lists, held)
    _check_log(trust, held)
    return trust


def reopen_trust_bundle(data: bytes, roots: RootKeys) -> Trust:
    """Return the trust data of a bundle that was taken before, whatever its dates are now.

    To compare newer bundles with, and to verify with where there is none: `verify` itself says
    that it is out of date.

    Raises:
        UntrustedBundle: Not a bundle, or not signed by enough of `roots`.
    """
    lists, tokens, encoded_standards, checkpoint = bundle_parts(data)
    trust_list = _current(lists, roots)
    fingerprint = hashlib.sha256(lists[-1]).digest()
    status_lists = _status_lists(trust_list, tokens)
    standards = decode_standards(trust_list, encoded_standards)
    log_head, log_key = _log_head(trust_list, checkpoint)
    return Trust(trust_list, status_lists, standards, fingerprint, log_head, log_key)


def bundle_parts(data: bytes) -> tuple[list[bytes], list[bytes], bytes, bytes]:
    """Return signed trust lists, status list tokens, standards, log head; nothing is checked yet.

    Raises:
        UntrustedBundle: Not a bundle.
    """
    try:
        magic, version, lists, tokens, standards, checkpoint = decode(data, max_depth=2)
    except (MalformedEncoding, ValueError, TypeError) as error:
        raise UntrustedBundle("malformed", f"this is not a trust bundle: {error}") from None
    if magic != MAGIC or version != _VERSION:
        raise UntrustedBundle("malformed", "this is not a trust bundle, or a newer kind of it")
    if not (isinstance(lists, list) and lists and isinstance(tokens, list)):
        raise UntrustedBundle("malformed", "the trust bundle holds no trust list")
    if not all(isinstance(part, bytes) for part in (*lists, *tokens, standards, checkpoint)):
        raise UntrustedBundle("malformed", "a part of the trust bundle is not a byte string")
    return lists, tokens, standards, checkpoint


def _current(lists: Sequence[bytes], roots: RootKeys) -> TrustList:
    """Follow the changes of root keys from `roots` to the last list."""
    sequence = -1
    for signed in lists[:-1]:
        try:
            step = open_trust_list(signed, roots)
        except UntrustedList:
            continue  # older than this installation's root keys
        if step.sequence <= sequence:
            raise UntrustedBundle("mixed", "the changes of root keys are out of order")
        sequence, roots = step.sequence, step.roots
    try:
        trust_list = open_trust_list(lists[-1], roots)
    except UntrustedList as error:
        raise UntrustedBundle(error.reason, str(error)) from None
    if trust_list.sequence <= sequence:
        raise UntrustedBundle("mixed", "the trust list is older than a change of root keys in it")
    return trust_list


def _check_dates(trust_list: TrustList, now: int) -> None:
    if now > trust_list.expires_at:
        expired = days.to_datetime(trust_list.expires_at).date()
        raise UntrustedBundle("expired", f"the trust list expired on {expired}; get a newer bundle")
    if trust_list.issued_at > now + CLOCK_TOLERANCE:
        made = days.to_datetime(trust_list.issued_at).date()
        raise UntrustedBundle(
            "not_yet_valid", f"the trust list is of {made}, later than this device's clock"
        )


def _check_rollback(trust_list: TrustList, fingerprint: bytes, held: Trust | None) -> None:
    if held is None:
        return
    before = held.trust_list.sequence
    if trust_list.sequence < before:
        raise UntrustedBundle(
            "rollback", f"trust list {trust_list.sequence} is older than {before}, already held"
        )
    if trust_list.sequence == before and fingerprint != held.fingerprint:
        raise UntrustedBundle("rollback", f"there are two different trust lists {before}")


def _status_lists(
    trust_list: TrustList, tokens: Sequence[bytes]
) -> dict[tuple[str, int], StatusList]:
    listed_keys = {kid_of(listed.public_key): listed for listed in trust_list.status_keys}
    keys = status_keys(trust_list)
    known = {organization.code for organization in trust_list.organizations}
    found: dict[tuple[str, int], StatusList] = {}
    for token in tokens:
        try:
            status_list = open_status_list(token, keys)
        except MalformedStatusList as error:
            raise UntrustedBundle("mixed", f"a status list in the bundle: {error}") from None
        made_on = days.day_of(status_list.issued_at)
        if not listed_keys[status_list.kid].covers(made_on):
            raise UntrustedBundle("mixed", "a status list is signed by a key out of its period")
        place = (status_list.issuer, status_list.number)
        if place in found or status_list.issuer not in known:
            raise UntrustedBundle(
                "mixed", f"status list {place} is there twice, or is of no issuer"
            )
        found[place] = status_list
    return found


def _check_mix(status_lists: Mapping[tuple[str, int], StatusList], held: Trust | None) -> None:
    for place, before in (held.status_lists if held else {}).items():
        now_there = status_lists.get(place)
        if now_there is None or now_there.issued_at < before.issued_at:
            code, number = place
            raise UntrustedBundle(
                "mixed", f"status list {number} of {code} is missing or older than the one held"
            )


def status_keys(trust_list: TrustList) -> dict[bytes, Ed25519PublicKey]:
    """Return key id → key of status lists that is not compromised, ready to verify."""
    return {
        kid_of(listed.public_key): load_public_key(listed.public_key)
        for listed in trust_list.status_keys
        if listed.compromised_day is None
    }


def log_keys(trust_list: TrustList) -> list[Ed25519PublicKey]:
    """Return the keys of the log that are not compromised, ready to verify."""
    return [
        load_public_key(key.public_key)
        for key in trust_list.log_keys
        if key.compromised_day is None
    ]


def _log_head(trust_list: TrustList, checkpoint: bytes) -> tuple[Checkpoint | None, bytes]:
    """Return the head of the log in a bundle, and the key that signed it."""
    if not checkpoint:
        return None, b""
    fault: MalformedCheckpoint | None = None
    for key in log_keys(trust_list):
        try:
            return open_checkpoint(checkpoint, [key]), key.public_bytes_raw()
        except MalformedCheckpoint as error:
            fault = error
    why = fault or "the trust list has no key of a log"
    raise UntrustedBundle("mixed", f"the head of the log in the bundle: {why}")


def _check_log(trust: Trust, held: Trust | None) -> None:
    """Refuse a log that is shorter than the one held, or another one of the same length.

    What is held counts while the key that signed it does: a head by a stolen key binds nobody once
    the key is declared compromised.
    """
    if held is None or held.log_head is None:
        return
    if held.log_key not in {key.public_bytes_raw() for key in log_keys(trust.trust_list)}:
        return
    head, before = trust.log_head, held.log_head
    if head is None or head.origin != before.origin or head.size < before.size:
        raise UntrustedBundle("mixed", "the log of certificates is older than the one held")
    if head.size == before.size and head.root != before.root:
        raise UntrustedBundle("mixed", f"there are two different logs of {head.size} certificates")


def decode_standards(trust_list: TrustList, encoded: bytes) -> dict[tuple[str, str], Standard]:
    """Return the display part by (code, version). Raises `UntrustedBundle`."""
    digest = trust_list.standards_digest
    if digest is None:
        return {}
    if hashlib.sha256(encoded).digest() != digest:
        raise UntrustedBundle("mixed", "the standards are not those that the trust list names")
    try:
        standards = [_standard(item) for item in decode(encoded, max_depth=3)]
    except (MalformedEncoding, TypeError, ValueError) as error:
        raise UntrustedBundle("malformed", f"the standards: {error}") from None
    return {(standard.code, standard.version): standard for standard in standards}


def _standard(item: Any) -> Standard:
    code, version, name, outcomes = item
    texts = (code, version, name, *outcomes.values()) if isinstance(outcomes, dict) else (None,)
    if not (isinstance(item, list) and all(isinstance(text, str) for text in texts)):
        message = "a standard is not code, version, name and outcomes"
        raise ValueError(message)
    return Standard(code, version, name, outcomes)
