"""GraphQL over HTTP (the GraphQL foundation's specification): requests in, responses out.

Media types are compared exactly: a request that a browser can send to another site without asking
(text/plain, forms) never runs. What cannot be parsed or validated is a 400 without `data`.
"""

import asyncio
import gzip
import json
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import NoneType
from typing import Any

import orjson
from graphql import GraphQLError
from starlette.datastructures import QueryParams

from certgraph.api.context import Context
from certgraph.api.limits import UnreadableText
from certgraph.api.negotiation import is_json, takes_gzip
from certgraph.api.reads.documents import Documents, Operation
from certgraph.api.reads.execution import run
from certgraph.api.reads.reader import Reader
from certgraph.api.schema import shown_error

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

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


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back: a body with its status and headers."""

    body: bytes
    media_type: str
    status: int = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)


async def read_body(receive: Receive) -> bytes:
    """Return the body, up to its limit, also where it comes in chunks. Raises `BadRequest`."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadRequest(HTTPStatus.BAD_REQUEST, "The request ended before its body.")
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            text = f"The body is larger than {MAX_BODY // 1024} KB."
            raise BadRequest(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text)
        if not message.get("more_body", False):
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


_STRICT = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)


_SUSPECT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


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
    """Return strict JSON: UTF-8, no NaN, no repeated key, no NUL. Raises `BadRequest`."""
    try:
        if isinstance(text, bytes):
            text = text.decode()
        found = _STRICT.decode(text)
    except RecursionError:
        message = "The JSON is nested too deeply."
    except ValueError as error:
        message = f"The JSON cannot be read: {error}."
    else:
        if _SUSPECT.search(text):  # only an escape brings in what UTF-8 and JSON leave out
            _check_texts(found)
        return found
    raise BadRequest(HTTPStatus.BAD_REQUEST, message)


_PARAMETERS: tuple[tuple[str, tuple[type, ...], str], ...] = (
    ("query", (str,), "a text"),
    ("operationName", (str, NoneType), "a text"),
    ("variables", (dict, NoneType), "an object"),
    ("extensions", (dict, NoneType), "an object"),
)


def _parameters(given: Any) -> GraphQLRequest:  # noqa: ANN401 - parsed JSON
    """Return the parameters of a decoded body or query string. Raises `BadRequest`."""
    if not isinstance(given, dict):
        message = "The body must be one JSON object with `query`; batches are not taken."
        raise BadRequest(HTTPStatus.BAD_REQUEST, message)
    for name, kind, text in _PARAMETERS:
        value = given.get(name)
        if not isinstance(value, kind):
            missing = "is missing" if name not in given else f"must be {text}"
            raise BadRequest(HTTPStatus.BAD_REQUEST, f"The parameter `{name}` {missing}.")
    return GraphQLRequest(given["query"], given.get("variables"), given.get("operationName"))


async def parse_request(
    scope: Scope, headers: Mapping[bytes, bytes], receive: Receive
) -> GraphQLRequest:
    """Return what a GET or POST asks for. Raises `BadRequest`."""
    if scope["method"] == "GET":
        given: dict[str, Any] = dict(QueryParams(scope["query_string"]))
        _check_texts(given)
        for name in ("variables", "extensions"):
            if name in given:
                given[name] = parse_json(given[name])
        return _parameters(given)
    if not is_json(headers.get(b"content-type", b"").decode("latin-1")):
        raise BadRequest(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "Send the request as Content-Type: application/json in UTF-8.",
        )
    return _parameters(parse_json(await read_body(receive)))


def reply(
    body: Mapping[str, Any],
    media_type: str,
    status: int = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Return a reply that states `body`."""
    return Reply(orjson.dumps(body), media_type, status, headers or {})


def refused(message: str, media_type: str, status: int, headers: Mapping[str, str]) -> Reply:
    """Return a reply to a request that did not run."""
    code = "BAD_REQUEST" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "INTERNAL_SERVER_ERROR"
    body = {"errors": [{"message": message, "extensions": {"code": code}}]}
    return reply(body, media_type, status, headers)


async def send_reply(found: Reply, accept_encoding: bytes, send: Send) -> None:
    """Send a reply that no cache keeps; compressed where the caller takes it and it pays."""
    body = found.body
    headers = [
        (b"content-type", found.media_type.encode() + b"; charset=utf-8"),
        *_FIXED_HEADERS,
    ]
    for name, value in found.headers.items():
        headers.append((name.lower().encode(), value.encode()))
    if len(body) >= _COMPRESS_FROM and takes_gzip(accept_encoding):
        if len(body) < _COMPRESS_BESIDE:
            body = gzip.compress(body, 5)
        else:
            body = await asyncio.to_thread(gzip.compress, body, 5)
        headers.append((b"content-encoding", b"gzip"))
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": int(found.status), "headers": headers})
    await send({"type": "http.response.body", "body": body})


_COMPRESS_FROM = 1_000
_COMPRESS_BESIDE = 100_000
_FIXED_HEADERS = [
    (b"cache-control", b"no-store"),
    (b"vary", b"Accept, Accept-Encoding, Accept-Language"),
    (b"x-content-type-options", b"nosniff"),
]


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
    documents: Documents, reader: Reader, asked: GraphQLRequest, context: Context, *, is_get: bool
) -> tuple[dict[str, Any], bool]:
    """Run one request; return the body, and whether the request was a good one.

    Raises:
        BadRequest: Nothing ran.
    """
    operation = operation_of(documents, asked, mutations=not is_get)
    if isinstance(operation, list):
        return {"errors": [shown_error(error) for error in operation]}, False
    found = await run(operation, reader, context, asked.variables)
    if not found.errors:
        return {"data": found.data}, True
    errors = [shown_error(error) for error in found.errors]
    return (
        ({"errors": errors, "data": found.data}, True) if found.ran else ({"errors": errors}, False)
    )
