"""Published files in memory, and the trust data made of the bundle; read again when they change.

What is held is answered while the database is away: every file says itself how long it counts.
"""

import asyncio
from dataclasses import dataclass

from certgraph.credential.trust_bundle import Trust, reopen_trust_bundle
from certgraph.database import DatabaseError, Sessions
from certgraph.trust import queries
from certgraph.trust.publication import BUNDLE_PATH
from certgraph.trust.service import current_roots

REMEMBER_SECONDS = 1.0
"""For so long the database is not asked again whether a file has changed."""


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """A published file with its validator."""

    body: bytes
    etag: str


class TrustCache:
    """The server's view of what it publishes."""

    def __init__(self, reads: Sessions) -> None:
        self._reads = reads
        self._files: dict[str, PublishedFile] = {}
        self._asked_at: dict[str, float] = {}
        self._asking: dict[str, asyncio.Task[PublishedFile | None]] = {}
        self._trust: tuple[str, Trust] | None = None

    async def file(self, path: str) -> PublishedFile | None:
        """Return a published file; None if there is none.

        Raises:
            DatabaseError, OSError: The database is away, and the file was never read.
        """
        held = self._files.get(path)
        now = asyncio.get_running_loop().time()
        if held is not None and now - self._asked_at[path] < REMEMBER_SECONDS:
            return held
        asking = self._asking.get(path)  # requests at the same moment ask once
        if asking is None:
            asking = self._asking[path] = asyncio.create_task(self._ask(path))
            asking.add_done_callback(lambda _done: self._asking.pop(path, None))
        try:
            return await asyncio.shield(asking)
        except (DatabaseError, OSError):
            if held is None:
                raise
            self._asked_at[path] = asyncio.get_running_loop().time()
            return held

    async def _ask(self, path: str) -> PublishedFile | None:
        async with self._reads() as session:
            etag = await queries.published_etag(session, path)
            held = self._files.get(path)
            if etag is None or held is None or held.etag != etag:
                row = None if etag is None else await queries.published_file(session, path)
                held = None if row is None else PublishedFile(row.body, row.etag)
        if held is None:
            self._files.pop(path, None)
            return None
        self._asked_at[path] = asyncio.get_running_loop().time()
        self._files[path] = held
        return held

    async def trust(self) -> Trust | None:
        """Return trust data for verifying here; None before the first publication.

        Raises:
            DatabaseError, OSError: The database is away, and nothing was read before.
        """
        bundle = await self.file(BUNDLE_PATH)
        if bundle is None:
            return None
        if self._trust is None or self._trust[0] != bundle.etag:
            async with self._reads() as session:
                roots = await current_roots(session)
            if roots is None:
                return None
            self._trust = (bundle.etag, reopen_trust_bundle(bundle.body, roots))
        return self._trust[1]

    async def close(self) -> None:
        """Wait for what is still being asked, so that no connection is left behind."""
        await asyncio.gather(*self._asking.values(), return_exceptions=True)
