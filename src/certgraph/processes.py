"""Processes that help another: they end with it, and leave its terminal alone."""

import os
import signal
from multiprocessing import connection, parent_process
from threading import Thread


def serve_parent() -> None:
    """Let this process end with the one that started it, however that one ended.

    Ctrl-C reaches every process of a terminal; the one that started this one answers it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
