"""After issue: register, suspend and lift, revoke, correct, look up, check again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from certgraph.calendar import programme_day, registration_deadline
from certgraph.certificates import queries
from certgraph.certificates.listing import issuer_trust
from certgraph.certificates.lookup_keys import number_key
from certgraph.certificates.requests import Candidate, IssueRequest
from certgraph.certificates.rules import CertificateState, HolderBinding, state_problems
from certgraph.certificates.signing import passes_self_check, self_check, signed_bytes
from certgraph.certificates.tables import CertificateChangeRow, CertificateRow
from certgraph.credential.claims import Claims, claims_from
from certgraph.credential.encoding import decode
from certgraph.credential.trust_bundle import Trust
from certgraph.database import Session
from certgraph.organizations import queries as organization_queries
from certgraph.organizations.rules import HAS_LEFT, OrganizationState
from certgraph.organizations.service import change_organization_state
from certgraph.organizations.tables import OrganizationRow, SigningKeyRow
from certgraph.problems import refusal, reject_if
from certgraph.randomness import Random, new_id
from certgraph.sealing import Keyring
from certgraph.text import text_problems


async def certificate_numbered(
    session: Session, number: str, organization: OrganizationRow | None
) -> CertificateRow:
    """Return a certificate, locked for change.

    Raises:
        Rejected: No such number; one of another organization answers the same.
    """
    row = await queries.certificate_by_number_key(session, number_key(number), for_update=True)
    if row is None or (organization is not None and row.organization_id != organization.id):
        raise refusal("certificate.not_found", "number", number=number)
    if row.erased_at is not None:
        raise refusal("certificate.erased", "number", number=row.number)
    return row


def _record(
    session: Session, row: CertificateRow, *, reason: str, by: str, now: datetime, random: Random
) -> None:
    session.add(
        CertificateChangeRow(
            id=new_id(random),
            certificate_id=row.id,
            state=row.state,
            reason=reason,
            changed_by=by,
            changed_at=now,
        )
    )


async def register_certificate(
    session: Session,
    number: str,
    *,
    organization: OrganizationRow | None,
    by: str,
    now: datetime,
    random: Random,
) -> CertificateRow:
    """Enter a certificate on the platform. A late entry is accepted and stays visible as late.

    Raises:
        Rejected: Unknown, not signed yet, or not in a state to be registered.

    Source: rule R39.
    """
    row = await certificate_numbered(session, number, organization)
    reject_if(state_problems(row.number, row.state, CertificateState.REGISTERED))
    row.state, row.registered_at = CertificateState.REGISTERED, now
    _record(session, row, reason="registered", by=by, now=now, random=random)
    return row


def is_late(registered_at: datetime | None, due_on: date, is_provisional: bool) -> bool:  # noqa: FBT001 - a column of a row
    """Tell whether a certificate was registered after its last day; not by a provisional one."""
    return (
        registered_at is not None and not is_provisional and programme_day(registered_at) > due_on
    )


async def keep_registration_deadlines(session: Session) -> int:
    """Compute those days anew that were provisional and whose calendar is known by now.

    Returns how many days of issue had one. Source: rule R39.
    """
    changed = 0
    for issued_on in await queries.provisional_days(session):
        deadline = registration_deadline(issued_on)
        if not deadline.is_provisional:
            await queries.set_registration_due(session, issued_on, deadline.due_on)
            changed += 1
    return changed


async def change_certificate_state(
    session: Session,
    number: str,
    target: CertificateState,
    *,
    reason: str,
    organization: OrganizationRow | None,
    by: str,
    now: datetime,
    random: Random,
) -> CertificateRow:
    """Suspend or revoke a certificate. It shows with the next status list, within a minute.

    Raises:
        Rejected: Unknown, in a state from which that is not possible, or no reason given.
    """
    row = await certificate_numbered(session, number, organization)
    problems = state_problems(row.number, row.state, target)
    reject_if(problems + text_problems(reason, 200, "reason"))
    row.state = target
    _record(session, row, reason=reason, by=by, now=now, random=random)
    return row


async def lift_suspension(
    session: Session,
    number: str,
    *,
    reason: str,
    organization: OrganizationRow | None,
    by: str,
    now: datetime,
    random: Random,
) -> CertificateRow:
    """End a suspension; the certificate is again what it was.

    Raises:
        Rejected: Unknown, not suspended, or no reason given.
    """
    row = await certificate_numbered(session, number, organization)
    if row.state is not CertificateState.SUSPENDED:
        raise refusal("certificate.not_suspended", number=row.number, state=row.state)
    reject_if(text_problems(reason, 200, "reason"))
    row.state = (
        CertificateState.REGISTERED if row.registered_at is not None else CertificateState.ISSUED
    )
    _record(session, row, reason=reason, by=by, now=now, random=random)
    return row


async def erase_holder(
    session: Session, number: str, *, reason: str, by: str, now: datetime, random: Random
) -> CertificateRow:
    """Forget whose certificate this is, with those that it corrects and that correct it.

    Numbers, states and status entries stay, so the holder's own QR code says what it said. Nothing
    here can be shown, corrected or looked up by name any more.

    Raises:
        Rejected: Unknown, not signed yet, being corrected, erased before, or no reason given.

    Source: Personal Information Protection Law, article 47.
    """
    found = await queries.certificate_by_number_key(session, number_key(number))
    if found is None:
        raise refusal("certificate.not_found", "number", number=number)
    rows = await queries.lock_corrections(session, found.id)
    (row,) = (one for one in rows if one.id == found.id)
    if row.erased_at is not None:
        raise refusal("certificate.erased", "number", number=row.number)
    if row.state is CertificateState.DRAFT:
        raise refusal("certificate.not_signed", "number", number=row.number)
    if any(one.state is CertificateState.DRAFT for one in rows):
        raise refusal("certificate.correction_started", "number", number=row.number)
    reject_if(text_problems(reason, 200, "reason"))
    for one in rows:
        one.holder_name, one.holder_name_key = "", new_id(random).hex  # nobody's name
        one.document_type = one.document_sealed = one.document_lookup = one.candidate_key = None
        one.payload = one.signature = b""
        one.erased_at = now
        _record(session, one, reason=reason, by=by, now=now, random=random)
    await queries.forget_requests(session, [one.issue_run_id for one in rows])
    return row


async def change_issuer_state(
    session: Session,
    code: str,
    target: OrganizationState,
    *,
    since: date,
    reason: str,
    now: datetime,
    random: Random,
) -> OrganizationRow:
    """Move an organization into another state, unless that makes valid certificates invalid.

    A verifier refuses what an organization dated on the day it left, or later.

    Raises:
        Rejected: See `change_organization_state`; it leaves from a day on which, or after which,
            it issued certificates that count.
    """
    row = await change_organization_state(
        session, code, target, since=since, reason=reason, now=now, random=random
    )
    if target in HAS_LEFT:
        count, last = await queries.issued_since(session, row.id, since)
        if last is not None:
            facts = {"name": row.name, "count": count, "since": since.isoformat()}
            raise refusal("organization.issued_since", "since", last=last.isoformat(), **facts)
    return row


def claims_of(row: CertificateRow) -> Claims:
    """Return what a certificate states."""
    return claims_from(decode(row.payload))


def correction_request(
    keyring: Keyring,
    row: CertificateRow,
    correct: Callable[[Candidate], Candidate],
    *,
    organization_code: str,
    idempotency_key: str,
    reason: str,
) -> IssueRequest:
    """Return the request for a corrected certificate: the old one's facts, `correct` applied.

    The day of issue stays, so an organization that has left may still correct what it issued.

    Raises:
        Rejected: It was erased, or nothing is corrected.
    """
    if row.erased_at is not None:
        raise refusal("certificate.erased", "number", number=row.number)
    claims = claims_of(row)
    document = None
    if row.document_sealed is not None:
        document = keyring.open_document(row.document_sealed, row.id.bytes)
    binding = HolderBinding.NONE
    if claims.holder_tag is not None:
        binding = HolderBinding.TAG
    elif claims.masked_document is not None:
        binding = HolderBinding.MASKED_DOCUMENT
    candidate = Candidate(
        holder_name=row.holder_name,
        standard_code=claims.standard_code,
        standard_version=claims.standard_version,
        level=row.level,
        issued_on=row.issued_on,
        expires_on=row.expires_on,
        document_type=row.document_type,
        document_number=document,
        holder_binding=binding,
        outcomes=claims.outcomes,
    )
    corrected = correct(candidate)
    if corrected == candidate:
        raise refusal("certificate.nothing_corrected", number=row.number)
    return IssueRequest(
        organization_code=organization_code,
        idempotency_key=idempotency_key,
        candidates=[replace(corrected, reference=None)],
        supersedes=row.number,
        reason=reason,
    )


async def recheck_all(session: Session, *, now: datetime, page: int = 1_000) -> list[str]:
    """Verify every certificate ever signed against today's trust data; return numbers that fail.

    Also fails where a column no longer says what the signed bytes say: an edit in the database.
    """
    organizations = {row.id: row for row in await organization_queries.all_organizations(session)}
    keys: dict[UUID, SigningKeyRow] = {}
    trusts: dict[UUID, Trust] = {}
    failed = []
    after_id = None
    while rows := await queries.signed_page(session, after_id=after_id, first=page):
        after_id = rows[-1].id
        for row in rows:
            if row.organization_id not in trusts:
                organization = organizations[row.organization_id]
                trusts[row.organization_id] = await issuer_trust(
                    session, organization, int(now.timestamp())
                )
            if row.signing_key_id not in keys:
                keys[row.signing_key_id] = await session.get_one(SigningKeyRow, row.signing_key_id)
            signed = signed_bytes(row, keys[row.signing_key_id]) or b""
            verification = self_check(signed, trusts[row.organization_id], now)
            if not passes_self_check(verification) or not _agrees(row, verification.claims):
                failed.append(row.number)
    return failed


def _agrees(row: CertificateRow, claims: Claims | None) -> bool:
    return claims is not None and (
        row.number,
        row.holder_name,
        row.level,
        row.issued_on,
        row.expires_on,
        row.status_index,
    ) == (
        claims.number,
        claims.holder_name,
        claims.level,
        claims.issued_on,
        claims.expires_on,
        claims.status_index,
    )
