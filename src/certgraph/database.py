# ruff: noqa: ANN401 - arguments of any driver
"""The database: base class, column types, engines and sessions.

SQLite (a file, WAL) is the embedded default, PostgreSQL is for production; one code for both.
A session serves one operation. Services never commit: whoever opened the session does.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import Any, TypeVar
from urllib.parse import unquote, urlencode
from uuid import UUID

from alembic.runtime.migration import MigrationContext
from sqlalchemy import (
    ColumnElement,
    DateTime,
    MetaData,
    String,
    TypeDecorator,
    event,
    func,
    literal,
    select,
    type_coerce,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Connection, Dialect, ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase

DatabaseError = SQLAlchemyError
Engine = AsyncEngine
Session = AsyncSession
Sessions = async_sessionmaker[AsyncSession]

_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


BATCH_PARAMETERS = 10_000
"""Values that one statement compares with; PostgreSQL takes at most 32,767."""

T = TypeVar("T")


def batched(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield `values` in parts of at most `size`."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


class Base(DeclarativeBase):
    """Base of all tables."""

    metadata = MetaData(naming_convention=NAMING)


LEDGER = "ledger"


def ledger(*changes: str) -> dict[str, Any]:
    """Return what declares a table whose rows are only added, as the last of `__table_args__`.

    Whoever serves is granted no more than that (`certgraph migrate --grant-to`).

    Args:
        changes: Columns that may be set later all the same; one, where rows are locked: PostgreSQL
            locks none for whoever may set nothing.
    """
    return {"info": {LEDGER: changes}}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant; SQLite, which has no time zones, stores it in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        """What its values are."""
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times; they would move by hours."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = "a naive datetime cannot be stored"
            raise ValueError(message)
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the instant in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class EnumText(TypeDecorator[Any]):
    """A `StrEnum` stored as its value."""

    impl = String(40)
    cache_ok = True

    def __init__(self, enum: type[StrEnum]) -> None:
        super().__init__()
        self.enum = enum

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
        """Return the text to store."""
        del dialect
        return None if value is None else value.value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        """Return the member."""
        del dialect
        return None if value is None else self.enum(value)


def async_url(url: str) -> URL:
    """Return `url` with the driver certgraph uses.

    The path of a file of SQLite may be percent-encoded, as a `?` in it must be.

    Raises:
        ValueError: Not an URL of SQLite or PostgreSQL, or one with a parameter that is not known.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        message = "the database URL is not understood; use sqlite:///file or postgresql://…"
        raise ValueError(message) from None
    backend = parsed.get_backend_name()
    if backend not in _DRIVERS:
        message = f"{backend} is not supported; use sqlite:///file or postgresql://…"
        raise ValueError(message)
    if backend == "sqlite" and parsed.database:
        parsed = parsed.set(database=unquote(parsed.database))
    fault = _parameter_fault(parsed.query) if backend == "postgresql" else None
    if fault is not None:
        raise ValueError(f"the database URL cannot be used: {fault}")
    return parsed.set(drivername=_DRIVERS[backend])


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How long things of a database are waited for, in seconds.

    Attributes:
        connection: For a new connection, or for one of the pool.
        lock: For a lock that another transaction holds.
        statement: For one statement.
    """

    connection: float = 30
    lock: float = 30
    statement: float | None = None


def create_engine(
    url: str | URL, *, connections: int = 15, waiting: Waiting | None = None
) -> AsyncEngine:
    """Return an engine for a database URL. Statements' values never reach a log or an error.

    Args:
        url: Of the database.
        connections: How many it opens at most.
        waiting: How long it waits; commands wait longer than servers.
    """
    waiting = waiting or Waiting()
    parsed = async_url(url) if isinstance(url, str) else url
    arguments: dict[str, Any] = {}
    if parsed.get_backend_name() == "postgresql":
        settings = {"lock_timeout": f"{int(waiting.lock * 1000)}"}
        if waiting.statement is not None:
            settings["statement_timeout"] = f"{int(waiting.statement * 1000)}"
            arguments["command_timeout"] = waiting.statement + 2  # where the database is silent
        arguments |= {"timeout": waiting.connection, "server_settings": settings}
    engine = create_async_engine(
        parsed,
        hide_parameters=True,
        connect_args=arguments,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=waiting.connection,
        pool_pre_ping=parsed.get_backend_name() == "postgresql",
    )
    if engine.dialect.name == "sqlite":
        prepare = partial(_prepare_sqlite, busy_timeout=int(waiting.lock * 1000))
        event.listen(engine.sync_engine, "connect", prepare)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
    else:
        event.listen(engine.sync_engine, "do_connect", _connect)
        event.listen(engine.sync_engine, "handle_error", _leave_a_read_only_server)
    return engine


_TO_DSN = frozenset(
    {"sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslcrl", "target_session_attrs"}
)
"""Parameters of libpq that asyncpg reads in a URL only."""

_TO_SERVER = frozenset({"application_name", "options", "search_path", "timezone"})
"""Parameters that go to the server as they are."""

_NEEDLESS = frozenset(
    {
        "connect_timeout", "client_encoding", "fallback_application_name", "gssencmode",
        "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count",
        "tcp_user_timeout", "sslnegotiation", "sslcompression",
    }
)  # fmt: skip
"""Parameters of libpq that change nothing here: certgraph waits as its settings say."""

_OWN = frozenset({"host", "port", "user", "password", "database", "passfile"})


def _parameter_fault(query: Mapping[str, object]) -> str | None:
    """Return what is wrong with the parameters of a URL of PostgreSQL, or None."""
    if query.get("channel_binding") == "require":
        return "its driver knows no channel_binding=require: leave it out, and keep sslmode"
    known = _TO_DSN | _TO_SERVER | _NEEDLESS | _OWN | {"channel_binding"}
    unknown = sorted(query.keys() - known)
    if unknown:
        return (
            f"{', '.join(unknown)} is no parameter of PostgreSQL that certgraph knows: leave it out"
        )
    return None


def asyncpg_arguments(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a connection as asyncpg takes them; given as libpq has them.

    Source: PostgreSQL's documentation, "Parameter Key Words" of libpq.
    """
    in_url = {name: value for name, value in options.items() if name in _TO_DSN}
    to_server = {name: value for name, value in options.items() if name in _TO_SERVER}
    named = _TO_DSN | _TO_SERVER | _NEEDLESS | {"channel_binding"}
    others = {name: value for name, value in options.items() if name not in named}
    if to_server:
        others["server_settings"] = {**to_server, **others.get("server_settings", {})}
    if in_url:
        others["dsn"] = f"postgresql:///?{urlencode(in_url)}"
    return others


def _connect(_dialect: object, _record: object, _args: object, options: Any) -> None:
    changed = asyncpg_arguments(options)
    options.clear()
    options.update(changed)


def _leave_a_read_only_server(context: ExceptionContext) -> None:
    """End the pool's connections where their server has become a replica, as after a failover."""
    if sqlstate(context.original_exception) == "25006":
        context.is_disconnect = True


def _prepare_sqlite(connection: Any, _record: object, *, busy_timeout: int) -> None:
    connection.isolation_level = None  # transactions are begun by `_begin_sqlite` alone
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {busy_timeout}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at once, unless the engine is for reading: no upgrade, no deadlock."""
    reads = connection.get_execution_options().get("reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def make_sessions(engine: AsyncEngine) -> Sessions:
    """Return the maker of sessions that write."""
    return async_sessionmaker(engine, expire_on_commit=False)


def make_read_sessions(engine: AsyncEngine) -> Sessions:
    """Return the maker of sessions that only read; on SQLite they wait for no writer."""
    return async_sessionmaker(engine.execution_options(reads=True), expire_on_commit=False)


async def keep_one_view(session: Session) -> None:
    """Let all that a new session reads be of one moment, however long it takes.

    SQLite's transactions are so anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


async def database_time(session: Session) -> datetime | None:
    """Return the time by the database's own clock; None for SQLite, which has none."""
    if session.get_bind().dialect.name != "postgresql":
        return None
    found: datetime | None = await session.scalar(select(func.clock_timestamp()))
    return found


async def revision_of(session: Session) -> str | None:
    """Return the revision of the tables (Alembic's); None where there is none yet."""
    connection = await session.connection()
    return await connection.run_sync(
        lambda sync: MigrationContext.configure(sync).get_current_revision()
    )


def contains(column: Any, text: Any) -> ColumnElement[bool]:
    """Return the condition that a column holds a text somewhere, in capitals or not."""
    pattern: ColumnElement[str] = type_coerce(text, String)
    for special in ("\\", "%", "_"):
        pattern = func.replace(pattern, special, "\\" + special)
    found: ColumnElement[bool] = column.ilike("%" + pattern + "%", escape="\\")
    return found


def is_not(column: Any, value: object) -> ColumnElement[bool]:
    """Return the condition that a column has another value, with the value in the SQL's text.

    A database uses a partial index only where it sees that the condition implies the index's own.
    """
    found: ColumnElement[bool] = column != literal(value, column.type, literal_execute=True)
    return found


def sqlstate(error: BaseException | None) -> str | None:
    """Return PostgreSQL's code of an error; None where it has none."""
    found = getattr(getattr(error, "orig", error), "sqlstate", None)
    return found if isinstance(found, str) else None


def is_conflict(error: BaseException) -> bool:
    """Tell whether another transaction was faster with the same key."""
    return sqlstate(error) == "23505" or "UNIQUE constraint" in str(getattr(error, "orig", ""))


def is_deadlock(error: DatabaseError) -> bool:
    """Tell whether the database ended a transaction that another waited for; try it again."""
    return sqlstate(error) in ("40P01", "40001")


def is_busy(error: BaseException) -> bool:
    """Tell whether another transaction held a lock for longer than it is waited for."""
    text = str(getattr(error, "orig", ""))
    return sqlstate(error) == "55P03" or "database is locked" in text


_AWAY = ("08", "53", "57", "25006")
"""Codes of PostgreSQL, or their classes: connection, resources, ended by an operator, replica."""

_NO_FILE = ("unable to open database", "disk is full", "disk I/O error", "readonly database")


def is_unavailable(error: BaseException) -> bool:
    """Tell whether a database is away, or has no connection left; it may be back in a moment."""
    if isinstance(error, OSError | TimeoutError | PoolTimeout):
        return True
    state = sqlstate(error)
    if state is not None:
        return state.startswith(_AWAY)
    if isinstance(error, DBAPIError):
        text = str(error.orig)
        return error.connection_invalidated or any(one in text for one in _NO_FILE)
    return False


async def flush_or_conflict(session: Session) -> bool:
    """Write what is pending; False where another transaction was faster with the same key.

    Nothing more can be done in the session then but to refuse and roll back.
    """
    try:
        await session.flush()
    except IntegrityError:
        return False
    return True


async def insert_rows(session: Session, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert plain rows, many in one statement."""
    if rows:
        await session.execute(table.__table__.insert(), list(rows))  # type: ignore[attr-defined]


async def insert_unless_there(
    session: Session, table: type[Base], rows: Sequence[dict[str, Any]]
) -> None:
    """Insert rows; pass over those whose keys are there, another writer's of this moment too."""
    if rows:
        dialect = session.get_bind().dialect.name
        insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
        await session.execute(insert(table).on_conflict_do_nothing(), list(rows))


async def insert_if_new(session: Session, table: type[Base], row: dict[str, Any]) -> bool:
    """Insert a row; say whether its key was new. Who inserts the same at this moment is awaited."""
    dialect = session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = insert(table).values(row).on_conflict_do_nothing().returning(literal(1))
    return await session.scalar(statement) is not None


async def insert_missing(
    session: Session, table: type[Base], key: Sequence[str], rows: Sequence[dict[str, Any]]
) -> int:
    """Insert the rows whose `key` columns the table does not hold yet; return how many."""
    columns = [getattr(table, name) for name in key]
    present = {tuple(row) for row in await session.execute(select(*columns))}
    missing = [row for row in rows if tuple(row[name] for name in key) not in present]
    await insert_rows(session, table, missing)
    return len(missing)


async def ids_by_code(session: Session, table: type[Base]) -> dict[str | None, UUID]:
    """Return the id of each row of a table with columns `code` and `id`."""
    columns = table.__table__.c
    return {row.code: row.id for row in await session.execute(select(columns.code, columns.id))}
