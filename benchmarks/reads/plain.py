"""The plain way: strawberry's documentation followed, with SQLAlchemy's ORM and dataloaders.

The same documents as certgraph's own, as far as the operations with targets need; no limits, no
policies, no checks of what it is asked.
"""

import base64
import json
import sys
from collections import defaultdict
from datetime import date
from typing import Any
from uuid import UUID

import strawberry
import uvicorn
from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader

from certgraph.certificates.rules import masked_name
from certgraph.certificates.tables import CertificateOutcomeRow, CertificateRow, StatusListRow
from certgraph.database import async_url
from certgraph.organizations.tables import OrganizationRow
from certgraph.standards.tables import (
    CertificateTypeOrganizationRow,
    StandardRow,
    StandardVersionRow,
)

Info = strawberry.Info[dict[str, Any], None]
SESSIONS: async_sessionmaker[AsyncSession]


def by_id(row: Any) -> DataLoader[UUID, Any]:
    """Return a loader of rows by primary key."""

    async def load(keys: list[UUID]) -> list[Any]:
        async with SESSIONS() as session:
            found = {
                one.id: one for one in await session.scalars(select(row).where(row.id.in_(keys)))
            }
        return [found.get(key) for key in keys]

    return DataLoader(load)


async def load_outcomes(keys: list[UUID]) -> list[list[Any]]:
    """Return the outcomes of each certificate."""
    statement = select(CertificateOutcomeRow).where(CertificateOutcomeRow.certificate_id.in_(keys))
    found = defaultdict(list)
    async with SESSIONS() as session:
        for row in await session.scalars(statement.order_by(CertificateOutcomeRow.position)):
            found[row.certificate_id].append(row)
    return [found[key] for key in keys]


def count_by(column: Any, counted: Any) -> DataLoader[UUID, int]:
    """Return a loader of an aggregate by organization."""

    async def load(keys: list[UUID]) -> list[int]:
        statement = select(column, counted).where(column.in_(keys)).group_by(column)
        async with SESSIONS() as session:
            found = {row[0]: row[1] for row in await session.execute(statement)}
        return [found.get(key, 0) for key in keys]

    return DataLoader(load)


def loaders() -> dict[str, Any]:
    """Return the loaders of one request."""
    of_type = CertificateTypeOrganizationRow.organization_id
    return {
        "organization": by_id(OrganizationRow),
        "standard_version": by_id(StandardVersionRow),
        "standard": by_id(StandardRow),
        "certificate": by_id(CertificateRow),
        "outcomes": DataLoader(load_outcomes),
        "types": count_by(of_type, func.count()),
        "certificates": count_by(StatusListRow.organization_id, func.sum(StatusListRow.used)),
    }


@strawberry.type
class Organization:
    code: str
    name: str
    state: str
    row: strawberry.Private[OrganizationRow]

    @classmethod
    def of(cls, row: OrganizationRow) -> "Organization":
        return cls(code=row.code, name=row.name, state=row.state.name, row=row)

    @strawberry.field
    async def certificate_type_count(self, info: Info) -> int:
        return await info.context["types"].load(self.row.id)

    @strawberry.field
    async def certificate_count(self, info: Info) -> int:
        return await info.context["certificates"].load(self.row.id)


@strawberry.type
class Standard:
    code: str
    name: str


@strawberry.type
class StandardVersion:
    version: str
    row: strawberry.Private[StandardVersionRow]

    @strawberry.field
    async def standard(self, info: Info) -> Standard:
        row = await info.context["standard"].load(self.row.standard_id)
        return Standard(code=row.code, name=row.name)


@strawberry.type
class AchievedOutcome:
    number: int | None
    text: str | None
    credits_tenths: int | None
    row: strawberry.Private[CertificateOutcomeRow]

    @classmethod
    def of(cls, row: CertificateOutcomeRow) -> "AchievedOutcome":
        return cls(number=row.number, text=row.text, credits_tenths=row.credits_tenths, row=row)

    @strawberry.field
    async def certificate(self, info: Info) -> "Certificate":
        return Certificate.of(await info.context["certificate"].load(self.row.certificate_id))


@strawberry.type
class Certificate:
    number: str
    level: str
    state: str
    issued_on: date
    expires_on: date | None
    holder_name: str
    row: strawberry.Private[CertificateRow]

    @classmethod
    def of(cls, row: CertificateRow) -> "Certificate":
        return cls(
            number=row.number,
            level=str(row.level),
            state=row.state.name,
            issued_on=row.issued_on,
            expires_on=row.expires_on,
            holder_name=row.holder_name,
            row=row,
        )

    @strawberry.field
    def holder_name_masked(self) -> str:
        return masked_name(self.holder_name)

    @strawberry.field
    async def organization(self, info: Info) -> Organization:
        return Organization.of(await info.context["organization"].load(self.row.organization_id))

    @strawberry.field
    async def standard_version(self, info: Info) -> StandardVersion:
        row = await info.context["standard_version"].load(self.row.standard_version_id)
        return StandardVersion(version=row.version, row=row)

    @strawberry.field
    async def outcomes(self, info: Info) -> list[AchievedOutcome]:
        return [AchievedOutcome.of(row) for row in await info.context["outcomes"].load(self.row.id)]


@strawberry.type
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class CertificateConnection:
    nodes: list[Certificate]
    page_info: PageInfo


@strawberry.type
class AchievedOutcomeConnection:
    nodes: list[AchievedOutcome]
    page_info: PageInfo


@strawberry.type
class OrganizationConnection:
    nodes: list[Organization]


async def page(
    statement: Any, columns: tuple[Any, ...], first: int, start: ColumnElement[bool] | None
) -> tuple[list[Any], PageInfo]:
    """Return the rows of a page by keyset."""
    if start is not None:
        statement = statement.where(start)
    async with SESSIONS() as session:
        rows = list(await session.scalars(statement.limit(first + 1)))
    more, rows = len(rows) > first, rows[:first]
    end = [str(getattr(rows[-1], column.key)) for column in columns] if rows else None
    cursor = base64.b64encode(json.dumps(end).encode()).decode() if rows else None
    return rows, PageInfo(has_next_page=more, end_cursor=cursor)


def place(after: str) -> list[str]:
    """Return the values in a cursor."""
    return list(json.loads(base64.b64decode(after)))


@strawberry.type
class Query:
    @strawberry.field
    async def certificate(self, number: str, holder_name: str) -> Certificate | None:
        statement = select(CertificateRow).where(
            CertificateRow.number_key == number, CertificateRow.holder_name_key == holder_name
        )
        async with SESSIONS() as session:
            row = await session.scalar(statement)
        return None if row is None else Certificate.of(row)

    @strawberry.field
    async def certificates(
        self, first: int = 20, after: str | None = None, issued_to: date | None = None
    ) -> CertificateConnection:
        columns = (CertificateRow.issued_on, CertificateRow.id)
        statement = select(CertificateRow).order_by(*(column.desc() for column in columns))
        if issued_to is not None:
            statement = statement.where(CertificateRow.issued_on <= issued_to)
        start = None
        if after is not None:
            day, key = place(after)
            start = tuple_(*columns) < tuple_(date.fromisoformat(day), UUID(key))
        rows, info = await page(statement, columns, first, start)
        return CertificateConnection(nodes=[Certificate.of(row) for row in rows], page_info=info)

    @strawberry.field
    async def achieved_outcomes(
        self, first: int = 20, after: str | None = None
    ) -> AchievedOutcomeConnection:
        columns = (CertificateOutcomeRow.certificate_id, CertificateOutcomeRow.position)
        statement = select(CertificateOutcomeRow).order_by(*columns)
        start = None
        if after is not None:
            key, position = place(after)
            start = tuple_(*columns) > tuple_(UUID(key), int(position))
        rows, info = await page(statement, columns, first, start)
        nodes = [AchievedOutcome.of(row) for row in rows]
        return AchievedOutcomeConnection(nodes=nodes, page_info=info)

    @strawberry.field
    async def organizations(self, first: int = 20) -> OrganizationConnection:
        statement = select(OrganizationRow).order_by(OrganizationRow.code).limit(first)
        async with SESSIONS() as session:
            rows = list(await session.scalars(statement))
        return OrganizationConnection(nodes=[Organization.of(row) for row in rows])


class Server(GraphQL[dict[str, Any], None]):
    """The application: loaders for each request."""

    async def get_context(self, request: Any, response: Any) -> dict[str, Any]:
        del request, response
        return loaders()


if __name__ == "__main__":
    engine = create_async_engine(async_url(sys.argv[1]), pool_size=8, max_overflow=0)
    SESSIONS = async_sessionmaker(engine, expire_on_commit=False)
    uvicorn.run(
        Server(strawberry.Schema(query=Query)),
        port=int(sys.argv[2]),
        log_level="error",
        access_log=False,
        http="httptools",
        loop="uvloop",
    )
