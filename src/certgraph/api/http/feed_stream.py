"""The credit bank's feed as a file: one change a line, gzip, with an end line.

    GET /credit-bank/changes.jsonl.gz?after=CURSOR&organization=CODE&from=DAY&to=DAY&learners=true

Lines are changes, as `{"epoch", "sequence", "kind", "reason", "sha256", "record"}`; after
every page of them comes `{"cursor": …}`, from where a stream that was cut goes on. The last line is
`{"end": {"rows": …, "sha256": …, "cursor": …, "epoch": …}}`, its hash that of every byte before
it: what has none is not whole.
"""

import asyncio
import contextlib
import hashlib
import zlib
from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import orjson
from graphql import GraphQLError

from certgraph.actions.auditing import record_reading
from certgraph.api.connections import ReadPool
from certgraph.api.context import Context
from certgraph.api.graph.certificates import may_read_learner
from certgraph.api.graph.outcome_feed import FIELD, check_place, feed_conditions
from certgraph.api.http.requests import BadRequest, Receive, Reply, Send, reply, send_reply
from certgraph.api.reads.arguments import Run
from certgraph.api.reads.cursors import cursor_maker, place_after
from certgraph.api.reads.declarations import Condition
from certgraph.api.reads.reader import MAX_FILTER
from certgraph.api.reads.statements import compile_select
from certgraph.calendar import written_day
from certgraph.credit_bank.feed import queries as feed_queries
from certgraph.identity_documents import DocumentType
from certgraph.problems import refusal

PATH = "/credit-bank/changes.jsonl.gz"
PAGE = 10_000
"""Changes between two cursors."""

AT_ONCE = 4
"""Streams that a process serves; each holds some pages in memory, about 50 MB."""

AT_ONCE_A_TOKEN = 2

_JSON = "application/json"
_PARAMETERS = {"after", "organization", "from", "to", "learners"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request asks for; `filters` as the arguments of the field of the graph."""

    after: str | None
    filters: Mapping[str, Any]
    learners: bool


def parse_query(query: bytes, context: Context) -> Asked:
    """Return what a query string asks for. Raises `BadRequest`."""
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, max_num_fields=10)
        given = {name: value for name, value in pairs if value}
    except ValueError:
        raise BadRequest(HTTPStatus.BAD_REQUEST, "The query string is not understood.") from None
    if any("\0" in value or len(value) > MAX_FILTER for name, value in pairs if name != "after"):
        message = f"A parameter takes at most {MAX_FILTER} characters, none of them NUL."
        raise BadRequest(HTTPStatus.BAD_REQUEST, message)
    unknown = given.keys() - _PARAMETERS
    if unknown or len(dict(pairs)) != len(pairs):
        known = ", ".join(sorted(_PARAMETERS))
        raise BadRequest(HTTPStatus.BAD_REQUEST, f"Parameters are {known}, each once.")
    learners = given.get("learners", "false")
    if learners not in ("true", "false"):
        raise BadRequest(HTTPStatus.BAD_REQUEST, "`learners` is true or false.")
    if learners == "true" and not may_read_learner(context):
        message = "The token has no scope to read learners; leave `learners` out."
        raise BadRequest(HTTPStatus.FORBIDDEN, message)
    filters = {
        "organizationCode": given.get("organization"),
        "recordedFrom": _day(given, "from"),
        "recordedTo": _day(given, "to"),
    }
    return Asked(after=given.get("after"), filters=filters, learners=learners == "true")


def _day(given: Mapping[str, str], name: str) -> date | None:
    try:
        return written_day(given[name]) if name in given else None
    except ValueError:
        message = f"`{name}` is a day, such as 2026-11-23."
        raise BadRequest(HTTPStatus.BAD_REQUEST, message) from None


async def send_changes(
    context: Context,
    pool: ReadPool,
    query: bytes,
    receive: Receive,
    send: Send,
    *,
    only_head: bool,
) -> None:
    """Answer a request for the feed as a file, as long as its reader stays. Raises `BadRequest`."""
    if context.caller is None:
        message = refusal("access.token_required").problems[0].message(context.language)
        raise BadRequest(HTTPStatus.UNAUTHORIZED, message, {"WWW-Authenticate": "Bearer"})
    asked = parse_query(query, context)
    arguments = {**asked.filters, "after": asked.after}
    place: list[Any] | None = None
    try:
        if asked.after is not None:
            place = place_after(context, FIELD, arguments, [int, str, str])
        resync = await check_place(context, arguments, place)
    except GraphQLError as error:
        is_forbidden = (error.extensions or {}).get("code") == "FORBIDDEN"
        status = HTTPStatus.FORBIDDEN if is_forbidden else HTTPStatus.BAD_REQUEST
        raise BadRequest(status, error.message) from None
    if resync is not None:
        found = _resync(resync.reason.name, resync.epoch)
        await send_reply(found, b"", send, only_head=only_head)
        return
    if only_head:
        await send({"type": "http.response.start", "status": HTTPStatus.OK, "headers": _HEADERS})
        await send({"type": "http.response.body"})
        return
    token = context.caller.name
    if _SERVED.total() >= AT_ONCE or _SERVED[token] >= AT_ONCE_A_TOKEN:
        message = "Enough streams are being served; ask again in a moment, or ask for pages."
        raise BadRequest(HTTPStatus.SERVICE_UNAVAILABLE, message, {"Retry-After": "10"})
    _SERVED[token] += 1
    try:
        await _send(_Stream(context, pool, asked, place[0] if place else 0), receive, send)
    finally:
        _SERVED[token] -= 1
        if not _SERVED[token]:
            del _SERVED[token]


_SERVED: Counter[str] = Counter()
"""Streams that are being served, by token."""


_HEADERS = [
    (b"content-type", b"application/gzip"),
    (b"content-disposition", b'attachment; filename="changes.jsonl.gz"'),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
]


async def _send(stream: "_Stream", receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": HTTPStatus.OK, "headers": _HEADERS})
    left = asyncio.create_task(_left(receive))
    try:
        async with contextlib.aclosing(stream.parts()) as parts:
            async for part in parts:
                if left.done():
                    return
                await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        left.cancel()
        await asyncio.wait([left])


async def _left(receive: Receive) -> None:
    """Wait until the reader has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _resync(reason: str, epoch: str) -> Reply:
    """Return the reply to a reader that must start again, or come again."""
    message = f"Start again without `after`: {reason}, the feed's epoch is {epoch}."
    status, headers = HTTPStatus.CONFLICT, {}
    if reason == "REBUILDING":
        status, headers = HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "2"}
        message = "A new epoch of the feed is being stated; ask again in a moment."
    extensions = {"code": "RESYNC_REQUIRED", "reason": reason, "epoch": epoch}
    body = {"errors": [{"message": message, "extensions": extensions}]}
    return reply(body, _JSON, status, headers)


def _key(value: UUID | str) -> UUID:
    """Return a key as the driver gives it."""
    return value if isinstance(value, UUID) else UUID(value)


class _Stream:
    """One stream: what it has sent so far."""

    def __init__(self, context: Context, pool: ReadPool, asked: Asked, sequence: int) -> None:
        self._context = context
        self._pool = pool
        self._asked = asked
        self._sequence = sequence
        self._epoch = str(context.feed_epoch)
        filters = asked.filters
        self._conditions: list[Condition] = [
            *feed_conditions(
                self._epoch,
                filters["organizationCode"],
                filters["recordedFrom"],
                filters["recordedTo"],
            ),
        ]
        self._cursor_of = cursor_maker(context, FIELD, filters)
        self._cursor = asked.after
        self._rows = 0
        self._hash = hashlib.sha256()
        self._gzip = zlib.compressobj(1, zlib.DEFLATED, 31)

    async def parts(self) -> AsyncGenerator[bytes, None]:
        """Yield the file; the next page is read while one is compressed."""
        async with self._context.reads() as session:
            feed = await feed_queries.feed_of(session)
            last = feed.sequence if feed and feed.epoch == self._epoch else 0
        reading = asyncio.create_task(self._page(self._sequence, last))
        try:
            while rows := await reading:
                await self._record_learners(rows)
                self._sequence, chain = rows[-1][:2]
                reading = asyncio.create_task(self._page(self._sequence, last))
                self._cursor = self._cursor_of([self._sequence, chain, self._epoch])
                self._rows += len(rows)
                yield await asyncio.to_thread(self._compressed, rows)
        finally:
            reading.cancel()
            await asyncio.wait([reading])  # so that its connection is given back
        yield await self._end()

    async def _page(self, after: int, last: int) -> list[Any]:
        select = feed_queries.changes_after(
            self._epoch, after, last, self._conditions, limit=PAGE, learners=self._asked.learners
        )
        statement = compile_select(select, self._pool.dialect)
        run = Run(self._context, ())
        return await self._pool.run(lambda connection: statement.rows(connection, run))

    async def _record_learners(self, rows: Sequence[Any]) -> None:
        """Enter in the audit trail whose records are read in full, before they are sent."""
        caller = self._context.caller
        if not self._asked.learners or caller is None:
            return
        keys = {_key(row[3]) for row in rows if row[6]}
        if keys:
            place = f"the feed from {rows[0][0]} to {rows[-1][0]}"
            await record_reading(self._context.environment, caller, keys, place=place)

    def _compressed(self, rows: Sequence[Any]) -> bytes:
        """Return rows as lines, and the cursor after them, compressed."""
        if self._asked.learners:
            lines = [f'{row[2]},"learner":{self._learner(*row[3:])}}}' for row in rows]
        else:
            lines = [row[2] for row in rows]
        lines.append(orjson.dumps({"cursor": self._cursor}).decode())
        part = "\n".join(lines).encode() + b"\n"
        self._hash.update(part)
        return self._gzip.compress(part) + self._gzip.flush(zlib.Z_SYNC_FLUSH)

    def _learner(self, key: UUID | str, name: str, type_: str | None, sealed: bytes | None) -> str:
        """Return who a learner is, as JSON, of columns as the driver gives them; null: erased."""
        if not name:
            return "null"
        number = self._context.keyring.open_document(sealed, _key(key).bytes) if sealed else None
        kind = DocumentType(type_).name if type_ else None
        learner = {"name": name, "documentType": kind, "documentNumber": number}
        return orjson.dumps(learner).decode()

    async def _end(self) -> bytes:
        """Return the end line; none where a new epoch began meanwhile: then it is not whole."""
        async with self._context.reads() as session:
            feed = await feed_queries.feed_of(session)
        end: dict[str, Any] = {"resync": {"reason": "NEW_EPOCH"}}
        if feed is not None and feed.epoch == self._epoch:
            end = {
                "end": {
                    "rows": self._rows,
                    "sha256": self._hash.hexdigest(),
                    "cursor": self._cursor,
                    "epoch": self._epoch,
                }
            }
        return self._gzip.compress(orjson.dumps(end) + b"\n") + self._gzip.flush()
