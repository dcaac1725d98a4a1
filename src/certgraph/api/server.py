"""What requests share; GraphQL, the feed and published files are answered here."""

import asyncio
import re
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from random import Random
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from certgraph.actions.parties import Actor
from certgraph.api.callers import Callers
from certgraph.api.connections import ReadPool
from certgraph.api.context import Context
from certgraph.api.counting import Counts
from certgraph.api.http import feed_stream
from certgraph.api.http.answering import Answering
from certgraph.api.http.caching import NO_STORE, SHARED, has_it, validator_of
from certgraph.api.http.graphiql_page import graphiql_file
from certgraph.api.http.limiting import METER, charge
from certgraph.api.http.negotiation import (
    GRAPHQL,
    JSON,
    preferred_language,
    prefers_html,
    response_type,
)
from certgraph.api.http.outages import Outage
from certgraph.api.http.requests import (
    MAX_BODY,
    MAX_PUBLIC_BODY,
    BadRequest,
    Receive,
    Reply,
    Scope,
    Send,
    refused,
    request_text,
    send_reply,
    text_response,
)
from certgraph.api.http.session_cookies import check_own_site, has_session, session_in
from certgraph.api.http.static_files import SAFE_HEADERS, file_response
from certgraph.api.metering import WRONG_TOKEN, Lookups, Meter
from certgraph.api.replicas import Replica
from certgraph.api.trust_cache import TrustCache
from certgraph.database import DatabaseError, Engine, Sessions
from certgraph.organizations.sessions import SESSION_PREFIX, is_nothing_yet
from certgraph.sealing import Keyring
from certgraph.settings import Settings

_MEDIA_TYPES = {
    "trust": "application/octet-stream",
    "audit": "application/cwt",
    "status": "application/statuslist+cwt",
}
_PUBLISHED = re.compile(
    r"trust/bundle\.cgtrust|audit/head\.cwt|status/[A-Za-z0-9._-]{1,40}/[0-9]{1,9}\.cwt"
)


@dataclass
class Server:
    """What requests share."""

    settings: Settings
    keyring: Keyring
    answering: Answering
    counts: Counts
    lookups: Lookups
    pool: ReadPool
    callers: Callers
    sessions: Sessions
    reads: Sessions
    trust_cache: TrustCache
    replica: Replica | None
    engines: Sequence[Engine]
    clock: Callable[[], datetime]
    random: Random
    outage: Outage = field(default_factory=Outage)
    key_is_known: asyncio.Event | None = None
    """Set once the database has said which master key is in force; None: it need not."""

    async def graphql(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer /graphql: straight from ASGI, because every layer costs as much as a plan."""
        headers = dict(scope["headers"])
        accept = headers.get(b"accept", b"").decode("latin-1")
        method, media_type = scope["method"], response_type(accept)
        try:
            is_page = method in ("GET", "HEAD") and self.settings.graphiql and prefers_html(accept)
            if is_page and has_session(headers):  # it is the same whoever signed in
                del headers[b"cookie"]
                await charge(scope.get(METER), 1)
            context = await self.context(headers, scope.get(METER))  # who pays for what follows
            if is_page:
                await graphiql_file(Request(scope), "index.html")(scope, receive, send)
                return
            found = await self._reply(scope, headers, receive, media_type, context)
        except BadRequest as error:
            found = refused(error, media_type or JSON)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is answered as GraphQL
            found = refused(self.outage.refused(error), media_type or JSON)
        encoding = headers.get(b"accept-encoding", b"")
        await send_reply(found, encoding, send, only_head=method == "HEAD")

    async def changes(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for the feed as a file."""
        headers, method = dict(scope["headers"]), scope["method"]
        only_head, is_sent = method == "HEAD", False

        async def sending(message: MutableMapping[str, Any]) -> None:
            nonlocal is_sent
            is_sent = True
            await send(message)

        try:
            if method not in ("GET", "HEAD"):
                message = "The feed is read by GET."
                raise BadRequest(HTTPStatus.METHOD_NOT_ALLOWED, message, {"Allow": "GET, HEAD"})
            context = await self.context(headers, scope.get(METER))
            query = scope["query_string"]
            await feed_stream.send_changes(
                context, self.pool, query, receive, sending, only_head=only_head
            )
        except BadRequest as error:
            found = refused(error, JSON)
        except Exception as error:
            if is_sent:  # its reader sees that the end line is missing
                raise
            found = refused(self.outage.refused(error), JSON)
        else:
            return
        encoding = headers.get(b"accept-encoding", b"")
        await send_reply(found, encoding, send, only_head=only_head)

    async def _reply(
        self,
        scope: Scope,
        headers: Mapping[bytes, bytes],
        receive: Receive,
        media_type: str | None,
        context: Context,
    ) -> Reply:
        """Return the reply to a request. Raises `BadRequest`."""
        if media_type is None:
            message = f"Answers come as {GRAPHQL} or {JSON}; accept one of them."
            raise BadRequest(HTTPStatus.NOT_ACCEPTABLE, message)
        method = scope["method"]
        if method not in ("GET", "HEAD", "POST"):
            message = "Send queries by GET or POST, mutations by POST."
            raise BadRequest(HTTPStatus.METHOD_NOT_ALLOWED, message, {"Allow": "GET, HEAD, POST"})
        limit = MAX_PUBLIC_BODY if context.caller is None else MAX_BODY
        text = await request_text(scope, headers, receive, limit)
        found = await self.answering.answer(text, context, method)
        if not found.is_good:
            status = HTTPStatus.BAD_REQUEST if media_type == GRAPHQL else HTTPStatus.OK
            return Reply(found.body, media_type, status)
        if method == "POST" or not found.is_whole:
            return Reply(found.body, media_type)
        tag = validator_of(found.body)
        known = has_it(headers.get(b"if-none-match", b"").decode("latin-1"), tag)
        return Reply(
            found.body,
            media_type,
            HTTPStatus.NOT_MODIFIED if known else HTTPStatus.OK,
            {"ETag": tag},
            SHARED if found.is_shared else NO_STORE,
        )

    async def context(self, headers: Mapping[bytes, bytes], meter: Meter | None) -> Context:
        """Return what a request knows. Raises `BadRequest`: an unknown token, or beyond a limit."""
        now = self.clock()
        return Context(
            settings=self.settings,
            keyring=self.keyring,
            trust_cache=self.trust_cache,
            sessions=self.sessions,
            reads=self.reads,
            pool=self.pool,
            callers=self.callers,
            caller=await self._caller(headers, now, meter),
            now=now,
            random=self.random,
            language=preferred_language(headers.get(b"accept-language", b"").decode("latin-1")),
            meter=meter,
        )

    async def _caller(
        self, headers: Mapping[bytes, bytes], now: datetime, meter: Meter | None
    ) -> Actor | None:
        """Return whose token or session came along; a wrong one is not taken for the public.

        The request counts for the token from here on; a wrong one for the address that sent it.
        """
        authorization = headers.get(b"authorization")
        if authorization is not None:
            scheme, _, token = authorization.decode("latin-1").partition(" ")
            is_one = scheme.lower() == "bearer" and not token.strip().startswith(SESSION_PREFIX)
            caller = await self.callers.caller(token.strip(), now=now) if is_one else None
            said = "The token is unknown, expired or revoked. Send: Authorization: Bearer cgt_…"
        else:
            session = session_in(headers, is_local=self.settings.is_local)
            if session is None or is_nothing_yet(self.keyring, session, now):
                if has_session(headers):  # nothing was taken for it yet
                    await charge(meter, 1)
                return None
            try:
                check_own_site(headers, self.settings.pages_url)
            except BadRequest:
                await charge(meter, WRONG_TOKEN)
                raise
            is_one = session.startswith(SESSION_PREFIX)
            caller = await self.callers.caller(session, now=now) if is_one else None
            said = (
                "Your session, or the membership that you acted in, has ended. Sign in at /account."
            )
        if caller is None:
            await charge(meter, WRONG_TOKEN)
            wrong = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            raise BadRequest(HTTPStatus.UNAUTHORIZED, said, wrong)
        if meter is not None:
            meter.belongs_to(str(caller.token_id))
            await charge(meter, 1)
        return caller

    async def published(self, request: Request) -> Response:
        """Answer /trust/…, /status/… and /audit/… from the published files."""
        path = str(request.scope["path"]).lstrip("/")
        known = _PUBLISHED.fullmatch(path) is not None
        try:
            file = await self.trust_cache.file(path) if known else None
        except (DatabaseError, OSError) as error:
            return text_response(self.outage.refused(error))
        if file is None:
            return PlainTextResponse("Not published here.\n", HTTPStatus.NOT_FOUND, SAFE_HEADERS)
        headers = {"Access-Control-Allow-Origin": "*"}  # public data; verify pages fetch it
        folder = path.partition("/")[0]
        cache = "public, max-age=300"
        return file_response(
            request, file.body, _MEDIA_TYPES[folder], headers, cache=cache, etag=file.etag
        )

    async def close(self) -> None:
        """Give back every connection."""
        await self.callers.close()
        await self.trust_cache.close()
        await self.pool.close()
        if self.replica is not None:
            await self.replica.close()
        await self.counts.close()
        for engine in self.engines:
            await engine.dispose()
