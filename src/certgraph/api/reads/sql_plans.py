"""The SQL of a plan: what each field of an object is at its place, and what is joined there."""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple

from graphql import GraphQLObjectType, get_named_type, is_non_null_type
from sqlalchemy import ColumnElement, Dialect, and_, case, literal_column, null

from certgraph.actions.parties import Role
from certgraph.api.reads.aliases import Aliases
from certgraph.api.reads.arguments import argument, written_out
from certgraph.api.reads.below import Below
from certgraph.api.reads.code import Position
from certgraph.api.reads.cursors import NO_FILTERS
from certgraph.api.reads.declarations import Column, Join, Many, One, Page, Source, everybody
from certgraph.api.reads.json_sql import global_id_json, object_json, value_json
from certgraph.api.reads.levels import LevelTable, Order, allowed_rows
from certgraph.api.reads.selection import STRAWBERRY, Selected, source_of


class GivenArguments(NamedTuple):
    """The arguments of a field that are given and not null.

    `fixed` are the values of those of few values: they are part of the plan, so that the database
    knows how rare each is, and which index holds it.
    """

    names: frozenset[str]
    fixed: tuple[tuple[str, Any], ...] = ()


Given = Sequence[GivenArguments]
"""By slot."""


class Way(Enum):
    """How rows below rows come: the first two in the statement of their parents."""

    OBJECTS = "plain objects written as JSON by the database, others as ARRAYS"
    ARRAYS = "aggregates, arrays of columns"
    BATCHES = "statements of their own"


class SqlPlanner:
    """Makes SQL for one role and one set of given arguments."""

    def __init__(
        self,
        dialect: Dialect,
        role: Role | None,
        given: Given,
        way: Way,
    ) -> None:
        self._dialect = dialect
        self._role = role
        self._given = given
        self._way = way
        self._aliases = Aliases()
        self._joined: dict[tuple[int, int], LevelTable] = {}

    @staticmethod
    def _source(type_: GraphQLObjectType) -> Source:
        source = source_of(type_)
        assert source is not None  # noqa: S101 - checked when the schema is made
        return source

    def _conditions(
        self, body: Callable[..., Any] | None, selected: Selected
    ) -> list[ColumnElement[bool]]:
        """Return what the body of a field yields, with parameters for the given arguments."""
        if body is None or selected.field is None:
            return []
        if selected.slot is None:
            return list(body())
        given = self._given[selected.slot]
        fixed = dict(given.fixed)
        arguments = {
            definition.extensions[STRAWBERRY].python_name: fixed[name]
            if name in fixed
            else argument(selected.slot, name)
            if name in given.names
            else None
            for name, definition in selected.field.args.items()
            if not isinstance(selected.declaration, Page) or name not in NO_FILTERS
        }
        return [written_out(condition, fixed.values()) for condition in body(**arguments)]

    def _element(
        self, place: LevelTable, expression: ColumnElement[Any], *, guarded: bool
    ) -> ColumnElement[Any] | None:
        """Return an expression at a place; None if the caller may never read it."""
        return place.guarded(expression, self._role) if guarded else place.sql(expression)

    def _position(
        self, place: LevelTable, expression: ColumnElement[Any], *, guarded: bool
    ) -> Position | None:
        """Return where an expression is in the row; None if the caller may never read it."""
        key = (id(place), id(expression), int(guarded))
        known = place.level.known(key)
        if known is not None:
            return known
        element = self._element(place, expression, guarded=guarded)
        return None if element is None else place.level.position(element, *key)

    def _keys(
        self, place: LevelTable, join: Join, *, guarded: bool
    ) -> list[ColumnElement[Any]] | None:
        """Return the parent's side of a join; None if the caller may never follow it."""
        if not guarded:
            return [place.sql(expression) for expression in join.parent]
        keys = [place.guarded(expression, self._role) for expression in join.parent]
        found = [key for key in keys if key is not None]
        return found if len(found) == len(keys) else None

    def _join(self, place: LevelTable, declared: One, selected: Selected) -> LevelTable | None:
        """Return the place of a joined object; None if the caller may never follow the join."""
        known = self._joined.get((id(place), id(declared)))
        if known is not None:
            return known
        keys = self._keys(place, declared.join, guarded=declared.guarded)
        source = self._source(selected.object_type())
        if keys is None:
            return None
        if source.readable(self._role) is False and not is_non_null_type(selected.type):
            return None  # where null may not be, the joined row's absence becomes an error
        allowed = allowed_rows(source, self._role)
        there = LevelTable(place.level, self._aliases.next(source.table), source)
        on = [there.sql(t) == k for t, k in zip(declared.join.target, keys, strict=True)]
        on += [there.sql(condition) for condition in allowed]
        may_miss = place.present is not None or not is_non_null_type(selected.type) or bool(allowed)
        level = place.level
        level.rows_from = level.rows_from.join(there.table, and_(*on), isouter=may_miss)
        if may_miss:
            there.present = there.sql(there.primary_key()[0])
        self._joined[id(place), id(declared)] = there
        return there

    def _list_keys(
        self, place: LevelTable, declared: Many, selected: Selected
    ) -> list[ColumnElement[Any]] | None:
        """Return the parent's side of a list; None if it is empty for the caller, always."""
        has_policy = declared.value is None and not declared.with_parent
        if has_policy and self._source(selected.object_type()).readable(self._role) is False:
            return None
        return self._keys(place, declared.join, guarded=declared.guarded)

    def _below(self, declared: Many, selected: Selected) -> Below:
        """Return the rows of a list."""
        conditions = self._conditions(declared.conditions, selected)
        if declared.value is not None:
            source = Source(declared.value.table, everybody)
        else:
            source = self._source(selected.object_type())
            conditions += [] if declared.with_parent else allowed_rows(source, self._role)
        return Below(self._aliases, source, declared.join, conditions, Order(declared.order_by))

    def object_json_at(
        self, place: LevelTable, type_: GraphQLObjectType, fields: Mapping[str, Selected]
    ) -> ColumnElement[Any]:
        """Return an object, or null where the place has none, as PostgreSQL writes it."""
        members = {key: self._json(place, type_, below) for key, below in fields.items()}
        found = object_json(members)
        return found if place.present is None else case((place.present.is_not(None), found))

    def _json(
        self, place: LevelTable, type_: GraphQLObjectType, selected: Selected
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
                return self.object_json_at(there, selected.object_type(), selected.fields())
            case Many() as declared:
                return self._list_json(place, declared, selected)
            case other:
                raise TypeError(f"{type_.name}.{selected.name} declares {other}")

    def _list_json(
        self, place: LevelTable, declared: Many, selected: Selected
    ) -> ColumnElement[Any]:
        keys = self._list_keys(place, declared, selected)
        if keys is None:
            return literal_column("'[]'::json")
        there = self._below(declared, selected).aggregated(place, keys)
        if declared.value is not None:
            item = value_json(get_named_type(selected.type), there.sql(declared.value))
        else:
            item = self.object_json_at(there, selected.object_type(), selected.fields())
        return there.level.list_of(item, place.table)
