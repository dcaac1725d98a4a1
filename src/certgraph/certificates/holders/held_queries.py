"""SQL about everything that is held of one person: certificates, exams, rosters, who read it."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from certgraph.actions.auditing import READING
from certgraph.actions.parties import Role
from certgraph.actions.tables import AuditEntryRow
from certgraph.assessment.tables import ExamPlanRow, ExamRegistrationRow
from certgraph.certificates.holders.tables import HolderLinkRow
from certgraph.certificates.tables import (
    CertificateChangeRow,
    CertificateOutcomeRow,
    CertificateRow,
)
from certgraph.database import Session
from certgraph.participation.tables import (
    ParticipationCountRow,
    ParticipationRow,
    RosterStudentRow,
)
from certgraph.standards.tables import StandardRow, StandardVersionRow


class Read(NamedTuple):
    """A reading of a certificate with its holder.

    `acting_for` is the key of an organization; None: the programme, or the holder.
    """

    certificate_id: UUID
    read_at: datetime
    acting_as: Role
    acting_for: UUID | None


class Listed(NamedTuple):
    """A roster of an institution on which somebody is."""

    institution_id: UUID
    certificate_type_id: UUID
    level: int
    year: int
    as_of: date


async def certificates_of(session: Session, ids: Collection[UUID]) -> Sequence[CertificateRow]:
    """Return certificates, newest first."""
    row = CertificateRow
    statement = select(row).where(row.id.in_(ids)).order_by(row.issued_on.desc(), row.id)
    return (await session.scalars(statement)).all()


async def changes_of(session: Session, ids: Collection[UUID]) -> Sequence[CertificateChangeRow]:
    """Return the changes of certificates' states, oldest first."""
    row = CertificateChangeRow
    statement = select(row).where(row.certificate_id.in_(ids)).order_by(row.changed_at, row.id)
    return (await session.scalars(statement)).all()


async def outcomes_of(session: Session, ids: Collection[UUID]) -> Sequence[CertificateOutcomeRow]:
    """Return the learning outcomes that certificates state, in their order."""
    row = CertificateOutcomeRow
    statement = select(row).where(row.certificate_id.in_(ids)).order_by(row.position)
    return (await session.scalars(statement)).all()


async def standards_of(session: Session, ids: Collection[UUID]) -> dict[UUID, tuple[str, str]]:
    """Return key of a version → code and version of its standard."""
    row, standard = StandardVersionRow, StandardRow
    statement = select(row.id, standard.code, row.version).join(
        standard, standard.id == row.standard_id
    )
    found = await session.execute(statement.where(row.id.in_(ids)))
    return {one[0]: (one[1], one[2]) for one in found}


async def links_to(
    session: Session, ids: Collection[UUID], organization_id: UUID | None
) -> Sequence[HolderLinkRow]:
    """Return links to the holder's page, newest first; of an organization, or of all."""
    row = HolderLinkRow
    statement = select(row).where(row.certificate_id.in_(ids))
    if organization_id is not None:
        statement = statement.where(row.organization_id == organization_id)
    return (await session.scalars(statement.order_by(row.created_at.desc(), row.id))).all()


async def exams_of(
    session: Session, document_lookup: bytes
) -> Sequence[tuple[ExamRegistrationRow, ExamPlanRow]]:
    """Return the exams for which somebody registered with a document, newest first."""
    row, plan = ExamRegistrationRow, ExamPlanRow
    statement = (
        select(row, plan)
        .join(plan, plan.id == row.plan_id)
        .where(row.document_lookup == document_lookup)
        .order_by(plan.starts_at.desc(), row.id)
    )
    return [(one[0], one[1]) for one in await session.execute(statement)]


async def rosters_of(session: Session, document_lookup: bytes) -> Sequence[Listed]:
    """Return the rosters on which a document is, newest first."""
    student, count, participation = RosterStudentRow, ParticipationCountRow, ParticipationRow
    statement = (
        select(
            participation.institution_id,
            participation.certificate_type_id,
            participation.level,
            participation.year,
            count.as_of,
        )
        .select_from(student)
        .join(count, count.id == student.count_id)
        .join(participation, participation.id == count.participation_id)
        .where(student.document_lookup == document_lookup)
        .order_by(count.as_of.desc(), count.id)
    )
    return [Listed(*one) for one in await session.execute(statement)]


async def readings_of(
    session: Session, ids: Collection[UUID], organization_id: UUID | None
) -> Sequence[Read]:
    """Return who read these certificates, each by itself, with their holder; newest first.

    `organization_id`: readings for that one alone; None: all.
    """
    row = AuditEntryRow
    statement = (
        select(row.subject_id, row.done_at, row.acting_as, row.acting_for)
        .where(row.subject_id.in_(ids), row.action == READING)
        .order_by(row.sequence.desc())
    )
    if organization_id is not None:
        statement = statement.where(row.acting_for == organization_id)
    return [Read._make(one) for one in await session.execute(statement)]
