"""Sessions of people in browsers: the cookie, and whose pages may use it."""

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.requests import cookie_parser

from certgraph.api.http.requests import BadRequest

_NAME = "certgraph-session"


def cookie_name(name: str, *, is_local: bool) -> str:
    """Return a cookie's name: bound to this host and to HTTPS, but where a demo is served."""
    return name if is_local else f"__Host-{name}"


def session_cookie(*, is_local: bool) -> str:
    """Return the name of the cookie with a session."""
    return cookie_name(_NAME, is_local=is_local)


def session_in(headers: Mapping[bytes, bytes], *, is_local: bool) -> str | None:
    """Return the session that came with a request; None without one."""
    cookies = headers.get(b"cookie")
    if cookies is None or _NAME.encode() not in cookies:
        return None
    return cookie_parser(cookies.decode("latin-1")).get(session_cookie(is_local=is_local)) or None


def has_session(headers: Mapping[bytes, bytes]) -> bool:
    """Tell whether a session may have come with a request."""
    return _NAME.encode() in headers.get(b"cookie", b"")


def is_of_other_site(site: str | None, origin: str | None, host: str) -> bool | None:
    """Tell whether a request is of another site's page; None where its browser does not say.

    Browsers say by `Sec-Fetch-Site` whether it is one; old ones, and those of plain HTTP, by
    `Origin`, which is `null` for a page that hides where it is.
    """
    if site is not None:
        return site not in ("same-origin", "none")
    return None if origin is None else not _is_same(origin, host)


def check_own_site(headers: Mapping[bytes, bytes]) -> None:
    """Refuse a session that another site's page uses, or may use. Raises `BadRequest`."""
    site, origin, host = (
        None if (value := headers.get(name)) is None else value.decode("latin-1")
        for name in (b"sec-fetch-site", b"origin", b"host")
    )
    if is_of_other_site(site, origin, host or "") is not False:
        message = (
            "Somebody's session is used by this site's own pages alone. A program sends a token: "
            "Authorization: Bearer cgt_…"
        )
        raise BadRequest(HTTPStatus.FORBIDDEN, message)


def _is_same(origin: str, host: str) -> bool:
    """Tell whether an origin is that of this host, whatever its port is written like."""
    try:
        return urlsplit(origin).hostname == urlsplit(f"//{host}").hostname
    except ValueError:
        return False
