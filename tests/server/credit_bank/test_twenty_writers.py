"""Twenty writers commit out of order while the client pulls and is killed: nothing lost or twice."""

import asyncio
import json
import os
import signal
import sqlite3
import sys
from collections import Counter
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from random import Random

import httpx2
import pytest
from sqlalchemy import text

from certgraph.actions.parties import Role
from certgraph.credit_bank.records import queries as record_queries
from certgraph.organizations.tokens import create_token
from tests.ports import free_ports
from tests.server.conftest import HOST, MASTER_KEY
from tests.server.credit_kit import follow_all
from tests.waiting import until_async

WRITERS = 20
CERTIFICATES = 2_900
AT_ONCE = 14

COPIES = """
INSERT INTO certificates (id, number, number_key, issue_run_id, position, organization_id,
  certificate_type_id, level, standard_version_id, holder_name, holder_name_key, issued_on,
  signing_key_id, payload, signature, countersignature, status_list_id, status_index, state, registration_due_on,
  registration_due_is_provisional)
SELECT gen_random_uuid(), 'W' || n, 'W' || n, issue_run_id, n, organization_id,
  certificate_type_id, level, standard_version_id, holder_name, holder_name_key, issued_on,
  signing_key_id, payload, signature, countersignature, status_list_id, 1000000 + n, state, registration_due_on,
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
STATES = ("registered", "suspended")
ENTRIES = 10_000
"""How many entries of the feed the mirror is to follow; a slow follower merges more changes into one."""


async def losses(house):
    """Return what the feed and the records lack of what certificates are: nothing, if all is well."""
    found = []

    async def ask(statement):
        async with house.sessions() as session:
            return (await session.execute(text(statement))).all()

    (waiting,) = await ask("SELECT count(*) FROM certificate_changes WHERE NOT is_followed")
    if waiting[0]:
        found.append(f"{waiting[0]} changes were never followed")
    source = await ask("SELECT number, state FROM certificates WHERE registered_at IS NOT NULL")
    state_of = {"registered": "active", "suspended": "suspended", "revoked": "revoked"}
    expected = {number: state_of[state] for number, state in source}
    records = await ask("SELECT certificate_number, state, version, sha256 FROM outcome_records")
    stale = {n for n, state, *_ in records if expected[n] != state}
    if stale or len(records) != len(expected):
        found.append(f"{len(stale)} records are stale, {len(expected) - len(records)} missing")
    feed = await ask(
        "SELECT sequence, certificate_number, version, kind, sha256 FROM outcome_changes ORDER BY 1"
    )
    if [row.sequence for row in feed] != list(range(1, len(feed) + 1)):
        found.append("the feed has gaps")
    versions, last = {}, {}
    for row in feed:
        versions.setdefault(row.certificate_number, []).append(row.version)
        last[row.certificate_number] = (row.version, row.sha256)
    if any(stated != list(range(1, len(stated) + 1)) for stated in versions.values()):
        found.append("versions are not stated one after the other, each once")
    if last != {number: (version, sha256) for number, _, version, sha256 in records}:
        found.append("the last of a record in the feed is not the record")
    tombstones = Counter(row.kind for row in feed)["tombstone"]
    if tombstones != Counter(expected.values())["revoked"]:
        found.append(f"{tombstones} tombstones")
    return found


async def change(house, parts, state, random):
    """Change these certificates, some at once; commit when it pleases."""
    for part in parts:
        async with house.sessions.begin() as session:
            await session.execute(text(CHANGE), {"state": state, "numbers": part})
            await asyncio.sleep(random.expovariate(1 / 0.1))


async def write(house, numbers, random, entries):
    """Change these again and again: twice at least, and until the feed has so many; then end half."""
    parts = [numbers[start : start + AT_ONCE] for start in range(0, len(numbers), AT_ONCE)]
    times = 0
    while times < 2 or await house.count("outcome_changes") <= entries:
        for state in STATES:
            await change(house, parts, state, random)
        times += 1
    await change(house, parts, "registered", random)
    await change(house, parts[::2], "revoked", random)


@asynccontextmanager
async def served(house):
    """A server of its own process; yields its address."""
    (port,) = free_ports()
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
        async with httpx2.AsyncClient() as http:

            async def answers():
                return (await http.get(f"{url}/livez")).is_success

            await until_async(answers)
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


async def furnish(house):
    """Make the certificates that writers change; return their numbers."""
    await house.issue()
    async with house.sessions.begin() as session:
        await session.execute(text(COPIES), {"count": CERTIFICATES})
    return [f"W{n}" for n in range(1, CERTIFICATES + 1)]


async def write_all(house, numbers, entries=0):
    """Let each of the writers change its share, and wait for all."""
    shares = (numbers[n::WRITERS] for n in range(WRITERS))
    await asyncio.gather(*(write(house, s, Random(n), entries) for n, s in enumerate(shares)))


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_the_mirror_equals_the_source_whatever_commits_late_and_whoever_is_killed(
    worthy, tmp_path
):
    house, random = worthy, Random(7)
    numbers = await furnish(house)
    _, token = await house.perform(
        create_token,
        environment=house.environment(now=datetime.now(UTC)),  # noqa: TID251 - as the server's
        name="mirror",
        role=Role.CREDIT_BANK,
        lifetime_days=30,
        reads_learners=True,
    )
    token_file = tmp_path / "token"
    token_file.write_text(token)
    mirror = tmp_path / "mirror.sqlite3"
    stop = asyncio.Event()
    async with served(house) as url:
        command = pull_command(url, f"sqlite:///{mirror}", token_file, "--page", "700")
        pulling = asyncio.create_task(
            pull_and_be_killed((*command, "--follow", "0.2"), random, stop)
        )
        await write_all(house, numbers, ENTRIES)
        stop.set()
        kills = await pulling
        last = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        out, _ = await last.communicate()
        assert last.returncode == 0
    assert kills >= 3
    assert await losses(house) == []
    assert await house.count("outcome_changes") > ENTRIES
    async with house.sessions() as session:
        source = await session.execute(
            text("SELECT certificate_number, version, sha256, epoch, state FROM outcome_records")
        )
        records = {tuple(row[:4]): row[4] for row in source}
    with sqlite3.connect(mirror) as copy:
        mirrored = copy.execute(
            "SELECT certificate_number, version, sha256, epoch, record FROM mirror_records"
        )
        held = {tuple(row[:4]): json.loads(row[4])["state"].lower() for row in mirrored}
    copy.close()
    assert held == records
    assert len(held) == CERTIFICATES
    standing = sum(state != "revoked" for state in held.values())
    assert out.decode().endswith(f"{standing} records held\n")


async def later_than_the_last(session, limit, _after):
    """Return changes later than the last one followed: what a feed must not do."""
    statement = """SELECT changed_at, id, certificate_id FROM certificate_changes WHERE (changed_at, id) > (
      SELECT changed_at, id FROM certificate_changes WHERE is_followed
      UNION ALL SELECT '2000-01-01', '00000000-0000-0000-0000-000000000000'
      ORDER BY 1 DESC, 2 DESC LIMIT 1) ORDER BY changed_at, id LIMIT :limit"""
    return [tuple(row) for row in await session.execute(text(statement), {"limit": limit})]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    "is_naive", [False, True], ids=["as it is", "ordered by time and id alone"]
)
async def test_a_feed_that_is_ordered_by_time_and_id_alone_loses_changes(
    worthy, monkeypatch, is_naive
):
    house = worthy
    numbers = await furnish(house)
    if is_naive:
        monkeypatch.setattr(record_queries, "not_followed", later_than_the_last)
    stop = asyncio.Event()

    async def follow_on():
        while not stop.is_set():
            await follow_all(house)
            await asyncio.sleep(0.05)
        await follow_all(house)

    following = asyncio.create_task(follow_on())
    await write_all(house, numbers[::4])
    stop.set()
    await following
    found = await losses(house)
    if is_naive:
        assert found[0].endswith("changes were never followed"), "nothing committed late"
        assert "records are stale" in found[1]
    else:
        assert found == []
