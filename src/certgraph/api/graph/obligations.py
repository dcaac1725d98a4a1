# ruff: noqa: ANN401 - a column
"""What is owed, and how many reports came, in the graph."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from certgraph.actions.parties import OFFICES, Relation
from certgraph.api.context import Context, Info
from certgraph.api.graph.enums import CertificateLevel, Role
from certgraph.api.graph.filings import Filing
from certgraph.api.graph.organizations import Organization
from certgraph.api.graph.programme_enums import (
    ObligationBasis,
    ObligationKind,
    ObligationState,
)
from certgraph.api.graph.programme_filters import OBLIGATION_STATE, of_obligations
from certgraph.api.graph.standards import CertificateType
from certgraph.api.policy_types import PolicyRule
from certgraph.api.reads.arguments import CALLER_ORGANIZATION
from certgraph.api.reads.declarations import Condition, Conditions, Policy
from certgraph.api.reads.declaring import all_of, column, computed, one, page, read_from
from certgraph.api.reads.policies import read_by, readers, within
from certgraph.api.relay import Connection, Node
from certgraph.calendar import programme_day
from certgraph.certificates.tables import IssueRunRow
from certgraph.duties import obligation_queries, queries
from certgraph.duties.tables import ObligationRow
from certgraph.organizations.queries import (
    is_of_organization,
    organization_names,
    supervised_by,
    supervised_by_code,
)

if TYPE_CHECKING:
    from certgraph.api.graph.certificates import IssueRun

_SUPERVISORS = {
    **dict.fromkeys(OFFICES, Relation.ANY),
    Role.PROVINCIAL_AUTHORITY: Relation.OVER,
}
_MAY = {
    **_SUPERVISORS,
    **dict.fromkeys(
        (Role.EVALUATION_ORGANIZATION, Role.APPROVER, Role.PILOT_INSTITUTION), Relation.OWN
    ),
}
_SUPERVISED = supervised_by(CALLER_ORGANIZATION)
_rates = readers(_SUPERVISORS, ObligationRow.debtor_id, supervised=_SUPERVISED)


def concerning(owner: Any, filing_id: Any, *also: Any) -> Policy:
    """Return the policy of what an organization owes, or of what was noted of it.

    A province reads, too, what concerns a filing that it handed in or is asked about, and what is
    its own by another column.
    """
    own = readers(_MAY, owner, supervised=_SUPERVISED)

    def policy(role: Role | None) -> bool | Condition:
        found = own(role)
        if role is not Role.PROVINCIAL_AUTHORITY or isinstance(found, bool):
            return found
        found = found | queries.is_about(filing_id, CALLER_ORGANIZATION)
        for column_ in also:
            found = found | (column_ == CALLER_ORGANIZATION)
        return found

    return policy


def _age(context: Context, opened_at: datetime) -> int:
    return (programme_day(context.now) - programme_day(opened_at)).days


@strawberry.type(
    description="What an organization owes 应办事项, under which rule, until when, and what met "
    "it. It reads its own, an authority those of its institutions, the programme's offices all."
)
@read_from(ObligationRow, policy=concerning(ObligationRow.debtor_id, ObligationRow.filing_id))
class Obligation(Node):
    """See `certgraph.duties.tables.ObligationRow`."""

    kind: ObligationKind = column(ObligationRow.kind, description="What is owed.")
    rule: PolicyRule = computed(
        PolicyRule.of, ObligationRow.rule_id, description="Under which rule."
    )
    debtor: Organization = one(ObligationRow.debtor_id, description="Who owes it.")
    state: ObligationState = column(
        OBLIGATION_STATE, description="Now; soon is 14 days, of a report 2."
    )
    certificate_type: CertificateType | None = one(
        ObligationRow.certificate_type_id, description="For which certificate type; null: none."
    )
    level: CertificateLevel | None = column(
        ObligationRow.level, description="For which level; null: none."
    )
    filing: Filing | None = one(
        ObligationRow.filing_id, description="The filing because of which it is owed; null: none."
    )
    issue_run: Annotated["IssueRun", strawberry.lazy("certgraph.api.graph.certificates")] | None = (
        one(
            ObligationRow.run_id,
            to=IssueRunRow.id,
            description="The run whose certificates are to be entered; null: none.",
        )
    )
    first_on: date | None = column(
        ObligationRow.first_on, description="First day of the period that it is of; null: none."
    )
    last_on: date | None = column(ObligationRow.last_on, description="Last day of that period.")
    opened_at: datetime = column(ObligationRow.opened_at, description="When it was recorded.")
    age_days: int = computed(
        _age, ObligationRow.opened_at, with_context=True, description="Days since then."
    )
    due_on: date | None = column(
        ObligationRow.due_on, description="Last day; null: no document says one."
    )
    due_before: datetime | None = column(
        ObligationRow.due_before, description="The first instant that is late."
    )
    is_provisional: bool = column(
        ObligationRow.is_provisional,
        description="Whether the holiday calendar of that year was not out; nobody is late by it.",
    )
    basis: ObligationBasis = column(ObligationRow.basis, description="From what the moment comes.")
    met_at: datetime | None = column(ObligationRow.met_at, description="When it was met.")
    met_by: Filing | None = one(
        ObligationRow.met_by_id, description="The filing that met it; null: none did."
    )
    waived_at: datetime | None = column(ObligationRow.waived_at, description="When waived.")
    waive_reason: str | None = column(ObligationRow.waive_reason, description="Why.")


@strawberry.type(
    description="How many weekly reports were expected, came, and came in time, of the periods "
    "that begin on the days asked for. What was waived is not counted."
)
class ReportingRate:
    """See `certgraph.duties.obligation_queries.RateLine`."""

    authority_name: str | None = strawberry.field(
        description="Of whose institutions; null: of all, or of those that nobody supervises."
    )
    first_on: date | None = strawberry.field(description="Of which period; null: of all.")
    expected: int = strawberry.field(description="How many were expected.")
    received: int = strawberry.field(description="How many came.")
    on_time: int = strawberry.field(description="How many came in time.")

    @strawberry.field(description="Percent that came, rounded down; null where none is expected.")
    def rate(self) -> int | None:
        return 100 * self.received // self.expected if self.expected else None

    @strawberry.field(description="Percent that came in time; null where none is expected.")
    def on_time_rate(self) -> int | None:
        return 100 * self.on_time // self.expected if self.expected else None


def _of_debtors(debtor_code: str | None = None, authority_code: str | None = None) -> Conditions:
    """Yield the conditions of the filters.

    Args:
        debtor_code: Owed by the organization with this code.
        authority_code: By institutions that the authority with this code supervises.
    """
    if debtor_code is not None:
        yield is_of_organization(ObligationRow.debtor_id, debtor_code)
    if authority_code is not None:
        yield ObligationRow.debtor_id.in_(supervised_by_code(authority_code))


@strawberry.type
class ObligationQuery:
    """Reads of what is owed."""

    obligations = page(
        of=Connection[Obligation],
        order_by=[ObligationRow.ordered_on, ObligationRow.id],
        description="What is owed, as far as the caller may read, earliest last day first, and "
        "what has none at the end.",
    )(all_of(_of_debtors, of_obligations))

    @strawberry.field(
        description="Rates of weekly reports, by place and period; null for callers who may not "
        "know. An authority is given those of its institutions.",
        metadata=read_by(_rates),
    )
    async def reporting_rates(
        self,
        info: Info,
        first_on: Annotated[date, strawberry.argument(description="Periods that begin on this…")],
        last_on: Annotated[date, strawberry.argument(description="…to this day, both included.")],
        authority_code: Annotated[
            str | None,
            strawberry.argument(description="Of institutions that this authority supervises."),
        ] = None,
        *,
        by_place: Annotated[
            bool, strawberry.argument(description="Whether each authority has a line.")
        ] = False,
        by_period: Annotated[
            bool, strawberry.argument(description="Whether each period has a line.")
        ] = False,
    ) -> list[ReportingRate] | None:
        context = info.context
        conditions = within(_rates, context)
        if conditions is None:
            return None
        if authority_code is not None:
            conditions.append(ObligationRow.debtor_id.in_(supervised_by_code(authority_code)))
        async with context.reads() as session:
            lines = await obligation_queries.reporting_rates(
                session, first_on, last_on, conditions, by_place=by_place, by_period=by_period
            )
            places = {line.place for line in lines if line.place is not None}
            names = await organization_names(session, places)
        found = [
            ReportingRate(
                authority_name=names[line.place] if line.place else None,
                first_on=line.period,
                expected=line.expected,
                received=line.received,
                on_time=line.on_time,
            )
            for line in lines
        ]
        return sorted(found, key=lambda one: (one.authority_name or "", one.first_on or date.min))
