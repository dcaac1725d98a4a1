"""Twenty writers commit out of order while the client pulls and is killed: nothing lost or twice."""

import asyncio
import os
import signal
import socket
import sqlite3
import sys
from collections import Counter
from contextlib import asynccontextmanager
from random import Random

import httpx
import pytest
from sqlalchemy import text

from certgraph.organizations.rules import TokenRole
from certgraph.organizations.tokens import create_token
from tests.server.conftest import HOST, MASTER_KEY

WRITERS = 20
CERTIFICATES = 2_900
AT_ONCE = 14

COPIES = """
INSERT INTO certificates (id, number, number_key, issue_run_id, position, organization_id,
  certificate_type_id, level, standard_version_id, holder_name, holder_name_key, issued_on,
  signing_key_id, payload, signature, status_list_id, status_index, state, registration_due_on,
  registration_due_is_provisional)
SELECT gen_random_uuid(), 'W' || n, 'W' || n, issue_run_id, n, organization_id,
  certificate_type_id, level, standard_version_id, holder_name, holder_name_key, issued_on,
  signing_key_id, payload, signature, status_list_id, 1000000 + n, state, registration_due_on,
  registration_due_is_provisional
FROM certificates, generate_series(1, :count) AS n
"""
CHANGE = """
WITH changed AS (
  UPDATE certificates SET state = :state, registered_at = coalesce(registered_at, clock_timestamp())
  WHERE number = ANY(:numbers) RETURNING id
)
INSERT INTO certificate_changes (id, certificate_id, state, reason, changed_by, changed_at)
SELECT gen_random_uuid(), id, :state, 'test', 'test', clock_timestamp() FROM changed
"""
STATES = ("registered", "suspended", "registered", "suspended", "registered", "revoked")


class NaiveReader:
    """Remembers the latest change it saw, and asks for later ones: what a feed must not do."""

    def __init__(self, house):
        self.house = house
        self.seen = 0
        self.last = None

    async def look(self):
        later = "WHERE (changed_at, id) > (:at, :id)" if self.last else ""
        statement = f"SELECT changed_at, id FROM certificate_changes {later} ORDER BY 1, 2"
        values = dict(zip(("at", "id"), self.last or (), strict=False))
        async with self.house.sessions() as session:
            rows = (await session.execute(text(statement), values)).all()
        if rows:
            self.seen += len(rows)
            self.last = tuple(rows[-1])


async def write(house, numbers, random):
    """Change these certificates again and again, some at once; commit when it pleases."""
    parts = [numbers[start : start + AT_ONCE] for start in range(0, len(numbers), AT_ONCE)]
    for state in STATES:
        for part in parts if state != "revoked" else parts[::2]:
            async with house.sessions.begin() as session:
                await session.execute(text(CHANGE), {"state": state, "numbers": part})
                await asyncio.sleep(random.expovariate(1 / 0.1))


@asynccontextmanager
async def served(house):
    """A server of its own process; yields its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,  # noqa: TID251 - the child is to find the interpreter's libraries
        "CERTGRAPH_DATABASE_URL": house.url,
        "CERTGRAPH_MASTER_KEY": MASTER_KEY.hex(),
        "CERTGRAPH_PUBLIC_HOST": HOST,
        "CERTGRAPH_FOLLOW_EVERY_SECONDS": "0.2",
    }
    command = (sys.executable, "-m", "certgraph.cli.main", "serve", "--port", str(port))
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stderr=asyncio.subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    try:
        async with httpx.AsyncClient() as http:
            for _ in range(200):
                try:
                    if (await http.get(f"{url}/livez")).status_code == 200:
                        break
                except httpx.HTTPError:
                    await asyncio.sleep(0.1)
        yield url
    finally:
        process.kill()
        await process.wait()


def pull_command(url, mirror, token_file, *options):
    return (
        *(sys.executable, "-m", "certgraph.cli.main", "credit-bank", "pull", "--url", url),
        *("--mirror", mirror, "--token-file", str(token_file), *options),
    )


async def pull_and_be_killed(command, random, stop):
    """Run the client for ever, and kill it again and again; return how often."""
    kills = 0
    while not stop.is_set():
        client = await asyncio.create_subprocess_exec(*command)
        await asyncio.sleep(random.uniform(1.5, 2.5))  # it takes most of a second to start
        if client.returncode is None:
            client.send_signal(signal.SIGKILL)
            kills += 1
        assert await client.wait() == -signal.SIGKILL, "it ended by itself"
    return kills


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_the_mirror_equals_the_source_whatever_commits_late_and_whoever_is_killed(
    worthy, tmp_path
):
    house, random = worthy, Random(7)
    await house.issue()
    async with house.sessions.begin() as session:
        token, _ = await create_token(
            session,
            name="mirror",
            role=TokenRole.CREDIT_BANK,
            organization=None,
            lifetime_days=30,
            now=house.now,
            random=house.random,
            reads_learners=True,
        )
        await session.execute(text("UPDATE api_tokens SET expires_at = '2199-01-01'"))
        await session.execute(text(COPIES), {"count": CERTIFICATES})
    numbers = [f"W{n}" for n in range(1, CERTIFICATES + 1)]
    token_file = tmp_path / "token"
    token_file.write_text(token)
    mirror = tmp_path / "mirror.sqlite3"
    stop = asyncio.Event()
    naive = NaiveReader(house)

    async def read_naively():
        while not stop.is_set():
            await naive.look()
            await asyncio.sleep(0.05)
        await naive.look()

    async with served(house) as url:
        following = pull_command(
            url, f"sqlite:///{mirror}", token_file, "--follow", "0.2", "--page", "700"
        )
        pulling = asyncio.create_task(pull_and_be_killed(following, random, stop))
        looking = asyncio.create_task(read_naively())
        await asyncio.gather(
            *(write(house, numbers[n::WRITERS], Random(n)) for n in range(WRITERS))
        )
        stop.set()
        kills = await pulling
        await looking
        last = await asyncio.create_subprocess_exec(
            *pull_command(url, f"sqlite:///{mirror}", token_file),
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await last.communicate()
        assert last.returncode == 0

    written = await house.count("certificate_changes")
    assert written > 10_000
    assert kills >= 3
    assert naive.seen < written, "no transaction committed late: this test proves nothing"
    async with house.sessions() as session:
        feed = (
            await session.execute(
                text(
                    "SELECT sequence, certificate_number, version, kind FROM outcome_changes ORDER BY 1"
                )
            )
        ).all()
        source = (
            await session.execute(
                text("SELECT certificate_number, version, sha256, epoch FROM outcome_records")
            )
        ).all()
    # the feed: no gap, every record's versions one after the other, ending in a tombstone
    assert [row.sequence for row in feed] == list(range(1, len(feed) + 1))
    versions = {}
    for row in feed:
        versions.setdefault(row.certificate_number, []).append(row.version)
    assert all(found == list(range(1, len(found) + 1)) for found in versions.values())
    kinds = Counter(row.kind for row in feed)
    assert out.decode().endswith(f"{CERTIFICATES - kinds['tombstone']} records stand\n")
    assert kinds["tombstone"] > CERTIFICATES / 3
    # the mirror: the same records at the same versions with the same hashes
    with sqlite3.connect(mirror) as copy:
        mirrored = copy.execute(
            "SELECT certificate_number, version, sha256, epoch FROM mirror_records"
        )
        assert sorted(mirrored) == sorted(tuple(row) for row in source)
        assert len(source) == CERTIFICATES
    copy.close()
