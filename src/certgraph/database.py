"""The database: base class, column types, engines and sessions.

SQLite (a file, WAL) is the embedded default, PostgreSQL is for production; one code for both.
A session serves one operation. Services never commit: whoever opened the session does.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    DateTime,
    MetaData,
    String,
    TypeDecorator,
    event,
    func,
    select,
    type_coerce,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Connection, Dialect, make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError
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

    Raises:
        ValueError: Not an URL of SQLite or PostgreSQL.
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
    return parsed.set(drivername=_DRIVERS[backend])


def create_engine(url: str) -> AsyncEngine:
    """Return an engine for a database URL. Statements' values never reach a log or an error."""
    engine = create_async_engine(async_url(url), hide_parameters=True)
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - DBAPI connection
    connection.isolation_level = None  # transactions are begun by `_begin_sqlite` alone
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout = 30000")
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


def contains(column: Any, text: Any) -> ColumnElement[bool]:  # noqa: ANN401 - a mapped column; a text or its parameter
    """Return the condition that a column holds a text somewhere, in capitals or not."""
    pattern: ColumnElement[str] = type_coerce(text, String)
    for special in ("\\", "%", "_"):
        pattern = func.replace(pattern, special, "\\" + special)
    found: ColumnElement[bool] = column.ilike("%" + pattern + "%", escape="\\")
    return found


def is_deadlock(error: DatabaseError) -> bool:
    """Tell whether the database ended a transaction that stood in another's way; try it again."""
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    return state in ("40P01", "40001")


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
