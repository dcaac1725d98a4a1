"""Filters of what the programme keeps: the same at the root and below an organization."""

from datetime import date

from certgraph.api.graph.enums import CertificateLevel
from certgraph.api.graph.programme_enums import (
    FilingKind,
    FilingState,
    ObligationKind,
    ObligationState,
    ParticipationState,
)
from certgraph.api.reads.arguments import (
    CALLER_ORGANIZATION,
    NOW,
    TODAY,
    day_of_request,
    is_one_of,
)
from certgraph.api.reads.declarations import Conditions
from certgraph.duties import obligation_queries
from certgraph.duties import queries as duty_queries
from certgraph.duties.rules import REPORT_SOON_DAYS, SOON_DAYS
from certgraph.duties.tables import FilingRow, ObligationRow
from certgraph.organizations.queries import is_of_organization
from certgraph.participation import queries as participation_queries
from certgraph.participation.tables import ParticipationRow

_MOMENTS = (
    NOW,
    day_of_request("obligation_soon", SOON_DAYS),
    day_of_request("report_soon", REPORT_SOON_DAYS),
)
OBLIGATION_STATE = obligation_queries.obligation_state(*_MOMENTS)
"""The state of an obligation, at the time of the request."""


def of_participations(
    *,
    year: int | None = None,
    level: CertificateLevel | None = None,
    state: ParticipationState | None = None,
) -> Conditions:
    """Yield the conditions of the filters.

    Args:
        year: In this year.
        level: At this level.
        state: In this state, today.
    """
    if year is not None:
        yield ParticipationRow.year == year
    if level is not None:
        yield ParticipationRow.level == level
    if state is not None:
        yield participation_queries.state_by(TODAY) == state


def of_filings(
    *,
    kind: FilingKind | None = None,
    states: list[FilingState] | None = None,
    subject_code: str | None = None,
    holds_on: date | None = None,
    waits_for_me: bool | None = None,
) -> Conditions:
    """Yield the conditions of the filters.

    Args:
        kind: Of this kind.
        states: In one of these states.
        subject_code: That concern the organization with this code.
        holds_on: With a period that this day is part of.
        waits_for_me: Whether it waits for the answer of the caller's organization.
    """
    if kind is not None:
        yield FilingRow.kind == kind
    if states is not None:
        yield is_one_of(FilingRow.state, states)
    if subject_code is not None:
        yield is_of_organization(FilingRow.subject_id, subject_code)
    if holds_on is not None:
        yield duty_queries.holds_on(holds_on)
    if waits_for_me is not None:
        waits = duty_queries.waits_for(CALLER_ORGANIZATION)
        yield waits if waits_for_me else ~waits


def of_obligations(
    *,
    rule_id: str | None = None,
    kind: ObligationKind | None = None,
    state: ObligationState | None = None,
    due_from: date | None = None,
    due_to: date | None = None,
) -> Conditions:
    """Yield the conditions of the filters.

    Args:
        rule_id: Under this rule.
        kind: Of this kind.
        state: In this state, now.
        due_from: With its last day on this one or later.
        due_to: With its last day on this one or earlier.
    """
    if rule_id is not None:
        yield ObligationRow.rule_id == rule_id
    if kind is not None:
        yield ObligationRow.kind == kind
    if state is not None:
        yield from obligation_queries.is_in_state(state, *_MOMENTS)
    if due_from is not None:
        yield ObligationRow.ordered_on >= due_from
    if due_to is not None:
        yield ObligationRow.ordered_on <= due_to
    if due_from is not None or due_to is not None:
        yield ObligationRow.due_on.is_not(None)
