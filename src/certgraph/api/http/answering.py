"""From the text of a request to its answer: document, variables, cost, data."""

import asyncio
import logging
from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson
from graphql import FieldNode, GraphQLError, GraphQLSyntaxError
from graphql.execution.values import VariableValues, get_argument_values

from certgraph.actions.auditing import record_reading
from certgraph.api.connections import Unavailable
from certgraph.api.context import Context
from certgraph.api.document_limits import UnreadableText, cost_of, cost_problems
from certgraph.api.http.caching import SHARED_ROOTS, names_persons
from certgraph.api.http.gates import Gates
from certgraph.api.http.limiting import charge, too_much
from certgraph.api.http.persisted import PREFIX, PersistedDocuments
from certgraph.api.http.requests import (
    BadRequest,
    GraphQLRequest,
    parse_request,
)
from certgraph.api.metering import (
    LOOKUP_POINTS,
    NEW_DOCUMENT,
    Lookups,
    Meter,
    TooMuchAsked,
    points_of,
)
from certgraph.api.metrics import Metrics
from certgraph.api.reads.documents import Documents, NotADocument, Operation
from certgraph.api.reads.execution import run
from certgraph.api.reads.reader import Reader
from certgraph.api.schema import request_error, shown_error
from certgraph.database import DatabaseError, is_busy, is_deadlock

logger = logging.getLogger(__name__)

MAX_PUBLIC_ANSWER = 1_000_000
"""Bytes of an answer to who sends no token."""

LARGE_TEXT = 4 * 1024
"""Bytes of a request, from which on reading it waits for its turn."""

LOOKUP = "certificate"
"""The root field by which the public looks up a certificate by number and name."""

LARGE_COST = 100
"""Objects, from which on an answer waits for its turn."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that can run.

    Attributes:
        operation: Of its document.
        given: Its variables as they came.
        variables: The same, coerced.
        cost: Objects that its answer may hold.
    """

    operation: Operation
    given: Mapping[str, Any]
    variables: VariableValues
    cost: int

    def roots(self) -> Iterator[FieldNode]:
        """Yield the fields at the root that these variables leave in."""
        flags = {name: self.variables.coerced.get(name) for name in self.operation.flags}
        sets = [self.operation.node.selection_set]
        for nodes in self.operation.fields(self.operation.root_type, sets, flags).values():  # type: ignore[arg-type]
            yield from nodes


@dataclass(frozen=True, slots=True)
class Answered:
    """What goes back of a request.

    Attributes:
        body: Of the answer.
        is_good: Whether the request was a good one.
        is_whole: Whether it is a query, answered without an error.
        is_shared: Whether it is for everybody, so that caches may keep it.
    """

    body: bytes
    is_good: bool
    is_whole: bool = False
    is_shared: bool = False


class Refusal(Exception):
    """A request that is one, but whose document or variables are refused.

    Attributes:
        errors: As they go back.
    """

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__()
        self.errors = errors


class Answering:
    """Answers requests over one schema and one database."""

    def __init__(
        self,
        documents: Documents,
        reader: Reader,
        gates: Gates,
        persisted: PersistedDocuments,
        lookups: Lookups,
        metrics: Metrics | None = None,
    ) -> None:
        self._documents = documents
        self._reader = reader
        self._gates = gates
        self._persisted = persisted
        self._lookups = lookups
        self._metrics = metrics
        self._kept = {text: self._read_persisted(hash_, text) for hash_, text in persisted}

    async def answer(self, text: bytes, context: Context, method: str) -> Answered:
        """Run one request.

        Raises:
            BadRequest: Nothing ran.
        """
        try:
            asked = await self._asked(text, context, method)
        except Refusal as refusal:
            return Answered(orjson.dumps({"errors": refusal.errors}), is_good=False)
        await charge(context.meter, points_of(asked.cost))
        if context.caller is None:
            await self._count_lookups(asked, context.meter)
        async with self._turn(asked, context):
            found = await run(
                asked.operation, self._reader, context, asked.given, variables=asked.variables
            )
            if self._metrics is not None:
                self._metrics.ran(_kind(asked.operation), has_errors=bool(found.errors))
            if not found.ran:
                code = "GRAPHQL_VALIDATION_FAILED"
                refused = [request_error(error, code) for error in found.errors]
                return Answered(orjson.dumps({"errors": refused}), is_good=False)
            body: dict[str, Any] = {"data": found.data}
            if found.errors:
                body = {"errors": [shown_error(e, context.language) for e in found.errors], **body}
            if context.meter is not None and method == "POST":  # by GET the answer stays the same
                body["extensions"] = {"cost": context.meter.cost(asked.cost)}
            answer = orjson.dumps(body)
        if context.learners_read and context.caller is not None:
            read = context.learners_read
            try:
                await record_reading(context.environment, context.caller, read, place="an answer")
            except DatabaseError as fault:
                if not (is_busy(fault) or is_deadlock(fault)):
                    raise
                raise Unavailable from None
        if context.caller is None and len(answer) > MAX_PUBLIC_ANSWER:
            size = f"{MAX_PUBLIC_ANSWER // 1000} KB"
            message = f"The answer is larger than {size}. Ask for smaller pages, or fewer fields."
            error = {"message": message, "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}}
            return Answered(orjson.dumps({"errors": [error]}), is_good=False)
        is_whole = not asked.operation.is_mutation and not found.errors
        return Answered(
            answer,
            is_good=True,
            is_whole=is_whole,
            is_shared=is_whole
            and method != "POST"
            and context.caller is None
            and all(node.name.value in SHARED_ROOTS for node in asked.roots())
            and not names_persons(asked.operation),
        )

    async def read(
        self, document: str, context: Context, given: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Return the data of a query of our own, as its caller may read it.

        Raises:
            Refusal: Arguments are refused: a cursor of another list, a text that is too long.
        """
        request = GraphQLRequest(document, dict(given), None)
        asked = _asked_of(self._documents.operations(document), request, "GET")
        async with self._turn(asked, context):
            found = await run(
                asked.operation, self._reader, context, asked.given, variables=asked.variables
            )
        for error in found.errors:
            cause = error.original_error
            if cause is not None and not isinstance(cause, GraphQLError):
                raise cause
        if found.errors:
            raise Refusal([shown_error(error, context.language) for error in found.errors])
        return orjson.loads(orjson.dumps(found.data))  # type: ignore[no-any-return]

    def _turn(self, asked: Asked, context: Context) -> AbstractAsyncContextManager[None]:
        """Return where an answer waits for its turn, if it is large."""
        is_large = asked.cost > LARGE_COST or asked.operation.introspects
        if asked.operation.is_mutation or not is_large:
            return nullcontext()
        return self._gates.large(is_public=context.caller is None).entered()

    async def _count_lookups(self, asked: Asked, meter: Meter | None) -> None:
        """Count the certificates that the public looks up by number. Raises `BadRequest`."""
        for node in asked.roots():
            if node.name.value != LOOKUP:
                continue
            field = asked.operation.root_type.fields[LOOKUP]
            try:
                number = get_argument_values(field, node, asked.variables)["number"]
            except GraphQLError:
                continue  # what is wrong with them is said when it runs
            await charge(meter, LOOKUP_POINTS)
            try:
                await self._lookups.count(number)
            except TooMuchAsked as error:
                raise too_much(error) from None

    async def _asked(self, text: bytes, context: Context, method: str) -> Asked:
        """Return what a request asks for. Raises `BadRequest` and `Refusal`."""
        if len(text) <= LARGE_TEXT:
            request = self._parsed(text, context, method)
            if request.is_persisted:
                return _asked_of(_opened(self._kept[request.query]), request, method)
            operations = self._documents.known(request.query)
            if operations is not None:
                return _asked_of(operations, request, method)
        async with self._gates.reading(is_public=context.caller is None).entered():
            request = self._parsed(text, context, method)
            if request.is_persisted:
                return _asked_of(_opened(self._kept[request.query]), request, method)
            if self._documents.known(request.query) is None:
                await charge(context.meter, NEW_DOCUMENT)
            return _asked_of(await self._operations(request.query), request, method)

    def _read_persisted(self, hash_: str, text: str) -> "Mapping[str | None, Operation] | Refusal":
        """Read a persisted document, once; log one that the schema refuses."""
        try:
            return self._documents.read(text)
        except NotADocument as error:
            refusal = Refusal([request_error(one, _code(one)) for one in error.errors])
        except UnreadableText as error:
            code = "GRAPHQL_PARSE_FAILED"
            refusal = Refusal([{"message": str(error), "extensions": {"code": code}}])
        message = refusal.errors[0]["message"]
        logger.warning("the persisted document %s%s is refused: %s", PREFIX, hash_, message)
        return refusal

    def _parsed(self, text: bytes, context: Context, method: str) -> GraphQLRequest:
        """Return what a request says. Raises `BadRequest`."""
        is_public = context.caller is None
        request = parse_request(method, text, self._persisted, is_public=is_public)
        is_bound = is_public and context.settings.public_documents_only
        if is_bound and not request.is_persisted:
            message = (
                "Without a token this server answers the documents that its operator keeps, and no "
                "others: send `documentId`, or a token."
            )
            raise BadRequest(HTTPStatus.FORBIDDEN, message, code="PERSISTED_QUERY_ID_REQUIRED")
        return request

    async def _operations(self, text: str) -> Mapping[str | None, Operation]:
        """Return the operations of a document; a new one is read beside the event loop."""
        known = self._documents.known(text)
        if known is not None:
            return known
        try:
            read = await asyncio.to_thread(self._documents.read, text)
        except UnreadableText as error:
            raise BadRequest(HTTPStatus.BAD_REQUEST, str(error)) from None
        except NotADocument as error:
            raise Refusal([request_error(one, _code(one)) for one in error.errors]) from None
        return self._documents.remember(text, read)


def _opened(
    read: "Mapping[str | None, Operation] | Refusal",
) -> Mapping[str | None, Operation]:
    """Return the operations of a document that was read before. Raises `Refusal`."""
    if isinstance(read, Refusal):
        raise Refusal(read.errors)
    return read


def _kind(operation: Operation) -> str:
    """Return what an operation is counted as: `query`, or the field of its mutation."""
    field = operation.node.selection_set.selections[0]
    if operation.is_mutation and isinstance(field, FieldNode):
        return field.name.value
    return "mutation" if operation.is_mutation else "query"


def _code(error: GraphQLError) -> str:
    is_syntax = isinstance(error, GraphQLSyntaxError)
    return "GRAPHQL_PARSE_FAILED" if is_syntax else "GRAPHQL_VALIDATION_FAILED"


def _asked_of(
    operations: Mapping[str | None, Operation], request: GraphQLRequest, method: str
) -> Asked:
    """Return the operation that a request means, with its variables.

    Raises:
        BadRequest: It is a mutation, and did not come by POST.
        Refusal: There is none, its variables are wrong, or ask for too much.
    """
    operation = _operation_named(operations, request.operation_name or None)
    if operation.is_mutation and method != "POST":
        allow = {"Allow": "POST"}
        message = "Mutations are sent by POST."
        raise BadRequest(HTTPStatus.METHOD_NOT_ALLOWED, message, allow)
    given = request.variables or {}
    variables = operation.variables.coerced(given)
    if isinstance(variables, list):
        raise Refusal([request_error(error, "BAD_USER_INPUT") for error in variables])
    cost = cost_of(operation, variables.coerced)
    problems = cost_problems(operation, cost)
    if problems:
        raise Refusal([request_error(one, "GRAPHQL_VALIDATION_FAILED") for one in problems])
    return Asked(operation, given, variables, cost)


def _operation_named(operations: Mapping[str | None, Operation], name: str | None) -> Operation:
    """Return the operation of a name, or the only one. Raises `Refusal`."""
    found = operations.get(name)
    if found is None and name is None and len(operations) == 1:
        (found,) = operations.values()
    if found is not None:
        return found
    message = "The document has several operations; name one in `operationName`."
    if name is not None:
        message = f"The document has no operation {name!r:.80}."
    elif not operations:
        message = "The document holds no operation, only fragments."
    raise Refusal([{"message": message, "extensions": {"code": "OPERATION_RESOLUTION_FAILURE"}}])
