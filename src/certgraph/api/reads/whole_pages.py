"""Pages that PostgreSQL writes whole: one row with JSON arrays, and the keys its cursors need.

A page whose objects are plain (`json_sql`) and carry no cursor of their own comes as one row: each
of its parts, whether there is more, the keys of the first row, the keys of the last.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from certgraph.api.enums import TokenRole
from certgraph.api.reads.arguments import Argument, Run
from certgraph.api.reads.code import Code, Row
from certgraph.api.reads.declarations import Part
from certgraph.api.reads.json_sql import is_plain_object, object_json
from certgraph.api.reads.levels import Level
from certgraph.api.reads.page_shapes import Paged
from certgraph.api.reads.selection import Selected
from certgraph.api.reads.shapes import Shape, object_code


def is_plain_page(selected: Selected, role: TokenRole | None) -> bool:
    """Tell whether PostgreSQL can write a connection whole."""
    return all(_is_plain_part(part, role) for part in selected.fields().values())


def _is_plain_part(selected: Selected, role: TokenRole | None) -> bool:
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


def edge_json(
    selected: Selected, type_name: str, node: Mapping[str, ColumnElement[Any]]
) -> ColumnElement[Any]:
    """Return an edge as PostgreSQL writes it; `node` are its objects by response key."""
    return object_json(
        {key: node.get(key, literal_column(f"'{type_name}'")) for key in selected.fields()}
    )


def whole_page(level: Level, keys: int, slot: int) -> Select[Any]:
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
        func.coalesce(
            func.json_agg(aggregate_order_by(column, page.c.n)).filter(page.c.n <= first),
            literal_column("'[]'::json"),
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
        page: What makes its cursors; its keys stand at 0, 1, … of what `whole_page` ends with.
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

    def value(self, row: Row, run: Run) -> Any:  # noqa: ANN401 - see Shape
        """Raise: graphql-core reads plans in which the database writes nothing."""
        raise NotImplementedError
