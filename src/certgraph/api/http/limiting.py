"""Refuse what comes beyond a limit, and say in every answer what is left."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from http import HTTPStatus

from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from certgraph.api.http.health import HEALTH_PATHS
from certgraph.api.http.negotiation import JSON, prefers_html
from certgraph.api.http.requests import BadRequest, refused, send_reply
from certgraph.api.http.session_cookies import has_session
from certgraph.api.http.static_files import SAFE_HEADERS
from certgraph.api.metering import Headers, Limiting, Meter, TooMuchAsked

METER = "certgraph.meter"
"""Where a request's scope has its meter."""


async def charge(meter: Meter | None, points: int) -> None:
    """Take points of who asks, if they are counted. Raises `BadRequest`."""
    if meter is None or points == 0:
        return
    try:
        await meter.charge(points)
    except TooMuchAsked as error:
        raise too_much(error) from None


def too_much(error: TooMuchAsked) -> BadRequest:
    """Return the refusal of what is asked for too often."""
    headers = {"Retry-After": str(error.seconds)}
    return BadRequest(HTTPStatus.TOO_MANY_REQUESTS, str(error), headers)


class Limited:
    """Counts each request: for the token that comes with it where there is one, or the address."""

    def __init__(
        self, app: ASGIApp, limiting: Limiting, takes_token: Callable[[str], bool]
    ) -> None:
        self._app, self._limiting, self._takes_token = app, limiting, takes_token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        is_counted = scope["type"] == "http" and scope["path"] not in HEALTH_PATHS
        meter = self._limiting.meter(scope) if is_counted else None
        if meter is None:
            await self._app(scope, receive, send)
            return

        async def said(message: Message) -> None:
            if message["type"] == "http.response.start":
                await _charge_at_least_one(meter)
                headers = [*message.get("headers", ())]
                if not _is_shared(headers):  # a cache would say to others what one has left
                    headers += meter.headers()
                message = {**message, "headers": headers}
            await send(message)

        headers = dict(scope["headers"])
        has_one = b"authorization" in headers or has_session(headers)
        if not (has_one and self._takes_token(scope["path"])):
            try:
                await meter.charge(1)
            except TooMuchAsked as error:
                await _refuse(too_much(error), headers, scope, receive, said)
                return
        scope[METER] = meter
        await self._app(scope, receive, said)
        await _charge_at_least_one(meter)


async def _charge_at_least_one(meter: Meter) -> None:
    """Take a point of a request with a token, where no token was looked at."""
    if meter.charged == 0:
        with suppress(TooMuchAsked):
            await meter.charge(1)


def _is_shared(headers: Headers) -> bool:
    """Tell whether caches may keep an answer with these headers."""
    return any(name == b"cache-control" and value.startswith(b"public") for name, value in headers)


async def _refuse(
    error: BadRequest,
    headers: dict[bytes, bytes],
    scope: Scope,
    receive: Receive,
    send: Send,
) -> None:
    if prefers_html(headers.get(b"accept", b"").decode("latin-1")):
        said = {**SAFE_HEADERS, **error.headers}
        await PlainTextResponse(f"{error}\n", error.status, said)(scope, receive, send)
        return
    only_head = scope["method"] == "HEAD"
    await send_reply(refused(error, JSON), b"", send, only_head=only_head)


def with_tokens(routes: Sequence[Route], *paths: str) -> Callable[[str], bool]:
    """Return what tells whether a path is answered to tokens: one of `paths`, or of routes."""
    return lambda path: path in paths or any(one.path_regex.match(path) for one in routes)
