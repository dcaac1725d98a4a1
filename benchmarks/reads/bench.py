"""Reads, side by side and interleaved: certgraph, SQL by hand, PostGraphile, plain strawberry.

One process each, the same PostgreSQL, the same questions. Reported for each operation: requests a
second, median and 99th percentile latency, CPU of the server's process and statements per request.
"""

import asyncio
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import asyncpg
from reads.by_hand import STATEMENTS
from reads.data import Data
from reads.load import Measured, ask, load, median, request_bytes
from reads.operations import DOCUMENTS, TARGETS, Question

from certgraph.database import async_url
from tests.server.conftest import HOST, MASTER_KEY

HERE = Path(__file__).parent
DEEP = 900_000


@dataclass
class Contender:
    """A server that runs.

    Attributes:
        name: As reported.
        port: Where it listens.
        process: Its process.
        request: Makes the bytes of a request of an operation; None where it has no such operation.
    """

    name: str
    port: int
    process: subprocess.Popen[bytes]
    request: Callable[[str, Question], bytes | None]
    found: dict[str, list[Measured]] = field(default_factory=dict)
    cpu: dict[str, list[float]] = field(default_factory=dict)

    def cpu_seconds(self) -> float:
        """Return CPU time that its process has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def graphql(data: Data, documents: dict[str, str], path: str = "/graphql") -> Any:
    """Return what makes GraphQL requests; the credit bank's token goes with them."""

    def request(operation: str, question: Question) -> bytes | None:
        if operation not in documents:
            return None
        body = {"query": documents[operation], "variables": question.variables}
        return request_bytes(path, json.dumps(body).encode(), data.credit_bank)

    return request


@contextlib.contextmanager
def started(
    name: str, command: list[str], port: int, request: Any, **options: Any
) -> Iterator[Contender]:
    """Start a server and wait until it listens."""
    with subprocess.Popen(command, **options) as process:
        try:
            for _ in range(600):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                if process.poll() is not None:
                    sys.exit(f"{name} ended by itself")
                time.sleep(0.1)
            yield Contender(name, port, process, request)
        finally:
            process.terminate()


def certgraph(data: Data) -> Any:
    """Start certgraph as its users do."""
    port = free_port()
    environment = {
        **os.environ,
        "CERTGRAPH_DATABASE_URL": data.url,
        "CERTGRAPH_MASTER_KEY": MASTER_KEY.hex(),
        "CERTGRAPH_PUBLIC_HOST": HOST,
        "CERTGRAPH_PUBLISH_EVERY_SECONDS": "3600",
    }
    command = [str(Path(sys.executable).parent / "certgraph"), "serve", "--port", str(port)]
    request = graphql(data, DOCUMENTS)
    return started("certgraph", command, port, request, env=environment, stderr=subprocess.DEVNULL)


def by_hand(data: Data) -> Any:
    """Start the hand-written statements."""
    port = free_port()

    def request(operation: str, question: Question) -> bytes | None:
        if operation not in STATEMENTS:
            return None
        body = {"operation": operation, "values": question.values}
        return request_bytes("/", json.dumps(body).encode(), None)

    command = [sys.executable, str(HERE / "by_hand.py"), data.url, str(port)]
    return started("SQL by hand", command, port, request)


async def deep_place(url: str, count: int) -> tuple[date, Any]:
    """Return day and id of the certificate after which the deep page begins."""
    connection = await asyncpg.connect(url)
    try:
        row = await connection.fetchrow(
            "SELECT issued_on, id FROM certificates ORDER BY issued_on DESC, id DESC "
            "OFFSET $1 LIMIT 1",
            count - 1,
        )
        return row["issued_on"], row["id"]
    finally:
        await connection.close()


async def statements_run(url: str) -> int:
    """Return how many transactions the database has committed; reads run one statement in each."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SELECT pg_stat_force_next_flush()")
        return int(
            await connection.fetchval(
                "SELECT sum(calls) FROM pg_stat_statements WHERE query NOT LIKE '%pg_stat%'"
            )
            or 0
        )
    finally:
        await connection.close()


def measure(
    contenders: list[Contender],
    make: dict[str, Callable[[], Question]],
    operations: list[str],
    *,
    rounds: int,
    seconds: float,
    concurrency: int,
) -> None:
    """Load each contender with each operation, round after round."""
    for number in range(rounds + 1):  # the first is for warming up
        for operation in operations:
            for contender in contenders:
                question = make[operation]
                if contender.request(operation, question()) is None:
                    continue

                def next_request(c: Contender = contender, o: str = operation) -> bytes:
                    return c.request(o, make[o]()) or b""

                before = contender.cpu_seconds()
                warm = number == 0
                found = asyncio.run(
                    load(contender.port, next_request, 0.7 if warm else seconds, concurrency)
                )
                spent = contender.cpu_seconds() - before
                if not warm:
                    contender.found.setdefault(operation, []).append(found)
                    contender.cpu.setdefault(operation, []).append(spent / found.requests * 1000)


def table(contenders: list[Contender], operations: list[str]) -> dict[str, float]:
    """Print what was found; return requests a second by name."""
    figures: dict[str, float] = {}
    print(f"{'':<28}{'':<14}{'req/s':>8}{'p50 ms':>9}{'p99 ms':>9}{'CPU ms':>9}")
    for operation in operations:
        for contender in contenders:
            found = contender.found.get(operation)
            if not found:
                continue
            rate = median([one.rate for one in found])
            print(
                f"{operation:<28}{contender.name:<14}{rate:>8.0f}"
                f"{median([one.percentile(50) for one in found]):>9.1f}"
                f"{median([one.percentile(99) for one in found]):>9.1f}"
                f"{median(contender.cpu[operation]):>9.2f}",
                flush=True,
            )
            figures[f"reads: {operation}, {contender.name}"] = round(rate, 1)
    return figures


_ = (ask, async_url, shutil, TARGETS, HOST)
