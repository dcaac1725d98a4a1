"""Files over plain HTTP, for callers with a token: taking them in, refusals as JSON."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from certgraph.actions.authority import AnyAction, grant_of
from certgraph.actions.declaring import Action
from certgraph.actions.parties import Actor, Readers, acting
from certgraph.actions.reading import check_reader
from certgraph.api.context import Context
from certgraph.api.http.limiting import METER
from certgraph.api.http.negotiation import JSON
from certgraph.api.http.outages import Outage
from certgraph.api.http.requests import BadRequest, read_body
from certgraph.api.http.static_files import SAFE_HEADERS
from certgraph.api.metering import Meter
from certgraph.certificates.sheets.cells import Fault
from certgraph.policy import policy_rules
from certgraph.problems import Problem, ProblemKind, Rejected, refusal

UPLOAD_SECONDS = 60
"""For a whole file to arrive; as long as the protocol waits for any body."""

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
STATUS = {
    ProblemKind.NOT_FOUND: HTTPStatus.NOT_FOUND,
    ProblemKind.INVALID_INPUT: HTTPStatus.UNPROCESSABLE_ENTITY,
    ProblemKind.RULE_BROKEN: HTTPStatus.CONFLICT,
    ProblemKind.CONFLICT: HTTPStatus.CONFLICT,
    ProblemKind.FORBIDDEN: HTTPStatus.FORBIDDEN,
}

TRUE = {"true": True, "1": True, "false": False, "0": False}
"""What a parameter says that is yes or no."""

MakeContext = Callable[[Mapping[bytes, bytes], Meter | None], Awaitable[Context]]
Answer = Callable[[Request, Context, Actor], Awaitable[Response]]
A = TypeVar("A", bound=Callable[..., Awaitable[Response]])


@dataclass(frozen=True, slots=True)
class Way:
    """Where a method of `Files` answers, and whom.

    Attributes:
        method: GET or POST.
        path: As a route of starlette.
        may: Whom the action names that it performs, or prepares; or its readers.
    """

    method: str
    path: str
    may: AnyAction | Readers


def way(method: str, path: str, may: AnyAction | Readers) -> Callable[[A], A]:
    """Declare where a method of `Files` answers; nobody else comes to it. See `Way`."""

    def declared(answer: A) -> A:
        answer.way = Way(method, path, may)  # type: ignore[attr-defined]  # a function has any
        return answer

    return declared


def ways_of(files: "type[Files]") -> Mapping[str, Way]:
    """Return name → way of the methods that answer, in their order."""
    found = ((name, getattr(one, "way", None)) for name, one in vars(files).items())
    return {name: one for name, one in found if one is not None}


def all_ways() -> Mapping[str, AnyAction | Readers]:
    """Return method and path → who may, of all that answers files."""
    found = (one for files in Files.__subclasses__() for one in ways_of(files).values())
    return {f"{one.method} {one.path}": one.may for one in found}


class Files:
    """Answers requests of callers with a token; refusals as JSON. Its methods with a `way` do."""

    def __init__(self, context: MakeContext, outage: Outage) -> None:
        self._context = context
        self._outage = outage

    def routes(self) -> list[Route]:
        """Return where requests go."""
        return [
            Route(one.path, self._answered(one.may, getattr(self, name)), methods=[one.method])
            for name, one in ways_of(type(self)).items()
        ]

    def _answered(
        self, may: AnyAction | Readers, answer: Answer
    ) -> Callable[[Request], Awaitable[Response]]:
        """Return what answers a request by `answer`, or by why it cannot be."""

        async def answered(request: Request) -> Response:
            language = "en"
            try:
                context = await self._context(
                    dict(request.scope["headers"]), request.scope.get(METER)
                )
                language = context.language
                return await answer(request, context, _actor(may, context))
            except Rejected as rejected:
                return _refusal(rejected.problems, language)
            except BadRequest as error:
                return _not_run(error)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is answered
                return _not_run(self._outage.refused(error))

        return answered


async def taken_in(request: Request, limit: int) -> bytes:
    """Return the file that is a request's body. Raises `Rejected`, `BadRequest`."""
    if request.headers.get("content-type", "").startswith("multipart/"):
        raise refusal("sheet.not_a_file")
    length = request.headers.get("content-length", "0")
    if length.isdigit() and int(length) > limit:
        raise refusal("sheet.too_large", limit=limit // 1024**2)
    data = await read_body(request.receive, limit, UPLOAD_SECONDS)
    if not data:
        raise refusal("sheet.empty")
    return data


def _actor(may: AnyAction | Readers, context: Context) -> Actor:
    """Return as whom a request acts. Raises `Rejected` where that may not."""
    if isinstance(may, Action):
        actor = acting(context.caller, may.may)
        grant_of(may, actor)
    else:
        actor = acting(context.caller, may)
        check_reader(may, actor)
    return actor


def table_response(body: bytes, name: str, status: HTTPStatus, *, is_csv: bool) -> Response:
    """Return a table to be saved under a name."""
    kind = "csv" if is_csv else "xlsx"
    headers = {
        **SAFE_HEADERS,
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="{name}.{kind}"',
    }
    return Response(body, status, headers, "text/csv; charset=utf-8" if is_csv else XLSX)


def json_response(
    body: Mapping[str, Any], status: HTTPStatus, headers: Mapping[str, str] | None = None
) -> Response:
    """Return an answer as JSON that nobody stores."""
    every = {**SAFE_HEADERS, "Cache-Control": "no-store", **(headers or {})}
    return Response(orjson.dumps(body), status, every, JSON)


def _not_run(error: BadRequest) -> Response:
    said: dict[str, Any] = {"code": error.code, "message": str(error), "path": [], "rule": None}
    return json_response({"errors": [said]}, error.status, error.headers)


def _refusal(problems: tuple[Problem, ...], language: str) -> Response:
    """Return every reason against a request, as mutations state them."""
    rules = policy_rules()
    said = []
    for one in problems:
        rule = rules[one.rule_id] if one.rule_id else None
        entry: dict[str, Any] = {"code": one.code, "message": one.message(language)}
        entry["path"] = list(one.path)
        entry["rule"] = {"id": rule.id, "sentence": rule.sentence} if rule else None
        said.append(entry)
    status = STATUS[problems[0].kind]
    if problems[0].code == "sheet.too_large":
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    if problems[0].code == "access.token_required":
        status = HTTPStatus.UNAUTHORIZED
    return json_response({"errors": said}, status)


_MOST_CELLS = 1_000
"""Faults of a table that are named."""


def refused_cells(faults: Iterable[Fault], language: str) -> Response:
    """Return what is wrong with a table, cell by cell."""
    found = sorted(faults, key=lambda one: (one.row, one.column or 0))
    problems = [
        {
            "row": one.row,
            "column": one.column,
            "title": one.name,
            "shown": one.shown,
            "code": one.problem.code,
            "message": one.problem.message(language),
        }
        for one in found[:_MOST_CELLS]
    ]
    body = {"count": len(found), "problems": problems}
    return json_response(body, HTTPStatus.UNPROCESSABLE_ENTITY)
