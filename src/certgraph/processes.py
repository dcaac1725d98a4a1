"""Processes that help another: they end with it, and leave its terminal alone."""

import os
import signal
from collections.abc import Callable
from multiprocessing import connection, parent_process
from threading import Thread, Timer


def serve_parent() -> None:
    """Let this process end with the one that started it, however that one ended.

    Ctrl-C reaches every process of a terminal; the one that started this one answers it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def limit_memory(megabytes: int) -> None:
    """Let this process take so much memory at most, where the system knows such a limit."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ModuleNotFoundError:
        return
    size = megabytes * 1024**2
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (size, hard))


class Watchdog:
    """Ends this process where its work does not go on: another is started in its place.

    Args:
        seconds: For which nothing may be heard of the work.
        end: Ends the process.
    """

    def __init__(self, seconds: float, end: Callable[[], None] | None = None) -> None:
        self._seconds = seconds
        self._end = end or (lambda: os._exit(1))
        self._timer: Timer | None = None

    def heard(self) -> None:
        """Note that the work goes on."""
        self.rest()
        self._timer = Timer(self._seconds, self._end)
        self._timer.daemon = True
        self._timer.start()

    def rest(self) -> None:
        """Note that there is no work."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
