"""Certificate types, standards and their versions in the graph."""

from collections import defaultdict
from datetime import date
from uuid import UUID

import strawberry

from certgraph.api.context import Info
from certgraph.api.enums import CertificateLevel, CertificateTypeState
from certgraph.api.organizations import Organization
from certgraph.api.relay import Connection, Node, check_filters, connection, global_id
from certgraph.organizations import queries as organization_queries
from certgraph.standards import queries
from certgraph.standards.tables import (
    CertificateTypeRow,
    MajorRow,
    StandardContentRow,
    StandardRow,
    StandardVersionRow,
)


@strawberry.type(description="A level that a certificate type is known to have.")
class CertificateTypeLevel:
    """See `certgraph.standards.tables.CertificateLevelRow`."""

    type_key: strawberry.Private[UUID]
    level: CertificateLevel
    platform_id: str | None = strawberry.field(description="Id on the national platform.")
    platform_state_on: date | None

    @strawberry.field(description="Work areas that a source names for it.")
    async def known_work_areas(self, info: Info) -> list[str]:
        """Resolve through the loader."""
        key = (self.type_key, int(self.level))
        return [row.name for row in await info.context.loaders.known_work_areas.load(key)]


@strawberry.type(description="A learning outcome 学习成果 that certificates name by number.")
class LearningOutcome:
    """See `certgraph.standards.tables.LearningOutcomeRow`."""

    number: int
    level: CertificateLevel
    name: str


@strawberry.type(description="A skill requirement 职业技能要求.")
class SkillRequirement:
    """A line with a code such as 1.1.1."""

    code: str
    text: str


@strawberry.type(description="A work task 工作任务 with its skill requirements.")
class WorkTask:
    """A line with a code such as 1.1."""

    code: str
    name: str
    skill_requirements: list[SkillRequirement]


@strawberry.type(description="A work area 工作领域 with its tasks.")
class WorkArea:
    """A line with a code such as 1."""

    level: CertificateLevel
    code: str
    name: str
    work_tasks: list[WorkTask]


def work_areas_from(rows: list[StandardContentRow]) -> list[WorkArea]:
    """Return the content of a version as a tree, in its order."""
    children: dict[tuple[int, str], list[StandardContentRow]] = defaultdict(list)
    for row in rows:
        children[row.level, row.code.rpartition(".")[0]].append(row)
    return [
        WorkArea(
            level=CertificateLevel(area.level),
            code=area.code,
            name=area.text,
            work_tasks=[
                WorkTask(
                    code=task.code,
                    name=task.text,
                    skill_requirements=[
                        SkillRequirement(code=line.code, text=line.text)
                        for line in children[task.level, task.code]
                    ],
                )
                for task in children[area.level, area.code]
            ],
        )
        for area in rows
        if "." not in area.code
    ]


@strawberry.type(description="A major 专业 in one edition of a catalogue of majors.")
class Major:
    """See `certgraph.standards.tables.MajorRow`."""

    edition: str
    level: str
    code: str
    name: str

    @classmethod
    def from_row(cls, row: MajorRow) -> "Major":
        """Convert."""
        return cls(edition=row.edition, level=row.level, code=row.code, name=row.name)


@strawberry.type(description="A certificate of the catalogue 证书, e.g. 建筑信息模型（BIM）.")
class CertificateType(Node):
    """See `certgraph.standards.tables.CertificateTypeRow`."""

    key: strawberry.Private[UUID]
    code: str
    name: str
    batch_number: int | None = strawberry.field(description="批次 1 to 4; null if unknown.")
    announced_on: date | None = strawberry.field(description="公布日; null if unknown.")
    state: CertificateTypeState
    source: str | None = strawberry.field(description="Where this is known from.")

    @classmethod
    def from_row(cls, row: CertificateTypeRow) -> "CertificateType":
        """Convert."""
        return cls(
            id=global_id("CertificateType", row.id),
            key=row.id,
            code=row.code,
            name=row.name,
            batch_number=row.batch_number,
            announced_on=row.announced_on,
            state=row.state,
            source=row.source,
        )

    @strawberry.field(description="Levels it is known to have; empty where that is unknown.")
    async def levels(self, info: Info) -> list[CertificateTypeLevel]:
        """Resolve through the loader."""
        return [
            CertificateTypeLevel(
                type_key=self.key,
                level=CertificateLevel(row.level),
                platform_id=row.platform_id,
                platform_state_on=row.platform_state_on,
            )
            for row in await info.context.loaders.levels.load(self.key)
        ]

    @strawberry.field(description="The organizations behind it.")
    async def organizations(self, info: Info) -> list[Organization]:
        """Resolve through the loaders."""
        loaders = info.context.loaders
        rows = await loaders.organization.load_many(await loaders.type_organizations.load(self.key))
        return [Organization.from_row(row) for row in rows]

    @strawberry.field(description="Its standards.")
    async def standards(self, info: Info) -> list["Standard"]:
        """Resolve through the loader."""
        rows = await info.context.loaders.type_standards.load(self.key)
        return [Standard.from_row(row) for row in rows]


@strawberry.type(description="A published version of a standard; it never changes.")
class StandardVersion(Node):
    """See `certgraph.standards.tables.StandardVersionRow`."""

    key: strawberry.Private[UUID]
    standard_key: strawberry.Private[UUID]
    version: str
    published_on: date
    source: str
    content_sha256: str = strawberry.field(description="Hash of content, outcomes and majors.")

    @classmethod
    def from_row(cls, row: StandardVersionRow) -> "StandardVersion":
        """Convert."""
        return cls(
            id=global_id("StandardVersion", row.id),
            key=row.id,
            standard_key=row.standard_id,
            version=row.version,
            published_on=row.published_on,
            source=row.source,
            content_sha256=row.content_sha256,
        )

    @strawberry.field(description="The standard.")
    async def standard(self, info: Info) -> "Standard":
        """Resolve through the loader."""
        return Standard.from_row(await info.context.loaders.standard.load(self.standard_key))

    @strawberry.field(description="工作领域 → 工作任务 → 职业技能要求, of all levels or of one.")
    async def work_areas(self, info: Info, level: CertificateLevel | None = None) -> list[WorkArea]:
        """Resolve through the loader."""
        areas = work_areas_from(await info.context.loaders.contents.load(self.key))
        return [area for area in areas if level is None or area.level == level]

    @strawberry.field(description="Learning outcomes 学习成果.")
    async def learning_outcomes(self, info: Info) -> list[LearningOutcome]:
        """Resolve through the loader."""
        return [
            LearningOutcome(number=row.number, level=CertificateLevel(row.level), name=row.name)
            for row in await info.context.loaders.outcomes.load(self.key)
        ]

    @strawberry.field(description="Majors it is meant for 适用院校专业.")
    async def majors(self, info: Info) -> list[Major]:
        """Resolve through the loader."""
        return [Major.from_row(row) for row in await info.context.loaders.majors.load(self.key)]


@strawberry.type(description="A vocational skill-level standard 职业技能等级标准.")
class Standard(Node):
    """See `certgraph.standards.tables.StandardRow`."""

    key: strawberry.Private[UUID]
    type_key: strawberry.Private[UUID]
    code: str
    name: str

    @classmethod
    def from_row(cls, row: StandardRow) -> "Standard":
        """Convert."""
        return cls(
            id=global_id("Standard", row.id),
            key=row.id,
            type_key=row.certificate_type_id,
            code=row.code,
            name=row.name,
        )

    @strawberry.field(description="The certificate type it belongs to.")
    async def certificate_type(self, info: Info) -> CertificateType:
        """Resolve through the loader."""
        return CertificateType.from_row(
            await info.context.loaders.certificate_type.load(self.type_key)
        )

    @strawberry.field(description="Its published versions, oldest first.")
    async def versions(self, info: Info) -> list[StandardVersion]:
        """Resolve through the loader."""
        rows = await info.context.loaders.versions.load(self.key)
        return [StandardVersion.from_row(row) for row in rows]


@strawberry.type
class StandardQuery:
    """Reads of certificate types and standards."""

    @strawberry.field(description="Certificate types in the order of their codes.")
    async def certificate_types(
        self,
        info: Info,
        first: int = 20,
        after: str | None = None,
        batch_number: int | None = None,
        organization_code: str | None = None,
        name_contains: str | None = None,
    ) -> Connection[CertificateType]:
        """Return a page."""
        check_filters(name_contains, organization_code)
        reads = info.context.reads

        async def rows(after_code: str | None, count: int) -> list[CertificateTypeRow]:
            async with reads() as session:
                organization_id = None
                if organization_code is not None:
                    found = await organization_queries.organization_by_code(
                        session, organization_code
                    )
                    if found is None:
                        return []
                    organization_id = found.id
                return list(
                    await queries.certificate_types_page(
                        session,
                        after_code=after_code,
                        first=count,
                        batch_number=batch_number,
                        organization_id=organization_id,
                        name_contains=name_contains,
                    )
                )

        return await connection(
            info.context,
            query=f"certificateTypes {batch_number} {organization_code} {name_contains}",
            first=first,
            after=after,
            rows=rows,
            key_of=lambda row: row.code,
            node_of=CertificateType.from_row,
        )

    @strawberry.field(description="The certificate type with a code; null where there is none.")
    async def certificate_type(self, info: Info, code: str) -> CertificateType | None:
        """Return one."""
        async with info.context.reads() as session:
            row = await queries.certificate_type_by_code(session, code)
        return None if row is None else CertificateType.from_row(row)

    @strawberry.field(description="Standards in the order of their codes.")
    async def standards(
        self, info: Info, first: int = 20, after: str | None = None
    ) -> Connection[Standard]:
        """Return a page."""
        reads = info.context.reads

        async def rows(after_code: str | None, count: int) -> list[StandardRow]:
            async with reads() as session:
                return list(
                    await queries.standards_page(session, after_code=after_code, first=count)
                )

        return await connection(
            info.context,
            query="standards",
            first=first,
            after=after,
            rows=rows,
            key_of=lambda row: row.code,
            node_of=Standard.from_row,
        )

    @strawberry.field(description="The standard with a code; null where there is none.")
    async def standard(self, info: Info, code: str) -> Standard | None:
        """Return one."""
        async with info.context.reads() as session:
            row = await queries.standard_by_code(session, code)
        return None if row is None else Standard.from_row(row)
