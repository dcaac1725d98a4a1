# ruff: noqa: ANN401 - a body of any kind
"""What follows for a filing and for what is owed: steps, effect, supersession."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from certgraph.actions.acting import Act, Recording
from certgraph.duties import obligation_queries
from certgraph.duties.findings import finding_row
from certgraph.duties.kinds.declaring import Circumstances, Due, Kind
from certgraph.duties.rules import (
    ConsentStep,
    FilingState,
)
from certgraph.duties.tables import FilingChangeRow, FilingRow, ObligationRow
from certgraph.randomness import new_id


def record_step(by: Recording, row: FilingRow, state: FilingState, remarks: str = "") -> None:
    """Move a filing into a state, and record that."""
    row.state = state
    by.session.add(
        FilingChangeRow(
            id=new_id(by.random),
            filing_id=row.id,
            version=row.version,
            state=state,
            remarks=remarks,
            changed_by=by.by,
            changed_at=by.now,
        )
    )


def answer_key(filing_id: UUID, organization_id: UUID, step: ConsentStep) -> str:
    """Return the key of what an answer to a filing meets."""
    return f"{filing_id} {organization_id} {step.value}"


_BY_VERSION, _BY_ANOTHER = "a later version", "another filing"
"""By what is waived what is no longer asked for: no name of anybody who acts."""


async def owe_what_is_due(
    act: Act, row: FilingRow, dues: Sequence[Due], scope: Mapping[str, Any]
) -> None:
    """Record what somebody owes because of a filing.

    A new version may have moved the moment, and asks others: what is no longer asked for is waived.
    """
    stated = {answer_key(row.id, due.answer.organization_id, due.answer.step): due for due in dues}
    for one in await obligation_queries.obligations_about(act.session, row.id):
        due = stated.pop(one.key, None)
        if due is None:
            _waive_ahead(act, one, _BY_VERSION)
            continue
        one.due_on, one.due_before = due.due_on, due.due_before
        one.met_at = one.met_by_id = None
        if one.waived_by == _BY_VERSION:
            one.waived_at = one.waived_by = one.waive_reason = None
    rows = [
        {
            "id": new_id(act.random),
            "kind": due.kind,
            "rule_id": due.rule_id,
            "debtor_id": due.debtor_id,
            "key": key,
            "certificate_type_id": scope.get("certificate_type_id"),
            "level": scope.get("level"),
            "filing_id": row.id,
            "opened_at": act.now,
            "due_on": due.due_on,
            "due_before": due.due_before,
            "is_provisional": due.is_provisional,
            "basis": due.basis,
        }
        for key, due in stated.items()
    ]
    await obligation_queries.open_obligations(act.session, rows)


async def take_effect(
    act: Act, row: FilingRow, kind: Kind[Any], body: Any, facts: Circumstances
) -> None:
    """Put a filing into effect: it takes the place of what it revises, its flags are noted."""
    record_step(act, row, FilingState.EFFECTIVE)
    row.effective_at = act.now
    if kind.effect is not None:
        await kind.effect(act, row, body, facts)
    if row.revises_id is not None:
        revised = await act.session.get_one(FilingRow, row.revises_id)
        if revised.state is FilingState.EFFECTIVE:
            await _supersede(act, revised, row)
    rows = [
        finding_row(
            act.random,
            act.now,
            flag.problem,
            row.organization_id,
            f"{row.id} {row.version} {place}",
            flag.severity,
            row.id,
        )
        for place, flag in enumerate(kind.flags(body, facts))
    ]
    await obligation_queries.note_findings(act.session, rows)


async def _supersede(act: Act, revised: FilingRow, row: FilingRow) -> None:
    """End what another takes the place of: its period the day before, and what is owed for it."""
    record_step(act, revised, FilingState.SUPERSEDED)
    act.touched.append(revised)
    if (
        row.first_on is not None
        and revised.first_on is not None
        and row.first_on > revised.first_on
    ):
        day_before = row.first_on - timedelta(days=1)
        revised.last_on = min(revised.last_on or day_before, day_before)
    for owed in await obligation_queries.obligations_about(act.session, revised.id):
        _waive_ahead(act, owed, _BY_ANOTHER)


async def waive_what_is_ahead(act: Act, filing: FilingRow, reason: str) -> None:
    """End what is owed because of a filing that is over; what was due before stays."""
    for owed in await obligation_queries.obligations_about(act.session, filing.id):
        _waive_ahead(act, owed, act.by, reason)


def _waive_ahead(act: Act, owed: ObligationRow, by: str, reason: str = "") -> None:
    """Waive what is open and not late yet."""
    is_ahead = owed.due_before is None or owed.due_before > act.now
    if owed.met_at is None and owed.waived_at is None and is_ahead:
        owed.waived_at, owed.waived_by, owed.waive_reason = act.now, by, reason
