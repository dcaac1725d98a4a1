# ruff: noqa: ANN401 - any parameter's value
"""A level, compiled: the text for the driver, and what fills its parameters."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Dialect, Select

from certgraph.api.connections import ReadConnection
from certgraph.api.reads.arguments import Argument, Run
from certgraph.api.reads.below import KEYS
from certgraph.api.reads.levels import Level

Keys = Sequence[Sequence[Any]]
"""Keys of the parents, one sequence for each key column."""


@dataclass(slots=True)
class Statement:
    """A level ready to run.

    Attributes:
        text: SQL as the driver takes it.
        fill: For each parameter, in the driver's order, what gives its value.
        batches: Statements below: with the places of the parents' keys.
    """

    text: str
    fill: Sequence[Callable[[Run, Keys], Any]]
    batches: Sequence[tuple[Sequence[int], "Statement"]]

    @property
    def length(self) -> int:
        """How many characters of SQL these are."""
        return len(self.text) + sum(statement.length for _, statement in self.batches)

    async def rows(
        self, connection: ReadConnection, run: Run, keys: Keys = ()
    ) -> list[tuple[Any, ...]]:
        """Return the rows, each with the rows below it where batches follow."""
        values = [fill(run, keys) for fill in self.fill]
        rows = await connection.fetch(self.text, values)
        for places, statement in self.batches:
            rows = await _with_batch(connection, run, rows, places, statement)
        return rows


async def _with_batch(
    connection: ReadConnection,
    run: Run,
    rows: list[tuple[Any, ...]],
    places: Sequence[int],
    statement: Statement,
) -> list[tuple[Any, ...]]:
    """Return rows, each with the list of the rows below it at its end."""
    ordinals: dict[tuple[Any, ...], int] = {}
    parents = []
    for row in rows:
        key = tuple([row[place] for place in places])
        parents.append(-1 if None in key else ordinals.setdefault(key, len(ordinals)))
    groups: list[list[tuple[Any, ...]]] = [[] for _ in ordinals]
    if groups:
        columns = list(zip(*ordinals, strict=True))
        for row in await statement.rows(connection, run, columns):
            groups[row[0]].append(row)
    groups.append([])  # of parents without a key
    return [(*row, groups[parent]) for row, parent in zip(rows, parents, strict=True)]


def compile_level(level: Level, dialect: Dialect) -> Statement:
    """Return a level and those below it, compiled."""
    found = compile_select(level.statement(), dialect)
    found.batches = [
        ([key.index for key in batch.keys], compile_level(batch.level, dialect))
        for batch in level.batches
    ]
    return found


def compile_select(statement: Select[Any], dialect: Dialect) -> Statement:
    """Return a statement, compiled."""
    compiled = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    fill: list[Callable[[Run, Keys], Any]] = []
    for name in compiled.positiontup or ():
        parameter = compiled.binds[name]
        if name.startswith(KEYS):
            fill.append(_keys(dialect.name, name))
            continue
        process = parameter.type.dialect_impl(dialect).bind_processor(dialect)
        if isinstance(parameter, Argument):
            fill.append(_argument(parameter.value_of, process))
        else:
            value = parameter.value
            fill.append(_constant(value if process is None else process(value)))
    return Statement(str(compiled), fill, ())


def _keys(dialect: str, name: str) -> Callable[[Run, Keys], Any]:
    if dialect == "postgresql":
        index = int(name.removeprefix(KEYS))
        return lambda _run, keys: keys[index]

    def as_json(_run: Run, keys: Keys) -> str:
        rows = keys[0] if len(keys) == 1 else list(zip(*keys, strict=True))
        return orjson.dumps(rows).decode()

    return as_json


def _argument(
    value_of: Callable[[Run], Any], process: Callable[[Any], Any] | None
) -> Callable[[Run, Keys], Any]:
    if process is None:
        return lambda run, _keys: value_of(run)
    return lambda run, _keys: process(value_of(run))


def _constant(value: Any) -> Callable[[Run, Keys], Any]:
    return lambda _run, _keys: value
