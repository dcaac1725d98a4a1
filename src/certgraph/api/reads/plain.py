# ruff: noqa: ANN401 - any attribute
"""Completion of plain objects: what a computed field returns, where it is no column's value."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLList,
    GraphQLOutputType,
    GraphQLUnionType,
    get_nullable_type,
    is_object_type,
)

from certgraph.api.reads.scalars import enum_names
from certgraph.api.reads.selection import STRAWBERRY, Selected

Complete = Callable[[Any], Any]


class Waiting(Exception):
    """A field below has to be waited for: graphql-core does that, generated code does not."""


def completion(selected: Selected) -> Complete | None:
    """Return what makes JSON of a computed value; None where orjson writes it as it is."""
    assert selected.type is not None  # noqa: S101 - a value is no __typename
    return _of_type(selected.type, selected.below)


def _of_type(
    type_: GraphQLOutputType, below: Mapping[str, Mapping[str, Selected]]
) -> Complete | None:
    given = get_nullable_type(type_)
    if isinstance(given, GraphQLList):
        item = _of_type(given.of_type, below)
        if item is None:
            return None
        return _unless_none(lambda values: [item(value) for value in values])
    if isinstance(given, GraphQLEnumType):
        names = enum_names(given)
        return _unless_none(lambda value: names[value])
    if is_object_type(given):
        return _unless_none(object_completion(given.name, below[given.name]))
    if isinstance(given, GraphQLUnionType):
        of = {one.name: object_completion(one.name, below[one.name]) for one in given.types}
        return _unless_none(lambda value: of[value.__strawberry_definition__.name](value))
    return None


def object_completion(type_name: str, selected: Mapping[str, Selected]) -> Complete:
    """Return what makes JSON of a plain object of a type."""
    fields = {key: _attribute(type_name, field) for key, field in selected.items()}
    return lambda value: {key: get(value) for key, get in fields.items()}


def _unless_none(complete: Complete) -> Complete:
    return lambda value: None if value is None else complete(value)


def _attribute(type_name: str, selected: Selected) -> Complete:
    """Return what reads and completes a field of a plain object: an attribute, or a method."""
    if selected.field is None:
        return lambda _value: type_name
    definition = selected.field.extensions[STRAWBERRY]
    name = definition.python_name
    complete = completion(selected)
    resolver = definition.base_resolver
    if resolver is not None and inspect.iscoroutinefunction(resolver.wrapped_func):
        return _wait

    def read(value: Any) -> Any:
        found = getattr(value, name)
        found = found() if resolver is not None else found
        return found if complete is None else complete(found)

    return read


def _wait(_value: Any) -> Any:
    raise Waiting
