"""SQL of a plan: a level is one set of rows, with all that is joined to it one to one.

A level below another is an aggregate inside its parent's rows (PostgreSQL), or a statement of its
own for all parents at once, batched by their keys (SQLite, and where a row is too wide).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    case,
    func,
    literal,
    literal_column,
    null,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from certgraph.actions.parties import Role
from certgraph.api.reads.aliases import Adapter, Aliases
from certgraph.api.reads.code import Position
from certgraph.api.reads.declarations import Source

JSON_COLUMNS = 100
"""Arguments that a function of PostgreSQL takes at most."""


class TooWide(Exception):
    """An aggregate would have more columns than a function takes arguments."""


@dataclass(slots=True)
class Batch:
    """Rows below a level, read by a statement of their own.

    Attributes:
        level: Of these rows; its first column is the parent's ordinal.
        keys: Where the parent's row holds the key.
        position: Where they go in the parent's row.
    """

    level: "Level"
    keys: Sequence[Position]
    position: Position


@dataclass(slots=True)
class Order:
    """Order, place to start after, and limit of a level.

    Attributes:
        columns: Of the base table.
        descending: Whether the highest comes first.
        after: Values of the columns of the row before, as parameters; None at the start.
        limit: Parameter; None for all rows.
        largest: What the parameter never exceeds, for the database to plan with.
    """

    columns: Sequence[ColumnElement[Any]]
    descending: bool = False
    after: Sequence[ColumnElement[Any]] | None = None
    limit: ColumnElement[int] | None = None
    largest: int = 0

    def terms(self, adapter: Adapter) -> list[ColumnElement[Any]]:
        """Return what to order by."""
        adapted = list(map(adapter.declared, self.columns))
        return [c.desc() if self.descending else c for c in adapted]

    def start(self, adapter: Adapter) -> list[ColumnElement[bool]]:
        """Return the condition that leaves out what came before."""
        if self.after is None:
            return []
        adapted = list(map(adapter.declared, self.columns))
        if len(adapted) == 1:
            ((here,), (there,)) = (adapted, self.after)
            return [here < there if self.descending else here > there]
        place, start = tuple_(*adapted), tuple_(*self.after)
        return [place < start if self.descending else place > start]


@dataclass(slots=True)
class Level:
    """One set of rows.

    Attributes:
        dialect: `postgresql` or `sqlite`.
        rows_from: Tables and joins.
        in_json: Whether the rows are an aggregate in their parent's.
        where: Conditions outside of a limited subquery.
        order_by: Order of the rows.
        columns: What a row holds, before batches.
        batches: What is read after it.
        written: Makes the statement instead, where the database writes the rows as one.
    """

    dialect: str
    rows_from: FromClause
    in_json: bool = False
    where: list[ColumnElement[bool]] = field(default_factory=list)
    order_by: list[ColumnElement[Any]] = field(default_factory=list)
    columns: list[ColumnElement[Any]] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)
    written: "Callable[[Level], Select[Any]] | None" = None
    _known: dict[tuple[int, ...], Position] = field(default_factory=dict)

    def position(self, element: ColumnElement[Any], *key: int) -> Position:
        """Return where a column is; the same for the same key."""
        known = self._known.get(key) if key else None
        if known is None:
            known = Position(len(self.columns))
            self.columns.append(element)
            if key:
                self._known[key] = known
        return known

    def known(self, key: tuple[int, ...]) -> Position | None:
        """Return where the column of a key is; None if the rows have none yet."""
        return self._known.get(key)

    def finish(self) -> int:
        """Give batches their places; return how many columns a row has."""
        if not self.columns:
            self.columns.append(literal(1))
        for index, batch in enumerate(self.batches):
            batch.position.index = len(self.columns) + index
        return len(self.columns) + len(self.batches)

    def statement(self) -> Select[Any]:
        """Return the statement that reads the rows."""
        if self.written is not None:
            return self.written(self)
        found: Select[Any] = select(*self.columns).select_from(self.rows_from)
        return found.where(*self.where).order_by(*self.order_by)

    def aggregate(self, parent: FromClause) -> ColumnElement[Any]:
        """Return the rows of one parent as a JSON array of arrays.

        Raises:
            TooWide: A row has too many columns.
        """
        if len(self.columns) > JSON_COLUMNS:
            raise TooWide
        return self.list_of(func.json_build_array(*self.columns), parent)

    def list_of(self, item: ColumnElement[Any], parent: FromClause) -> ColumnElement[Any]:
        """Return an item for each row of one parent, as a JSON array."""
        ordered = aggregate_order_by(item, *self.order_by) if self.order_by else item
        rows = func.coalesce(func.json_agg(ordered), literal_column("'[]'::json"))
        found: Select[Any] = select(rows).select_from(self.rows_from)
        return found.where(*self.where).correlate(parent).scalar_subquery()


@dataclass(slots=True, eq=False)
class LevelTable:
    """A table at a level: where expressions over it are taken from.

    Attributes:
        level: Whose rows it is part of.
        adapter: Turns expressions over the source's table into ones over what is read here.
        source: What the type reads.
        present: Null in rows without an object here; None where there always is one.
    """

    level: Level
    adapter: Adapter
    source: Source
    present: ColumnElement[Any] | None = None

    @property
    def table(self) -> FromClause:
        """Alias or subquery with the columns of the source's table."""
        return self.adapter.selectable

    def sql(self, expression: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return a declared expression over this place."""
        return self.adapter.declared(expression)

    def guarded(
        self, expression: ColumnElement[Any], role: Role | None
    ) -> ColumnElement[Any] | None:
        """Return an expression that is null where the policy denies the row; None if always."""
        allowed = self.source.readable(role)
        if isinstance(allowed, bool):
            return self.sql(expression) if allowed else None
        return case((self.sql(allowed), self.sql(expression)), else_=null())

    def primary_key(self) -> Sequence[ColumnElement[Any]]:
        """Return the primary key of the source's table."""
        return tuple(self.source.table.primary_key.columns)


_NO_ROW: ColumnElement[bool] = literal_column("1 = 0")


def allowed_rows(source: Source, role: Role | None) -> list[ColumnElement[bool]]:
    """Return the condition of the policy, in a list; empty where it lets everything pass."""
    allowed = source.readable(role)
    if allowed is True:
        return []
    return [_NO_ROW if allowed is False else allowed]


def read_rows(
    dialect: str,
    aliases: Aliases,
    source: Source,
    conditions: Sequence[ColumnElement[bool]],
    order: Order | None,
    reasons: Sequence[ColumnElement[bool]] = (),
) -> LevelTable:
    """Return a place over the rows of a table that meet conditions over it.

    Args:
        dialect: `postgresql` or `sqlite`.
        aliases: Of the plan.
        source: What is read.
        conditions: Over its table.
        order: Of a page; None: of all rows.
        reasons: Of which one must hold as well, see `Either`; empty: none need.
    """
    adapter = aliases.next(source.table)
    table = adapter.selectable
    where = list(map(adapter.of, conditions))
    if order is None or order.limit is None:
        return LevelTable(Level(dialect, table, where=where), adapter, source)
    if reasons:
        (key,) = source.table.primary_key.columns
        pages = [_page_of_keys(aliases, source, [*conditions, one], order) for one in reasons]
        where = [adapter.of(key).in_(union_all(*pages))]
    inner = limited_rows(select(table).where(*where), order, adapter)[0].subquery()
    place = LevelTable(Level(dialect, inner), Adapter(inner), source)
    place.level.order_by = order.terms(place.adapter)
    return place


def _page_of_keys(
    aliases: Aliases, source: Source, conditions: Sequence[ColumnElement[bool]], order: Order
) -> Select[Any]:
    """Return the keys of the page that would be read for one of several reasons."""
    adapter = aliases.next(source.table)
    (key,) = source.table.primary_key.columns
    found = select(adapter.of(key)).where(*map(adapter.of, conditions), *order.start(adapter))
    page = found.order_by(*order.terms(adapter)).limit(literal_column(str(order.largest)))
    return select(page.subquery())


def limited_rows(
    statement: Select[Any], order: Order, adapter: Adapter
) -> tuple[Select[Any], Adapter]:
    """Return a statement cut to its page before anything is joined, and what adapts to it.

    The largest page is a limit of its own, because the database knows the number when it plans.
    """
    ordered = statement.where(*order.start(adapter)).order_by(*order.terms(adapter))
    most = ordered.limit(literal_column(str(order.largest))).subquery()
    to_most = Adapter(most)
    return select(most).order_by(*order.terms(to_most)).limit(order.limit), to_most
