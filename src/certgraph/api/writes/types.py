# ruff: noqa: ANN401 - an annotation
"""The types of an action in the graph: its input and its payload, from its declaration."""

import dataclasses
import inspect
import types
import typing
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any, Union
from uuid import UUID

import strawberry
from strawberry.utils.str_converters import to_snake_case

from certgraph.actions.declaring import (
    REQUIRED,
    Action,
    Hex,
    Input,
    KeyOf,
    Secret,
    described,
    extras_of,
    inputs_of,
    is_row,
)
from certgraph.actions.tables import PendingActionRow
from certgraph.api.errors import UserError
from certgraph.api.reads.declaring import by_key
from certgraph.api.relay import Node

AnyAction = Action[Any, Any]
_KEY: Any = strawberry.Private[UUID | None]  # type: ignore[misc]
_INPUTS: dict[type, type] = {}
"""Draft of the domain → input of the graph."""


def type_name(action: AnyAction, suffix: str) -> str:
    """Return `CreditProposalReturnInput` and its like."""
    return action.name[:1].upper() + action.name[1:] + suffix


def node_of(row: type) -> type[Node]:
    """Return the type of the graph that has a global id and reads a table."""
    table = row.__table__  # type: ignore[attr-defined]
    (found,) = (one for one in Node.__subclasses__() if one.__read__.table is table)  # type: ignore[attr-defined]
    return found


def input_of(action: AnyAction) -> type:
    """Return the input of an action."""
    return _made_input(type_name(action, "Input"), action.inputs, f"What `{action.name}` takes.")


def payload_of(action: AnyAction) -> type:
    """Return the payload: what the action returns, or what it waits as; or every reason against.

    A row is read by its key, kept in a private attribute, so that the answer is the one that every
    other path gives.
    """
    hints: dict[str, Any] = {}
    namespace: dict[str, Any] = {"__annotations__": hints}
    for name, result in zip(action.returns, action.results, strict=True):
        hint, _ = extras_of(result)
        row = _row_in_list(hint)
        if row is not None:
            item: Any = _item_of(row)
            hints[name] = list[item]
            named = any(_is_list(one.type) for one in action.inputs)
            said = "In the order of the request." if named else "Each of them, by code."
            namespace[name] = strawberry.field(description=said)
        elif is_row(hint):
            hints[f"{name}_key"] = _KEY
            hints[name] = node_of(hint) | None
            said = f"The {_words(name)} as it is now, refused or not; null where there is none."
            namespace[name] = by_key(f"{name}_key", description=said)
        elif result in (Secret, Secret | None):
            hints[name] = str | None
            said = "Shown this once; null where the request is repeated, or where there is none."
            namespace[name] = strawberry.field(description=said)
        else:
            hints[name] = hint | None
            namespace[name] = strawberry.field(description="Null where nothing was done.")
    if any(grant.second for grant in action.may.values()):
        hints["waits_key"] = _KEY
        hints["waits_as"] = node_of(PendingActionRow) | None
        said = "What waits for a second person; null where nobody else is needed."
        namespace["waits_as"] = by_key("waits_key", description=said)
    hints["errors"] = list[UserError]
    namespace["errors"] = strawberry.field(description=_refusals_of(action))
    made = type(type_name(action, "Payload"), (), namespace)
    return strawberry.type(made, description=f"What `{action.name}` gives.")


def _refusals_of(action: Action[Any, Any]) -> str:
    said = "Every reason why nothing was done; empty where it was done."
    codes = ", ".join(f"`{code}`" for code in sorted(action.refuses))
    if codes:
        said += f" Codes of its own: {codes}."
    return f"{said} And those of the other mutation." if action.performs_another else said


def _words(name: str) -> str:
    return name.replace("_", " ")


def _is_list(hint: Any) -> bool:
    """Tell whether an input takes several of something."""
    return typing.get_origin(extras_of(hint)[0]) is Sequence


def _row_in_list(hint: Any) -> type | None:
    if typing.get_origin(hint) is list:
        (item,) = typing.get_args(hint)
        return item if is_row(item) else None
    return None


_ITEMS: dict[type, type] = {}
"""Table → type of one of several rows that an action returns."""


def _item_of(row: type) -> type:
    if row not in _ITEMS:
        plain = row.__name__.removesuffix("Row")
        name, key = to_snake_case(plain), f"{to_snake_case(plain)}_key"
        hints = {key: _KEY, name: node_of(row) | None}
        read = by_key(key, description=f"The {_words(name)} as it is afterwards.")
        made = type(f"Changed{plain}", (), {"__annotations__": hints, name: read})
        _ITEMS[row] = strawberry.type(made, description="One of those that were changed.")
    return _ITEMS[row]


def item(row: Any) -> Any:
    """Return one of several rows as the payload holds it."""
    key = f"{to_snake_case(type(row).__name__.removesuffix('Row'))}_key"
    return _ITEMS[type(row)](**{key: row.id})


def _made_input(name: str, inputs: Iterable[Input], text: str) -> type:
    ordered = sorted(inputs, key=lambda one: one.default is not REQUIRED)  # as dataclasses want
    namespace: dict[str, Any] = {"__annotations__": {}}
    for one in ordered:
        namespace["__annotations__"][one.name] = _graph_type(one.type)
        default: dict[str, Any] = {} if one.default is REQUIRED else {"default": one.default}
        if one.default == ():
            default = {"default_factory": list}
        said = one.description or described(one.type)
        namespace[one.name] = strawberry.field(description=said, **default)
    return strawberry.input(type(name, (), namespace), description=text)


def _type_beside(extra: object) -> Any:
    """Return the type that something beside an annotation gives it; None: it gives none."""
    if isinstance(extra, Hex):
        return str
    if isinstance(extra, KeyOf):
        return strawberry.ID
    return extra if isinstance(extra, type) and issubclass(extra, Enum) else None


def _graph_type(hint: Any) -> Any:
    """Return an input's type as strawberry takes it: drafts as inputs, sequences as lists."""
    plain, extras = extras_of(hint)
    for extra in extras:
        given = _type_beside(extra)
        if given is not None:
            return given | None if types.NoneType in typing.get_args(plain) else given
    origin = typing.get_origin(plain)
    if origin in (Union, types.UnionType):
        return Union[tuple(_graph_type(one) for one in typing.get_args(plain))]  # noqa: UP007
    if isinstance(origin, type) and issubclass(origin, Sequence):
        inner: Any = _graph_type(typing.get_args(plain)[0])
        return list[inner]
    if isinstance(plain, type) and dataclasses.is_dataclass(plain):
        return input_of_draft(plain)
    return strawberry.ID if plain is UUID else plain


def input_of_draft(draft: type) -> type:
    """Return the input of a draft of the domain; `OutcomeUnitDraft` is `OutcomeUnitInput`."""
    if draft not in _INPUTS:
        name = _NAMES.get(draft.__name__, draft.__name__.removesuffix("Draft"))
        text = (inspect.getdoc(draft) or "").split("\n")[0]
        _INPUTS[draft] = _made_input(f"{name}Input", inputs_of(draft), text)
    return _INPUTS[draft]


_NAMES = {"Outcome": "AchievedOutcome"}
