"""Each list with each of its filters, in each role that reads it, on very large tables.

What is looked for is rare, or not there at all: the dearest for a database. The lists and their
filters are those of `tests/server/reads/large_world.py`, which the tests ask on small tables.
"""

import asyncio
import itertools
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from certgraph.cli.migrations import migrate
from tests.server.conftest import embedded_postgres, open_house
from tests.server.reads.large_world import FILTERS, fill_large, questions
from tests.server.reads.test_plans import answer
from tests.server.reads.world import World, fill

Report = Callable[[str, float, str, str], None]

_TURNS = 20
_SHOWN = 10


async def _measured(url: str, rows: int) -> dict[str, float]:
    """Return what was asked, and by whom → milliseconds: the 95th percentile of twenty turns."""
    house = open_house(url, seed=3)
    await migrate(house.engine)
    await house.furnish()
    callers = await fill(house)
    await fill_large(house, rows)
    world = World(house, callers)
    reader, documents = world.reader(), world.documents()
    found = {}
    for role, query in itertools.chain.from_iterable(map(questions, FILTERS)):
        spent = []
        for _ in range(_TURNS + 1):
            start = time.perf_counter()
            answered = await answer(world, reader, documents, query, role=role)
            spent.append(1000 * (time.perf_counter() - start))
            assert not answered.errors, answered.errors
        call = query.removeprefix("{ ").partition(" { nodes")[0]
        found[f"{call}, {role}"] = sorted(spent[1:])[-2]  # the first is for warming up
    await world.pool.close()
    await house.engine.dispose()
    return found


def bench_lists(report: Report, *, rows: int) -> None:
    """Report the slowest lists on both databases; so many rows in each of eleven tables."""
    folder = Path(tempfile.mkdtemp(prefix="certgraph-bench-"))
    server = embedded_postgres.get_server(folder / "pg", cleanup_mode="delete")
    server.psql("CREATE DATABASE lists;")
    postgres = server.get_uri("DATABASE").replace("DATABASE", "lists")
    for name, url in {"PostgreSQL": postgres, "SQLite": f"sqlite:///{folder}/l.sqlite3"}.items():
        found = asyncio.run(_measured(url, rows))
        slowest = sorted(found, key=lambda what: -found[what])
        for what in slowest[:_SHOWN]:
            report(f"lists, {name}: {what}", found[what], "ms", "target ≤ 200")
        within = sum(one <= 200 for one in found.values())
        report(f"lists, {name}: within 200 ms, of {len(found)}", within, "", "")
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)
