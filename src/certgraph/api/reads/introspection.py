# ruff: noqa: ANN401 - any type
"""Introspection, written once for each thing that is described, not once for each time it is named.

graphql-core completes introspection like any query: half a second for what tools ask, and as many
times more as aliases multiply it. The schema is a constant: what its objects are called and which
others belong to them is looked up once for all answers. An object under one selection set always
gives the same JSON; an answer writes it once.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any

import orjson
from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    SchemaMetaFieldDef,
    SelectionSetNode,
    TypeMetaFieldDef,
    get_argument_values,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
)
from graphql.execution.values import VariableValues

from certgraph.api.reads.documents import Operation

ROOTS: Mapping[str, GraphQLField] = {"__schema": SchemaMetaFieldDef, "__type": TypeMetaFieldDef}

MAX_BYTES = 1_000_000
MAX_MADE = 10 * MAX_BYTES
"""Bytes of all its parts, of which the larger hold the smaller."""

MAX_OBJECTS = 20_000
"""Objects of one answer, each counted once for a selection set; tools ask for about 3,000."""


class Introspection:
    """Describes a schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.info: Any = SimpleNamespace(schema=schema)
        self._wrappers: dict[str, Any] = {}
        self._same: dict[int, Any] = {}
        self._things: dict[tuple[Any, ...], Thing] = {}
        self._asked: dict[tuple[Any, ...], Asked] = {}
        for type_ in schema.type_map.values():
            for below in _types_below(type_):
                self._share(below)

    def _share(self, type_: Any) -> None:
        """Remember one wrapper of each kind: `[String!]!` is an object of its own at every use."""
        while type_ is not None:
            self._same[id(type_)] = self._wrappers.setdefault(str(type_), type_)
            type_ = getattr(type_, "of_type", None)

    def thing(self, value: Any) -> "Thing":
        """Return the one thing for an object of the schema."""
        value = self._same.get(id(value), value)
        key = (value[0], id(value[1])) if isinstance(value, tuple) else (id(value),)
        known = self._things.get(key)
        return self._things.setdefault(key, Thing(self, value)) if known is None else known

    def asked(self, type_: GraphQLObjectType, name: str, arguments: Mapping[str, Any]) -> "Asked":
        """Return the one for a field with arguments."""
        key = (type_.name, name, *sorted(arguments.items()))
        known = self._asked.get(key)
        return known or self._asked.setdefault(key, Asked(type_.fields[name], arguments))

    def answer(
        self, operation: Operation, nodes: Sequence[FieldNode], variables: VariableValues
    ) -> orjson.Fragment:
        """Return what a root field of introspection gives, as JSON.

        Raises:
            GraphQLError: It is larger than an answer may be.
        """
        field = ROOTS[nodes[0].name.value]
        return orjson.Fragment(_Answer(self, operation, variables).root(field, nodes))


def _types_below(type_: Any) -> list[Any]:
    found = []
    if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
        for field in type_.fields.values():
            found += [field.type, *(a.type for a in getattr(field, "args", {}).values())]
    return found


def _source_of(node: SelectionSetNode) -> str:
    assert node.loc is not None  # noqa: S101 - documents are read with locations
    return node.loc.source.body[node.loc.start : node.loc.end]


class Asked:
    """A field of introspection with its arguments; one for all who ask for it.

    Attributes:
        resolve: Returns its value of an object.
        leaf: Makes a leaf's value; None where it gives objects.
        item: Its type, or that of what it lists.
        is_list: Whether it is a list.
    """

    __slots__ = ("is_list", "item", "leaf", "resolve")

    def __init__(self, field: GraphQLField, arguments: Mapping[str, Any]) -> None:
        assert field.resolve is not None  # noqa: S101 - every field of introspection has one
        type_: Any = get_nullable_type(field.type)
        self.is_list = is_list_type(type_)
        self.item: Any = get_nullable_type(type_.of_type) if self.is_list else type_
        self.leaf = self.item.coerce_output_value if is_leaf_type(self.item) else None
        self.resolve = partial(field.resolve, **arguments)


class Thing(dict[Asked, Any]):
    """An object of the schema: a field → its JSON, or the thing or things that it gives, or None.

    Of no more fields than introspection has, each with its one flag, so that all may be remembered.
    """

    def __init__(self, introspection: Introspection, value: Any) -> None:
        super().__init__()
        self._introspection = introspection
        self._value = value  # kept, so that its id() names nothing else

    def __missing__(self, asked: Asked) -> Any:
        """Look a field up for the first time."""
        found = asked.resolve(self._value, self._introspection.info)
        make = asked.leaf or self._introspection.thing
        if found is not None:
            found = tuple(map(make, found)) if asked.is_list else make(found)
        self[asked] = made = orjson.dumps(found) if asked.leaf else found
        return made


class _Selected:
    """Selection sets under which objects of one type are written.

    Attributes:
        template: An object's JSON, with a place for each value.
        values: What goes there: a field, and the selection below it if it gives objects.
        made: What was written: things, and tuples of them by their id().
    """

    __slots__ = ("made", "template", "values")

    def __init__(self) -> None:
        self.template = b""
        self.values: list[tuple[Asked, _Selected | None]] = []
        self.made: dict[int, bytes] = {id(None): b"null", id(()): b"[]"}


class _Answer:
    """One answer on its way."""

    def __init__(
        self, introspection: Introspection, operation: Operation, variables: VariableValues
    ) -> None:
        self._introspection = introspection
        self._operation = operation
        self._variables = variables
        self._flags = {name: bool(variables.coerced.get(name)) for name in operation.flags}
        self._selected: dict[str, _Selected] = {}
        self._objects_left = MAX_OBJECTS
        self._bytes_left = MAX_MADE

    def root(self, field: GraphQLField, nodes: Sequence[FieldNode]) -> bytes:
        """Return a root field."""
        asked = Asked(field, get_argument_values(field, nodes[0], self._variables))
        found = asked.resolve(None, self._introspection.info)
        if found is None:
            return b"null"
        return self._written(self._introspection.thing(found), self._below(asked.item, nodes))

    def _below(self, type_: Any, nodes: Sequence[FieldNode]) -> _Selected:
        """Return what is asked of objects: one for all fields that ask for the same."""
        sets = [node.selection_set for node in nodes if node.selection_set]
        text = f"{type_.name} {' '.join(map(_source_of, sets))}"
        found = self._selected.get(text)
        if found is None:
            found = self._selected[text] = _Selected()
            parts = [
                b"%b:%b" % (orjson.dumps(key), self._place(found, type_, below))
                for key, below in self._operation.fields(type_, sets, self._flags).items()
            ]
            found.template = b"{%b}" % b",".join(parts)
        return found

    def _place(
        self, selected: _Selected, type_: GraphQLObjectType, nodes: Sequence[FieldNode]
    ) -> bytes:
        """Return a field's place in the template, and note its value."""
        name = nodes[0].name.value
        if name == "__typename":
            return b'"%b"' % type_.name.encode()
        field = type_.fields[name]
        arguments = get_argument_values(field, nodes[0], self._variables) if field.args else {}
        asked = self._introspection.asked(type_, name, arguments)
        below = self._below(asked.item, nodes) if asked.leaf is None else None
        selected.values.append((asked, below))
        return b"%b"

    def _written(self, found: Any, selected: _Selected) -> bytes:
        """Return a thing, or things, as JSON that `selected` has not made yet."""
        if isinstance(found, tuple):
            parts = [selected.made.get(id(one)) or self._written(one, selected) for one in found]
            template = b"[%b]"
            self._count(parts, len(parts))
            values: Sequence[bytes] = (b",".join(parts),)
        else:
            self._objects_left -= 1
            if self._objects_left < 0:
                raise too_large()
            values = tuple(
                [
                    found[asked]
                    if below is None
                    else below.made.get(id(given := found[asked])) or self._written(given, below)
                    for asked, below in selected.values
                ]
            )
            self._count(values, len(selected.template))
            template = selected.template
        made = selected.made[id(found)] = template % values
        return made

    def _count(self, parts: Sequence[bytes], beside: int) -> None:
        """Count bytes that are put together. Raises `GraphQLError` where they are too many."""
        size = sum(map(len, parts)) + beside
        self._bytes_left -= size
        if size > MAX_BYTES or self._bytes_left < 0:
            raise too_large()


def too_large() -> GraphQLError:
    """Return the refusal of an answer without end."""
    return GraphQLError(
        "This asks for more of the schema than one answer holds; use fewer aliases and levels.",
        extensions={"code": "GRAPHQL_VALIDATION_FAILED"},
    )
