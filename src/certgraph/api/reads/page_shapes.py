# ruff: noqa: ANN401 - see Shape
"""Connections from rows to JSON: nodes, edges, cursors, PageInfo."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLNamedType

from certgraph.api.reads.arguments import Run
from certgraph.api.reads.code import Code, Position, Row
from certgraph.api.reads.cursors import cursor_maker
from certgraph.api.reads.scalars import Decode
from certgraph.api.reads.shapes import Record, Rows, Shape, object_code


@dataclass(slots=True)
class Paged(Shape):
    """A connection: one row more than was asked for says that there is a next page.

    Attributes:
        type: Its type in the schema.
        rows: The rows.
        slot: Where its arguments are.
        name: The field, which cursors are bound to.
        keys: Position and decoder of the columns of its order.
        fields: Parts by response key.
    """

    type: GraphQLNamedType
    rows: Rows
    slot: int
    name: str
    keys: Sequence[tuple[Position, Decode | None]]
    fields: Mapping[str, Shape] = field(default_factory=dict)

    def code(self, code: Code, row: str) -> str:
        """See `Shape`."""
        function = f"page{len(code.functions)}"
        code.functions.append("")  # keeps the number
        made = object_code(self.fields, code, "")
        code.functions[int(function[4:])] = (
            f"def {function}(run, rows):\n"
            f" first = run.arguments[{self.slot}]['first']\n"
            f" more = len(rows) > first\n"
            f" if more: rows = rows[:first]\n"
            f" cursor = {code.constant(self.cursors)}(run)\n"
            f" return {made}"
        )
        return f"{function}(run, {self.rows.code(row)})"

    def cursors(self, run: Run) -> Callable[[Row], str]:
        """Return what makes the cursor of a row."""
        make = cursor_maker(run.context, self.name, run.arguments[self.slot])
        keys = self.keys

        def cursor(row: Row) -> str:
            raw = [(row[position.index], decode) for position, decode in keys]
            return make([value if decode is None else decode(value) for value, decode in raw])

        return cursor

    def value(self, row: Row, run: Run) -> Any:
        """See `Shape`."""
        if self.slot in run.failures:
            raise run.failures[self.slot]
        rows = self.rows.of(row)
        first = run.arguments[self.slot]["first"]
        page = (rows[:first], len(rows) > first, self.cursors(run))
        return Record(self.type.name, self.fields, page, run)


@dataclass(slots=True)
class PagePart(Shape):
    """A part of a page whose rows are `rows`: its nodes, or its edges."""

    page: Paged
    item: Shape

    def code(self, code: Code, row: str) -> str:
        """See `Shape`."""
        del row
        return self.page.rows.each(code, self.item, "rows")

    def value(self, row: Row, run: Run) -> Any:
        """See `Shape`."""
        return [self.item.value(below, run) for below in row[0]]


@dataclass(slots=True)
class EdgeCursor(Shape):
    """The cursor of a row."""

    page: Paged

    def code(self, code: Code, row: str) -> str:
        """See `Shape`."""
        del code
        columns = ", ".join(f"{row}{index}" for index in range(self.page.rows.width))
        return f"cursor(({columns},))"

    def value(self, row: Row, run: Run) -> Any:
        """See `Shape`."""
        return self.page.cursors(run)(row)


@dataclass(slots=True)
class PageInfoShape(Shape):
    """The PageInfo of a page."""

    type: GraphQLNamedType
    fields: Mapping[str, Shape]

    def code(self, code: Code, row: str) -> str:
        """See `Shape`."""
        return object_code(self.fields, code, row)

    def value(self, row: Row, run: Run) -> Any:
        """See `Shape`."""
        return Record(self.type.name, self.fields, row, run)


_INFO: Mapping[str, tuple[str, Callable[[Any, Run, int], Any]]] = {
    "hasNextPage": ("more", lambda page, _run, _slot: page[1]),
    "hasPreviousPage": (
        "(run.arguments[{slot}]['after'] is not None)",
        lambda _page, run, slot: run.arguments[slot]["after"] is not None,
    ),
    "startCursor": (
        "(cursor(rows[0]) if rows else None)",
        lambda page, _run, _slot: page[2](page[0][0]) if page[0] else None,
    ),
    "endCursor": (
        "(cursor(rows[-1]) if rows else None)",
        lambda page, _run, _slot: page[2](page[0][-1]) if page[0] else None,
    ),
}


@dataclass(slots=True)
class PageInfoField(Shape):
    """A field of PageInfo."""

    name: str
    slot: int

    def code(self, code: Code, row: str) -> str:
        """See `Shape`."""
        del code, row
        return _INFO[self.name][0].format(slot=self.slot)

    def value(self, row: Row, run: Run) -> Any:
        """See `Shape`."""
        return _INFO[self.name][1](row, run, self.slot)
