# ruff: noqa: ANN401 - a node or None; a type or None
"""Whether fields of the same response key can be one field (GraphQL, section 5.3.2).

The library's rule compares every two of them: 250 fields in 2 KB took half a second. Both of its
conditions are equivalences, so that comparing each with the first is enough, once for each set of
fields that meet (the algorithm that sangria and graphql-java use).
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLObjectType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValidationContext,
    ValidationRule,
    get_named_type,
    is_composite_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    print_ast,
)
from graphql.utilities.sort_value_node import sort_value_node

_MOST = 20_000
"""Fields that are looked at; the limits of a document keep an honest one far below."""


class _Field(NamedTuple):
    node: FieldNode
    parent: GraphQLCompositeType | None
    type: Any

    @property
    def key(self) -> str:
        return (self.node.alias or self.node.name).value


class MergeableFieldsRule(ValidationRule):
    """Refuses a document in which two fields of one response key are not the same field."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._shapes_seen: set[frozenset[int]] = set()
        self._names_seen: set[frozenset[int]] = set()
        self._reported: set[str] = set()
        self._left = _MOST

    def enter_operation_definition(self, node: OperationDefinitionNode, *_args: object) -> None:
        """Check an operation with the fragments that it spreads."""
        root: Any = self.context.schema.get_root_type(node.operation)
        fields = list(self._collect([(node.selection_set, root)]))
        self._check_shapes(fields)
        self._check_names(fields)

    def _collect(
        self, sets: Iterable[tuple[SelectionSetNode | None, GraphQLCompositeType | None]]
    ) -> Iterator[_Field]:
        """Yield the fields of some selection sets, fragments spread, each field once."""
        left = [one for one in sets if one[0] is not None]
        spread: set[str] = set()
        while left:
            selection_set, parent = left.pop()
            for selection in selection_set.selections if selection_set else ():
                if isinstance(selection, FieldNode):
                    self._left -= 1
                    field: Any = None
                    if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
                        field = self.context.schema.get_field(parent, selection.name.value)
                    yield _Field(selection, parent, field.type if field else None)
                elif isinstance(selection, InlineFragmentNode):
                    condition = selection.type_condition
                    left.append((selection.selection_set, self._type(condition, parent)))
                elif isinstance(selection, FragmentSpreadNode):
                    name = selection.name.value
                    fragment = self.context.get_fragment(name)
                    if fragment is not None and name not in spread:
                        spread.add(name)
                        inside = self._type(fragment.type_condition, None)
                        left.append((fragment.selection_set, inside))

    def _type(self, condition: Any, otherwise: Any) -> Any:
        if condition is None:
            return otherwise
        found = self.context.schema.get_type(condition.name.value)
        return found if is_composite_type(found) else None

    def _check_shapes(self, fields: Sequence[_Field]) -> None:
        """Report fields whose values could not go under one key, whatever their objects are."""
        for group in self._groups(fields, self._shapes_seen):
            first, *others = group
            shape = _shape(first.type)
            for other in others:
                if None not in (first.type, other.type) and _shape(other.type) != shape:
                    self._report(
                        first, other, f"they return conflicting types '{first.type}' and "
                        f"'{other.type}'"
                    )  # fmt: skip
                    break
            self._check_shapes(list(self._collect_below(group)))

    def _check_names(self, fields: Sequence[_Field]) -> None:
        """Report fields of one object that are not the same field with the same arguments."""
        for group in self._groups(fields, self._names_seen):
            for same in _of_one_object(group):
                first, *others = same
                name, arguments = first.node.name.value, _arguments(first.node)
                for other in others:
                    if other.node.name.value != name:
                        names = f"'{name}' and '{other.node.name.value}'"
                        self._report(first, other, f"{names} are different fields")
                        break
                    if _arguments(other.node) != arguments:
                        self._report(first, other, "they have differing arguments")
                        break
                self._check_names(list(self._collect_below(same)))

    def _collect_below(self, group: Sequence[_Field]) -> Iterator[_Field]:
        return self._collect(
            (one.node.selection_set, get_named_type(one.type) if one.type else None)
            for one in group
        )

    def _groups(
        self, fields: Sequence[_Field], seen: set[frozenset[int]]
    ) -> Iterable[Sequence[_Field]]:
        """Return fields by response key; none where the same fields were checked before."""
        if self._left < 0:
            self._refuse("Too many fields of this document share their response keys.", [])
            return ()
        identity = frozenset(id(one.node) for one in fields)
        if identity in seen:
            return ()
        seen.add(identity)
        groups: dict[str, list[_Field]] = {}
        for one in fields:
            groups.setdefault(one.key, []).append(one)
        return groups.values()

    def _report(self, first: _Field, other: _Field, reason: str) -> None:
        self._refuse(
            f"Fields '{first.key}' conflict because {reason}. "
            "Use different aliases on the fields to fetch both if this was intentional.",
            [first.node, other.node],
        )

    def _refuse(self, message: str, nodes: list[FieldNode]) -> None:
        if message not in self._reported:
            self._reported.add(message)
            self.report_error(GraphQLError(message, nodes))


def _shape(type_: Any) -> str:
    """Return what values of a type look like: lists, nulls, and which scalar or enum."""
    if is_non_null_type(type_):
        return _shape(type_.of_type) + "!"
    if is_list_type(type_):
        return f"[{_shape(type_.of_type)}]"
    return str(type_) if is_leaf_type(type_) else "{}"


def _of_one_object(group: Sequence[_Field]) -> list[list[_Field]]:
    """Return the fields of one response key that one object could have."""
    anywhere = [one for one in group if not isinstance(one.parent, GraphQLObjectType)]
    of_types: dict[str, list[_Field]] = {}
    for one in group:
        if isinstance(one.parent, GraphQLObjectType):
            of_types.setdefault(one.parent.name, []).append(one)
    return [[*own, *anywhere] for own in of_types.values()] or [anywhere]


def _arguments(node: FieldNode) -> frozenset[tuple[str, str]]:
    return frozenset(
        (one.name.value, print_ast(sort_value_node(one.value))) for one in node.arguments or ()
    )
