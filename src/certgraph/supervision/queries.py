# ruff: noqa: ANN401 - an organization, or its parameter
"""All SQL about cases."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, not_, or_, select

from certgraph.database import Session
from certgraph.duties.rules import ObligationKind
from certgraph.duties.tables import FindingRow, ObligationRow
from certgraph.organizations.rules import HAS_LEFT, OrganizationKind, OrganizationState
from certgraph.organizations.tables import (
    OrganizationKindRow,
    OrganizationRow,
    OrganizationStateChangeRow,
    RestrictionRow,
)
from certgraph.participation.rules import ParticipationState
from certgraph.participation.tables import ParticipationRow
from certgraph.supervision.rules import CaseDecision, CaseEntryKind, CaseState, Completion
from certgraph.supervision.tables import CaseEntryRow, CaseRow


async def case_by_id(session: Session, id_: UUID) -> CaseRow | None:
    """Return a case, locked for change."""
    return await session.scalar(select(CaseRow).where(CaseRow.id == id_).with_for_update())


async def authority_of_division(session: Session, division_code: str) -> OrganizationRow | None:
    """Return the authority of a division of its own; None where there is none."""
    statement = (
        select(OrganizationRow)
        .join(OrganizationKindRow, OrganizationKindRow.organization_id == OrganizationRow.id)
        .where(
            OrganizationKindRow.kind == OrganizationKind.PROVINCIAL_AUTHORITY,
            OrganizationRow.division_code == division_code,
        )
        .order_by(OrganizationRow.code)
        .limit(1)
    )
    return await session.scalar(statement)


async def has_unmet_order(session: Session, subject_id: UUID, rule_id: str, now: datetime) -> bool:
    """Tell whether somebody did not meet an order in time, or not yet after its last day."""
    row = ObligationRow
    statement = select(row.id).where(
        row.kind == ObligationKind.ORDER,
        row.debtor_id == subject_id,
        row.rule_id == rule_id,
        row.due_before <= now,
        row.waived_at.is_(None),
        or_(row.met_at.is_(None), row.met_at >= row.due_before),
    )
    return await session.scalar(statement.limit(1)) is not None


async def has_finding(session: Session, subject_id: UUID, code: str) -> bool:
    """Tell whether something was noted of somebody."""
    statement = select(FindingRow.id).where(
        FindingRow.subject_id == subject_id, FindingRow.code == code
    )
    return await session.scalar(statement.limit(1)) is not None


async def findings_of(
    session: Session, subject_id: UUID, ids: Collection[UUID]
) -> Sequence[FindingRow]:
    """Return those of the findings that are of somebody."""
    statement = select(FindingRow).where(
        FindingRow.id.in_(ids), FindingRow.subject_id == subject_id
    )
    return (await session.scalars(statement)).all()


async def findings_without_case(session: Session, code: str) -> Sequence[FindingRow]:
    """Return what was noted under a code, and has opened no case yet."""
    has_case = select(CaseRow.finding_id).where(CaseRow.finding_id.is_not(None))
    statement = select(FindingRow).where(FindingRow.code == code, FindingRow.id.not_in(has_case))
    return (await session.scalars(statement.order_by(FindingRow.found_at, FindingRow.id))).all()


async def entries_of(
    session: Session, case_id: UUID, kinds: Collection[CaseEntryKind]
) -> Sequence[CaseEntryRow]:
    """Return entries of a case of these kinds."""
    statement = select(CaseEntryRow).where(
        CaseEntryRow.case_id == case_id, CaseEntryRow.kind.in_(kinds)
    )
    return (await session.scalars(statement)).all()


async def exits_to_come(session: Session, today: date) -> Sequence[tuple[OrganizationRow, date]]:
    """Return the exits whose day has come and that were recorded beforehand, with their days."""
    change, row = OrganizationStateChangeRow, OrganizationRow
    statement = (
        select(row, change.since)
        .join(change, change.organization_id == row.id)
        .where(
            change.state == OrganizationState.EXITED,
            change.since <= today,
            row.state.not_in(HAS_LEFT),
        )
        .order_by(row.id, change.since)
        .with_for_update(of=row)
    )
    found = {one.id: (one, since) for one, since in await session.execute(statement)}
    return [(one, since) for one, since in found.values() if since is not None]


async def completion_of(
    session: Session, organization_id: UUID, effective_on: date
) -> Completion | None:
    """Return what the decision on an exit says of its issuing; None where no case decided it."""
    statement = select(CaseRow.completion).where(
        CaseRow.subject_id == organization_id,
        CaseRow.decision == CaseDecision.EXIT,
        CaseRow.effective_on == effective_on,
    )
    return await session.scalar(statement.limit(1))


async def participations_of(
    session: Session, institution_id: UUID, since: date
) -> Sequence[ParticipationRow]:
    """Return what an institution takes part in on a day or later, or applied for, locked."""
    row = ParticipationRow
    is_over = row.state.in_((ParticipationState.ENDED, ParticipationState.DECLINED))
    statement = select(row).where(
        row.institution_id == institution_id,
        row.year >= since.year,
        or_(not_(is_over), row.ended_on >= since),
    )
    return (await session.scalars(statement.order_by(row.id).with_for_update())).all()


async def restrictions_of(session: Session, organization_id: UUID) -> Sequence[RestrictionRow]:
    """Return what an organization may not do for a time, locked for change."""
    row = RestrictionRow
    statement = select(row).where(row.organization_id == organization_id)
    return (await session.scalars(statement.order_by(row.id).with_for_update())).all()


def is_decided() -> ColumnElement[bool]:
    """Return the condition that a case is decided: then everybody reads it."""
    return CaseRow.state == CaseState.DECIDED


def is_party(organization_id: Any) -> ColumnElement[bool]:
    """Return the condition that an organization decides a case, opened it, or is its subject."""
    row = CaseRow
    return or_(
        row.decider_id == organization_id,
        row.opener_id == organization_id,
        row.subject_id == organization_id,
    )


def is_public_ground() -> ColumnElement[bool]:
    """Return the condition that an entry is a ground of a case that is decided."""
    decided = select(CaseRow.id).where(is_decided())
    return and_(CaseEntryRow.kind == CaseEntryKind.GROUND, CaseEntryRow.case_id.in_(decided))


def is_entry_of(organization_id: Any) -> ColumnElement[bool]:
    """Return the condition that an entry is of a case of which an organization is a party."""
    return CaseEntryRow.case_id.in_(select(CaseRow.id).where(is_party(organization_id)))
