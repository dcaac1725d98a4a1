"""Waiting for what comes about by itself, for as long as a machine with other work needs.

What a test says about time, it says by what must come first, or by the server's own seconds:
never by how soon this machine is done.
"""

import asyncio
import time
from contextlib import suppress

import httpx2
import pytest

LONG = 120
"""Seconds in which a machine that has other work does anything; a guard against waiting forever."""


def until(condition):
    """Return what is found once it is true; what cannot be reached is not there yet."""
    ends = time.monotonic() + LONG
    while time.monotonic() < ends:
        with suppress(OSError, httpx2.HTTPError):
            if found := condition():
                return found
        time.sleep(0.05)
    return pytest.fail("it did not come about")


async def until_async(condition):
    """Do as `until`, with a condition that is awaited."""
    ends = time.monotonic() + LONG
    while time.monotonic() < ends:
        with suppress(OSError, httpx2.HTTPError):
            if found := await condition():
                return found
        await asyncio.sleep(0.05)
    return pytest.fail("it did not come about")


def is_served(url):
    """Say whether a server answers."""
    return httpx2.get(url, timeout=LONG, verify=False).is_success
