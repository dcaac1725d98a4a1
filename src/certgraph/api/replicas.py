"""Reads of the public from a replica of the database, where there is one that is near enough.

A replica replays what was written on the primary a little later. How near it is, is compared: the
position of the primary's log at a moment, and the position that the replica has reached since.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

import asyncpg

from certgraph.api.connections import ReadConnection, ReadPool, ReadTimeout, Unavailable
from certgraph.database import Engine

logger = logging.getLogger("certgraph.replica")

T = TypeVar("T")

LOOK_SECONDS = 1.0
"""So often it is looked at, while the public asks."""

AWAY_SECONDS = 5.0
"""So often where it could not be asked."""

WAIT_SECONDS = 1
"""For so long a look waits for either of them."""

_AGAIN_SECONDS = 0.1
"""After which a replica is asked again that has not reached what was just written."""

_SYSTEM = "(SELECT system_identifier FROM pg_control_system())"
_WRITTEN = f"SELECT pg_current_wal_lsn() - '0/0', {_SYSTEM}"
_REPLAYED = f"SELECT pg_last_wal_replay_lsn() - '0/0', {_SYSTEM}, pg_is_in_recovery()"
"""In bytes. PostgreSQL: "System Administration Functions", backup and recovery control."""

_LOST = (Unavailable, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What is raised where there is no connection, or none any more."""


class Replica:
    """Reads from a replica, or from the primary where the replica is away or too far behind.

    No request waits for a look: it goes by the last one.

    Args:
        primary: Connections to the database that is written to, and the engine that says where.
        replica: The same of the replica.
        most_seconds: How old the state may be that it shows; an attribute, too.
    """

    def __init__(
        self,
        primary: tuple[ReadPool, Engine],
        replica: tuple[ReadPool, Engine],
        *,
        most_seconds: float,
    ) -> None:
        self.most_seconds = most_seconds
        self._primary, self._replica = primary[0], replica[0]
        # A look has connections of its own: how busy the others are says nothing.
        self._asked = [ReadPool(one, timeout=WAIT_SECONDS, size=1) for _, one in (primary, replica)]
        self._written: deque[tuple[float, int]] = deque(maxlen=1_000)
        self._as_of = float("-inf")
        self._look: asyncio.Task[None] | None = None
        self._look_at = float("-inf")
        self._why_not: str | None = "not looked at yet"

    @property
    def line(self) -> str:
        """Say whether it is read, for who watches; looks at it for the next time."""
        if self._is_read():
            return "replica: read"
        return f"replica: not read, {self._why_not or 'not looked at lately'}"

    async def run(self, work: Callable[[ReadConnection], Awaitable[T]]) -> T:
        """Return what `work` returns over a connection; it runs again where a replica fails it.

        Raises:
            ReadTimeout: It takes too long.
            Unavailable: There is no connection to be had to the primary, either.
        """
        if self._is_read():
            try:
                return await self._replica.run(work)
            except _LOST as error:
                self._say(_reason(error), AWAY_SECONDS)
            except asyncpg.PostgresError:
                # it was in the way of what is replayed, or a table is not changed there yet:
                # nothing against the replica, nor a reason to fail
                pass
        return await self._primary.run(work)

    async def close(self) -> None:
        """End the look, and every idle connection."""
        if self._look is not None:
            self._look.cancel()
            with suppress(asyncio.CancelledError):
                await self._look
        for pool in (self._replica, *self._asked):
            await pool.close()

    def _is_read(self) -> bool:
        """Tell whether it is read now; looks at it where that was not done lately."""
        now = time.monotonic()
        if now >= self._look_at and (self._look is None or self._look.done()):
            self._look_at = now + LOOK_SECONDS
            self._look = asyncio.create_task(self._looked())
        return self._why_not is None and now - self._as_of <= self.most_seconds

    async def _looked(self) -> None:
        """Look, and note what there is."""
        try:
            self._say(await self._found(), LOOK_SECONDS)
        except Exception as error:  # noqa: BLE001 - whatever it is, the replica is not read
            self._say(_reason(error), AWAY_SECONDS)

    async def _found(self) -> str | None:
        """Return why the replica is not to be read; None: it is near enough."""
        # 1. How far the primary has written by now.
        primary, replica = self._asked
        now = time.monotonic()
        try:
            written, system = await _row(primary, _WRITTEN)
        except (*_LOST, ReadTimeout, TimeoutError, asyncpg.PostgresError):
            return "the database itself does not answer"
        self._written.append((now, written))
        # 2. Since when the replica has replayed as much.
        for is_last in (False, True):
            reached, theirs, is_replica = await _row(replica, _REPLAYED)
            if not is_replica:
                return "it is no replica"
            if theirs != system:
                return "it is of another database"
            while self._written and self._written[0][1] <= reached:
                self._as_of, _ = self._written.popleft()
            if not self._written or is_last:
                break
            await asyncio.sleep(_AGAIN_SECONDS)
        is_near = time.monotonic() - self._as_of <= self.most_seconds
        return None if is_near else "it is too far behind"

    def _say(self, why_not: str | None, seconds: float) -> None:
        """Note whether it is read, look again after some time; log where that has changed."""
        self._look_at = time.monotonic() + seconds
        if why_not is not None and self._why_not is None:
            logger.warning("the replica is not read, the primary is: %s", why_not)
        if why_not is None and self._why_not is not None:
            logger.info("the replica is read")
        self._why_not = why_not


async def _row(pool: ReadPool, text: str) -> tuple[Any, ...]:
    """Return the row that a statement answers, soon."""
    async with asyncio.timeout(WAIT_SECONDS):
        (row,) = await pool.run(lambda connection: connection.fetch(text, ()))
    return tuple(row)


def _reason(error: Exception) -> str:
    if isinstance(error, ReadTimeout | TimeoutError):
        return "it does not answer"
    return str(error) or type(error).__name__
