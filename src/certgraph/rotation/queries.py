# ruff: noqa: ANN401 - rows and columns of any table
"""All SQL of a rotation: pages of what is sealed, and what takes its place."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, select, update

from certgraph.certificates.tables import CertificateRow, IssueRunRow
from certgraph.database import Session
from certgraph.organizations.tables import OrganizationRow, SigningKeyRow

DRAFTS = (
    CertificateRow.id,
    CertificateRow.draft_mac,
    CertificateRow.payload,
    IssueRunRow.id,
    IssueRunRow.reason,
)
KEYS = (SigningKeyRow.id, SigningKeyRow.sealed_private_key, SigningKeyRow, OrganizationRow)

_JOINED: Mapping[Any, tuple[Any, ColumnElement[bool]]] = {
    DRAFTS: (IssueRunRow, IssueRunRow.id == CertificateRow.issue_run_id),
    KEYS: (OrganizationRow, OrganizationRow.id == SigningKeyRow.organization_id),
}
_WHERE: Mapping[Any, ColumnElement[bool]] = {DRAFTS: CertificateRow.signature.is_(None)}


async def page_of(
    session: Session, columns: tuple[Any, ...], after_id: UUID | None, size: int
) -> Sequence[Any]:
    """Return rows of which the second column is not empty, in the order of the first, the key.

    Args:
        session: Open session.
        columns: The key, what is sealed, and what it is bound to.
        after_id: Key of the last row of the page before; None: the first page.
        size: Rows at most.
    """
    key, sealed, *_ = columns
    statement = select(*columns).select_from(key.class_).where(sealed.is_not(None))
    if columns in _JOINED:
        statement = statement.outerjoin(*_JOINED[columns])
    if columns in _WHERE:
        statement = statement.where(_WHERE[columns])
    if after_id is not None:
        statement = statement.where(key > after_id)
    return (await session.execute(statement.order_by(key).limit(size))).all()


async def put_in_place(
    session: Session, column: Any, changes: Sequence[tuple[UUID, bytes, bytes]]
) -> None:
    """Put the new in the place of the old, each as (key, old, new); not where it is another now."""
    table = column.class_.__table__
    statement = (
        update(table)
        .where(table.c.id == bindparam("row_id"), table.c[column.key] == bindparam("old"))
        .values({column.key: bindparam("new")})
    )
    values = [{"row_id": key, "old": old, "new": new} for key, old, new in changes]
    connection = await session.connection()
    await connection.execute(statement, values)
