"""What was noted under a rule, in the graph."""

from datetime import datetime

import strawberry

from certgraph.api.context import Context
from certgraph.api.graph.filings import Filing
from certgraph.api.graph.obligations import concerning
from certgraph.api.graph.organizations import Organization
from certgraph.api.graph.programme_enums import FindingSeverity
from certgraph.api.policy_types import PolicyRule
from certgraph.api.reads.declarations import Conditions
from certgraph.api.reads.declaring import column, computed, one, page, read_from
from certgraph.api.relay import Connection, Node
from certgraph.duties.findings import sentence
from certgraph.duties.tables import FindingRow
from certgraph.organizations.queries import is_of_organization, supervised_by_code


def _said(context: Context, code: str, facts: str) -> str:
    return sentence(code, facts, context.language)


@strawberry.type(
    description="What was noted under a rule 发现. It stays, with the days that it names, even "
    "where what was missed comes later. Who reads obligations reads these, and a province what it "
    "noted itself."
)
@read_from(
    FindingRow,
    policy=concerning(FindingRow.subject_id, FindingRow.filing_id, FindingRow.organization_id),
)
class Finding(Node):
    """See `certgraph.duties.tables.FindingRow`."""

    code: str = column(FindingRow.code, description="What was noted; stable.")
    rule: PolicyRule = computed(PolicyRule.of, FindingRow.rule_id, description="Under which rule.")
    subject: Organization = one(FindingRow.subject_id, description="Of whom.")
    message: str = computed(
        _said,
        FindingRow.code,
        FindingRow.facts,
        with_context=True,
        description="In a sentence, in the caller's language.",
    )
    severity: FindingSeverity = column(FindingRow.severity, description="How much it weighs.")
    filing: Filing | None = one(
        FindingRow.filing_id, description="The filing that it is of; null: none."
    )
    found_at: datetime = column(
        FindingRow.found_at,
        description="The moment at which it came to be so; of what somebody noted: when.",
    )
    is_by_hand: bool = computed(
        lambda noted_by: noted_by is not None,
        FindingRow.noted_by,
        description="Whether somebody noted it; false: the sweep did.",
    )
    organization: Organization | None = one(
        FindingRow.organization_id,
        description="Who noted it; null: the sweep, or the programme's office.",
    )


@strawberry.type
class FindingQuery:
    """Reads of what was noted."""

    @page(
        of=Connection[Finding],
        order_by=[FindingRow.found_at, FindingRow.id],
        descending=True,
        description="What was noted, as far as the caller may read, newest first.",
    )
    def findings(
        *,
        subject_code: str | None = None,
        authority_code: str | None = None,
        rule_id: str | None = None,
    ) -> Conditions:
        """Yield the conditions of the filters.

        Args:
            subject_code: Of the organization with this code.
            authority_code: Of institutions that the authority with this code supervises.
            rule_id: Under this rule.
        """
        if subject_code is not None:
            yield is_of_organization(FindingRow.subject_id, subject_code)
        if authority_code is not None:
            yield FindingRow.subject_id.in_(supervised_by_code(authority_code))
        if rule_id is not None:
            yield FindingRow.rule_id == rule_id
