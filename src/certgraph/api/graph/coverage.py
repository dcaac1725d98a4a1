"""Where exam sites are in the graph, and how many students took an exam."""

from datetime import date
from typing import Annotated

import strawberry

from certgraph.actions.parties import OFFICES, Relation
from certgraph.api.context import Info
from certgraph.api.graph.enums import Role
from certgraph.api.reads.arguments import CALLER_ORGANIZATION
from certgraph.api.reads.declarations import with_token
from certgraph.api.reads.policies import read_by, readers, within
from certgraph.api.reads.scalars import global_id
from certgraph.assessment import coverage, queries
from certgraph.calendar import programme_day
from certgraph.organizations.queries import (
    organization_by_code,
    supervised_by,
    supervised_by_code,
)
from certgraph.organizations.rules import FIRST_DAY, LAST_DAY
from certgraph.participation.tables import ParticipationRow
from certgraph.standards.queries import certificate_type_by_code

_shares = readers(
    {
        **dict.fromkeys(OFFICES, Relation.ANY),
        Role.PROVINCIAL_AUTHORITY: Relation.OVER,
        Role.PILOT_INSTITUTION: Relation.OWN,
    },
    ParticipationRow.institution_id,
    supervised=supervised_by(CALLER_ORGANIZATION),
)
_MOST_DAYS = 60


@strawberry.type(
    description="A prefecture-level city, county directly under its province, or municipality, in "
    "which institutions take part in a certificate, rule R27."
)
class CoverageUnit:
    """See `certgraph.assessment.coverage.Unit`."""

    division_code: str = strawberry.field(description="Code of the division (GB/T 2260).")
    name: str = strawberry.field(description="Its name.")
    institutions: int = strawberry.field(description="Institutions that take part in it.")
    sites: int = strawberry.field(description="Exam sites in it.")

    @strawberry.field(description="Whether it has a site.")
    def is_covered(self) -> bool:
        return self.sites > 0


@strawberry.type(
    description="How exam sites of a certificate cover the places of its institutions on a day, "
    "rules R27 and R28. A gap is a warning: in principle (原则上) each place has a site."
)
class SiteCoverage:
    """See `certgraph.assessment.coverage.Coverage`."""

    on: date = strawberry.field(description="On which day.")
    units: list[CoverageUnit] = strawberry.field(description="By code of the division.")
    unplaced: int = strawberry.field(
        description="Institutions of which no such division is known: they count nowhere."
    )

    @strawberry.field(description="How many of them have a site.")
    def covered(self) -> int:
        return sum(1 for unit in self.units if unit.sites)

    @strawberry.field(description="Those without a site.")
    def gaps(self) -> list[CoverageUnit]:
        return [unit for unit in self.units if not unit.sites]


@strawberry.type(
    description="How many students of a participation took an exam, rule R35: each at least one."
)
class ExamShare:
    """See `certgraph.assessment.queries.ExamShare`."""

    participation_id: strawberry.ID = strawberry.field(description="Of which participation.")
    institution_name: str = strawberry.field(description="Name of the institution.")
    enrolled: int | None = strawberry.field(
        description="Students that take part, by its newest figures; null: none reported."
    )
    registered: int = strawberry.field(description="Students registered for an exam of it.")
    examined: int = strawberry.field(description="Students that took one.")
    examined_free: int = strawberry.field(
        description="Students that took one for which an institution or organization paid."
    )
    without_exam: int | None = strawberry.field(
        description="Students for whom nobody has paid an exam yet; null without figures."
    )


@strawberry.type
class CoverageQuery:
    """Reads of coverage and shares."""

    @strawberry.field(
        description="How exam sites cover the places of a certificate's institutions, for each of "
        "up to 60 days of 2000 to 2199; null for the public, and where there is no such type "
        "or authority.",
        metadata=read_by(with_token),
    )
    async def site_coverage(
        self,
        info: Info,
        certificate_type_code: Annotated[
            str, strawberry.argument(description="Of the certificate type with this code.")
        ],
        authority_code: Annotated[
            str | None,
            strawberry.argument(description="Institutions that this authority supervises."),
        ] = None,
        days: Annotated[
            list[date] | None, strawberry.argument(description="On which days; null: today.")
        ] = None,
    ) -> list[SiteCoverage] | None:
        context = info.context
        if within(with_token, context) is None:
            return None
        wanted = (days or [programme_day(context.now)])[:_MOST_DAYS]
        async with context.reads() as session:
            type_ = await certificate_type_by_code(session, certificate_type_code)
            authority = (
                await organization_by_code(session, authority_code) if authority_code else None
            )
            is_known = all(FIRST_DAY <= day <= LAST_DAY for day in wanted)
            if type_ is None or (authority_code and authority is None) or not is_known:
                return None
            authority_id = authority.id if authority else None
            found = await coverage.coverage_on(session, type_.id, wanted, authority_id)
        return [
            SiteCoverage(
                on=one.on,
                unplaced=one.unplaced,
                units=[
                    CoverageUnit(
                        division_code=unit.code,
                        name=unit.name,
                        institutions=unit.institutions,
                        sites=unit.sites,
                    )
                    for unit in one.units
                ],
            )
            for one in found
        ]

    @strawberry.field(
        description="How many students took an exam, by participation of a year; null for callers "
        "who may not know. An authority is given those of its institutions, an institution its "
        "own.",
        metadata=read_by(_shares),
    )
    async def exam_shares(
        self,
        info: Info,
        year: Annotated[int, strawberry.argument(description="In which year.")],
        authority_code: Annotated[
            str | None,
            strawberry.argument(description="Of institutions that this authority supervises."),
        ] = None,
    ) -> list[ExamShare] | None:
        context = info.context
        conditions = within(_shares, context)
        if conditions is None:
            return None
        if authority_code is not None:
            supervised = supervised_by_code(authority_code)
            conditions.append(ParticipationRow.institution_id.in_(supervised))
        async with context.reads() as session:
            lines = await queries.exam_shares(session, year, conditions)
        return [
            ExamShare(
                participation_id=strawberry.ID(global_id("Participation", line.participation_id)),
                institution_name=line.institution_name,
                enrolled=line.enrolled,
                registered=line.registered,
                examined=line.examined,
                examined_free=line.examined_free,
                without_exam=line.without_exam,
            )
            for line in lines
        ]
