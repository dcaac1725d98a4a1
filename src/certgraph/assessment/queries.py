# ruff: noqa: ANN401 - a moment, a day or its parameter
"""All SQL about plans of exams, registrations, and coverage by sites."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, or_, select, type_coerce, update
from sqlalchemy.orm import aliased

from certgraph.assessment.rules import ExamPlanState, ExamRegistrationState
from certgraph.assessment.tables import ExamPlanRow, ExamRegistrationRow
from certgraph.calendar import first_instant
from certgraph.database import BATCH_PARAMETERS, EnumText, Session, batched
from certgraph.duties.kinds.materials import Payer
from certgraph.duties.queries import in_force_on
from certgraph.duties.rules import FilingKind
from certgraph.duties.tables import FilingRow
from certgraph.organizations.queries import supervised_by
from certgraph.organizations.tables import DivisionRow, OrganizationRow
from certgraph.participation.tables import ParticipationCountRow, ParticipationRow


async def plan_by_id(session: Session, id_: UUID) -> ExamPlanRow | None:
    """Return a plan, locked for change."""
    return await session.scalar(select(ExamPlanRow).where(ExamPlanRow.id == id_).with_for_update())


async def registration_by_id(session: Session, id_: UUID) -> ExamRegistrationRow | None:
    """Return a registration, locked for change."""
    statement = select(ExamRegistrationRow).where(ExamRegistrationRow.id == id_)
    return await session.scalar(statement.with_for_update())


def plan_state(now: Any) -> ColumnElement[ExamPlanState]:
    """Return a plan's state at a moment, as `rules.state_at` says."""
    row = ExamPlanRow
    is_stored = or_(row.state != ExamPlanState.PUBLISHED, row.registration_opens_at > now)
    found = case(
        (is_stored, row.state),
        (row.registration_closes_at > now, ExamPlanState.REGISTRATION.value),
        (row.ends_at > now, ExamPlanState.EXAM.value),
        else_=ExamPlanState.SCORING.value,
    )
    return type_coerce(found, EnumText(ExamPlanState))


def is_in_state(state: ExamPlanState, now: Any) -> list[ColumnElement[bool]]:
    """Return the conditions that a plan is in a state; by the index of the stored one."""
    derived = (ExamPlanState.REGISTRATION, ExamPlanState.EXAM, ExamPlanState.SCORING)
    stored = ExamPlanState.PUBLISHED if state in derived else state
    return [ExamPlanRow.state == stored, plan_state(now) == state]


def registered_count() -> ColumnElement[int]:
    """Return how many are registered for a plan, over its row."""
    row = ExamRegistrationRow
    found = select(func.count()).where(
        row.plan_id == ExamPlanRow.id, row.state != ExamRegistrationState.WITHDRAWN
    )
    return found.correlate(ExamPlanRow).scalar_subquery()


def passed_count() -> ColumnElement[int | None]:
    """Return how many passed in a plan, over its row; null before results are announced."""
    row = ExamRegistrationRow
    found = select(func.count()).where(
        row.plan_id == ExamPlanRow.id, row.state == ExamRegistrationState.PASSED
    )
    is_announced = ExamPlanRow.notice_first_on.is_not(None)
    return case((is_announced, found.correlate(ExamPlanRow).scalar_subquery()), else_=None)


async def registered_of(session: Session, plan_id: UUID) -> tuple[int, int]:
    """Return how many registrations a plan has that are not withdrawn, and its last position."""
    row = ExamRegistrationRow
    is_live = case((row.state != ExamRegistrationState.WITHDRAWN, 1), else_=0)
    statement = select(
        func.coalesce(func.sum(is_live), 0), func.coalesce(func.max(row.position), 0)
    )
    count, last = (await session.execute(statement.where(row.plan_id == plan_id))).one()
    return count, last


async def documents_in(
    session: Session, plan_id: UUID, lookups: Collection[bytes]
) -> dict[bytes, ExamRegistrationRow]:
    """Return the registrations of a plan that have one of these documents."""
    row = ExamRegistrationRow
    found: dict[bytes, ExamRegistrationRow] = {}
    for part in batched(list(lookups), BATCH_PARAMETERS):
        statement = select(row).where(row.plan_id == plan_id, row.document_lookup.in_(part))
        found |= {
            one.document_lookup: one
            for one in await session.scalars(statement.with_for_update())
            if one.document_lookup is not None
        }
    return found


async def registrations_by_ids(
    session: Session, ids: Collection[UUID]
) -> dict[UUID, ExamRegistrationRow]:
    """Return registrations, locked for change."""
    found: dict[UUID, ExamRegistrationRow] = {}
    for part in batched(list(ids), BATCH_PARAMETERS):
        statement = select(ExamRegistrationRow).where(ExamRegistrationRow.id.in_(part))
        found |= {one.id: one for one in await session.scalars(statement.with_for_update())}
    return found


async def plans_by_ids(session: Session, ids: Collection[UUID]) -> dict[UUID, ExamPlanRow]:
    """Return plans."""
    rows = await session.scalars(select(ExamPlanRow).where(ExamPlanRow.id.in_(ids)))
    return {row.id: row for row in rows}


async def without_result(session: Session, plan_id: UUID) -> int:
    """Return how many registrations of a plan have no result yet."""
    row = ExamRegistrationRow
    statement = select(func.count()).where(
        row.plan_id == plan_id, row.state == ExamRegistrationState.REGISTERED
    )
    return await session.scalar(statement) or 0


async def candidates_of(session: Session, plan_id: UUID) -> Sequence[ExamRegistrationRow]:
    """Return who is registered for a plan, in the order of registration; who withdrew aside."""
    row = ExamRegistrationRow
    statement = select(row).where(
        row.plan_id == plan_id, row.state != ExamRegistrationState.WITHDRAWN
    )
    return (await session.scalars(statement.order_by(row.position))).all()


async def erase_registrations(session: Session, ids: Collection[UUID], now: datetime) -> None:
    """Erase whose registrations these are; marks and figures stay."""
    row = ExamRegistrationRow
    nobody = {"holder_name": "", "document_sealed": None, "document_lookup": None}
    await session.execute(update(row).where(row.id.in_(ids)).values(**nobody, erased_at=now))


async def passed_in(session: Session, plan_id: UUID) -> Sequence[ExamRegistrationRow]:
    """Return who passed in a plan, in the order of registration."""
    row = ExamRegistrationRow
    statement = select(row).where(row.plan_id == plan_id, row.state == ExamRegistrationState.PASSED)
    return (await session.scalars(statement.order_by(row.position))).all()


async def plans_not_begun(
    session: Session, condition: ColumnElement[bool], now: datetime, since: date
) -> Sequence[ExamPlanRow]:
    """Return plans whose exam has not begun and ends on a day or later, locked for change."""
    row = ExamPlanRow
    is_ahead = and_(row.starts_at > now, row.ends_at > first_instant(since))
    statement = select(row).where(condition, row.state == ExamPlanState.PUBLISHED, is_ahead)
    return (await session.scalars(statement.order_by(row.id).with_for_update())).all()


def is_plan_of(organization_id: UUID) -> ColumnElement[bool]:
    """Return the condition that a plan is an organization's."""
    return ExamPlanRow.organization_id == organization_id


def is_at_site_of(institution_id: UUID) -> ColumnElement[bool]:
    """Return the condition that the exam of a plan is at a site of an institution."""
    sites = select(FilingRow.id).where(FilingRow.organization_id == institution_id)
    return ExamPlanRow.site_id.in_(sites)


def of_plan(plan_id: Any) -> ColumnElement[bool]:
    """Return the condition that registrations are of a plan."""
    found: ColumnElement[bool] = ExamRegistrationRow.plan_id == plan_id
    return found


def is_party_of_plan(plan_id: Any, organization_id: Any) -> ColumnElement[bool]:
    """Return the condition that a plan is an organization's, or of its province."""
    row = ExamPlanRow
    mine = or_(row.organization_id == organization_id, row.authority_id == organization_id)
    found: ColumnElement[bool] = plan_id.in_(select(row.id).where(mine))
    return found


def is_of_supervised(authority_id: Any) -> ColumnElement[bool]:
    """Return the condition that a registration was made by an institution of an authority."""
    return ExamRegistrationRow.organization_id.in_(supervised_by(authority_id))


@dataclass(frozen=True, slots=True)
class CoveredInstitution:
    """An institution that takes part in a certificate, or has a site for it."""

    institution_id: UUID
    division_code: str | None
    has_site: bool


async def covered_institutions(
    session: Session, certificate_type_id: UUID, day: date, authority_id: UUID | None
) -> list[CoveredInstitution]:
    """Return the institutions that take part in a certificate on a day, or have a site for it."""
    part, site, row = ParticipationRow, FilingRow, OrganizationRow
    takes_part = select(part.institution_id).where(
        part.certificate_type_id == certificate_type_id,
        part.active_on <= day,
        part.year == day.year,
        or_(part.ended_on.is_(None), part.ended_on >= day),
    )
    has_site = select(site.organization_id).where(
        site.kind == FilingKind.EXAM_SITE,
        site.certificate_type_id == certificate_type_id,
        in_force_on(day),
    )
    with_site = set(await session.scalars(has_site))
    statement = select(row.id, row.division_code).where(
        or_(row.id.in_(takes_part), row.id.in_(has_site))
    )
    if authority_id is not None:
        statement = statement.where(row.id.in_(supervised_by(authority_id)))
    found = await session.execute(statement.order_by(row.division_code, row.code))
    return [CoveredInstitution(id_, code, id_ in with_site) for id_, code in found]


async def coverage_units(session: Session) -> dict[str, str]:
    """Return code → name of the divisions that are to have sites of their own. Source: R27."""
    row = DivisionRow
    statement = select(row.code, row.name).where(row.is_exam_site_coverage_unit)
    return {line.code: line.name for line in await session.execute(statement)}


@dataclass(frozen=True, slots=True)
class ExamShare:
    """How many students of a participation took an exam.

    Attributes:
        participation_id: Which.
        institution_name: Name of its institution.
        enrolled: Students that take part, by its newest figures; None: none were reported.
        registered: Students that are registered for an exam of it.
        examined: Students that took one.
        examined_free: Students that took one for which neither they nor others paid.
    """

    participation_id: UUID
    institution_name: str
    enrolled: int | None
    registered: int
    examined: int
    examined_free: int

    @property
    def without_exam(self) -> int | None:
        """Students for whom nobody has paid an exam yet; None where nothing was reported."""
        return None if self.enrolled is None else max(self.enrolled - self.examined_free, 0)


_TOOK = (ExamRegistrationState.PASSED, ExamRegistrationState.FAILED)
_FREE = (Payer.INSTITUTION, Payer.ORGANIZATION)


async def exam_shares(
    session: Session, year: int, conditions: Sequence[ColumnElement[bool]]
) -> list[ExamShare]:
    """Return how many students of each participation of a year took an exam. Source: rule R35.

    A student who took two counts once.
    """
    newest = aliased(ParticipationCountRow)
    enrolled = (
        select(newest.enrolled)
        .where(newest.participation_id == ParticipationRow.id)
        .order_by(newest.as_of.desc(), newest.recorded_at.desc(), newest.id)
        .limit(1)
        .correlate(ParticipationRow)
        .scalar_subquery()
    )
    row = ExamRegistrationRow
    held = select(ExamPlanRow.id).where(ExamPlanRow.state != ExamPlanState.WITHDRAWN)
    took, free = row.state.in_(_TOOK), row.payer.in_(_FREE)
    statement = (
        select(
            ParticipationRow.id,
            OrganizationRow.name,
            enrolled,
            func.count(row.document_lookup.distinct()),
            func.count(case((took, row.document_lookup)).distinct()),
            func.count(case((and_(took, free), row.document_lookup)).distinct()),
        )
        .join(OrganizationRow, OrganizationRow.id == ParticipationRow.institution_id)
        .outerjoin(
            row,
            and_(
                row.participation_id == ParticipationRow.id,
                row.state != ExamRegistrationState.WITHDRAWN,
                row.plan_id.in_(held),
            ),
        )
        .where(ParticipationRow.year == year, ParticipationRow.active_on.is_not(None), *conditions)
        .group_by(ParticipationRow.id, OrganizationRow.name)
        .order_by(OrganizationRow.name, ParticipationRow.id)
    )
    return [ExamShare(*line) for line in await session.execute(statement)]
