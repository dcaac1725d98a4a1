"""The verify page at /v: static files, and a lookup by number and name without scripts."""

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from certgraph.api.http.forms import page_language, read_form
from certgraph.api.http.limiting import METER, charge
from certgraph.api.http.requests import BadRequest, text_response
from certgraph.api.http.static_files import ASK_AGAIN, SAFE_HEADERS, file_response
from certgraph.api.metering import LOOKUP_POINTS, Lookups, TooMuchAsked
from certgraph.api.trust_cache import TrustCache
from certgraph.certificates import queries
from certgraph.certificates.lookup_keys import holder_name_key, number_key, number_lookup_key
from certgraph.certificates.signing.batches import signed_bytes
from certgraph.credential import days
from certgraph.credential.trust_list import RootKeys
from certgraph.credential.verification import verify_signed
from certgraph.database import DatabaseError, Sessions
from certgraph.verify_page.certificate_answer import answer_html, message_html
from certgraph.verify_page.page import PAGE_POLICY, assets, page_html, service_worker

_LONGEST_FORM = 4_096
_HEADERS = {
    "Content-Security-Policy": PAGE_POLICY,
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
}


class VerifyPage:
    """What is served below /v; nothing here sees what anybody scans."""

    def __init__(
        self,
        trust_cache: TrustCache,
        reads: Sessions,
        lookups: Lookups,
        clock: Callable[[], datetime],
    ) -> None:
        self._trust_cache = trust_cache
        self._reads = reads
        self._lookups = lookups
        self._clock = clock
        self._roots: RootKeys | None = None

    async def _current_roots(self) -> RootKeys | None:
        """Return the root keys in force; the last known ones while the database is away."""
        with contextlib.suppress(DatabaseError, OSError):
            trust = await self._trust_cache.trust()
            self._roots = None if trust is None else trust.trust_list.roots
        return self._roots

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/V", _to_page("v")),  # as a QR code in capitals spells it
            Route("/v/", _to_page("../v")),
            Route("/v", self._page, methods=["GET"]),
            Route("/v", self._lookup, methods=["POST"]),
            Route("/v/sw.js", self._service_worker),
            Route("/v/{name}", self._asset),
        ]

    async def _page(self, request: Request) -> Response:
        language = page_language(request, request.query_params.get("lang"))
        html = page_html(language, await self._current_roots()).encode()
        return _file(request, html, "text/html", {"Vary": "Accept-Language"})

    async def _service_worker(self, request: Request) -> Response:
        body = service_worker(await self._current_roots())
        return _file(request, body, "text/javascript", {"Service-Worker-Allowed": "/v"})

    async def _asset(self, request: Request) -> Response:
        asset = assets().get(request.path_params["name"])
        if asset is None:
            return PlainTextResponse("Not found.\n", HTTPStatus.NOT_FOUND)
        cache = "public, max-age=31536000, immutable" if asset.is_immutable else ASK_AGAIN
        return _file(request, asset.body, asset.media_type, {}, cache=cache)

    async def _lookup(self, request: Request) -> Response:
        try:
            form = await read_form(request, _LONGEST_FORM)
        except ValueError as error:
            return PlainTextResponse(f"{error}\n", HTTPStatus.BAD_REQUEST, SAFE_HEADERS)
        asked = {name: values[0] for name, values in form.items()}
        language = page_language(request, asked.get("lang"))
        number, name = asked.get("number", ""), asked.get("name", "")
        status, result = HTTPStatus.OK, None
        headers = {**SAFE_HEADERS, **_HEADERS, "Cache-Control": "no-store"}
        try:
            await charge(request.scope.get(METER), LOOKUP_POINTS)
            await self._lookups.count(number)
            result = await self._answer(language, number, name)
        except TooMuchAsked as error:
            status, result = HTTPStatus.TOO_MANY_REQUESTS, message_html(language, "too_often")
            headers["Retry-After"] = str(error.seconds)
        except BadRequest as error:  # no points are left
            return text_response(error)
        except (DatabaseError, OSError):
            result = None
        if result is None:
            status, result = HTTPStatus.SERVICE_UNAVAILABLE, message_html(language, "not_ready")
        html = page_html(
            language,
            await self._current_roots(),
            result=result,
            typed_number=number,
            typed_name=name,
        )
        return Response(html, status, headers=headers, media_type="text/html")

    async def _answer(self, language: str, number: str, name: str) -> str | None:
        """Return the answer; the same for an unknown number and for another's name.

        None where nothing can be said: before the first trust list.
        """
        trust = await self._trust_cache.trust()
        if trust is None:
            return None
        if "\0" in number + name:  # PostgreSQL holds no such text, and takes none
            return message_html(language, "not_found")
        async with self._reads() as session:
            found = await queries.signed_certificate(
                session, number_key(number), number_lookup_key(number), holder_name_key(name)
            )
        if found is None:
            return message_html(language, "not_found")
        row, key = found
        now = self._clock()
        verification = verify_signed(signed_bytes(row, key) or b"", trust, days.to_instant(now))
        due_on = row.registration_due_on if row.registered_at is None else None
        return answer_html(language, verification, trust, now=now, due_on=due_on)


def _to_page(place: str) -> Callable[[Request], Awaitable[Response]]:
    """Return what leads to the page; a relative place, since a proxy may add a prefix."""

    async def lead(_request: Request) -> Response:
        return Response(status_code=HTTPStatus.TEMPORARY_REDIRECT, headers={"Location": place})

    return lead


def _file(
    request: Request,
    body: bytes,
    media_type: str,
    headers: Mapping[str, str],
    *,
    cache: str = ASK_AGAIN,
) -> Response:
    return file_response(request, body, media_type, {**_HEADERS, **headers}, cache=cache)
