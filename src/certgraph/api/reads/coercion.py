# ruff: noqa: ANN401 - any value node
"""Variables and arguments, coerced as graphql-core does, without asking it where there is no need.

graphql-core looks at types and documents anew for each request. Here a plain value of a plain type
passes at once; everything else, and every error, is graphql-core's own.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLInputType,
    GraphQLSchema,
    Undefined,
    VariableDefinitionNode,
    VariableNode,
    get_argument_values,
    get_nullable_type,
    get_variable_values,
    is_leaf_type,
    is_non_null_type,
)
from graphql.execution.get_variable_signature import get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource

_MAX_INT = 2**31 - 1
MAX_ERRORS = 20
"""Errors that are shown of the variables of one request; each counts the lines of the document."""


def _text(value: object) -> object:
    return value if type(value) is str else Undefined


def _boolean(value: object) -> object:
    return value if type(value) is bool else Undefined


def _int(value: object) -> object:
    fits = type(value) is int and -_MAX_INT - 1 <= value <= _MAX_INT
    return value if fits else Undefined


_PLAIN: Mapping[str, Callable[[Any], Any]] = {
    "String": _text,
    "ID": _text,
    "Boolean": _boolean,
    "Int": _int,
}


class Variables:
    """The variables of an operation."""

    def __init__(self, schema: GraphQLSchema, nodes: Sequence[VariableDefinitionNode]) -> None:
        self._schema = schema
        self._nodes = nodes
        self._plain: list[tuple[str, Callable[[Any], Any], Any]] | None = []
        for node in nodes:
            signature = get_variable_signature(schema, node)
            parse = None if isinstance(signature, GraphQLError) else _parser(signature.type)
            if parse is None:
                self._plain = None
                break
            self._plain.append((node.variable.name.value, parse, signature))

    def coerced(self, given: Mapping[str, Any]) -> VariableValues | list[GraphQLError]:
        """Return their values, or every reason why they are none."""
        found = None if self._plain is None else self._at_once(self._plain, given)
        if found is not None:
            return found
        return get_variable_values(
            self._schema, self._nodes, dict(given), MAX_ERRORS, hide_suggestions=True
        )

    @staticmethod
    def _at_once(
        plain: Sequence[tuple[str, Callable[[Any], Any], Any]], given: Mapping[str, Any]
    ) -> VariableValues | None:
        """Return the values; None where one is left out, null or wrong."""
        values = {}
        for name, parse, _ in plain:
            value = given.get(name)
            if value is None:
                return None
            try:
                values[name] = parse(value)
            except Exception:  # noqa: BLE001 - graphql-core meets it again, and says so
                return None
            if values[name] is Undefined:
                return None
        sources = {
            name: VariableValueSource(signature, given[name]) for name, _, signature in plain
        }
        return VariableValues(sources, values)


def _parser(type_: GraphQLInputType) -> Callable[[Any], Any] | None:
    """Return what makes a value of a variable's, for a leaf type; None for other types."""
    leaf = get_nullable_type(type_)
    if not is_leaf_type(leaf):
        return None
    parse: Callable[[Any], Any] = _PLAIN.get(leaf.name, leaf.parse_value)
    return parse


class Arguments:
    """The arguments of one field in a document."""

    def __init__(self, field: GraphQLField, node: FieldNode) -> None:
        self._field = field
        self._node = node
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        self._variables = [
            (name, value.name.value, is_non_null_type(field.args[name].type))
            for name, value in given.items()
            if isinstance(value, VariableNode)
        ]
        self._constants: dict[str, Any] | None = None
        self._is_simple = all(
            isinstance(value, VariableNode) or not _has_variable(value) for value in given.values()
        )

    def coerced(self, variables: VariableValues) -> dict[str, Any]:
        """Return their values by name. Raises `GraphQLError`."""
        constants, values = self._constants, variables.coerced
        if constants is not None:
            found = dict(constants)
            for name, variable, is_required in self._variables:
                value = values.get(variable)
                if value is None and (is_required or variable not in values):
                    break
                found[name] = value
            else:
                return found
        found = get_argument_values(self._field, self._node, variables)
        if constants is None and self._is_simple:
            names = {name for name, _, _ in self._variables}
            self._constants = {name: v for name, v in found.items() if name not in names}
        return found


def _has_variable(value: Any) -> bool:
    if isinstance(value, VariableNode):
        return True
    inner = [*getattr(value, "values", ()), *(f.value for f in getattr(value, "fields", ()))]
    return any(_has_variable(item) for item in inner)
