"""Rows below other rows: aggregated inside their parent's, or read for many parents at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    and_,
    bindparam,
    column,
    func,
    literal_column,
    select,
    true,
    tuple_,
)

from certgraph.api.reads.aliases import Adapter, Aliases
from certgraph.api.reads.declarations import Join, Source
from certgraph.api.reads.levels import Level, LevelTable, Order, limited_rows

KEYS = "keys"
"""Prefix of the parameters that hold the keys of a batch's parents, one a key column."""


@dataclass(slots=True)
class Below:
    """Rows below a parent, by a join.

    Attributes:
        aliases: Of the plan.
        source: What is read.
        join: How they belong to the parent.
        conditions: Further ones over the table, the policy's among them.
        order: Their order and limit.
    """

    aliases: Aliases
    source: Source
    join: Join
    conditions: Sequence[ColumnElement[bool]]
    order: Order

    def aggregated(self, parent: LevelTable, keys: Sequence[ColumnElement[Any]]) -> LevelTable:
        """Return a place whose rows are an aggregate in the parent's; `keys` are the parent's."""
        adapter = self.aliases.next(self.source.table)
        table = adapter.selectable
        rows_from, on = self._joined(table, adapter, keys)
        where = [*on, *map(adapter.of, self.conditions)]
        if self.order.limit is None:
            level = Level("postgresql", rows_from, in_json=True, where=where)
            place = LevelTable(level, adapter, self.source)
        else:
            inner = select(table).select_from(rows_from).where(*where).correlate(parent.table)
            limited = limited_rows(inner, self.order, adapter)[0].subquery()
            level = Level("postgresql", limited, in_json=True)
            place = LevelTable(level, Adapter(limited), self.source)
        level.order_by = self.order.terms(place.adapter)
        return place

    def batched(self, dialect: str) -> LevelTable:
        """Return a place whose rows are read for many parents; the first column is an ordinal."""
        types = [c.type for c in self.join.parent]
        parents, ordinal, keys = _parents(dialect, types)
        adapter = self.aliases.next(self.source.table)
        table = adapter.selectable
        further = list(map(adapter.of, self.conditions))
        if self.order.limit is None:
            rows_from, on = self._joined(parents, adapter, keys)
            joined = rows_from if rows_from is not parents else parents.join(table, and_(*on))
            level = Level(dialect, joined, where=further)
            place = LevelTable(level, adapter, self.source)
        else:
            rows_from, on = self._joined(table, adapter, keys)
            rows = select(table).select_from(rows_from).where(*on, *further).correlate(parents)
            one_page, to_page = limited_rows(rows, self.order, adapter)
            page, condition = self._page_of_parent(dialect, one_page, to_page)
            level = Level(dialect, parents.join(page.selectable, condition))
            place = LevelTable(level, page, self.source)
        level.columns.append(ordinal)
        level.order_by = [ordinal, *self.order.terms(place.adapter)]
        return place

    def _page_of_parent(
        self, dialect: str, one_page: Select[Any], adapter: Adapter
    ) -> tuple[Adapter, ColumnElement[bool]]:
        """Return what to join to the parents, so that each gets its own page."""
        if dialect == "postgresql":
            return Adapter(one_page.lateral()), true()
        primary_key = tuple(self.source.table.primary_key.columns)  # SQLite has no LATERAL
        ids = one_page.with_only_columns(*map(adapter.declared, primary_key))
        outer = self.aliases.next(self.source.table)
        columns = list(map(outer.declared, primary_key))
        place = columns[0] if len(columns) == 1 else tuple_(*columns)
        return outer, place.in_(ids)

    def _joined(
        self, left: FromClause, to_table: Adapter, keys: Sequence[ColumnElement[Any]]
    ) -> tuple[FromClause, list[ColumnElement[bool]]]:
        """Return `left` with the table joined, through the link where one is in between.

        Conditions that tie the rows to the keys are returned, unless `left` holds the keys itself
        and a link took them.
        """
        if self.join.through is None:
            pairs = zip(self.join.target, keys, strict=True)
            return left, [to_table.declared(target) == key for target, key in pairs]
        to_link = self.aliases.next(self.join.through)
        link, table = to_link.selectable, to_table.selectable
        pairs = zip(self.join.target, keys, strict=True)
        near = [to_link.declared(target) == key for target, key in pairs]
        far = and_(*(to_table.declared(t) == to_link.declared(c) for t, c in self.join.far))
        if left is table:
            return table.join(link, far), near
        return left.join(link, and_(*near)).join(table, far), []


def _parents(
    dialect: str, types: Sequence[Any]
) -> tuple[Any, ColumnElement[Any], list[ColumnElement[Any]]]:
    """Return the parents' keys as a table, its ordinal from 0, and its key columns."""
    if dialect == "postgresql":
        arrays = [bindparam(f"{KEYS}{n}", None, ARRAY(type_)) for n, type_ in enumerate(types)]
        names = [column(f"key{n}", type_) for n, type_ in enumerate(types)]
        parents = (
            func.unnest(*arrays)
            .table_valued(*names, with_ordinality="ordinal", joins_implicitly=True)
            .render_derived()
        )
        ordinal = parents.c.ordinal - literal_column("1")
        return parents, ordinal, [parents.c[name.name] for name in names]
    parents = func.json_each(bindparam(KEYS, None)).table_valued(
        column("key", Integer), column("value", types[0]), joins_implicitly=True
    )
    if len(types) == 1:
        return parents, parents.c.key, [parents.c.value]
    parts: list[ColumnElement[Any]] = [
        func.json_extract(parents.c.value, f"$[{n}]") for n in range(len(types))
    ]
    return parents, parents.c.key, parts
