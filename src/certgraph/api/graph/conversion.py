"""Conversion measures and applications in the graph."""

from datetime import date, datetime
from typing import Annotated

import strawberry

from certgraph.actions.parties import Relation
from certgraph.api.graph.certificates import Certificate
from certgraph.api.graph.conversion_filters import of_measures
from certgraph.api.graph.enums import ApplicationState, CertificateLevel, MeasureState, Role
from certgraph.api.graph.filters import of_organization
from certgraph.api.graph.learning_outcomes import TENTHS
from certgraph.api.graph.organizations import Organization
from certgraph.api.graph.outcome_records import LearningOutcomeRecord
from certgraph.api.graph.standards import CertificateType
from certgraph.api.reads.arguments import CALLER_ORGANIZATION, is_one_of, through
from certgraph.api.reads.declarations import Condition, Conditions, below_parent
from certgraph.api.reads.declaring import all_of, column, many, one, page, read_from
from certgraph.api.reads.policies import readers
from certgraph.api.relay import Connection, Node
from certgraph.calendar import first_instant, instant_after
from certgraph.certificates.lookup_keys import number_key
from certgraph.certificates.tables import CertificateRow
from certgraph.credit_bank.conversion import queries as conversion_queries
from certgraph.credit_bank.conversion.tables import (
    ConversionApplicationRow,
    ConversionChangeRow,
    ConversionMeasureRow,
    ConversionRuleRow,
    ConvertedCourseRow,
)
from certgraph.credit_bank.records.tables import OutcomeRecordRow
from certgraph.organizations.queries import is_of_organization, supervised_by

_SUPERVISED = supervised_by(CALLER_ORGANIZATION)
_ALL = {Role.OPERATOR: Relation.ANY, Role.CREDIT_BANK: Relation.ANY}
_filed = readers(
    {**_ALL, Role.PILOT_INSTITUTION: Relation.OWN, Role.PROVINCIAL_AUTHORITY: Relation.OVER},
    ConversionMeasureRow.organization_id,
    supervised=_SUPERVISED,
)


def _measures(role: Role | None) -> bool | Condition:
    """Let everybody read what is published; institution, authority and credit bank the rest."""
    published, filed = conversion_queries.is_published(), _filed(role)
    return published | filed if not isinstance(filed, bool) else filed or published


_of_institution = readers(
    {Role.PILOT_INSTITUTION: Relation.OWN, Role.PROVINCIAL_AUTHORITY: Relation.OVER, **_ALL},
    ConversionApplicationRow.organization_id,
    supervised=_SUPERVISED,
)
_of_issuer = readers(
    {Role.EVALUATION_ORGANIZATION: Relation.TURN}, ConversionApplicationRow.issuer_id
)


def _rules(role: Role | None) -> bool | Condition:
    """Let those read a rule who read its measure."""
    allowed = _measures(role)
    if isinstance(allowed, bool):
        return allowed
    return conversion_queries.is_of_measures(allowed)


def _applications(role: Role | None) -> bool | Condition:
    """Let its parties read an application: institution, its authority, issuer, credit bank."""
    return _of_institution(role) if role is not Role.EVALUATION_ORGANIZATION else _of_issuer(role)


@strawberry.type(description="A conversion rule 转换规则: a certificate counts for a course.")
@read_from(ConversionRuleRow, policy=_rules)
class ConversionRule(Node):
    """See `certgraph.credit_bank.conversion.tables.ConversionRuleRow`."""

    course_code: str = column(
        ConversionRuleRow.course_code, description="The institution's code of the course."
    )
    course_name: str = column(ConversionRuleRow.course_name, description="Name of the course.")
    certificate_type: CertificateType = one(
        ConversionRuleRow.certificate_type_id, description="Which certificate counts."
    )
    level: CertificateLevel = column(ConversionRuleRow.level, description="At which level.")
    credits_tenths: int = column(ConversionRuleRow.credits_tenths, description=TENTHS)
    measure: Annotated["ConversionMeasure", strawberry.lazy("certgraph.api.graph.conversion")] = (
        one(ConversionRuleRow.measure_id, description="The measure that it is part of.")
    )


@strawberry.type(
    description="A conversion measure 转换办法 of an institution, rule S11. Everybody reads it "
    "once it is published."
)
@read_from(ConversionMeasureRow, policy=_measures)
class ConversionMeasure(Node):
    """See `certgraph.credit_bank.conversion.tables.ConversionMeasureRow`."""

    code: str = column(ConversionMeasureRow.code, description="The institution's code of it.")
    title: str = column(ConversionMeasureRow.title, description="Its title.")
    cap_credits_tenths: int = column(
        ConversionMeasureRow.cap_tenths,
        description="Most credits of one certificate, times ten, rule S13.",
    )
    first_on: date = column(ConversionMeasureRow.first_on, description="First day of validity.")
    last_on: date = column(ConversionMeasureRow.last_on, description="Last day of validity.")
    state: MeasureState = column(ConversionMeasureRow.state, description="Its state.")
    remarks: str | None = column(
        ConversionMeasureRow.remarks, description="Why the credit bank returned it."
    )
    filed_at: datetime = column(
        ConversionMeasureRow.filed_at, description="When it was filed, last."
    )
    published_at: datetime | None = column(
        ConversionMeasureRow.published_at, description="When it was published; null before."
    )
    organization: Organization = one(
        ConversionMeasureRow.organization_id, description="The institution."
    )
    rules: list[ConversionRule] = many(
        ConversionRuleRow.measure_id,
        order_by=[ConversionRuleRow.position],
        with_parent=True,
        description="Its rules, in their order.",
    )


@strawberry.type(description="A course of an application.")
@read_from(ConvertedCourseRow, policy=below_parent)
class ConvertedCourse:
    """See `certgraph.credit_bank.conversion.tables.ConvertedCourseRow`."""

    course_code: str = column(
        ConvertedCourseRow.course_code, description="The institution's code of the course."
    )
    credits_tenths: int = column(ConvertedCourseRow.credits_tenths, description=TENTHS)
    rule: ConversionRule = one(
        ConvertedCourseRow.rule_id, description="The rule by which it is converted."
    )


@strawberry.type(description="A step of an application.")
@read_from(ConversionChangeRow, policy=below_parent)
class ConversionStep:
    """See `certgraph.credit_bank.conversion.tables.ConversionChangeRow`."""

    state: ApplicationState = column(
        ConversionChangeRow.state, description="The state it came into."
    )
    remarks: str | None = column(ConversionChangeRow.remarks, description="What was said with it.")
    changed_at: datetime = column(ConversionChangeRow.changed_at, description="When.")


@strawberry.type(
    description="A student's application to convert a certificate into courses, rule S13. The "
    "institution, the certificate's issuer, the credit bank and the programme see it."
)
@read_from(ConversionApplicationRow, policy=_applications)
class ConversionApplication(Node):
    """See `certgraph.credit_bank.conversion.tables.ConversionApplicationRow`."""

    certificate_number: str = column(
        conversion_queries.certificate_number(), description="Number of the certificate."
    )
    account_number: str = column(
        ConversionApplicationRow.account_number, description="The learner's account."
    )
    credits_tenths: int = column(ConversionApplicationRow.credits_tenths, description=TENTHS)
    state: ApplicationState = column(
        ConversionApplicationRow.state, description="Whose turn it is, or how it ended."
    )
    submitted_at: datetime = column(
        ConversionApplicationRow.submitted_at, description="When it came in."
    )
    changed_at: datetime = column(
        ConversionApplicationRow.changed_at, description="When it last changed."
    )
    organization: Organization = one(
        ConversionApplicationRow.organization_id, description="The institution."
    )
    outcome_record: LearningOutcomeRecord | None = one(
        ConversionApplicationRow.record_id,
        to=OutcomeRecordRow.id,
        description="What is converted; null for callers who may not read it.",
    )
    certificate: Certificate | None = one(
        ConversionApplicationRow.record_id,
        to=CertificateRow.id,
        description="The certificate; null for callers who may not read it in full.",
    )
    courses: list[ConvertedCourse] = many(
        ConvertedCourseRow.application_id,
        order_by=[ConvertedCourseRow.course_code],
        description="The courses that are asked for, by code.",
    )
    steps: list[ConversionStep] = many(
        ConversionChangeRow.application_id,
        order_by=[ConversionChangeRow.changed_at, ConversionChangeRow.id],
        description="Its steps, oldest first.",
    )


_of_institution_coded = of_organization(
    ConversionMeasureRow.organization_id, "Of the institution with this code."
)


@strawberry.type
class ConversionQuery:
    """Reads of conversion."""

    conversion_measures = page(
        of=Connection[ConversionMeasure],
        order_by=[ConversionMeasureRow.filed_at, ConversionMeasureRow.id],
        descending=True,
        description="Conversion measures, lately filed ones first.",
    )(all_of(_of_institution_coded, of_measures))

    @page(
        of=Connection[ConversionApplication],
        order_by=[ConversionApplicationRow.submitted_at, ConversionApplicationRow.id],
        descending=True,
        description="Conversion applications that the caller may read, new ones first.",
    )
    def conversion_applications(
        organization_code: str | None = None,
        state: ApplicationState | None = None,
        states: list[ApplicationState] | None = None,
        certificate_number: str | None = None,
        account_number: str | None = None,
        submitted_from: date | None = None,
        submitted_to: date | None = None,
    ) -> Conditions:
        """Yield the conditions of the filters.

        Args:
            organization_code: Of the institution with this code.
            state: In this state.
            states: In one of these states.
            certificate_number: Of the certificate with this number.
            account_number: For this account of a learner.
            submitted_from: Submitted on this day, in China, or later.
            submitted_to: Submitted on this day, in China, or earlier.
        """
        if states is not None:
            yield is_one_of(ConversionApplicationRow.state, states)
        if submitted_from is not None:
            yield ConversionApplicationRow.submitted_at >= through(submitted_from, first_instant)
        if submitted_to is not None:
            yield ConversionApplicationRow.submitted_at < through(submitted_to, instant_after)
        if organization_code is not None:
            yield is_of_organization(ConversionApplicationRow.organization_id, organization_code)
        if state is not None:
            yield ConversionApplicationRow.state == state
        if certificate_number is not None:
            key = through(certificate_number, number_key)
            yield conversion_queries.is_of_certificate(key)
        if account_number is not None:
            yield ConversionApplicationRow.account_number == account_number
