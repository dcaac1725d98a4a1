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
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValidationContext,
    ValidationRule,
)

MAX_TOKENS = 1_000
MAX_DEPTH = 12
MAX_ALIASES = 15
MAX_FRAGMENTS = 30
MAX_ROOT_FIELDS = 5
MAX_COST = 2_000
_LIST_ARGUMENTS = ("first", "ids")
_DEFAULT_PAGE = 20


class Measure(NamedTuple):
    """Depth in fields, aliases, fields at the top, and how many objects it may reach."""

    depth: int = 0
    aliases: int = 0
    fields: int = 0
    cost: int = 0


_NUL_ESCAPE = re.compile(r"\\u(?:0000|\{0+\})")
_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
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

    def enter_document(self, *_args: object) -> None:
        """Measure the whole document at once."""
        definitions = self.context.document.definitions
        fragments = [d for d in definitions if isinstance(d, FragmentDefinitionNode)]
        self._check(_Limit("fragments", len(fragments), MAX_FRAGMENTS), None)
        for definition in definitions:
            if isinstance(definition, OperationDefinitionNode):
                self._check_operation(definition)

    def _check_operation(self, operation: OperationDefinitionNode) -> None:
        measure = self._measure(operation.selection_set)
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
            message = (
                f"The document asks for {limit.value} {limit.name}; {limit.limit} are allowed."
            )
            self.report_error(
                GraphQLError(
                    message,
                    [node] if node else None,
                    extensions={"code": "GRAPHQL_VALIDATION_FAILED"},
                )
            )

    def _measure(self, selection_set: SelectionSetNode | None) -> Measure:
        depth = aliases = fields = cost = 0
        for selection in selection_set.selections if selection_set else ():
            if isinstance(selection, FieldNode) and selection.name.value.startswith("__"):
                part = Measure(1, selection.alias is not None, 1, 0)  # introspection, see schema
            elif isinstance(selection, FieldNode):
                below = self._measure(selection.selection_set)
                page = _page_size(selection) if below.fields else 1
                part = Measure(
                    below.depth + 1,
                    below.aliases + (selection.alias is not None),
                    1,
                    page * (below.cost + (below.fields > 0)),
                )
            elif isinstance(selection, InlineFragmentNode):
                part = self._measure(selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode):
                part = self._fragment(selection.name.value)
            else:
                continue
            depth = max(depth, part.depth)
            aliases = min(aliases + part.aliases, 10**9)
            fields = min(fields + part.fields, 10**9)
            cost = min(cost + part.cost, 10**9)
        return Measure(depth, aliases, fields, cost)

    def _fragment(self, name: str) -> Measure:
        """Return a fragment's measure, taken once; a cycle counts as empty."""
        if name not in self._fragments:
            definition = self.context.get_fragment(name)
            if definition is None or name in self._entered:
                return Measure()
            self._entered.add(name)
            self._fragments[name] = self._measure(definition.selection_set)
        return self._fragments[name]


def _page_size(field: FieldNode) -> int:
    """Return how many objects a list field may give; variables count as a full page."""
    for argument in field.arguments or ():
        if argument.name.value in _LIST_ARGUMENTS:
            value = getattr(argument.value, "value", None)
            return int(value[:9]) if isinstance(value, str) and value.isdigit() else 100
    return _DEFAULT_PAGE if field.name.value in _PAGED else 1


_PAGED = {
    "achievedOutcomes",
    "certificateTypes",
    "certificates",
    "organizations",
    "standards",
}
