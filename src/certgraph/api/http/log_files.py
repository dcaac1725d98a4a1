"""The log of certificates as static files (C2SP tlog-tiles): its head, tiles and entry bundles."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from certgraph.api.http.outages import Outage
from certgraph.api.http.requests import text_response
from certgraph.api.http.static_files import SAFE_HEADERS, file_response
from certgraph.database import DatabaseError, Sessions
from certgraph.transparency import queries
from certgraph.transparency.appending import LOG_FOLDER
from certgraph.transparency.proving import note_of
from certgraph.transparency.tiles import WIDTH, place_of, unit_bytes

_CHECKPOINT = "checkpoint"
_FOR_A_MOMENT = "public, max-age=5"
_FOR_EVER = "public, max-age=31536000, immutable"
_OPEN = {"Access-Control-Allow-Origin": "*"}


class LogFiles:
    """Answers what is below `/log/`."""

    def __init__(self, reads: Sessions, outage: Outage) -> None:
        self._reads = reads
        self._outage = outage

    def routes(self) -> list[Route]:
        """Return where it is."""
        return [Route(f"/{LOG_FOLDER}/{{path:path}}", self._file)]

    async def _file(self, request: Request) -> Response:
        path = request.path_params["path"]
        try:
            body = await (self._head() if path == _CHECKPOINT else self._tile(path))
        except (DatabaseError, OSError) as error:
            return text_response(self._outage.refused(error))
        if body is None:
            return PlainTextResponse("Not published here.\n", HTTPStatus.NOT_FOUND, SAFE_HEADERS)
        if path == _CHECKPOINT:
            text = "text/plain; charset=utf-8"
            return file_response(request, body, text, _OPEN, cache=_FOR_A_MOMENT)
        return file_response(request, body, "application/octet-stream", _OPEN, cache=_FOR_EVER)

    async def _head(self) -> bytes | None:
        async with self._reads() as session:
            head = await queries.newest_head(session)
        return None if head is None else note_of(head)

    async def _tile(self, path: str) -> bytes | None:
        """Return a tile or bundle of exactly the width that its path says."""
        named = place_of(path)
        if named is None:
            return None
        place, width = named
        async with self._reads() as session:
            body = await queries.tile(session, place)
        size = min(width, WIDTH) * unit_bytes(place[0])
        return None if body is None or len(body) < size else body[:size]
