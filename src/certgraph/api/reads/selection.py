"""What a document asks of the declarations: a tree by response key, aliases and fragments resolved.

Costs no SQL; made once for a document and the values of its `@skip` and `@include`.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_abstract_type,
    is_object_type,
)
from graphql.execution.values import VariableValues

from certgraph.api.reads.coercion import Arguments
from certgraph.api.reads.declarations import READ, Checked, Declaration, Source
from certgraph.api.reads.documents import Operation

STRAWBERRY = "strawberry-definition"


def declaration_of(field_: GraphQLField) -> Declaration | None:
    """Return what a field of the schema declares to read; None if nothing."""
    definition = field_.extensions.get(STRAWBERRY)
    return None if definition is None else definition.metadata.get(READ)


def source_of(type_: GraphQLObjectType) -> Source | None:
    """Return what a type of the schema reads; None if it is none of a table."""
    definition = type_.extensions.get(STRAWBERRY)
    return None if definition is None else getattr(definition.origin, "__read__", None)


@dataclass(slots=True)
class Selected:
    """A field that is asked for.

    Attributes:
        name: Its name in the schema.
        declaration: What it declares; None for a plain attribute, and for `__typename`.
        field: Its definition; None for `__typename`.
        type: Its type, wrapped as in the schema.
        slot: Its place among the fields with arguments; None where it takes none.
        below: What is asked of its object, by type name: one type, several for an interface.
    """

    name: str
    declaration: Declaration | None
    field: GraphQLField | None
    type: GraphQLOutputType | None
    slot: int | None = None
    below: dict[str, dict[str, "Selected"]] = dataclasses.field(default_factory=dict)

    def fields(self) -> dict[str, "Selected"]:
        """Return what is asked of the one type that this field has."""
        (fields,) = self.below.values()
        return fields

    def is_checked_twice(self) -> bool:
        """Tell whether a page's check may speak against it, and so may have to after the reading.

        See `Page`.
        """
        fields = self.object_type().fields.values()
        return any(isinstance(declaration_of(field), Checked) for field in fields)

    def object_type(self) -> GraphQLObjectType:
        """Return that type."""
        found = get_named_type(self.type)
        assert isinstance(found, GraphQLObjectType)  # noqa: S101 - the walk made it so
        return found


@dataclass(slots=True)
class Slot:
    """A field that takes arguments.

    Attributes:
        name: Its parent's type and its own name, which cursors are bound to.
        field: Its definition.
        arguments: What the document gives it.
        declaration: What it declares.
        fixed: Arguments of few values, which plans hold: enumerations, lists of them, and flags.
    """

    name: str
    field: GraphQLField
    arguments: Arguments
    declaration: Declaration | None
    fixed: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Find the arguments of few values."""
        self.fixed = tuple(
            name
            for name, argument in self.field.args.items()
            if isinstance(get_named_type(argument.type), GraphQLEnumType)
            or get_named_type(argument.type) is GraphQLBoolean
        )


@dataclass(slots=True)
class Selection:
    """A field with everything below it.

    Attributes:
        top: The field.
        slots: The fields among them that take arguments.
        types: Types that the field's objects may have, by name.
        fields: How many fields these are.
    """

    top: Selected
    slots: list[Slot]
    types: Mapping[str, GraphQLObjectType]
    fields: int

    def arguments(self, variables: VariableValues) -> list[dict[str, Any]]:
        """Return the coerced arguments of each slot. Raises `GraphQLError`."""
        return [slot.arguments.coerced(variables) for slot in self.slots]


def select(
    operation: Operation,
    parent: GraphQLObjectType,
    nodes: Sequence[FieldNode],
    flags: Mapping[str, bool],
) -> Selection:
    """Return what `nodes`, one field of `parent`, ask for."""
    walk = _Walk(operation, flags)
    top = walk.selected(parent, nodes)
    types = {} if top.field is None else {t.name: t for t in walk.object_types(top.field)}
    return Selection(top, walk.slots, types, walk.count)


class _Walk:
    def __init__(self, operation: Operation, flags: Mapping[str, bool]) -> None:
        self._operation = operation
        self._flags = flags
        self.slots: list[Slot] = []
        self.count = 0

    @property
    def _schema(self) -> GraphQLSchema:
        return self._operation.schema

    def selected(self, parent: GraphQLObjectType, nodes: Sequence[FieldNode]) -> Selected:
        """Return one field with what is below it."""
        self.count += 1
        name = nodes[0].name.value
        if name == "__typename":
            return Selected(name, None, None, None)
        field_ = parent.fields[name]
        declaration = declaration_of(field_)
        slot = None
        if field_.args:
            slot = len(self.slots)
            self.slots.append(
                Slot(f"{parent.name}.{name}", field_, Arguments(field_, nodes[0]), declaration)
            )
        found = Selected(name, declaration, field_, field_.type, slot)
        for type_ in self.object_types(field_):
            found.below[type_.name] = self._fields(type_, nodes)
        return found

    def object_types(self, field_: GraphQLField) -> Sequence[GraphQLObjectType]:
        """Return the types that a field's objects may have."""
        named = get_named_type(field_.type)
        if is_object_type(named):
            return [named]
        if isinstance(named, GraphQLInterfaceType) and is_abstract_type(named):
            possible = self._schema.get_possible_types(named)
            return [type_ for type_ in possible if source_of(type_)]
        if isinstance(named, GraphQLUnionType):
            return self._schema.get_possible_types(named)
        return []

    def _fields(self, type_: GraphQLObjectType, nodes: Sequence[FieldNode]) -> dict[str, Selected]:
        sets = [node.selection_set for node in nodes if node.selection_set]
        collected = self._operation.fields(type_, sets, self._flags)
        return {key: self.selected(type_, below) for key, below in collected.items()}
