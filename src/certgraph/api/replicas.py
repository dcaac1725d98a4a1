"""Reads of the public from a replica of the database, where there is one that is near enough.

A replica replays what was written on the primary a little later. How near it is, is compared: the
position of the primary's log at a moment, and the position that the replica has reached since.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg

from certgraph.api.connections import ConnectionEnded, ReadConnection, ReadPool, Unavailable

logger = logging.getLogger("certgraph.replica")

T = TypeVar("T")

LOOK_SECONDS = 1.0
"""So often it is looked at, while it is read."""

AWAY_SECONDS = 5.0
"""So often where it could not be read."""

WAIT_SECONDS = 1.0
"""For so long a look may keep requests waiting."""

_WRITTEN = "SELECT pg_current_wal_lsn() - '0/0'"
_REPLAYED = "SELECT pg_is_in_recovery(), pg_last_wal_replay_lsn() - '0/0'"
"""PostgreSQL: "System Administration Functions", backup and recovery control; in bytes."""

_CONFLICTS = (asyncpg.SerializationError, asyncpg.ReadOnlySQLTransactionError)
"""What a replica ends a statement with that is in the way of what it replays."""


class NotRead(Exception):
    """Why a replica is not read."""


class Replica:
    """Reads from a replica, or from the primary where the replica is away or too far behind.

    Args:
        primary: Connections to the database that is written to.
        replica: Connections to the replica.
        most_seconds: How old the state may be that it shows; an attribute, too.
    """

    def __init__(self, primary: ReadPool, replica: ReadPool, *, most_seconds: float) -> None:
        self._primary = primary
        self._replica = replica
        self.most_seconds = most_seconds
        self._looking = asyncio.Lock()
        self._look_at = 0.0
        self._as_of = float("-inf")
        self._written: deque[tuple[float, int]] = deque(maxlen=100)
        self._why_not: str | None = "not looked at yet"

    async def line(self) -> str:
        """Say whether it is read, for who watches."""
        await self._is_read()
        return "replica: read" if self._why_not is None else f"replica: not read, {self._why_not}"

    async def run(self, work: Callable[[ReadConnection], Awaitable[T]]) -> T:
        """Return what `work` returns over a connection; it runs again where a replica fails it.

        Raises:
            Unavailable: There is no connection to be had to the primary, either.
        """
        if await self._is_read():
            try:
                return await self._replica.run(work)
            except (Unavailable, *_CONFLICTS) as error:
                self._say(str(error) or type(error).__name__)
        return await self._primary.run(work)

    async def close(self) -> None:
        """Close every idle connection to the replica."""
        await self._replica.close()

    async def _is_read(self) -> bool:
        """Tell whether it is read now; one request looks, others wait for what it finds."""
        async with self._looking:
            if time.monotonic() >= self._look_at:
                self._look_at = time.monotonic() + LOOK_SECONDS
                self._say(await self._looked())
        return self._why_not is None

    async def _looked(self) -> str | None:
        """Return why the replica is not to be read; None: it is near enough."""
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                primary_is_there = await self._note_written()
                is_replica, reached = await _row(self._replica, _REPLAYED)
        except (Unavailable, ConnectionEnded, TimeoutError, asyncpg.PostgresError) as error:
            return str(error) or "it does not answer"
        if not is_replica:
            return "it is no replica"
        while self._written and self._written[0][1] <= reached:
            self._as_of, _ = self._written.popleft()
        if not primary_is_there:
            return self._why_not  # nothing is written meanwhile: it is as near as it was
        behind = time.monotonic() - self._as_of
        return None if behind <= self.most_seconds else "it is too far behind"

    async def _note_written(self) -> bool:
        """Note how far the primary has written; False where it cannot be asked."""
        now = time.monotonic()
        try:
            (written,) = await _row(self._primary, _WRITTEN)
        except (Unavailable, ConnectionEnded, asyncpg.PostgresError):
            return False
        if not self._written or written > self._written[-1][1]:
            self._written.append((now, written))
        else:  # nothing was written since
            self._written[-1] = (now, written)
        return True

    def _say(self, why_not: str | None) -> None:
        """Note whether it is read, and log where that has changed."""
        if why_not is not None:
            self._look_at = time.monotonic() + AWAY_SECONDS
        if why_not is not None and self._why_not is None:
            logger.warning("the replica is not read, the primary is: %s", why_not)
        if why_not is None and self._why_not is not None:
            logger.info("the replica is read")
        self._why_not = why_not


async def _row(pool: ReadPool, text: str) -> tuple[int, ...]:
    """Return the row that a statement answers."""
    (row,) = await pool.run(lambda connection: connection.fetch(text, ()))
    return tuple(row)
