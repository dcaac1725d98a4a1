# ruff: noqa: ANN401 - any selection
"""Documents: parsed and validated once; good ones are remembered, as many as fit."""

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

DERIVED = 4
"""What is derived of a document and remembered with it, in fields a token: flags can be combined in
more ways than fit."""

DERIVED_AT_LEAST = 600

REMEMBERED_TOKENS = 30_000
"""Tokens of all documents that are remembered; each keeps 0.7 KB."""

MAX_ERRORS = 20
"""Errors that are shown of one document."""

MAX_SUGGESTED = 3
"""Up to so many errors are shown with what may have been meant; looking for it is dear."""

MAX_DIGITS = 20
"""Characters of a number in a document."""

_NUMBERS = {TokenKind.INT, TokenKind.FLOAT}
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
        tokens: How long the document is.
        introspects: Whether it may ask for the schema.
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
    tokens: int
    introspects: bool
    variables: Variables
    flags: tuple[str, ...]
    remembered: Remembered[Hashable, Any] = field(init=False)

    def __post_init__(self) -> None:
        """Make room for what others derive, in fields."""
        size = max(DERIVED * self.tokens, DERIVED_AT_LEAST)
        self.remembered = Remembered(size, lambda value: getattr(value, "fields", 8))

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
                if not is_included(selection, flags):
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


def is_included(selection: Any, flags: Mapping[str, Any]) -> bool:
    """Tell whether `@skip` and `@include` leave a selection in."""
    for directive in selection.directives or ():
        if directive.name.value in ("skip", "include"):
            value = directive.arguments[0].value
            holds = flags[value.name.value] if isinstance(value, VariableNode) else value.value
            if holds is (directive.name.value == "skip"):
                return False
    return True


class NotADocument(ValueError):
    """A text that is no document of this schema.

    Attributes:
        errors: Every reason, as far as they are looked for.
    """

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a document must keep before it is validated.

    Attributes:
        tokens: How long it may be.
        check_text: Raises an error of its own on a text that is not even parsed.
        problems: Returns why a parsed document, valid or not, is beyond the limits.
    """

    tokens: int
    check_text: Callable[[str], None] = lambda _text: None
    problems: Callable[[GraphQLSchema, DocumentNode], list[GraphQLError]] = lambda *_: []


class Documents:
    """The documents of a schema.

    Args:
        schema: What they are validated against.
        limits: What a document must keep before the rules look at it.
        rules: Validation rules.
        suggesting: Whether an error names what may have been meant.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        limits: Limits,
        rules: Sequence[type[ASTValidationRule]] = specified_rules,
        *,
        suggesting: bool = True,
    ) -> None:
        self._schema = schema
        self._rules = rules
        self._limits = limits
        self._suggesting = suggesting
        self._known: Remembered[str, dict[str | None, Operation]] = Remembered(
            REMEMBERED_TOKENS, lambda one: next((o.tokens for o in one.values()), 1)
        )

    def known(self, text: str) -> dict[str | None, Operation] | None:
        """Return the operations of a document by name; None where it must be read first."""
        return self._known.get(text)

    def operations(self, text: str) -> dict[str | None, Operation]:
        """Return the operations of a document by name.

        Raises:
            NotADocument: With every reason; what the check of the limits raises, besides.
        """
        known = self._known.get(text)
        return known if known is not None else self.remember(text, self.read(text))

    def remember(
        self, text: str, operations: dict[str | None, Operation]
    ) -> dict[str | None, Operation]:
        """Remember what was read."""
        return self._known.put(text, operations)

    def read(self, text: str) -> dict[str | None, Operation]:
        """Parse and validate a text; nothing is remembered, so that any thread may do it.

        Raises:
            NotADocument: With every reason; what the check of the limits raises, besides.
        """
        self._limits.check_text(text)
        try:
            document = parse(text, max_tokens=self._limits.tokens)
            _check_numbers(document)
            errors = self._limits.problems(self._schema, document) or self._invalid(document)
        except GraphQLError as error:
            raise NotADocument([error]) from None
        except RecursionError:
            raise NotADocument([_parse_error("The document is nested too deeply.")]) from None
        if errors:
            raise NotADocument(errors)
        return self._operations(document)

    def _invalid(self, document: DocumentNode) -> list[GraphQLError]:
        errors = validate(self._schema, document, self._rules, MAX_ERRORS, hide_suggestions=True)
        if self._suggesting and 0 < len(errors) <= MAX_SUGGESTED:
            errors = validate(self._schema, document, self._rules, MAX_ERRORS)
        return errors

    def _operations(self, document: DocumentNode) -> dict[str | None, Operation]:
        fragments = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        structure = _structure(document)
        tokens = list(_tokens(document))
        words = [token.value or token.kind.value for token in tokens]
        introspects = any(token.value in ("__schema", "__type") for token in tokens)
        operations = [n for n in document.definitions if isinstance(n, OperationDefinitionNode)]
        return {
            (node.name.value if node.name else None): Operation(
                schema=self._schema,
                document=document,
                node=node,
                fragments=fragments,
                root_type=self._schema.get_root_type(node.operation),  # type: ignore[arg-type]
                structure=structure + bytes([index]),
                tokens=len(tokens),
                introspects=introspects,
                variables=Variables(self._schema, node.variable_definitions or ()),
                flags=_flags(words, node),
            )
            for index, node in enumerate(operations)
        }


def _parse_error(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": "GRAPHQL_PARSE_FAILED"})


def _check_numbers(document: DocumentNode) -> None:
    """Refuse a number that no type of ours takes. Raises `GraphQLError`."""
    for token in _tokens(document):
        if token.kind in _NUMBERS and len(token.value or "") > MAX_DIGITS:
            raise _parse_error(f"The document holds a number of more than {MAX_DIGITS} digits.")


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


def _flags(words: Sequence[str], operation: OperationDefinitionNode) -> tuple[str, ...]:
    """Return the operation's variables in `@skip(if: $…)` and `@include(if: $…)`."""
    own = {one.variable.name.value for one in operation.variable_definitions or ()}
    if not own:
        return ()
    found = {
        words[place + 6]
        for place, word in enumerate(words[:-6])
        if word == "@" and words[place + 1] in ("skip", "include") and words[place + 5] == "$"
    }
    return tuple(sorted(found & own))
