"""What a caller sends and accepts: media types, compression, languages."""

from functools import lru_cache

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"


@lru_cache(maxsize=256)
def response_type(accept: str) -> str | None:
    """Return the media type to answer in; None where none is acceptable."""
    if not accept:
        return JSON
    for part in accept.split(","):
        media_type, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if any(p.startswith("charset=") and p != "charset=utf-8" for p in parameters):
            continue
        if media_type == GRAPHQL:
            return GRAPHQL
        if media_type in (JSON, "application/*", "*/*"):
            return JSON
    return None


@lru_cache(maxsize=256)
def is_json(content_type: str) -> bool:
    """Tell whether a request's media type is JSON in UTF-8, exactly."""
    media_type, *parameters = (part.strip().lower() for part in content_type.split(";"))
    return media_type == JSON and all(
        p.strip('"') in ("charset=utf-8", 'charset="utf-8')
        for p in parameters
        if p.startswith("charset=")
    )


@lru_cache(maxsize=256)
def takes_gzip(accept_encoding: bytes) -> bool:
    """Tell whether a caller takes gzip (RFC 9110, section 12.5.3)."""
    for part in accept_encoding.decode("latin-1").lower().split(","):
        coding, _, weight = part.partition(";")
        if coding.strip() == "gzip":
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


@lru_cache(maxsize=256)
def preferred_language(accept_language: str) -> str:
    """Return `zh` or `en`, the first of Accept-Language that we speak; `zh` where it names none."""
    for part in accept_language.split(","):
        tag = part.partition(";")[0].strip().lower()
        if tag.startswith("zh"):
            return "zh"
        if tag.startswith("en"):
            return "en"
    return "zh" if not accept_language.strip() else "en"
