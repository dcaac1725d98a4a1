# ruff: noqa: ANN401 - of any action
"""Performing an action: authority, repetition, subject, second person, work, audit, commit."""

import asyncio
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from certgraph.actions import auditing, queries
from certgraph.actions.acting import Act, Environment
from certgraph.actions.authority import (
    AnyAction,
    Given,
    check_signed_in,
    check_takes_part,
    find_subject,
    grant_of,
)
from certgraph.actions.conditions import is_there_already, own_problems
from certgraph.actions.declaring import extras_of, is_row
from certgraph.actions.inputs import input_digest, plain, request_digest
from certgraph.actions.parties import Actor, Grant, Role
from certgraph.actions.pending_states import LAPSES_AFTER, PendingState
from certgraph.actions.refusals import as_declared
from certgraph.actions.tables import PendingActionRow
from certgraph.database import DatabaseError, Session, is_busy, is_conflict, is_deadlock
from certgraph.problems import Problem, Rejected, refusal, reject_if
from certgraph.randomness import new_id

logger = logging.getLogger("certgraph.actions")

_TRIES = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an action gave.

    Attributes:
        results: In the order of its `returns`: rows, lists of rows, plain values; each None where
            it waits for a second person, and secrets where the request is repeated.
        pending: What waits for a second person, where it does.
    """

    results: Sequence[Any]
    pending: PendingActionRow | None = None


class _Again(Exception):
    """A parallel request with the same key was faster; this one finds what it made."""


async def perform(
    action: AnyAction, environment: Environment, actor: Actor, given: Given
) -> Outcome:
    """Perform an action and commit it.

    Raises:
        Rejected: Every reason against it; nothing was changed.
    """
    with as_declared(action, environment.parties):
        outcome = await _done(action, environment, actor, given)
    environment.done(action.name)
    return outcome


async def _done(action: AnyAction, environment: Environment, actor: Actor, given: Given) -> Outcome:
    """Perform an action, commit it, and go on with what comes then."""
    grant = grant_of(action, actor)
    check_signed_in(action, actor, environment.now)
    try:
        outcome = await _committed(action, environment, actor, given, grant)
    except Rejected:
        # A twin of the same moment was faster: what speaks against it is what the twin made.
        made = await _made_meanwhile(action, environment, actor, given, grant)
        if made is None:
            raise
        outcome = made
    if action.then is not None and outcome.pending is None and not given.get("dry_run"):
        try:
            await action.then(environment, _as_returned(action, outcome.results))
        except DatabaseError as error:  # it is committed: sent again, it goes on
            if not (is_busy(error) or is_deadlock(error)):
                raise
            raise refusal("access.busy") from None
    return outcome


async def _committed(
    action: AnyAction, environment: Environment, actor: Actor, given: Given, grant: Grant
) -> Outcome:
    """Perform it in one transaction; again where the database ended it to let another go on."""
    for attempt in range(_TRIES):
        try:
            async with environment.sessions.begin() as session:
                return await _performed(
                    action, _act(session, action, environment, actor, given), given, grant
                )
        except _Again:
            continue
        except DatabaseError as error:
            if is_busy(error):
                break
            if not (is_deadlock(error) or is_conflict(error)):
                raise
            logger.info("%s is tried again: %s", action.name, type(error).__name__)
            await asyncio.sleep(attempt * environment.random.uniform(0.02, 0.1))
    raise refusal("access.busy")


def _act(
    session: Session, action: AnyAction, environment: Environment, actor: Actor, given: Given
) -> Act:
    key = given.get("idempotency_key", "") if action.once else ""
    if given.get("dry_run"):  # whatever was made with the caller's key is another matter
        key = new_id(environment.random).hex
    reason, document = given.get("reason") or "", given.get("document")
    return Act(session, actor, environment, reason, document, key)


async def _made_meanwhile(
    action: AnyAction, environment: Environment, actor: Actor, given: Given, grant: Grant
) -> Outcome | None:
    """Return what a request with the same key made while this one was performed."""
    if not action.once or given.get("dry_run") or own_problems(action, grant, given):
        return None
    async with environment.sessions() as session:
        act = _act(session, action, environment, actor, given)
        caller, digest = _caller(action, act, given), request_digest(action, act, given)
        before = await queries.created_before(session, caller, act.key, digest)
        return None if before is None else await _found_again(action, session, before, grant)


async def _performed(action: AnyAction, act: Act, given: Given, grant: Grant) -> Outcome:
    # 1. What the engine itself takes: key, reason, document.
    problems = own_problems(action, grant, given)
    digest, asked = input_digest(action, act, given), request_digest(action, act, given)
    # 2. A request that was done before answers the same; one that does nothing has no key.
    is_dry = bool(given.get("dry_run"))
    if action.once and not problems and not is_dry:
        before = await queries.created_before(
            act.session, _caller(action, act, given), given["idempotency_key"], asked
        )
        if before is not None:
            if action.then is not None:  # it may go on
                await check_takes_part(action, act)
            return await _found_again(action, act.session, before, grant)
    # 3. Whether the actor still takes part, and the subject is its to change.
    await check_takes_part(action, act)
    try:
        subject = await find_subject(action, act, given, grant)
    except Rejected as rejected:
        raise Rejected([*problems, *rejected.problems]) from None
    about = getattr(subject, "id", None)  # known also when what was tried is taken back
    # 4. A second person, or the work; its own reasons against it come with ours.
    try:
        if is_dry:
            return await _tried(action, act, given, subject, problems)
        is_repeated = is_there_already(action, given, subject, problems)
        if is_repeated:
            outcome = Outcome([subject])
        elif grant.second is not None:
            pending = await _waiting(action, act, given, subject, grant.second, problems)
            outcome = Outcome([None] * len(action.returns), pending)
        else:
            outcome = await work(action, act, given, subject, problems)
    except Rejected as rejected:
        rejected.about = about
        raise
    # 5. The key, then the audit entry: nobody waits for anybody while holding the trail's head.
    await act.session.flush()
    if action.once and not await queries.remember_created(
        act.session,
        _caller(action, act, given),
        given["idempotency_key"],
        asked,
        _keys(outcome),
        act.now,
    ):
        await act.session.rollback()
        raise _Again
    if outcome.pending is None and not is_repeated:
        await auditing.record_done(action, act, digest, subject, outcome.results)
    return outcome


async def _waiting(
    action: AnyAction,
    act: Act,
    given: Given,
    subject: Any,
    confirmer: Role,
    problems: Sequence[Problem],
) -> PendingActionRow:
    """Record what somebody asks for, with its exact input, for another person to confirm.

    What is asked for already, and still waits, is returned as it is.

    Raises:
        Rejected: What speaks against it now, as far as it can be known before it is done.
    """
    digest = input_digest(action, act, given)
    asked = await queries.pending_with(act.session, action.name, digest, act.by, act.now)
    if asked is not None:
        return asked
    assert act.actor.role is not None  # noqa: S101 - the public asks for nothing
    id_ = new_id(act.random)
    stated = json.dumps({one.name: plain(given.get(one.name)) for one in action.inputs}).encode()
    pending = PendingActionRow(
        id=id_,
        action=action.name,
        sealed_input=b"",
        input_digest=digest,
        subject_id=getattr(subject, "id", None),
        organization_id=_owner_of(action, subject) or act.actor.organization_id,
        reason=act.reason,
        asked_by=act.by,
        asked_as=act.actor.role,
        asked_for=act.actor.organization_id,
        asked_at=act.now,
        lapses_at=act.now + LAPSES_AFTER,
        confirmer=confirmer,
        state=PendingState.WAITING,
    )
    await _tried(action, act, given, subject, problems)
    pending.sealed_input = act.keyring.seal_input(stated, pending.bound())
    act.session.add(pending)
    return pending


async def _tried(
    action: AnyAction, act: Act, given: Given, subject: Any, problems: Sequence[Problem]
) -> Outcome:
    """Do the work and take it back. Raises `Rejected` with what speaks against it."""
    tried = await act.session.begin_nested()
    try:
        outcome = await work(action, act, given, subject, problems)
        await act.session.flush()
    finally:
        await tried.rollback()
    return Outcome([[] if isinstance(one, list) else None for one in outcome.results])


def _owner_of(action: AnyAction, subject: Any) -> UUID | None:
    return None if action.about is None else action.about.owner(subject)


async def work(
    action: AnyAction,
    act: Act,
    given: Given,
    subject: object,
    problems: Sequence[Problem] = (),
) -> Outcome:
    """Do the work of an action. Raises `Rejected` with its reasons and `problems`."""
    arguments, rest = action.arguments(act, subject, given)
    try:
        result = await action.function(*arguments, **rest)
    except Rejected as rejected:
        raise Rejected([*problems, *rejected.problems]) from None
    reject_if(problems)
    return Outcome(result if len(action.returns) > 1 else (result,))


async def _found_again(
    action: AnyAction, session: Session, keys: Sequence[UUID], grant: Grant
) -> Outcome:
    """Return what a request made before, from the keys of its rows in their order.

    Raises:
        Rejected: It was deleted since.
    """
    if grant.second is not None:
        pending = await session.get_one(PendingActionRow, keys[0])
        return Outcome([None] * len(action.returns), pending)
    left = iter(keys)
    results: list[Any] = []
    for type_ in (extras_of(result)[0] for result in action.results):
        found = await session.get(type_, next(left)) if is_row(type_) else None
        if found is None and is_row(type_):  # as where its holder was erased meanwhile
            raise refusal("access.made_before_gone", "idempotency_key")
        results.append(found)
    return Outcome(results)


def _keys(outcome: Outcome) -> list[UUID]:
    """Return the keys of the rows that were made, or of what waits."""
    if outcome.pending is not None:
        return [outcome.pending.id]
    made = [one for one in outcome.results if is_row(type(one))]
    return [one.id for one in made]


def _as_returned(action: AnyAction, results: Sequence[Any]) -> Any:
    return tuple(results) if len(action.returns) > 1 else results[0]


def _caller(action: AnyAction, act: Act, given: Given) -> str:
    """Return within what a key is unique: token, membership, or what the command line names."""
    if act.actor.by_hand and action.about is not None:
        return f"{act.by} {given[action.about.key]}"[:80]
    return act.by if act.actor.person is None else f"{act.by} {act.actor.token_id}"
