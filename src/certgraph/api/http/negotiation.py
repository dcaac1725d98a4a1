"""What a caller sends and accepts: media types, compression, languages, each with its weight."""

from collections.abc import Sequence
from functools import lru_cache

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"
HTML = "text/html"

_LONGEST = 1_000
"""Characters of a header that are looked at; programs send some hundred."""


def _weighted(header: str) -> Sequence[tuple[str, Sequence[str], float]]:
    """Return the members of a header, each with its parameters and its weight, in their order.

    Source: RFC 9110, section 12.4.2. A weight that is none counts as 0.
    """
    return _members(header[:_LONGEST])


@lru_cache(maxsize=128)
def _members(header: str) -> Sequence[tuple[str, Sequence[str], float]]:
    found = []
    for part in header.split(","):
        value, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            name, _, text = parameter.partition("=")
            if name.strip() == "q":
                try:
                    weight = min(max(float(text), 0.0), 1.0)
                except ValueError:
                    weight = 0.0
        if value:
            found.append((value, parameters, weight))
    return found


def _accepted(accept: str, media_type: str) -> tuple[float, int]:
    """Return how much a media type is wanted, and how early it is named; the exact range counts."""
    kind = media_type.partition("/")[0]
    for wanted in (media_type, f"{kind}/*", "*/*"):
        for index, (value, parameters, weight) in enumerate(_weighted(accept)):
            other = any(p.startswith("charset=") and not _is_utf8(p) for p in parameters)
            if value == wanted and not other:
                return weight, -index
    return 0.0, 0


def response_type(accept: str) -> str | None:
    """Return the media type to answer in; None where none is acceptable."""
    if not accept:
        return JSON
    (weight, index), media_type = max((_accepted(accept, one), one) for one in (GRAPHQL, JSON))
    if _accepted(accept, JSON) == (weight, index):
        media_type = JSON  # one range names both
    return media_type if weight else None


def prefers_html(accept: str) -> bool:
    """Tell whether a caller wants a page rather than JSON; it must name the page's type."""
    html = _accepted(accept, HTML)
    is_named = any(value == HTML for value, _, _ in _weighted(accept))
    json = max(_accepted(accept, one) for one in (GRAPHQL, JSON))
    return is_named and html[0] > 0 and html >= json


def is_json(content_type: str) -> bool:
    """Tell whether a request's media type is JSON in UTF-8, exactly."""
    stated = content_type if len(content_type) <= _LONGEST else ""
    media_type, *parameters = (part.strip().lower() for part in stated.split(";"))
    return media_type == JSON and all(_is_utf8(p) for p in parameters if p.startswith("charset="))


def _is_utf8(parameter: str) -> bool:
    """Tell whether a parameter is that of UTF-8, in quotes or not (RFC 9110, section 5.6.6)."""
    return parameter.partition("=")[2] in ("utf-8", '"utf-8"')


def takes_gzip(accept_encoding: bytes) -> bool:
    """Tell whether a caller takes gzip (RFC 9110, section 12.5.3)."""
    weights = {value: weight for value, _, weight in _weighted(accept_encoding.decode("latin-1"))}
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def preferred_language(accept_language: str) -> str:
    """Return `zh` or `en`, whichever Accept-Language wants more (RFC 9110, section 12.5.4).

    `zh` where it is not given or takes any; `en` where it names neither.
    """
    wanted = {"zh": 0.0, "en": 0.0}
    order = {}
    for index, (tag, _, weight) in enumerate(_weighted(accept_language)):
        language = "zh" if tag == "*" else tag.partition("-")[0]
        if language in wanted and weight > wanted[language]:
            wanted[language], order[language] = weight, index
    if not any(wanted.values()):
        return "en" if accept_language.strip() else "zh"
    return max(wanted, key=lambda one: (wanted[one], -order.get(one, 0)))
