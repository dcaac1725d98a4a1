"""Processes that are killed at a step (kill -9)."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

from sqlalchemy import text

from certgraph.actions import auditing


def killer(step, times) -> Callable[..., None]:
    """Return an observer that kills its process when `step` is passed for the n-th time."""
    passed = 0

    def observe(reached, _count):
        nonlocal passed
        passed += reached is step
        if passed == times:
            os.kill(os.getpid(), signal.SIGKILL)

    return observe


def die_before_commit() -> None:
    """Let this process be killed once everything of an action is written, before its commit."""

    async def record(*_given, **_options):
        os.kill(os.getpid(), signal.SIGKILL)

    auditing.record_done = record


async def everything(house):
    """Return all rows that an exit writes, as texts."""
    found = {}
    async with house.sessions() as session:
        for table in _WRITTEN:
            rows = await session.execute(text(f"SELECT * FROM {table}"))  # noqa: S608
            found[table] = sorted(str(tuple(row)) for row in rows)
    return found


_WRITTEN = (
    *("cases", "case_entries", "organizations", "organization_state_changes", "entitlements"),
    *("signing_keys", "obligations", "issue_runs", "certificate_types", "audit_entries"),
)


def in_a_child(work: Callable[..., Awaitable[None]], *given) -> int:
    """Do a work in a child process and return how it ended: -9 where it was killed."""
    child = os.fork()
    if child == 0:
        try:
            asyncio.run(work(*given))
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
