"""Connections that only read: the driver itself, prepared statements, a pool that costs nothing.

SQLAlchemy writes the SQL and serves everything that writes. Its connection would cost a plan more
than half as much again, for what a plan does not need: no transaction (a statement is one), no
result objects, no types looked up by name.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol, TypeVar

import aiosqlite
import asyncpg
from sqlalchemy import Dialect

from certgraph.api.remembered import Remembered
from certgraph.database import Engine

T = TypeVar("T")

SIZE = 8
"""Connections at most; a statement takes milliseconds, and the database has few processors."""

PREPARED = 256
"""Statements that a connection keeps prepared."""

_SETTINGS = {
    "default_transaction_read_only": "on",
    "timezone": "UTC",
    "jit": "off",  # compiling takes longer than these statements
    "plan_cache_mode": "force_generic_plan",  # planning anew takes longer than most of them
    "client_connection_check_interval": "1000",  # an abandoned query ends
}


_ENDED = (
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.ConnectionDoesNotExistError,
    ConnectionError,
)


class ReadTimeout(Exception):
    """A statement took longer than it may; it was stopped."""


class ConnectionEnded(Exception):
    """The database has ended the connection."""


class ReadConnection(Protocol):
    """What a plan needs of a connection."""

    async def fetch(self, text: str, values: Sequence[Any]) -> list[Any]:
        """Return the rows of a statement. Raises `ReadTimeout` and `ConnectionEnded`."""
        ...

    def is_open(self) -> bool:
        """Tell whether it can be used again."""
        ...

    async def close(self) -> None:
        """Close it."""
        ...


class _Postgres:
    """A connection of asyncpg with its prepared statements."""

    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection
        self._prepared: Remembered[str, Any] = Remembered(PREPARED)

    async def fetch(self, text: str, values: Sequence[Any]) -> list[Any]:
        """See `ReadConnection`."""
        try:
            try:
                return await self._fetch(text, values)
            except (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError):
                self._prepared.clear()  # a migration changed a table
                return await self._fetch(text, values)
        except asyncpg.QueryCanceledError as error:
            raise ReadTimeout from error
        except _ENDED as error:
            raise ConnectionEnded from error

    async def _fetch(self, text: str, values: Sequence[Any]) -> list[Any]:
        statement = self._prepared.get(text)
        if statement is None:
            statement = self._prepared.put(text, await self._connection.prepare(text))
        rows: list[Any] = await statement.fetch(*values)
        return rows

    def is_open(self) -> bool:
        """See `ReadConnection`."""
        return not self._connection.is_closed()

    async def close(self) -> None:
        """See `ReadConnection`."""
        try:
            await self._connection.close(timeout=2)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            self._connection.terminate()


class _Sqlite:
    """A connection of aiosqlite, on a thread of its own."""

    def __init__(self, connection: aiosqlite.Connection, timeout: float) -> None:
        self._connection = connection
        self._timeout = timeout
        self._is_open = True

    async def fetch(self, text: str, values: Sequence[Any]) -> list[Any]:
        """See `ReadConnection`."""
        try:
            async with asyncio.timeout(self._timeout):
                return list(await self._connection.execute_fetchall(text, values))
        except TimeoutError as error:
            await self._connection.interrupt()
            await self.close()  # the interrupt may reach a statement that comes after, too
            raise ReadTimeout from error
        except asyncio.CancelledError:
            await self._connection.interrupt()
            raise

    def is_open(self) -> bool:
        """See `ReadConnection`."""
        return self._is_open

    async def close(self) -> None:
        """See `ReadConnection`."""
        self._is_open = False
        await self._connection.close()


class ReadPool:
    """Connections to the database of an engine; the last one given back is the first to go out.

    Args:
        engine: Says where the database is, and how SQL is written for it.
        timeout: Longest time for a statement, in seconds.
    """

    def __init__(self, engine: Engine, *, timeout: float) -> None:
        self._engine = engine
        self._timeout = timeout
        self._free: asyncio.LifoQueue[ReadConnection | None] = asyncio.LifoQueue()
        for _ in range(SIZE):
            self._free.put_nowait(None)  # a place for a connection

    @property
    def dialect(self) -> Dialect:
        """How SQL is written for the database."""
        return self._engine.dialect

    async def run(self, work: Callable[[ReadConnection], Awaitable[T]]) -> T:
        """Return what `work` returns over a connection. Raises what connecting raises.

        `work` runs again where an idle connection had ended unseen, as when the database restarts.
        """
        kept = await self._free.get() if self._free.empty() else self._free.get_nowait()
        try:
            if kept is not None and kept.is_open():
                try:
                    return await work(kept)
                except ConnectionEnded:
                    await kept.close()
            kept = await self._connect()
            return await work(kept)
        except ReadTimeout:
            raise
        except BaseException:  # cancelled, or the connection broke: nobody knows its state
            broken, kept = kept, None
            if broken is not None:
                await broken.close()
            raise
        finally:
            self._free.put_nowait(kept)

    async def _connect(self) -> ReadConnection:
        url = self._engine.url
        if self.dialect.name == "postgresql":
            arguments, options = self.dialect.create_connect_args(url)
            timeout = str(int(self._timeout * 1000))
            settings = {**_SETTINGS, "statement_timeout": timeout}
            return _Postgres(await asyncpg.connect(*arguments, **options, server_settings=settings))
        connection = await aiosqlite.connect(
            url.database or "", isolation_level=None, cached_statements=256
        )
        try:
            for pragma in ("busy_timeout = 30000", "query_only = ON", "mmap_size = 268435456"):
                await connection.execute(f"PRAGMA {pragma}")
        except BaseException:  # cancelled: its thread must end too
            await connection.close()
            raise
        return _Sqlite(connection, self._timeout)

    async def close(self) -> None:
        """Close every idle connection."""
        idle = [self._free.get_nowait() for _ in range(self._free.qsize())]
        for connection in idle:
            if connection is not None:
                await connection.close()
            self._free.put_nowait(None)
