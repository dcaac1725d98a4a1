"""Connections that only read: the driver itself, prepared statements, a pool that costs nothing.

SQLAlchemy writes the SQL and serves everything that writes. Its connection would cost a plan more
than half as much again, for what a plan does not need: no transaction (a statement is one), no
result objects, no types looked up by name.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol, TypeVar

import aiosqlite
import asyncpg
from sqlalchemy import Dialect

from certgraph.api.remembered import Remembered
from certgraph.database import Engine, asyncpg_arguments

T = TypeVar("T")

WAIT_SECONDS = 5.0
"""Longest time to wait for a connection."""

_GRACE = 2.0
"""A database that is there ends a statement itself within so many seconds after its time."""

PREPARED = 256
"""Statements that a connection keeps prepared."""

_SETTINGS = {
    "default_transaction_read_only": "on",
    "timezone": "UTC",
    "jit": "off",  # compiling takes longer than these statements
    "plan_cache_mode": "force_generic_plan",  # planning anew takes longer than most of them
    "random_page_cost": "1.1",  # of disks that do not turn; else what is rare is sought in all
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


class Unavailable(Exception):
    """No connection can be had now; one may in a moment."""


class ReadConnection(Protocol):
    """What a plan needs of a connection."""

    async def fetch(self, text: str, values: Sequence[Any]) -> list[Any]:
        """Return the rows of a statement. Raises `ReadTimeout` and `ConnectionEnded`."""
        ...

    def is_open(self) -> bool:
        """Tell whether it can be used again."""
        ...

    async def close(self) -> None:
        """End the connection; what it still does is stopped."""
        ...


class _Postgres:
    """A connection of asyncpg with its prepared statements."""

    def __init__(self, connection: "asyncpg.Connection[Any]", timeout: float) -> None:
        self._connection = connection
        self._timeout = timeout
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
        except TimeoutError as error:  # the database does not even say that it took too long
            self._connection.terminate()
            raise Unavailable("the database does not answer") from error
        except _ENDED as error:
            raise ConnectionEnded from error

    async def _fetch(self, text: str, values: Sequence[Any]) -> list[Any]:
        statement = self._prepared.get(text)
        if statement is None:
            made = await self._connection.prepare(text, timeout=self._timeout + _GRACE)
            statement = self._prepared.put(text, made)
        rows: list[Any] = await statement.fetch(*values, timeout=self._timeout + _GRACE)
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
        asked = asyncio.ensure_future(self._rows(text, values))
        try:
            async with asyncio.timeout(self._timeout):
                return await asyncio.shield(asked)
        except TimeoutError as error:
            await self._interrupt(asked)
            await self.close()
            raise ReadTimeout from error
        except asyncio.CancelledError:
            await self._interrupt(asked)
            raise

    async def _rows(self, text: str, values: Sequence[Any]) -> list[Any]:
        return list(await self._connection.execute_fetchall(text, values))

    async def _interrupt(self, asked: asyncio.Future[list[Any]]) -> None:
        """Interrupt a statement until it has ended.

        SQLite drops an interrupt that comes before the statement begins, as one does while the
        thread is still busy, and a thread that works on nobody's statement would do so forever.
        """
        while not asked.done():
            await self._connection.interrupt()
            await asyncio.wait([asked], timeout=0.01)
        asked.exception()  # "interrupted": nobody else asks for it

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
        size: Connections at most; statements take milliseconds, databases have few processors.
    """

    def __init__(self, engine: Engine, *, timeout: float, size: int = 8) -> None:
        self._engine = engine
        self._timeout = timeout
        self.size = size
        self._free: asyncio.LifoQueue[ReadConnection | None] = asyncio.LifoQueue()
        for _ in range(size):
            self._free.put_nowait(None)  # a place for a connection

    @property
    def dialect(self) -> Dialect:
        """How SQL is written for the database."""
        return self._engine.dialect

    async def run(self, work: Callable[[ReadConnection], Awaitable[T]]) -> T:
        """Return what `work` returns over a connection.

        `work` runs again where an idle connection had ended unseen, as when the database restarts.

        Raises:
            Unavailable: There is no connection to be had.
        """
        kept = await self._place()
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
        except ConnectionEnded as error:
            raise Unavailable("the database ended the connection") from error
        except BaseException:  # cancelled, or the connection broke: nobody knows its state
            broken, kept = kept, None
            if broken is not None:
                await broken.close()
            raise
        finally:
            self._free.put_nowait(kept)

    async def _place(self) -> ReadConnection | None:
        """Return a free connection, or None for the place of one. Raises `Unavailable`."""
        if not self._free.empty():
            return self._free.get_nowait()
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                return await self._free.get()
        except TimeoutError:
            if self._free.empty():
                raise Unavailable("every connection is in use") from None
            return self._free.get_nowait()  # it became free while this process was held up

    async def _connect(self) -> ReadConnection:
        if self.dialect.name == "postgresql":
            try:
                return await self._connect_postgresql()
            except (OSError, TimeoutError, asyncpg.PostgresError) as error:
                reason = str(error) or type(error).__name__
                raise Unavailable(f"the database cannot be reached: {reason}") from error
        file = self._engine.url.database or ""
        try:
            connection = await aiosqlite.connect(file, isolation_level=None, cached_statements=256)
        except sqlite3.OperationalError as error:
            raise Unavailable(f"the database cannot be opened: {error}") from error
        try:
            for pragma in ("busy_timeout = 5000", "query_only = ON", "mmap_size = 268435456"):
                await connection.execute(f"PRAGMA {pragma}")
        except BaseException:  # cancelled: its thread must end too
            await connection.close()
            raise
        return _Sqlite(connection, self._timeout)

    async def _connect_postgresql(self) -> ReadConnection:
        arguments, options = self.dialect.create_connect_args(self._engine.url)
        timeout = str(int(self._timeout * 1000))
        settings = {**_SETTINGS, "statement_timeout": timeout}
        if options.get("target_session_attrs") == "read-write":
            # reading is all that these sessions do, but on the server that is written to
            options["target_session_attrs"] = "primary"
        given = asyncpg_arguments({**options, "server_settings": settings})
        given["timeout"] = WAIT_SECONDS
        connection = await asyncpg.connect(*arguments, **given)
        return _Postgres(connection, self._timeout)

    async def close(self) -> None:
        """Close every idle connection."""
        idle = [self._free.get_nowait() for _ in range(self._free.qsize())]
        for connection in idle:
            if connection is not None:
                await connection.close()
            self._free.put_nowait(None)
