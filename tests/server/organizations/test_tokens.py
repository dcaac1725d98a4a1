"""Tokens: what somebody writes into the table opens nothing; who made each, and its last use."""

import asyncio
from datetime import date, timedelta
from hashlib import sha256

import pytest
from sqlalchemy import text

from certgraph.actions.parties import Role
from certgraph.api.background import Work, note_uses_forever
from certgraph.api.callers import Callers
from certgraph.database import DatabaseError, make_read_sessions
from certgraph.organizations.tables import ApiTokenRow
from certgraph.organizations.tokens import actor_of, create_token, note_uses
from tests.server.conftest import TODAY
from tests.waiting import LONG


async def made(house, role=Role.CREDIT_BANK, **given):
    return await house.perform(create_token, name="test", role=role, lifetime_days=30, **given)


async def edit(house, statement, **given):
    async with house.sessions.begin() as session:
        await session.execute(text(statement), given)


async def acts(house, token):
    async with house.sessions() as session:
        return await actor_of(session, house.keyring, token, now=house.now)


async def used_on(house, row):
    async with house.sessions() as session:
        return (await session.get_one(ApiTokenRow, row.id)).last_used_on


COLUMNS = "name, role, organization_id, created_at, expires_at, reads_learners, mac, created_by"
EDITS = {
    "another role": "role = 'operator'",
    "an organization": "organization_id = (SELECT id FROM organizations WHERE code = 'EO-001')",
    "a scope": "reads_learners = true",
    "a later end": "expires_at = '2030-01-01 00:00:00+00:00'",
    "an earlier beginning": "created_at = '2020-01-01 00:00:00+00:00'",
    "another name": "name = 'x'",
    "another maker": "created_by = 'x'",
}


@pytest.mark.parametrize("what", EDITS)
async def test_a_token_that_is_edited_opens_nothing_and_that_is_logged(house, caplog, what):
    row, token = await made(house)
    assert (await acts(house, token)).role is Role.CREDIT_BANK
    await edit(house, f"UPDATE api_tokens SET {EDITS[what]}")  # noqa: S608 - of this file
    assert await acts(house, token) is None
    assert [one.getMessage() for one in caplog.records] == [
        f"token {row.id} is not as it was made: it is refused"
    ]


async def test_a_token_that_somebody_adds_opens_nothing(house):
    await made(house)
    values = "(SELECT id FROM organizations WHERE code = 'EO-001'), :key"
    await edit(
        house,
        f"INSERT INTO api_tokens (id, token_key, {COLUMNS}) "  # noqa: S608 - of this file
        f"SELECT {values}, {COLUMNS} FROM api_tokens",
        key=sha256(b"mine").digest(),
    )
    assert await house.count("api_tokens") == 2
    assert await acts(house, "mine") is None


async def test_who_made_a_token_is_kept_with_it(house):
    row, _ = await made(house)
    assert (row.created_by, row.last_used_on) == ("test", None)


def work_of(house, callers):
    return Work(
        settings=house.settings,
        keyring=house.keyring,
        sessions=house.sessions,
        reads=house.sessions,
        random=house.random,
        clock=lambda: house.now,
        callers=callers,
    )


async def test_the_day_of_the_last_use_is_noted_once_and_never_goes_back(house):
    row, token = await made(house)
    callers = Callers(make_read_sessions(house.engine), house.keyring)
    for minutes in (0, 1, 2):
        await callers.caller(token, now=house.now + timedelta(minutes=minutes))
    uses = callers.uses_to_note()
    assert (uses, callers.uses_to_note()) == ({row.id: TODAY}, {})
    await note_uses(house.sessions, uses)
    assert await used_on(house, row) == TODAY
    await note_uses(house.sessions, {row.id: date(2026, 11, 20)})  # by a server that comes late
    assert await used_on(house, row) == TODAY
    await callers.caller(token, now=house.now + timedelta(days=1))
    assert callers.uses_to_note() == {row.id: TODAY + timedelta(days=1)}


async def test_a_server_that_ends_notes_what_it_still_has_to_note(house):
    row, token = await made(house)
    callers = Callers(make_read_sessions(house.engine), house.keyring)
    await callers.caller(token, now=house.now)
    work = work_of(house, callers)
    noting = asyncio.create_task(note_uses_forever(work))
    await asyncio.sleep(0)
    work.stopping.set()
    await asyncio.wait_for(noting, LONG)
    assert await used_on(house, row) == TODAY


async def test_a_use_that_cannot_be_noted_is_noted_with_the_next_try(house):
    row, token = await made(house)
    callers = Callers(make_read_sessions(house.engine), house.keyring)
    await callers.caller(token, now=house.now)
    await edit(house, "ALTER TABLE api_tokens RENAME COLUMN last_used_on TO was_used_on")
    work = work_of(house, callers)
    work.stopping.set()
    await note_uses_forever(work)
    uses = callers.uses_to_note() or {row.id: TODAY}
    with pytest.raises(DatabaseError):
        await note_uses(house.sessions, uses)
    callers.note_again(uses)
    await edit(house, "ALTER TABLE api_tokens RENAME COLUMN was_used_on TO last_used_on")
    await note_uses(house.sessions, callers.uses_to_note())
    assert await used_on(house, row) == TODAY
