"""A plan: the SQL and the shape of one field, for one role and one set of given arguments."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from graphql import (
    GraphQLObjectType,
    get_named_type,
    is_non_null_type,
)
from sqlalchemy import ColumnElement, Dialect

from certgraph.actions.parties import Role
from certgraph.api.reads.arguments import Run
from certgraph.api.reads.below import Below
from certgraph.api.reads.code import Code, Position
from certgraph.api.reads.declarations import (
    Column,
    Computed,
    Find,
    Join,
    Many,
    One,
    Page,
    Source,
)
from certgraph.api.reads.json_sql import (
    is_plain_object,
    is_required,
)
from certgraph.api.reads.levels import (
    Batch,
    Level,
    LevelTable,
    Order,
    TooWide,
    allowed_rows,
    read_rows,
)
from certgraph.api.reads.page_plans import node_type, page_order, page_shape
from certgraph.api.reads.plain import completion
from certgraph.api.reads.scalars import Decode, decoder, encoder, global_id
from certgraph.api.reads.selection import Selected
from certgraph.api.reads.shapes import (
    Calculated,
    Constant,
    Keyed,
    Leaf,
    Listed,
    Object,
    Only,
    Rows,
    Shape,
    Written,
)
from certgraph.api.reads.sql_plans import Given, SqlPlanner, Way
from certgraph.api.reads.whole_pages import is_plain_page, whole_page


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
    role: Role | None,
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
    way = Way.BATCHES
    if dialect.name == "postgresql":
        way = Way.ARRAYS if for_records else Way.OBJECTS
    try:
        return _Planner(dialect, role, given, way).plan(top, keyed, name)
    except TooWide:
        return _Planner(dialect, role, given, Way.BATCHES).plan(top, keyed, name)


class _Planner(SqlPlanner):
    def plan(self, top: Selected, keyed: GraphQLObjectType | None, name: str) -> Plan:
        """Return the plan of a field."""
        declaration = top.declaration
        rows = Rows(Position(0))
        if keyed is not None:
            place, shape = self._by_keys(top, keyed, rows)
        elif isinstance(declaration, Page):
            declaration = self._in_order(declaration, top)
            source, order, conditions = self._page(declaration, top)
            is_apart = self._dialect.name == "postgresql"  # SQLite looks through the order anyway
            reasons = source.reasons(self._role) if is_apart else ()
            conditions += [] if reasons else allowed_rows(source, self._role)
            place = read_rows(self._dialect.name, self._aliases, source, conditions, order, reasons)
            if self._way is Way.OBJECTS and is_plain_page(top, self._role):
                shape = whole_page(self, declaration, top, place, name)
            else:
                shape = page_shape(self, declaration, top, place, rows, name)
        else:
            assert isinstance(declaration, Find)  # noqa: S101 - the others are not of the root
            source = self._source(top.object_type())
            conditions = self._conditions(declaration.conditions, top)
            if not declaration.known:
                conditions += allowed_rows(source, self._role)
            place = read_rows(self._dialect.name, self._aliases, source, conditions, None)
            shape = Only(rows, self._object(place, top.object_type(), top.fields()))
        rows.width = place.level.finish()
        code = Code()
        complete = code.compiled(shape.code(code, "r0_"), "run, r0_0")
        return Plan(place.level, shape, complete)

    def _by_keys(
        self, top: Selected, type_: GraphQLObjectType, rows: Rows
    ) -> tuple[LevelTable, Shape]:
        source = self._source(type_)
        key = tuple(source.table.primary_key.columns)
        below = Below(
            self._aliases, source, Join(key, key), allowed_rows(source, self._role), Order(())
        )
        place = below.batched(self._dialect.name)
        return place, Keyed(rows, self._object(place, type_, top.below[type_.name]))

    def _object(
        self,
        place: LevelTable,
        type_: GraphQLObjectType,
        fields: Mapping[str, Selected],
        present: Position | None = None,
        *,
        required: bool = False,
    ) -> Shape:
        if self._way is Way.OBJECTS and is_plain_object(fields, self._role):
            position = place.level.position(self.object_json_at(place, type_, fields))
            return Written(position, is_text=not place.level.in_json)
        shapes = {key: self._field(place, type_, below) for key, below in fields.items()}
        return Object(type_, shapes, present, required)

    def _field(self, place: LevelTable, type_: GraphQLObjectType, selected: Selected) -> Shape:
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

    def decoder(self, place: LevelTable, expression: ColumnElement[Any]) -> Decode | None:
        """Return what makes the Python value of an expression, see `ObjectPlanner`."""
        return decoder(expression.type, self._dialect, in_json=place.level.in_json)

    def _global_id(self, place: LevelTable, type_name: str) -> Shape:
        (key,) = place.primary_key()
        position = place.level.position(place.sql(key), id(place), id(key))
        decode = self.decoder(place, key)
        return Calculated([(position, decode)], partial(global_id, type_name))

    def _column(self, place: LevelTable, declared: Column, selected: Selected) -> Shape:
        assert selected.type is not None  # noqa: S101 - a column is no __typename
        expression = declared.expression
        position = self._position(place, expression, guarded=declared.guarded)
        if position is None:
            return Constant(None)
        decode = self.decoder(place, expression)
        required = is_required(selected, expression)
        encode = encoder(get_named_type(selected.type), expression.type, decode)
        return Leaf(position, decode, encode, required)

    def _computed(self, place: LevelTable, declared: Computed, selected: Selected) -> Shape:
        assert selected.type is not None  # noqa: S101 - a value is no __typename
        columns = []
        for expression in declared.columns:
            position = self._position(place, expression, guarded=declared.guarded)
            if position is None:
                return Constant(None)
            columns.append((position, self.decoder(place, expression)))
        return Calculated(
            columns,
            declared.function,
            declared.with_context,
            declared.guarded,
            completion(selected),
            is_non_null_type(selected.type),
        )

    def _one(self, place: LevelTable, declared: One, selected: Selected) -> Shape:
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
        place: LevelTable,
        below: Below,
        keys: list[ColumnElement[Any]],
        *,
        guarded: bool,
    ) -> tuple[LevelTable, Callable[[], Rows]]:
        """Return the place of rows below, and what puts them into the parent's row at the end."""
        if self._way is not Way.BATCHES:
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

    def _many(self, place: LevelTable, declared: Many, selected: Selected) -> Shape:
        assert selected.type is not None  # noqa: S101 - a list is no __typename
        if self._way is Way.OBJECTS and is_plain_object({"": selected}, self._role):
            position = place.level.position(self._list_json(place, declared, selected))
            return Written(position, is_text=not place.level.in_json)
        keys = self._list_keys(place, declared, selected)
        if keys is None:
            return Constant([])
        below = self._below(declared, selected)
        there, finish = self._rows_below(place, below, keys, guarded=declared.guarded)
        item: Shape
        if declared.value is not None:
            value = declared.value
            decode = self.decoder(there, value)
            position = there.level.position(there.sql(value), id(there), id(value))
            encode = encoder(get_named_type(selected.type), value.type, decode)
            item = Leaf(position, decode, encode, required=False)
        else:
            item = self._object(there, selected.object_type(), selected.fields())
        return Listed(finish(), item)

    def _in_order(self, declared: Page, selected: Selected) -> Page:
        assert selected.slot is not None  # noqa: S101 - every page takes `first`
        return declared.in_order(dict(self._given[selected.slot].fixed).get("orderBy"))

    def _page(
        self, declared: Page, selected: Selected
    ) -> tuple[Source, Order, list[ColumnElement[bool]]]:
        """Return what a page reads, in which order, under which conditions but its policy."""
        slot = selected.slot
        assert slot is not None  # noqa: S101 - every page takes `first`
        source = self._source(node_type(selected))
        order = page_order(declared, slot, is_after="after" in self._given[slot].names)
        conditions = self._conditions(declared.conditions, selected)
        return source, order, conditions

    def _page_below(
        self, place: LevelTable, declared: Page, selected: Selected, name: str
    ) -> Shape:
        declared = self._in_order(declared, selected)
        assert declared.join is not None  # noqa: S101 - only the root has none
        source, order, conditions = self._page(declared, selected)
        conditions += allowed_rows(source, self._role)
        keys = [place.sql(expression) for expression in declared.join.parent]
        below = Below(self._aliases, source, declared.join, conditions, order)
        there, finish = self._rows_below(place, below, keys, guarded=False)
        rows = Rows(Position())
        shape = page_shape(self, declared, selected, there, rows, name)
        found = finish()
        rows.position, rows.width, rows.is_text = found.position, found.width, found.is_text
        return shape

    def object_at(self, place: LevelTable, type_: GraphQLObjectType, selected: Selected) -> Shape:
        """Return the shape of the objects at a place, see `ObjectPlanner`."""
        return self._object(place, type_, selected.fields())
