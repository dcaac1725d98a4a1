"""A holder's page at /h, and what holders share at /s: HTML, no scripts, nothing stored anywhere.

Links are opened by POST: a mail program or a chat that looks at a link before its reader does uses
none up.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from certgraph.actions.performing import perform
from certgraph.api.context import Context
from certgraph.api.http import holder_views as views
from certgraph.api.http.files import STATUS, MakeContext
from certgraph.api.http.forms import page_language, read_form
from certgraph.api.http.outages import Outage
from certgraph.api.http.plain_pages import PAGE_HEADERS, PRIVATE, page_response
from certgraph.api.http.press import Press
from certgraph.api.http.printed_files import pdf_response
from certgraph.api.http.requests import BadRequest
from certgraph.api.http.static_files import file_response
from certgraph.certificates.holders import entering, sharing
from certgraph.certificates.holders.entering import Holder, InHand
from certgraph.certificates.holders.links import Purpose, secret_of
from certgraph.certificates.holders.requests import file_holder_request
from certgraph.certificates.holders.rules import SESSION, HolderRequestKind
from certgraph.certificates.holders.tables import HolderSessionRow
from certgraph.certificates.printed.selecting import file_name, printables
from certgraph.certificates.tables import CertificateRow
from certgraph.plain_pages.rendering import stylesheet, words
from certgraph.problems import Problem, Rejected, refusal

_LONGEST_FORM = 16_384
_DRAWN_AT_ONCE = 2
"""QR codes that are drawn at a time."""

_COOKIE = "certgraph-holder"
_LOCAL = {"localhost", "127.0.0.1", "::1"}
_DONE = {"shared": "share_done", "ended": "share_ended_done", "asked": "ask_done"}

Form = Mapping[str, list[str]]
Answer = Callable[[Request, Context], Awaitable[Response]]
Change = Callable[[Context, Holder, Form, Request], Awaitable[str]]


class _BadForm(Exception):
    """What was posted is no form of these pages."""


class HolderPages:
    """Answers what is below /h and /s."""

    def __init__(self, context: MakeContext, outage: Outage, press: Press) -> None:
        self._context = context
        self._outage = outage
        self._press = press
        self._drawing = asyncio.Semaphore(_DRAWN_AT_ONCE)

    def routes(self) -> list[Route]:
        """Return where it is."""
        get, post = ["GET"], ["POST"]
        return [
            Route("/h", self._answered(self._enter_page, 0), methods=get),
            Route("/h/", _to_enter, methods=get),
            Route("/h", self._answered(self._enter, 0), methods=post),
            Route("/h/style.css", _style, methods=get),
            Route("/h/l/{secret}", self._answered(self._link_page, 2), methods=get),
            Route("/h/l/{secret}", self._answered(self._open_link, 2), methods=post),
            Route("/h/mine", self._answered(self._mine, 1), methods=get),
            *self._forms("/h/share", self._changed(_share)),
            *self._forms("/h/share/{id:uuid}/end", self._changed(_end_share)),
            *self._forms("/h/ask", self._changed(_ask)),
            *self._forms("/h/leave", self._leave),
            Route("/h/c/{id:uuid}.pdf", self._answered(self._pdf, 2), methods=get),
            Route("/h/c/{id:uuid}.png", self._answered(self._png, 2), methods=get),
            Route("/s/{secret}", self._answered(self._shared, 1), methods=get),
            Route("/s/{secret}/{id:uuid}.pdf", self._answered(self._shared_pdf, 2), methods=get),
            Route("/s/{secret}/{id:uuid}.png", self._answered(self._shared_png, 2), methods=get),
        ]

    def _forms(self, path: str, answer: Answer) -> list[Route]:
        """Return where a form of the page goes; who comes without one is led to the page."""
        depth = path.count("/") - 1
        return [
            Route(path, self._answered(answer, depth), methods=["POST"]),
            Route(path, _to_mine, methods=["GET"]),
        ]

    def _answered(self, answer: Answer, depth: int) -> Callable[[Request], Awaitable[Response]]:
        """Return what answers a request by `answer`, or by a page that says why it cannot be."""

        async def answered(request: Request) -> Response:
            headers = dict(request.scope["headers"])
            headers.pop(b"authorization", None)  # holders have no tokens
            context = await self._context(headers)
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
            except _BadForm:
                said, status = [words(context.language)["bad_form"]], HTTPStatus.BAD_REQUEST
            except Exception as error:  # noqa: BLE001 - whatever it is, it is answered
                status = self._outage.refused(error).status
                is_busy = status == HTTPStatus.SERVICE_UNAVAILABLE
                said = [words(context.language)["unavailable" if is_busy else "failed"]]
            return page_response("message", context.language, depth, status, said)

        return answered

    async def _enter_page(self, request: Request, context: Context) -> Response:
        if await _holder(request, context) is not None:
            return _see_other(f"h/mine?lang={context.language}")
        done = words(context.language)["left_done"] if "left" in request.query_params else ""
        return page_response("enter", context.language, 0, done=done)

    async def _enter(self, request: Request, context: Context) -> Response:
        form = await _posted(request, context)
        language = context.language
        given = InHand(_one(form, "number"), _one(form, "name"), _one(form, "document"))
        async with context.sessions.begin() as session:
            begun = await entering.enter(
                session, context.keyring, given, context.now, context.random
            )
        if begun is None:
            said = [Problem(code="holder.not_known").message(language)]
            typed = {"number": given.number, "name": given.name, "text": ""}
            return page_response("enter", language, 0, HTTPStatus.NOT_FOUND, said, typed=typed)
        return _with_session(request, context, begun, f"h/mine?lang={language}")

    async def _link_page(self, request: Request, context: Context) -> Response:
        async with context.reads() as session:
            secret = request.path_params["secret"]
            await entering.usable_link(session, context.keyring, secret, context.now)
        return page_response("link", context.language, 2)

    async def _open_link(self, request: Request, context: Context) -> Response:
        if await context.trust_cache.trust() is None:
            raise refusal("holder.not_ready")  # before the link is used up
        await _posted(request, context)
        async with context.sessions.begin() as session:
            begun = await entering.open_link(
                session,
                context.keyring,
                request.path_params["secret"],
                context.now,
                context.random,
            )
        return _with_session(request, context, begun, f"../mine?lang={context.language}")

    async def _mine(self, request: Request, context: Context) -> Response:
        holder = await _open_page(request, context)
        done = _DONE.get(request.query_params.get("done", ""))
        said = words(context.language)[done] if done else ""
        shown = await views.mine(context, holder)
        return page_response("mine", context.language, 1, done=said, **shown)

    def _changed(self, change: Change) -> Answer:
        """Return what changes something of a holder's, and shows the page again."""

        async def changed(request: Request, context: Context) -> Response:
            form = await _posted(request, context)
            holder = await _open_page(request, context)
            try:
                done = await change(context, holder, form, request)
            except Rejected as rejected:
                said = [one.message(context.language) for one in rejected.problems]
                shown = await views.mine(context, holder)
                typed = {"number": "", "name": "", "text": _one(form, "text")}
                status, depth = STATUS[rejected.problems[0].kind], request.url.path.count("/") - 1
                shown |= {"typed": typed}
                return page_response("mine", context.language, depth, status, said, **shown)
            up = "../" * (request.url.path.count("/") - 2)
            return _see_other(f"{up}mine?done={done}&lang={context.language}")

        return changed

    async def _leave(self, request: Request, context: Context) -> Response:
        await _posted(request, context)
        name = _cookie(request, context)
        async with context.sessions.begin() as session:
            secret = request.cookies.get(name, "")
            await entering.leave(session, context.keyring, secret, context.now)
        response = _see_other(f"../h?left=1&lang={context.language}")
        response.delete_cookie(name, path="/", secure=name.startswith("__Host-"))
        return response

    async def _pdf(self, request: Request, context: Context) -> Response:
        return await self._printed(context, await _own(request, context))

    async def _png(self, request: Request, context: Context) -> Response:
        return await self._picture(context, await _own(request, context))

    async def _shared(self, request: Request, context: Context) -> Response:
        shared = await _shown(request, context)
        if request.method != "HEAD":
            await _note(context, shared)
        certificates = await views.certificates_of(context, shared.certificates)
        return page_response(
            "shared",
            context.language,
            1,
            certificates=certificates,
            ends_at=shared.link.ends_at,
            with_pdf=shared.link.with_pdf,
            place=request.path_params["secret"],
        )

    async def _shared_pdf(self, request: Request, context: Context) -> Response:
        shared = await _shown(request, context)
        row = shared.certificate(request.path_params["id"]) if shared.link.with_pdf else None
        response = await self._printed(context, row)
        await _note(context, shared)
        return response

    async def _shared_png(self, request: Request, context: Context) -> Response:
        shared = await _shown(request, context)
        return await self._picture(context, shared.certificate(request.path_params["id"]))

    async def _printed(self, context: Context, row: CertificateRow | None) -> Response:
        """Return the printed certificate. Raises `Rejected`."""
        if row is None:
            raise refusal("holder.share_unknown")
        async with context.reads() as session:
            pages = await printables(session, [row], context.settings.public_host)
        response = pdf_response(await self._press.pdf(pages), file_name(row.number))
        response.headers.update(PRIVATE)
        return response

    async def _picture(self, context: Context, row: CertificateRow | None) -> Response:
        """Return the QR code of a certificate. Raises `Rejected`."""
        if row is None:
            raise refusal("holder.share_unknown")
        async with self._drawing:
            body = await views.qr_png(context, row)
        return Response(body, HTTPStatus.OK, PRIVATE, "image/png")


async def _posted(request: Request, context: Context) -> Form:
    """Return the fields of a form, which says in which language to answer. Raises `_BadForm`."""
    try:
        form = await read_form(request, _LONGEST_FORM)
    except ValueError as error:
        raise _BadForm from error
    if any("\0" in value for values in form.values() for value in values):
        raise _BadForm  # PostgreSQL holds no such text, and takes none
    context.language = page_language(request, _one(form, "lang"))
    return form


async def _share(context: Context, holder: Holder, form: Form, _request: Request) -> str:
    days = _one(form, "days")
    given = {
        "idempotency_key": _one(form, "key"),
        "numbers": form.get("number", []),
        "days": int(days) if days.isdecimal() and len(days) < 9 else 0,
        "with_pdf": "pdf" in form,
    }
    await perform(sharing.create_sharing_link, context.environment, holder.actor, given)
    return "shared"


async def _end_share(context: Context, holder: Holder, _form: Form, request: Request) -> str:
    given = {"link_id": request.path_params["id"]}
    await perform(sharing.revoke_sharing_link, context.environment, holder.actor, given)
    return "ended"


async def _ask(context: Context, holder: Holder, form: Form, _request: Request) -> str:
    is_erasure = _one(form, "kind") == HolderRequestKind.ERASURE
    given = {
        "number": _one(form, "number"),
        "kind": HolderRequestKind.ERASURE if is_erasure else HolderRequestKind.CORRECTION,
        "text": " ".join(_one(form, "text").split()),
    }
    await perform(file_holder_request, context.environment, holder.actor, given)
    return "asked"


async def _holder(request: Request, context: Context) -> Holder | None:
    secret = request.cookies.get(_cookie(request, context))
    if not secret:
        return None
    async with context.reads() as session:
        return await entering.holder_with(session, context.keyring, secret, context.now)


async def _open_page(request: Request, context: Context) -> Holder:
    """Return whose page is open. Raises `Rejected`."""
    holder = await _holder(request, context)
    if holder is None:
        raise refusal("holder.page_closed")
    return holder


async def _own(request: Request, context: Context) -> CertificateRow | None:
    """Return the certificate of a path, if the holder's page shows it. Raises `Rejected`."""
    holder = await _open_page(request, context)
    wanted = request.path_params["id"]
    return next((row for row in holder.certificates if row.id == wanted), None)


async def _shown(request: Request, context: Context) -> sharing.Shared:
    """Return what the link of a path shows. Raises `Rejected`."""
    async with context.reads() as session:
        secret = request.path_params["secret"]
        return await sharing.shared_with(session, context.keyring, secret, context.now)


async def _note(context: Context, shared: sharing.Shared) -> None:
    async with context.sessions.begin() as session:
        await sharing.note_opening(session, shared.link, context.now, context.random)


async def _style(request: Request) -> Response:
    return file_response(request, stylesheet(), "text/css", {}, cache="public, max-age=3600")


async def _to_enter(request: Request) -> Response:
    language = page_language(request, request.query_params.get("lang"))
    return _see_other(f"../h?lang={language}")


async def _to_mine(request: Request) -> Response:
    """Lead to the page: who chooses the other language of a refused form comes here."""
    language = page_language(request, request.query_params.get("lang"))
    return _see_other(f"{'../' * (request.url.path.count('/') - 2)}mine?lang={language}")


def _check_origin(request: Request) -> None:
    """Refuse a form that another site posts. Raises `Rejected`.

    Browsers say by `Sec-Fetch-Site` whether it is one; old ones, and those of plain HTTP, by
    `Origin`, which is `null` for a page that hides where it is.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        is_other = site not in ("same-origin", "none")
    else:
        is_other = origin is not None and not _is_same(origin, request.headers.get("host", ""))
    if is_other:
        raise refusal("holder.other_site")


def _is_same(origin: str, host: str) -> bool:
    """Tell whether an origin is that of this host, whatever its port is written like."""
    try:
        return urlsplit(origin).hostname == urlsplit(f"//{host}").hostname
    except ValueError:
        return False


def _cookie(request: Request, context: Context) -> str:
    """Return the cookie's name: bound to this host and to HTTPS, but where a demo is served."""
    served = urlsplit(f"//{context.settings.public_host}").hostname
    is_local = served in _LOCAL and request.url.scheme == "http"
    return _COOKIE if is_local else f"__Host-{_COOKIE}"


def _with_session(
    request: Request, context: Context, begun: HolderSessionRow, place: str
) -> Response:
    """Return what leads to the page, with the cookie that opens it."""
    response = _see_other(place)
    name = _cookie(request, context)
    response.set_cookie(
        name,
        secret_of(context.keyring, Purpose.SESSION, begun.id),
        max_age=int(SESSION.total_seconds()),
        path="/",
        secure=name.startswith("__Host-"),
        httponly=True,
        samesite="strict",
    )
    return response


def _see_other(place: str) -> Response:
    return RedirectResponse(place, HTTPStatus.SEE_OTHER, PAGE_HEADERS)


def _one(form: Form, name: str) -> str:
    return form.get(name, [""])[0]
