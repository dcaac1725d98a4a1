"""Forms that browsers post without scripts, and the language of the pages that have them."""

from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect, Request

from certgraph.api.http.negotiation import preferred_language

_MOST_FIELDS = 100


async def read_form(request: Request, longest: int) -> dict[str, list[str]]:
    """Return the fields of a posted form, each with its values.

    Raises:
        ValueError: It is no form, longer than `longest` bytes, or did not arrive whole.
    """
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > longest:
                raise ValueError("The form is longer than its fields can be.")
    except ClientDisconnect:
        raise ValueError("The form did not arrive whole.") from None
    if body.count(b"&") >= _MOST_FIELDS:
        raise ValueError(f"The form has more than {_MOST_FIELDS} fields.")
    return parse_qs(bytes(body).decode("utf-8", "replace"))


def page_language(request: Request, chosen: str | None) -> str:
    """Return `zh` or `en`: as was chosen, else as the browser prefers."""
    if chosen in ("zh", "en"):
        return chosen
    return preferred_language(request.headers.get("accept-language", ""))
