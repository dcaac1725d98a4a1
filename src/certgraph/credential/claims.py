# ruff: noqa: ANN401 - decoded CBOR
"""The claims of a certificate: what the signature states, and the limits every text keeps.

A CWT claims set (RFC 8392) with one private claim that holds the certificate. The keys and their
order are the byte layout of `docs/credential-format.md`, section 2, and never change.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from certgraph.credential import days
from certgraph.credential.encoding import encode
from certgraph.credential.text_rules import text_fault

TYP = "cgc+cwt"
CERTIFICATE_CLAIM = -65537
MAX_OUTCOMES = 40
MAX_CREDITS_TENTHS = 10_000
UINT_LIMIT = 2**32

_ISS, _EXP, _IAT = 1, 4, 6
_NUMBER, _HOLDER_NAME, _HOLDER_TAG, _CERTIFICATE_NAME, _LEVEL = 1, 2, 3, 4, 5
_STANDARD, _STATUS, _MASKED_DOCUMENT, _OUTCOMES = 6, 7, 8, 9


class MalformedClaims(ValueError):
    """The payload is CBOR, but not the claims of a certificate.

    Attributes:
        field: Name of the first claim at fault, as in `Claims`.
        fault: What is wrong with it; a `TextFault` value, or `missing`, `shape`, `range`, …
    """

    def __init__(self, field: str, fault: str) -> None:
        super().__init__(f"{field}: {fault}")
        self.field = field
        self.fault = fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A learning outcome on a certificate, with its credits.

    Attributes:
        number: Number of the outcome in its standard; None where the text is carried instead.
        text: The outcome itself, 1 to 64 characters; None where the number is carried.
        credits_tenths: Credits times ten: 15 means 1.5 credits. 0 to 10,000.
    """

    number: int | None = None
    text: str | None = None
    credits_tenths: int


class Claims(NamedTuple):
    """What one certificate states; a named tuple, made at half the cost for each scan.

    Attributes:
        issuer: Code of the issuing organization (`iss`), 1 to 40 characters.
        issued_at: 00:00:00 +08:00 of the day of issue, seconds since 1970.
        expires_at: Last second of the last valid day; None where the certificate does not expire.
        number: Certificate number, 1 to 40 characters; unique for ever.
        holder_name: 1 to 64 characters.
        holder_tag: Two bytes that bind to an identity document (`holder_tag`), or None.
        certificate_name: Name of the certificate type, 1 to 64 characters.
        level: 1 初级, 2 中级, 3 高级; up to 5.
        standard_code: Code of the standard the holder met, 1 to 40 characters.
        standard_version: Version of that standard, 1 to 40 characters.
        status_list: Number of the issuer's status list.
        status_index: Entry in that list.
        masked_document: Masked number of the identity document, 1 to 40 characters; never with a
            `holder_tag`.
        outcomes: Either all by number, in rising order, or all by text.
    """

    issuer: str
    issued_at: int
    number: str
    holder_name: str
    certificate_name: str
    level: int
    standard_code: str
    standard_version: str
    status_list: int
    status_index: int
    expires_at: int | None = None
    holder_tag: bytes | None = None
    masked_document: str | None = None
    outcomes: tuple[Outcome, ...] = ()

    @property
    def issued_on(self) -> date:
        """Civil day of issue in China."""
        return days.to_date(days.day_of(self.issued_at))

    @property
    def expires_on(self) -> date | None:
        """Last valid civil day in China, inclusive."""
        return None if self.expires_at is None else days.to_date(days.day_of(self.expires_at))


def _uint_fault(value: object, limit: int = UINT_LIMIT) -> str | None:
    if type(value) is not int:
        return "shape"
    return None if 0 <= value < limit else "range"


def _standard_fault(value: object) -> str | None:
    if not isinstance(value, list) or len(value) != 2:
        return "shape"
    return text_fault(value[0], 40) or text_fault(value[1], 40)


def _status_fault(value: object) -> str | None:
    if not isinstance(value, list) or len(value) != 2:
        return "shape"
    return _uint_fault(value[0]) or _uint_fault(value[1])


def _tag_fault(value: object) -> str | None:
    return None if isinstance(value, bytes) and len(value) == 2 else "shape"


def _level_fault(value: object) -> str | None:
    if type(value) is not int:
        return "shape"
    return None if 1 <= value <= 5 else "range"


def _outcomes_fault(value: object) -> str | None:
    if not isinstance(value, (dict, list)):
        return "shape"
    if not 1 <= len(value) <= MAX_OUTCOMES:
        return "length"
    if isinstance(value, dict):
        return next(
            filter(
                None,
                (
                    _uint_fault(number) or _uint_fault(credit, MAX_CREDITS_TENTHS + 1)
                    for number, credit in value.items()
                ),
            ),
            None,
        )
    for pair in value:
        if not isinstance(pair, list) or len(pair) != 2:
            return "shape"
        fault = text_fault(pair[0], 64) or _uint_fault(pair[1], MAX_CREDITS_TENTHS + 1)
        if fault:
            return fault
    return None


_TEXTS = {_NUMBER: 40, _HOLDER_NAME: 64, _CERTIFICATE_NAME: 64, _MASKED_DOCUMENT: 40}
"""Claims that are texts, with their longest length in characters."""

_OTHERS: dict[int, Callable[[Any], str | None]] = {
    _HOLDER_TAG: _tag_fault,
    _LEVEL: _level_fault,
    _STANDARD: _standard_fault,
    _STATUS: _status_fault,
    _OUTCOMES: _outcomes_fault,
}
_NAMES = {
    _NUMBER: "number",
    _HOLDER_NAME: "holder_name",
    _HOLDER_TAG: "holder_tag",
    _CERTIFICATE_NAME: "certificate_name",
    _LEVEL: "level",
    _STANDARD: "standard",
    _STATUS: "status",
    _MASKED_DOCUMENT: "masked_document",
    _OUTCOMES: "outcomes",
}
_REQUIRED = frozenset({_NUMBER, _HOLDER_NAME, _CERTIFICATE_NAME, _LEVEL, _STANDARD, _STATUS})


def _faults(payload: Any) -> Iterator[tuple[str, str]]:
    """Yield every (field, fault) of a decoded payload, in the order of the layout."""
    if not isinstance(payload, dict):
        yield "payload", "shape"
        return
    fault: str | None
    if fault := text_fault(payload.get(_ISS), 40):
        yield "issuer", fault
    issued_at = payload.get(_IAT)
    if fault := _uint_fault(issued_at, days.LAST_INSTANT + 1):
        yield "issued_at", fault
    if _EXP in payload:
        expires_at = payload[_EXP]
        if fault := _uint_fault(expires_at, days.LAST_INSTANT + 1):
            yield "expires_at", fault
        elif isinstance(issued_at, int) and expires_at <= issued_at:
            yield "expires_at", "not_after_issue"
    if len(payload) != 3 + (_EXP in payload):
        yield "payload", "unknown_claim"
    certificate = payload.get(CERTIFICATE_CLAIM)
    if not isinstance(certificate, dict):
        yield "certificate", "shape"
        return
    for key in sorted(_REQUIRED - certificate.keys()):
        yield _NAMES[key], "missing"
    for key, value in certificate.items():
        if key in _TEXTS:
            fault = text_fault(value, _TEXTS[key])
        elif key in _OTHERS:
            fault = _OTHERS[key](value)
        else:
            fault = "unknown_claim"
        if fault:
            yield _NAMES.get(key, "certificate"), fault
    if _HOLDER_TAG in certificate and _MASKED_DOCUMENT in certificate:
        yield "masked_document", "beside_holder_tag"


def instant_of_issue(payload: Any) -> int | None:
    """Return the instant of issue of a decoded payload; None where it states none in range."""
    instant = payload.get(_IAT) if isinstance(payload, dict) else None
    return None if _uint_fault(instant, days.LAST_INSTANT + 1) else instant


def claims_from(payload: Any) -> Claims:
    """Return the claims of a decoded payload.

    Raises:
        MalformedClaims: A claim is missing, unknown, of another shape, or breaks a limit.
    """
    for field, fault in _faults(payload):
        raise MalformedClaims(field, fault)
    certificate = payload[CERTIFICATE_CLAIM]
    return Claims(
        issuer=payload[_ISS],
        issued_at=payload[_IAT],
        expires_at=payload.get(_EXP),
        number=certificate[_NUMBER],
        holder_name=certificate[_HOLDER_NAME],
        holder_tag=certificate.get(_HOLDER_TAG),
        certificate_name=certificate[_CERTIFICATE_NAME],
        level=certificate[_LEVEL],
        standard_code=certificate[_STANDARD][0],
        standard_version=certificate[_STANDARD][1],
        status_list=certificate[_STATUS][0],
        status_index=certificate[_STATUS][1],
        masked_document=certificate.get(_MASKED_DOCUMENT),
        outcomes=_outcomes_from(certificate.get(_OUTCOMES)),
    )


def _outcomes_from(value: dict[int, int] | list[list[Any]] | None) -> tuple[Outcome, ...]:
    if value is None:
        return ()
    if isinstance(value, dict):
        return tuple(Outcome(number=n, credits_tenths=tenths) for n, tenths in value.items())
    return tuple(Outcome(text=text, credits_tenths=tenths) for text, tenths in value)


def _payload_of(claims: Claims) -> dict[int, Any]:
    certificate: dict[int, Any] = {_NUMBER: claims.number, _HOLDER_NAME: claims.holder_name}
    if claims.holder_tag is not None:
        certificate[_HOLDER_TAG] = claims.holder_tag
    certificate |= {
        _CERTIFICATE_NAME: claims.certificate_name,
        _LEVEL: claims.level,
        _STANDARD: [claims.standard_code, claims.standard_version],
        _STATUS: [claims.status_list, claims.status_index],
    }
    if claims.masked_document is not None:
        certificate[_MASKED_DOCUMENT] = claims.masked_document
    if claims.outcomes:
        by_number = all(outcome.number is not None for outcome in claims.outcomes)
        certificate[_OUTCOMES] = (
            {outcome.number: outcome.credits_tenths for outcome in claims.outcomes}
            if by_number
            else [[outcome.text, outcome.credits_tenths] for outcome in claims.outcomes]
        )
    payload: dict[int, Any] = {_ISS: claims.issuer}
    if claims.expires_at is not None:
        payload[_EXP] = claims.expires_at
    payload |= {_IAT: claims.issued_at, CERTIFICATE_CLAIM: certificate}
    return payload


def encode_claims(claims: Claims) -> bytes:
    """Return the payload to sign. Does not check it: see `claims_faults`."""
    return encode(_payload_of(claims))


def claims_faults(claims: Claims) -> list[tuple[str, str]]:
    """List every (field, fault) for which a verifier would refuse these claims; empty if none."""
    faults = list(_faults(_payload_of(claims)))
    numbers = [outcome.number for outcome in claims.outcomes if outcome.number is not None]
    if numbers and (len(numbers) != len(claims.outcomes) or numbers != sorted(set(numbers))):
        faults.append(("outcomes", "order"))
    return faults
