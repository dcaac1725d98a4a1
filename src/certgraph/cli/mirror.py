# ruff: noqa: ANN401 - a row
"""The credit bank's own copy of the feed: a database of its own, and how a page changes it.

Nothing of the platform's code is used here but its engine; a client in another language would do
the same. A page and the cursor after it are written in one transaction, so a process that is killed
at any point goes on with the page that it had not written.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from certgraph.database import UtcDateTime

TABLES = MetaData()

STATE = Table(
    "mirror_state",
    TABLES,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("url", Text, nullable=False),
    Column("epoch", String(13), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("cursor", Text),
    Column("is_resyncing", Boolean, nullable=False),
    Column("pulled_at", UtcDateTime, nullable=False),
)
"""How far the mirror is: one row."""

RECORDS = Table(
    "mirror_records",
    TABLES,
    Column("certificate_number", String(40), primary_key=True),
    Column("epoch", String(13), nullable=False, index=True),
    Column("sequence", Integer, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("reason", String(20), nullable=False),
    Column("version", Integer, nullable=False),
    Column("credits_tenths", Integer),
    Column("sha256", String(64), nullable=False),
    Column("record", Text, nullable=False),
    Column("learner", Text),
)
"""The latest change of each record; a tombstone stays, without the learner."""


class MirrorError(RuntimeError):
    """The feed, or the mirror, is not as it must be; says what and what to do."""


class Mirror:
    """A mirror in a database.

    Args:
        engine: The database.
        url: Of the platform; a mirror is of one.
    """

    def __init__(self, engine: AsyncEngine, url: str) -> None:
        self._engine = engine
        self._url = url

    async def open(self, now: datetime) -> None:
        """Create the tables where they are missing. Raises `MirrorError` where none may be."""
        async with self._engine.begin() as connection:
            if await connection.run_sync(lambda sync: inspect(sync).has_table("outcome_feed")):
                raise MirrorError("this is a platform's own database; name another --mirror")
            await connection.run_sync(TABLES.create_all)
            state = await self._state(connection)
            if state is None:
                first = {"epoch": "", "sequence": 0, "is_resyncing": False, "pulled_at": now}
                await connection.execute(insert(STATE).values(id=1, url="", **first))
            elif state.url not in ("", self._url):
                raise MirrorError(f"this is a mirror of {state.url}; name another --mirror")

    async def cursor(self) -> str | None:
        """Return where to go on; None at the start."""
        async with self._engine.connect() as connection:
            state = await self._state(connection)
        assert state is not None  # noqa: S101 - it is open
        cursor: str | None = state.cursor
        return cursor

    async def count(self) -> int:
        """Return how many records it holds."""
        statement = select(func.count()).where(RECORDS.c.kind == "UPSERT")
        async with self._engine.connect() as connection:
            return await connection.scalar(statement) or 0

    @staticmethod
    async def _state(connection: AsyncConnection) -> Any:
        return (await connection.execute(select(STATE).with_for_update())).one_or_none()

    async def start_again(self, epoch: str, now: datetime) -> None:
        """Take up a new epoch: what it does not state is dropped when all of it is here."""
        values = {"epoch": epoch, "sequence": 0, "cursor": None, "is_resyncing": True}
        async with self._engine.begin() as connection:
            await connection.execute(update(STATE).values(pulled_at=now, **values))

    async def take(
        self,
        after: str | None,
        changes: Sequence[Mapping[str, Any]],
        end: str | None,
        *,
        is_last: bool,
        now: datetime,
    ) -> bool:
        """Write a page; False where another process wrote it first.

        Args:
            after: The cursor that it was asked for with.
            changes: Its changes.
            end: Its end cursor.
            is_last: Whether nothing comes after it now.
            now: The time.

        Raises:
            MirrorError: A change is missing, or is not what its hash says; nothing was written.
        """
        async with self._engine.begin() as connection:
            state = await self._state(connection)
            if state.cursor != after:
                return False
            epoch = state.epoch
            if state.cursor is None and changes:  # where it begins the feed says which epoch it is
                epoch = changes[0]["epoch"]
            for place, change in enumerate(changes, state.sequence + 1):
                _check(change, epoch, place)
            await self._write(connection, changes)
            moved: dict[str, Any] = {
                "sequence": state.sequence + len(changes),
                "cursor": end or after,
            }
            if state.is_resyncing and is_last:
                await connection.execute(delete(RECORDS).where(RECORDS.c.epoch != epoch))
                moved["is_resyncing"] = False
            moved["url"] = self._url  # what it has taken something of
            await connection.execute(update(STATE).values(epoch=epoch, pulled_at=now, **moved))
        return True

    async def _write(
        self, connection: AsyncConnection, changes: Sequence[Mapping[str, Any]]
    ) -> None:
        rows = {change["certificateNumber"]: _row(change) for change in changes}  # the last wins
        if not rows:
            return
        dialect = self._engine.dialect.name
        make = postgresql.insert if dialect == "postgresql" else sqlite.insert
        statement = make(RECORDS)
        names = [column.name for column in RECORDS.columns if not column.primary_key]
        statement = statement.on_conflict_do_update(
            index_elements=["certificate_number"],
            set_={name: statement.excluded[name] for name in names},
        )
        await connection.execute(statement, list(rows.values()))


def _check(change: Mapping[str, Any], epoch: str, place: int) -> None:
    """Refuse a change that is out of place or altered. Raises `MirrorError`."""
    if (change["epoch"], change["sequence"]) != (epoch, place):
        raise MirrorError(
            f"change {place} of epoch {epoch} was to come, the feed gave {change['sequence']} of "
            f"{change['epoch']}; nothing was written. Tell the platform"
        )
    if hashlib.sha256(change["record"].encode()).hexdigest() != change["sha256"]:
        raise MirrorError(
            f"change {place} of epoch {epoch} is not what its hash says; nothing was written. "
            "Tell the platform"
        )


def _row(change: Mapping[str, Any]) -> dict[str, Any]:
    learner = change["learner"] if change["kind"] == "UPSERT" else None
    return {
        "certificate_number": change["certificateNumber"],
        "epoch": change["epoch"],
        "sequence": change["sequence"],
        "kind": change["kind"],
        "reason": change["reason"],
        "version": change["version"],
        "credits_tenths": change["creditsTenths"],
        "sha256": change["sha256"],
        "record": change["record"],
        "learner": None if learner is None else json.dumps(learner, ensure_ascii=False),
    }
