# ruff: noqa: ANN401 - what came in decides
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
from itertools import islice
from types import NoneType
from typing import Any

import orjson
from starlette.datastructures import QueryParams
from starlette.responses import PlainTextResponse, Response

from certgraph.api.http.caching import NO_STORE
from certgraph.api.http.negotiation import is_json, takes_gzip
from certgraph.api.http.persisted import PersistedDocuments
from certgraph.api.http.static_files import SAFE_HEADERS

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MAX_PUBLIC_BODY = 64 * 1024
MAX_BODY = 512 * 1024
"""Of who sends a token: 200 candidates with 40 outcomes each, by reference, fit in."""

MAX_PUBLIC_VALUES = 1_500
"""Texts, numbers, lists and objects in the variables of a request without a token."""

MAX_FIELDS = 600
"""Fields of a query string; 500 certificates are printed at once."""

MAX_DIGITS = 20
"""Of a whole number; no type of ours takes more."""

BODY_SECONDS = 20
"""For a whole body to arrive."""

CODES: Mapping[int, str] = {
    HTTPStatus.UNAUTHORIZED: "UNAUTHENTICATED",
    HTTPStatus.FORBIDDEN: "FORBIDDEN",
    HTTPStatus.METHOD_NOT_ALLOWED: "METHOD_NOT_ALLOWED",
    HTTPStatus.NOT_ACCEPTABLE: "NOT_ACCEPTABLE",
    HTTPStatus.REQUEST_TIMEOUT: "REQUEST_TIMEOUT",
    HTTPStatus.CONFLICT: "CONFLICT",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "PAYLOAD_TOO_LARGE",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "UNSUPPORTED_MEDIA_TYPE",
    HTTPStatus.TOO_MANY_REQUESTS: "TOO_MANY_REQUESTS",
    HTTPStatus.INTERNAL_SERVER_ERROR: "INTERNAL_SERVER_ERROR",
    HTTPStatus.SERVICE_UNAVAILABLE: "UNAVAILABLE",
}
"""`extensions.code` of a request that did not run, by its status; `BAD_REQUEST` for others."""


class BadRequest(Exception):
    """A request that does not run, as a reply with a status; nothing was changed.

    Attributes:
        status: Of the reply.
        headers: Of the reply.
        code: Its `extensions.code`.
    """

    def __init__(
        self,
        status: HTTPStatus,
        message: str,
        headers: Mapping[str, str] | None = None,
        *,
        code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})
        self.code = code or CODES.get(status, "BAD_REQUEST")


def unavailable(message: str) -> BadRequest:
    """Return the refusal of a request that may well succeed in a moment."""
    return BadRequest(HTTPStatus.SERVICE_UNAVAILABLE, message, {"Retry-After": "2"})


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """The parameters of a request.

    Attributes:
        query: The document.
        variables: Their values, by name.
        operation_name: Which operation of the document.
        is_persisted: Whether it is one of the operator's file, or what the verify page asks.
    """

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None
    is_persisted: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back: a body with its status and headers; `cache` is its `Cache-Control`."""

    body: bytes
    media_type: str
    status: int = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)
    cache: str = NO_STORE


async def read_body(receive: Receive, limit: int, seconds: int = BODY_SECONDS) -> bytes:
    """Return the body, of at most `limit` bytes, also where it comes in chunks.

    Raises:
        BadRequest: It is longer, does not arrive in time, or not whole.
    """
    try:
        async with asyncio.timeout(seconds):
            return await _body(receive, limit)
    except TimeoutError:
        message = f"The body did not arrive within {seconds} seconds."
        close = {"Connection": "close"}
        raise BadRequest(HTTPStatus.REQUEST_TIMEOUT, message, close) from None


async def _body(receive: Receive, limit: int) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadRequest(HTTPStatus.BAD_REQUEST, "The request ended before its body.")
        body += message.get("body", b"")
        if len(body) > limit:
            text = f"The body is larger than {limit // 1024} KB."
            if limit < MAX_BODY:
                text += f" Requests with a token may have {MAX_BODY // 1024} KB."
            raise BadRequest(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text)
        if not message.get("more_body", False):
            return bytes(body)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        message = "a key is there twice in one object"
        raise ValueError(message)
    return found


def _no_constant(name: str) -> None:
    message = f"{name} is not JSON"
    raise ValueError(message)


def _whole(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        message = f"a number has more than {MAX_DIGITS} digits"
        raise ValueError(message)
    return int(digits)


_STRICT = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=_whole)


_SUSPECT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


def _values(content: object) -> Iterator[object]:
    """Yield every value in parsed JSON, keys included."""
    left = [content]
    while left:
        item = left.pop()
        yield item
        if isinstance(item, dict):
            left += [*item.keys(), *item.values()]
        elif isinstance(item, list):
            left += item


def _check_texts(content: object) -> None:
    """Refuse what no text of ours holds and no database stores: NUL, and half surrogate pairs."""
    for text in _values(content):
        if not isinstance(text, str):
            continue
        if "\0" in text:
            message = "A text holds the character NUL."
            raise BadRequest(HTTPStatus.BAD_REQUEST, message)
        try:
            text.encode()
        except UnicodeEncodeError:
            message = "A text holds half of a surrogate pair."
            raise BadRequest(HTTPStatus.BAD_REQUEST, message) from None


def parse_json(text: bytes | str) -> Any:
    """Return strict JSON: UTF-8, no NaN, no repeated key, no NUL. Raises `BadRequest`.

    A byte order mark at its start is passed over (RFC 8259, section 8.1).
    """
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8-sig")
        found = _STRICT.decode(text)
    except RecursionError:
        message = "The JSON is nested too deeply."
    except UnicodeDecodeError as error:
        message = f"The JSON is not in UTF-8: see byte {error.start}."
    except ValueError as error:
        message = f"The JSON cannot be read: {error}."
    else:
        if _SUSPECT.search(text):  # only an escape brings in what UTF-8 and JSON leave out
            _check_texts(found)
        return found
    raise BadRequest(HTTPStatus.BAD_REQUEST, message)


_PARAMETERS: tuple[tuple[str, tuple[type, ...], str], ...] = (
    ("documentId", (str, NoneType), "a text"),
    ("query", (str,), "a text"),
    ("operationName", (str, NoneType), "a text"),
    ("variables", (dict, NoneType), "an object"),
    ("extensions", (dict, NoneType), "an object"),
)


def _parameters(given: Any, persisted: PersistedDocuments) -> GraphQLRequest:
    """Return the parameters of a decoded body or query string. Raises `BadRequest`."""
    if not isinstance(given, dict):
        message = "The body must be one JSON object with `query`; batches are not taken."
        raise BadRequest(HTTPStatus.BAD_REQUEST, message)
    if given.get("query") is None and (document := _persisted(given, persisted)) is not None:
        given["query"] = document
    elif given.get("query") is not None and given.get("documentId") is not None:
        message = "Send `query` or `documentId`, not both."
        raise BadRequest(HTTPStatus.BAD_REQUEST, message)
    for name, kind, text in _PARAMETERS:
        value = given.get(name)
        if not isinstance(value, kind):
            missing = "is missing" if name not in given else f"must be {text}"
            raise BadRequest(HTTPStatus.BAD_REQUEST, f"The parameter `{name}` {missing}.")
    query = given["query"]
    operation_name = given.get("operationName")
    return GraphQLRequest(query, given.get("variables"), operation_name, query in persisted)


def _persisted(given: Mapping[str, Any], persisted: PersistedDocuments) -> str | None:
    """Return the document that a request names; None where it names none. Raises `BadRequest`."""
    id_, extensions = given.get("documentId"), given.get("extensions")
    if isinstance(id_, str):
        found = persisted.text(id_)
        if found is None:
            message = f"No document is kept here as {id_[:80]!r}."
            raise BadRequest(HTTPStatus.NOT_FOUND, message, code="PERSISTED_QUERY_NOT_FOUND")
        return found
    if not isinstance(extensions, dict) or "persistedQuery" not in extensions:
        return None
    named = extensions["persistedQuery"]
    hash_ = named.get("sha256Hash") if isinstance(named, dict) else None
    found = persisted.text(hash_) if isinstance(hash_, str) else None
    if found is None:
        # Clients know these words, and send the document then (Apollo's APQ protocol).
        code = "PERSISTED_QUERY_NOT_SUPPORTED"
        raise BadRequest(HTTPStatus.OK, "PersistedQueryNotSupported", code=code)
    return found


async def request_text(
    scope: Scope, headers: Mapping[bytes, bytes], receive: Receive, limit: int
) -> bytes:
    """Return what a GET or POST says, still to be parsed. Raises `BadRequest`."""
    if scope["method"] != "POST":
        query: bytes = scope["query_string"]
        return query
    if not is_json(headers.get(b"content-type", b"").decode("latin-1")):
        raise BadRequest(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "Send the request as Content-Type: application/json in UTF-8.",
        )
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise BadRequest(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "Send the request as it is, without Content-Encoding.",
            {"Accept-Encoding": "identity"},
        )
    return await read_body(receive, limit)


def parse_request(
    method: str, text: bytes, persisted: PersistedDocuments, *, is_public: bool
) -> GraphQLRequest:
    """Return what a GET or POST asks for. Raises `BadRequest`."""
    found = _parameters(_given(method, text), persisted)
    is_much = any(True for _ in islice(_values(found.variables), MAX_PUBLIC_VALUES, None))
    if is_public and is_much:
        message = f"Without a token the variables hold at most {MAX_PUBLIC_VALUES} values."
        raise BadRequest(HTTPStatus.BAD_REQUEST, message)
    return found


def check_query(query: bytes) -> None:
    """Refuse a query string of very many fields. Raises `BadRequest`."""
    if query.count(b"&") >= MAX_FIELDS:
        message = f"The address has more than {MAX_FIELDS} fields."
        raise BadRequest(HTTPStatus.BAD_REQUEST, message)


def _given(method: str, text: bytes) -> Any:
    """Return the parameters as they come. Raises `BadRequest`."""
    if method == "POST":
        return parse_json(text)
    check_query(text)
    given: dict[str, Any] = dict(QueryParams(text))
    _check_texts(given)
    for name in ("variables", "extensions"):
        if name in given:
            given[name] = parse_json(given[name])
    return given


def reply(
    body: Mapping[str, Any],
    media_type: str,
    status: int = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Return a reply that states `body`."""
    return Reply(orjson.dumps(body), media_type, status, headers or {})


def refused(error: BadRequest, media_type: str) -> Reply:
    """Return the reply to a request that did not run."""
    body = {"errors": [{"message": str(error), "extensions": {"code": error.code}}]}
    return reply(body, media_type, error.status, error.headers)


async def send_reply(
    found: Reply, accept_encoding: bytes, send: Send, *, only_head: bool = False
) -> None:
    """Send a reply; compressed where the caller takes it and it pays."""
    body = found.body
    headers = [*_FIXED_HEADERS, (b"cache-control", found.cache.encode())]
    for name, value in found.headers.items():
        headers.append((name.lower().encode(), value.encode()))
    if found.status == HTTPStatus.NOT_MODIFIED:
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return
    headers.append((b"content-type", found.media_type.encode() + b"; charset=utf-8"))
    if len(body) >= _COMPRESS_FROM and takes_gzip(accept_encoding):
        if len(body) < _COMPRESS_BESIDE:
            body = gzip.compress(body, _COMPRESSION)
        else:
            body = await asyncio.to_thread(gzip.compress, body, _COMPRESSION)
        headers.append((b"content-encoding", b"gzip"))
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": int(found.status), "headers": headers})
    await send({"type": "http.response.body", "body": b"" if only_head else body})


_COMPRESSION = 3
"""Level: half the processor time of 5, for an eighth more bytes (introspection, 830 KB)."""

_COMPRESS_FROM = 1_000
_COMPRESS_BESIDE = 100_000
_FIXED_HEADERS = [
    (b"vary", b"Accept, Accept-Encoding, Accept-Language, Authorization, Cookie, Origin"),
    (b"x-content-type-options", b"nosniff"),
]


def text_response(error: BadRequest) -> Response:
    """Return a refusal for who does not expect JSON."""
    return PlainTextResponse(f"{error}\n", error.status, {**SAFE_HEADERS, **error.headers})
