"""After issue: register, suspend and lift, revoke, erase."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from certgraph.actions.acting import Act
from certgraph.actions.declaring import PerRequest, action
from certgraph.actions.parties import ANY, ON_BEHALF, OWN, Role
from certgraph.assessment.queries import erase_registrations
from certgraph.certificates import queries, run_queries
from certgraph.certificates.holders import queries as holder_queries
from certgraph.certificates.rules import CertificateState, state_problems
from certgraph.certificates.subjects import (
    CERTIFICATE,
    CORRECTED_CERTIFICATE,
    certificates_named,
    reject_erased,
)
from certgraph.certificates.tables import CertificateChangeRow, CertificateRow
from certgraph.database import insert_rows
from certgraph.problems import Rejected, refusal, reject_if
from certgraph.randomness import new_id

_ISSUER = {Role.EVALUATION_ORGANIZATION: OWN, Role.OPERATOR: ON_BEHALF}


def _record(act: Act, row: CertificateRow, reason: str) -> None:
    act.session.add(CertificateChangeRow(**_change(act, row.id, row.state, reason)))


async def record_changes(
    act: Act, certificate_ids: Iterable[UUID], state: CertificateState, reason: str
) -> None:
    """Record that certificates came into a state, many at once."""
    rows = [_change(act, id_, state, reason) for id_ in certificate_ids]
    await insert_rows(act.session, CertificateChangeRow, rows)


def _change(act: Act, certificate_id: UUID, state: CertificateState, reason: str) -> dict[str, Any]:
    return {
        "id": new_id(act.random),
        "certificate_id": certificate_id,
        "state": state,
        "reason": reason,
        "changed_by": act.by,
        "changed_at": act.now,
    }


@action(
    "certificateRegister",
    may=_ISSUER,
    rule="S07",
    about=CERTIFICATE,
    returns="certificate",
    leads_to=(CertificateState.REGISTERED,),
    after_leaving=True,
    refuses=("certificate.erased", "certificate.transition_refused"),
)
async def register_certificate(act: Act, certificate: CertificateRow) -> CertificateRow:
    """Enter a certificate on the platform. A late entry is accepted and stays visible as late.

    Raises:
        Rejected: Not signed yet, or not in a state to be registered.

    Source: rule R39.
    """
    return _enter(act, certificate)


def _enter(act: Act, certificate: CertificateRow) -> CertificateRow:
    reject_erased(certificate)
    registered = CertificateState.REGISTERED
    reject_if(state_problems(certificate.number, certificate.state, registered))
    certificate.state, certificate.registered_at = registered, act.now
    _record(act, certificate, "registered")
    return certificate


Numbers = Annotated[Sequence[str], PerRequest(1_000, "certificate.count"), "1 to 1,000."]


@action(
    "certificateRegisterMany",
    may=_ISSUER,
    rule="S07",
    returns="certificates",
    after_leaving=True,
    refuses=("certificate.erased", "certificate.not_found", "certificate.transition_refused"),
)
async def register_certificates(act: Act, *, numbers: Numbers) -> list[CertificateRow]:
    """Enter several certificates on the platform, all or none.

    Raises:
        Rejected: Names every number that is unknown, another organization's, or in a state from
            which that is not possible.

    Source: rule R39.
    """
    found, problems = await certificates_named(act, numbers)
    rows = []
    for index, row in enumerate(found):
        if row is None:
            continue
        try:
            is_there = row.state is CertificateState.REGISTERED
            rows.append(row if is_there else _enter(act, row))
        except Rejected as rejected:
            path = ("numbers", str(index))
            problems += [replace(one, path=path) for one in rejected.problems]
    reject_if(problems)
    return rows


def _move(act: Act, certificate: CertificateRow, target: CertificateState) -> CertificateRow:
    reject_erased(certificate)
    reject_if(state_problems(certificate.number, certificate.state, target))
    certificate.state = target
    _record(act, certificate, act.reason)
    return certificate


@action(
    "certificateSuspend",
    may=_ISSUER,
    about=CERTIFICATE,
    returns="certificate",
    reason=True,
    leads_to=(CertificateState.SUSPENDED,),
    refuses=("certificate.erased", "certificate.transition_refused"),
)
async def suspend_certificate(act: Act, certificate: CertificateRow) -> CertificateRow:
    """Suspend a certificate. It shows with the next status list, within a minute.

    Raises:
        Rejected: It is in a state from which that is not possible.
    """
    return _move(act, certificate, CertificateState.SUSPENDED)


@action(
    "certificateRevoke",
    may=_ISSUER,
    about=CERTIFICATE,
    returns="certificate",
    reason=True,
    leads_to=(CertificateState.REVOKED,),
    refuses=("certificate.erased", "certificate.transition_refused"),
)
async def revoke_certificate(act: Act, certificate: CertificateRow) -> CertificateRow:
    """Revoke a certificate, for ever. It shows with the next status list, within a minute.

    Raises:
        Rejected: It is in a state from which that is not possible.
    """
    return _move(act, certificate, CertificateState.REVOKED)


@action(
    "certificateSuspensionLift",
    may=_ISSUER,
    about=CERTIFICATE,
    returns="certificate",
    reason=True,
    leads_to=(CertificateState.ISSUED, CertificateState.REGISTERED),
    refuses=("certificate.erased", "certificate.not_suspended"),
)
async def lift_suspension(act: Act, certificate: CertificateRow) -> CertificateRow:
    """End the suspension of a certificate; it is again what it was.

    Raises:
        Rejected: It is not suspended.
    """
    reject_erased(certificate)
    if certificate.state is not CertificateState.SUSPENDED:
        facts = {"number": certificate.number, "state": certificate.state}
        raise refusal("certificate.not_suspended", **facts)
    is_registered = certificate.registered_at is not None
    certificate.state = CertificateState.REGISTERED if is_registered else CertificateState.ISSUED
    _record(act, certificate, act.reason)
    return certificate


@action(
    "certificateHolderErase",
    may={Role.OPERATOR: ANY.with_second(Role.OPERATOR)},
    about=CORRECTED_CERTIFICATE,
    returns="certificate",
    reason=True,
    refuses=("certificate.correction_started", "certificate.erased", "certificate.not_signed"),
)
async def erase_holder(act: Act, certificate: CertificateRow) -> CertificateRow:
    """Erase whose certificate this is, of those that it corrects and that correct it, too.

    Numbers, states and status entries stay, so the holder's own QR code says what it said. Nothing
    here can be shown, corrected or looked up by name any more; of the result of an exam that it
    certifies marks alone stay.

    Raises:
        Rejected: Not signed yet, being corrected, or erased before.

    Source: Personal Information Protection Law, article 47.
    """
    rows = await queries.lock_corrections(act.session, certificate.id)
    (row,) = (one for one in rows if one.id == certificate.id)
    reject_erased(row)
    if row.state is CertificateState.DRAFT:
        raise refusal("certificate.not_signed", "number", number=row.number)
    if any(one.state is CertificateState.DRAFT for one in rows):
        raise refusal("certificate.correction_started", "number", number=row.number)
    for one in rows:
        one.holder_name, one.holder_name_key = "", new_id(act.random).hex  # nobody's name
        one.document_type = one.document_sealed = one.document_lookup = None
        one.reference = one.candidate_key = None
        one.payload = one.signature = one.countersignature = b""
        one.draft_mac = None
        one.erased_at = act.now
        act.touched.append(one)
        _record(act, one, act.reason)
    results = {one.exam_registration_id for one in rows} - {None}
    await erase_registrations(act.session, [id_ for id_ in results if id_], act.now)
    await holder_queries.delete_copies(act.session, [one.id for one in rows])
    await run_queries.drop_requests(act.session, [one.issue_run_id for one in rows])
    return row


ACTIONS = (
    register_certificate,
    register_certificates,
    suspend_certificate,
    lift_suspension,
    revoke_certificate,
    erase_holder,
)
