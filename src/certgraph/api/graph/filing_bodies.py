# ruff: noqa: ANN401 - an annotation
"""What filings say, as types of the graph: made of the dataclasses that actions take."""

import dataclasses
import inspect
import types
import typing
from collections.abc import Collection, Sequence
from enum import Enum
from typing import Annotated, Any, Union
from uuid import UUID

import strawberry

from certgraph.actions.declaring import KeyOf, extras_of, inputs_of
from certgraph.api.graph.programme_enums import FilingKind
from certgraph.api.reads.scalars import global_id
from certgraph.api.writes.types import node_of
from certgraph.duties.bodies import body_of
from certgraph.duties.kinds import KINDS
from certgraph.standards.rules import LearningOutcomeDraft, StandardContentDraft

_NAMES: dict[type, str] = {
    StandardContentDraft: "DraftedContent",
    LearningOutcomeDraft: "DraftedOutcome",
}
"""What parts are called whose own name is that of what they become."""

_SHOWN: dict[type, type] = {}
"""Dataclass of the domain → type of the graph."""


_LEFT_OUT = {
    one.name
    for kind in KINDS.values()
    for one in inputs_of(kind.body)
    if types.NoneType in typing.get_args(extras_of(one.type)[0])
}
"""Fields that some kind leaves out: null in all, so that a document may ask several kinds for them
without aliases (fields of one name in a union must have one type)."""


def _type_of(stated: type, nullable: Collection[str] = ()) -> type:
    """Return the type of the graph for a body or a part of one; `ClauseDraft` is `Clause`."""
    if stated not in _SHOWN:
        namespace: dict[str, Any] = {"__annotations__": {}}
        for one in inputs_of(stated):
            type_ = _graph_type(one.type)
            shown = type_ | None if one.name in nullable else type_
            namespace["__annotations__"][one.name] = shown
            namespace[one.name] = strawberry.field(description=one.description)
        name = _NAMES.get(stated, stated.__name__.removesuffix("Draft"))
        made = type(name, (), namespace)
        said = (inspect.getdoc(stated) or "").split("\n")[0]
        _SHOWN[stated] = strawberry.type(made, description=said)
    return _SHOWN[stated]


def _graph_type(hint: Any) -> Any:
    plain, extras = extras_of(hint)
    for extra in extras:
        if isinstance(extra, type) and issubclass(extra, Enum):
            return extra
    origin = typing.get_origin(plain)
    if origin in (Union, types.UnionType):
        return Union[tuple(_graph_type(one) for one in typing.get_args(plain))]  # noqa: UP007
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return list[_graph_type(typing.get_args(plain)[0])]  # type: ignore[misc]
    if isinstance(plain, type) and dataclasses.is_dataclass(plain):
        return _type_of(plain)
    return strawberry.ID if plain is UUID else plain


def _shown(hint: Any, value: Any) -> Any:
    """Return a value of a body as the graph shows it."""
    plain, extras = extras_of(hint)
    if value is None:
        return None
    for extra in extras:
        if isinstance(extra, KeyOf):
            return global_id(node_of(extra.row).__name__, value)
        if isinstance(extra, type) and issubclass(extra, Enum):
            return extra(value)
    origin = typing.get_origin(plain)
    if origin in (Union, types.UnionType):
        (inner,) = (one for one in typing.get_args(plain) if one is not types.NoneType)
        return _shown(inner, value)
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return [_shown(typing.get_args(plain)[0], item) for item in value]
    if isinstance(plain, type) and dataclasses.is_dataclass(plain):
        return _SHOWN[plain](
            **{one.name: _shown(one.type, getattr(value, one.name)) for one in inputs_of(plain)}
        )
    return value


def shown_body(kind: FilingKind, stated: str) -> Any:
    """Return what a version says, from the JSON that it is kept as."""
    return _shown(KINDS[kind].body, body_of(kind, stated))


_UNION: Any = Union[  # noqa: UP007
    tuple(_type_of(kind.body, _LEFT_OUT) for kind in KINDS.values())
]
FILING_BODY: Any = Annotated[
    _UNION, strawberry.union("FilingBody", description="What a filing says; a type a kind.")
]
