"""The pages of the catalogue, and the addresses that they have."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from certgraph.api.catalogue import words as in_words
from certgraph.api.context import Context
from certgraph.api.http.answering import Answering
from certgraph.api.http.files import MakeContext
from certgraph.api.http.outages import Outage
from certgraph.api.http.plain_pages import PAGE_HEADERS, Pages
from certgraph.api.http.static_files import file_response
from certgraph.assessment.coverage import Coverage, coverage_on
from certgraph.calendar import programme_day
from certgraph.organizations import queries as organization_queries
from certgraph.plain_pages.rendering import page
from certgraph.problems import refusal
from certgraph.standards import queries as standard_queries

_PUBLIC = "public, max-age=60"
"""How long caches keep a page: what is decided now is to be seen now."""


class GraphPages(Pages):
    """Pages that show what a query of the graph gives to the public."""

    message = "catalogue_message"

    def __init__(self, context: MakeContext, outage: Outage, answering: Answering) -> None:
        super().__init__(context, outage)
        self._answering = answering

    async def read(self, name: str, context: Context, /, **given: object) -> Mapping[str, Any]:
        """Return what a page's query gives. Raises `Refusal`."""
        known = {  # no text of ours holds NUL, and PostgreSQL takes none
            one: value.replace("\0", "") if isinstance(value, str) else value
            for one, value in given.items()
        }
        return await self._answering.read(_document(name), context, known)


class CataloguePages(GraphPages):
    """Answers what is below /catalogue, but for feedback."""

    def routes(self) -> list[Route]:
        """Return where it is."""
        pages = {
            "/catalogue": self._home,
            "/catalogue/": self._home,
            "/catalogue/types": self._types,
            "/catalogue/types/{code}": self._type,
            "/catalogue/organizations": self._organizations,
            "/catalogue/organizations/{code}": self._organization,
            "/catalogue/sites": self._sites,
            "/catalogue/fees": self._fees,
            "/catalogue/decisions": self._decisions,
            "/catalogue/notices": self._notices,
            "/catalogue/{none}": self._nothing,
        }
        return [
            Route(path, self.answered(answer, path.count("/") - 1), methods=["GET"])
            for path, answer in pages.items()
        ]

    async def _home(self, request: Request, context: Context) -> Response:
        data = await self.read("home", context, now=context.now.isoformat())
        return shown(request, context, "home", data)

    async def _types(self, request: Request, context: Context) -> Response:
        given = asked(request, "name", "after", level="CertificateLevel")
        today = _today(context)
        data = await self.read("types", context, **given, today=today)
        return shown(request, context, "types", data, asked=given, today=today)

    async def _type(self, request: Request, context: Context) -> Response:
        now, today = context.now.isoformat(), _today(context)
        code = request.path_params["code"]
        data = await self.read("type", context, code=code, today=today, now=now)
        if data["certificateType"] is None:
            raise refusal("certificate_type.not_found", code=code)
        return shown(request, context, "type", data, today=today)

    async def _organizations(self, request: Request, context: Context) -> Response:
        given = asked(request, "name", "after", kind="OrganizationKind")
        if "kind" not in request.query_params:
            given["kind"] = "EVALUATION_ORGANIZATION"
        data = await self.read("organizations", context, **given)
        return shown(request, context, "organizations", data, asked=given)

    async def _organization(self, request: Request, context: Context) -> Response:
        code, today = request.path_params["code"], _today(context)
        data = await self.read("organization", context, code=code, today=today)
        if data["organization"] is None:
            raise refusal("organization.not_found", code=code)
        return shown(request, context, "organization", data, today=today)

    async def _sites(self, request: Request, context: Context) -> Response:
        given = asked(request, "type", "authority", "after")
        now, today = context.now.isoformat(), _today(context)
        data = await self.read("sites", context, **given, today=today, now=now)
        coverage = await _coverage(context, given["type"], given["authority"])
        return shown(
            request,
            context,
            "sites",
            data,
            asked=given,
            today=today,
            coverage=coverage,
            next_exams=_next_exams(data["examPlans"]["nodes"]),
        )

    async def _fees(self, request: Request, context: Context) -> Response:
        given, today = asked(request, "type", "authority", "after"), _today(context)
        data = await self.read("fees", context, **given, today=today)
        return shown(request, context, "fees", data, asked=given, today=today)

    async def _decisions(self, request: Request, context: Context) -> Response:
        given = asked(request, "after", decision="CaseDecision")
        data = await self.read("decisions", context, **given)
        return shown(request, context, "decisions", data, asked=given)

    async def _notices(self, request: Request, context: Context) -> Response:
        given = asked(request, "after")
        data = await self.read("notices", context, **given)
        return shown(request, context, "notices", data, asked=given)

    async def _nothing(self, _request: Request, _context: Context) -> Response:
        raise refusal("access.no_page")


@cache
def _document(name: str) -> str:
    return files(__package__).joinpath(f"documents/{name}.graphql").read_text("utf-8")


def asked(request: Request, *texts: str, **members: str) -> dict[str, Any]:
    """Return the filters of an address; None where one is not given, or is nothing to filter by.

    Args:
        request: The request.
        texts: Filters that are texts.
        members: Filters that are members of the named enumerations.
    """
    given = request.query_params
    found: dict[str, Any] = {one: given.get(one, "").strip() or None for one in texts}
    return found | {one: in_words.member(given.get(one), of) for one, of in members.items()}


def shown(
    request: Request,
    context: Context,
    name: str,
    data: Mapping[str, Any],
    *,
    status: HTTPStatus = HTTPStatus.OK,
    cache_control: str = _PUBLIC,
    **more: Any,  # noqa: ANN401 - what a template shows
) -> Response:
    """Return a page, see `certgraph.plain_pages.rendering.page`."""
    language = context.language
    depth = request.url.path.rpartition("/catalogue")[2].count("/")
    given = {"asked": {}, **more}
    html = page(
        f"catalogue_{name}",
        language,
        depth,
        query=_query(given["asked"]),
        body_of=in_words.body,
        choices=lambda of: in_words.choices(of, language),
        word=lambda member, of: in_words.word(member, of, language),
        yuan=in_words.yuan,
        pairs=lambda rows: [(one["code"], one["name"]) for one in rows],
        **data,
        **given,
    )
    headers = {**PAGE_HEADERS, "Vary": "Accept-Language"}
    del headers["X-Robots-Tag"]
    response = file_response(request, html.encode(), "text/html", headers, cache=cache_control)
    if response.status_code == HTTPStatus.OK:
        response.status_code = status
    return response


def _query(filters: Mapping[str, Any]) -> str:
    """Return the filters of an address, but where its page starts."""
    given = {name: value for name, value in filters.items() if value and name != "after"}
    return urlencode(given) + "&" if given else ""


def _today(context: Context) -> str:
    return programme_day(context.now).isoformat()


def _next_exams(plans: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return the earliest exam to come of each site, by the site's id."""
    found: dict[str, Mapping[str, Any]] = {}
    for plan in plans:
        site = plan["site"]
        if site is not None and plan["state"] != "WITHDRAWN":
            known = found.setdefault(site["id"], plan)
            if plan["startsAt"] < known["startsAt"]:
                found[site["id"]] = plan
    return found


_TREND = (91, 182, 365)
"""Days before today on which coverage is shown beside today's: sites are to cover more (R28)."""


async def _coverage(
    context: Context, type_code: str | None, authority_code: str | None
) -> list[Coverage]:
    """Return how sites cover a certificate's institutions, today and before, newest first.

    Nothing without a certificate.
    """
    if type_code is None or "\0" in type_code + (authority_code or ""):
        return []
    async with context.reads() as session:
        type_ = await standard_queries.certificate_type_by_code(session, type_code)
        authority = None
        if authority_code is not None:
            authority = await organization_queries.organization_by_code(session, authority_code)
        if type_ is None or (authority_code is not None and authority is None):
            return []
        authority_id = None if authority is None else authority.id
        today = programme_day(context.now)
        days = [today, *(today - timedelta(days=ago) for ago in _TREND)]
        return await coverage_on(session, type_.id, days, authority_id)
