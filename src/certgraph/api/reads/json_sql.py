"""Objects that PostgreSQL writes as JSON itself: plain columns, and objects joined to them.

Such an object is one column of its row, and goes into the answer as it is. What needs Python (a
computed value, a connection below) keeps its object from it, not the plain objects inside.
"""

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLEnumType, GraphQLNamedType, get_named_type, is_non_null_type
from sqlalchemy import (
    Boolean,
    ColumnElement,
    Date,
    Integer,
    String,
    case,
    cast,
    func,
    literal_column,
    type_coerce,
)

from certgraph.actions.parties import Role
from certgraph.api.reads.declarations import Column, Many, One
from certgraph.api.reads.selection import Selected, source_of
from certgraph.database import EnumText

MAX_FIELDS = 50
"""A function of PostgreSQL takes 100 arguments."""

_LONGEST_TYPE_NAME = 24
"""Base64 of a global id stays below the 76 characters after which PostgreSQL breaks the line."""

_PLAIN = (String, Integer, Boolean, Date)
"""Types whose JSON PostgreSQL writes as we do."""


def is_plain_object(fields: Mapping[str, Selected], role: Role | None) -> bool:
    """Tell whether PostgreSQL can write an object with these fields."""
    return len(fields) <= MAX_FIELDS and all(_is_plain(field, role) for field in fields.values())


def _is_plain(selected: Selected, role: Role | None) -> bool:
    match selected.declaration:
        case None:
            return True  # __typename, and the id of a Node
        case Column() as declared:
            column = declared.expression
            return not is_required(selected, column) and _is_plain_value(selected, column)
        case One():
            # a row that the policy hides must become an error where null may not be
            hidden = source_policy(selected, role) is not True
            return not (hidden and is_non_null_type(selected.type)) and is_plain_object(
                selected.fields(), role
            )
        case Many(value=None):
            return is_plain_object(selected.fields(), role)
        case Many() as many:
            return many.value is not None and _is_plain_value(selected, many.value)
        case _:
            return False


def source_policy(selected: Selected, role: Role | None) -> object:
    """Return what the policy of an object's type says of a role."""
    source = source_of(selected.object_type())
    return True if source is None else source.readable(role)


def is_required(selected: Selected, column: ColumnElement[Any]) -> bool:
    """Tell whether a column may hold a null that the schema does not allow."""
    return is_non_null_type(selected.type) and bool(getattr(column, "nullable", True))


def _is_plain_value(selected: Selected, column: ColumnElement[Any]) -> bool:
    if isinstance(get_named_type(selected.type), GraphQLEnumType):
        return isinstance(column.type, EnumText | Integer)
    return isinstance(column.type, _PLAIN)


def value_json(type_: GraphQLNamedType | None, element: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a column as JSON has it. What an enumeration does not know fails the statement."""
    if not isinstance(type_, GraphQLEnumType):
        return element
    is_number = isinstance(element.type, Integer)
    raw = element if is_number else type_coerce(element, String)
    whens: list[Any] = []
    for name, value in type_.values.items():
        stored = getattr(value.value, "value", value.value)
        text = str(stored) if is_number else f"'{stored}'"
        whens.append((raw == literal_column(text), literal_column(f"'{name}'")))
    unknown = cast(literal_column("'unknown '", String) + cast(raw, String), Integer)
    whens.append((raw.is_not(None), cast(unknown, String)))
    return case(*whens)


def global_id_json(type_name: str, key: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the global id of an object, see `scalars.global_id`."""
    if len(type_name) > _LONGEST_TYPE_NAME:
        raise ValueError(f"{type_name} is too long a name for a global id")
    hex_ = func.replace(cast(key, String), literal_column("'-'"), literal_column("''"))
    named = literal_column(f"'{type_name}:'", String) + hex_
    encoded = func.encode(
        func.convert_to(named, literal_column("'UTF8'")), literal_column("'base64'")
    )
    return func.translate(encoded, literal_column("'+/'"), literal_column("'-_'"))


def object_json(members: Mapping[str, ColumnElement[Any]]) -> ColumnElement[Any]:
    """Return an object; its keys are names of GraphQL, which need no quoting."""
    arguments = [
        part for key, element in members.items() for part in (literal_column(f"'{key}'"), element)
    ]
    return func.json_build_object(*arguments)
