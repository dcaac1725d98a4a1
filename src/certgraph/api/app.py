"""The composition root: settings, database, schema and routes become one ASGI application."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from http import HTTPStatus
from random import Random

from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from certgraph.api.background import (
    Work,
    expire_forever,
    follow_forever,
    keep_days,
    look_at_keys,
    look_at_keys_forever,
    look_forever,
    note_uses_forever,
    notify_forever,
    once_key_is_known,
    publish_forever,
    sweep_forever,
)
from certgraph.api.callers import Callers
from certgraph.api.catalogue.feedback_form import FeedbackPages
from certgraph.api.catalogue.pages import CataloguePages
from certgraph.api.connections import ReadPool
from certgraph.api.counting import Counts, SharedCounts
from certgraph.api.http import feed_stream
from certgraph.api.http.account_pages import AccountPages
from certgraph.api.http.answering import Answering
from certgraph.api.http.batch_files import BatchFiles
from certgraph.api.http.check_files import CheckFiles
from certgraph.api.http.correction_files import CorrectionFiles
from certgraph.api.http.exam_files import ExamFiles
from certgraph.api.http.gates import Gates
from certgraph.api.http.graphiql_page import graphiql_asset
from certgraph.api.http.health import HEALTH_PATHS, Health
from certgraph.api.http.holder_links import HolderLinkFiles
from certgraph.api.http.holder_pages import HolderPages
from certgraph.api.http.limiting import Limited, with_tokens
from certgraph.api.http.log_files import LogFiles
from certgraph.api.http.negotiation import (
    JSON,
    prefers_html,
)
from certgraph.api.http.oauth import OAuth
from certgraph.api.http.persisted import PersistedDocuments
from certgraph.api.http.press import Press
from certgraph.api.http.printed_files import PrintedFiles
from certgraph.api.http.provider import Provider
from certgraph.api.http.requested import HEADER as REQUEST_ID
from certgraph.api.http.requested import Requested
from certgraph.api.http.requests import (
    BadRequest,
    Receive,
    Scope,
    Send,
    check_query,
    refused,
    send_reply,
    text_response,
    unavailable,
)
from certgraph.api.http.roster_files import RosterFiles
from certgraph.api.http.sharing_pages import SharingPages
from certgraph.api.http.static_files import SAFE_HEADERS
from certgraph.api.http.verify_page import VerifyPage
from certgraph.api.metering import Limiting, Lookups
from certgraph.api.metrics import Metrics
from certgraph.api.reads.reader import Reader
from certgraph.api.replicas import Replica
from certgraph.api.schema import make_documents, make_schema
from certgraph.api.server import Server
from certgraph.api.trust_cache import TrustCache
from certgraph.database import (
    Engine,
    Waiting,
    create_engine,
    make_read_sessions,
    make_sessions,
)
from certgraph.sealing import Keyring
from certgraph.settings import Settings, SettingsError

LOOKUP_CONNECTIONS = 4
"""For tokens, published files, the page's lookup and health."""

OWN_CONNECTIONS = 3
"""For what a server does by itself: publishing, following, notifying."""

_WRITES = Waiting(connection=5, lock=5, statement=60)
_LOOKUPS = Waiting(connection=3, lock=3, statement=5)
_OWN = Waiting(connection=10, lock=30)
_LED_WORK = (
    keep_days,
    publish_forever,
    follow_forever,
    sweep_forever,
    notify_forever,
    expire_forever,
)
"""What one process of a server does for all of them."""

_OWN_WORK = (note_uses_forever, look_forever)
"""What each does for itself."""

_LAST_WORK_SECONDS = 5
"""How long a server that ends waits for its own work; what takes longer is cancelled."""


class Application(Starlette):
    """The ASGI application: GraphQL and the feed are answered before middleware and routes."""

    server: Server
    entry: ASGIApp
    metrics: Metrics | None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, with its id."""
        await self.entry(scope, receive, send)

    def _waits_for_key(self, scope: Scope) -> bool:
        known = self.server.key_is_known
        is_asked = scope["type"] == "http" and scope["path"] not in HEALTH_PATHS
        return is_asked and known is not None and not known.is_set()

    async def answered(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, whichever site it comes from.

        Until the database has said which master key is in force, nothing but how the server is.
        """
        if self._waits_for_key(scope):
            refusal = unavailable("The database is away. Try again in a moment.")
            await send_reply(refused(refusal, JSON), b"", send, only_head=False)
            return
        if scope["type"] == "http" and scope["path"] in ("/graphql", "/graphql/"):
            await self.server.graphql(scope, receive, send)
        elif scope["type"] == "http" and scope["path"] == feed_stream.PATH:
            await self.server.changes(scope, receive, send)
        else:
            try:
                check_query(scope.get("query_string", b""))
            except BadRequest as error:
                await text_response(error)(scope, receive, send)
            else:
                await super().__call__(scope, receive, send)


async def _home(request: Request) -> Response:
    """Send people to the verify page; say to programs where things are."""
    if prefers_html(request.headers.get("accept", "")):
        return Response(
            status_code=HTTPStatus.TEMPORARY_REDIRECT, headers={"Location": "v", "Vary": "Accept"}
        )
    places = (
        "the API at /graphql, the verify page at /v, the catalogue at /catalogue, "
        "trust data at /trust/bundle.cgtrust"
    )
    return PlainTextResponse(f"certgraph: {places}\n", headers=SAFE_HEADERS)


@asynccontextmanager
async def _running(server: Server, work: Work, *, publishing: bool) -> AsyncIterator[None]:
    """Publish and follow while the application runs; give back everything at its end."""
    server.key_is_known = work.key_is_known
    await look_at_keys(work)
    works = (*_LED_WORK, *_OWN_WORK) if publishing else _OWN_WORK
    tasks = [asyncio.create_task(once_key_is_known(work, one)) for one in works]
    tasks.append(asyncio.create_task(look_at_keys_forever(work)))
    try:
        yield
    finally:
        # Cancelled inside of a transaction, one leaves its lock to be waited for by the next.
        work.stopping.set()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=_LAST_WORK_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await server.close()


def _token_routes(server: Server, press: Press) -> list[Route]:
    """Return where files go that are answered to who sends a token."""
    plain = (server.context, server.outage)
    return [
        *BatchFiles(*plain).routes(),
        *PrintedFiles(*plain, press).routes(),
        *CheckFiles(*plain).routes(),
        *CorrectionFiles(*plain).routes(),
        *RosterFiles(*plain).routes(),
        *ExamFiles(*plain).routes(),
        *HolderLinkFiles(*plain).routes(),
    ]


def _routes(server: Server, press: Press) -> list[Route]:
    """Return where all else goes that is neither GraphQL nor the feed."""
    plain = (server.context, server.outage)
    oauth = OAuth(
        reads=server.reads,
        sessions=server.sessions,
        keyring=server.keyring,
        clock=server.clock,
        outage=server.outage,
        url=server.settings.pages_url,
    )
    routes = [
        Route("/", _home),
        Route("/trust/{name}", server.published),
        Route("/audit/{name}", server.published),
        Route("/status/{code}/{name}", server.published),
        *VerifyPage(server.trust_cache, server.reads, server.lookups, server.clock).routes(),
        *LogFiles(server.reads, server.outage).routes(),
        *HolderPages(*plain, press).routes(),
        *SharingPages(*plain, press).routes(),
        *FeedbackPages(*plain, server.answering).routes(),
        *CataloguePages(*plain, server.answering).routes(),
        *oauth.routes(),
    ]
    provider = server.settings.provider()
    if provider is not None:
        routes += AccountPages(*plain, Provider(provider)).routes()
    if server.settings.graphiql:
        routes.append(Route("/graphiql/{name}", graphiql_asset))
    return routes


def _server(
    settings: Settings,
    keyring: Keyring,
    metrics: Metrics | None,
    *,
    clock: Callable[[], datetime],
    random: Random,
) -> Server:
    """Return what requests share."""
    # Connections of mutations, of short lookups, of the server's own work, of queries: none of them
    # can use up those of another.
    url = settings.database_url.get_secret_value()
    writes = create_engine(url, connections=settings.write_connections, waiting=_WRITES)
    lookups = create_engine(url, connections=LOOKUP_CONNECTIONS, waiting=_LOOKUPS)
    own = create_engine(url, connections=OWN_CONNECTIONS, waiting=_OWN)
    reads = make_read_sessions(lookups)
    size = settings.read_connections
    pool = ReadPool(lookups, timeout=settings.read_timeout_seconds, size=size)
    replica, to_replica = _replica(settings, pool, lookups)
    documents = make_documents(make_schema(), introspection=settings.introspection)
    persisted = PersistedDocuments.read(settings.documents_file)
    counts = Counts()
    if settings.limits_url is not None:
        counts = SharedCounts(settings.limits_url.get_secret_value(), keyring)
    gates, by_number = Gates(max(1, size // 2)), Lookups(settings, counts)
    return Server(
        settings=settings,
        keyring=keyring,
        answering=Answering(documents, Reader(pool, replica), gates, persisted, by_number, metrics),
        counts=counts,
        lookups=by_number,
        pool=pool,
        callers=Callers(reads, keyring),
        sessions=make_sessions(writes),
        reads=reads,
        trust_cache=TrustCache(reads),
        replica=replica,
        engines=(writes, lookups, *to_replica, own),
        clock=clock,
        random=random,
    )


def _replica(
    settings: Settings, pool: ReadPool, primary: Engine
) -> tuple[Replica | None, list[Engine]]:
    """Return the replica that is read for the public, and the engine that says where it is.

    Raises:
        SettingsError: It cannot be one.
    """
    if settings.replica_url is None:
        return None, []
    try:
        engine = create_engine(settings.replica_url.get_secret_value(), connections=1)
    except ValueError as error:
        raise SettingsError(f"CERTGRAPH_REPLICA_URL: {error}") from None
    if {engine.dialect.name, primary.dialect.name} != {"postgresql"}:
        raise SettingsError("CERTGRAPH_REPLICA_URL is for PostgreSQL: SQLite has no replicas")
    timeout = settings.read_timeout_seconds
    theirs = ReadPool(engine, timeout=timeout, size=settings.read_connections)
    most_seconds = settings.replica_seconds
    return Replica((pool, primary), (theirs, engine), most_seconds=most_seconds), [engine]


def _for_other_sites(entry: ASGIApp, origins: Sequence[str]) -> ASGIApp:
    """Return an application that scripts of these sites may ask."""
    return CORSMiddleware(
        entry,
        allow_origins=origins,
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type", "Accept-Language", "If-None-Match"],
        expose_headers=[
            "ETag",
            "Retry-After",
            "WWW-Authenticate",
            "RateLimit",
            "RateLimit-Policy",
            REQUEST_ID,
        ],
        max_age=86_400,
    )


def make_app(
    settings: Settings,
    *,
    clock: Callable[[], datetime],
    random: Random,
    publishing: bool = True,
    revision: str | None = None,
) -> Application:
    """Return the application.

    Args:
        settings: Settings of the server.
        clock: Returns the time, aware.
        random: Source of ids and secrets.
        publishing: Whether this process publishes changes, follows them, sweeps and notifies.
        revision: Of the tables that this version works with, for /readyz.

    Raises:
        SettingsError: No usable master key; a file of persisted documents that cannot be used.
    """
    # 1. What requests share, and what the server does by itself.
    keyring = settings.keyring()
    metrics = Metrics() if settings.metrics_address else None
    server = _server(settings, keyring, metrics, clock=clock, random=random)
    own = server.engines[-1]
    work = Work(
        settings=settings,
        keyring=keyring,
        sessions=make_sessions(own),
        reads=make_read_sessions(own),
        random=random,
        clock=clock,
        callers=server.callers,
        metrics=metrics,
    )
    # 2. Where requests go.
    press = Press(settings.printing_dir)
    token_routes = _token_routes(server, press)
    health = Health(
        reads=server.reads,
        trust_cache=server.trust_cache,
        keyring=keyring,
        clock=clock,
        status_ttl=settings.freshness().status_ttl,
        revision=revision,
        counts=server.counts,
        replica=server.replica,
    )
    routes = [*token_routes, *_routes(server, press), *health.routes()]
    app = Application(
        routes=routes, lifespan=lambda _app: _running(server, work, publishing=publishing)
    )
    app.server = server
    app.router.redirect_slashes = False  # it would name the host and scheme that a proxy hides
    # 3. What every request passes before.
    takes_token = with_tokens(token_routes, "/graphql", "/graphql/", feed_stream.PATH)
    entry: ASGIApp = Limited(app.answered, Limiting(settings, server.counts), takes_token)
    if settings.allowed_origins:
        entry = _for_other_sites(entry, settings.allowed_origins)
    app.entry, app.metrics = Requested(entry, metrics), metrics
    return app
