# ruff: noqa: ANN401 - any type
"""Introspection, written once for each thing that is described, not once for each time it is named.

graphql-core completes introspection like any query: half a second for what tools ask, and as many
times more as aliases multiply it. The schema is a constant, so that an object of it under one
selection set always gives the same JSON; made bottom up, the parts are shared.
"""

from collections.abc import Mapping, Sequence
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
        self._known: dict[str, Any] = {}
        self._same: dict[int, Any] = {}
        for type_ in schema.type_map.values():
            for below in _types_below(type_):
                self._share(below)

    def _share(self, type_: Any) -> None:
        """Remember one wrapper of each kind: `[String!]!` is an object of its own at every use."""
        while type_ is not None:
            self._same[id(type_)] = self._known.setdefault(str(type_), type_)
            type_ = getattr(type_, "of_type", None)

    def same(self, value: object) -> object:
        """Return the one object that describes what this describes."""
        return self._same.get(id(value), value)

    def answer(
        self, operation: Operation, nodes: Sequence[FieldNode], variables: VariableValues
    ) -> orjson.Fragment:
        """Return what a root field of introspection gives, as JSON.

        Raises:
            GraphQLError: It is larger than an answer may be.
        """
        field = ROOTS[nodes[0].name.value]
        return orjson.Fragment(_Answer(self, operation, variables).field(field, nodes, None))


def _types_below(type_: Any) -> list[Any]:
    found = []
    if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
        for field in type_.fields.values():
            found += [field.type, *(a.type for a in getattr(field, "args", {}).values())]
    return found


class _Answer:
    """One answer on its way."""

    def __init__(
        self, introspection: Introspection, operation: Operation, variables: VariableValues
    ) -> None:
        self._introspection = introspection
        self._operation = operation
        self._variables = variables
        self._flags = {name: bool(variables.coerced.get(name)) for name in operation.flags}
        self._made: dict[tuple[Any, ...], tuple[object, bytes]] = {}
        self._selected: dict[tuple[int, ...], list[tuple[bytes, str, Sequence[FieldNode]]]] = {}
        self._arguments: dict[int, dict[str, Any]] = {}
        self._left = MAX_MADE

    def field(self, field: GraphQLField, nodes: Sequence[FieldNode], source: object) -> bytes:
        """Return a field of an object."""
        assert field.resolve is not None  # noqa: S101 - every field of introspection has one
        arguments = self._arguments_of(field, nodes[0]) if field.args else {}
        found = field.resolve(source, self._introspection.info, **arguments)
        type_: Any = get_nullable_type(field.type)
        if found is None:
            return b"null"
        if not is_list_type(type_):
            return self._value(type_, nodes, found)
        item: Any = get_nullable_type(type_.of_type)
        return b"[%b]" % self._joined([self._value(item, nodes, one) for one in found])

    def _arguments_of(self, field: GraphQLField, node: FieldNode) -> dict[str, Any]:
        known = self._arguments.get(id(node))
        if known is None:
            known = get_argument_values(field, node, self._variables)
            self._arguments[id(node)] = known
        return known

    def _value(self, type_: Any, nodes: Sequence[FieldNode], value: Any) -> bytes:
        if is_leaf_type(type_):
            return orjson.dumps(type_.coerce_output_value(value))
        value = self._introspection.same(value)
        what = (value[0], id(value[1])) if isinstance(value, tuple) else (id(value),)
        key = (*map(id, nodes), *what)
        known = self._made.get(key)
        if known is None:
            if len(self._made) >= MAX_OBJECTS:
                raise too_large()
            known = self._made[key] = (value, self._object(type_, nodes, value))
        return known[1]

    def _object(self, type_: GraphQLObjectType, nodes: Sequence[FieldNode], value: object) -> bytes:
        parts = []
        for key, name, below in self._fields(type_, nodes):
            if name == "__typename":
                parts.append(key + b'"%b"' % type_.name.encode())
            else:
                parts.append(key + self.field(type_.fields[name], below, value))
        return b"{%b}" % self._joined(parts)

    def _fields(
        self, type_: GraphQLObjectType, nodes: Sequence[FieldNode]
    ) -> list[tuple[bytes, str, Sequence[FieldNode]]]:
        """Return key, name and nodes of each field that is asked of an object."""
        identity = tuple(map(id, nodes))
        known = self._selected.get(identity)
        if known is None:
            sets = [node.selection_set for node in nodes if node.selection_set]
            fields = self._operation.fields(type_, sets, self._flags)
            known = self._selected[identity] = [
                (orjson.dumps(key) + b":", below[0].name.value, below)
                for key, below in fields.items()
            ]
        return known

    def _joined(self, parts: Sequence[bytes]) -> bytes:
        """Return parts with commas between. Raises `GraphQLError` where that is too long."""
        size = sum(map(len, parts))
        self._left -= size
        if size > MAX_BYTES or self._left < 0:
            raise too_large()
        return b",".join(parts)


def too_large() -> GraphQLError:
    """Return the refusal of an answer without end."""
    return GraphQLError(
        "This asks for more of the schema than one answer holds; use fewer aliases and levels.",
        extensions={"code": "GRAPHQL_VALIDATION_FAILED"},
    )
