"""Gates before work that costs much, so that little work need not wait behind it.

The server's process does one thing at a time. Dear requests wait at a gate, outside of the event
loop's queue: however many there are, between any two of them everything else goes on.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from certgraph.api.http.requests import unavailable

WAIT_SECONDS = 5.0
"""Longest time at a gate; who waits longer is sent away, and may come again."""

LONGEST_PAUSE = 1.0
"""Seconds that a place is kept from the next at most.

Much longer than any request takes: work that a stalled machine made long does not send the next
one away.
"""


class Gate:
    """Lets a few through at a time, in the order in which they came."""

    def __init__(self, places: int) -> None:
        self._places = asyncio.Semaphore(places)

    @asynccontextmanager
    async def entered(self) -> AsyncIterator[None]:
        """Hold a place. Raises `BadRequest` (503) where none becomes free in time."""
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._places.acquire()
        except TimeoutError:
            if self._places.locked():
                message = "Too many requests of this size at once. Send it again in a moment."
                raise unavailable(message) from None
            await self._places.acquire()  # it became free while this process was held up
        start = time.monotonic()
        try:
            yield
        finally:
            # Others' turn: the place is free again only after as much time as the work took.
            pause = min(time.monotonic() - start, LONGEST_PAUSE)
            asyncio.get_running_loop().call_later(pause, self._places.release)


class Gates:
    """The gates of a server. Whoever sends a token does not wait behind the public."""

    def __init__(self, readings: int) -> None:
        self._reading = {True: Gate(1), False: Gate(1)}
        self._large = {True: Gate(readings), False: Gate(readings)}

    def reading(self, *, is_public: bool) -> Gate:
        """Return the gate before reading a large body or a document that is new."""
        return self._reading[is_public]

    def large(self, *, is_public: bool) -> Gate:
        """Return the gate before answering with many objects."""
        return self._large[is_public]
