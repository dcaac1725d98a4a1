# ruff: noqa: ANN401 - a column, a code or its parameter
"""All SQL about hours rules, proposals, their deadlines, and the catalogue."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, delete, func, or_, select, type_coerce

from certgraph.credit_bank.proposals.tables import (
    CatalogueEntryRow,
    CreditProposalDeadlineRow,
    CreditProposalRow,
    CreditProposalVersionRow,
    HoursCreditRuleLineRow,
    HoursCreditRuleRow,
    OutcomeUnitContentRow,
    OutcomeUnitRow,
)
from certgraph.credit_bank.rules import CourseType, DeadlineState
from certgraph.database import EnumText, Session
from certgraph.duties.rules import ObligationKind
from certgraph.duties.tables import ObligationRow
from certgraph.standards.tables import (
    CertificateLevelRow,
    CertificateTypeOrganizationRow,
    CertificateTypeRow,
    LearningOutcomeRow,
    StandardContentRow,
)


async def hours_rule_by_version(session: Session, version: str) -> HoursCreditRuleRow | None:
    """Return the hours rule of a version."""
    return await session.scalar(
        select(HoursCreditRuleRow).where(HoursCreditRuleRow.version == version)
    )


async def hours_by_course_type(session: Session, rule_id: UUID) -> dict[CourseType, int]:
    """Return hours of one credit, times ten, by course type."""
    rows = await session.execute(
        select(HoursCreditRuleLineRow.course_type, HoursCreditRuleLineRow.hours_tenths).where(
            HoursCreditRuleLineRow.rule_id == rule_id
        )
    )
    return {row.course_type: row.hours_tenths for row in rows}


async def lock_certificate_type(session: Session, certificate_type_id: UUID) -> None:
    """Let proposals and editions of a type be written one after the other."""
    await session.execute(
        select(CertificateTypeRow.id)
        .where(CertificateTypeRow.id == certificate_type_id)
        .with_for_update()
    )


async def content_ids(session: Session, standard_version_id: UUID, level: int) -> dict[str, UUID]:
    """Return code → id of the content of a standard version at a level."""
    rows = await session.execute(
        select(StandardContentRow.code, StandardContentRow.id).where(
            StandardContentRow.standard_version_id == standard_version_id,
            StandardContentRow.level == level,
        )
    )
    return {row.code: row.id for row in rows}


async def outcome_numbers(session: Session, standard_version_id: UUID, level: int) -> set[int]:
    """Return the numbers of the learning outcomes of a standard version at a level."""
    return set(
        await session.scalars(
            select(LearningOutcomeRow.number).where(
                LearningOutcomeRow.standard_version_id == standard_version_id,
                LearningOutcomeRow.level == level,
            )
        )
    )


async def proposal_of(
    session: Session, standard_version_id: UUID, level: int
) -> CreditProposalRow | None:
    """Return the proposal for a level of a standard version, locked for change."""
    return await session.scalar(
        select(CreditProposalRow)
        .where(
            CreditProposalRow.standard_version_id == standard_version_id,
            CreditProposalRow.level == level,
        )
        .with_for_update()
    )


async def proposal_by_id(session: Session, proposal_id: UUID) -> CreditProposalRow | None:
    """Return a proposal, locked for change."""
    return await session.scalar(
        select(CreditProposalRow).where(CreditProposalRow.id == proposal_id).with_for_update()
    )


async def proposal_version(
    session: Session, proposal_id: UUID, number: int
) -> CreditProposalVersionRow | None:
    """Return a version of a proposal."""
    return await session.scalar(
        select(CreditProposalVersionRow).where(
            CreditProposalVersionRow.proposal_id == proposal_id,
            CreditProposalVersionRow.number == number,
        )
    )


async def units_of(session: Session, version_id: UUID) -> Sequence[OutcomeUnitRow]:
    """Return the units of a version, by number."""
    return (
        await session.scalars(
            select(OutcomeUnitRow)
            .where(OutcomeUnitRow.version_id == version_id)
            .order_by(OutcomeUnitRow.number)
        )
    ).all()


async def content_codes_of(session: Session, version_id: UUID) -> dict[int, list[str]]:
    """Return unit number → codes of the lines it covers, in the standard's order."""
    rows = await session.execute(
        select(OutcomeUnitRow.number, StandardContentRow.code)
        .join(OutcomeUnitContentRow, OutcomeUnitContentRow.unit_id == OutcomeUnitRow.id)
        .join(StandardContentRow, StandardContentRow.id == OutcomeUnitContentRow.content_id)
        .where(OutcomeUnitRow.version_id == version_id)
        .order_by(OutcomeUnitRow.number, StandardContentRow.position)
    )
    found: dict[int, list[str]] = {}
    for row in rows:
        found.setdefault(row.number, []).append(row.code)
    return found


async def delete_units(session: Session, version_id: UUID) -> None:
    """Delete the units of a draft."""
    units = select(OutcomeUnitRow.id).where(OutcomeUnitRow.version_id == version_id)
    await session.execute(
        delete(OutcomeUnitContentRow).where(OutcomeUnitContentRow.unit_id.in_(units))
    )
    await session.execute(delete(OutcomeUnitRow).where(OutcomeUnitRow.version_id == version_id))


async def deadline_of(
    session: Session, certificate_type_id: UUID, level: int
) -> CreditProposalDeadlineRow | None:
    """Return the deadline for a level of a type, locked for change."""
    return await session.scalar(
        select(CreditProposalDeadlineRow)
        .where(
            CreditProposalDeadlineRow.certificate_type_id == certificate_type_id,
            CreditProposalDeadlineRow.level == level,
        )
        .with_for_update()
    )


async def levels_without_deadline(session: Session) -> Sequence[tuple[CertificateTypeRow, int]]:
    """Return the announced types, each with its levels whose deadline is not recorded yet."""
    on = and_(
        CreditProposalDeadlineRow.certificate_type_id == CertificateLevelRow.certificate_type_id,
        CreditProposalDeadlineRow.level == CertificateLevelRow.level,
    )
    rows = await session.execute(
        select(CertificateTypeRow, CertificateLevelRow.level)
        .join(CertificateLevelRow, CertificateLevelRow.certificate_type_id == CertificateTypeRow.id)
        .outerjoin(CreditProposalDeadlineRow, on)
        .where(CertificateTypeRow.announced_on.is_not(None), CreditProposalDeadlineRow.id.is_(None))
        .order_by(CertificateTypeRow.code, CertificateLevelRow.level)
    )
    return [(row[0], row[1]) for row in rows]


async def provisional_deadlines(
    session: Session,
) -> Sequence[tuple[CreditProposalDeadlineRow, CertificateTypeRow]]:
    """Return the deadlines that were computed before their year's calendar was out."""
    rows = await session.execute(
        select(CreditProposalDeadlineRow, CertificateTypeRow)
        .join(
            CertificateTypeRow,
            CertificateTypeRow.id == CreditProposalDeadlineRow.certificate_type_id,
        )
        .where(CreditProposalDeadlineRow.is_provisional)
    )
    return [(row[0], row[1]) for row in rows]


def deadline_state(today: Any, soon: Any) -> ColumnElement[DeadlineState]:
    """Return a deadline's state, over its row; `soon` is the last day that counts as soon.

    Nobody is late by a provisional day: its year's calendar may move it.
    """
    due, submitted = CreditProposalDeadlineRow.due_on, CreditProposalDeadlineRow.submitted_on
    is_certain = CreditProposalDeadlineRow.is_provisional.is_(False)
    found = case(
        ((submitted > due) & is_certain, DeadlineState.MET_LATE.value),
        (submitted.is_not(None), DeadlineState.MET.value),
        ((due < today) & is_certain, DeadlineState.OVERDUE.value),
        (due <= soon, DeadlineState.DUE_SOON.value),
        else_=DeadlineState.AHEAD.value,
    )
    return type_coerce(found, EnumText(DeadlineState))


def holds_on(day: Any) -> ColumnElement[bool]:
    """Return the condition that a catalogue entry holds for certificates issued on a day."""
    last = CatalogueEntryRow.last_on
    return and_(CatalogueEntryRow.first_on <= day, or_(last.is_(None), last >= day))


async def last_edition(session: Session, code: str) -> int:
    """Return the number of the latest edition of a code in the catalogue; 0 where there is none."""
    statement = select(func.max(CatalogueEntryRow.edition)).where(CatalogueEntryRow.code == code)
    return await session.scalar(statement) or 0


async def entries_of(
    session: Session, standard_version_id: UUID, level: int
) -> Sequence[CatalogueEntryRow]:
    """Return the entries for a level of a standard version, oldest first."""
    return (
        await session.scalars(
            select(CatalogueEntryRow)
            .where(
                CatalogueEntryRow.standard_version_id == standard_version_id,
                CatalogueEntryRow.level == level,
            )
            .order_by(CatalogueEntryRow.first_on)
        )
    ).all()


async def units_by_versions(
    session: Session, version_ids: Sequence[UUID]
) -> Mapping[UUID, list[dict[str, Any]]]:
    """Return what the feed says of the units of each version, by number."""
    found: dict[UUID, list[dict[str, Any]]] = {id_: [] for id_ in version_ids}
    rows = await session.execute(
        select(
            OutcomeUnitRow.version_id,
            OutcomeUnitRow.number,
            OutcomeUnitRow.name,
            OutcomeUnitRow.framework_level,
            OutcomeUnitRow.verified_tenths,
        )
        .where(OutcomeUnitRow.version_id.in_(version_ids))
        .order_by(OutcomeUnitRow.number)
    )
    for version_id, number, name, framework_level, tenths in rows:
        unit = {"number": number, "name": name, "frameworkLevel": framework_level}
        found[version_id].append({**unit, "creditsTenths": tenths})
    return found


async def deadlines_with_debtors(
    session: Session,
) -> Sequence[tuple[CreditProposalDeadlineRow, UUID]]:
    """Return each deadline with each organization that is behind its certificate type."""
    rows = await session.execute(
        select(CreditProposalDeadlineRow, CertificateTypeOrganizationRow.organization_id).join(
            CertificateTypeOrganizationRow,
            CertificateTypeOrganizationRow.certificate_type_id
            == CreditProposalDeadlineRow.certificate_type_id,
        )
    )
    return [(row[0], row[1]) for row in rows]


async def owed_proposals(session: Session) -> dict[tuple[UUID, str], ObligationRow]:
    """Return (organization, key) → what is recorded as owed."""
    statement = select(ObligationRow).where(ObligationRow.kind == ObligationKind.CREDIT_PROPOSAL)
    return {(row.debtor_id, row.key): row for row in await session.scalars(statement)}
