"""Processes that are killed at a step (kill -9)."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable


def killer(step, times) -> Callable[..., None]:
    """Return an observer that kills its process when `step` is passed for the n-th time."""
    passed = 0

    def observe(reached, _count):
        nonlocal passed
        passed += reached is step
        if passed == times:
            os.kill(os.getpid(), signal.SIGKILL)

    return observe


def in_a_child(work: Callable[..., Awaitable[None]], *given) -> int:
    """Do a work in a child process and return how it ended: -9 where it was killed."""
    child = os.fork()
    if child == 0:
        try:
            asyncio.run(work(*given))
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
