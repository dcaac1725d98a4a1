"""The log of certificates at a million entries: appending, following a day, sizes."""

import asyncio
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from certgraph.cli.migrations import migrate
from certgraph.credential.checkpoint import Checkpoint
from certgraph.transparency import queries
from certgraph.transparency.appending import append_certificates
from certgraph.transparency.checking import Follower
from certgraph.transparency.tiles import ENTRIES, Edge, Place
from tests.credential import kit
from tests.server.conftest import embedded_postgres, open_house

DAY = 10_000
"""Certificates of a busy day."""


def _entries(first: int, count: int) -> Iterator[bytes]:
    return (bytes(8) + n.to_bytes(32, "big") for n in range(first, first + count))


def _tree(size: int) -> tuple[Edge, dict[Place, bytes], float]:
    """Return a tree, its tiles and the seconds that growing it took."""
    edge, tiles = Edge(), {}
    start = time.perf_counter()
    for first in range(0, size, DAY):
        edge.append(_entries(first, min(DAY, size - first)))
        tiles |= edge.taken()
    return edge, tiles, time.perf_counter() - start


def _followed(follower: Follower, tiles: dict[Place, bytes], head: Checkpoint) -> float:
    start = time.perf_counter()
    for place, width in follower.bundles(head):
        follower.read(place, width, tiles[place][: width * 42])
    follower.reach(head)
    return time.perf_counter() - start


async def _append(url: str, certificates: int) -> float:
    """Return how many signed certificates a second come from the table into the log."""
    house = open_house(url)
    await migrate(house.engine)
    await house.furnish()
    people = [
        house.candidate(holder_name=f"张{n}", reference=f"exam {n}") for n in range(certificates)
    ]
    await house.run(house.request(*people))
    start = time.perf_counter()
    async with house.sessions.begin() as session:
        head = await append_certificates(
            session, kit.LOG_KEY, origin="bench/log", now=house.now, limit=certificates
        )
    elapsed = time.perf_counter() - start
    async with house.sessions() as session:
        newest = await queries.newest_head(session)
    if head is None or newest is None or newest.size != certificates:
        sys.exit("not all certificates are in the log")
    await house.engine.dispose()
    return certificates / elapsed


def bench_log(report: Callable[..., None], *, size: int, certificates: int, rounds: int) -> None:
    """Measure; `report` prints a figure and keeps it."""
    edge, tiles, seconds = _tree(size)
    entries = sum(len(body) for (level, _), body in tiles.items() if level == ENTRIES)
    report(f"log of {size}: entries hashed", size / seconds, "1/s")
    report(f"log of {size}: entry bundles", entries / 1e6, "MB")
    hashes = sum(map(len, tiles.values())) - entries
    report(f"log of {size}: tiles", hashes / 1e6, "MB")
    head = Checkpoint("bench/log", edge.size, edge.root())
    follower = Follower()
    report(f"log of {size}: all of it followed", _followed(follower, tiles, head), "s")
    edge.append(_entries(size, DAY))
    tiles |= edge.taken()
    head = Checkpoint("bench/log", edge.size, edge.root())
    report(f"log of {size}: a day of {DAY} followed", _followed(follower, tiles, head), "s")
    folder = Path(tempfile.mkdtemp(prefix="certgraph-bench-"))
    server = embedded_postgres.get_server(folder / "pg", cleanup_mode="delete")
    url = server.get_uri("DATABASE").replace("DATABASE", "{}")
    found: dict[str, list[float]] = {"SQLite": [], "PostgreSQL": []}
    for number in range(rounds):
        sqlite = f"sqlite:///{folder}/{number}.sqlite3"
        found["SQLite"].append(asyncio.run(_append(sqlite, certificates)))
        server.psql(f"CREATE DATABASE bench{number};")
        found["PostgreSQL"].append(asyncio.run(_append(url.format(f"bench{number}"), certificates)))
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)
    for name, rates in found.items():
        rate = statistics.median(rates)
        report(f"log: appended from the table, {name}", rate, "1/s", "target ≥ 5000")
