"""Verify one certificate: nine named checks in a fixed order, one verdict, no network.

1. text: length, ASCII digits (or base64url), no leading zero, first bytes of a COSE_Sign1; what
   fails here is no certificate, but perhaps the code of something else
2. envelope: exactly one COSE_Sign1 in deterministic CBOR, countersigned or not
3. issuer_key: the key id is on the trust list
4. signature: Ed25519, strictly
5. register: countersigned, as strictly, by a register key that was valid on the day of issue and
   not compromised by then
6. claims: shapes and limits; the issuer named owns the key; issued before now, expires after issue
7. entitlement: on the day of issue the issuer was allowed this certificate at this level, and the
   key was valid for that day and not compromised
8. expiry
9. status: valid, revoked, suspended or superseded, as of the status list's date

Checks 1 to 6 each need the one before; 7, 8 and 9 are beside each other. A check that could not
run has not passed. Nothing here reads a clock, opens a file or a socket, or raises on any text.
"""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from certgraph.credential import days
from certgraph.credential.claims import TYP, Claims, MalformedClaims, claims_from, instant_of_issue
from certgraph.credential.claims_reader import read_claims
from certgraph.credential.encoding import MalformedEncoding, decode
from certgraph.credential.envelopes import MalformedEnvelope, Sign1, open_countersigned
from certgraph.credential.qr_text import MalformedQrText, from_qr_text, may_be_certificate
from certgraph.credential.signature import is_signed_by
from certgraph.credential.status_list import Status
from certgraph.credential.trust_bundle import CLOCK_TOLERANCE, IssuerKey, RegisterKey, Trust
from certgraph.credential.trust_list import ListedKey


class Check(StrEnum):
    """The checks, in their order; the names are stable."""

    TEXT = "text"
    ENVELOPE = "envelope"
    ISSUER_KEY = "issuer_key"
    SIGNATURE = "signature"
    REGISTER = "register"
    CLAIMS = "claims"
    ENTITLEMENT = "entitlement"
    EXPIRY = "expiry"
    STATUS = "status"


class CheckState(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    COULD_NOT_RUN = "could_not_run"


class Verdict(StrEnum):
    """What a verifier says. Only VALID is good without reading further."""

    VALID = "valid"
    VALID_AS_OF = "valid_as_of"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    INVALID = "invalid"
    UNKNOWN_ISSUER = "unknown_issuer"
    UNCONFIRMED = "unconfirmed"
    NO_CERTIFICATE = "no_certificate"


class Verification(NamedTuple):
    """The result for one text.

    Attributes:
        verdict: The answer.
        decisive: The check that decided against VALID; None for VALID.
        reason: Why, as a stable word: `not_ours`, `holder_name.character`, `list_missing`, …;
            None for VALID.
        claims: What the certificate states; None before check `claims` passed.
        issuer_key: The key that signed, with its organization; None before `claims` passed.
        status: Entry in the status list; None where it could not be read.
        status_as_of: When that status list was made, seconds since 1970.
        failed: The checks that failed.
        not_run: The checks that could not run.
    """

    verdict: Verdict
    decisive: Check | None = None
    reason: str | None = None
    claims: Claims | None = None
    issuer_key: IssuerKey | None = None
    status: Status | None = None
    status_as_of: int | None = None
    failed: tuple[Check, ...] = ()
    not_run: tuple[Check, ...] = ()

    @property
    def checks(self) -> tuple[tuple[Check, CheckState], ...]:
        """Every check with its state, in order."""
        return tuple(
            (
                check,
                CheckState.FAILED
                if check in self.failed
                else CheckState.COULD_NOT_RUN
                if check in self.not_run
                else CheckState.PASSED,
            )
            for check in Check
        )


_ORDER = tuple(Check)


def _stopped(check: Check, reason: str, verdict: Verdict = Verdict.INVALID) -> Verification:
    """Return the result of a text that failed one of the first six checks."""
    later = _ORDER[_ORDER.index(check) + 1 :]
    return Verification(
        verdict=verdict, decisive=check, reason=reason, failed=(check,), not_run=later
    )


def verify(qr_text: str, trust: Trust, *, now: datetime) -> Verification:
    """Verify the text of a QR code (or the same as digits or base64url alone).

    Args:
        qr_text: As scanned; white space around it is ignored.
        trust: From `open_trust_bundle`.
        now: The verifier's time, aware.

    Raises:
        ValueError: `now` has no time zone. No text makes it raise.
    """
    instant = days.to_instant(now)
    try:
        signed = from_qr_text(qr_text)
    except MalformedQrText as error:
        return _stopped(Check.TEXT, error.reason, Verdict.NO_CERTIFICATE)
    except ValueError:  # the embedding program lowered sys.set_int_max_str_digits
        return _stopped(Check.TEXT, "too_long", Verdict.NO_CERTIFICATE)
    if not may_be_certificate(signed):
        return _stopped(Check.TEXT, "not_ours", Verdict.NO_CERTIFICATE)
    return verify_signed(signed, trust, instant)


def verify_signed(signed: bytes, trust: Trust, now: int) -> Verification:
    """Verify signed bytes, checks 2 to 9. `now` in seconds since 1970."""
    try:
        envelope = open_countersigned(signed, TYP)
        claims = read_claims(envelope.payload)
        payload = None if claims else decode(envelope.payload)
    except MalformedEnvelope:
        return _stopped(Check.ENVELOPE, "not_cose_sign1")
    except MalformedEncoding:
        return _stopped(Check.ENVELOPE, "not_deterministic_cbor")
    candidates = trust.issuer_keys.get(envelope.kid)
    if candidates is None:
        return _stopped(Check.ISSUER_KEY, "key_not_listed", Verdict.UNKNOWN_ISSUER)
    for issuer_key in candidates:
        if is_signed_by(issuer_key.key, envelope.signature, envelope.to_be_signed):
            break
    else:
        return _stopped(Check.SIGNATURE, "does_not_match")
    issued_at = claims.issued_at if claims else instant_of_issue(payload)
    fault = register_fault(envelope, trust, issued_at)
    if fault is not None:
        return _stopped(Check.REGISTER, fault)
    try:
        claims = claims or claims_from(payload)
    except MalformedClaims as error:
        return _stopped(Check.CLAIMS, f"{error.field}.{error.fault}")
    if claims.issuer != issuer_key.organization.code:
        return _stopped(Check.CLAIMS, "issuer.not_owner_of_key")
    if claims.issued_at > now + CLOCK_TOLERANCE:
        return _stopped(Check.CLAIMS, "issued_at.in_the_future")
    return _judge(claims, issuer_key, trust, now)


def register_fault(envelope: Sign1, trust: Trust, issued_at: int | None) -> str | None:
    """Return why the register did not countersign this on that day, or None: check `register`.

    `issued_at` is None where the claims state no instant; then any register key will do, and check
    `claims` fails.
    """
    if envelope.countersignature is None:
        return "countersignature_missing"
    day = None if issued_at is None else days.day_of(issued_at)
    message = envelope.to_be_countersigned
    others: list[tuple[RegisterKey, str]] = []
    for register_key in trust.register_keys:
        key_fault = None if day is None else _key_fault(register_key.listed, day)
        if key_fault is not None:  # tried after those that may have signed
            others.append((register_key, key_fault))
        elif is_signed_by(register_key.key, envelope.countersignature, message):
            return None
    for register_key, key_fault in others:
        if is_signed_by(register_key.key, envelope.countersignature, message):
            return f"register_key_{key_fault}"
    return "countersignature_does_not_match"


def _key_fault(key: ListedKey, day: int) -> str | None:
    """Return why a key proves nothing for a day, or None."""
    if not key.covers(day):
        return "not_valid_that_day"
    if key.compromised_day is not None and day >= key.compromised_day:
        return "compromised"
    return None


def entitlement_fault(claims: Claims, issuer_key: IssuerKey) -> str | None:
    """Return why the issuer might not issue this on that day, or None: check `entitlement`."""
    day = days.day_of(claims.issued_at)
    if key_fault := _key_fault(issuer_key.listed, day):
        return f"key_{key_fault}"
    fault = "certificate_or_standard_not_entitled"
    for entitlement in issuer_key.organization.entitlements:
        if (
            entitlement.certificate_name != claims.certificate_name
            or claims.standard_code not in entitlement.standard_codes
        ):
            continue
        if claims.level not in entitlement.levels:
            if fault != "not_entitled_that_day":
                fault = "level_not_entitled"
            continue
        last_day = entitlement.last_day
        if entitlement.first_day <= day and (last_day is None or day <= last_day):
            organization = issuer_key.organization
            has_left = organization.has_left and day >= organization.state_since
            return "organization_had_left" if has_left else None
        fault = "not_entitled_that_day"
    return fault


def _judge(claims: Claims, issuer_key: IssuerKey, trust: Trust, now: int) -> Verification:
    """Return the result of a certificate whose signatures and claims hold: checks 7 to 9."""
    status, as_of, status_gap, fresh = _status(claims, trust, now)
    listed = trust.trust_list
    trust_gap = (
        "trust_list_expired"
        if now > listed.expires_at
        else "clock_behind_trust_list"
        if listed.issued_at > now + CLOCK_TOLERANCE
        else None
    )
    not_entitled = entitlement_fault(claims, issuer_key)
    expired = claims.expires_at is not None and now > claims.expires_at
    if (
        fresh
        and status is Status.VALID
        and not (not_entitled or expired or trust_gap or status_gap)
    ):
        return Verification(Verdict.VALID, None, None, claims, issuer_key, status, as_of)

    decisive: tuple[Verdict, Check, str]
    if not_entitled:
        decisive = Verdict.INVALID, Check.ENTITLEMENT, not_entitled
    elif status in (Status.REVOKED, Status.SUPERSEDED):
        decisive = Verdict.REVOKED, Check.STATUS, status.name.lower()
    elif status is Status.SUSPENDED:
        decisive = Verdict.SUSPENDED, Check.STATUS, "suspended"
    elif expired:
        decisive = Verdict.EXPIRED, Check.EXPIRY, "expired"
    elif trust_gap:
        decisive = Verdict.UNCONFIRMED, Check.ENTITLEMENT, trust_gap
    elif status_gap:
        decisive = Verdict.UNCONFIRMED, Check.STATUS, status_gap
    else:
        decisive = Verdict.VALID_AS_OF, Check.STATUS, "list_not_fresh"

    failed: list[Check] = []
    not_run: list[Check] = []
    if not_entitled:
        failed.append(Check.ENTITLEMENT)
    elif trust_gap:
        not_run.append(Check.ENTITLEMENT)
    if expired:
        failed.append(Check.EXPIRY)
    if status_gap:
        not_run.append(Check.STATUS)
    elif status is not Status.VALID:
        failed.append(Check.STATUS)
    verdict, check, reason = decisive
    return Verification(
        verdict=verdict,
        decisive=check,
        reason=reason,
        claims=claims,
        issuer_key=issuer_key,
        status=status,
        status_as_of=as_of,
        failed=tuple(failed),
        not_run=tuple(not_run),
    )


def _status(
    claims: Claims, trust: Trust, now: int
) -> tuple[Status | None, int | None, str | None, bool]:
    """Return status, date of its list, why it could not be read, and whether it is fresh.

    A list past its end still counts where it speaks against the certificate.
    """
    status_list = trust.status_lists.get((claims.issuer, claims.status_list))
    if status_list is None:
        return None, None, "list_missing", False
    status = trust.status(status_list, claims.status_index)
    if status is None:
        return None, status_list.issued_at, "index_out_of_range", False
    gap = None
    if status is Status.VALID:
        if now > status_list.expires_at:
            gap = "list_expired"
        elif status_list.issued_at > now + CLOCK_TOLERANCE:
            gap = "clock_behind_list"
    return status, status_list.issued_at, gap, now <= status_list.fresh_until
