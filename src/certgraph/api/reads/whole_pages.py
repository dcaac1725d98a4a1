# ruff: noqa: ANN401 - see Shape
"""Pages that PostgreSQL writes whole: one row with JSON arrays, and the keys its cursors need.

A page whose objects are plain (`json_sql`) and carry no cursor of their own comes as one row: each
of its parts, whether there is more, the keys of the first row, the keys of the last.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from graphql import GraphQLObjectType
from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Text,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from certgraph.actions.parties import Role
from certgraph.api.reads.arguments import Argument, Run
from certgraph.api.reads.code import Code, Position, Row
from certgraph.api.reads.declarations import Page, Part
from certgraph.api.reads.json_sql import is_plain_object, object_json
from certgraph.api.reads.levels import Level, LevelTable
from certgraph.api.reads.page_plans import ObjectPlanner, node_type, page_part
from certgraph.api.reads.page_shapes import Paged
from certgraph.api.reads.selection import Selected
from certgraph.api.reads.shapes import Rows, Shape, Written, object_code


def is_plain_page(selected: Selected, role: Role | None) -> bool:
    """Tell whether PostgreSQL can write a connection whole."""
    return all(_is_plain_part(part, role) for part in selected.fields().values())


def _is_plain_part(selected: Selected, role: Role | None) -> bool:
    match selected.declaration:
        case None | Part(name="pageInfo"):
            return True
        case Part(name="edges"):
            below = selected.fields().values()
            return all(_is_plain_part(one, role) for one in below)
        case Part(name="nodes" | "node"):
            return is_plain_object(selected.fields(), role)
        case _:
            return False


def _statement(level: Level, keys: int, slot: int) -> Select[Any]:
    """Return the statement that reads a page as one row.

    Args:
        level: Its columns are the keys of the order, then the parts, each as JSON of one row.
        keys: How many keys.
        slot: Where the page's arguments are.
    """
    labelled = [column.label(f"c{index}") for index, column in enumerate(level.columns)]
    number = func.row_number().over(order_by=level.order_by).label("n")
    inner = select(*labelled, number).select_from(level.rows_from).where(*level.where)
    page = inner.subquery("page")
    columns = [page.c[f"c{index}"] for index in range(len(labelled))]
    first = Argument(f"a{slot}_first", lambda run: run.arguments[slot]["first"], Integer())
    last = cast(func.least(func.count(), first), Integer)
    parts = [
        func.convert_to(  # as bytes nobody decodes it on the way
            cast(
                func.coalesce(
                    func.json_agg(aggregate_order_by(column, page.c.n)).filter(page.c.n <= first),
                    literal_column("'[]'::json"),
                ),
                Text,
            ),
            literal_column("'UTF8'"),
        )
        for column in columns[keys:]
    ]
    in_order = [func.array_agg(aggregate_order_by(column, page.c.n)) for column in columns[:keys]]
    starts = [values[literal_column("1", Integer)] for values in in_order]
    ends = [values[last] for values in in_order]
    return select(*parts, func.count() > first, *starts, *ends).select_from(page)


@dataclass(slots=True)
class WholePage(Shape):
    """A connection in one row.

    Attributes:
        page: What makes its cursors; its keys are at 0, 1, … of what `whole_page` ends with.
        fields: Parts by response key; `Written` where PostgreSQL wrote them.
        parts: How many it wrote.
    """

    page: Paged
    parts: int
    fields: Mapping[str, Shape] = field(default_factory=dict)

    def code(self, code: Code, row: str) -> str:
        """See `Shape`."""
        keys = len(self.page.keys)
        start, end = self.parts + 1, self.parts + 1 + keys
        names = ", ".join(f"p_{index}" for index in range(self.parts))
        made = object_code(self.fields, code, "p_")
        code.functions.append(
            f"def page(run, row):\n"
            f" ({names}{',' if names else ''}) = row[:{self.parts}]\n"
            f" more = row[{self.parts}]\n"
            f" rows = [] if row[{start}] is None else [row[{start}:{end}], row[{end}:]]\n"
            f" cursor = {code.constant(self.page.cursors)}(run)\n"
            f" return {made}"
        )
        return f"page(run, {row}0[0])"

    def value(self, row: Row, run: Run) -> Any:
        """Raise: graphql-core reads plans in which the database writes nothing."""
        raise NotImplementedError


class WholePagePlanner(ObjectPlanner, Protocol):
    """What makes the objects on such a page."""

    def object_json_at(
        self, place: LevelTable, type_: GraphQLObjectType, fields: Mapping[str, Selected]
    ) -> ColumnElement[Any]:
        """Return the object at a place as PostgreSQL writes it."""
        ...


def whole_page(
    planner: WholePagePlanner, declared: Page, selected: Selected, place: LevelTable, name: str
) -> WholePage:
    """Return the shape of a page that comes as one row; its rows are at a place."""
    assert selected.slot is not None  # noqa: S101 - every page takes `first`
    keys = []
    for index, column in enumerate(declared.order_by):
        place.level.columns.append(place.sql(column))
        keys.append((Position(index), planner.decoder(place, column)))
    page = Paged(selected.object_type(), Rows(Position()), selected.slot, name, keys)
    node = node_type(selected)
    written: list[ColumnElement[Any]] = []
    fields: dict[str, Shape] = {}
    for key, part in selected.fields().items():
        if part.name == "nodes":
            written.append(planner.object_json_at(place, node, part.fields()))
        elif part.name == "edges":
            written.append(_edge(planner, part, place, node))
        else:
            fields[key] = page_part(planner, page, part, place, node)
            continue
        fields[key] = Written(Position(len(written) - 1), is_text=True)
    place.level.columns += written
    place.level.written = partial(_statement, keys=len(keys), slot=selected.slot)
    return WholePage(page, len(written), fields)


def _edge(
    planner: WholePagePlanner, edges: Selected, place: LevelTable, node: GraphQLObjectType
) -> ColumnElement[Any]:
    type_name: ColumnElement[str] = literal_column(f"'{edges.object_type().name}'")
    return object_json(
        {
            key: planner.object_json_at(place, node, below.fields())
            if below.name == "node"
            else type_name
            for key, below in edges.fields().items()
        }
    )
