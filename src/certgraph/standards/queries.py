"""All SQL about certificate types, levels, standards and versions."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, tuple_

from certgraph.database import Session
from certgraph.standards.tables import (
    CertificateLevelRow,
    CertificateTypeOrganizationRow,
    CertificateTypeRow,
    KnownWorkAreaRow,
    LearningOutcomeRow,
    MajorRow,
    StandardContentRow,
    StandardRow,
    StandardVersionMajorRow,
    StandardVersionRow,
)


async def certificate_type_by_code(session: Session, code: str) -> CertificateTypeRow | None:
    """Return the certificate type with `code`."""
    return await session.scalar(select(CertificateTypeRow).where(CertificateTypeRow.code == code))


async def certificate_type_by_name(session: Session, name: str) -> CertificateTypeRow | None:
    """Return the certificate type with `name`."""
    return await session.scalar(select(CertificateTypeRow).where(CertificateTypeRow.name == name))


async def certificate_types_by_ids(
    session: Session, ids: Sequence[UUID]
) -> dict[UUID, CertificateTypeRow]:
    """Return certificate types by id."""
    rows = await session.scalars(select(CertificateTypeRow).where(CertificateTypeRow.id.in_(ids)))
    return {row.id: row for row in rows}


async def certificate_types_page(
    session: Session,
    *,
    after_code: str | None,
    first: int,
    batch_number: int | None = None,
    organization_id: UUID | None = None,
    name_contains: str | None = None,
) -> Sequence[CertificateTypeRow]:
    """Return up to `first` types after a code, in the order of codes."""
    statement = select(CertificateTypeRow).order_by(CertificateTypeRow.code).limit(first)
    if after_code is not None:
        statement = statement.where(CertificateTypeRow.code > after_code)
    if batch_number is not None:
        statement = statement.where(CertificateTypeRow.batch_number == batch_number)
    if organization_id is not None:
        of_organization = select(CertificateTypeOrganizationRow.certificate_type_id).where(
            CertificateTypeOrganizationRow.organization_id == organization_id
        )
        statement = statement.where(CertificateTypeRow.id.in_(of_organization))
    if name_contains:
        statement = statement.where(
            CertificateTypeRow.name.contains(name_contains, autoescape=True)
        )
    return (await session.scalars(statement)).all()


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


async def organization_ids_by_type_ids(
    session: Session, ids: Sequence[UUID]
) -> dict[UUID, list[UUID]]:
    """Return the organizations behind each type."""
    found: dict[UUID, list[UUID]] = {id_: [] for id_ in ids}
    rows = await session.scalars(
        select(CertificateTypeOrganizationRow)
        .where(CertificateTypeOrganizationRow.certificate_type_id.in_(ids))
        .order_by(CertificateTypeOrganizationRow.organization_id)
    )
    for row in rows:
        found[row.certificate_type_id].append(row.organization_id)
    return found


async def known_work_areas_by_levels(
    session: Session, levels: Sequence[tuple[UUID, int]]
) -> dict[tuple[UUID, int], list[KnownWorkAreaRow]]:
    """Return the work areas that sources name, by (type id, level)."""
    found: dict[tuple[UUID, int], list[KnownWorkAreaRow]] = {level: [] for level in levels}
    rows = await session.scalars(
        select(KnownWorkAreaRow)
        .where(tuple_(KnownWorkAreaRow.certificate_type_id, KnownWorkAreaRow.level).in_(levels))
        .order_by(KnownWorkAreaRow.position)
    )
    for row in rows:
        found[row.certificate_type_id, row.level].append(row)
    return found


async def standard_by_code(session: Session, code: str) -> StandardRow | None:
    """Return the standard with `code`."""
    return await session.scalar(select(StandardRow).where(StandardRow.code == code))


async def standards_by_ids(session: Session, ids: Sequence[UUID]) -> dict[UUID, StandardRow]:
    """Return standards by id."""
    rows = await session.scalars(select(StandardRow).where(StandardRow.id.in_(ids)))
    return {row.id: row for row in rows}


async def standards_page(
    session: Session, *, after_code: str | None, first: int
) -> Sequence[StandardRow]:
    """Return up to `first` standards after a code, in the order of codes."""
    statement = select(StandardRow).order_by(StandardRow.code).limit(first)
    if after_code is not None:
        statement = statement.where(StandardRow.code > after_code)
    return (await session.scalars(statement)).all()


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


async def versions_by_ids(session: Session, ids: Sequence[UUID]) -> dict[UUID, StandardVersionRow]:
    """Return versions by id."""
    rows = await session.scalars(select(StandardVersionRow).where(StandardVersionRow.id.in_(ids)))
    return {row.id: row for row in rows}


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


async def contents_by_version_ids(
    session: Session, ids: Sequence[UUID]
) -> dict[UUID, list[StandardContentRow]]:
    """Return the content of each version, by level and position."""
    found: dict[UUID, list[StandardContentRow]] = {id_: [] for id_ in ids}
    rows = await session.scalars(
        select(StandardContentRow)
        .where(StandardContentRow.standard_version_id.in_(ids))
        .order_by(StandardContentRow.level, StandardContentRow.position)
    )
    for row in rows:
        found[row.standard_version_id].append(row)
    return found


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


async def majors_by_version_ids(
    session: Session, ids: Sequence[UUID]
) -> dict[UUID, list[MajorRow]]:
    """Return the majors of each version, by code."""
    found: dict[UUID, list[MajorRow]] = {id_: [] for id_ in ids}
    rows = await session.execute(
        select(StandardVersionMajorRow.standard_version_id, MajorRow)
        .join(MajorRow, MajorRow.id == StandardVersionMajorRow.major_id)
        .where(StandardVersionMajorRow.standard_version_id.in_(ids))
        .order_by(MajorRow.edition, MajorRow.code, MajorRow.level)
    )
    for version_id, major in rows:
        found[version_id].append(major)
    return found


async def majors_by_code(
    session: Session, edition: str, codes: Sequence[str]
) -> dict[str, list[MajorRow]]:
    """Return the majors of an edition by code (a code may stand at several levels)."""
    found: dict[str, list[MajorRow]] = {}
    rows = await session.scalars(
        select(MajorRow).where(MajorRow.edition == edition, MajorRow.code.in_(codes))
    )
    for row in rows:
        found.setdefault(row.code, []).append(row)
    return found
