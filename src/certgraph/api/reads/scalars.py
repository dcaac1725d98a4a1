# ruff: noqa: ANN401 - any column's value
"""Values on their way out: as the driver gives them, as Python, as JSON."""

import base64
import binascii
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from graphql import GraphQLEnumType, GraphQLNamedType, GraphQLScalarType
from sqlalchemy import Boolean, Date, DateTime, Dialect, LargeBinary, Uuid
from sqlalchemy.types import TypeDecorator, TypeEngine

Decode = Callable[[Any], Any]


def decoder(type_: TypeEngine[Any], dialect: Dialect, *, in_json: bool) -> Decode | None:
    """Return what makes a column's Python value of a driver's; None where it is one already.

    Args:
        type_: Type of the column.
        dialect: Of the database.
        in_json: Whether the value came inside a JSON array.
    """
    if not in_json:
        implementation = type_.dialect_impl(dialect)
        return implementation.result_processor(dialect, None)
    inner = type_.impl_instance if isinstance(type_, TypeDecorator) else type_
    parse = next((parse for kind, parse in _FROM_JSON.items() if isinstance(inner, kind)), None)
    if isinstance(type_, TypeDecorator):
        return _decorated(type_, dialect, parse)
    return None if parse is None else _unless_none(parse)


def _decorated(type_: TypeDecorator[Any], dialect: Dialect, parse: Decode | None) -> Decode:
    def decode(value: Any) -> Any:
        if value is not None and parse is not None:
            value = parse(value)
        return type_.process_result_value(value, dialect)

    return decode


def _unless_none(parse: Decode) -> Decode:
    return lambda value: None if value is None else parse(value)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])  # PostgreSQL writes \x…


_FROM_JSON: Mapping[type[TypeEngine[Any]], Decode] = {
    DateTime: datetime.fromisoformat,
    Date: date.fromisoformat,
    Uuid: UUID,
    LargeBinary: _bytes,
}


def encoder(
    type_: GraphQLNamedType, column: TypeEngine[Any] | None, decode: Decode | None
) -> Decode | Mapping[Any, str] | None:
    """Return what makes JSON of a driver's value: a function, a table, or None for itself.

    Args:
        type_: The field's type, a scalar or an enumeration.
        column: Type of the column; None for a computed value.
        decode: See `decoder`.
    """
    if isinstance(type_, GraphQLEnumType):
        return enum_names(type_)
    assert isinstance(type_, GraphQLScalarType)  # noqa: S101 - no object is a leaf
    if type_.name == "Date" and column is not None:
        return None  # as text it is JSON already, as a date orjson writes it
    if isinstance(column, Boolean) and decode is not None:
        return _unless_none(bool)
    return decode


def enum_names(type_: GraphQLEnumType) -> dict[Any, str]:
    """Return the name of each stored value and member, in the schema's spelling."""
    found = {}
    for name, value in type_.values.items():
        member = value.value
        found[member] = name
        found[getattr(member, "value", member)] = name
    return found


def global_id(type_name: str, key: UUID) -> str:
    """Return the global id of an object."""
    return base64.urlsafe_b64encode(f"{type_name}:{key.hex}".encode()).decode()


def parse_global_id(text: str) -> tuple[str, UUID] | None:
    """Return type name and key of a global id; None where it is malformed."""
    try:
        type_name, _, key = base64.urlsafe_b64decode(text.encode()).decode().partition(":")
        return type_name, UUID(hex=key)
    except (ValueError, binascii.Error):
        return None
