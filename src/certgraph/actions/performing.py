# ruff: noqa: ANN401 - of any action
"""Performing an action: authority, repetition, subject, second person, work, audit, commit."""

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any
from uuid import UUID

from certgraph.actions import auditing, queries
from certgraph.actions.acting import Act, Environment
from certgraph.actions.declaring import Action, Subject, extras_of
from certgraph.actions.parties import Actor, Grant, Relation, Role
from certgraph.actions.pending_states import LAPSES_AFTER, PendingState
from certgraph.actions.tables import PendingActionRow
from certgraph.database import (
    Base,
    DatabaseError,
    Session,
    is_busy,
    is_conflict,
    is_deadlock,
)
from certgraph.problems import Problem, Rejected, refusal, reject_if
from certgraph.randomness import new_id
from certgraph.text import text_problems

logger = logging.getLogger("certgraph.actions")

_TRIES = 5
AnyAction = Action[Any, Any]
Given = Mapping[str, Any]


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
    grant = grant_of(action, actor)
    try:
        outcome = await _committed(action, environment, actor, given, grant)
    except Rejected:
        # A twin of the same moment was faster: what speaks against it is what the twin made.
        made = await _made_meanwhile(action, environment, actor, given, grant)
        if made is None:
            raise
        outcome = made
    if action.then is not None and outcome.pending is None:
        try:
            await action.then(environment, _as_returned(action, outcome.results))
        except DatabaseError as error:  # it is committed: sent again, it goes on
            if not (is_busy(error) or is_deadlock(error)):
                raise
            raise refusal("access.busy") from None
    environment.done(action.name)
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
    reason, document = given.get("reason") or "", given.get("document")
    return Act(session, actor, environment, reason, document, key)


async def _made_meanwhile(
    action: AnyAction, environment: Environment, actor: Actor, given: Given, grant: Grant
) -> Outcome | None:
    """Return what a request with the same key made while this one was performed."""
    if not action.once:
        return None
    async with environment.sessions() as session:
        act = _act(session, action, environment, actor, given)
        caller, digest = _caller(action, act, given), request_digest(action, act, given)
        before = await queries.created_before(session, caller, act.key, digest)
        return None if before is None else await _found_again(action, session, before, grant)


async def _performed(action: AnyAction, act: Act, given: Given, grant: Grant) -> Outcome:
    # 1. What the engine itself takes: key, reason, document.
    problems = _own_problems(action, grant, given)
    digest, asked = input_digest(action, act, given), request_digest(action, act, given)
    # 2. A request that was done before answers the same.
    if action.once and not problems:
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
    # 4. A second person, or the work; its own reasons against it come with ours.
    if grant.second is not None:
        pending = await _waiting(action, act, given, subject, grant.second, problems)
        outcome = Outcome([None] * len(action.returns), pending)
    else:
        outcome = await work(action, act, given, subject, problems)
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
    if outcome.pending is None:
        await record(action, act, digest, subject, outcome)
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
    tried = await act.session.begin_nested()
    try:
        await work(action, act, given, subject, problems)
    finally:
        await tried.rollback()
    pending.sealed_input = act.keyring.seal_input(stated, pending.bound())
    act.session.add(pending)
    return pending


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


def grant_of(action: AnyAction, actor: Actor) -> Grant:
    """Return what the actor's role may; known before anything is read. Raises `Rejected`."""
    if actor.role is None:
        raise refusal("access.token_required")
    grant = action.may.get(actor.role)
    if grant is None:
        facts = {"role": actor.role, "needed": tuple(action.may)}
        raise Rejected([Problem(code="access.role", facts=facts, rule=action.rule)])
    return grant


def _own_problems(action: AnyAction, grant: Grant, given: Given) -> list[Problem]:
    problems: list[Problem] = []
    if action.once:
        problems += text_problems(given["idempotency_key"], 100, "idempotency_key")
    for name in ("document", "reason"):
        value = given.get(name)
        is_wanted = grant.on_behalf or (name == "reason" and action.reason)
        if value is None and is_wanted:
            problems.append(Problem(code=f"access.{name}_required", path=(name,)))
        elif value is not None:
            found = text_problems(value, 200, name)
            if not found and not any(character.isalnum() for character in value):
                found = [Problem(code=f"access.{name}_required", path=(name,))]
            problems += found
    return problems


async def check_takes_part(action: AnyAction, act: Act) -> None:
    """Refuse an organization that has left the programme. Raises `Rejected`."""
    if act.actor.organization_id is not None and not action.after_leaving:
        parties = act.environment.parties
        reject_if(await parties.left(act.session, act.actor.organization_id))


async def find_subject(action: AnyAction, act: Act, given: Given, grant: Grant) -> object:
    """Return what an action is about, if the actor may act on it; None of one that creates.

    Raises:
        Rejected: There is none, or it is another's: the same refusal.
    """
    about: Subject[Any] | None = action.about
    if about is None:
        return None
    named = given[about.key]
    row = None if named is None else await about.find(act.session, named)
    if row is not None and await _is_related(about, act, row, grant.relation):
        return row
    is_bound = grant.relation is not Relation.ANY
    code = about.foreign if about.foreign and is_bound else about.missing
    shown = named.hex() if isinstance(named, bytes) else named
    raise refusal(code, about.key, **{about.key.removeprefix("organization_"): shown, "id": shown})


async def _is_related(about: Subject[Any], act: Act, row: object, relation: Relation) -> bool:
    mine = act.actor.organization_id
    owner = about.owner(row)
    if relation is Relation.OWN:
        return mine is not None and owner == mine
    if relation is Relation.OVER:
        if mine is None or owner is None:
            return False
        return await act.environment.parties.supervises(act.session, mine, owner)
    if relation is Relation.TURN:
        return about.parties is None or mine in about.parties(row)
    return True


async def _found_again(
    action: AnyAction, session: Session, keys: Sequence[UUID], grant: Grant
) -> Outcome:
    """Return what a request made before, from the keys of its rows in their order."""
    if grant.second is not None:
        pending = await session.get_one(PendingActionRow, keys[0])
        return Outcome([None] * len(action.returns), pending)
    left = iter(keys)
    results = [
        await session.get_one(plain, next(left)) if is_row(plain) else None
        for plain in (extras_of(result)[0] for result in action.results)
    ]
    return Outcome(results)


def _keys(outcome: Outcome) -> list[UUID]:
    """Return the keys of the rows that were made, or of what waits."""
    if outcome.pending is not None:
        return [outcome.pending.id]
    made = [one for one in outcome.results if is_row(type(one))]
    return [one.id for one in made]


def is_row(type_: object) -> bool:
    """Tell whether a result's type is a table's."""
    return isinstance(type_, type) and issubclass(type_, Base)


def _as_returned(action: AnyAction, results: Sequence[Any]) -> Any:
    return tuple(results) if len(action.returns) > 1 else results[0]


async def record(
    action: AnyAction,
    act: Act,
    digest: str,
    subject: object,
    outcome: Outcome,
    *,
    confirmed_by: str | None = None,
) -> None:
    """Add the audit entry of what was done, as the last write of its transaction.

    Where several things were changed, each has an entry, so that it is found by each.
    """
    for changed in _changed(action, act, subject, outcome):
        await auditing.record(act, action.name, digest, subject=changed, confirmed_by=confirmed_by)


def _changed(
    action: AnyAction, act: Act, subject: object, outcome: Outcome
) -> list[tuple[str, UUID, UUID | None] | None]:
    """Return what entries are about: table, key and owner of each thing that was changed.

    What was made or changed first, and what the action says that it touched besides.
    """
    first: Any = outcome.results[0] if outcome.results else None
    rows: list[Any] = first if isinstance(first, list) else [first]
    if not any(is_row(type(row)) for row in rows):
        rows = [subject]
    about = action.about
    owner = about.owner(subject) if about is not None and subject is not None else None
    rows += [row for row in act.touched if row not in rows]
    return [_entry_of(row, owner) if is_row(type(row)) else None for row in rows]


def _entry_of(row: Any, owner: UUID | None) -> tuple[str, UUID, UUID | None]:
    """Return table, key and owner of a row; an organization is its own."""
    itself = row.id if row.__tablename__ == "organizations" else None
    return row.__tablename__, row.id, owner or getattr(row, "organization_id", itself)


def input_digest(action: AnyAction, act: Act, given: Given) -> str:
    """Return the keyed hash of an input, whatever the order of its fields was."""
    canonical = json.dumps(
        [action.name, {one.name: plain(given.get(one.name)) for one in action.inputs}],
        ensure_ascii=False,
        sort_keys=True,
    )
    return act.keyring.input_digest(canonical.encode(errors="surrogatepass"))


def _caller(action: AnyAction, act: Act, given: Given) -> str:
    """Return within what a key is unique: the token, or what the command line names."""
    if act.actor.by_hand and action.about is not None:
        return f"{act.by} {given[action.about.key]}"[:80]
    return act.by


def request_digest(action: AnyAction, act: Act, given: Given) -> str:
    """Return the hash by which a repeated request is known.

    Whoever acts on behalf may say from what and why in other words.
    """
    said = {} if action.reason else {"reason": None}
    return input_digest(action, act, {**given, "document": None, **said})


def plain(value: Any) -> Any:
    """Return a value of an input as JSON states it."""
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(item) for item in value]
    return value
