"""The composition root: settings, database, schema and routes become one ASGI application."""

import asyncio
import contextlib
import logging
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from random import Random

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from certgraph.api import feed_stream
from certgraph.api.background import follow_forever, notify_forever, publish_forever
from certgraph.api.callers import Callers
from certgraph.api.context import Context
from certgraph.api.graphiql_page import graphiql_asset, graphiql_file
from certgraph.api.http import (
    BadRequest,
    Receive,
    Reply,
    Scope,
    Send,
    answer,
    parse_request,
    refused,
    reply,
    send_reply,
)
from certgraph.api.negotiation import GRAPHQL, JSON, preferred_language, response_type
from certgraph.api.reads.connections import ReadPool
from certgraph.api.reads.documents import Documents
from certgraph.api.reads.reader import Reader
from certgraph.api.schema import make_documents, make_schema
from certgraph.api.static_files import file_response
from certgraph.api.trust_cache import TrustCache
from certgraph.api.verify_page import VerifyPage
from certgraph.database import (
    DatabaseError,
    Engine,
    Sessions,
    create_engine,
    make_read_sessions,
    make_sessions,
)
from certgraph.organizations.tokens import Caller
from certgraph.sealing import Keyring
from certgraph.settings import Settings
from certgraph.trust.publication import BUNDLE_PATH

logger = logging.getLogger("certgraph.api")

_PUBLISHED = re.compile(r"trust/bundle\.cgtrust|status/[A-Za-z0-9._-]{1,40}/[0-9]{1,9}\.cwt")


@dataclass
class Server:
    """What requests share."""

    settings: Settings
    keyring: Keyring
    documents: Documents
    reader: Reader
    pool: ReadPool
    callers: Callers
    sessions: Sessions
    reads: Sessions
    trust_cache: TrustCache
    clock: Callable[[], datetime]
    random: Random

    async def graphql(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer /graphql: straight from ASGI, because every layer costs as much as a plan."""
        headers = dict(scope["headers"])
        accept = headers.get(b"accept", b"").decode("latin-1")
        method = scope["method"]
        if method == "GET" and self.settings.graphiql and "text/html" in accept:
            await graphiql_file(Request(scope), "index.html")(scope, receive, send)
            return
        found = await self._reply(scope, headers, receive, response_type(accept))
        await send_reply(found, headers.get(b"accept-encoding", b""), send)

    async def changes(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for the feed as a file."""
        headers = dict(scope["headers"])
        try:
            if scope["method"] != "GET":
                message = "The feed is read by GET."
                raise BadRequest(HTTPStatus.METHOD_NOT_ALLOWED, message, {"Allow": "GET"})
            context = await self._context(headers)
            query = scope["query_string"]
            await feed_stream.send_changes(context, self.pool, query, receive, send)
        except BadRequest as error:
            found = refused(str(error), JSON, error.status, error.headers)
            await send_reply(found, headers.get(b"accept-encoding", b""), send)

    async def _reply(
        self,
        scope: Scope,
        headers: Mapping[bytes, bytes],
        receive: Receive,
        media_type: str | None,
    ) -> Reply:
        if media_type is None:
            message = f"Answers come as {GRAPHQL} or {JSON}; accept one of them."
            return refused(message, JSON, HTTPStatus.NOT_ACCEPTABLE, {})
        method = scope["method"]
        if method not in ("GET", "POST"):
            message = "Send queries by GET or POST, mutations by POST."
            allow = {"Allow": "GET, POST"}
            return refused(message, media_type, HTTPStatus.METHOD_NOT_ALLOWED, allow)
        try:
            context = await self._context(headers)
            asked = await parse_request(scope, headers, receive)
            is_get = method == "GET"
            body, is_good = await answer(self.documents, self.reader, asked, context, is_get=is_get)
        except BadRequest as error:
            return refused(str(error), media_type, error.status, error.headers)
        bad_status = HTTPStatus.BAD_REQUEST if media_type == GRAPHQL else HTTPStatus.OK
        return reply(body, media_type, HTTPStatus.OK if is_good else bad_status)

    async def _context(self, headers: Mapping[bytes, bytes]) -> Context:
        now = self.clock()
        return Context(
            settings=self.settings,
            keyring=self.keyring,
            trust_cache=self.trust_cache,
            sessions=self.sessions,
            reads=self.reads,
            callers=self.callers,
            caller=await self._caller(headers, now),
            now=now,
            random=self.random,
            language=preferred_language(headers.get(b"accept-language", b"").decode("latin-1")),
        )

    async def _caller(self, headers: Mapping[bytes, bytes], now: datetime) -> Caller | None:
        """Return whose token came along; a wrong one is refused, not taken for the public."""
        authorization = headers.get(b"authorization")
        if authorization is None:
            return None
        scheme, _, token = authorization.decode("latin-1").partition(" ")
        caller = await self.callers.caller(token.strip(), now=now)
        if scheme.lower() != "bearer" or caller is None:
            raise BadRequest(
                HTTPStatus.UNAUTHORIZED,
                "The token is unknown, expired or revoked. Send: Authorization: Bearer cgt_…",
                {"WWW-Authenticate": 'Bearer error="invalid_token"'},
            )
        return caller

    async def published(self, request: Request) -> Response:
        """Answer /trust/… and /status/… from the published files."""
        path = request.url.path.lstrip("/")
        known = _PUBLISHED.fullmatch(path) is not None
        file = await self.trust_cache.file(path) if known else None
        if file is None:
            return PlainTextResponse("Not published here.\n", HTTPStatus.NOT_FOUND)
        headers = {"Access-Control-Allow-Origin": "*"}  # public data; verify pages fetch it
        media_type = (
            "application/octet-stream" if path == BUNDLE_PATH else "application/statuslist+cwt"
        )
        cache = "public, max-age=300"
        return file_response(request, file.body, media_type, headers, cache=cache, etag=file.etag)

    async def livez(self, _request: Request) -> Response:
        """Answer whether the process runs."""
        return PlainTextResponse("ok\n")

    async def readyz(self, _request: Request) -> Response:
        """Answer whether requests can be served: the database answers, trust data is in force."""
        try:
            trust = await self.trust_cache.trust()
        except (DatabaseError, OSError):
            return PlainTextResponse("no database\n", HTTPStatus.SERVICE_UNAVAILABLE)
        if trust is None:
            return PlainTextResponse("no trust data\n", HTTPStatus.SERVICE_UNAVAILABLE)
        return PlainTextResponse("ok\n")

    async def close(self) -> None:
        """Let go of what reads hold."""
        await self.callers.close()
        await self.pool.close()


class Application(Starlette):
    """The ASGI application: GraphQL and the feed are answered before middleware and routes."""

    server: Server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "http" and scope["path"] == "/graphql":
            await self.server.graphql(scope, receive, send)
        elif scope["type"] == "http" and scope["path"] == feed_stream.PATH:
            await self.server.changes(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


async def _home(request: Request) -> Response:
    """Lead people to the verify page; tell programs where things are."""
    if "text/html" in request.headers.get("accept", ""):
        return RedirectResponse("/v", headers={"Vary": "Accept"})
    places = "the API at /graphql, the verify page at /v, trust data at /trust/bundle.cgtrust"
    text = f"certgraph: {places}\n"
    return PlainTextResponse(text)


@asynccontextmanager
async def _running(server: Server, database: Engine, *, publishing: bool) -> AsyncIterator[None]:
    """Publish and follow while the application runs; let go of everything at its end."""
    work = (publish_forever, follow_forever, notify_forever) if publishing else ()
    tasks = [asyncio.create_task(one(server)) for one in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await server.close()
        await database.dispose()


def make_app(
    settings: Settings,
    *,
    clock: Callable[[], datetime],
    random: Random,
    engine: Engine | None = None,
    publishing: bool = True,
) -> Application:
    """Return the application.

    Args:
        settings: Settings of the server.
        clock: Returns the time, aware.
        random: Source of ids and secrets.
        engine: The database; made of the settings if None.
        publishing: Whether this process publishes changes, and follows them, by itself.

    Raises:
        SettingsError: No usable master key.
    """
    database = engine or create_engine(settings.database_url.get_secret_value())
    reads = make_read_sessions(database)
    pool = ReadPool(database, timeout=settings.read_timeout_seconds)
    server = Server(
        settings=settings,
        keyring=settings.keyring(),
        documents=make_documents(make_schema(), introspection=settings.introspection),
        reader=Reader(pool),
        pool=pool,
        callers=Callers(reads),
        sessions=make_sessions(database),
        reads=reads,
        trust_cache=TrustCache(reads),
        clock=clock,
        random=random,
    )

    routes = [
        Route("/", _home),
        Route("/trust/{name}", server.published),
        Route("/status/{code}/{name}", server.published),
        *VerifyPage(server.trust_cache, reads, clock).routes(),
        Route("/livez", server.livez),
        Route("/readyz", server.readyz),
    ]
    if settings.graphiql:
        routes.append(Route("/graphiql/{name}", graphiql_asset))
    gzip = Middleware(GZipMiddleware, minimum_size=1_000, compresslevel=5)
    app = Application(
        routes=routes,
        lifespan=lambda _app: _running(server, database, publishing=publishing),
        middleware=[gzip],
    )
    app.server = server
    return app
