"""Organizations in the graph."""

from datetime import date
from uuid import UUID

import strawberry

from certgraph.api.context import Info
from certgraph.api.enums import KeyCustody, OrganizationKind, OrganizationState
from certgraph.api.relay import Connection, Node, check_filters, connection, global_id
from certgraph.organizations import queries
from certgraph.organizations.tables import OrganizationRow, SigningKeyRow


@strawberry.type(description="A key that signs certificates 签名公钥.")
class IssuerKey(Node):
    """See `certgraph.organizations.tables.SigningKeyRow`."""

    kid: str = strawberry.field(description="Key id, 16 hex digits, as certificates name it.")
    public_key: str = strawberry.field(description="Ed25519 public key, 64 hex digits.")
    custody: KeyCustody
    first_on: date = strawberry.field(description="First day for which it may sign.")
    last_on: date | None = strawberry.field(description="Last such day; null while in use.")
    compromised_on: date | None = strawberry.field(
        description="Certificates issued from this day on do not count; null if never."
    )

    @classmethod
    def from_row(cls, row: SigningKeyRow) -> "IssuerKey":
        """Convert."""
        return cls(
            id=global_id("IssuerKey", row.id),
            kid=row.kid.hex(),
            public_key=row.public_key.hex(),
            custody=row.custody,
            first_on=row.first_on,
            last_on=row.last_on,
            compromised_on=row.compromised_on,
        )


@strawberry.type(description="An organization of the programme 机构.")
class Organization(Node):
    """See `certgraph.organizations.tables.OrganizationRow`."""

    key: strawberry.Private[UUID]
    code: str = strawberry.field(description="Its code in the programme; `iss` of certificates.")
    name: str
    name_en: str | None
    platform_name: str | None = strawberry.field(
        description="Its name on the platform, where that differs."
    )
    uscc: str | None = strawberry.field(
        description="Unified social credit code 统一社会信用代码; null where no source gives it."
    )
    division_code: str | None = strawberry.field(description="GB/T 2260 code; null if unknown.")
    state: OrganizationState
    state_since: date | None = strawberry.field(description="First day; null if unknown.")
    source: str | None = strawberry.field(description="Where this is known from.")
    note: str | None

    @classmethod
    def from_row(cls, row: OrganizationRow) -> "Organization":
        """Convert."""
        return cls(
            id=global_id("Organization", row.id),
            key=row.id,
            code=row.code,
            name=row.name,
            name_en=row.name_en,
            platform_name=row.platform_name,
            uscc=row.uscc,
            division_code=row.division_code,
            state=row.state,
            state_since=row.state_since,
            source=row.source,
            note=row.note,
        )

    @strawberry.field(description="What it is in the programme.")
    async def kinds(self, info: Info) -> list[OrganizationKind]:
        """Resolve through the loader."""
        return await info.context.loaders.kinds.load(self.key)

    @strawberry.field(description="Its keys, oldest first.")
    async def keys(self, info: Info) -> list[IssuerKey]:
        """Resolve through the loader."""
        rows = await info.context.loaders.keys.load(self.key)
        return [IssuerKey.from_row(row) for row in rows]


@strawberry.type
class OrganizationQuery:
    """Reads of organizations."""

    @strawberry.field(description="Organizations in the order of their codes.")
    async def organizations(
        self,
        info: Info,
        first: int = 20,
        after: str | None = None,
        kind: OrganizationKind | None = None,
        division_code: str | None = None,
        name_contains: str | None = None,
    ) -> Connection[Organization]:
        """Return a page."""
        check_filters(name_contains, division_code)
        reads = info.context.reads

        async def rows(after_code: str | None, count: int) -> list[OrganizationRow]:
            async with reads() as session:
                return list(
                    await queries.organizations_page(
                        session,
                        after_code=after_code,
                        first=count,
                        kind=kind,
                        division_code=division_code,
                        name_contains=name_contains,
                    )
                )

        return await connection(
            info.context,
            query=f"organizations {kind} {division_code} {name_contains}",
            first=first,
            after=after,
            rows=rows,
            key_of=lambda row: row.code,
            node_of=Organization.from_row,
        )

    @strawberry.field(description="The organization with a code; null where there is none.")
    async def organization(self, info: Info, code: str) -> Organization | None:
        """Return one."""
        async with info.context.reads() as session:
            row = await queries.organization_by_code(session, code)
        return None if row is None else Organization.from_row(row)
