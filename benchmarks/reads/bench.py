"""Reads, side by side and interleaved: certgraph, SQL by hand, PostGraphile, plain strawberry.

One process each, the same database, the same questions. Reported for each operation: requests a
second, median and 99th percentile latency, CPU of the server's process and statements a request.
"""

import asyncio
import contextlib
import itertools
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from reads import contenders
from reads.contenders import Contender
from reads.data import ORGANIZATIONS, Data, make
from reads.load import load, median, repeated, request_bytes
from reads.operations import DOCUMENTS, TARGETS, Question, questions
from sqlalchemy import select, text

from certgraph.certificates.tables import CertificateRow
from certgraph.database import create_engine
from tests.server.conftest import embedded_postgres

Report = Callable[[str, float, str, str], None]
Keep = Callable[[str, float], None]
Questions = dict[str, Callable[[], Question]]

CONCURRENCY = 16
PREPARED = 500
"""Requests that differ, of each operation."""

ASKED = 20
"""Requests over which statements are counted."""

RATIO_TARGETS = {"PostGraphile 5": 2.5, "SQL by hand": 0.75, "plain strawberry": 30.0}
DOCUMENTS_TO_FORGET = 100_000


async def deep_place(url: str, count: int) -> tuple[object, object]:
    """Return day and id of the certificate after which the deep page begins, newest first."""
    engine = create_engine(url)
    key = (CertificateRow.issued_on, CertificateRow.id)
    statement = select(*key).order_by(*(column.desc() for column in key))
    async with engine.connect() as connection:
        row = (await connection.execute(statement.offset(count - 1).limit(1))).one()
    await engine.dispose()
    return row[0], row[1]


async def _statements(url: str) -> int:
    """Return how many statements of contenders the database has run."""
    engine = create_engine(url)
    # what drivers ask when they connect, and transactions, are no reads
    query = """SELECT coalesce(sum(calls), 0) FROM pg_stat_statements
        WHERE query !~* '^(begin|commit|rollback|set|show|deallocate)|pg_|current_schema'"""
    async with engine.connect() as connection:
        found = int((await connection.execute(text(query))).scalar_one())
    await engine.dispose()
    return found


def _requests(contender: Contender, name: str, question: Callable[[], Question]) -> list[bytes]:
    """Return different requests of an operation; none where a contender has no such operation."""
    made = (contender.request(name, question()) for _ in range(PREPARED))
    return [request for request in made if request is not None]


def measure(
    running: list[Contender], make_question: Questions, *, rounds: int, seconds: float
) -> None:
    """Load each contender with each operation, round after round; the first is for warming up."""
    prepared = {
        (contender.name, operation): _requests(contender, operation, question)
        for contender in running
        for operation, question in make_question.items()
    }
    for number in range(rounds + 1):
        for operation in make_question:
            for contender in running:
                requests = prepared[contender.name, operation]
                if not requests:
                    continue
                before = contender.cpu_seconds()
                stretch = seconds if number else 0.7
                found = load(contender.port, repeated(requests), stretch, CONCURRENCY)
                if number:
                    spent = (contender.cpu_seconds() - before) / found.requests * 1000
                    contender.found.setdefault(operation, []).append(found)
                    contender.cpu.setdefault(operation, []).append(spent)


def count_statements(running: list[Contender], make_question: Questions, url: str) -> None:
    """Count the statements of each operation, of a server that is warm."""
    for operation, question in make_question.items():
        for contender in running:
            requests = _requests(contender, operation, question)[:ASKED]
            if not requests:
                continue
            before = asyncio.run(_statements(url))
            load(contender.port, iter(requests), 60, 1)
            more = asyncio.run(_statements(url)) - before
            contender.statements[operation] = more / ASKED


def table(running: list[Contender]) -> dict[str, float]:
    """Print what was found; return it by name."""
    figures: dict[str, float] = {}
    print(f"{'':<26}{'':<18}{'req/s':>8}{'p50 ms':>9}{'p99 ms':>9}{'CPU ms':>9}{'SQL':>6}")
    for operation in DOCUMENTS:
        for contender in running:
            found = contender.found.get(operation)
            if not found:
                continue
            row = {
                "1/s": median([one.rate for one in found]),
                "p50 ms": median([one.percentile(50) for one in found]),
                "p99 ms": median([one.percentile(99) for one in found]),
                "CPU ms": median(contender.cpu[operation]),
            }
            statements = contender.statements.get(operation)
            print(
                f"{operation:<26}{contender.name:<18}{row['1/s']:>8.0f}{row['p50 ms']:>9.1f}"
                f"{row['p99 ms']:>9.1f}{row['CPU ms']:>9.2f}"
                f"{'' if statements is None else f'{statements:.1f}':>6}",
                flush=True,
            )
            if statements is not None:
                row["statements"] = statements
            figures |= {f"{operation}, {contender.name}, {unit}": row[unit] for unit in row}
    return figures


def _report_ratios(running: list[Contender], report: Report, where: str) -> None:
    """Report rates and ratios: the median over rounds, each round's neighbours compared."""
    ours, *others = running
    for operation in DOCUMENTS:
        for other in others:
            if operation not in other.found:
                continue
            pairs = zip(ours.found[operation], other.found[operation], strict=True)
            ratio = median([one.rate / their.rate for one, their in pairs])
            has_target = where == "PostgreSQL" and operation in TARGETS
            target = f"target ≥ {RATIO_TARGETS[other.name]}" if has_target else ""
            report(f"reads, {where}: {operation} / {other.name}", ratio, "", target)
    pairs = zip(ours.found["deep page"], ours.found["first page"], strict=True)
    ratio = median([deep.percentile(50) / first.percentile(50) for deep, first in pairs])
    report(f"reads, {where}: deep page / first page, latency", ratio, "", "target ≤ 1.2")


def _distinct(number: int) -> bytes:
    """Return a request whose document nobody sent before."""
    text_ = (
        f"{{ a{number}: organizations(first: 2) {{ nodes {{ n{number}: name code "
        f"certificateTypes(first: 2) {{ nodes {{ code c{number}: name }} }} }} }} }}"
    )
    body = b'{"query": "' + text_.encode() + b'"}'
    return request_bytes("/graphql", body, None)


def bench_memory(contender: Contender, data: Data, report: Report, documents: int) -> None:
    """Send ever new documents: memory of the last tenth against the second.

    Latency is compared with that of a process that has seen a tenth, both in turn: on a machine
    that others use, an hour's first and last minute are no fair comparison.
    """
    sizes = []
    for tenth in range(10):
        numbers = range(tenth * documents // 10, (tenth + 1) * documents // 10)
        load(contender.port, map(_distinct, numbers), 3_600, 8)
        sizes.append(contender.megabytes())
    report(f"reads: memory after {documents:,} documents", sizes[-1], "MB", "")
    report("reads: memory, last tenth / second", sizes[-1] / sizes[1], "", "target ≤ 1.1")
    numbers_left = itertools.count(documents)
    ratios = []
    with contenders.certgraph(data) as younger:
        load(younger.port, map(_distinct, range(documents // 10)), 3_600, 8)
        for _ in range(8):
            medians = []
            for one in (contender, younger):
                new = map(_distinct, itertools.islice(numbers_left, documents // 200))
                medians.append(median(load(one.port, new, 3_600, 8).latencies))
            ratios.append(medians[0] / medians[1])
    report("reads: latency then / after a tenth of them", median(ratios), "", "target ≤ 1.1")


def _on_postgres(folder: Path, certificates: int) -> tuple[object, Data]:
    """Start PostgreSQL, with statements counted, and fill it."""
    with embedded_postgres.get_server(folder, cleanup_mode="stop") as server:
        for setting in (
            "shared_buffers = '1GB'",
            "max_wal_size = '4GB'",
            "shared_preload_libraries = 'pg_stat_statements'",
        ):
            server.psql(f"ALTER SYSTEM SET {setting};")
    server = embedded_postgres.get_server(folder, cleanup_mode="delete")
    server.psql("CREATE DATABASE bench;")
    start = time.perf_counter()
    data = make(server.get_uri("bench"), certificates)
    print(f"{certificates:,} certificates loaded in {time.perf_counter() - start:.0f} s")
    server.psql("\\c bench\nCREATE EXTENSION pg_stat_statements;")
    return server, data


def bench_reads(report: Report, keep: Keep, *, is_quick: bool) -> None:
    """Measure reads on both databases."""
    folder = Path(tempfile.mkdtemp(prefix="certgraph-bench-"))
    certificates = 20_000 if is_quick else 1_000_000
    rounds, seconds = (3, 1.0) if is_quick else (7, 2.0)
    server, data = _on_postgres(folder / "pg", certificates)
    try:
        _measure_on(
            data,
            [contenders.certgraph, contenders.by_hand, contenders.postgraphile, contenders.plain],
            report,
            keep,
            "PostgreSQL",
            rounds=rounds,
            seconds=seconds,
        )
        with contenders.certgraph(data) as alone:
            bench_memory(alone, data, report, 5_000 if is_quick else DOCUMENTS_TO_FORGET)
        data = make(f"sqlite:///{folder}/bench.sqlite3", 20_000)
        _measure_on(
            data,
            [contenders.certgraph, contenders.plain],
            report,
            keep,
            "SQLite",
            rounds=3,
            seconds=1.0,
        )
    finally:
        server.cleanup()  # type: ignore[attr-defined]
        shutil.rmtree(folder, ignore_errors=True)


def _measure_on(
    data: Data,
    starters: list[Callable[[Data], contextlib.AbstractContextManager[Contender]]],
    report: Report,
    keep: Keep,
    where: str,
    *,
    rounds: int,
    seconds: float,
) -> None:
    deep = asyncio.run(deep_place(data.url, data.certificates * 9 // 10))
    make_question = questions(data, deep)
    with contextlib.ExitStack() as stack:
        running = []
        for start in starters:
            try:
                running.append(stack.enter_context(start(data)))
            except RuntimeError as error:
                print(f"left out: {error}")
        measure(running, make_question, rounds=rounds, seconds=seconds)
        if where == "PostgreSQL":
            count_statements(running, make_question, data.url)
    print(f"\n{where}, {data.certificates:,} certificates of {ORGANIZATIONS} organizations")
    for name, value in table(running).items():
        keep(f"reads, {where}: {name}", value)
    _report_ratios(running, report, where)
