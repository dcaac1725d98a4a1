"""Participations in the graph: which institutions take part, with how many."""

from datetime import date, datetime
from typing import Annotated

import strawberry

from certgraph.actions.parties import OFFICES, Relation
from certgraph.api.context import Info
from certgraph.api.graph.appointments import Appointment
from certgraph.api.graph.enums import CertificateLevel, Role
from certgraph.api.graph.filters import of_type
from certgraph.api.graph.organizations import Organization
from certgraph.api.graph.programme_enums import CountBasis, ParticipationState
from certgraph.api.graph.programme_filters import of_participations
from certgraph.api.graph.standards import CertificateType
from certgraph.api.reads.arguments import CALLER_ORGANIZATION, TODAY
from certgraph.api.reads.declarations import Condition, Conditions, below_parent
from certgraph.api.reads.declaring import all_of, column, many, one, page, read_from
from certgraph.api.reads.policies import read_by, readers, within
from certgraph.api.relay import Connection, Node
from certgraph.calendar import programme_day
from certgraph.organizations.queries import is_of_organization, supervised_by, supervised_by_code
from certgraph.participation import queries
from certgraph.participation.tables import (
    ParticipationChangeRow,
    ParticipationCountRow,
    ParticipationRow,
)
from certgraph.standards.queries import is_of_type

_SUPERVISED = supervised_by(CALLER_ORGANIZATION)
_SUPERVISORS = {
    **dict.fromkeys(OFFICES, Relation.ANY),
    Role.PROVINCIAL_AUTHORITY: Relation.OVER,
}
_of_offices = readers(
    {**_SUPERVISORS, Role.PILOT_INSTITUTION: Relation.OWN},
    ParticipationRow.institution_id,
    supervised=_SUPERVISED,
)
_totals = readers(_SUPERVISORS, ParticipationRow.institution_id, supervised=_SUPERVISED)


def _participations(role: Role | None) -> bool | Condition:
    """Let evaluation organizations read those of their certificates, besides the offices."""
    if role in (Role.EVALUATION_ORGANIZATION, Role.APPROVER):
        return queries.is_of_issuer(CALLER_ORGANIZATION)
    return _of_offices(role)


def _counts(role: Role | None) -> bool | Condition:
    """Let those read figures who read their participation."""
    found = _participations(role)
    return found if isinstance(found, bool) else queries.counts_of(found)


@strawberry.type(description="A step of a participation.")
@read_from(ParticipationChangeRow, policy=below_parent)
class ParticipationStep:
    """See `certgraph.participation.tables.ParticipationChangeRow`."""

    state: ParticipationState = column(ParticipationChangeRow.state, description="Into which.")
    remarks: str = column(ParticipationChangeRow.remarks, description="Why; empty: not said.")
    changed_at: datetime = column(ParticipationChangeRow.changed_at, description="When.")


@strawberry.type(
    description="How many students take part, as of a day, rule R06. Never changed: a correction "
    "is a later one."
)
@read_from(ParticipationCountRow, policy=_counts)
class ParticipationCount(Node):
    """See `certgraph.participation.tables.ParticipationCountRow`."""

    as_of: date = column(ParticipationCountRow.as_of, description="Day of the figures.")
    planned: int = column(ParticipationCountRow.planned, description="Planned students.")
    enrolled: int = column(ParticipationCountRow.enrolled, description="Students taking part.")
    examined: int = column(ParticipationCountRow.examined, description="Of them examined.")
    passed: int = column(ParticipationCountRow.passed, description="Of them passed.")
    basis: CountBasis = column(ParticipationCountRow.basis, description="On what they rest.")
    recorded_at: datetime = column(ParticipationCountRow.recorded_at, description="When reported.")
    filed_at: datetime | None = column(
        ParticipationCountRow.filed_at, description="When its authority filed them; null: not yet."
    )


@strawberry.type(
    description="An institution's part in one certificate and level, in one year 试点申报. Status "
    "and quota hold for that year alone."
)
@read_from(ParticipationRow, policy=_participations)
class Participation(Node):
    """See `certgraph.participation.tables.ParticipationRow`."""

    institution: Organization = one(ParticipationRow.institution_id, description="Who takes part.")
    certificate_type: CertificateType = one(
        ParticipationRow.certificate_type_id, description="In which certificate type."
    )
    level: CertificateLevel = column(ParticipationRow.level, description="At which level.")
    year: int = column(ParticipationRow.year, description="In which year.")
    state: ParticipationState = column(queries.state_by(TODAY), description="Where it is, today.")
    planned: int = column(ParticipationRow.planned, description="How many students it plans for.")
    lead: Appointment | None = one(
        ParticipationRow.lead_id, description="Who leads; null before it begins."
    )
    contact: Appointment | None = one(
        ParticipationRow.contact_id, description="Whom to turn to; null before it begins."
    )
    applied_at: datetime = column(ParticipationRow.applied_at, description="When applied for.")
    filed_at: datetime | None = column(
        ParticipationRow.filed_at, description="When its authority filed it; null: not yet."
    )
    active_on: date | None = column(
        ParticipationRow.active_on, description="Its first day; null before it begins."
    )
    ended_on: date | None = column(
        ParticipationRow.ended_on, description="Its last day; null: the end of its year."
    )
    steps: list[ParticipationStep] = many(
        ParticipationChangeRow.participation_id,
        order_by=[ParticipationChangeRow.changed_at, ParticipationChangeRow.id],
        description="Its steps, oldest first.",
    )
    counts: list[ParticipationCount] = many(
        ParticipationCountRow.participation_id,
        order_by=[
            ParticipationCountRow.as_of,
            ParticipationCountRow.recorded_at,
            ParticipationCountRow.id,
        ],
        description="Its figures, oldest first.",
    )


@strawberry.type(
    description="What participations add up to on a day. Sums are of institutions: a student of "
    "two counts twice."
)
class ParticipationTotals:
    """See `certgraph.participation.queries.Totals`."""

    institutions: int = strawberry.field(description="How many institutions take part.")
    participations: int = strawberry.field(
        description="How many certificates and levels they take part in, in all."
    )
    sum_planned: int = strawberry.field(description="Sum of institutions: planned.")
    sum_enrolled: int = strawberry.field(description="Sum of institutions: taking part.")
    sum_examined: int = strawberry.field(description="Sum of institutions: examined.")
    sum_passed: int = strawberry.field(description="Sum of institutions: passed.")
    persons: int | None = strawberry.field(
        description="How many different persons take part; null where one reported no roster."
    )
    without_roster: list[str] = strawberry.field(
        description="Institutions that reported a number, or nothing; the first 20 by name."
    )


def _of_institutions(
    institution_code: str | None = None, authority_code: str | None = None
) -> Conditions:
    """Yield the conditions of the filters.

    Args:
        institution_code: Of the institution with this code.
        authority_code: Of institutions that the authority with this code supervises.
    """
    if institution_code is not None:
        yield is_of_organization(ParticipationRow.institution_id, institution_code)
    if authority_code is not None:
        yield ParticipationRow.institution_id.in_(supervised_by_code(authority_code))


@strawberry.type
class ParticipationQuery:
    """Reads of participations."""

    participations = page(
        of=Connection[Participation],
        order_by=[ParticipationRow.applied_at, ParticipationRow.id],
        descending=True,
        description="Participations that the caller may read, lately applied ones first.",
    )(
        all_of(
            _of_institutions,
            of_participations,
            of_type(
                ParticipationRow.certificate_type_id, "In the certificate type with this code."
            ),
        )
    )

    @strawberry.field(
        description="What participations add up to on a day; null for callers who may not know. An "
        "authority is given those of its institutions.",
        metadata=read_by(_totals),
    )
    async def participation_totals(
        self,
        info: Info,
        on: Annotated[
            date | None, strawberry.argument(description="On which day; null: today.")
        ] = None,
        authority_code: Annotated[
            str | None,
            strawberry.argument(description="Of institutions that this authority supervises."),
        ] = None,
        certificate_type_code: Annotated[
            str | None, strawberry.argument(description="In the certificate type with this code.")
        ] = None,
    ) -> ParticipationTotals | None:
        context = info.context
        conditions = within(_totals, context)
        if conditions is None:
            return None
        day = on or programme_day(context.now)
        if authority_code is not None:
            supervised = supervised_by_code(authority_code)
            conditions.append(ParticipationRow.institution_id.in_(supervised))
        if certificate_type_code is not None:
            type_id = ParticipationRow.certificate_type_id
            conditions.append(is_of_type(type_id, certificate_type_code))
        async with context.reads() as session:
            found = await queries.totals(session, day, conditions)
        return ParticipationTotals(
            institutions=found.institutions,
            participations=found.participations,
            sum_planned=found.planned,
            sum_enrolled=found.enrolled,
            sum_examined=found.examined,
            sum_passed=found.passed,
            persons=found.persons,
            without_roster=list(found.without_roster),
        )
