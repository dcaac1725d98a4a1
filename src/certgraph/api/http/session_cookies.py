"""Sessions of people in browsers: the cookie, and whose pages may use it."""

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

from certgraph.api.http.requests import BadRequest

_NAME = "certgraph-session"


def cookie_name(name: str, *, is_local: bool) -> str:
    """Return a cookie's name: bound to this host and to HTTPS, but where a demo is served."""
    return name if is_local else f"__Host-{name}"


def session_cookie(*, is_local: bool) -> str:
    """Return the name of the cookie with a session."""
    return cookie_name(_NAME, is_local=is_local)


def cookie_in(headers: Mapping[bytes, bytes], name: str) -> str | None:
    """Return the cookie of exactly this name; None where there is none, or there are several.

    Browsers keep names that begin with `__Host-` to this host. What another host of the domain sets
    under a name that only looks the same, as with a space of another kind before it, is not it.
    """
    pairs = (pair.strip(b" \t").partition(b"=") for pair in headers.get(b"cookie", b"").split(b";"))
    found = [value for named, _, value in pairs if named == name.encode()]
    return found[0].decode("latin-1") if len(found) == 1 and found[0] else None


def session_in(headers: Mapping[bytes, bytes], *, is_local: bool) -> str | None:
    """Return the session that came with a request; None without one."""
    return cookie_in(headers, session_cookie(is_local=is_local))


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


def is_of_this_site(headers: Mapping[bytes, bytes], url: str) -> bool:
    """Tell whether a request is surely of this site's own page, or of who typed its address.

    `url` is the platform's: old browsers, which name no site, name the page's origin.
    """
    site, origin = headers.get(b"sec-fetch-site"), headers.get(b"origin")
    if site is not None:
        return site in (b"same-origin", b"none")
    return origin is not None and origin.lower() == url.lower().encode()


def check_own_site(headers: Mapping[bytes, bytes], url: str) -> None:
    """Refuse a session that another site's page uses, or may use. Raises `BadRequest`."""
    if not is_of_this_site(headers, url):
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
