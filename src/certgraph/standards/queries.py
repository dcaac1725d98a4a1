# ruff: noqa: ANN401 - a code, or its parameter
"""All SQL about certificate types, levels, standards and versions."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, delete, func, literal, select, update

from certgraph.database import Session
from certgraph.organizations.tables import OrganizationRow
from certgraph.standards.rules import CertificateTypeState
from certgraph.standards.tables import (
    CertificateLevelRow,
    CertificateTypeOrganizationRow,
    CertificateTypeRow,
    LearningOutcomeRow,
    MajorRow,
    OccupationMappingRow,
    StandardRow,
    StandardVersionMajorRow,
    StandardVersionRow,
)


def is_behind(organization_code: Any) -> ColumnElement[bool]:
    """Return the condition that the organization with a code is behind a certificate type."""
    return CertificateTypeRow.id.in_(
        select(CertificateTypeOrganizationRow.certificate_type_id)
        .join(OrganizationRow, OrganizationRow.id == CertificateTypeOrganizationRow.organization_id)
        .where(OrganizationRow.code == organization_code)
    )


def type_organization(organization_id: Any, certificate_type_id: Any) -> ColumnElement[bool]:
    """Return the condition that an organization is behind a certificate type."""
    return certificate_type_id.in_(  # type: ignore[no-any-return]
        select(CertificateTypeOrganizationRow.certificate_type_id).where(
            CertificateTypeOrganizationRow.organization_id == organization_id
        )
    )


def is_of_type(column: Any, code: Any) -> ColumnElement[bool]:
    """Return the condition that a column holds the id of the certificate type with a code."""
    found = select(CertificateTypeRow.id).where(CertificateTypeRow.code == code).scalar_subquery()
    return column == found  # type: ignore[no-any-return]


def is_for_major(major_code: Any) -> ColumnElement[bool]:
    """Return the condition that a version of a type's standards is meant for majors of a code."""
    return CertificateTypeRow.id.in_(
        select(StandardRow.certificate_type_id)
        .join(StandardVersionRow, StandardVersionRow.standard_id == StandardRow.id)
        .join(
            StandardVersionMajorRow,
            StandardVersionMajorRow.standard_version_id == StandardVersionRow.id,
        )
        .join(MajorRow, MajorRow.id == StandardVersionMajorRow.major_id)
        .where(MajorRow.code == major_code)
    )


def announced_or_long_ago() -> ColumnElement[date]:
    """Return the day on which a certificate type was announced; the first of all where unknown."""
    return func.coalesce(CertificateTypeRow.announced_on, literal(date.min, Date()))


def has_level(level: Any) -> ColumnElement[bool]:
    """Return the condition that a certificate type is known to have a level."""
    return CertificateTypeRow.id.in_(
        select(CertificateLevelRow.certificate_type_id).where(CertificateLevelRow.level == level)
    )


def is_named() -> ColumnElement[bool]:
    """Return the condition that a version of a standard is meant for a major."""
    return MajorRow.id.in_(select(StandardVersionMajorRow.major_id))


def certificate_type_count() -> ColumnElement[int]:
    """Return how many certificate types an organization is behind, over its row."""
    return (
        select(func.count())
        .where(CertificateTypeOrganizationRow.organization_id == OrganizationRow.id)
        .scalar_subquery()
    )


async def certificate_type_by_code(session: Session, code: str) -> CertificateTypeRow | None:
    """Return the certificate type with `code`."""
    return await session.scalar(select(CertificateTypeRow).where(CertificateTypeRow.code == code))


async def is_organization_of_type(
    session: Session, organization_id: UUID, certificate_type_id: UUID
) -> bool:
    """Tell whether an organization is behind a certificate type."""
    found = await session.get(
        CertificateTypeOrganizationRow, (certificate_type_id, organization_id)
    )
    return found is not None


async def delete_occupations(session: Session, certificate_type_id: UUID, level: int) -> None:
    """Delete what a level of a type was said to correspond to."""
    row = OccupationMappingRow
    which = (row.certificate_type_id == certificate_type_id, row.level == level)
    await session.execute(delete(row).where(*which))


async def hand_over_types(session: Session) -> None:
    """Let every certificate type that is not withdrawn be handed over."""
    row, state = CertificateTypeRow, CertificateTypeState
    which = row.state.in_((state.ANNOUNCED, state.ACTIVE))
    changed = update(row).where(which).values(state=state.HANDED_OVER)
    await session.execute(changed.execution_options(synchronize_session="fetch"))


async def certificate_type_by_name(session: Session, name: str) -> CertificateTypeRow | None:
    """Return the certificate type with `name`."""
    return await session.scalar(select(CertificateTypeRow).where(CertificateTypeRow.name == name))


async def all_certificate_types(session: Session) -> Sequence[CertificateTypeRow]:
    """Return every certificate type."""
    return (await session.scalars(select(CertificateTypeRow))).all()


async def certificate_types_by_ids(
    session: Session, ids: Sequence[UUID]
) -> dict[UUID, CertificateTypeRow]:
    """Return certificate types by id."""
    rows = await session.scalars(select(CertificateTypeRow).where(CertificateTypeRow.id.in_(ids)))
    return {row.id: row for row in rows}


async def levels_by_type_ids(
    session: Session, ids: Sequence[UUID]
) -> dict[UUID, list[CertificateLevelRow]]:
    """Return the known levels of each type, rising."""
    found: dict[UUID, list[CertificateLevelRow]] = {id_: [] for id_ in ids}
    rows = await session.scalars(
        select(CertificateLevelRow)
        .where(CertificateLevelRow.certificate_type_id.in_(ids))
        .order_by(CertificateLevelRow.level)
    )
    for row in rows:
        found[row.certificate_type_id].append(row)
    return found


async def standard_by_code(session: Session, code: str) -> StandardRow | None:
    """Return the standard with `code`."""
    return await session.scalar(select(StandardRow).where(StandardRow.code == code))


async def standards_by_type_ids(
    session: Session, ids: Sequence[UUID]
) -> dict[UUID, list[StandardRow]]:
    """Return the standards of each type, in the order of codes."""
    found: dict[UUID, list[StandardRow]] = {id_: [] for id_ in ids}
    rows = await session.scalars(
        select(StandardRow)
        .where(StandardRow.certificate_type_id.in_(ids))
        .order_by(StandardRow.code)
    )
    for row in rows:
        found[row.certificate_type_id].append(row)
    return found


async def versions_by_standard_ids(
    session: Session, ids: Sequence[UUID]
) -> dict[UUID, list[StandardVersionRow]]:
    """Return the versions of each standard, oldest first."""
    found: dict[UUID, list[StandardVersionRow]] = {id_: [] for id_ in ids}
    rows = await session.scalars(
        select(StandardVersionRow)
        .where(StandardVersionRow.standard_id.in_(ids))
        .order_by(StandardVersionRow.published_on, StandardVersionRow.recorded_at)
    )
    for row in rows:
        found[row.standard_id].append(row)
    return found


async def version_of(
    session: Session, standard_code: str, version: str
) -> tuple[StandardRow, StandardVersionRow] | None:
    """Return a standard and one of its versions."""
    row = (
        await session.execute(
            select(StandardRow, StandardVersionRow)
            .join(StandardVersionRow, StandardVersionRow.standard_id == StandardRow.id)
            .where(StandardRow.code == standard_code, StandardVersionRow.version == version)
        )
    ).one_or_none()
    return None if row is None else (row[0], row[1])


async def all_versions(session: Session) -> Sequence[tuple[StandardRow, StandardVersionRow]]:
    """Return every published version with its standard."""
    rows = await session.execute(
        select(StandardRow, StandardVersionRow)
        .join(StandardVersionRow, StandardVersionRow.standard_id == StandardRow.id)
        .order_by(StandardRow.code, StandardVersionRow.version)
    )
    return [(row[0], row[1]) for row in rows]


async def outcomes_by_version_ids(
    session: Session, ids: Sequence[UUID]
) -> dict[UUID, list[LearningOutcomeRow]]:
    """Return the learning outcomes of each version, by number."""
    found: dict[UUID, list[LearningOutcomeRow]] = {id_: [] for id_ in ids}
    rows = await session.scalars(
        select(LearningOutcomeRow)
        .where(LearningOutcomeRow.standard_version_id.in_(ids))
        .order_by(LearningOutcomeRow.number)
    )
    for row in rows:
        found[row.standard_version_id].append(row)
    return found


async def majors_by_code(
    session: Session, edition: str, codes: Sequence[str]
) -> dict[str, list[MajorRow]]:
    """Return the majors of an edition by code (a code may be there at several levels)."""
    found: dict[str, list[MajorRow]] = {}
    rows = await session.scalars(
        select(MajorRow).where(MajorRow.edition == edition, MajorRow.code.in_(codes))
    )
    for row in rows:
        found.setdefault(row.code, []).append(row)
    return found
