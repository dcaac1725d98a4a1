"""Pages without scripts as answers: nothing stored, nothing indexed, nothing from elsewhere."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from certgraph.api.http.static_files import SAFE_HEADERS
from certgraph.plain_pages.rendering import POLICY, page

PRIVATE = {**SAFE_HEADERS, "Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}
PAGE_HEADERS = {
    **PRIVATE,
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",  # so that forms say where they come from
    "Vary": "Accept-Language, Cookie",
}


def page_response(
    name: str,
    language: str,
    depth: int,
    status: HTTPStatus = HTTPStatus.OK,
    problems: Sequence[str] = (),
    **shown: Any,  # noqa: ANN401 - what a template shows
) -> Response:
    """Return a page, see `certgraph.plain_pages.rendering.page`."""
    body = page(name, language, depth, problems=problems, **shown)
    return Response(body, status, PAGE_HEADERS, "text/html")
