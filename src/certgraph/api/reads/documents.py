"""Documents: parsed and validated once, then remembered, as many as fit."""

import hashlib
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    ASTValidationRule,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    Token,
    TokenKind,
    VariableNode,
    parse,
    specified_rules,
    validate,
)
from graphql.type import is_abstract_type
from graphql.utilities import type_from_ast

from certgraph.api.reads.coercion import Variables
from certgraph.api.remembered import Remembered

DERIVED = 64
"""What is remembered with an operation: flags can be combined in more ways than fit."""

_LITERALS = {TokenKind.INT, TokenKind.FLOAT, TokenKind.STRING, TokenKind.BLOCK_STRING}


@dataclass(eq=False)
class Operation:
    """An operation of a document.

    Attributes:
        schema: The schema it was validated against.
        document: What was parsed.
        node: The operation's own node.
        fragments: Fragments by name.
        root_type: Query or Mutation.
        structure: Hash of the document's text without the values of its literals. Documents that
            differ in nothing else share their plans.
        variables: Its variables.
        flags: Variables that decide about `@skip` and `@include`, in a fixed order.
        remembered: What others derive from it and keep with it, for some values of the flags.
    """

    schema: GraphQLSchema
    document: DocumentNode
    node: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    root_type: GraphQLObjectType
    structure: bytes
    variables: Variables
    flags: tuple[str, ...]
    remembered: Remembered[Hashable, Any] = field(default_factory=lambda: Remembered(DERIVED))

    @property
    def is_mutation(self) -> bool:
        """Whether it is a mutation."""
        return self.node.operation is OperationType.MUTATION

    def fields(
        self,
        runtime_type: GraphQLObjectType,
        selection_sets: Sequence[SelectionSetNode],
        flags: Mapping[str, bool],
    ) -> dict[str, list[FieldNode]]:
        """Return response key → field nodes of an object (GraphQL, section CollectFields)."""
        found: dict[str, list[FieldNode]] = {}
        spread: set[str] = set()

        def collect(selection_set: SelectionSetNode) -> None:
            for selection in selection_set.selections:
                if not _is_included(selection, flags):
                    continue
                if isinstance(selection, FieldNode):
                    key = (selection.alias or selection.name).value
                    found.setdefault(key, []).append(selection)
                    continue
                if isinstance(selection, InlineFragmentNode):
                    fragment: InlineFragmentNode | FragmentDefinitionNode = selection
                else:
                    name = selection.name.value  # type: ignore[attr-defined]
                    if name in spread:
                        continue
                    spread.add(name)
                    fragment = self.fragments[name]
                if self._applies(fragment, runtime_type):
                    collect(fragment.selection_set)

        for selection_set in selection_sets:
            collect(selection_set)
        return found

    def _applies(
        self,
        fragment: InlineFragmentNode | FragmentDefinitionNode,
        runtime_type: GraphQLObjectType,
    ) -> bool:
        if fragment.type_condition is None:
            return True
        condition = type_from_ast(self.schema, fragment.type_condition)
        if is_abstract_type(condition):
            return self.schema.is_sub_type(condition, runtime_type)
        return condition is runtime_type


def _is_included(selection: Any, flags: Mapping[str, bool]) -> bool:  # noqa: ANN401 - any selection
    for directive in selection.directives or ():
        if directive.name.value in ("skip", "include"):
            value = directive.arguments[0].value
            holds = flags[value.name.value] if isinstance(value, VariableNode) else value.value
            if holds is (directive.name.value == "skip"):
                return False
    return True


class Documents:
    """The documents of a schema.

    Args:
        schema: What they are validated against.
        rules: Validation rules besides GraphQL's own.
        max_tokens: Longest document, in tokens.
        size: How many are remembered.
        check: Raises an error of its own on a text that is not even parsed.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        rules: Sequence[type[ASTValidationRule]],
        *,
        max_tokens: int,
        size: int = 512,
        check: Callable[[str], None],
    ) -> None:
        self._schema = schema
        self._rules = [*specified_rules, *rules]
        self._max_tokens = max_tokens
        self._check = check
        self._known: Remembered[str, list[GraphQLError] | dict[str | None, Operation]] = Remembered(
            size
        )

    def operations(self, text: str) -> list[GraphQLError] | dict[str | None, Operation]:
        """Return the operations of a document by name, or every reason why it is none."""
        known = self._known.get(text)
        if known is None:
            self._check(text)
            known = self._known.put(text, self._read(text))
        return known

    def _read(self, text: str) -> list[GraphQLError] | dict[str | None, Operation]:
        try:
            document = parse(text, max_tokens=self._max_tokens)
        except GraphQLError as error:
            return [error]
        errors = validate(self._schema, document, self._rules)
        if errors:
            return errors
        fragments = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        structure = _structure(document)
        operations = [n for n in document.definitions if isinstance(n, OperationDefinitionNode)]
        return {
            (node.name.value if node.name else None): Operation(
                schema=self._schema,
                document=document,
                node=node,
                fragments=fragments,
                root_type=self._schema.get_root_type(node.operation),  # type: ignore[arg-type]
                structure=structure + bytes([index]),
                variables=Variables(self._schema, node.variable_definitions or ()),
                flags=_flags(document, node),
            )
            for index, node in enumerate(operations)
        }


def _tokens(document: DocumentNode) -> Iterator[Token]:
    """Yield the tokens of a document, comments left out."""
    token = document.loc.start_token.next if document.loc else None
    while token is not None and token.kind is not TokenKind.EOF:
        if token.kind is not TokenKind.COMMENT:
            yield token
        token = token.next


def _structure(document: DocumentNode) -> bytes:
    """Return the hash of the tokens of a document, literals without their values."""
    tokens = []
    for token in _tokens(document):
        if token.kind in _LITERALS:
            tokens.append(f"<{token.kind.value}>")
        else:
            tokens.append(str(token.value) if token.kind is TokenKind.NAME else token.kind.value)
    return hashlib.sha256(" ".join(tokens).encode()).digest()


def _flags(document: DocumentNode, operation: OperationDefinitionNode) -> tuple[str, ...]:
    """Return the operation's variables in `@skip(if: $…)` and `@include(if: $…)`."""
    own = {one.variable.name.value for one in operation.variable_definitions or ()}
    words = [token.value or token.kind.value for token in _tokens(document)]
    found = {
        words[place + 6]
        for place, word in enumerate(words[:-6])
        if word == "@" and words[place + 1] in ("skip", "include") and words[place + 5] == "$"
    }
    return tuple(sorted(found & own))
