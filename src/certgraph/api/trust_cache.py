"""Published files in memory, and the trust data made of the bundle; read again when they change."""

from dataclasses import dataclass

from certgraph.credential.trust_bundle import Trust, reopen_trust_bundle
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
        self._files: dict[str, PublishedFile] = {}
        self._trust: tuple[str, Trust] | None = None

    async def file(self, path: str) -> PublishedFile | None:
        """Return a published file, read again when its hash has changed; None if there is none."""
        async with self._reads() as session:
            etag = await queries.published_etag(session, path)
            held = self._files.get(path)
            if etag is None or (held is not None and held.etag == etag):
                return held if etag is not None else None
            row = await queries.published_file(session, path)
        if row is None:
            return None
        file = self._files[path] = PublishedFile(row.body, row.etag)
        return file

    async def trust(self) -> Trust | None:
        """Return trust data for verifying here; None before the first publication."""
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
