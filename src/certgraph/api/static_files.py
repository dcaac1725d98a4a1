"""Files as they are served: headers that every file has, and the question whether it changed."""

import hashlib
from collections.abc import Mapping
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

SAFE_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
ASK_AGAIN = "no-cache"
"""Browsers ask each time, and fetch a file when it has changed."""


def file_response(
    request: Request,
    body: bytes,
    media_type: str,
    headers: Mapping[str, str],
    *,
    cache: str,
    etag: str | None = None,
) -> Response:
    """Return a file; 304 without it where the caller has it already (RFC 9110, section 13.1.2).

    Args:
        request: Whose `If-None-Match` counts.
        body: The file.
        media_type: Its type.
        headers: More headers.
        cache: `Cache-Control`.
        etag: Its validator, without quotes; made of the body if None.
    """
    validator = f'"{etag or hashlib.sha256(body).hexdigest()[:32]}"'
    every = {**SAFE_HEADERS, **headers, "ETag": validator, "Cache-Control": cache}
    if validator in request.headers.get("if-none-match", ""):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=every)
    return Response(body, headers=every, media_type=media_type)
