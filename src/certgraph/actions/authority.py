# ruff: noqa: ANN401 - what any action is about
"""Who may: role, part in the programme, and relation to what an action is about."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from certgraph.actions.acting import Act, Environment
from certgraph.actions.declaring import Action, Subject
from certgraph.actions.parties import Actor, Grant, Relation, Role
from certgraph.database import Session
from certgraph.problems import Problem, Rejected, refusal, reject_if

STEP_UP = timedelta(minutes=10)
"""How long after they signed in people may do what they must step up for."""

AnyAction = Action[Any, Any]
Given = Mapping[str, Any]


def grant_of(action: AnyAction, actor: Actor) -> Grant:
    """Return what the actor's role may; known before anything is read. Raises `Rejected`."""
    if actor.role is None:
        raise refusal("access.token_required")
    grant = action.may.get(actor.role)
    if grant is None:
        facts = {"role": actor.role, "needed": tuple(action.may)}
        raise Rejected([Problem(code="access.role", facts=facts, rule=action.rule)])
    return grant


def check_signed_in(action: AnyAction, actor: Actor, now: datetime) -> None:
    """Refuse a person who signed in too long ago for this. Raises `Rejected`."""
    if action.step_up and actor.signed_in_at is not None and now >= actor.signed_in_at + STEP_UP:
        raise refusal("access.sign_in_again", minutes=STEP_UP // timedelta(minutes=1))


async def check_takes_part(action: AnyAction, act: Act) -> None:
    """Refuse an organization that has left the programme. Raises `Rejected`."""
    if act.actor.organization_id is not None and not action.after_leaving:
        parties = act.environment.parties
        reject_if(await parties.left(act.session, act.actor.organization_id, act.now))


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
    if row is not None and await _is_related(
        about, act.session, act.environment, act.actor, row, grant.relation
    ):
        return row
    raise _missing(about, named, grant)


async def subject_seen(
    action: AnyAction, session: Session, environment: Environment, actor: Actor, key: UUID | None
) -> Any:
    """Return what an action is about to whoever may perform it; it is read, and not locked.

    Raises:
        Rejected: The actor may not, there is none, or it is another's: the same refusal.
    """
    grant, about = grant_of(action, actor), action.about
    assert about is not None  # noqa: S101 - it is about something
    row = None if key is None else await session.get(about.row, key)
    if row is not None and await _is_related(
        about, session, environment, actor, row, grant.relation
    ):
        return row
    raise _missing(about, key, grant)


def _missing(about: Subject[Any], named: object, grant: Grant) -> Rejected:
    is_bound = grant.relation is not Relation.ANY
    code = about.foreign if about.foreign and is_bound else about.missing
    shown = named.hex() if isinstance(named, bytes) else "?" if named is None else named
    return refusal(code, about.key, **{about.key.removeprefix("organization_"): shown, "id": shown})


async def _is_related(
    about: Subject[Any],
    session: Session,
    environment: Environment,
    actor: Actor,
    row: object,
    relation: Relation,
) -> bool:
    mine = actor.organization_id
    owner = about.owner(row)
    if actor.role is Role.HOLDER:
        concerned = about.certificates(row) if about.certificates else ()
        is_theirs = bool(concerned) and actor.certificate_ids.issuperset(concerned)
        return is_theirs and mine in (None, owner)
    if relation is Relation.OWN:
        return mine is not None and owner == mine
    if relation is Relation.OVER:
        if mine is None or owner is None:
            return False
        return await environment.parties.supervises(session, mine, owner)
    if relation is Relation.TURN:
        if about.parties is None:  # the action itself knows
            return True
        return mine is not None and mine in about.parties(row)
    return True
