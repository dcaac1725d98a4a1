"""Hours rules, outcome units and the catalogue of learning outcomes in the graph."""

from datetime import date, datetime

import strawberry

from certgraph.api.graph.enums import (
    CertificateLevel,
    CourseType,
    Rounding,
)
from certgraph.api.graph.standards import CertificateType, StandardVersion
from certgraph.api.reads.declarations import Conditions, below_parent, everybody
from certgraph.api.reads.declaring import column, find, many, one, page, read_from
from certgraph.api.relay import Connection, Node
from certgraph.credit_bank.proposals import queries
from certgraph.credit_bank.proposals.tables import (
    CatalogueEntryRow,
    HoursCreditRuleLineRow,
    HoursCreditRuleRow,
    OutcomeUnitContentRow,
    OutcomeUnitRow,
)
from certgraph.standards.queries import is_of_type
from certgraph.standards.tables import StandardContentRow

TENTHS = "Credits times ten: 15 means 1.5."


@strawberry.type(description="Hours of one credit for a course type.")
@read_from(HoursCreditRuleLineRow, policy=below_parent)
class HoursCreditRuleLine:
    """See `certgraph.credit_bank.proposals.tables.HoursCreditRuleLineRow`."""

    course_type: CourseType = column(
        HoursCreditRuleLineRow.course_type, description="Kind of course."
    )
    hours_tenths: int = column(
        HoursCreditRuleLineRow.hours_tenths, description="Hours times ten: 160 means 16."
    )


@strawberry.type(description="A version of the hours-to-credits rule 学时学分记录规则, rule S09.")
@read_from(HoursCreditRuleRow, policy=everybody)
class HoursCreditRule(Node):
    """See `certgraph.credit_bank.proposals.tables.HoursCreditRuleRow`."""

    version: str = column(HoursCreditRuleRow.version, description="Its version.")
    step_tenths: int = column(
        HoursCreditRuleRow.step_tenths, description="Step of credits, in tenths."
    )
    rounding: Rounding = column(
        HoursCreditRuleRow.rounding, description="How credits are rounded to the step."
    )
    source: str = column(HoursCreditRuleRow.source, description="Where it is published.")
    recorded_at: datetime = column(
        HoursCreditRuleRow.recorded_at, description="When it was recorded here."
    )
    lines: list[HoursCreditRuleLine] = many(
        HoursCreditRuleLineRow.rule_id,
        order_by=[HoursCreditRuleLineRow.course_type],
        description="Hours of one credit, by kind of course.",
    )


@strawberry.type(description="A line of a standard: work area, work task or skill requirement.")
@read_from(StandardContentRow, policy=below_parent)
class StandardLine:
    """See `certgraph.standards.tables.StandardContentRow`."""

    code: str = column(
        StandardContentRow.code, description="1 a work area, 1.1 a task, 1.1.1 a requirement."
    )
    text: str = column(StandardContentRow.text, description="What it says.")


@strawberry.type(description="An outcome unit 认证单元: what a learning outcome is made of.")
@read_from(OutcomeUnitRow, policy=below_parent)
class OutcomeUnit:
    """See `certgraph.credit_bank.proposals.tables.OutcomeUnitRow`."""

    number: int = column(OutcomeUnitRow.number, description="Its number, from 1.")
    name: str = column(OutcomeUnitRow.name, description="Its name.")
    theory_hours: int = column(OutcomeUnitRow.theory_hours, description="Hours of theory 理论学时.")
    practice_hours: int = column(
        OutcomeUnitRow.practice_hours, description="Hours of practice 实践学时."
    )
    framework_level: int = column(
        OutcomeUnitRow.framework_level, description="1 to 10 in the learning outcomes framework."
    )
    assessment: str = column(OutcomeUnitRow.assessment, description="How it is assessed.")
    rule_credits_tenths: int = column(
        OutcomeUnitRow.rule_tenths, description="What the hours rule gives, times ten."
    )
    suggested_credits_tenths: int = column(
        OutcomeUnitRow.suggested_tenths, description="建议学分, times ten."
    )
    suggested_reason: str | None = column(
        OutcomeUnitRow.suggested_reason,
        description="Why the suggestion differs from the rule; null where it does not.",
    )
    verified_credits_tenths: int | None = column(
        OutcomeUnitRow.verified_tenths, description="核定学分, times ten; null before."
    )
    verified_reason: str | None = column(
        OutcomeUnitRow.verified_reason,
        description="Why the credit bank differs; null where it does not.",
    )
    covers: list[StandardLine] = many(
        OutcomeUnitContentRow.unit_id,
        through=OutcomeUnitContentRow.content_id,
        order_by=[StandardContentRow.position],
        description="Work areas, tasks and skill requirements of the standard that it covers.",
    )


@strawberry.type(
    description="An edition of a learning outcome in the catalogue 学习成果名录, with its "
    "recognized credits 认定学分."
)
@read_from(CatalogueEntryRow, policy=everybody)
class CatalogueEntry(Node):
    """See `certgraph.credit_bank.proposals.tables.CatalogueEntryRow`."""

    code: str = column(CatalogueEntryRow.code, description="Certificate type and level.")
    edition: int = column(
        CatalogueEntryRow.edition, description="Which edition of its code, from 1."
    )
    level: CertificateLevel = column(CatalogueEntryRow.level, description="Of which level.")
    credits_tenths: int = column(CatalogueEntryRow.credits_tenths, description=TENTHS)
    first_on: date = column(
        CatalogueEntryRow.first_on,
        description="It holds for certificates issued from this day on; the first edition for "
        "earlier ones, too.",
    )
    last_on: date | None = column(CatalogueEntryRow.last_on, description="Last such day.")
    published_at: datetime = column(
        CatalogueEntryRow.published_at, description="When it was published."
    )
    certificate_type: CertificateType = one(
        CatalogueEntryRow.certificate_type_id, description="Of which certificate type."
    )
    standard_version: StandardVersion = one(
        CatalogueEntryRow.standard_version_id, description="Of which version of its standard."
    )
    units: list[OutcomeUnit] = many(
        OutcomeUnitRow.version_id,
        parent=[CatalogueEntryRow.proposal_version_id],
        order_by=[OutcomeUnitRow.number],
        description="The outcome units 认证单元 that it is made of.",
    )


@strawberry.type
class LearningOutcomeQuery:
    """Reads of hours rules and the catalogue."""

    @page(
        of=Connection[HoursCreditRule],
        order_by=[HoursCreditRuleRow.version],
        description="Versions of the hours-to-credits rule.",
    )
    def hours_credit_rules() -> Conditions:
        """Yield no conditions."""
        yield from ()

    @find(of=HoursCreditRule | None, description="A version of the hours-to-credits rule.")
    def hours_credit_rule(version: str) -> Conditions:
        """Yield the condition that names it.

        Args:
            version: Its version.
        """
        yield HoursCreditRuleRow.version == version

    @page(
        of=Connection[CatalogueEntry],
        order_by=[CatalogueEntryRow.code, CatalogueEntryRow.edition],
        description="The catalogue of learning outcomes 学习成果名录 with its history.",
    )
    def learning_outcome_catalogue(
        certificate_type_code: str | None = None,
        level: CertificateLevel | None = None,
        code: str | None = None,
        holds_on: date | None = None,
    ) -> Conditions:
        """Yield the conditions of the filters.

        Args:
            certificate_type_code: Of the certificate type with this code.
            level: Of this level.
            code: With this code.
            holds_on: For what is issued on this day.
        """
        if certificate_type_code is not None:
            yield is_of_type(CatalogueEntryRow.certificate_type_id, certificate_type_code)
        if level is not None:
            yield CatalogueEntryRow.level == level
        if code is not None:
            yield CatalogueEntryRow.code == code
        if holds_on is not None:
            yield queries.holds_on(holds_on)
