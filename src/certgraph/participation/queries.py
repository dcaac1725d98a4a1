# ruff: noqa: ANN401 - a day or its parameter
"""All SQL about participations, their figures and their totals."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, extract, func, or_, select, type_coerce
from sqlalchemy.orm import aliased

from certgraph.database import EnumText, Session
from certgraph.organizations.tables import OrganizationRow
from certgraph.participation.rules import CountBasis, ParticipationState, Span, joined, span_of
from certgraph.participation.tables import (
    ParticipationChangeRow,
    ParticipationCountRow,
    ParticipationRow,
    RosterStudentRow,
)
from certgraph.standards.queries import type_organization


async def participation_by_id(session: Session, id_: UUID) -> ParticipationRow | None:
    """Return a participation, locked for change."""
    return await session.scalar(
        select(ParticipationRow).where(ParticipationRow.id == id_).with_for_update()
    )


async def participation_for(
    session: Session, institution_id: UUID, certificate_type_id: UUID, level: int, year: int
) -> ParticipationRow | None:
    """Return an institution's participation for a certificate, level and year."""
    return await session.scalar(
        select(ParticipationRow).where(
            ParticipationRow.institution_id == institution_id,
            ParticipationRow.certificate_type_id == certificate_type_id,
            ParticipationRow.level == level,
            ParticipationRow.year == year,
        )
    )


def state_by(today: Any) -> ColumnElement[ParticipationState]:
    """Return a participation's state on a day: after its year, ACTIVE is EXPIRED."""
    state, year = ParticipationRow.state, ParticipationRow.year
    is_over = and_(state == ParticipationState.ACTIVE, year < extract("year", today))
    is_to_end = and_(state == ParticipationState.ENDED, ParticipationRow.ended_on > today)
    active, expired = ParticipationState.ACTIVE.value, ParticipationState.EXPIRED.value
    found = case((is_over, expired), (is_to_end, active), else_=state)
    return type_coerce(found, EnumText(ParticipationState))


_HAS_DAYS = ParticipationRow.active_on.is_not(None)


async def spans_by_institution(
    session: Session, institution_ids: Collection[UUID] | None = None
) -> dict[UUID, list[Span]]:
    """Return institution → days on which it takes part in anything, of all or of some."""
    statement = select(
        ParticipationRow.institution_id,
        ParticipationRow.active_on,
        ParticipationRow.year,
        ParticipationRow.ended_on,
    ).where(_HAS_DAYS)
    if institution_ids is not None:
        statement = statement.where(ParticipationRow.institution_id.in_(institution_ids))
    found: dict[UUID, list[Span]] = {}
    for id_, active_on, year, ended_on in await session.execute(statement.distinct()):
        if active_on is not None:
            found.setdefault(id_, []).append(span_of(active_on, year, ended_on))
    return {id_: joined(spans) for id_, spans in found.items()}


async def takes_part(
    session: Session,
    institution_id: UUID,
    certificate_type_id: UUID,
    day: date,
    level: int | None = None,
) -> bool:
    """Tell whether an institution takes part in a certificate on a day; at a level, or at any."""
    row = ParticipationRow
    statement = select(row.id).where(
        row.institution_id == institution_id,
        row.certificate_type_id == certificate_type_id,
        row.active_on <= day,
        row.year == day.year,
        or_(row.ended_on.is_(None), row.ended_on >= day),
    )
    if level is not None:
        statement = statement.where(row.level == level)
    return await session.scalar(statement.limit(1)) is not None


async def institutions_changed_since(session: Session, since: datetime) -> set[UUID]:
    """Return the institutions of which a participation took a step after a moment."""
    statement = (
        select(ParticipationRow.institution_id)
        .join(
            ParticipationChangeRow, ParticipationChangeRow.participation_id == ParticipationRow.id
        )
        .where(ParticipationChangeRow.changed_at > since)
    )
    return set(await session.scalars(statement))


async def newest_count(session: Session, participation_id: UUID) -> ParticipationCountRow | None:
    """Return the figures that were recorded last, locked for change."""
    return await session.scalar(
        select(ParticipationCountRow)
        .where(ParticipationCountRow.participation_id == participation_id)
        .order_by(
            ParticipationCountRow.as_of.desc(),
            ParticipationCountRow.recorded_at.desc(),
            ParticipationCountRow.id,
        )
        .limit(1)
        .with_for_update()
    )


@dataclass(frozen=True, slots=True)
class Totals:
    """What participations add up to on a day.

    Attributes:
        institutions: How many institutions take part.
        participations: How many certificates and levels they take part in, in all.
        planned: Sum of the planned students of institutions.
        enrolled: Sum of institutions: a student of two counts twice.
        examined: As `enrolled`.
        passed: As `enrolled`.
        persons: How many different persons are enrolled; None where that cannot be known.
        without_roster: Institutions that reported figures, or none, in place of a roster.
    """

    institutions: int
    participations: int
    planned: int
    enrolled: int
    examined: int
    passed: int
    persons: int | None
    without_roster: Sequence[str]


def is_of_issuer(organization_id: Any) -> ColumnElement[bool]:
    """Return the condition that an organization is behind a participation's certificate type."""
    return type_organization(organization_id, ParticipationRow.certificate_type_id)


def counts_of(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that figures are of a participation that meets one."""
    found = select(ParticipationRow.id).where(condition)
    return ParticipationCountRow.participation_id.in_(found)


def _in_force(on: date, conditions: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """Return the query for the participations of a day, each with its newest figures."""
    newest = aliased(ParticipationCountRow)
    latest = (
        select(newest.id)
        .where(newest.participation_id == ParticipationRow.id, newest.as_of <= on)
        .order_by(newest.as_of.desc(), newest.recorded_at.desc(), newest.id)
        .limit(1)
        .correlate(ParticipationRow)
        .scalar_subquery()
    )
    return (
        select(
            ParticipationRow.institution_id,
            OrganizationRow.name.label("name"),
            ParticipationCountRow.id.label("count_id"),
            ParticipationCountRow.basis.label("basis"),
            *(getattr(ParticipationCountRow, name).label(name) for name in _FIGURES),
        )
        .join(OrganizationRow, OrganizationRow.id == ParticipationRow.institution_id)
        .outerjoin(ParticipationCountRow, ParticipationCountRow.id == latest)
        .where(
            _HAS_DAYS,
            ParticipationRow.active_on <= on,
            ParticipationRow.year == on.year,
            func.coalesce(ParticipationRow.ended_on, on) >= on,
            *conditions,
        )
    )


_FIGURES = ("planned", "enrolled", "examined", "passed")
_NAMED = 20
"""Institutions that are named as having no roster."""


async def totals(
    session: Session, on: date, conditions: Sequence[ColumnElement[bool]] = ()
) -> Totals:
    """Return what the participations that meet conditions add up to on a day."""
    found = _in_force(on, conditions).subquery()
    row = (
        await session.execute(
            select(
                func.count(found.c.institution_id.distinct()),
                func.count(),
                *(func.coalesce(func.sum(found.c[name]), 0) for name in _FIGURES),
            ).select_from(found)
        )
    ).one()
    basis = found.c.basis
    without = (
        await session.scalars(
            select(found.c.name)
            .where(or_(basis.is_(None), basis != CountBasis.ROSTER))
            .distinct()
            .order_by(found.c.name)
            .limit(_NAMED)
        )
    ).all()
    persons = None
    if not without:
        listed = RosterStudentRow.count_id.in_(select(found.c.count_id))
        statement = select(func.count(RosterStudentRow.document_lookup.distinct())).where(listed)
        persons = await session.scalar(statement)
    institutions, participations, *figures = row
    planned, enrolled, examined, passed = figures
    return Totals(
        institutions=institutions,
        participations=participations,
        planned=planned,
        enrolled=enrolled,
        examined=examined,
        passed=passed,
        persons=persons,
        without_roster=without,
    )
