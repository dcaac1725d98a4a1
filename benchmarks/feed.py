"""The credit bank's feed over 1,000,000 records: stated, pulled page by page, and as a file.

The file stands beside what PostgreSQL does at most: COPY of the same columns to a client. Both
sides share two cores with the client; a round of one follows a round of the other.
"""

import asyncio
import hashlib
import json
import shutil
import statistics
import tempfile
import time
import urllib.request
import zlib
from collections.abc import Callable
from pathlib import Path

import asyncpg
from reads.contenders import Contender, certgraph
from reads.data import TYPES, Data, key_of, make
from sqlalchemy import text

from certgraph.actions.parties import Role
from certgraph.credit_bank.feed.recording import update_feed
from certgraph.database import create_engine
from certgraph.organizations.tokens import create_token
from tests.server.conftest import NOW, embedded_postgres, open_house

Report = Callable[[str, float, str, str], None]

PAGE = """query ($after: String) { learningOutcomeChanges(first: 1000, after: $after) {
  ... on LearningOutcomeChangeConnection {
    nodes { epoch sequence kind reason certificateNumber version creditsTenths sha256 record }
    pageInfo { hasNextPage endCursor } } } }"""

COLUMNS = "sequence, kind, reason, sha256, content"

_KEY = "(lpad('{kind}', 8, '0') || lpad(to_hex({n}), 24, '0'))::uuid"


def _key(kind: int, n: str) -> str:
    return _KEY.format(kind=kind, n=n)


def _credit(certificates: int) -> list[str]:
    """Return statements that register every certificate, and recognize three levels of each type."""
    levels = f"generate_series(1, {3 * TYPES}) AS s(n)"
    type_, level = "1 + (n - 1) / 3", "1 + (n - 1) % 3"
    return [
        "UPDATE certificates SET state = 'registered', registered_at = '2026-11-20'",
        f"INSERT INTO certificate_changes (id, certificate_id, state, reason, changed_by, changed_at) "
        f"SELECT {_key(20, 'n')}, {_key(3, 'n')}, 'registered', 'registered', 'bench', "
        f"timestamptz '2026-11-20' + n * interval '1 millisecond' FROM generate_series(1, {certificates}) AS s(n)",
        f"INSERT INTO hours_credit_rules (id, version, step_tenths, rounding, source, recorded_at) "
        f"VALUES ('{key_of(21, 1)}', 'bench', 1, 'nearest', 'made up', '2026-01-01')",
        f"INSERT INTO credit_proposals (id, organization_id, certificate_type_id, standard_version_id, level, state, version, is_late, updated_at) "
        f"SELECT {_key(22, 'n')}, '{key_of(1, 1)}', {_key(2, type_)}, {_key(6, type_)}, {level}, 'published', 1, false, '2026-01-01' FROM {levels}",
        f"INSERT INTO credit_proposal_versions (id, proposal_id, number, rule_id) "
        f"SELECT {_key(23, 'n')}, {_key(22, 'n')}, 1, '{key_of(21, 1)}' FROM {levels}",
        f"INSERT INTO outcome_units (id, version_id, number, name, theory_hours, practice_hours, framework_level, assessment, rule_tenths, suggested_tenths, verified_tenths) "
        f"SELECT {_key(24, '2 * n + u')}, {_key(23, 'n')}, u, '学习成果单元' || u, 32, 32, 4, '笔试', 40, 40, 40 FROM {levels}, generate_series(1, 2) AS u",
        f"INSERT INTO outcome_catalogue (id, code, edition, certificate_type_id, level, standard_version_id, proposal_version_id, credits_tenths, first_on, published_at, is_applied) "
        f"SELECT {_key(25, 'n')}, 'BT' || ({type_}) || '-' || ({level}), 1, {_key(2, type_)}, {level}, {_key(6, type_)}, {_key(23, 'n')}, 80, '2020-01-01', '2026-01-01', true FROM {levels}",
    ]


async def _state(url: str, certificates: int) -> float:
    """Register everything and state it; return changes a second."""
    house = open_house(url)
    async with house.engine.begin() as connection:
        for statement in _credit(certificates):
            await connection.execute(text(statement))
    start = time.perf_counter()
    stated = await update_feed(house.sessions, now=NOW, random=house.random)
    elapsed = time.perf_counter() - start
    assert stated == certificates, stated
    engine = house.engine.execution_options(isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text("VACUUM ANALYZE"))
    await house.engine.dispose()
    return certificates / elapsed


async def _token(url: str) -> str:
    house = open_house(url, seed=2)
    given = {"name": "bench", "role": Role.CREDIT_BANK, "lifetime_days": 366}
    _, token = await house.perform(create_token, **given, reads_learners=True)
    await house.engine.dispose()
    return token


def _pages(server: Contender, token: str, certificates: int) -> list[float]:
    """Pull the whole feed page by page; return the time of each page."""
    times, after, sequence = [], None, 0
    while True:
        body = json.dumps({"query": PAGE, "variables": {"after": after}}).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{server.port}/graphql",
            body,
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        start = time.perf_counter()
        with urllib.request.urlopen(request) as response:  # noqa: S310
            answer = response.read()
        times.append(time.perf_counter() - start)
        page = json.loads(answer)["data"]["learningOutcomeChanges"]
        sequences = [change["sequence"] for change in page["nodes"]]
        assert sequences == list(range(sequence + 1, sequence + 1 + len(sequences)))
        sequence = sequences[-1]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            assert sequence == certificates
            return times[:-1]


def _file(server: Contender, token: str, query: str = "") -> tuple[float, int, int]:
    """Read the feed as a file; return seconds, rows, bytes on the wire."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}/credit-bank/changes.jsonl.gz{query}",
        headers={"Authorization": f"Bearer {token}"},
    )
    start = time.perf_counter()
    parts = []
    with urllib.request.urlopen(request) as response:  # noqa: S310
        while part := response.read(1 << 20):
            parts.append(part)
    elapsed = time.perf_counter() - start
    wire = b"".join(parts)
    body = zlib.decompress(wire, 31)
    written, _, last = body.removesuffix(b"\n").rpartition(b"\n")
    end = json.loads(last)["end"]
    assert end["sha256"] == hashlib.sha256(written + b"\n").hexdigest()
    return elapsed, end["rows"], len(wire)


async def _copy(url: str, epoch: str) -> float:
    """Copy the same columns out of PostgreSQL; return seconds."""
    engine = create_engine(url)
    arguments, options = engine.dialect.create_connect_args(engine.url)
    connection = await asyncpg.connect(*arguments, **options)

    async def drop(_data: bytes) -> None:
        pass

    query = f"SELECT {COLUMNS} FROM outcome_changes WHERE epoch = '{epoch}' ORDER BY sequence"
    start = time.perf_counter()
    await connection.copy_from_query(query, output=drop)
    elapsed = time.perf_counter() - start
    await connection.close()
    return elapsed


async def _epoch(url: str) -> str:
    engine = create_engine(url)
    async with engine.connect() as connection:
        found = str(await connection.scalar(text("SELECT epoch FROM outcome_feed")))
    await engine.dispose()
    return found


def bench_feed(report: Report, *, is_quick: bool) -> None:
    """State, pull and stream; report rates, and how the last page compares with the first."""
    certificates = 50_000 if is_quick else 1_000_000
    folder = Path(tempfile.mkdtemp(prefix="certgraph-bench-"))
    database = embedded_postgres.get_server(folder, cleanup_mode="delete")
    try:
        database.psql("CREATE DATABASE bench;")
        url = database.get_uri("bench")
        data: Data = make(url, certificates)
        report("feed: changes stated", asyncio.run(_state(url, certificates)), "1/s", "")
        token = asyncio.run(_token(url))
        epoch = asyncio.run(_epoch(url))
        with certgraph(data) as server:
            _measure(server, token, url, epoch, certificates, report)
    finally:
        database.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _measure(
    server: Contender, token: str, url: str, epoch: str, certificates: int, report: Report
) -> None:
    times = _pages(server, token, certificates)
    tenth = max(1, len(times) // 10)
    first, last = (statistics.median(part) for part in (times[:tenth], times[-tenth:]))
    report("feed: a page of 1,000, first tenth", first * 1000, "ms", "")
    report("feed: a page of 1,000, last tenth", last * 1000, "ms", "")
    report("feed: last tenth / first tenth", last / first, "", "target ≤ 1.2")
    report("feed: records pulled in pages", 1000 / statistics.median(times), "1/s", "")
    files, copies, cpu = [], [], []
    wire = 0
    for _ in range(3):
        before = server.cpu_seconds()
        elapsed, rows, wire = _file(server, token)
        cpu.append((server.cpu_seconds() - before) / rows * 1e6)
        assert rows == certificates
        files.append(rows / elapsed)
        copies.append(certificates / asyncio.run(_copy(url, epoch)))
    report("feed: records as JSONL", statistics.median(files), "1/s", "target ≥ 100,000")
    report("feed: CPU of the server a record", statistics.median(cpu), "µs", "")
    report("feed: bytes on the wire a record", wire / certificates, "B", "")
    report("feed: rows by COPY TO STDOUT", statistics.median(copies), "1/s", "")
    ratios = [mine / theirs for mine, theirs in zip(files, copies, strict=True)]
    report("feed: JSONL / COPY", statistics.median(ratios), "", "")
    elapsed, rows, _ = _file(server, token, "?learners=true")
    report("feed: records as JSONL with learners", rows / elapsed, "1/s", "")
