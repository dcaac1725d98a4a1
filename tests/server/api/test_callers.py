"""Callers are remembered for a second at most, and asked for once however many come at a time."""

import asyncio
from datetime import timedelta

from sqlalchemy import event

from certgraph.actions.parties import Role
from certgraph.api.callers import REMEMBER, Callers
from certgraph.database import make_read_sessions
from certgraph.organizations.tokens import create_token, revoke_token


async def token_of(house):
    row, token = await house.perform(create_token, name="test", role=Role.VERIFIER, lifetime_days=1)
    return token, row.id


async def test_a_token_revoked_elsewhere_ends_within_a_second(house):
    token, token_id = await token_of(house)
    callers, now = Callers(make_read_sessions(house.engine), house.keyring), house.now
    assert (await callers.caller(token, now=now)).name == f"token {token_id}"
    await house.perform(revoke_token, token_id=token_id)
    assert await callers.caller(token, now=now + REMEMBER - timedelta(milliseconds=1)) is not None
    assert await callers.caller(token, now=now + REMEMBER) is None
    assert timedelta(seconds=1) == REMEMBER


async def test_a_token_revoked_here_ends_at_once(house):
    token, token_id = await token_of(house)
    callers = Callers(make_read_sessions(house.engine), house.keyring)
    await callers.caller(token, now=house.now)
    await house.perform(revoke_token, token_id=token_id)
    callers.clear()
    assert await callers.caller(token, now=house.now) is None


async def test_many_requests_with_a_token_ask_the_database_once(house):
    token, token_id = await token_of(house)
    callers, asked = Callers(make_read_sessions(house.engine), house.keyring), []
    event.listen(
        house.engine.sync_engine,
        "before_cursor_execute",
        lambda _c, _cursor, statement, *_: asked.append(statement),
    )
    found = await asyncio.gather(*(callers.caller(token, now=house.now) for _ in range(20)))
    assert {caller.name for caller in found} == {f"token {token_id}"}
    assert len([statement for statement in asked if statement != "BEGIN"]) == 1


async def test_bad_tokens_are_not_remembered(house):
    callers = Callers(make_read_sessions(house.engine), house.keyring)
    for n in range(5):
        assert await callers.caller(f"bad {n}", now=house.now) is None
    assert len(callers._known) == 0
