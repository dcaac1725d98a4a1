"""What a document may ask for, checked before anything runs: one walk, each fragment once.

The library's own depth and alias limiters walk a fragment again at every spread, which takes
exponential time on a chain of fragments; here a fragment's measure is taken once and remembered.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLObjectType,
    InlineFragmentNode,
    ListValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValidationContext,
    ValidationRule,
    ValueNode,
    get_named_type,
    get_nullable_type,
)

from certgraph.api.reads.declarations import COST, MAX_PAGE, ByGlobalId, Page, Part
from certgraph.api.reads.selection import STRAWBERRY, declaration_of

MAX_TOKENS = 1_000
MAX_DEPTH = 12
MAX_ALIASES = 15
MAX_FRAGMENTS = 30
MAX_ROOT_FIELDS = 5
MAX_COST = 2_000
UNPAGED = 3
"""Objects that a list without pages counts for; most have fewer."""


class Measure(NamedTuple):
    """Depth in fields, aliases, fields at the top, and how many objects its lists may hold.

    What is joined one to one comes with its object and costs nothing. `lists` are the lists without
    pages in it, by type and field.
    """

    depth: int = 0
    aliases: int = 0
    fields: int = 0
    cost: int = 0
    lists: frozenset[str] = frozenset()


_NUL_ESCAPE = re.compile(r"\\u(?:0000|\{0+\})")
_STRING = re.compile(r'"(?:[^"\\\r\n]|\\[^\r\n])*"')
_LONG_NUMBER = re.compile(r"[0-9]{21}")


class UnreadableText(ValueError):
    """A document that is not even parsed."""


def check_text(text: str) -> None:
    """Refuse a document that cannot be one, or whose literals no type of ours takes.

    Raises:
        UnreadableText: With a sentence for the caller.
    """
    if not text.strip():
        raise UnreadableText("The parameter `query` is empty.")
    if _NUL_ESCAPE.search(text):
        raise UnreadableText("A text in the document holds the character NUL.")
    if _LONG_NUMBER.search(_STRING.sub("", text)):
        raise UnreadableText("The document holds a number of more than 20 digits.")


@dataclass(frozen=True, slots=True)
class _Limit:
    name: str
    value: int
    limit: int


class DocumentLimits(ValidationRule):
    """Refuses documents beyond the limits, naming which.

    Introspection counts as one field: tools ask for 15 levels of it, graphql-core's own
    `MaxIntrospectionDepthRule` keeps it from multiplying.
    """

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._fragments: dict[str, Measure] = {}
        self._entered: set[str] = set()
        self._repeated: set[str] = set()

    def enter_document(self, *_args: object) -> None:
        """Measure the whole document at once."""
        definitions = self.context.document.definitions
        fragments = [d for d in definitions if isinstance(d, FragmentDefinitionNode)]
        self._check(_Limit("fragments", len(fragments), MAX_FRAGMENTS), None)
        for definition in definitions:
            if isinstance(definition, OperationDefinitionNode):
                self._check_operation(definition)
        for name in sorted(self._repeated):
            self._refuse(f"The list {name} stands below itself; ask for it once on a path.", None)

    def _check_operation(self, operation: OperationDefinitionNode) -> None:
        root = self.context.schema.get_root_type(operation.operation)
        measure = self._measure(operation.selection_set, root)
        one_mutation = operation.operation is OperationType.MUTATION
        for limit in (
            _Limit("levels of fields", measure.depth, MAX_DEPTH),
            _Limit("aliases", measure.aliases, MAX_ALIASES),
            _Limit(
                "mutations" if one_mutation else "root fields",
                measure.fields,
                1 if one_mutation else MAX_ROOT_FIELDS,
            ),
            _Limit("objects", measure.cost, MAX_COST),
        ):
            self._check(limit, operation)

    def _check(self, limit: _Limit, node: OperationDefinitionNode | None) -> None:
        if limit.value > limit.limit:
            self._refuse(
                f"The document asks for {limit.value} {limit.name}; {limit.limit} are allowed.",
                node,
            )

    def _refuse(self, message: str, node: OperationDefinitionNode | None) -> None:
        extensions = {"code": "GRAPHQL_VALIDATION_FAILED"}
        self.report_error(GraphQLError(message, [node] if node else None, extensions=extensions))

    def _measure(
        self, selection_set: SelectionSetNode | None, parent: GraphQLNamedType | None
    ) -> Measure:
        depth = aliases = fields = cost = 0
        lists: frozenset[str] = frozenset()
        for selection in selection_set.selections if selection_set else ():
            if isinstance(selection, FieldNode):
                part = self._field(selection, parent)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                inside = self.context.schema.get_type(condition.name.value) if condition else parent
                part = self._measure(selection.selection_set, inside)
            elif isinstance(selection, FragmentSpreadNode):
                part = self._fragment(selection.name.value)
            else:
                continue
            depth = max(depth, part.depth)
            aliases = min(aliases + part.aliases, 10**9)
            fields = min(fields + part.fields, 10**9)
            cost = min(cost + part.cost, 10**9)
            lists |= part.lists
        return Measure(depth, aliases, fields, cost, lists)

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None) -> Measure:
        aliased = node.alias is not None
        if node.name.value.startswith("__"):
            return Measure(1, aliased, 1, 0)  # introspection, see the class
        field = None
        if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            field = parent.fields.get(node.name.value)
        below = self._measure(node.selection_set, get_named_type(field.type) if field else None)
        cost, lists = below.cost, below.lists
        if field is not None and parent is not None:
            size = _size(field, node) if below.fields else None
            cost = below.cost if size is None else size * (below.cost + 1)
            cost += _own_cost(field)
            if size is not None and is_unpaged(field):  # a cycle of them would multiply as it likes
                name = f"{parent.name}.{node.name.value}"
                if name in lists:
                    self._repeated.add(name)
                lists |= {name}
        return Measure(below.depth + 1, below.aliases + aliased, 1, cost, lists)

    def _fragment(self, name: str) -> Measure:
        """Return a fragment's measure, taken once; a cycle counts as empty."""
        if name not in self._fragments:
            definition = self.context.get_fragment(name)
            if definition is None or name in self._entered:
                return Measure()
            self._entered.add(name)
            condition = self.context.schema.get_type(definition.type_condition.name.value)
            self._fragments[name] = self._measure(definition.selection_set, condition)
        return self._fragments[name]


def _size(field: GraphQLField, node: FieldNode) -> int | None:
    """Return how many objects a field may give for one parent; None where it gives one.

    A variable counts as the largest page, a list without pages as `UNPAGED`.
    """
    declaration = declaration_of(field)
    if isinstance(declaration, Part):
        return None
    if isinstance(declaration, Page):
        value = _argument(node, "first")
        return declaration.size if value is None else _number(value, declaration.largest)
    if isinstance(declaration, ByGlobalId):
        value = _argument(node, declaration.argument)
        return len(value.values) if isinstance(value, ListValueNode) else MAX_PAGE
    return UNPAGED if is_unpaged(field) else None


def is_unpaged(field: GraphQLField) -> bool:
    """Tell whether a field gives a list as long as it happens to be."""
    paged = isinstance(declaration_of(field), Part | Page | ByGlobalId)
    return not paged and isinstance(get_nullable_type(field.type), GraphQLList)


def _own_cost(field: GraphQLField) -> int:
    definition = field.extensions.get(STRAWBERRY)
    cost: int = definition.metadata.get(COST, 0) if definition is not None else 0
    return cost


def _argument(node: FieldNode, name: str) -> ValueNode | None:
    return next((a.value for a in node.arguments or () if a.name.value == name), None)


def _number(value: ValueNode, otherwise: int) -> int:
    text = getattr(value, "value", None)
    return int(text[:9]) if isinstance(text, str) and text.isdigit() else otherwise
