"""The programme's rules in the graph."""

from datetime import date
from typing import Annotated

import strawberry

from certgraph.api.graph.enums import OrganizationKind
from certgraph.api.policy_types import PolicyRule, Regime
from certgraph.api.reads.declarations import everybody
from certgraph.api.reads.policies import read_by
from certgraph.policy import RuleForce, policy_rules, regimes, rules_that


@strawberry.type
class PolicyQuery:
    """Reads of rules and regimes."""

    @strawberry.field(
        description="A rule of the programme by id, e.g. R39; null if unknown.",
        metadata=read_by(everybody),
    )
    def policy_rule(
        self, id: Annotated[str, strawberry.argument(description="Its id, such as R39 or S10.")]
    ) -> PolicyRule | None:
        return PolicyRule.of(id) if id in policy_rules() else None

    @strawberry.field(
        description="The rules of the programme that meet all that is given, in their order.",
        metadata=read_by(everybody),
    )
    def policy_rules(
        self,
        regime: Annotated[
            str | None, strawberry.argument(description="Code of their regime.")
        ] = None,
        force: Annotated[
            RuleForce | None, strawberry.argument(description="What they ask of software.")
        ] = None,
        holds_on: Annotated[
            date | None,
            strawberry.argument(description="Day on which they hold; practices never do."),
        ] = None,
        organization_kind: Annotated[
            OrganizationKind | None, strawberry.argument(description="Whom they bind.")
        ] = None,
    ) -> list[PolicyRule]:
        found = rules_that(regime=regime, force=force, holds_on=holds_on, party=organization_kind)
        return [PolicyRule.from_data(rule) for rule in found]

    @strawberry.field(
        description="Regimes of rules, in their order; practices are last.",
        metadata=read_by(everybody),
    )
    def regimes(self) -> list[Regime]:
        return [Regime.of(regime) for regime in regimes().values()]
