# ruff: noqa: ANN401 - of any action
"""Inputs as JSON: what waits for a second person, and the keyed hashes that know an input again."""

import dataclasses
import json
import types
import typing
from collections.abc import Sequence
from datetime import date, datetime
from enum import Enum
from typing import Any
from uuid import UUID

from certgraph.actions.acting import Act
from certgraph.actions.authority import AnyAction, Given
from certgraph.actions.declaring import extras_of, inputs_of


def input_digest(action: AnyAction, act: Act, given: Given) -> str:
    """Return the keyed hash of an input, whatever the order of its fields was."""
    canonical = json.dumps(
        [action.name, {one.name: plain(given.get(one.name)) for one in action.inputs}],
        ensure_ascii=False,
        sort_keys=True,
    )
    return act.keyring.input_digest(canonical.encode(errors="surrogatepass"))


def request_digest(action: AnyAction, act: Act, given: Given) -> str:
    """Return the hash by which a repeated request is known.

    Whoever acts on behalf may say from what and why in other words.
    """
    said = {} if action.reason else {"reason": None}
    return input_digest(action, act, {**given, "document": None, **said})


def plain(value: Any) -> Any:
    """Return a value of an input as JSON states it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(item) for item in value]
    return value


def restored(hint: Any, stated: Any) -> Any:
    """Return a value of an input from the JSON that `plain` made of it."""
    type_, _ = extras_of(hint)
    origin = typing.get_origin(type_)
    if stated is None:
        return None
    if origin in (typing.Union, types.UnionType):
        (inner,) = (one for one in typing.get_args(type_) if one is not types.NoneType)
        return restored(inner, stated)
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return tuple(restored(typing.get_args(type_)[0], item) for item in stated)
    if isinstance(type_, type) and dataclasses.is_dataclass(type_):
        drafted = inputs_of(type_)
        return type_(**{one.name: restored(one.type, stated[one.name]) for one in drafted})
    if type_ is bytes:
        return bytes.fromhex(stated)
    if type_ in (date, datetime):
        return type_.fromisoformat(stated)
    return type_(stated)  # texts, numbers, keys, members of enumerations
