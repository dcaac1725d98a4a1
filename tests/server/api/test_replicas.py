"""What the public reads comes from a replica that is near; whoever has written reads what it wrote."""

import asyncio
import logging
import os
import shutil
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import asyncpg
import httpx2
import pytest

from certgraph.actions.parties import Role
from certgraph.api import replicas
from certgraph.api.app import make_app
from certgraph.cli.migrations import migrate
from certgraph.organizations.rules import OrganizationState
from certgraph.organizations.tokens import create_token
from certgraph.settings import Settings, SettingsError
from certgraph.supervision.organization_states import change_issuer_state
from tests.server.clusters import Cluster
from tests.server.conftest import MASTER_KEY, open_house
from tests.server.trust.test_lists import new_list, published
from tests.waiting import LONG, until, until_async

pytestmark = pytest.mark.skipif(os.name == "nt", reason="PostgreSQL's sockets")
NOT_READ = "the replica is not read, the primary is: "
STATE = '{ organization(code: "EO-002") { state } }'
ACTIVE = {"organization": {"state": "ACTIVE"}}
RECTIFYING = {"organization": {"state": "RECTIFYING"}}
FEEDBACK = """mutation { feedbackSubmit(input: {
  idempotencyKey: "1", category: EXAMS, text: "何时公布成绩？"}) { trackingToken } }"""
FEEDBACK_STATUS = '{ feedbackStatus(trackingToken: "%s") { text } }'


async def furnished(url):
    house = open_house(url)
    await migrate(house.engine)
    await house.furnish()
    await new_list(house)
    await published(house)
    await house.engine.dispose()


@pytest.fixture
def clusters():
    """A server, and a replica that streams from it."""
    folder = Path(tempfile.mkdtemp(prefix="certgraph-replica-"))
    primary, replica = Cluster(folder / "primary"), Cluster(folder / "replica")
    for one in (primary, replica):
        one.folder.mkdir()
    primary.data.mkdir()
    primary.begin()
    primary.own(folder, primary.folder, replica.folder)
    asyncio.run(furnished(primary.url))
    primary.back_up_to(replica.data, "--wal-method=stream", "--write-recovery-conf")
    replica.forget_the_server_before()
    replica.begin()
    yield primary, replica
    for one in (replica, primary):
        one.end()
    shutil.rmtree(folder)


@asynccontextmanager
async def asked(house, url):
    """Return what asks the application, with a replica, for the public or with a token."""
    settings = Settings.model_validate(
        {**house.settings.model_dump(), "replica_url": url, "replica_seconds": LONG}
    )
    app = make_app(settings, clock=lambda: house.now, random=Random(5), publishing=False)
    _, token = await house.perform(
        create_token, name="x", role=Role.OPERATOR, organization_code=None, lifetime_days=1
    )
    transport = httpx2.ASGITransport(app, raise_app_exceptions=True)
    try:
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as http:

            async def ask(query, *, has_token=False):
                headers = {"Authorization": f"Bearer {token}"} if has_token else {}
                answer = await http.post("/graphql", json={"query": query}, headers=headers)
                assert answer.status_code == 200, answer.text
                return answer.json()["data"]

            ask.http, ask.replica = http, app.server.replica
            yield ask
    finally:
        await app.server.close()
        await house.engine.dispose()


async def test_the_public_reads_from_the_replica_while_it_is_near(clusters, monkeypatch, caplog):
    caplog.set_level(logging.INFO, "certgraph.replica")
    monkeypatch.setattr(replicas, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(replicas, "AWAY_SECONDS", 0.1)
    primary, replica = clusters
    house = open_house(primary.url, seed=3)
    async with asked(house, replica.url) as ask:

        def said():
            kept = [one for one in caplog.records if one.name == "certgraph.replica"]
            return [one.getMessage() for one in kept]

        async def last_said():
            await ask(STATE)
            return (said() or [""])[-1]

        async def is_not_read():
            return (await last_said()).startswith(NOT_READ)

        # 1. What is not replayed yet, the public does not see; who sends a token does.
        await until_async(lambda: _is(last_said(), "the replica is read"))
        assert await ask(STATE) == ACTIVE
        replica.server.psql("SELECT pg_wal_replay_pause();")
        await house.perform(
            change_issuer_state,
            organization_code="EO-002",
            state=OrganizationState.RECTIFYING,
            since=house.now.date(),
        )
        assert await ask(STATE) == ACTIVE
        assert await ask(STATE, has_token=True) == RECTIFYING
        # 2. What is looked up is looked up where it is written.
        written = await ask(FEEDBACK)
        status = FEEDBACK_STATUS % written["feedbackSubmit"]["trackingToken"]
        assert await ask(status) == {"feedbackStatus": {"text": "何时公布成绩？"}}
        # 3. Too far behind, it is not read; near again, it is, while others write without an end.
        ask.replica.most_seconds = 0.5
        await until_async(lambda: _is(last_said(), f"{NOT_READ}it is too far behind"))
        assert await ask(STATE) == RECTIFYING
        async with writing(primary.url):
            replica.server.psql("SELECT pg_wal_replay_resume();")
            await until_async(lambda: _is(ask(STATE), RECTIFYING))
            ask.replica.most_seconds = 5
            await until_async(lambda: _is(last_said(), "the replica is read"))
            await until_async(lambda: _is(ask(STATE), RECTIFYING))
        assert (await ask.http.get("/readyz")).text.splitlines()[-1] == "replica: read"
        # 4. Away, the primary answers, also the request that notices it.
        replica.end()
        assert await ask(STATE) == RECTIFYING
        await until_async(is_not_read)
        replica.begin()
        await until_async(lambda: _is(last_said(), "the replica is read"))
        # 5. Where the primary cannot be asked, nobody knows how near it is.
        primary.end()
        until_said = f"{NOT_READ}the database itself does not answer"
        await until_async(lambda: _is(_said_without(ask, said), until_said))
        primary.begin()
        await until_async(lambda: _is(last_said(), "the replica is read"))
        # 6. Promoted, it is none.
        replica.server.psql("SELECT pg_promote();")
        until(lambda: replica.ask("SELECT pg_is_in_recovery();") == "f")
        await until_async(lambda: _is(last_said(), f"{NOT_READ}it is no replica"))
    assert said()[:3] == [
        "the replica is read",
        f"{NOT_READ}it is too far behind",
        "the replica is read",
    ]


@asynccontextmanager
async def writing(url):
    """Write to the log of a database, again and again."""

    async def write():
        connection = await asyncpg.connect(url)
        try:
            while True:
                await connection.execute("SELECT pg_logical_emit_message(false, 'x', 'y')")
        finally:
            connection.terminate()

    task = asyncio.create_task(write())
    try:
        yield
    finally:
        assert not task.done()
        task.cancel()


async def _said_without(ask, said):
    """Ask, whatever is answered, and return what was said last."""
    await ask.http.post("/graphql", json={"query": STATE})
    return said()[-1]


async def _is(asked_for, expected):
    return await asked_for == expected


@pytest.mark.parametrize(
    ("database", "url", "says"),
    [
        ("sqlite:///x", "postgresql://h/d", "SQLite has no replicas"),
        ("postgresql://h/d", "sqlite:///x", "SQLite has no replicas"),
        ("postgresql://h/d", "mysql://h/d", "CERTGRAPH_REPLICA_URL: mysql is not supported"),
    ],
)
def test_what_can_be_no_replica_is_refused_at_the_start(database, url, says):
    given = {"database_url": database, "replica_url": url, "public_host": "x"}
    settings = Settings.model_validate({**given, "master_key": MASTER_KEY.hex()})
    with pytest.raises(SettingsError, match=says):
        make_app(settings, clock=lambda: None, random=Random(1), publishing=False)
