"""The trust list: who may issue what, with which keys, and who says so.

A CWT in COSE_Sign (RFC 9052, section 4.1), type `cgt+cwt`, signed by at least a threshold of root
keys. Days are civil days in China (`days`), and every period includes both ends. Layout:
`docs/credential-format.md`, section 4.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from certgraph.credential import days
from certgraph.credential.encoding import MalformedEncoding, decode, encode
from certgraph.credential.envelopes import (
    MalformedEnvelope,
    Sign,
    assemble_sign,
    open_sign,
    sign_message,
)
from certgraph.credential.signature import UnsafeKey, kid_of, load_public_key
from certgraph.credential.text_rules import text_fault

TYP = "cgt+cwt"
_EXP, _IAT, _TRUST = 4, 6, -65538
_DEPTH = 8


class UntrustedList(ValueError):
    """A trust list that must not be used.

    Attributes:
        reason: `malformed`, `too_few_signatures`, or `new_roots_not_signed`; stable.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class OrganizationState(IntEnum):
    """State of an organization in the programme, as far as a verifier cares."""

    ACTIVE = 1
    RECTIFYING = 2
    EXITED = 3
    HANDED_OVER = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedKey:
    """A public key with its history.

    Attributes:
        public_key: 32 bytes.
        first_day: First day for which it may sign.
        last_day: Last such day; None while it is in use.
        compromised_day: From this day on its signatures prove nothing; None if never compromised.
    """

    public_key: bytes
    first_day: int
    last_day: int | None = None
    compromised_day: int | None = None

    def covers(self, day: int) -> bool:
        """Tell whether the key may sign for `day`; compromise aside."""
        return self.first_day <= day and (self.last_day is None or day <= self.last_day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement:
    """Leave to issue one certificate type at some levels, for a period.

    Attributes:
        certificate_name: As it is in the claims.
        standard_codes: Standards that belong to the type.
        levels: Rising.
        first_day: First day of issue covered.
        last_day: Last day of issue covered; None while it goes on.
    """

    certificate_name: str
    standard_codes: tuple[str, ...]
    levels: tuple[int, ...]
    first_day: int
    last_day: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedOrganization:
    """An issuing organization.

    Attributes:
        code: The `iss` of its certificates.
        name: Chinese name.
        name_en: English name, where there is an official one.
        uscc: Unified social credit code, where known.
        state: Its state now.
        state_since: Day on which that state began.
        keys: All keys it ever signed with.
        entitlements: All it was ever allowed to issue.
    """

    code: str
    name: str
    name_en: str | None = None
    uscc: str | None = None
    state: OrganizationState = OrganizationState.ACTIVE
    state_since: int
    keys: tuple[ListedKey, ...] = ()
    entitlements: tuple[Entitlement, ...] = ()

    @property
    def has_left(self) -> bool:
        """Whether it issues nothing from `state_since` on; what it issued before stays valid."""
        return self.state in (OrganizationState.EXITED, OrganizationState.HANDED_OVER)


@dataclass(frozen=True, slots=True)
class RootKeys:
    """The keys that a verifier starts from.

    Attributes:
        threshold: How many different ones must have signed; at least 1.
        keys: 32-byte public keys.
    """

    threshold: int
    keys: tuple[bytes, ...]

    def __post_init__(self) -> None:
        """Refuse keys and thresholds that prove nothing."""
        if self.threshold == 0 and not self.keys:
            return  # NO_ROOTS: decoding refuses it
        if not 1 <= self.threshold <= len(set(self.keys)) == len(self.keys):
            message = f"threshold {self.threshold} of {len(set(self.keys))} different root keys"
            raise ValueError(message)
        for key in self.keys:
            load_public_key(key)

    def have_signed(self, envelope: Sign) -> int:
        """Return how many of these keys signed `envelope`."""
        return sum(envelope.is_signed_by(key) for key in self.keys)


NO_ROOTS = RootKeys(0, ())
"""Root keys of trust data that is made in memory and never signed; no file may name them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustList:
    """The content of one trust list.

    Attributes:
        sequence: Rises with every list; a verifier never goes back.
        issued_at: When it was made, seconds since 1970.
        expires_at: Last instant at which it may be relied on.
        roots: Root keys from this list on.
        organizations: Every organization that ever issued.
        status_keys: Keys that sign status lists.
        standards_digest: SHA-256 of the standards that travel in the bundle for display, or None.
        register_keys: Keys that countersign certificates; none of them signs anything else.
        log_keys: Keys that sign the heads of the log of certificates.
    """

    sequence: int
    issued_at: int
    expires_at: int
    roots: RootKeys
    organizations: tuple[ListedOrganization, ...] = ()
    status_keys: tuple[ListedKey, ...] = ()
    standards_digest: bytes | None = None
    register_keys: tuple[ListedKey, ...] = ()
    log_keys: tuple[ListedKey, ...] = ()


def _optional(pairs: Mapping[int, Any]) -> dict[int, Any]:
    return {key: value for key, value in pairs.items() if value is not None}


def _key_item(key: ListedKey) -> dict[int, Any]:
    return _optional({1: key.public_key, 2: key.first_day, 3: key.last_day, 4: key.compromised_day})


def _organization_item(organization: ListedOrganization) -> dict[int, Any]:
    return _optional(
        {
            1: organization.code,
            2: organization.name,
            3: organization.name_en,
            4: organization.uscc,
            5: [int(organization.state), organization.state_since],
            6: [_key_item(key) for key in organization.keys],
            7: [
                _optional(
                    {
                        1: entitlement.certificate_name,
                        2: list(entitlement.standard_codes),
                        3: list(entitlement.levels),
                        4: entitlement.first_day,
                        5: entitlement.last_day,
                    }
                )
                for entitlement in organization.entitlements
            ],
        }
    )


def encode_trust_list(trust_list: TrustList) -> bytes:
    """Return the payload that the root keys sign."""
    trust = {
        1: trust_list.sequence,
        2: [trust_list.roots.threshold, list(trust_list.roots.keys)],
        3: [_organization_item(organization) for organization in trust_list.organizations],
        4: [_key_item(key) for key in trust_list.status_keys],
        5: trust_list.standards_digest,
        6: [_key_item(key) for key in trust_list.register_keys] or None,
        7: [_key_item(key) for key in trust_list.log_keys] or None,
    }
    return encode(
        {_EXP: trust_list.expires_at, _IAT: trust_list.issued_at, _TRUST: _optional(trust)}
    )


def trust_list_message(public_key: bytes, payload: bytes) -> bytes:
    """Return what the root key `public_key` signs for a payload of `encode_trust_list`."""
    return sign_message(public_key, TYP, payload)


def assemble_trust_list(payload: bytes, signatures: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Return the signed trust list of pairs (root public key, signature)."""
    return assemble_sign(TYP, payload, signatures)


def decode_trust_list(payload: bytes) -> TrustList:
    """Return the content of an (unverified) payload.

    Raises:
        UntrustedList: Malformed; names the first fault.
    """
    try:
        claims = decode(payload, max_depth=_DEPTH)
        trust = claims[_TRUST]
        threshold, root_keys = trust[2]
        if _uint(threshold) == 0:
            raise UntrustedList("malformed", "a threshold of no root keys")
        trust_list = TrustList(
            sequence=_uint(trust[1]),
            issued_at=_uint(claims[_IAT]),
            expires_at=_uint(claims[_EXP]),
            roots=RootKeys(threshold, tuple(root_keys)),
            organizations=tuple(map(_organization_from, trust[3])),
            status_keys=tuple(map(_key_from, trust[4])),
            standards_digest=trust.get(5),
            register_keys=tuple(map(_key_from, trust.get(6, ()))),
            log_keys=tuple(map(_key_from, trust.get(7, ()))),
        )
    except (
        MalformedEncoding,
        KeyError,
        IndexError,
        TypeError,
        ValueError,
        AttributeError,
    ) as error:
        raise UntrustedList("malformed", f"not a trust list: {error}") from None
    if encode_trust_list(trust_list) != payload:
        raise UntrustedList("malformed", "not a trust list: it holds fields of unknown meaning")
    _check_purposes(trust_list)
    return trust_list


def _check_purposes(trust_list: TrustList) -> None:
    """Refuse a register key that is listed for another purpose: one key would make certificates."""
    others = {key.public_key for key in (*trust_list.status_keys, *trust_list.log_keys)}
    others |= {*trust_list.roots.keys}
    for organization in trust_list.organizations:
        others |= {key.public_key for key in organization.keys}
    for key in trust_list.register_keys:
        if key.public_key in others:
            kid = kid_of(key.public_key).hex()
            raise UntrustedList("malformed", f"register key {kid} is listed for another purpose")


def _uint(value: object, limit: int = days.LAST_INSTANT) -> int:
    if type(value) is not int or not 0 <= value <= limit:
        message = f"{value!r} is not a whole number in range"
        raise ValueError(message)
    return value


def _day_number(value: object) -> int:
    return _uint(value, days.day_of(days.LAST_INSTANT))


def _optional_day(value: object) -> int | None:
    return None if value is None else _day_number(value)


def _text(value: object) -> str:
    if text_fault(value, 200) is not None or not isinstance(value, str):
        message = f"{value!r} is not an allowed text"
        raise ValueError(message)
    return value


def _key_from(item: Mapping[int, Any]) -> ListedKey:
    if not isinstance(item[1], bytes):
        raise UnsafeKey("a key is not a byte string")
    load_public_key(item[1])
    return ListedKey(
        public_key=item[1],
        first_day=_day_number(item[2]),
        last_day=_optional_day(item.get(3)),
        compromised_day=_optional_day(item.get(4)),
    )


def _entitlement_from(item: Mapping[int, Any]) -> Entitlement:
    return Entitlement(
        certificate_name=_text(item[1]),
        standard_codes=tuple(map(_text, item[2])),
        levels=tuple(map(_uint, item[3])),
        first_day=_day_number(item[4]),
        last_day=_optional_day(item.get(5)),
    )


def _organization_from(item: Mapping[int, Any]) -> ListedOrganization:
    state, since = item[5]
    return ListedOrganization(
        code=_text(item[1]),
        name=_text(item[2]),
        name_en=None if item.get(3) is None else _text(item[3]),
        uscc=None if item.get(4) is None else _text(item[4]),
        state=OrganizationState(state),
        state_since=_day_number(since),
        keys=tuple(map(_key_from, item[6])),
        entitlements=tuple(map(_entitlement_from, item[7])),
    )


def open_trust_list(data: bytes, roots: RootKeys) -> TrustList:
    """Return the content of a trust list signed by enough of `roots`.

    A list that names other root keys than `roots` must be signed by enough of those, too. Sequence
    and dates are not judged here: see `trust_bundle`.

    Raises:
        UntrustedList: Malformed, or not enough good signatures.
    """
    if roots == NO_ROOTS:
        raise UntrustedList("too_few_signatures", "no root keys are installed")
    try:
        envelope = open_sign(data, TYP)
    except MalformedEnvelope as error:
        raise UntrustedList("malformed", f"not a trust list: {error}") from None
    signed = roots.have_signed(envelope)
    if signed < roots.threshold:
        raise UntrustedList(
            "too_few_signatures",
            f"{signed} of the root keys signed, {roots.threshold} must",
        )
    trust_list = decode_trust_list(envelope.payload)
    if trust_list.roots != roots:
        signed = trust_list.roots.have_signed(envelope)
        if signed < trust_list.roots.threshold:
            raise UntrustedList(
                "new_roots_not_signed",
                f"the list names new root keys; {signed} of them signed, "
                f"{trust_list.roots.threshold} must",
            )
    return trust_list


def read_trust_list(data: bytes) -> TrustList:
    """Return the content of a signed trust list whose signatures were checked before.

    Raises:
        UntrustedList: Malformed.
    """
    try:
        return decode_trust_list(open_sign(data, TYP).payload)
    except MalformedEnvelope as error:
        raise UntrustedList("malformed", f"not a trust list: {error}") from None
