"""A holder's page at /h.

Links are opened by POST: a mail program or a chat that looks at a link before its reader does uses
none up.
"""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from certgraph.actions.performing import perform
from certgraph.api.context import Context
from certgraph.api.http import holder_views as views
from certgraph.api.http.files import STATUS
from certgraph.api.http.forms import page_language
from certgraph.api.http.holder_data import held_of
from certgraph.api.http.plain_pages import (
    PRIVATE,
    Answer,
    Form,
    PlainPages,
    one_of,
    page_response,
    posted,
    see_other,
)
from certgraph.api.http.session_cookies import cookie_in, cookie_name
from certgraph.api.http.static_files import file_response
from certgraph.certificates.holders import entering, sharing
from certgraph.certificates.holders.entering import Holder, InHand
from certgraph.certificates.holders.links import Purpose, secret_of
from certgraph.certificates.holders.requests import file_holder_request
from certgraph.certificates.holders.rules import SESSION, HolderRequestKind
from certgraph.certificates.holders.tables import HolderSessionRow
from certgraph.certificates.tables import CertificateRow
from certgraph.plain_pages.rendering import stylesheet, words
from certgraph.problems import Problem, Rejected, refusal

_COOKIE = "certgraph-holder"
_DATA = "certgraph-my-data.json"
_DONE = {"shared": "share_done", "ended": "share_ended_done", "asked": "ask_done"}

Change = Callable[[Context, Holder, Form, Request], Awaitable[str]]


class HolderPages(PlainPages):
    """Answers what is below /h."""

    def routes(self) -> list[Route]:
        """Return where it is."""
        get, post = ["GET"], ["POST"]
        return [
            Route("/h", self.answered(self._enter_page, 0), methods=get),
            Route("/h/", _to_enter, methods=get),
            Route("/h", self.answered(self._enter, 0), methods=post),
            Route("/h/style.css", _style, methods=get),
            Route("/h/l/{secret}", self.answered(self._link_page, 2), methods=get),
            Route("/h/l/{secret}", self.answered(self._open_link, 2), methods=post),
            Route("/h/mine", self.answered(self._mine, 1), methods=get),
            *self._forms("/h/share", self._changed(_share, 1)),
            *self._forms("/h/share/{id:uuid}/end", self._changed(_end_share, 3)),
            *self._forms("/h/ask", self._changed(_ask, 1)),
            *self._forms("/h/leave", self._leave),
            Route("/h/data.json", self.answered(self._data, 1), methods=get),
            Route("/h/c/{id:uuid}.pdf", self.answered(self._pdf, 2), methods=get),
            Route("/h/c/{id:uuid}.png", self.answered(self._png, 2), methods=get),
        ]

    def _forms(self, path: str, answer: Answer) -> list[Route]:
        """Return where a form of the page goes; who comes without one is led to the page."""
        depth = path.count("/") - 1
        return [
            Route(path, self.answered(answer, depth), methods=["POST"]),
            Route(path, _to_mine("../" * (depth - 1)), methods=["GET"]),
        ]

    async def _enter_page(self, request: Request, context: Context) -> Response:
        if await _holder(request, context) is not None:
            return see_other(f"h/mine?lang={context.language}")
        done = words(context.language)["left_done"] if "left" in request.query_params else ""
        return page_response("enter", context.language, 0, done=done)

    async def _enter(self, request: Request, context: Context) -> Response:
        form = await posted(request, context)
        language = context.language
        given = InHand(one_of(form, "number"), one_of(form, "name"), one_of(form, "document"))
        async with context.sessions.begin() as session:
            begun = await entering.enter(session, context.environment, given)
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
        await posted(request, context)
        async with context.sessions.begin() as session:
            secret = request.path_params["secret"]
            begun = await entering.open_link(session, context.environment, secret)
        return _with_session(request, context, begun, f"../mine?lang={context.language}")

    async def _mine(self, request: Request, context: Context) -> Response:
        holder = await _open_page(request, context)
        done = _DONE.get(request.query_params.get("done", ""))
        said = words(context.language)[done] if done else ""
        shown = await views.mine(context, holder)
        return page_response("mine", context.language, 1, done=said, **shown)

    def _changed(self, change: Change, depth: int) -> Answer:
        """Return what changes something of a holder's, and shows the page again.

        `depth`: how many folders deep its address is.
        """

        async def changed(request: Request, context: Context) -> Response:
            form = await posted(request, context)
            holder = await _open_page(request, context)
            try:
                done = await change(context, holder, form, request)
            except Rejected as rejected:
                said = [one.message(context.language) for one in rejected.problems]
                shown = await views.mine(context, holder)
                typed = {"number": "", "name": "", "text": one_of(form, "text")}
                shown |= {"typed": typed}
                status = STATUS[rejected.problems[0].kind]
                return page_response("mine", context.language, depth, status, said, **shown)
            up = "../" * (depth - 1)
            return see_other(f"{up}mine?done={done}&lang={context.language}")

        return changed

    async def _leave(self, request: Request, context: Context) -> Response:
        await posted(request, context)
        name = _cookie(request, context)
        async with context.sessions.begin() as session:
            secret = cookie_in(dict(request.scope["headers"]), name) or ""
            await entering.leave(session, context.keyring, secret, context.now)
        response = see_other(f"../h?left=1&lang={context.language}")
        response.delete_cookie(name, path="/", secure=name.startswith("__Host-"))
        return response

    async def _data(self, request: Request, context: Context) -> Response:
        """Answer with all that is held of a holder, to keep."""
        held = await held_of(context, await _open_page(request, context))
        body = orjson.dumps(held, option=orjson.OPT_INDENT_2)
        headers = {**PRIVATE, "Content-Disposition": f'attachment; filename="{_DATA}"'}
        return Response(body, HTTPStatus.OK, headers, "application/json")

    async def _pdf(self, request: Request, context: Context) -> Response:
        return await self.printed(context, await _own(request, context))

    async def _png(self, request: Request, context: Context) -> Response:
        return await self.picture(context, await _own(request, context))


async def _share(context: Context, holder: Holder, form: Form, _request: Request) -> str:
    days = one_of(form, "days")
    given = {
        "idempotency_key": one_of(form, "key"),
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
    is_erasure = one_of(form, "kind") == HolderRequestKind.ERASURE
    given = {
        "number": one_of(form, "number"),
        "kind": HolderRequestKind.ERASURE if is_erasure else HolderRequestKind.CORRECTION,
        "text": " ".join(one_of(form, "text").split()),
    }
    await perform(file_holder_request, context.environment, holder.actor, given)
    return "asked"


async def _holder(request: Request, context: Context) -> Holder | None:
    secret = cookie_in(dict(request.scope["headers"]), _cookie(request, context))
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


async def _style(request: Request) -> Response:
    return file_response(request, stylesheet(), "text/css", {}, cache="public, max-age=3600")


async def _to_enter(request: Request) -> Response:
    language = page_language(request, request.query_params.get("lang"))
    return see_other(f"../h?lang={language}")


def _to_mine(up: str) -> Callable[[Request], Awaitable[Response]]:
    """Return what leads to the page who chooses the other language of a refused form."""

    async def lead(request: Request) -> Response:
        language = page_language(request, request.query_params.get("lang"))
        return see_other(f"{up}mine?lang={language}")

    return lead


def _cookie(request: Request, context: Context) -> str:
    is_plain = context.settings.is_local and request.url.scheme == "http"
    return cookie_name(_COOKIE, is_local=is_plain)


def _with_session(
    request: Request, context: Context, begun: HolderSessionRow, place: str
) -> Response:
    """Return what leads to the page, with the cookie that opens it."""
    response = see_other(place)
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
