"""GraphQL over HTTP (the GraphQL foundation's specification): requests in, responses out.

Media types are compared exactly: a request that a browser can send to another site without asking
(text/plain, forms) never runs. What cannot be parsed or validated is a 400 without `data`.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson
from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import Response

from certgraph.api.context import Context
from certgraph.api.limits import UnreadableText
from certgraph.api.reads.documents import Documents, Operation
from certgraph.api.reads.execution import run
from certgraph.api.reads.reader import Reader
from certgraph.api.schema import shown_error

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"
MAX_BODY = 64 * 1024


class BadRequest(Exception):
    """A request that is not a GraphQL request; nothing ran."""

    def __init__(
        self, status: HTTPStatus, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """The parameters of a request."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None


def response_type(accept: str | None) -> str | None:
    """Return the media type to answer in; None where none is acceptable."""
    if not accept:
        return JSON
    for part in accept.split(","):
        media_type, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if any(p.startswith("charset=") and p != "charset=utf-8" for p in parameters):
            continue
        if media_type == GRAPHQL:
            return GRAPHQL
        if media_type in (JSON, "application/*", "*/*"):
            return JSON
    return None


async def read_body(request: Request) -> bytes:
    """Return the body, up to its limit, also where it comes in chunks. Raises `BadRequest`."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            message = f"The body is larger than {MAX_BODY // 1024} KB."
            raise BadRequest(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message)
    return bytes(body)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        message = "a key stands twice in one object"
        raise ValueError(message)
    return found


def _no_constant(name: str) -> None:
    message = f"{name} is not JSON"
    raise ValueError(message)


def _texts(content: object) -> Iterator[str]:
    """Yield every text in parsed JSON, keys included."""
    left = [content]
    while left:
        item = left.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            left += [*item.keys(), *item.values()]
        elif isinstance(item, list):
            left += item


def _check_texts(content: object) -> None:
    """Refuse what no text of ours holds and no database stores: NUL, and half surrogate pairs."""
    for text in _texts(content):
        if "\0" in text:
            message = "A text holds the character NUL."
            raise BadRequest(HTTPStatus.BAD_REQUEST, message)
        try:
            text.encode()
        except UnicodeEncodeError:
            message = "A text holds half of a surrogate pair."
            raise BadRequest(HTTPStatus.BAD_REQUEST, message) from None


def parse_json(text: bytes | str) -> Any:  # noqa: ANN401 - what came in decides
    """Return strict JSON: UTF-8, no NaN, no repeated key. Raises `BadRequest`."""
    try:
        if isinstance(text, bytes):
            text = text.decode()
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except RecursionError:
        message = "The JSON is nested too deeply."
    except ValueError as error:
        message = f"The JSON cannot be read: {error}."
    raise BadRequest(HTTPStatus.BAD_REQUEST, message)


def _parameters(given: Any) -> GraphQLRequest:  # noqa: ANN401 - parsed JSON
    """Return the parameters of a decoded body or query string. Raises `BadRequest`."""
    if not isinstance(given, dict):
        message = "The body must be one JSON object with `query`; batches are not taken."
        raise BadRequest(HTTPStatus.BAD_REQUEST, message)
    for name, kind, text in (
        ("query", str, "a text"),
        ("operationName", str | None, "a text"),
        ("variables", dict | None, "an object"),
        ("extensions", dict | None, "an object"),
    ):
        value = given.get(name)
        if not isinstance(value, kind):
            missing = "is missing" if name not in given else f"must be {text}"
            raise BadRequest(HTTPStatus.BAD_REQUEST, f"The parameter `{name}` {missing}.")
    _check_texts(given)
    return GraphQLRequest(given["query"], given.get("variables"), given.get("operationName"))


async def parse_request(request: Request) -> GraphQLRequest:
    """Return what a GET or POST asks for. Raises `BadRequest`."""
    if request.method == "GET":
        given: dict[str, Any] = dict(request.query_params)
        for name in ("variables", "extensions"):
            if name in given:
                given[name] = parse_json(given[name])
        return _parameters(given)
    content_type = request.headers.get("content-type", "")
    media_type, *parameters = (part.strip().lower() for part in content_type.split(";"))
    if media_type != JSON or any(
        p.startswith("charset=") and p.strip('"') not in ("charset=utf-8", 'charset="utf-8')
        for p in parameters
    ):
        raise BadRequest(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "Send the request as Content-Type: application/json in UTF-8.",
        )
    return _parameters(parse_json(await read_body(request)))


def respond(
    body: Mapping[str, Any],
    media_type: str,
    status: HTTPStatus = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a response that no cache keeps."""
    return Response(
        orjson.dumps(body),
        status,
        {"Cache-Control": "no-store", "Vary": "Accept, Accept-Language", **(headers or {})},
        f"{media_type}; charset=utf-8",
    )


def refused(
    message: str, media_type: str, status: HTTPStatus, headers: Mapping[str, str]
) -> Response:
    """Return a response for a request that did not run."""
    code = "BAD_REQUEST" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "INTERNAL_SERVER_ERROR"
    body = {"errors": [{"message": message, "extensions": {"code": code}}]}
    return respond(body, media_type, status, headers)


def operation_of(
    documents: Documents, asked: GraphQLRequest, *, mutations: bool
) -> Operation | list[GraphQLError]:
    """Return the operation that a request means, or every reason why there is none.

    Raises:
        BadRequest: The document cannot be one, or is a mutation where none may be.
    """
    try:
        operations = documents.operations(asked.query)
    except UnreadableText as error:
        raise BadRequest(HTTPStatus.BAD_REQUEST, str(error)) from None
    if isinstance(operations, list):
        return operations
    name = asked.operation_name or None
    found = operations.get(name)
    if found is None and name is None and len(operations) == 1:
        (found,) = operations.values()
    if found is None:
        message = "The document has several operations; name one in `operationName`."
        if name is not None:
            message = f"The document has no operation {name!r}."
        elif not operations:
            message = "The document holds no operation, only fragments."
        code = {"code": "OPERATION_RESOLUTION_FAILURE"}
        return [GraphQLError(message, extensions=code)]
    if found.is_mutation and not mutations:
        raise BadRequest(
            HTTPStatus.METHOD_NOT_ALLOWED, "Mutations are sent by POST.", {"Allow": "POST"}
        )
    return found


async def answer(
    documents: Documents, reader: Reader, request: Request, context: Context, media_type: str
) -> Response:
    """Run one request and return its response. Raises `BadRequest`."""
    asked = await parse_request(request)
    operation = operation_of(documents, asked, mutations=request.method == "POST")
    if isinstance(operation, list):
        errors = [shown_error(error) for error in operation]
        status = HTTPStatus.BAD_REQUEST if media_type == GRAPHQL else HTTPStatus.OK
        return respond({"errors": errors}, media_type, status)
    found = await run(operation, reader, context, asked.variables)
    body: dict[str, Any] = {"data": found.data}
    if found.errors:
        body = {"errors": [shown_error(error) for error in found.errors], **body}
    if found.ran:
        return respond(body, media_type)
    del body["data"]
    status = HTTPStatus.BAD_REQUEST if media_type == GRAPHQL else HTTPStatus.OK
    return respond(body, media_type, status)
