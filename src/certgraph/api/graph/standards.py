"""Certificate types, standards and their versions in the graph."""

from datetime import date
from typing import TYPE_CHECKING, Annotated

import strawberry

from certgraph.api.graph.enums import CertificateLevel, CertificateState, CertificateTypeState
from certgraph.api.graph.organizations import Organization
from certgraph.api.reads.declarations import Conditions, below_parent, everybody
from certgraph.api.reads.declaring import column, find, many, many_where, one, page, read_from
from certgraph.api.relay import Connection, Node
from certgraph.certificates import queries as certificate_queries
from certgraph.certificates.tables import CertificateRow
from certgraph.database import contains
from certgraph.organizations.tables import OrganizationRow
from certgraph.standards import queries
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

if TYPE_CHECKING:
    from certgraph.api.graph.certificates import Certificate

_BELOW = (
    StandardContentRow.standard_version_id,
    StandardContentRow.level,
    StandardContentRow.parent_code,
)
_ABOVE = (
    StandardContentRow.standard_version_id,
    StandardContentRow.level,
    StandardContentRow.code,
)


@strawberry.type(description="A level that a certificate type is known to have.")
@read_from(CertificateLevelRow, policy=everybody)
class CertificateTypeLevel:
    """See `certgraph.standards.tables.CertificateLevelRow`."""

    level: CertificateLevel = column(CertificateLevelRow.level)
    platform_id: str | None = column(
        CertificateLevelRow.platform_id, description="Id on the national platform."
    )
    platform_state_on: date | None = column(CertificateLevelRow.platform_state_on)
    known_work_areas: list[str] = many(
        KnownWorkAreaRow.certificate_type_id,
        KnownWorkAreaRow.level,
        parent=[CertificateLevelRow.certificate_type_id, CertificateLevelRow.level],
        value=KnownWorkAreaRow.name,
        order_by=[KnownWorkAreaRow.position],
        description="Work areas that a source names for it.",
    )


@strawberry.type(description="A learning outcome 学习成果 that certificates name by number.")
@read_from(LearningOutcomeRow, policy=below_parent)
class LearningOutcome:
    """See `certgraph.standards.tables.LearningOutcomeRow`."""

    number: int = column(LearningOutcomeRow.number)
    level: CertificateLevel = column(LearningOutcomeRow.level)
    name: str = column(LearningOutcomeRow.name)


@strawberry.type(description="A skill requirement 职业技能要求.")
@read_from(StandardContentRow, policy=below_parent)
class SkillRequirement:
    """A line with a code such as 1.1.1."""

    code: str = column(StandardContentRow.code)
    text: str = column(StandardContentRow.text)


@strawberry.type(description="A work task 工作任务 with its skill requirements.")
@read_from(StandardContentRow, policy=below_parent)
class WorkTask:
    """A line with a code such as 1.1."""

    code: str = column(StandardContentRow.code)
    name: str = column(StandardContentRow.text)
    skill_requirements: list[SkillRequirement] = many(
        *_BELOW, parent=_ABOVE, order_by=[StandardContentRow.position]
    )


@strawberry.type(description="A work area 工作领域 with its tasks.")
@read_from(StandardContentRow, policy=below_parent)
class WorkArea:
    """A line with a code such as 1."""

    level: CertificateLevel = column(StandardContentRow.level)
    code: str = column(StandardContentRow.code)
    name: str = column(StandardContentRow.text)
    work_tasks: list[WorkTask] = many(
        *_BELOW, parent=_ABOVE, order_by=[StandardContentRow.position]
    )


@strawberry.type(description="A major 专业 in one edition of a catalogue of majors.")
@read_from(MajorRow, policy=everybody)
class Major:
    """See `certgraph.standards.tables.MajorRow`."""

    edition: str = column(MajorRow.edition)
    level: str = column(MajorRow.level)
    code: str = column(MajorRow.code)
    name: str = column(MajorRow.name)


@strawberry.type(description="A certificate of the catalogue 证书, e.g. 建筑信息模型（BIM）.")
@read_from(CertificateTypeRow, policy=everybody)
class CertificateType(Node):
    """See `certgraph.standards.tables.CertificateTypeRow`."""

    code: str = column(CertificateTypeRow.code)
    name: str = column(CertificateTypeRow.name)
    batch_number: int | None = column(
        CertificateTypeRow.batch_number, description="批次 1 to 4; null if unknown."
    )
    announced_on: date | None = column(
        CertificateTypeRow.announced_on, description="公布日; null if unknown."
    )
    state: CertificateTypeState = column(CertificateTypeRow.state)
    source: str | None = column(CertificateTypeRow.source, description="Where this is known from.")
    levels: list[CertificateTypeLevel] = many(
        CertificateLevelRow.certificate_type_id,
        order_by=[CertificateLevelRow.level],
        description="Levels it is known to have; empty where that is unknown.",
    )
    organizations: list[Organization] = many(
        CertificateTypeOrganizationRow.certificate_type_id,
        through=CertificateTypeOrganizationRow.organization_id,
        order_by=[OrganizationRow.code],
        description="The organizations behind it, in the order of their codes.",
    )
    standards: list["Standard"] = many(
        StandardRow.certificate_type_id,
        order_by=[StandardRow.code],
        description="Its standards.",
    )

    @page(
        CertificateRow.certificate_type_id,
        of=Connection[
            Annotated["Certificate", strawberry.lazy("certgraph.api.graph.certificates")]
        ],
        order_by=[CertificateRow.issued_on, CertificateRow.id],
        descending=True,
        description="Certificates of it, newest first, as far as the caller may read.",
    )
    def certificates(
        state: CertificateState | None = None,
        level: CertificateLevel | None = None,
    ) -> Conditions:
        """Yield the conditions of the filters."""
        if state is not None:
            yield CertificateRow.state == state
            if state is not CertificateState.REGISTERED:
                yield certificate_queries.is_not_registered()
        if level is not None:
            yield CertificateRow.level == level


@strawberry.type(description="A published version of a standard; it never changes.")
@read_from(StandardVersionRow, policy=everybody)
class StandardVersion(Node):
    """See `certgraph.standards.tables.StandardVersionRow`."""

    version: str = column(StandardVersionRow.version)
    published_on: date = column(StandardVersionRow.published_on)
    source: str = column(StandardVersionRow.source)
    content_sha256: str = column(
        StandardVersionRow.content_sha256, description="Hash of content, outcomes and majors."
    )
    standard: "Standard" = one(StandardVersionRow.standard_id, description="The standard.")
    learning_outcomes: list[LearningOutcome] = many(
        LearningOutcomeRow.standard_version_id,
        order_by=[LearningOutcomeRow.number],
        description="Learning outcomes 学习成果.",
    )
    majors: list[Major] = many(
        StandardVersionMajorRow.standard_version_id,
        through=StandardVersionMajorRow.major_id,
        order_by=[MajorRow.edition, MajorRow.code, MajorRow.level],
        description="Majors it is meant for 适用院校专业.",
    )

    @many_where(
        StandardContentRow.standard_version_id,
        of=list[WorkArea],
        order_by=[StandardContentRow.level, StandardContentRow.position],
        description="工作领域 → 工作任务 → 职业技能要求, of all levels or of one.",
    )
    def work_areas(level: CertificateLevel | None = None) -> Conditions:
        """Yield the conditions that leave work areas, of one level if one is given."""
        yield StandardContentRow.parent_code == ""
        if level is not None:
            yield StandardContentRow.level == level


@strawberry.type(description="A vocational skill-level standard 职业技能等级标准.")
@read_from(StandardRow, policy=everybody)
class Standard(Node):
    """See `certgraph.standards.tables.StandardRow`."""

    code: str = column(StandardRow.code)
    name: str = column(StandardRow.name)
    certificate_type: CertificateType = one(
        StandardRow.certificate_type_id, description="The certificate type it belongs to."
    )
    versions: list[StandardVersion] = many(
        StandardVersionRow.standard_id,
        order_by=[
            StandardVersionRow.published_on,
            StandardVersionRow.recorded_at,
            StandardVersionRow.id,
        ],
        description="Its published versions, oldest first.",
    )


@strawberry.type
class StandardQuery:
    """Reads of certificate types and standards."""

    @page(
        of=Connection[CertificateType],
        order_by=[CertificateTypeRow.code],
        description="Certificate types in the order of their codes.",
    )
    def certificate_types(
        batch_number: int | None = None,
        organization_code: str | None = None,
        name_contains: str | None = None,
    ) -> Conditions:
        """Yield the conditions of the filters."""
        if batch_number is not None:
            yield CertificateTypeRow.batch_number == batch_number
        if organization_code is not None:
            yield queries.is_behind(organization_code)
        if name_contains is not None:
            yield contains(CertificateTypeRow.name, name_contains)

    @find(
        of=CertificateType | None,
        description="The certificate type with a code; null where there is none.",
    )
    def certificate_type(code: str) -> Conditions:
        """Yield the condition that names it."""
        yield CertificateTypeRow.code == code

    @page(
        of=Connection[Standard],
        order_by=[StandardRow.code],
        description="Standards in the order of their codes.",
    )
    def standards() -> Conditions:
        """Yield no conditions."""
        yield from ()

    @find(of=Standard | None, description="The standard with a code; null where there is none.")
    def standard(code: str) -> Conditions:
        """Yield the condition that names it."""
        yield StandardRow.code == code
