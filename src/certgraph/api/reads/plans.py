"""A plan: the SQL and the shape of one field, for one role and one set of given arguments."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Any

from graphql import (
    GraphQLObjectType,
    get_named_type,
    is_non_null_type,
)
from sqlalchemy import ColumnElement, Dialect, Integer, and_, case, literal_column, null

from certgraph.api.enums import TokenRole
from certgraph.api.reads.arguments import Argument, Run, argument
from certgraph.api.reads.cursors import place_after
from certgraph.api.reads.declarations import (
    Column,
    Computed,
    Find,
    Join,
    Many,
    One,
    Page,
    Part,
    Source,
    everybody,
)
from certgraph.api.reads.json_sql import (
    global_id_json,
    is_plain_object,
    is_required,
    object_json,
    value_json,
)
from certgraph.api.reads.levels import (
    Batch,
    Below,
    Level,
    Order,
    Place,
    TooWide,
    allowed_rows,
    read_rows,
)
from certgraph.api.reads.plain import completion
from certgraph.api.reads.scalars import decoder, encoder, global_id
from certgraph.api.reads.selection import STRAWBERRY, Selected, source_of
from certgraph.api.reads.shapes import (
    Calculated,
    Code,
    Constant,
    EdgeCursor,
    Keyed,
    Leaf,
    Listed,
    Object,
    Only,
    Paged,
    PageInfoField,
    PageInfoShape,
    PagePart,
    Position,
    Rows,
    Shape,
    Written,
)

PAGING = ("first", "after")
Given = Sequence[frozenset[str]]
"""By slot, the arguments that are given and not null."""


@dataclass(slots=True)
class Plan:
    """How to read one field.

    Attributes:
        level: What to read.
        shape: What becomes of a row that holds the rows of the level.
        complete: The same as generated code: (run, rows) → JSON-ready value.
    """

    level: Level
    shape: Shape
    complete: Callable[[Run, Sequence[Any]], Any]


def make_plan(
    top: Selected,
    *,
    keyed: GraphQLObjectType | None,
    name: str,
    dialect: Dialect,
    role: TokenRole | None,
    given: Given,
    for_records: bool,
) -> Plan:
    """Return the plan of a field.

    Args:
        top: The field.
        keyed: Type of the objects that are read by their keys; None for other fields.
        name: Name of the field with its parent's, which cursors are bound to.
        dialect: Of the database.
        role: Whose policies hold.
        given: Arguments that are given.
        for_records: Whether graphql-core reads the rows: then the database writes no JSON objects.
    """
    way = _Way.BATCHES
    if dialect.name == "postgresql":
        way = _Way.ARRAYS if for_records else _Way.OBJECTS
    try:
        return _Planner(dialect, role, given, way).plan(top, keyed, name)
    except TooWide:
        return _Planner(dialect, role, given, _Way.BATCHES).plan(top, keyed, name)


class _Way(Enum):
    """How rows below rows come: the first two in the statement of their parents."""

    OBJECTS = "plain objects written as JSON by the database, others as ARRAYS"
    ARRAYS = "aggregates, arrays of columns"
    BATCHES = "statements of their own"


class _Planner:
    def __init__(
        self,
        dialect: Dialect,
        role: TokenRole | None,
        given: Given,
        way: _Way,
    ) -> None:
        self._dialect = dialect
        self._role = role
        self._given = given
        self._way = way
        self._joined: dict[tuple[int, int], Place] = {}

    def plan(self, top: Selected, keyed: GraphQLObjectType | None, name: str) -> Plan:
        """Return the plan of a field."""
        declaration = top.declaration
        rows = Rows(Position(0))
        if keyed is not None:
            place, shape = self._by_keys(top, keyed, rows)
        elif isinstance(declaration, Page):
            source = self._source(_node_type(top))
            order, conditions = self._page(declaration, top, source, name)
            place = read_rows(self._dialect.name, source, conditions, order)
            shape = self._paged(declaration, top, place, rows, name)
        else:
            assert isinstance(declaration, Find)  # noqa: S101 - the others are not of the root
            source = self._source(top.object_type())
            conditions = self._conditions(declaration.conditions, top)
            if not declaration.known:
                conditions += allowed_rows(source, self._role)
            place = read_rows(self._dialect.name, source, conditions, None)
            shape = Only(rows, self._object(place, top.object_type(), top.fields()))
        rows.width = place.level.finish()
        code = Code()
        complete = code.compiled(shape.code(code, "r0_"), "run, r0_0")
        return Plan(place.level, shape, complete)

    def _by_keys(self, top: Selected, type_: GraphQLObjectType, rows: Rows) -> tuple[Place, Shape]:
        source = self._source(type_)
        key = tuple(source.table.primary_key.columns)
        below = Below(source, Join(key, key), allowed_rows(source, self._role), Order(()))
        place = below.batched(self._dialect.name)
        return place, Keyed(rows, self._object(place, type_, top.below[type_.name]))

    @staticmethod
    def _source(type_: GraphQLObjectType) -> Source:
        source = source_of(type_)
        assert source is not None  # noqa: S101 - checked when the schema is made
        return source

    def _conditions(
        self, body: Callable[..., Any] | None, selected: Selected
    ) -> list[ColumnElement[bool]]:
        """Return what the body of a field yields, with parameters for the given arguments."""
        if body is None or selected.slot is None or selected.field is None:
            return []
        given = self._given[selected.slot]
        arguments = {
            definition.extensions[STRAWBERRY].python_name: argument(selected.slot, name)
            if name in given
            else None
            for name, definition in selected.field.args.items()
            if not isinstance(selected.declaration, Page) or name not in PAGING
        }
        return list(body(**arguments))

    def _page(
        self, declaration: Page, selected: Selected, source: Source, name: str
    ) -> tuple[Order, list[ColumnElement[bool]]]:
        """Return order, start and limit of a page, and its conditions."""
        slot = selected.slot
        assert slot is not None  # noqa: S101 - every page takes `first`
        limit = Argument(
            f"a{slot}_limit",
            lambda run: 0 if slot in run.failures else run.arguments[slot]["first"] + 1,
            Integer(),
        )
        after = None
        if "after" in self._given[slot]:
            types = [column.type.python_type for column in declaration.order_by]
            after = [
                Argument(f"a{slot}_after{index}", _after(slot, index, name, types), column.type)
                for index, column in enumerate(declaration.order_by)
            ]
        conditions = self._conditions(declaration.conditions, selected)
        conditions += allowed_rows(source, self._role)
        order = Order(
            declaration.order_by, declaration.descending, after, limit, declaration.largest + 1
        )
        return order, conditions

    def _object(
        self,
        place: Place,
        type_: GraphQLObjectType,
        fields: Mapping[str, Selected],
        present: Position | None = None,
        *,
        required: bool = False,
    ) -> Shape:
        if self._way is _Way.OBJECTS and is_plain_object(fields, self._role):
            position = place.level.position(self._object_json(place, type_, fields))
            return Written(position, is_text=not place.level.in_json)
        shapes = {key: self._field(place, type_, below) for key, below in fields.items()}
        return Object(type_, shapes, present, required)

    def _object_json(
        self, place: Place, type_: GraphQLObjectType, fields: Mapping[str, Selected]
    ) -> ColumnElement[Any]:
        """Return an object, or null where the place has none, as PostgreSQL writes it."""
        members = {key: self._json(place, type_, below) for key, below in fields.items()}
        found = object_json(members)
        return found if place.present is None else case((place.present.is_not(None), found))

    def _json(
        self, place: Place, type_: GraphQLObjectType, selected: Selected
    ) -> ColumnElement[Any]:
        """Return a field of an object as PostgreSQL writes it."""
        match selected.declaration:
            case None if selected.name == "__typename":
                return literal_column(f"'{type_.name}'")
            case None:
                (key,) = place.primary_key()
                return global_id_json(type_.name, place.sql(key))
            case Column() as declared:
                element = self._element(place, declared.expression, guarded=declared.guarded)
                named = get_named_type(selected.type)
                return null() if element is None else value_json(named, element)
            case One() as declared:
                there = self._join(place, declared, selected)
                if there is None:
                    return null()
                return self._object_json(there, selected.object_type(), selected.fields())
            case Many() as declared:
                return self._list_json(place, declared, selected)
            case other:
                raise TypeError(f"{type_.name}.{selected.name} declares {other}")

    def _list_json(self, place: Place, declared: Many, selected: Selected) -> ColumnElement[Any]:
        keys = self._keys(place, declared.join, guarded=declared.guarded)
        if keys is None:
            return literal_column("'[]'::json")
        there = self._below(declared, selected).aggregated(place, keys)
        if declared.value is not None:
            item = value_json(get_named_type(selected.type), there.sql(declared.value))
        else:
            item = self._object_json(there, selected.object_type(), selected.fields())
        return there.level.list_of(item, place.table)

    def _field(self, place: Place, type_: GraphQLObjectType, selected: Selected) -> Shape:
        """Return the shape of a field of an object at a place."""
        match selected.declaration:
            case None if selected.name == "__typename":
                return Constant(type_.name)
            case None:  # the id of a Node
                return self._global_id(place, type_.name)
            case Column() as declared:
                return self._column(place, declared, selected)
            case Computed() as declared:
                return self._computed(place, declared, selected)
            case One() as declared:
                return self._one(place, declared, selected)
            case Many() as declared:
                return self._many(place, declared, selected)
            case Page() as declared:
                return self._page_below(place, declared, selected, f"{type_.name}.{selected.name}")
            case other:
                raise TypeError(f"{type_.name}.{selected.name} declares {other}")

    def _decoder(self, place: Place, expression: ColumnElement[Any]) -> Any:  # noqa: ANN401
        return decoder(expression.type, self._dialect, in_json=place.level.in_json)

    def _global_id(self, place: Place, type_name: str) -> Shape:
        (key,) = place.primary_key()
        position = place.level.position(place.sql(key), id(place), id(key))
        decode = self._decoder(place, key)
        return Calculated([(position, decode)], partial(global_id, type_name))

    def _element(
        self, place: Place, expression: ColumnElement[Any], *, guarded: bool
    ) -> ColumnElement[Any] | None:
        """Return an expression at a place; None if the caller may never read it."""
        return place.guarded(expression, self._role) if guarded else place.sql(expression)

    def _position(
        self, place: Place, expression: ColumnElement[Any], *, guarded: bool
    ) -> Position | None:
        """Return where an expression stands in the row; None if the caller may never read it."""
        element = self._element(place, expression, guarded=guarded)
        if element is None:
            return None
        return place.level.position(element, id(place), id(expression), int(guarded))

    def _column(self, place: Place, declared: Column, selected: Selected) -> Shape:
        assert selected.type is not None  # noqa: S101 - a column is no __typename
        expression = declared.expression
        position = self._position(place, expression, guarded=declared.guarded)
        if position is None:
            return Constant(None)
        decode = self._decoder(place, expression)
        required = is_required(selected, expression)
        encode = encoder(get_named_type(selected.type), expression.type, decode)
        return Leaf(position, decode, encode, required)

    def _computed(self, place: Place, declared: Computed, selected: Selected) -> Shape:
        assert selected.type is not None  # noqa: S101 - a value is no __typename
        columns = []
        for expression in declared.columns:
            position = self._position(place, expression, guarded=declared.guarded)
            if position is None:
                return Constant(None)
            columns.append((position, self._decoder(place, expression)))
        return Calculated(
            columns,
            declared.function,
            declared.with_context,
            declared.guarded,
            completion(selected),
            is_non_null_type(selected.type),
        )

    def _keys(self, place: Place, join: Join, *, guarded: bool) -> list[ColumnElement[Any]] | None:
        """Return the parent's side of a join; None if the caller may never follow it."""
        if not guarded:
            return [place.sql(expression) for expression in join.parent]
        keys = [place.guarded(expression, self._role) for expression in join.parent]
        found = [key for key in keys if key is not None]
        return found if len(found) == len(keys) else None

    def _join(self, place: Place, declared: One, selected: Selected) -> Place | None:
        """Return the place of a joined object; None if the caller may never follow the join."""
        known = self._joined.get((id(place), id(declared)))
        if known is not None:
            return known
        keys = self._keys(place, declared.join, guarded=declared.guarded)
        if keys is None:
            return None
        source = self._source(selected.object_type())
        allowed = allowed_rows(source, self._role)
        there = Place(place.level, source.table.alias(), source)
        on = [there.sql(t) == k for t, k in zip(declared.join.target, keys, strict=True)]
        on += [there.sql(condition) for condition in allowed]
        may_miss = place.present is not None or not is_non_null_type(selected.type) or bool(allowed)
        level = place.level
        level.rows_from = level.rows_from.join(there.table, and_(*on), isouter=may_miss)
        if may_miss:
            there.present = there.sql(there.primary_key()[0])
        self._joined[id(place), id(declared)] = there
        return there

    def _one(self, place: Place, declared: One, selected: Selected) -> Shape:
        there = self._join(place, declared, selected)
        if there is None:
            return Constant(None)
        present = None
        if there.present is not None:
            present = there.level.position(there.present, id(there), 0)
        required = present is not None and is_non_null_type(selected.type)
        type_ = selected.object_type()
        return self._object(there, type_, selected.fields(), present, required=required)

    def _rows_below(
        self,
        place: Place,
        below: Below,
        keys: list[ColumnElement[Any]],
        *,
        guarded: bool,
    ) -> tuple[Place, Callable[[], Rows]]:
        """Return the place of rows below, and what puts them into the parent's row at the end."""
        if self._way is not _Way.BATCHES:
            there = below.aggregated(place, keys)

            def finish() -> Rows:
                width = there.level.finish()
                position = place.level.position(there.level.aggregate(place.table))
                return Rows(position, width, is_text=not place.level.in_json)

            return there, finish
        there = below.batched(self._dialect.name)
        positions = [
            place.level.position(key, id(place), id(expression), int(guarded))
            for key, expression in zip(keys, below.join.parent, strict=True)
        ]

        def finish_batch() -> Rows:
            width = there.level.finish()
            batch = Batch(there.level, positions, Position())
            place.level.batches.append(batch)
            return Rows(batch.position, width)

        return there, finish_batch

    def _below(self, declared: Many, selected: Selected) -> Below:
        """Return the rows of a list."""
        conditions = self._conditions(declared.conditions, selected)
        if declared.value is not None:
            source = Source(declared.value.table, everybody)
        else:
            source = self._source(selected.object_type())
            conditions += [] if declared.with_parent else allowed_rows(source, self._role)
        return Below(source, declared.join, conditions, Order(declared.order_by))

    def _many(self, place: Place, declared: Many, selected: Selected) -> Shape:
        assert selected.type is not None  # noqa: S101 - a list is no __typename
        if self._way is _Way.OBJECTS and is_plain_object({"": selected}, self._role):
            position = place.level.position(self._list_json(place, declared, selected))
            return Written(position, is_text=not place.level.in_json)
        keys = self._keys(place, declared.join, guarded=declared.guarded)
        if keys is None:
            return Constant([])
        below = self._below(declared, selected)
        there, finish = self._rows_below(place, below, keys, guarded=declared.guarded)
        item: Shape
        if declared.value is not None:
            value = declared.value
            decode = self._decoder(there, value)
            position = there.level.position(there.sql(value), id(there), id(value))
            encode = encoder(get_named_type(selected.type), value.type, decode)
            item = Leaf(position, decode, encode, required=False)
        else:
            item = self._object(there, selected.object_type(), selected.fields())
        return Listed(finish(), item)

    def _page_below(self, place: Place, declared: Page, selected: Selected, name: str) -> Shape:
        assert declared.join is not None  # noqa: S101 - only the root has none
        source = self._source(_node_type(selected))
        order, conditions = self._page(declared, selected, source, name)
        keys = [place.sql(expression) for expression in declared.join.parent]
        below = Below(source, declared.join, conditions, order)
        there, finish = self._rows_below(place, below, keys, guarded=False)
        rows = Rows(Position())
        shape = self._paged(declared, selected, there, rows, name)
        found = finish()
        rows.position, rows.width, rows.is_text = found.position, found.width, found.is_text
        return shape

    def _paged(
        self, declared: Page, selected: Selected, place: Place, rows: Rows, name: str
    ) -> Paged:
        """Return the shape of a connection whose rows are at a place."""
        assert selected.slot is not None  # noqa: S101 - every page takes `first`
        keys = []
        for column in declared.order_by:
            position = place.level.position(place.sql(column), id(place), id(column))
            keys.append((position, self._decoder(place, column)))
        found = Paged(selected.object_type(), rows, selected.slot, name, keys)
        node_type = _node_type(selected)
        fields: dict[str, Shape] = {}
        for key, below in selected.fields().items():
            fields[key] = self._page_part(found, below, place, node_type)
        found.fields = fields
        return found

    def _page_part(
        self, page: Paged, selected: Selected, place: Place, node_type: GraphQLObjectType
    ) -> Shape:
        if selected.name == "__typename":
            return Constant(page.type.name)
        name = selected.declaration.name if isinstance(selected.declaration, Part) else ""
        if name == "nodes":
            return PagePart(page, self._object(place, node_type, selected.fields()))
        if name == "pageInfo":
            fields = {
                key: Constant(selected.object_type().name)
                if below.name == "__typename"
                else PageInfoField(below.name, page.slot)
                for key, below in selected.fields().items()
            }
            return PageInfoShape(selected.object_type(), fields)
        edge: dict[str, Shape] = {}
        for key, below in selected.fields().items():
            if below.name == "__typename":
                edge[key] = Constant(selected.object_type().name)
            elif isinstance(below.declaration, Part) and below.declaration.name == "cursor":
                edge[key] = EdgeCursor(page)
            else:
                edge[key] = self._object(place, node_type, below.fields())
        return PagePart(page, Object(selected.object_type(), edge))


def _after(slot: int, index: int, name: str, types: Sequence[type]) -> Callable[[Run], Any]:
    """Return what gives one value of the cursor in `after`."""

    def value(run: Run) -> Any:  # noqa: ANN401 - any column's value
        if slot in run.failures:
            return None
        return place_after(run.context, name, run.arguments[slot], types)[index]

    return value


def _node_type(selected: Selected) -> GraphQLObjectType:
    """Return what a connection's nodes are."""
    found = get_named_type(selected.object_type().fields["nodes"].type)
    assert isinstance(found, GraphQLObjectType)  # noqa: S101 - see relay.Connection
    return found
