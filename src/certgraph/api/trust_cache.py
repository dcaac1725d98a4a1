"""Published files in memory, and the trust data made of the bundle; read again when they change."""

from dataclasses import dataclass
from datetime import datetime

from certgraph.credential.trust_bundle import Trust, UntrustedBundle, open_trust_bundle
from certgraph.database import Sessions
from certgraph.trust import queries
from certgraph.trust.publication import BUNDLE_PATH
from certgraph.trust.service import current_roots


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """A published file with its validator."""

    body: bytes
    etag: str


class TrustCache:
    """The server's view of what it publishes."""

    def __init__(self, reads: Sessions) -> None:
        self._reads = reads
        self._files: dict[str, PublishedFile | None] = {}
        self._published_at: datetime | None = None
        self._trust: tuple[str, Trust] | None = None

    async def file(self, path: str) -> PublishedFile | None:
        """Return a published file; None where there is none."""
        async with self._reads() as session:
            published_at = await queries.last_published_at(session)
            if published_at != self._published_at:
                self._files.clear()
                self._published_at = published_at
            if path not in self._files:
                row = await queries.published_file(session, path)
                if row is None:
                    return None  # not kept: anybody may ask for any path
                self._files[path] = PublishedFile(row.body, row.etag)
        return self._files[path]

    async def trust(self, now: datetime) -> Trust | None:
        """Return trust data for verifying here; None before the first publication."""
        bundle = await self.file(BUNDLE_PATH)
        if bundle is None:
            return None
        if self._trust is None or self._trust[0] != bundle.etag:
            async with self._reads() as session:
                roots = await current_roots(session)
            if roots is None:
                return None
            try:
                self._trust = (bundle.etag, open_trust_bundle(bundle.body, roots, now=now))
            except UntrustedBundle:
                return None  # expired: the operator must publish a new trust list
        return self._trust[1]
