"""A process whose work does not go on is ended."""

import threading

from certgraph.processes import Watchdog


def test_a_watchdog_ends_what_is_not_heard_of_and_nothing_that_rests():
    ended = threading.Event()
    watchdog = Watchdog(0.2, ended.set)
    for _ in range(4):
        watchdog.heard()
        assert not ended.wait(0.1)
    watchdog.rest()
    assert not ended.wait(0.4)
    watchdog.heard()
    assert ended.wait(5)
