"""Every request has an id, in its answer and in every line logged for it, and is counted."""

import logging
import re
import secrets
import time

from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from certgraph.api.metrics import Metrics

HEADER = "X-Request-ID"
_NAME = HEADER.lower().encode()
_METHODS = {"GET", "HEAD", "POST", "OPTIONS"}
_is_id = re.compile(rb"[A-Za-z0-9._-]{1,64}").fullmatch

access = logging.getLogger("certgraph.access")
"""A line for each request, at level INFO: no address, no query, nothing of a path that names."""


class Requested:
    """Gives a request its id: the one that a proxy before it gave, or a new one."""

    def __init__(self, app: ASGIApp, metrics: Metrics | None = None) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        id_, began, status = _id_of(scope), time.perf_counter(), 0

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])  # of an enumeration, as pages give it
                headers = [*message.get("headers", ()), (_NAME, id_)]
                message = {**message, "headers": headers}
            await send(message)

        with bound_contextvars(request_id=id_.decode()):
            try:
                await self._app(scope, receive, named)
            finally:
                if access.isEnabledFor(logging.INFO):
                    access.info("request", extra=_line(scope, status, began))
                if self._metrics is not None:
                    method = scope["method"] if scope["method"] in _METHODS else "other"
                    seconds = time.perf_counter() - began
                    self._metrics.answered(method, _path(scope), status, seconds)


def _id_of(scope: Scope) -> bytes:
    """Return the id that came with a request, if it is one; else a new one, of 16 hex digits."""
    for name, value in scope["headers"]:
        if name == _NAME and _is_id(value):
            return bytes(value)
    return secrets.token_hex(8).encode()  # it names nothing but lines of a log


def _line(scope: Scope, status: int, began: float) -> dict[str, object]:
    """Return what is logged of a request; status 0: the client went before there was an answer."""
    return {
        "method": scope["method"],
        "path": _path(scope),
        "status": status,
        "milliseconds": round(1_000 * (time.perf_counter() - began), 1),
    }


_OF_ONE = ("/graphql", "/graphql/", "/credit-bank/changes.jsonl.gz")
"""Paths that are answered before there are routes."""


def _path(scope: Scope) -> str:
    """Return the path as its route has it, with names of numbers, ids, secrets; `-`: none has it.

    `/batches/{id}/problems`, for one.
    """
    path: str = scope["path"]
    if path in _OF_ONE:
        return path
    router = scope.get("router")
    routes = (one for one in router.routes if isinstance(one, Route)) if router else ()
    return next((one.path for one in routes if one.path_regex.match(path)), "-")
