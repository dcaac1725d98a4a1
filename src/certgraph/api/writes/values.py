# ruff: noqa: ANN401 - its input
"""What an input of the graph holds, as the domain takes it."""

import dataclasses
import types
import typing
from collections.abc import Sequence
from enum import IntEnum
from typing import Any, Union
from uuid import UUID

from certgraph.actions.declaring import (
    Action,
    Hex,
    Input,
    KeyOf,
    PerRequest,
    extras_of,
    inputs_of,
)
from certgraph.api.relay import key_of
from certgraph.api.writes.types import node_of
from certgraph.problems import Problem, Rejected, reject_if
from certgraph.text import hex_bytes


def given_of(action: Action[Any, Any], input: Any) -> dict[str, Any]:
    """Return name → value of an action's input.

    Raises:
        Rejected: Names every value that is malformed: hex digits, global ids, a list too long.
    """
    problems: list[Problem] = []
    given = {}
    for one in action.inputs:
        value = getattr(input, one.name)
        if action.about is not None and one.name == action.about.key and one.type is UUID:
            given[one.name] = key_of(value, node_of(action.about.row).__name__)
        else:
            given[one.name] = _value(one, value, (), problems)
    reject_if(problems)
    return given


def _value(
    one: Input,
    value: Any,
    path: Sequence[str],
    problems: list[Problem],
) -> Any:
    return _converted(one.type, value, (*path, one.name), problems)


def _converted(hint: Any, value: Any, path: tuple[str, ...], problems: list[Problem]) -> Any:
    """Return a value as the domain takes it; what is wrong with it is added to `problems`."""
    if value is None:
        return None
    plain, extras = extras_of(hint)
    for extra in extras:
        if isinstance(extra, Hex):
            return _noted(lambda extra=extra: hex_bytes(value, extra.what, *path), problems)
        if isinstance(extra, KeyOf):
            return _key(extra, value, path, problems)
        if isinstance(extra, PerRequest) and not 1 <= len(value) <= extra.most:
            facts = {"limit": extra.most}
            problems.append(Problem(code=extra.code, path=path, facts=facts))
            return ()
    origin = typing.get_origin(plain)
    if origin in (Union, types.UnionType):
        (inner,) = (one for one in typing.get_args(plain) if one is not types.NoneType)
        return _converted(inner, value, path, problems)
    if isinstance(origin, type) and issubclass(origin, Sequence):
        inner = typing.get_args(plain)[0]
        return tuple(
            _converted(inner, item, (*path, str(place)), problems)
            for place, item in enumerate(value)
        )
    if isinstance(plain, type) and dataclasses.is_dataclass(plain):
        fields = inputs_of(plain)
        return plain(
            **{one.name: _value(one, getattr(value, one.name), path, problems) for one in fields}
        )
    return int(value) if isinstance(value, IntEnum) else value


def _key(extra: KeyOf, value: Any, path: tuple[str, ...], problems: list[Problem]) -> UUID | None:
    kind = node_of(extra.row).__name__
    key = key_of(value, kind)
    if key is None:
        facts = {"value": repr(str(value)[:80]), "kind": kind}
        problems.append(Problem(code="input.other_id", path=path, facts=facts))
    return key


def _noted(convert: Any, problems: list[Problem]) -> Any:
    try:
        return convert()
    except Rejected as rejected:
        problems.extend(rejected.problems)
        return None
