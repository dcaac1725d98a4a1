"""What a document may ask for, checked before the library's rules, and before anything runs.

Two walks. The first takes each fragment once and counts what does not depend on variables; a
document that it refuses costs nothing more. The second weighs, for the variables of a request, how
many objects the answer may hold; it needs no memory of fragments, because the first has bounded how
many fields there are when all are spread.

The library's own depth and alias limiters walk a fragment again at every spread, which takes
exponential time on a chain of fragments.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    ListValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
)

from certgraph.api.reads.declarations import COST, ByGlobalId, Page, Part
from certgraph.api.reads.documents import Operation, is_included
from certgraph.api.reads.selection import STRAWBERRY, declaration_of

MAX_LINES = 2_000
"""Each error of a document counts the lines before its place."""

MAX_TOKENS = 1_000
MAX_DEPTH = 12
MAX_INTROSPECTION = 20
"""Levels of fields below `__schema`; tools ask for 15."""

MAX_ALIASES = 15
MAX_FRAGMENTS = 30
MAX_OPERATIONS = 20
MAX_FIELDS = 500
"""Fields of an operation with every fragment spread: what planning it costs depends on them."""

MAX_ROOT_FIELDS = 10
MAX_COST = 2_000
UNPAGED = 3
"""Objects that a list without pages counts for; most have fewer."""

_ENOUGH = 10**9
_NUL_ESCAPE = re.compile(r"\\u(?:0000|\{0+\})")


class UnreadableText(ValueError):
    """A document that is not even parsed."""


def check_text(text: str) -> None:
    """Refuse a document that cannot be one.

    Raises:
        UnreadableText: With a sentence for the caller.
    """
    if not text.strip():
        raise UnreadableText("The parameter `query` is empty.")
    lines = text.count("\n") + text.count("\r") + 1
    if lines > MAX_LINES:
        raise UnreadableText(f"The document has {lines} lines; {MAX_LINES} are allowed.")
    if _NUL_ESCAPE.search(text):
        raise UnreadableText("A text in the document holds the character NUL.")


class Measure(NamedTuple):
    """Depth in fields, aliases, and fields when every fragment is spread.

    `lists` are the lists without pages in it, by type and field.
    """

    depth: int = 0
    aliases: int = 0
    fields: int = 0
    lists: frozenset[str] = frozenset()


def document_problems(schema: GraphQLSchema, document: DocumentNode) -> list[GraphQLError]:
    """Return why a parsed document is beyond the limits; it may be invalid in other ways.

    Introspection counts as one level: tools ask for 15, which `certgraph.api.reads.introspection`
    makes of parts that it shares.
    """
    return list(_Walk(schema, document).problems())


class _Walk:
    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._definitions = document.definitions
        self._fragments = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        self._measured: dict[str, Measure] = {}
        self._entered: set[str] = set()
        self._repeated: set[str] = set()
        self._introspected = 0

    def problems(self) -> Iterator[GraphQLError]:
        """Yield every reason to refuse the document."""
        kinds = Counter(type(node) for node in self._definitions)
        yield from _too_many("fragments", kinds[FragmentDefinitionNode], MAX_FRAGMENTS, None)
        yield from _too_many("operations", kinds[OperationDefinitionNode], MAX_OPERATIONS, None)
        if kinds[OperationDefinitionNode] > MAX_OPERATIONS:  # each would be measured
            return
        for definition in self._definitions:
            if isinstance(definition, OperationDefinitionNode):
                yield from self._operation(definition)
        unspread = max((self._fragment(name).fields for name in self._fragments), default=0)
        yield from _too_many("fields in a fragment", unspread, MAX_FIELDS, None)
        levels = "levels of introspection"
        yield from _too_many(levels, self._introspected, MAX_INTROSPECTION, None)
        for name in sorted(self._repeated):
            yield refused(f"The list {name} is below itself; ask for it once on a path.", None)

    def _operation(self, operation: OperationDefinitionNode) -> Iterator[GraphQLError]:
        root = self._schema.get_root_type(operation.operation)
        measure = self._measure(operation.selection_set, root)
        roots = self._roots(operation.selection_set, set())
        yield from _too_many("levels of fields", measure.depth, MAX_DEPTH, operation)
        yield from _too_many("aliases", measure.aliases, MAX_ALIASES, operation)
        yield from _too_many("fields", measure.fields, MAX_FIELDS, operation)
        if operation.operation is OperationType.MUTATION:
            yield from _too_many("mutations", len(roots), 1, operation)
        else:
            yield from _too_many("root fields", len(roots), MAX_ROOT_FIELDS, operation)

    def _roots(self, selection_set: SelectionSetNode, spread: set[str]) -> set[str]:
        """Return the response keys at the top, which fields of the same key share."""
        found: set[str] = set()
        for selection in selection_set.selections:
            if isinstance(selection, FieldNode):
                if selection.name.value != "__typename":
                    found.add((selection.alias or selection.name).value)
            elif isinstance(selection, InlineFragmentNode):
                found |= self._roots(selection.selection_set, spread)
            elif isinstance(selection, FragmentSpreadNode):
                name = selection.name.value
                if name in self._fragments and name not in spread:
                    spread.add(name)
                    found |= self._roots(self._fragments[name].selection_set, spread)
        return found

    def _measure(
        self, selection_set: SelectionSetNode | None, parent: GraphQLNamedType | None
    ) -> Measure:
        depth = aliases = fields = 0
        lists: frozenset[str] = frozenset()
        for selection in selection_set.selections if selection_set else ():
            if isinstance(selection, FieldNode):
                part = self._field(selection, parent)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                inside = self._schema.get_type(condition.name.value) if condition else parent
                part = self._measure(selection.selection_set, inside)
            elif isinstance(selection, FragmentSpreadNode):
                part = self._fragment(selection.name.value)
            else:
                continue
            depth = max(depth, part.depth)
            aliases = min(aliases + part.aliases, _ENOUGH)
            fields = min(fields + part.fields, _ENOUGH)
            lists |= part.lists
        return Measure(depth, aliases, fields, lists)

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None) -> Measure:
        field = field_of(parent, node)
        below = self._measure(node.selection_set, get_named_type(field.type) if field else None)
        aliases = below.aliases + (node.alias is not None)
        if node.name.value.startswith("__"):
            self._introspected = max(self._introspected, below.depth + 1)
            return Measure(1, aliases, below.fields + 1)
        lists = below.lists
        if field is not None and parent is not None and is_unpaged(field):
            name = f"{parent.name}.{node.name.value}"  # a cycle of them would multiply as it likes
            if name in lists:
                self._repeated.add(name)
            lists |= {name}
        return Measure(below.depth + 1, aliases, min(below.fields + 1, _ENOUGH), lists)

    def _fragment(self, name: str) -> Measure:
        """Return a fragment's measure, taken once; a cycle counts as empty."""
        if name not in self._measured:
            definition = self._fragments.get(name)
            if definition is None or name in self._entered:
                return Measure()
            self._entered.add(name)
            condition = self._schema.get_type(definition.type_condition.name.value)
            self._measured[name] = self._measure(definition.selection_set, condition)
        return self._measured[name]


def _too_many(
    name: str, value: int, limit: int, node: OperationDefinitionNode | None
) -> Iterator[GraphQLError]:
    if value > limit:
        verb = "is" if limit == 1 else "are"
        yield refused(f"The document asks for {value} {name}; {limit} {verb} allowed.", node)


def refused(message: str, node: OperationDefinitionNode | None) -> GraphQLError:
    """Return the error of a document beyond a limit."""
    extensions = {"code": "GRAPHQL_VALIDATION_FAILED"}
    return GraphQLError(message, [node] if node else None, extensions=extensions)


def cost_of(operation: Operation, variables: Mapping[str, Any]) -> int:
    """Return how many objects the answer to an operation may hold, with its coerced variables.

    What is joined one to one comes with its object and costs nothing; fields of one response key
    are one field; what `@skip` and `@include` leave out is not counted.
    """
    sizes = {name: _size_in(value) for name, value in variables.items()}
    key = ("cost", *sizes.values())
    known: int | None = operation.remembered.get(key)
    if known is None:
        known = _Cost(operation, sizes).of(operation.root_type, [operation.node.selection_set])
        operation.remembered.put(key, known)
    return known


def _size_in(value: object) -> int | None:
    """Return what a variable's value says about the size of an answer, if anything."""
    if isinstance(value, list):
        return len(value)
    return value if isinstance(value, int) else None


def cost_problems(operation: Operation, cost: int) -> list[GraphQLError]:
    """Return why an operation of a cost is refused."""
    return list(_too_many("objects", cost, MAX_COST, operation.node))


class _Cost:
    """The cost of an operation, for the numbers, flags and lengths of lists in its variables."""

    def __init__(self, operation: Operation, variables: Mapping[str, int | None]) -> None:
        self._operation = operation
        self._variables = variables

    def of(
        self, parent: GraphQLNamedType | None, selection_sets: Sequence[SelectionSetNode]
    ) -> int:
        """Return how many objects the lists in some selection sets of one object may hold."""
        fields: dict[tuple[str, str], tuple[GraphQLNamedType | None, list[FieldNode]]] = {}
        for selection_set in selection_sets:
            self._collect(selection_set, parent, fields, set())
        return sum(self._field(type_, nodes) for type_, nodes in fields.values())

    def _collect(
        self,
        selection_set: SelectionSetNode,
        parent: GraphQLNamedType | None,
        fields: dict[tuple[str, str], tuple[GraphQLNamedType | None, list[FieldNode]]],
        spread: set[str],
    ) -> None:
        for selection in selection_set.selections:
            if not is_included(selection, self._variables):
                continue
            if isinstance(selection, FieldNode):
                key = (parent.name if parent else "", (selection.alias or selection.name).value)
                fields.setdefault(key, (parent, []))[1].append(selection)
                continue
            fragment: Any = selection
            if isinstance(selection, FragmentSpreadNode):
                if selection.name.value in spread:
                    continue
                spread.add(selection.name.value)
                fragment = self._operation.fragments[selection.name.value]
            condition = fragment.type_condition
            inside = self._operation.schema.get_type(condition.name.value) if condition else parent
            self._collect(fragment.selection_set, inside, fields, spread)

    def _field(self, parent: GraphQLNamedType | None, nodes: Sequence[FieldNode]) -> int:
        field = field_of(parent, nodes[0])
        if field is None:
            return 0
        sets = [node.selection_set for node in nodes if node.selection_set]
        below = self.of(get_named_type(field.type), sets)
        size = _size(field, nodes[0], self._variables) if sets else None
        return (below if size is None else size * (below + 1)) + _own_cost(field)


def field_of(parent: GraphQLNamedType | None, node: FieldNode) -> GraphQLField | None:
    """Return the field of a type that a node asks for; None where there is none."""
    if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
        field: GraphQLField | None = parent.fields.get(node.name.value)
        return field
    return None


def _size(field: GraphQLField, node: FieldNode, variables: Mapping[str, int | None]) -> int | None:
    """Return how many objects a field may give for one parent; None where it gives one."""
    declaration = declaration_of(field)
    if isinstance(declaration, Part):
        return None
    if isinstance(declaration, Page):
        value = _argument(node, "first", variables)
        size = declaration.size if value is None else value
        return max(0, min(size, declaration.largest))
    if isinstance(declaration, ByGlobalId):
        value = _argument(node, declaration.argument, variables)
        return 1 if value is None else value
    return UNPAGED if is_unpaged(field) else None


def is_unpaged(field: GraphQLField) -> bool:
    """Tell whether a field gives a list as long as it happens to be."""
    paged = isinstance(declaration_of(field), Part | Page | ByGlobalId)
    return not paged and isinstance(get_nullable_type(field.type), GraphQLList)


def _own_cost(field: GraphQLField) -> int:
    definition = field.extensions.get(STRAWBERRY)
    cost: int = definition.metadata.get(COST, 0) if definition is not None else 0
    return cost


def _argument(node: FieldNode, name: str, variables: Mapping[str, int | None]) -> int | None:
    """Return the number, or the length of the list, in an argument; None where it has neither."""
    value: ValueNode | None = next(
        (a.value for a in node.arguments or () if a.name.value == name), None
    )
    if isinstance(value, VariableNode):
        return variables.get(value.name.value)
    if isinstance(value, ListValueNode):
        return len(value.values)
    text = getattr(value, "value", None)
    return int(text) if isinstance(text, str) and text.lstrip("-").isdigit() else None
