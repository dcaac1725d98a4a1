"""Processes beside another: each is started again where it ends, and all end with that one."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from threading import Event, Thread
from typing import Any

CANNOT_START = 2
"""Exit code of a process that would not start the next time, either."""

RESTART_SECONDS = 5
"""At least so long after a start another is made, where a process ended."""

STOP_SECONDS = 20
"""After which a process that was asked to end is ended."""


@dataclass(frozen=True)
class Kept:
    """What runs in a process of its own.

    Attributes:
        name: For who reads that it waits.
        run: What it runs; at the top of a module.
        given: Arguments.
    """

    name: str
    run: Callable[..., None]
    given: Sequence[Any]


@contextmanager
def beside(processes: Sequence[Kept], stopping: Event) -> Iterator[None]:
    """Keep processes running meanwhile.

    Args:
        processes: What they run.
        stopping: Set at the end, and earlier where one of them cannot start.
    """
    keepers = [Thread(target=_keep, args=(one, stopping), daemon=True) for one in processes]
    for keeper in keepers:
        keeper.start()
    try:
        yield
    finally:
        stopping.set()
        for keeper in keepers:
            keeper.join()


def _keep(kept: Kept, stopping: Event) -> None:
    context = get_context("spawn")
    is_first = True
    while not stopping.is_set():
        process = context.Process(target=kept.run, args=tuple(kept.given), daemon=True)
        began = time.monotonic()
        try:
            process.start()
        except OSError as error:  # no memory, or no process, for the moment
            print(f"certgraph serve: {kept.name} wait: {error}", file=sys.stderr)
            stopping.wait(RESTART_SECONDS)
            continue
        while process.is_alive() and not stopping.wait(0.2):
            pass
        has_ended = not process.is_alive() and not stopping.is_set()
        process.terminate()
        process.join(STOP_SECONDS)
        if process.is_alive():
            process.kill()
            process.join()
        if process.exitcode == CANNOT_START and is_first:
            stopping.set()  # later, a setting may have been edited meanwhile: the others go on
        elif has_ended:
            said = f"a process of {kept.name} ended (exit code {process.exitcode})"
            print(f"certgraph serve: {said}; another is started", file=sys.stderr)
        is_first = False
        stopping.wait(max(0.0, began + RESTART_SECONDS - time.monotonic()))
