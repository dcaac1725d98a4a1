"""What load balancers, and who watches, are told by /livez and /readyz."""

from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from random import Random

import httpx2
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from certgraph.api.app import make_app
from certgraph.api.http import health
from certgraph.cli.migrations import head_revision
from certgraph.organizations.signers import check_master_key
from tests.server.trust.test_lists import new_list, published

PUBLISHED = "published: 2026-11-23T12:00:00+08:00"
UNTIL = "trust list: until 2027-05-22T12:00:00+08:00"


@asynccontextmanager
async def asking(house, *, at=None, revision=None, **settings):
    """Ask a server; what asks returns the status of /readyz, and its lines."""
    when = at or house.now
    app = make_app(
        house.settings.model_copy(update=settings),
        clock=lambda: when,
        random=Random(5),
        publishing=False,
        revision=revision or head_revision(),
    )
    transport = httpx2.ASGITransport(app, raise_app_exceptions=True)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as http:

        async def look():
            answer = await http.get("/readyz")
            assert answer.headers["cache-control"] == "no-store"
            return answer.status_code, answer.text.splitlines()

        assert (await http.get("/livez")).text == "ok\n"
        yield look
    await app.server.close()


async def looked(house, **options):
    """Return the status of /readyz, and its lines but that on the clock."""
    async with asking(house, **options) as look:
        status, lines = await look()
    return status, [line for line in lines if not line.startswith("clock:")]


async def furnished(house):
    """Publish trust data."""
    await new_list(house)
    await published(house)


CHECKED = ["database: ok", "revision: ok", "master key: ok"]


async def test_a_server_is_ready_once_trust_data_are_published(house):
    none = (503, ["not ready", *CHECKED, "trust data: none"])
    ready = (200, ["ok", *CHECKED, PUBLISHED, UNTIL])
    late = (200, ["ok", *CHECKED, f"{PUBLISHED}, late", f"{UNTIL}, ended"])
    assert await looked(house) == none
    await furnished(house)
    assert await looked(house) == ready
    assert await looked(house, at=house.now + timedelta(hours=24)) == ready
    assert await looked(house, at=house.now + timedelta(days=180)) == late


async def test_a_server_of_another_version_or_with_another_key_is_not_ready(house):
    await furnished(house)
    async with house.sessions.begin() as session:
        await check_master_key(session, house.keyring)
    head = head_revision()
    assert await looked(house, revision="1") == (503, ["not ready", f"revision: {head}, not 1"])
    status, lines = await looked(house, master_key=SecretStr(bytes(range(1, 33)).hex()))
    wrong = "master key: another one was used here before"
    assert (status, lines[0], lines[3]) == (503, "not ready", wrong)
    async with house.engine.begin() as connection:
        await connection.execute(text("DROP TABLE alembic_version"))
    assert await looked(house) == (503, ["not ready", f"revision: None, not {head}"])


@pytest.mark.parametrize("seconds", [0, 3_600])
async def test_a_clock_that_differs_from_the_databases_is_said(house, monkeypatch, seconds):
    await furnished(house)
    monkeypatch.setattr(health, "CLOCK_DIFFERENCE", timedelta(seconds=300))
    at = datetime.now(UTC) + timedelta(seconds=seconds)  # noqa: TID251 - as PostgreSQL's
    async with asking(house, at=at) as look:
        status, lines = await look()
    (line,) = [one for one in lines if one.startswith("clock:")]
    differs = seconds == 3_600 and house.url.startswith("postgresql")
    assert status == 200
    assert line.endswith(" s from the database's") if differs else line == "clock: ok"


async def test_who_asks_again_and_again_is_answered_from_one_look(house, monkeypatch):
    await furnished(house)
    monkeypatch.setattr(health, "KEEP_SECONDS", 3_600)
    async with asking(house) as look:
        first = await look()
        async with house.engine.begin() as connection:
            await connection.execute(text("DROP TABLE alembic_version"))
        assert await look() == first
