"""Whether the process runs, and whether it can serve: for load balancers, and for who watches."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from certgraph.api.counting import Counts, SharedCounts
from certgraph.api.http.static_files import SAFE_HEADERS
from certgraph.api.replicas import Replica
from certgraph.api.trust_cache import TrustCache
from certgraph.calendar import CHINA
from certgraph.database import DatabaseError, Sessions, database_time, revision_of
from certgraph.organizations.signers import WrongMasterKey, knows_master_key
from certgraph.sealing import Keyring
from certgraph.trust import queries
from certgraph.trust.publication import BUNDLE_PATH, CLOCK_DIFFERENCE

HEALTH_PATHS = ("/livez", "/readyz")

READY_SECONDS = 5
"""For the database to answer."""

KEEP_SECONDS = 1.0
"""For so long what was found is answered again: strangers ask, too."""

_HEADERS = {**SAFE_HEADERS, "Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class _Found:
    """What was looked at: lines to show, and whether requests can be served."""

    lines: list[str]
    is_ready: bool


@dataclass
class Health:
    """Answers /livez and /readyz.

    Attributes:
        reads: Sessions for looking.
        trust_cache: What is published.
        keyring: Of the master key.
        clock: Returns the time.
        status_ttl: Age from which on what is published is late.
        revision: Of the tables that this version works with; not compared if None.
        counts: Where it is counted what is asked for.
        replica: What is read for the public, if not the database itself.
        looking: What was looked at last, or is being looked at.
        looked_at: When that began, by the event loop's clock.
    """

    reads: Sessions
    trust_cache: TrustCache
    keyring: Keyring
    clock: Callable[[], datetime]
    status_ttl: timedelta
    revision: str | None
    counts: Counts
    replica: Replica | None = None
    looking: "asyncio.Task[_Found] | None" = None
    looked_at: float = 0

    def routes(self) -> list[Route]:
        """Return where it is."""
        return [Route("/livez", self._livez), Route("/readyz", self._readyz)]

    async def _livez(self, _request: Request) -> Response:
        """Answer that the process runs."""
        return PlainTextResponse("ok\n", headers=_HEADERS)

    async def _readyz(self, _request: Request) -> Response:
        """Answer whether requests can be served, and what was looked at, a line each."""
        now = asyncio.get_running_loop().time()
        if self.looking is None or now - self.looked_at >= KEEP_SECONDS:
            self.looked_at, self.looking = now, asyncio.create_task(self._found())
        found = await asyncio.shield(self.looking)  # requests at the same moment look once
        lines = ["ok" if found.is_ready else "not ready", *found.lines]
        status = HTTPStatus.OK if found.is_ready else HTTPStatus.SERVICE_UNAVAILABLE
        return PlainTextResponse("\n".join(lines) + "\n", status, _HEADERS)

    async def _found(self) -> _Found:
        """Look, for so long at most."""
        try:
            async with asyncio.timeout(READY_SECONDS):
                found = await self._look()
                has_trust = not found.is_ready or await self.trust_cache.trust() is not None
        except (DatabaseError, OSError):  # TimeoutError is one
            return _Found(["database: away"], is_ready=False)
        if isinstance(self.counts, SharedCounts):
            found.lines.append(await _limits_line(self.counts))
        if self.replica is not None:
            found.lines.append(self.replica.line)
        if not has_trust:
            found = _Found([*found.lines, "trust data: none"], is_ready=False)
        return found

    async def _look(self) -> _Found:
        """Look at the database. Raises what it raises where it is away."""
        lines, is_ready = ["database: ok"], True
        async with self.reads() as session:
            # 1. What makes every answer of this process wrong.
            revision = await revision_of(session) if self.revision else None
            if revision != self.revision:
                return _Found([f"revision: {revision}, not {self.revision}"], is_ready=False)
            lines.append("revision: ok")
            try:
                await knows_master_key(session, self.keyring)
                lines.append("master key: ok")
            except WrongMasterKey:
                is_ready = False
                lines.append("master key: another one was used here before")
            # 2. What who watches should know of; to take servers away would help nobody.
            now, theirs = self.clock(), await database_time(session)
            lines.append(_clock_line(now, theirs))
            published_at = await queries.published_at(session, BUNDLE_PATH)
            ends_at = await queries.trust_list_end(session)
        if published_at is not None:
            is_late = now - published_at > self.status_ttl
            late = ", late" if is_late else ""
            lines.append(f"published: {_shown(published_at)}{late}")
        if ends_at is not None:
            has_ended = ", ended" if ends_at <= now else ""
            lines.append(f"trust list: until {_shown(ends_at)}{has_ended}")
        return _Found(lines, is_ready)


async def _limits_line(counts: SharedCounts) -> str:
    if await counts.answers():
        return "limits: shared"
    return "limits: their store is away, each process counts by itself"


def _clock_line(now: datetime, theirs: datetime | None) -> str:
    if theirs is None or abs(theirs - now) <= CLOCK_DIFFERENCE:
        return "clock: ok"
    return f"clock: {round((now - theirs).total_seconds())} s from the database's"


def _shown(instant: datetime) -> str:
    return instant.astimezone(CHINA).isoformat(timespec="seconds")
