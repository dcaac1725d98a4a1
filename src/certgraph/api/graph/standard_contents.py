"""What certificate types and versions of standards are made of, in the graph."""

from datetime import date

import strawberry

from certgraph.api.graph.enums import CertificateLevel
from certgraph.api.reads.declarations import below_parent, everybody
from certgraph.api.reads.declaring import column, many, read_from
from certgraph.standards.tables import (
    CertificateLevelRow,
    KnownWorkAreaRow,
    LearningOutcomeRow,
    OccupationMappingRow,
    StandardContentRow,
)

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

    level: CertificateLevel = column(CertificateLevelRow.level, description="The level.")
    platform_id: str | None = column(
        CertificateLevelRow.platform_id, description="Id on the national platform."
    )
    platform_state_on: date | None = column(
        CertificateLevelRow.platform_state_on, description="As of which day the platform lists it."
    )
    known_work_areas: list[str] = many(
        KnownWorkAreaRow.certificate_type_id,
        KnownWorkAreaRow.level,
        parent=[CertificateLevelRow.certificate_type_id, CertificateLevelRow.level],
        value=KnownWorkAreaRow.name,
        order_by=[KnownWorkAreaRow.position],
        description="Work areas that a source names for it.",
    )


@strawberry.type(description="An occupation that a level of a certificate corresponds to 对应目录.")
@read_from(OccupationMappingRow, policy=below_parent)
class Occupation:
    """See `certgraph.standards.tables.OccupationMappingRow`."""

    level: CertificateLevel = column(
        OccupationMappingRow.level, description="Which level of the certificate."
    )
    code: str = column(
        OccupationMappingRow.code, description="Its code in 职业分类大典, e.g. 4-14-01-02."
    )
    name: str = column(OccupationMappingRow.name, description="Its name, or its kind of work 工种.")
    skill_level: int = column(
        OccupationMappingRow.skill_level,
        description="职业技能等级 that corresponds: 5 (初级工) to 1 (高级技师).",
    )
    source: str = column(OccupationMappingRow.source, description="The document that says so.")


@strawberry.type(description="A learning outcome 学习成果 that certificates name by number.")
@read_from(LearningOutcomeRow, policy=below_parent)
class LearningOutcome:
    """See `certgraph.standards.tables.LearningOutcomeRow`."""

    number: int = column(
        LearningOutcomeRow.number, description="Its number in the version, from 1."
    )
    level: CertificateLevel = column(LearningOutcomeRow.level, description="Of which level it is.")
    name: str = column(LearningOutcomeRow.name, description="What is learned.")


@strawberry.type(description="A skill requirement 职业技能要求.")
@read_from(StandardContentRow, policy=below_parent)
class SkillRequirement:
    """A line with a code such as 1.1.1."""

    code: str = column(StandardContentRow.code, description="Its code in the standard, e.g. 1.1.1.")
    text: str = column(StandardContentRow.text, description="What is required.")


@strawberry.type(description="A work task 工作任务 with its skill requirements.")
@read_from(StandardContentRow, policy=below_parent)
class WorkTask:
    """A line with a code such as 1.1."""

    code: str = column(StandardContentRow.code, description="Its code in the standard, e.g. 1.1.")
    name: str = column(StandardContentRow.text, description="Its name.")
    skill_requirements: list[SkillRequirement] = many(
        *_BELOW,
        parent=_ABOVE,
        order_by=[StandardContentRow.position],
        description="Its skill requirements, in their order.",
    )


@strawberry.type(description="A work area 工作领域 with its tasks.")
@read_from(StandardContentRow, policy=below_parent)
class WorkArea:
    """A line with a code such as 1."""

    level: CertificateLevel = column(StandardContentRow.level, description="Of which level it is.")
    code: str = column(StandardContentRow.code, description="Its code in the standard, e.g. 1.")
    name: str = column(StandardContentRow.text, description="Its name.")
    work_tasks: list[WorkTask] = many(
        *_BELOW,
        parent=_ABOVE,
        order_by=[StandardContentRow.position],
        description="Its work tasks, in their order.",
    )
