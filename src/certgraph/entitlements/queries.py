# ruff: noqa: ANN401 - a day, or its parameter
"""All SQL about what organizations may issue."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, or_, select, update

from certgraph.database import Session
from certgraph.entitlements.tables import EntitlementRow
from certgraph.standards.queries import has_level
from certgraph.standards.tables import CertificateTypeRow


def holds_on(day: Any) -> ColumnElement[bool]:
    """Return the condition that an entitlement allows to issue on a day."""
    last = EntitlementRow.last_on
    return and_(EntitlementRow.first_on <= day, or_(last.is_(None), last >= day))


def is_known_at(level: Any) -> ColumnElement[bool]:
    """Return the condition that a certificate type has a level: a source says so, or an issuer."""
    issued = select(EntitlementRow.certificate_type_id).where(EntitlementRow.level == level)
    return or_(has_level(level), CertificateTypeRow.id.in_(issued))


async def entitlements_of(
    session: Session, organization_id: UUID, certificate_type_id: UUID | None = None
) -> Sequence[EntitlementRow]:
    """Return what an organization may or might issue, optionally of one type, oldest first."""
    statement = (
        select(EntitlementRow)
        .where(EntitlementRow.organization_id == organization_id)
        .order_by(EntitlementRow.certificate_type_id, EntitlementRow.level, EntitlementRow.first_on)
    )
    if certificate_type_id is not None:
        statement = statement.where(EntitlementRow.certificate_type_id == certificate_type_id)
    return (await session.scalars(statement)).all()


async def end_entitlements(session: Session, organization_id: UUID, last_on: date) -> None:
    """End what an organization may issue, on a day at the latest; what begins later never does."""
    row = EntitlementRow
    statement = (
        update(row)
        .where(
            row.organization_id == organization_id,
            row.first_on <= last_on,
            or_(row.last_on.is_(None), row.last_on > last_on),
        )
        .values(last_on=last_on)
        .execution_options(synchronize_session="fetch")
    )
    await session.execute(statement)
    later = delete(row).where(row.organization_id == organization_id, row.first_on > last_on)
    await session.execute(later.execution_options(synchronize_session="fetch"))


async def entitlements_by_organization_ids(
    session: Session, ids: Sequence[UUID]
) -> dict[UUID, list[EntitlementRow]]:
    """Return the entitlements of each organization."""
    found: dict[UUID, list[EntitlementRow]] = {id_: [] for id_ in ids}
    rows = await session.scalars(
        select(EntitlementRow)
        .where(EntitlementRow.organization_id.in_(ids))
        .order_by(EntitlementRow.level, EntitlementRow.first_on)
    )
    for row in rows:
        found[row.organization_id].append(row)
    return found
