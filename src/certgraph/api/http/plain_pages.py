"""Pages without scripts as answers: nothing stored, nothing indexed, nothing from elsewhere."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from certgraph.api.context import Context
from certgraph.api.http import holder_views as views
from certgraph.api.http.answering import Refusal
from certgraph.api.http.files import STATUS, MakeContext
from certgraph.api.http.forms import page_language, read_form
from certgraph.api.http.outages import Outage
from certgraph.api.http.press import Press
from certgraph.api.http.printed_files import pdf_response
from certgraph.api.http.requests import BadRequest
from certgraph.api.http.session_cookies import is_of_other_site
from certgraph.api.http.static_files import SAFE_HEADERS
from certgraph.certificates.printed.selecting import file_name, printables
from certgraph.certificates.tables import CertificateRow
from certgraph.plain_pages.rendering import POLICY, page, words
from certgraph.problems import Rejected, refusal

PRIVATE = {**SAFE_HEADERS, "Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}
PAGE_HEADERS = {
    **PRIVATE,
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",  # so that forms say where they come from
    "Vary": "Accept-Language, Cookie",
}
_LONGEST_FORM = 65_536
"""Bytes: 4,000 characters take up to twelve each, as browsers write them."""

Form = Mapping[str, list[str]]
Answer = Callable[[Request, Context], Awaitable[Response]]


class BadForm(Exception):
    """What was posted is no form of these pages."""


class Pages:
    """Answers requests of people by pages.

    Attributes:
        message: Template of the page that says why a request cannot be answered.
    """

    message = "message"

    def __init__(self, context: MakeContext, outage: Outage) -> None:
        self._context = context
        self._outage = outage

    def answered(self, answer: Answer, depth: int) -> Callable[[Request], Awaitable[Response]]:
        """Return what answers a request by `answer`, or by a page that says why it cannot be."""

        async def page_or_reason(request: Request) -> Response:
            headers = dict(request.scope["headers"])
            for name in (b"authorization", b"cookie"):  # these pages are for people without tokens
                headers.pop(name, None)
            context = await self._context(headers, None)
            context.language = page_language(request, request.query_params.get("lang"))
            try:
                if request.method == "POST":
                    _check_origin(request)
                return await answer(request, context)
            except Rejected as rejected:
                said = [one.message(context.language) for one in rejected.problems]
                status = STATUS[rejected.problems[0].kind]
            except BadRequest as error:
                said, status = [words(context.language)["unavailable"]], error.status
            except Refusal as refused:
                said = [str(error["message"]) for error in refused.errors]
                status = HTTPStatus.BAD_REQUEST
            except BadForm:
                said, status = [words(context.language)["bad_form"]], HTTPStatus.BAD_REQUEST
            except Exception as error:  # noqa: BLE001 - whatever it is, it is answered
                status = self._outage.refused(error).status
                is_busy = status == HTTPStatus.SERVICE_UNAVAILABLE
                said = [words(context.language)["unavailable" if is_busy else "failed"]]
            return page_response(self.message, context.language, depth, status, said)

        return page_or_reason


class PlainPages(Pages):
    """Pages with certificates: beside them as PDF and picture."""

    def __init__(self, context: MakeContext, outage: Outage, press: Press) -> None:
        super().__init__(context, outage)
        self._press = press

    async def printed(self, context: Context, row: CertificateRow | None) -> Response:
        """Return the printed certificate. Raises `Rejected`."""
        if row is None:
            raise refusal("holder.share_unknown")
        async with context.reads() as session:
            pages = await printables(session, [row], context.settings.public_host)
        response = pdf_response(await self._press.pdf(pages), file_name(row.number))
        response.headers.update(PRIVATE)
        return response

    async def picture(self, context: Context, row: CertificateRow | None) -> Response:
        """Return the QR code of a certificate. Raises `Rejected`."""
        if row is None:
            raise refusal("holder.share_unknown")
        text = await views.qr_text_of(context, row)
        return Response(await self._press.code(text), HTTPStatus.OK, PRIVATE, "image/png")


async def posted(request: Request, context: Context) -> Form:
    """Return the fields of a form, which says in which language to answer. Raises `BadForm`."""
    try:
        form = await read_form(request, _LONGEST_FORM)
    except ValueError as error:
        raise BadForm from error
    if any("\0" in value for values in form.values() for value in values):
        raise BadForm  # PostgreSQL holds no such text, and takes none
    context.language = page_language(request, one_of(form, "lang"))
    return form


def _check_origin(request: Request) -> None:
    """Refuse a form that another site posts. Raises `Rejected`."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if is_of_other_site(site, origin, request.headers.get("host", "")):
        raise refusal("holder.other_site")


def see_other(place: str) -> Response:
    """Lead to another page."""
    return RedirectResponse(place, HTTPStatus.SEE_OTHER, PAGE_HEADERS)


def one_of(form: Form, name: str) -> str:
    """Return a field of a form; empty where it is not there."""
    return form.get(name, [""])[0]


def page_response(
    name: str,
    language: str,
    depth: int,
    status: HTTPStatus = HTTPStatus.OK,
    problems: Sequence[str] = (),
    **shown: Any,  # noqa: ANN401 - what a template shows
) -> Response:
    """Return a page, see `certgraph.plain_pages.rendering.page`."""
    body = page(name, language, depth, problems=problems, **shown)
    return Response(body, status, PAGE_HEADERS, "text/html")
