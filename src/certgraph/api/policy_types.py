"""The programme's rules and regimes as GraphQL types."""

from datetime import date

import strawberry

from certgraph.organizations.rules import OrganizationKind
from certgraph.policy import PolicyRule as Rule
from certgraph.policy import Regime as RegimeData
from certgraph.policy import RuleForce, policy_rules, regimes

strawberry.enum(OrganizationKind, description="What an organization is; it may be several.")
strawberry.enum(
    RuleForce,
    description="What a rule asks of software: to refuse, to keep a day, to show and so on.",
)


@strawberry.type(description="A set of rules that holds for a time, or one body's practice.")
class Regime:
    """See `certgraph.policy.Regime`."""

    code: str = strawberry.field(description="PILOT, MOHRSS, …")
    title: str = strawberry.field(description="In English.")
    title_zh: str = strawberry.field(description="In Chinese.")
    document: str = strawberry.field(description="On which it rests.")
    first_on: date | None = strawberry.field(
        description="Its first day; null for a practice, which is no rule of the programme."
    )
    last_on: date | None = strawberry.field(description="Its last day; null while it holds.")
    completes_until: date | None = strawberry.field(
        description="Last day on which what was begun in it may be completed."
    )
    note: str | None = strawberry.field(
        description="What is kept of it here, where that is not all; in English."
    )
    note_zh: str | None = strawberry.field(description="The same in Chinese.")

    @classmethod
    def of(cls, regime: RegimeData) -> "Regime":
        """Return a regime."""
        return cls(
            code=regime.code,
            title=regime.title,
            title_zh=regime.title_zh,
            document=regime.document,
            first_on=regime.first_on,
            last_on=regime.last_on,
            completes_until=regime.completes_until,
            note=regime.note or None,
            note_zh=regime.note_zh or None,
        )


@strawberry.type(description="A sentence of the programme's documents.")
class PolicyRule:
    """See `certgraph.policy.PolicyRule`."""

    id: str = strawberry.field(description="R39, S17, …")
    title: str = strawberry.field(description="What it is about, in English.")
    title_zh: str = strawberry.field(description="What it is about, in Chinese.")
    sentence: str = strawberry.field(description="As the document says it, in Chinese.")
    source: str = strawberry.field(description="Document and section.")
    url: str | None = strawberry.field(
        description="Where the document can be read; null where no stable address is known."
    )
    regime: Regime = strawberry.field(description="In which it holds.")
    forces: list[RuleForce] = strawberry.field(description="What it asks of software.")
    organization_kinds: list[OrganizationKind] = strawberry.field(description="Whom it binds.")
    note: str | None = strawberry.field(description="What else is to be known of it.")

    @classmethod
    def of(cls, rule_id: str) -> "PolicyRule":
        """Return the rule with an id."""
        return cls.from_data(policy_rules()[rule_id])

    @classmethod
    def from_data(cls, rule: Rule) -> "PolicyRule":
        """Return a rule."""
        return cls(
            id=rule.id,
            title=rule.title,
            title_zh=rule.title_zh,
            sentence=rule.sentence,
            source=rule.source,
            url=rule.url or None,
            regime=Regime.of(regimes()[rule.regime]),
            forces=list(rule.forces),
            organization_kinds=[OrganizationKind(one) for one in rule.parties],
            note=rule.note or None,
        )
