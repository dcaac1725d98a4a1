"""A process whose work does not go on is ended."""

import threading

from certgraph.processes import Watchdog
from tests.waiting import LONG, until


def timers():
    """Return the timers that run and were not cancelled."""
    running = [one for one in threading.enumerate() if isinstance(one, threading.Timer)]
    return [one for one in running if not one.finished.is_set()]


def test_a_watchdog_ends_what_is_not_heard_of_and_nothing_that_rests():
    ended = threading.Event()
    watchdog = Watchdog(LONG, ended.set)
    for _ in range(4):
        watchdog.heard()
        (timer,) = timers()
        assert timer.interval == LONG  # it counts from the last word of it
    watchdog.rest()
    until(lambda: not timers())
    assert not ended.is_set()
    Watchdog(0.05, ended.set).heard()
    assert ended.wait(LONG)
