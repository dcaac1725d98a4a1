"""All SQL of retention: what is over, and how it is deleted."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, update

from certgraph.actions.tables import PendingActionRow
from certgraph.assessment.queries import erase_registrations
from certgraph.assessment.rules import ExamPlanState
from certgraph.assessment.tables import ExamPlanRow, ExamRegistrationRow
from certgraph.calendar import programme_day
from certgraph.certificates.batches.rules import BatchState
from certgraph.certificates.batches.tables import BatchRow
from certgraph.certificates.holders.queries import delete_sharing_links
from certgraph.certificates.holders.rules import HolderRequestState
from certgraph.certificates.holders.tables import (
    HolderLinkRow,
    HolderRequestRow,
    HolderSessionRow,
    SharingLinkRow,
)
from certgraph.certificates.tables import CertificateRow
from certgraph.database import Session
from certgraph.organizations.tables import AppointmentRow
from certgraph.retention.rules import Kept, Over

MOST = 1_000
"""Rows of a kind that are deleted at a time."""

_OF: dict[Over, Any] = {
    Over.FILES: BatchRow,
    Over.REPORTS: BatchRow,
    Over.INPUTS: PendingActionRow,
    Over.REQUESTS: HolderRequestRow,
    Over.LINKS: HolderLinkRow,
    Over.SHARES: SharingLinkRow,
    Over.CONTACTS: AppointmentRow,
    Over.CANDIDATES: ExamRegistrationRow,
}
_EMPTIED: dict[Over, dict[str, Any]] = {
    Over.REPORTS: {"sealed_report": None},
    Over.INPUTS: {"sealed_input": b""},
    Over.REQUESTS: {"sealed_text": None, "answer": ""},
    Over.CONTACTS: {"sealed_contact": None},
}


def _conditions(what: Over, before: datetime, now: datetime) -> list[ColumnElement[bool]]:
    """Return the conditions that a row is over."""
    batch, request, link, share = BatchRow, HolderRequestRow, HolderLinkRow, SharingLinkRow
    candidate, plan = ExamRegistrationRow, ExamPlanRow
    match what:
        case Over.FILES:
            is_free = or_(batch.lease_until.is_(None), batch.lease_until < now)
            is_looked_at = or_(batch.is_trial, batch.checked_at.is_not(None))
            last = func.coalesce(batch.checked_at, batch.uploaded_at)
            return [batch.state == BatchState.DRAFT, last < before, is_free, is_looked_at]
        case Over.REPORTS:
            has_ended = batch.state.in_((BatchState.ISSUED, BatchState.REGISTERED))
            return [has_ended, batch.uploaded_at < before, batch.sealed_report.is_not(None)]
        case Over.INPUTS:  # of those that ended otherwise it is empty
            return [PendingActionRow.lapses_at < before, PendingActionRow.sealed_input != b""]
        case Over.REQUESTS:
            is_answered = request.state != HolderRequestState.OPEN
            return [is_answered, request.answered_at < before, request.sealed_text.is_not(None)]
        case Over.LINKS:
            session = HolderSessionRow
            is_used = exists().where(session.link_id == link.id, session.ends_at >= before)
            ended_at = func.coalesce(link.revoked_at, link.opened_at, link.expires_at)
            return [ended_at < before, ~is_used]
        case Over.SHARES:
            return [or_(share.ends_at < before, share.revoked_at < before)]
        case Over.CONTACTS:
            is_past = AppointmentRow.last_on < programme_day(before)
            return [is_past, AppointmentRow.sealed_contact.is_not(None)]
        case Over.CANDIDATES:
            of_past_exam = exists().where(
                plan.id == candidate.plan_id,
                plan.state.in_((ExamPlanState.CLOSED, ExamPlanState.WITHDRAWN)),
                plan.ends_at < before,
            )
            is_certified = exists().where(CertificateRow.exam_registration_id == candidate.id)
            return [of_past_exam, ~is_certified, candidate.erased_at.is_(None)]


async def ids_over(
    session: Session, what: Over, kept: Kept, now: datetime, limit: int = MOST
) -> Sequence[UUID]:
    """Return keys of what is over."""
    key = _OF[what].id
    conditions = _conditions(what, kept.before(what, now), now)
    return (await session.scalars(select(key).where(*conditions).order_by(key).limit(limit))).all()


async def delete_over(
    session: Session, what: Over, ids: Sequence[UUID], kept: Kept, *, by: str, now: datetime
) -> None:
    """Delete what is over, or of it what is personal; a batch without its file is cancelled.

    What somebody changed meanwhile, so that it is not over, stays.
    """
    if not ids:
        return
    table = _OF[what]
    still = (table.id.in_(ids), *_conditions(what, kept.before(what, now), now))
    if what is Over.CANDIDATES:
        await erase_registrations(session, ids, now)
    elif what is Over.SHARES:
        await delete_sharing_links(session, ids)
    elif what is Over.LINKS:
        await session.execute(delete(HolderSessionRow).where(HolderSessionRow.link_id.in_(ids)))
        await session.execute(delete(table).where(table.id.in_(ids)))
    elif what is Over.FILES:
        gone = {"sealed_file": None, "sealed_report": None, "halted": None}
        ended = {"state": BatchState.CANCELLED, "decided_by": by, "decided_at": now}
        await session.execute(update(table).where(*still).values(**gone, **ended))
    else:
        await session.execute(update(table).where(*still).values(**_EMPTIED[what]))


async def is_anything_over(session: Session, kept: Kept, now: datetime) -> bool:
    """Tell whether there is anything to delete."""
    for what in Over:
        if await ids_over(session, what, kept, now, limit=1):
            return True
    return False
