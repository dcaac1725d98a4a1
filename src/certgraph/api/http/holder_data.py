"""Everything that the platform holds of one person, as a file that the holder keeps."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from certgraph.api.context import Context
from certgraph.api.http import holder_views as views
from certgraph.assessment.rules import ExamPlanState, ExamRegistrationState
from certgraph.assessment.tables import ExamPlanRow, ExamRegistrationRow
from certgraph.calendar import CHINA
from certgraph.certificates.holders import held_queries, queries
from certgraph.certificates.holders.entering import Holder
from certgraph.certificates.holders.requests import text_of
from certgraph.certificates.holders.tables import HolderLinkRow, HolderRequestRow, SharingLinkRow
from certgraph.certificates.lookup_keys import holder_name_key
from certgraph.certificates.tables import CertificateRow
from certgraph.credit_bank.accounts.queries import credit_records
from certgraph.database import Session
from certgraph.organizations import queries as organization_queries
from certgraph.plain_pages.rendering import words
from certgraph.sealing import CannotOpen
from certgraph.standards import queries as standard_queries

Json = dict[str, Any]

_ANNOUNCED = (ExamPlanState.PUBLIC_NOTICE, ExamPlanState.CLOSED)


@dataclass(frozen=True, slots=True)
class _Names:
    """Names by key: of organizations, of kinds of certificates."""

    organizations: Mapping[UUID, Any]
    types: Mapping[UUID, Any]

    def organization(self, key: UUID | None) -> Json | None:
        row = None if key is None else self.organizations[key]
        return None if row is None else {"code": row.code, "name": row.name}

    def type(self, key: UUID) -> str:
        return str(self.types[key].name)


async def held_of(context: Context, holder: Holder) -> Json:
    """Return what is held of a holder, as JSON.

    On a page by a link: what its organization knows. Exams and rosters are found by the document,
    so they are shown to whoever gave it; so are credit records, and who else read.
    """
    async with context.reads() as session:
        # 1. What is there.
        rows = await held_queries.certificates_of(session, holder.numbers)
        links = await held_queries.links_to(session, holder.numbers, holder.only)
        shares = await queries.sharing_links_of(session, holder.numbers, holder.only, context.now)
        requests = await queries.requests_of(session, holder.numbers)
        readings = await held_queries.readings_of(session, holder.numbers, holder.only)
        exams, rosters = await _by_document(session, holder, rows)
        # 2. In which words.
        organizations = {row.organization_id for row in rows}
        organizations |= {row.organization_id for row in links}
        organizations |= {one.organization_id for exam in exams for one in exam}
        organizations |= {row.institution_id for row in rosters}
        organizations |= {row.acting_for for row in readings if row.acting_for is not None}
        types = {row.certificate_type_id for row in rows}
        types |= {row.certificate_type_id for row in rosters}
        types |= {plan.certificate_type_id for _, plan in exams}
        names = _Names(
            await organization_queries.organizations_by_ids(session, list(organizations)),
            await standard_queries.certificate_types_by_ids(session, list(types)),
        )
        # 3. As it is given.
        return {
            "about": words(context.language)["data_about"],
            "asOf": _instant(context.now),
            "only": names.organization(holder.only) if rows else None,
            "certificates": await _certificates(context, session, rows, names, holder),
            "exams": [_exam(context, row, plan, names) for row, plan in exams],
            "rosters": [_roster(row, names) for row in rosters],
            "links": [_link(row, holder, names) for row in links],
            "shares": [await _share(session, holder, row) for row in shares],
            "requests": [_request(context, row, holder) for row in requests],
            "readings": [
                {
                    "certificate": holder.numbers[row.certificate_id],
                    "readAt": _instant(row.read_at),
                    "role": row.acting_as.name,
                    "organization": names.organization(row.acting_for),
                }
                for row in readings
            ],
        }


async def _by_document(
    session: Session, holder: Holder, rows: Sequence[CertificateRow]
) -> tuple[list[tuple[ExamRegistrationRow, ExamPlanRow]], Sequence[held_queries.Listed]]:
    """Return the exams and rosters of whoever gave the document, and of nobody else's name."""
    known = next((row for row in rows if row.document_lookup is not None), None)
    if holder.only is not None or known is None or known.document_lookup is None:
        return [], []
    key = known.holder_name_key
    exams = await held_queries.exams_of(session, known.document_lookup)
    named = [(row, plan) for row, plan in exams if holder_name_key(row.holder_name) == key]
    return named, await held_queries.rosters_of(session, known.document_lookup)


def _roster(row: held_queries.Listed, names: _Names) -> Json:
    return {
        "institution": names.organization(row.institution_id),
        "certificateType": names.type(row.certificate_type_id),
        "level": row.level,
        "year": row.year,
        "asOf": row.as_of.isoformat(),
    }


def _link(row: HolderLinkRow, holder: Holder, names: _Names) -> Json:
    return {
        "certificate": holder.numbers[row.certificate_id],
        "organization": names.organization(row.organization_id),
        "createdAt": _instant(row.created_at),
        "expiresAt": _instant(row.expires_at),
        "openedAt": _instant(row.opened_at),
        "revokedAt": _instant(row.revoked_at),
    }


def _request(context: Context, row: HolderRequestRow, holder: Holder) -> Json:
    return {
        "certificate": holder.numbers[row.certificate_id],
        "kind": row.kind.name,
        "state": row.state.name,
        "text": text_of(context.keyring, row.id, row.sealed_text),
        "askedAt": _instant(row.asked_at),
        "answer": row.answer or None,
        "answeredAt": _instant(row.answered_at),
    }


async def _certificates(
    context: Context,
    session: Session,
    rows: Sequence[CertificateRow],
    names: _Names,
    holder: Holder,
) -> list[Json]:
    ids = [row.id for row in rows]
    outcomes, changes = defaultdict(list), defaultdict(list)
    for outcome in await held_queries.outcomes_of(session, ids):
        given = {"number": outcome.number, "text": outcome.text}
        credits_ = outcome.credits_tenths / 10
        outcomes[outcome.certificate_id].append({**given, "credits": credits_})
    for change in await held_queries.changes_of(session, ids):
        changes[change.certificate_id].append(
            {
                "state": change.state.name,
                "reason": change.reason,
                "changedAt": _instant(change.changed_at),
            }
        )
    standards = await held_queries.standards_of(session, {row.standard_version_id for row in rows})
    records = await credit_records(session, ids) if holder.only is None else {}
    found = []
    for row in rows:
        standard, version = standards[row.standard_version_id]
        record = records.get(row.id)
        found.append(
            {
                "number": row.number,
                "holderName": row.holder_name,
                "documentType": row.document_type and row.document_type.name,
                "documentNumber": _document(context, row.document_sealed, row.id),
                "organization": names.organization(row.organization_id),
                "certificateType": names.type(row.certificate_type_id),
                "level": row.level,
                "standard": {"code": standard, "version": version},
                "reference": row.reference,
                "issuedOn": row.issued_on.isoformat(),
                "expiresOn": row.expires_on and row.expires_on.isoformat(),
                "registeredAt": _instant(row.registered_at),
                "state": row.state.name,
                "outcomes": outcomes[row.id],
                "changes": changes[row.id],
                "creditRecord": None
                if record is None
                else {
                    "state": record.state.name,
                    "accountNumber": record.account_number,
                    "credits": record.credits_tenths and record.credits_tenths / 10,
                },
                "qrText": await views.qr_text_in(session, context, row),
            }
        )
    return found


def _exam(context: Context, row: ExamRegistrationRow, plan: ExamPlanRow, names: _Names) -> Json:
    return {
        "holderName": row.holder_name,
        "documentType": row.document_type.name,
        "documentNumber": _document(context, row.document_sealed, row.id),
        "certificateType": names.type(plan.certificate_type_id),
        "level": plan.level,
        "organization": names.organization(plan.organization_id),
        "registeredBy": names.organization(row.organization_id),
        "registeredAt": _instant(row.registered_at),
        "declaredVoluntaryOn": _day(row.declared_voluntary_on),
        "payer": row.payer.name,
        "feeYuan": row.amount_fen and row.amount_fen / 100,
        "startsAt": _instant(plan.starts_at),
        "isWithdrawn": row.state is ExamRegistrationState.WITHDRAWN,
        "result": _result(row) if plan.state in _ANNOUNCED else None,
    }


def _result(row: ExamRegistrationRow) -> Json:
    """Return a result that was announced; before that it may be put right."""
    parts = json.loads(row.marks_tenths) if row.marks_tenths else []
    return {
        "state": row.state.name,
        "marks": [None if one is None else one / 10 for one in parts],
        "total": row.total_hundredths and row.total_hundredths / 100,
    }


async def _share(session: Session, holder: Holder, row: SharingLinkRow) -> Json:
    openings = await queries.latest_openings(session, row.id)
    return {
        "certificates": sorted(holder.numbers[key] for key in row.certificate_ids),
        "withPdf": row.with_pdf,
        "createdAt": _instant(row.created_at),
        "endsAt": _instant(row.ends_at),
        "revokedAt": _instant(row.revoked_at),
        "openedAt": [_instant(at) for at in openings],
    }


def _document(context: Context, sealed: bytes | None, owner: UUID) -> str | None:
    """Return a document's number; None where there is none, or it was altered."""
    try:
        return None if sealed is None else context.keyring.open_document(sealed, owner.bytes)
    except CannotOpen:
        return None


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else instant.astimezone(CHINA).isoformat(timespec="seconds")
