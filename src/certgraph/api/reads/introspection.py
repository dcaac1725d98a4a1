# ruff: noqa: ANN401 - any type
"""Introspection, written once for each thing that is described, not once for each time it is named.

graphql-core completes introspection like any query: half a second for what tools ask, and as many
times more as aliases multiply it. The schema is a constant, so that an object of it under one
selection set always gives the same JSON; made bottom up, the parts are shared.
"""

from collections.abc import Callable, Mapping, Sequence
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
    TypeMetaFieldDef,
    get_argument_values,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    print_ast,
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
        self.leaves: dict[tuple[Any, ...], bytes] = {}
        """(Type.field, what it is of) → its value as JSON: of the schema, which never changes."""
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


class _Asked:
    """A field as a document asks for it.

    Attributes:
        key: Its response key as JSON, with the colon.
        resolve: Returns its value of an object; arguments are bound.
        item: Its type, or that of what it lists.
        coerce: Makes a leaf's value; None where it is an object.
        is_list: Whether it is a list.
        nodes: Where it is asked for.
        leaf: Which field of which type, where it is no object and has no arguments; else None.
        identity: Its type and the text of its selection sets: fields that ask for the same share
            what is made.
    """

    __slots__ = ("coerce", "identity", "is_list", "item", "key", "leaf", "nodes", "resolve")

    def __init__(
        self,
        key: bytes,
        resolve: Callable[..., Any],
        item: Any,
        coerce: Callable[[Any], Any] | None,
        is_list: bool,  # noqa: FBT001 - a part of a record
        nodes: Sequence[FieldNode],
        leaf: str | None,
    ) -> None:
        self.key, self.resolve, self.item, self.coerce = key, resolve, item, coerce
        self.leaf = leaf
        self.is_list, self.nodes = is_list, nodes
        below = [node.selection_set for node in nodes if node.selection_set]
        self.identity = f"{item.name} {' '.join(map(print_ast, below))}"


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
        self._selected: dict[str, Sequence[bytes | _Asked]] = {}
        self._left = MAX_MADE

    def field(self, field: GraphQLField, nodes: Sequence[FieldNode], source: object) -> bytes:
        """Return a field of an object."""
        return self._field(self._asked(b"", field, nodes, ""), source)

    def _asked(
        self, key: bytes, field: GraphQLField, nodes: Sequence[FieldNode], of: str
    ) -> _Asked:
        arguments = get_argument_values(field, nodes[0], self._variables) if field.args else {}
        assert field.resolve is not None  # noqa: S101 - every field of introspection has one
        type_: Any = get_nullable_type(field.type)
        is_list = is_list_type(type_)
        item: Any = get_nullable_type(type_.of_type) if is_list else type_
        coerce = item.coerce_output_value if is_leaf_type(item) else None
        resolve = partial(field.resolve, **arguments) if arguments else field.resolve
        leaf = None if coerce is None or is_list or arguments else f"{of}.{nodes[0].name.value}"
        return _Asked(key, resolve, item, coerce, is_list, nodes, leaf)

    def _field(self, asked: _Asked, source: object) -> bytes:
        found = asked.resolve(source, self._introspection.info)
        if found is None:
            return b"null"
        if not asked.is_list:
            return self._value(asked, found)
        return b"[%b]" % self._joined([self._value(asked, one) for one in found])

    def _value(self, asked: _Asked, value: Any) -> bytes:
        if asked.coerce is not None:
            return orjson.dumps(asked.coerce(value))
        value = self._introspection.same(value)
        what = (value[0], id(value[1])) if isinstance(value, tuple) else (id(value),)
        key = (asked.identity, *what)
        known = self._made.get(key)
        if known is None:
            if len(self._made) >= MAX_OBJECTS:
                raise too_large()
            known = self._made[key] = (value, self._object(asked, value, what))
        return known[1]

    def _object(self, asked: _Asked, value: object, what: tuple[Any, ...]) -> bytes:
        leaves, parts = self._introspection.leaves, []
        for one in self._fields(asked):
            if isinstance(one, bytes):
                parts.append(one)
            elif one.leaf is None:
                parts.append(one.key + self._field(one, value))
            else:
                place = (one.leaf, *what)
                made = leaves.get(place)
                if made is None:
                    made = leaves[place] = self._field(one, value)
                parts.append(one.key + made)
        return b"{%b}" % self._joined(parts)

    def _fields(self, asked: _Asked) -> Sequence[bytes | _Asked]:
        """Return what is asked of an object: a field, or the whole of `__typename`."""
        known = self._selected.get(asked.identity)
        if known is None:
            type_ = asked.item
            sets = [node.selection_set for node in asked.nodes if node.selection_set]
            fields = self._operation.fields(type_, sets, self._flags)
            known = self._selected[asked.identity] = [
                self._part(orjson.dumps(key) + b":", type_, below) for key, below in fields.items()
            ]
        return known

    def _part(
        self, key: bytes, type_: GraphQLObjectType, nodes: Sequence[FieldNode]
    ) -> bytes | _Asked:
        name = nodes[0].name.value
        if name == "__typename":
            return key + b'"%b"' % type_.name.encode()
        return self._asked(key, type_.fields[name], nodes, type_.name)

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
