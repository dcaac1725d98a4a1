"""The second person: what was asked for is confirmed, rejected, withdrawn, or lapses.

Bound to the exact input: what is confirmed is what was asked for, by the authority of who asked,
and whatever speaks against it by now refuses it.
"""

import json
from typing import Any

from certgraph.actions import auditing, queries
from certgraph.actions.acting import Act
from certgraph.actions.authority import check_takes_part, find_subject, grant_of
from certgraph.actions.declaring import Action, Subject, action
from certgraph.actions.inputs import input_digest, restored
from certgraph.actions.parties import TURN, WITH_TOKENS, Actor, Grant, Role
from certgraph.actions.pending_states import PendingState
from certgraph.actions.performing import work
from certgraph.actions.tables import PendingActionRow
from certgraph.problems import Problem, Rejected, refusal, reject_if
from certgraph.sealing import CannotOpen
from certgraph.text import text_problems

PENDING = Subject(
    row=PendingActionRow,
    find=queries.pending_by_id,
    missing="pending.not_found",
    owner=lambda row: row.organization_id,
)
_ANYBODY: dict[Role, Grant] = {role: TURN for role in WITH_TOKENS if role is not Role.VERIFIER}
"""Whose turn it is depends on the action that waits, see `_check_waits`."""


@action(
    "pendingActionConfirm",
    may=_ANYBODY,
    about=PENDING,
    returns="pending_action",
    step_up=True,
    refuses=("pending.altered", "pending.asker_gone", "pending.ended", "pending.same_person"),
    performs_another=True,
)
async def confirm(act: Act, pending: PendingActionRow) -> PendingActionRow:
    """Confirm what another person asked for; then it is done, exactly as it was asked for.

    Raises:
        Rejected: The same person, another role, it has ended or lapsed; or what speaks against it
            by now.
    """
    _check_waits(act, pending)
    if not _may_confirm(act, pending):
        _refuse_role(act, pending)
    if act.by == pending.asked_by:
        raise refusal("pending.same_person")
    asked, given = _stated(act, pending)
    # The authority of who asked is looked at again; the actor is theirs, the word another's.
    asker = Actor(pending.asked_by, pending.asked_as, pending.asked_for)
    if not await act.environment.parties.is_known(act.session, act.keyring, asker, act.now):
        raise refusal("pending.asker_gone")
    key = given.get("idempotency_key") or ""
    theirs = Act(act.session, asker, act.environment, pending.reason, given.get("document"), key)
    await check_takes_part(asked, theirs)
    subject = await find_subject(asked, theirs, given, grant_of(asked, asker))
    outcome = await work(asked, theirs, given, subject)
    _end(act, pending, PendingState.CONFIRMED)
    await act.session.flush()
    await auditing.record_done(
        asked, theirs, pending.input_digest, subject, outcome.results, confirmed_by=act.by
    )
    return pending


def _stated(act: Act, pending: PendingActionRow) -> tuple[Action[Any, Any], dict[str, Any]]:
    """Return the action and exactly the input that was asked for.

    Raises:
        Rejected: What was asked for was altered, or is no longer asked for in this form.
    """
    asked: Action[Any, Any] | None = act.environment.actions.get(pending.action)
    try:
        stated = json.loads(act.keyring.open_input(pending.sealed_input, pending.bound()))
        if asked is not None:
            given = {one.name: restored(one.type, stated[one.name]) for one in asked.inputs}
            if input_digest(asked, act, given) == pending.input_digest:
                return asked, given
    except (CannotOpen, KeyError, ValueError):
        pass
    raise refusal("pending.altered")


@action(
    "pendingActionReject",
    may=_ANYBODY,
    about=PENDING,
    returns="pending_action",
    refuses=("pending.ended",),
)
async def reject(act: Act, pending: PendingActionRow, *, remarks: str) -> PendingActionRow:
    """Refuse to confirm what another person asked for, with remarks.

    Args:
        act: The act.
        pending: What waits.
        remarks: Why, 1 to 200 characters.
    """
    _check_waits(act, pending)
    if not _may_confirm(act, pending):
        _refuse_role(act, pending)
    reject_if(text_problems(remarks, 200, "remarks"))
    pending.remarks = remarks
    _end(act, pending, PendingState.REJECTED)
    return pending


@action(
    "pendingActionWithdraw",
    may=_ANYBODY,
    about=PENDING,
    returns="pending_action",
    refuses=("pending.ended", "pending.not_asked_by_you"),
)
async def withdraw(act: Act, pending: PendingActionRow) -> PendingActionRow:
    """Withdraw what one asked for oneself."""
    _check_waits(act, pending)
    if not _asked_it(act, pending):
        raise refusal("pending.not_asked_by_you")
    _end(act, pending, PendingState.WITHDRAWN)
    return pending


ACTIONS = (confirm, reject, withdraw)


def _may_confirm(act: Act, pending: PendingActionRow) -> bool:
    actor = act.actor
    is_own = pending.organization_id is None or pending.organization_id == actor.organization_id
    return actor.role is pending.confirmer and (is_own or actor.organization_id is None)


def _asked_it(act: Act, pending: PendingActionRow) -> bool:
    """Tell whether the actor asked for it, as what they act as now."""
    asked_as = (pending.asked_by, pending.asked_as, pending.asked_for)
    return asked_as == (act.by, act.actor.role, act.actor.organization_id)


def _refuse_role(act: Act, pending: PendingActionRow) -> None:
    facts = {"role": act.actor.role, "needed": pending.confirmer}
    raise Rejected([Problem(code="access.role", facts=facts)])


def _check_waits(act: Act, pending: PendingActionRow) -> None:
    """Refuse what the actor has no part in, as if it were not there, and what has ended."""
    if not _asked_it(act, pending) and not _may_confirm(act, pending):
        raise refusal("pending.not_found", "id")
    if pending.state is PendingState.WAITING and act.now >= pending.lapses_at:
        raise refusal("pending.ended", "id", state=PendingState.LAPSED)
    if pending.state is not PendingState.WAITING:
        raise refusal("pending.ended", "id", state=pending.state)


def _end(act: Act, pending: PendingActionRow, state: PendingState) -> None:
    pending.state, pending.ended_by, pending.ended_at = state, act.by, act.now
    pending.sealed_input = b""  # its hash stays
