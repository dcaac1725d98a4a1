"""Cases in the graph: what was found, who decided, with what effect; and restrictions."""

from datetime import date, datetime

import strawberry

from certgraph.actions.parties import OF_ONE_ORGANIZATION, OFFICES
from certgraph.api.graph.enums import Role
from certgraph.api.graph.filters import of_organization
from certgraph.api.graph.findings import Finding
from certgraph.api.graph.organizations import Organization
from certgraph.api.graph.programme_enums import (
    CaseDecision,
    CaseEntryKind,
    CaseState,
    Completion,
    Ground,
    RestrictionKind,
)
from certgraph.api.graph.standards import CertificateType
from certgraph.api.reads.arguments import CALLER_ORGANIZATION
from certgraph.api.reads.declarations import Condition, Conditions
from certgraph.api.reads.declaring import all_of, column, many, one, page, read_from
from certgraph.api.relay import Connection, Node
from certgraph.organizations.queries import is_of_organization
from certgraph.organizations.tables import RestrictionRow
from certgraph.supervision import queries
from certgraph.supervision.tables import CaseEntryRow, CaseRow


def _cases(role: Role | None) -> bool | Condition:
    """Let everybody read what is decided; its parties and the offices all."""
    if role in OFFICES:
        return True
    if role not in OF_ONE_ORGANIZATION:
        return queries.is_decided()
    return queries.is_decided() | queries.is_party(CALLER_ORGANIZATION)


def _entries(role: Role | None) -> bool | Condition:
    """Let everybody read the grounds of what is decided; its parties and the offices all."""
    if role in OFFICES:
        return True
    if role not in OF_ONE_ORGANIZATION:
        return queries.is_public_ground()
    return queries.is_public_ground() | queries.is_entry_of(CALLER_ORGANIZATION)


@strawberry.type(
    description="An entry of a case: a step, a finding, evidence, what the subject says, a ground. "
    "Everybody reads the grounds of what is decided."
)
@read_from(CaseEntryRow, policy=_entries)
class CaseEntry:
    """See `certgraph.supervision.tables.CaseEntryRow`."""

    kind: CaseEntryKind = column(CaseEntryRow.kind, description="What it is.")
    state: CaseState = column(CaseEntryRow.state, description="In which state of the case.")
    ground: Ground | None = column(
        CaseEntryRow.ground, description="The ground: id of its rule; null of other entries."
    )
    finding: Finding | None = one(CaseEntryRow.finding_id, description="The finding; null: none.")
    text: str = column(CaseEntryRow.text, description="What is stated; empty: nothing more.")
    organization: Organization | None = one(
        CaseEntryRow.organization_id, description="Whose it is; null: the office's, or the sweep's."
    )
    recorded_at: datetime = column(CaseEntryRow.recorded_at, description="When.")


@strawberry.type(
    description="What an organization may not do for a time, by a decision; everybody reads it."
)
@read_from(RestrictionRow, policy=lambda _role: True)
class Restriction(Node):
    """See `certgraph.organizations.tables.RestrictionRow`."""

    organization: Organization = one(RestrictionRow.organization_id, description="Who.")
    kind: RestrictionKind = column(RestrictionRow.kind, description="What it may not do.")
    certificate_type: CertificateType | None = one(
        RestrictionRow.certificate_type_id, description="For which type; null: for all."
    )
    first_on: date = column(RestrictionRow.first_on, description="First day.")
    last_on: date | None = column(
        RestrictionRow.last_on, description="Last day; null: until another decision."
    )
    reason: str = column(RestrictionRow.reason, description="Why.")


@strawberry.type(
    description="A case 立案: what is looked into of an evaluation organization or an institution, "
    "who investigated and decided, rules R53 and R54. Everybody reads it once it is decided."
)
@read_from(CaseRow, policy=_cases)
class Case(Node):
    """See `certgraph.supervision.tables.CaseRow`."""

    number: str = column(CaseRow.number, description="Its number.")
    subject: Organization = one(CaseRow.subject_id, description="Whom it is about.")
    decider: Organization = one(CaseRow.decider_id, description="Who decides.")
    state: CaseState = column(CaseRow.state, description="Where it is.")
    opened_at: datetime = column(CaseRow.opened_at, description="When it was opened.")
    decision: CaseDecision | None = column(
        CaseRow.decision, description="What was decided; null: nothing yet."
    )
    decided_on: date | None = column(CaseRow.decided_on, description="On which day.")
    effective_on: date | None = column(
        CaseRow.effective_on, description="First day on which it has effect."
    )
    completion: Completion | None = column(
        CaseRow.completion, description="Of an exit: what of the issuing is finished."
    )
    decision_document: str | None = column(CaseRow.document, description="Its document.")
    summary: str | None = column(CaseRow.summary, description="What everybody reads of it.")
    entries: list[CaseEntry] = many(
        CaseEntryRow.case_id,
        order_by=[CaseEntryRow.recorded_at, CaseEntryRow.kind, CaseEntryRow.id],
        description="Its entries, oldest first.",
    )
    restrictions: list[Restriction] = many(
        RestrictionRow.case_id,
        parent=[CaseRow.id],
        order_by=[RestrictionRow.first_on, RestrictionRow.id],
        description="What was restricted.",
    )


def _of_cases(
    subject_code: str | None = None,
    state: CaseState | None = None,
    decision: CaseDecision | None = None,
) -> Conditions:
    """Yield the conditions of the filters.

    Args:
        subject_code: About the organization with this code.
        state: In this state.
        decision: With this decision.
    """
    if subject_code is not None:
        yield is_of_organization(CaseRow.subject_id, subject_code)
    if state is not None:
        yield CaseRow.state == state
    if decision is not None:
        yield CaseRow.decision == decision


@strawberry.type
class CaseQuery:
    """Reads of cases and restrictions."""

    cases = page(
        of=Connection[Case],
        order_by=[CaseRow.opened_at, CaseRow.id],
        descending=True,
        description="Cases that the caller may read, newest first.",
    )(_of_cases)
    restrictions = page(
        of=Connection[Restriction],
        order_by=[RestrictionRow.first_on, RestrictionRow.id],
        descending=True,
        description="What organizations may not do for a time, latest first.",
    )(
        all_of(
            of_organization(RestrictionRow.organization_id, "Of the organization with this code.")
        )
    )
