"""Compare pages in processes of their own: most of the work is on the processor."""

import asyncio
import os
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from multiprocessing import get_context
from uuid import UUID

from certgraph.database import create_engine, make_read_sessions
from certgraph.processes import serve_parent
from certgraph.rechecking.comparing import Comparer
from certgraph.rechecking.rules import Progress
from certgraph.sealing import Keyring

PROCESSES = os.cpu_count() or 1


def comparing_processes(url: str, keyring: Keyring, now: datetime) -> ProcessPoolExecutor:
    """Return processes that compare pages (`compare_page`) of the database at a URL."""
    context = get_context("spawn")
    return ProcessPoolExecutor(
        PROCESSES, mp_context=context, initializer=_begin, initargs=(url, keyring, now)
    )


_runner: asyncio.Runner
_comparer: Comparer


def _begin(url: str, keyring: Keyring, now: datetime) -> None:
    global _runner, _comparer  # noqa: PLW0603 - a process of a pool has no other place
    serve_parent()
    _runner = asyncio.Runner()
    _comparer = Comparer(make_read_sessions(create_engine(url)), keyring, now)


def compare_page(after_id: UUID | None, last_id: UUID) -> Progress:
    """Compare a page, in a process that was begun for it."""
    return _runner.run(_comparer.page(after_id, last_id))
