"""Files as they are served: headers that every file has, and the question whether it changed."""

import gzip
import hashlib
from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from certgraph.api.http.negotiation import takes_gzip
from certgraph.api.remembered import Remembered

SAFE_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
ASK_AGAIN = "no-cache"
"""Browsers ask each time, and fetch a file when it has changed."""

_COMPRESS_FROM = 1_000
_WORTH_PACKING = ("text/", "application/wasm", "application/manifest", "image/svg")
"""Media types that gzip makes smaller; what verifiers fetch is compressed in itself."""

_PACKED: Remembered[str, bytes] = Remembered(20_000_000, len)
"""Files as they go out compressed, by their validators; each is compressed once."""


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
    etag = etag or _etag(body)
    every = {**SAFE_HEADERS, **headers, "Cache-Control": cache}
    every["Vary"] = ", ".join(filter(None, (every.get("Vary"), "Accept-Encoding")))
    takes = takes_gzip(request.headers.get("accept-encoding", "").encode("latin-1"))
    if takes and len(body) >= _COMPRESS_FROM and media_type.startswith(_WORTH_PACKING):
        packed = _PACKED.get(etag) or _PACKED.put(etag, gzip.compress(body, 9, mtime=0))
        if len(packed) < len(body):
            body, etag = packed, f"{etag}-gzip"
            every["Content-Encoding"] = "gzip"
    every["ETag"] = f'"{etag}"'
    if every["ETag"] in request.headers.get("if-none-match", ""):
        every.pop("Content-Encoding", None)
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=every)
    return Response(body, headers=every, media_type=media_type)


@lru_cache(maxsize=256)
def _etag(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:32]
