"""Plans of connections: where a page starts and ends, and the shapes of its parts."""

from collections.abc import Callable
from typing import Any, Protocol

from graphql import GraphQLObjectType, get_named_type
from sqlalchemy import ColumnElement, Integer

from certgraph.api.reads.arguments import Argument, Run
from certgraph.api.reads.declarations import Checked, Page, Part
from certgraph.api.reads.levels import LevelTable, Order
from certgraph.api.reads.page_shapes import (
    EdgeCursor,
    Paged,
    PageInfoField,
    PageInfoShape,
    PagePart,
)
from certgraph.api.reads.scalars import Decode
from certgraph.api.reads.selection import Selected
from certgraph.api.reads.shapes import Constant, Object, Rows, Shape


class ObjectPlanner(Protocol):
    """What makes the objects on a page."""

    def object_at(self, place: LevelTable, type_: GraphQLObjectType, selected: Selected) -> Shape:
        """Return the shape of the objects at a place."""
        ...

    def decoder(self, place: LevelTable, expression: ColumnElement[Any]) -> Decode | None:
        """Return what makes the Python value of an expression at a place."""
        ...


def node_type(selected: Selected) -> GraphQLObjectType:
    """Return what a connection's nodes are."""
    found = get_named_type(selected.object_type().fields["nodes"].type)
    assert isinstance(found, GraphQLObjectType)  # noqa: S101 - see relay.Connection
    return found


def page_order(declared: Page, slot: int, *, is_after: bool) -> Order:
    """Return order, start and limit of a page, its values from the arguments in a slot."""
    limit = Argument(
        f"a{slot}_limit",
        lambda run: 0 if slot in run.failures else run.arguments[slot]["first"] + 1,
        Integer(),
    )
    after = None
    if is_after:
        after = [
            Argument(f"a{slot}_after{index}", _after(slot, index), column.type)
            for index, column in enumerate(declared.order_by)
        ]
    return Order(declared.order_by, declared.descending, after, limit, declared.largest + 1)


def _after(slot: int, index: int) -> Callable[[Run], Any]:
    """Return what gives one value of the cursor in `after`; null where it is refused."""
    return lambda run: None if slot in run.failures else run.places[slot][index]


def page_shape(
    planner: ObjectPlanner,
    declared: Page,
    selected: Selected,
    place: LevelTable,
    rows: Rows,
    name: str,
) -> Paged:
    """Return the shape of a connection whose rows are at a place."""
    assert selected.slot is not None  # noqa: S101 - every page takes `first`
    keys = []
    for column in declared.order_by:
        position = place.level.position(place.sql(column), id(place), id(column))
        keys.append((position, planner.decoder(place, column)))
    page = Paged(selected.object_type(), rows, selected.slot, name, keys)
    page.fields = {
        key: page_part(planner, page, below, place, node_type(selected))
        for key, below in selected.fields().items()
    }
    return page


def page_part(
    planner: ObjectPlanner,
    page: Paged,
    selected: Selected,
    place: LevelTable,
    node: GraphQLObjectType,
) -> Shape:
    """Return the shape of `nodes`, `edges` or `pageInfo`."""
    if selected.name == "__typename":
        return Constant(page.type.name)
    if isinstance(selected.declaration, Checked):
        return Constant(None)
    assert isinstance(selected.declaration, Part)  # noqa: S101 - see relay.Connection
    type_ = selected.object_type()
    match selected.declaration.name:
        case "nodes":
            return PagePart(page, planner.object_at(place, node, selected))
        case "pageInfo":
            fields = {
                key: Constant(type_.name)
                if below.name == "__typename"
                else PageInfoField(below.name, page.slot)
                for key, below in selected.fields().items()
            }
            return PageInfoShape(type_, fields)
    edge: dict[str, Shape] = {}
    for key, below in selected.fields().items():
        if below.name == "__typename":
            edge[key] = Constant(type_.name)
        elif isinstance(below.declaration, Part) and below.declaration.name == "cursor":
            edge[key] = EdgeCursor(page)
        else:
            edge[key] = planner.object_at(place, node, below)
    return PagePart(page, Object(type_, edge))
