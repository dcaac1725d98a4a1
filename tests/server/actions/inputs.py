"""Inputs drawn from the declarations, and what a database holds."""

import dataclasses
import hashlib
import types
import typing
from collections.abc import Sequence
from datetime import UTC, date, datetime
from enum import Enum
from uuid import UUID

from sqlalchemy import select

from certgraph.actions.declaring import REQUIRED, extras_of, inputs_of
from certgraph.database import Base


def given_for(action, **named):
    """Return some input of an action, every field that it must have."""
    given = {one.name: any_value(one.type) for one in action.inputs if one.default is REQUIRED}
    for name in ("document", "reason"):
        if any(one.name == name for one in action.inputs):
            given[name] = "for the matrix"
    return {**given, **named}


def any_value(hint):
    """Return some value of an input's type."""
    plain, extras = extras_of(hint)
    if any(isinstance(one, type) and issubclass(one, Enum) for one in extras):
        return 1
    if typing.get_origin(plain) in (typing.Union, types.UnionType):
        return None
    origin = typing.get_origin(plain)
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return ()
    if dataclasses.is_dataclass(plain):
        needed = [one for one in inputs_of(plain) if one.default is REQUIRED]
        return plain(**{one.name: any_value(one.type) for one in needed})
    if issubclass(plain, Enum):
        return next(iter(plain))
    some = {
        str: "x",
        int: 1,
        bool: True,
        bytes: b"x" * 32,
        date: date(2026, 11, 23),
        datetime: datetime(2026, 11, 30, tzinfo=UTC),
    }
    return UUID(int=1) if plain is UUID else some[plain]


async def fingerprint(house) -> str:
    """Return a hash of every row of every table."""
    found = hashlib.sha256()
    async with house.sessions() as session:
        for table in Base.metadata.sorted_tables:
            rows = await session.execute(select(table).order_by(*table.primary_key))
            found.update(repr([tuple(row) for row in rows]).encode())
    return found.hexdigest()
