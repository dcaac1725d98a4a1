"""GraphiQL, from files of our own."""

from http import HTTPStatus
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from certgraph.api.http.static_files import file_response

_FILES = {entry.name: entry for entry in files("certgraph.api").joinpath("graphiql").iterdir()}
_TYPES = {"js": "text/javascript", "css": "text/css", "html": "text/html"}
_POLICY = (
    "default-src 'none'; script-src 'self' blob:; worker-src blob:; style-src 'self' "
    "'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def graphiql_file(request: Request, name: str) -> Response:
    """Return one of its files; `index.html` is the page."""
    if name not in _FILES:
        return PlainTextResponse("Not found.\n", HTTPStatus.NOT_FOUND)
    headers = {"Content-Security-Policy": _POLICY, "Vary": "Accept"}
    return file_response(
        request,
        _FILES[name].read_bytes(),
        _TYPES[name.rpartition(".")[2]],
        headers,
        cache="public, max-age=3600",
    )


async def graphiql_asset(request: Request) -> Response:
    """Answer /graphiql/…."""
    return graphiql_file(request, request.path_params["name"])
