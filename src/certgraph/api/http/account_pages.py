"""Where people sign in: /account, with what they may act as."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import quote
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from certgraph.actions.parties import Role
from certgraph.actions.performing import perform
from certgraph.actions.printed_matrix import role_name
from certgraph.api.context import Context
from certgraph.api.http.files import STATUS, MakeContext
from certgraph.api.http.forms import page_language
from certgraph.api.http.limiting import METER, charge
from certgraph.api.http.outages import Outage
from certgraph.api.http.plain_pages import (
    PAGE_HEADERS,
    Answer,
    Pages,
    one_of,
    page_response,
    posted,
    see_other,
)
from certgraph.api.http.provider import (
    SIGNED_IN,
    AuthorizationRequest,
    NotSignedIn,
    Provider,
    ProviderAway,
)
from certgraph.api.http.session_cookies import (
    cookie_in,
    cookie_name,
    is_of_this_site,
    session_cookie,
    session_in,
)
from certgraph.api.metering import WRONG_TOKEN
from certgraph.organizations.memberships import accept_membership, memberships_of, signed_in_as
from certgraph.organizations.sessions import (
    PersonSession,
    end_session,
    open_session,
    person_of,
)
from certgraph.plain_pages.rendering import words
from certgraph.problem_messages.terms import in_words
from certgraph.problems import Problem, Rejected, refusal
from certgraph.sealing import CannotOpen

ACCOUNT = "/account"
_ASKED = "certgraph-sign-in"
_ASKED_FOR = timedelta(minutes=10)
_LONGEST_PLACE = 500
_DONE = {"acting": "account_acting", "signed_out": "account_signed_out"}


class AccountPages(Pages):
    """Answers what is below /account.

    Args:
        context: Makes contexts.
        outage: Says that the database is away.
        provider: Says who signs in.
    """

    message = "account_message"

    def __init__(self, context: MakeContext, outage: Outage, provider: Provider) -> None:
        super().__init__(context, outage)
        self._provider = provider

    def routes(self) -> list[Route]:
        """Return where it is."""
        get = ["GET"]
        return [
            Route(ACCOUNT, self.answered(self._account, 0), methods=get),
            Route("/account/sign-in", self.answered(self._sign_in, 1), methods=get),
            Route(SIGNED_IN, self.answered(self._signed_in, 1), methods=get),
            *self._form("/account/act", self._act),
            *self._form("/account/accept", self._accept),
            *self._form("/account/sign-out", self._sign_out),
        ]

    def _form(self, path: str, answer: Answer) -> list[Route]:
        """Return where a form of the page goes; who comes without one is led to the page."""

        async def of_own_page(request: Request, context: Context) -> Response:
            headers = dict(request.scope["headers"])
            if not is_of_this_site(headers, context.settings.pages_url):
                raise refusal("holder.other_site")
            return await answer(request, context)

        return [
            Route(path, self.answered(of_own_page, 1), methods=["POST"]),
            Route(path, _to_account, methods=["GET"]),
        ]

    async def _account(self, request: Request, context: Context) -> Response:
        mine = await _session(request, context)
        done = words(context.language).get(_DONE.get(request.query_params.get("done", ""), ""), "")
        place = _place(request.query_params.get("return", ""))
        leave_url = await self._provider.end_session_url() if done and mine is None else None
        return await self._page(context, mine, 0, place=place, done=done, leave_url=leave_url)

    async def _page(
        self,
        context: Context,
        mine: PersonSession | None,
        depth: int,
        status: HTTPStatus = HTTPStatus.OK,
        problems: Sequence[str] = (),
        *,
        place: str,
        **shown: Any,  # noqa: ANN401 - what the template shows
    ) -> Response:
        async with context.reads() as session:
            rows = (
                []
                if mine is None
                else await memberships_of(session, context.keyring, mine.person, context.now)
            )
        memberships = [
            {
                "id": str(row.id),
                "name": row.name,
                "role": _role(row.role, context.language),
                "organization": organization,
                "until": row.expires_at,
                "is_chosen": mine is not None and row.id == mine.membership_id,
            }
            for row, organization in rows
        ]
        shown |= {
            "person": None if mine is None else mine.person.hex(),
            "ends_at": None if mine is None else mine.ends_at,
            "memberships": memberships,
            "query": f"return={quote(place, safe='')}&" if place else "",
            "place": place,
            "graphiql": context.settings.graphiql,
        }
        return page_response("account", context.language, depth, status, problems, **shown)

    async def _sign_in(self, request: Request, context: Context) -> Response:
        """Send the browser to the provider, with what it is asked sealed in a cookie."""
        place = _place(request.query_params.get("return", ""))
        again = request.query_params.get("again") == "1"
        try:
            url, asked = await self._provider.request(
                again=again, language=context.language, now=context.now
            )
        except ProviderAway:
            return self._away(context)
        kept = {
            **asdict(asked),
            "since": asked.since.isoformat(),
            "until": (context.now + _ASKED_FOR).isoformat(),
            "language": context.language,
            "place": place,
        }
        sealed = context.keyring.seal_sign_in(json.dumps(kept).encode())
        response = RedirectResponse(url, HTTPStatus.SEE_OTHER, PAGE_HEADERS)
        _set(response, context, _cookie(context, _ASKED), sealed.hex(), _ASKED_FOR)
        return response

    async def _signed_in(self, request: Request, context: Context) -> Response:
        """Take the provider's answer: begin a session."""
        # 1. That this browser asked, lately, and nobody sent it here with another's answer.
        kept = _asked(request, context)
        if kept is None or request.query_params.get("state") != kept["state"]:
            raise refusal("sign_in.not_asked")
        context.language = kept["language"]
        asked = AuthorizationRequest(
            kept["state"], kept["nonce"], kept["verifier"], datetime.fromisoformat(kept["since"])
        )
        # 2. Who they are.
        try:
            if "error" in request.query_params:
                raise NotSignedIn
            code = request.query_params.get("code", "")
            found = await self._provider.signed_in_by(code, asked, context.now)
        except ProviderAway:
            return self._away(context)
        except NotSignedIn:
            await charge(request.scope.get(METER), WRONG_TOKEN)
            raise refusal("sign_in.failed") from None
        # 3. A session: as what they acted before, or the only thing that they may act as.
        person = person_of(context.keyring, self._provider.issuer, found.subject)
        begun = PersonSession.begun(context.random, person, found.at, context.now)
        before = await _session(request, context)
        async with context.reads() as session:
            rows = await memberships_of(session, context.keyring, person, context.now)
        ids = [row.id for row, _ in rows]
        if before is not None and before.membership_id in ids:
            begun = begun.acting_as(before.membership_id)
        elif len(ids) == 1:
            begun = begun.acting_as(ids[0])
        # 4. The session before, if there is one, is no longer good, nor is any copy of it.
        if before is not None:
            await self._end(context, before)
        response = _on(context, kept["place"], is_acting=begun.membership_id is not None)
        _keep(response, context, begun)
        _drop(response, context, _cookie(context, _ASKED))
        return response

    async def _act(self, request: Request, context: Context) -> Response:
        """Act as another of one's memberships from now on."""
        form = await posted(request, context)
        mine = await _open(request, context)
        async with context.reads() as session:
            rows = await memberships_of(session, context.keyring, mine.person, context.now)
        wanted = next((row.id for row, _ in rows if str(row.id) == one_of(form, "id")), None)
        if wanted is None:
            raise refusal("membership.not_yours")
        return _acting(context, mine, wanted, _place(one_of(form, "return")))

    async def _accept(self, request: Request, context: Context) -> Response:
        """Accept an invitation, and act as what it is for."""
        form = await posted(request, context)
        mine, place = await _open(request, context), _place(one_of(form, "return"))
        actor = signed_in_as(mine.person)
        given = {"invitation": one_of(form, "invitation")}
        try:
            outcome = await perform(accept_membership, context.environment, actor, given)
        except Rejected as rejected:
            if any(one.code == "membership.invitation" for one in rejected.problems):
                await charge(request.scope.get(METER), WRONG_TOKEN)
            said = [one.message(context.language) for one in rejected.problems]
            status = STATUS[rejected.problems[0].kind]
            return await self._page(context, mine, 1, status, said, place=place)
        return _acting(context, mine, outcome.results[0].id, place)

    async def _end(self, context: Context, session: PersonSession) -> None:
        async with context.sessions.begin() as writing:
            await end_session(writing, session, context.now)
        context.callers.clear()

    def _away(self, context: Context) -> Response:
        said = [Problem(code="sign_in.provider_away").message(context.language)]
        return page_response(
            self.message, context.language, 1, HTTPStatus.SERVICE_UNAVAILABLE, said
        )

    async def _sign_out(self, request: Request, context: Context) -> Response:
        await posted(request, context)
        mine = await _session(request, context)
        if mine is not None:
            await self._end(context, mine)
        response = see_other(f"../account?done=signed_out&lang={context.language}")
        _drop(response, context, session_cookie(is_local=context.settings.is_local))
        return response


def _role(role: Role, language: str) -> object:
    """Return what somebody acts as, for people."""
    return in_words(role, language) if language == "zh" else role_name(role).capitalize()


async def _to_account(request: Request) -> Response:
    """Lead to the page who chooses the other language of a refused form."""
    language = page_language(request, request.query_params.get("lang"))
    place = _place(request.query_params.get("return", ""))
    back = f"&return={quote(place, safe='')}" if place else ""
    return see_other(f"../account?lang={language}{back}")


async def _session(request: Request, context: Context) -> PersonSession | None:
    text = session_in(dict(request.scope["headers"]), is_local=context.settings.is_local)
    if text is None:
        return None
    async with context.reads() as session:
        return await open_session(session, context.keyring, text, context.now)


async def _open(request: Request, context: Context) -> PersonSession:
    """Return the session that is open. Raises `Rejected`."""
    mine = await _session(request, context)
    if mine is None:
        raise refusal("sign_in.session_over")
    return mine


def _on(context: Context, place: str, *, is_acting: bool) -> Response:
    """Lead on: to where somebody came from, once they act as something; else to their page."""
    if is_acting and place:
        return see_other(f"..{place}")
    back = f"&return={quote(place, safe='')}" if place else ""
    done = "&done=acting" if is_acting else ""
    return see_other(f"../account?lang={context.language}{done}{back}")


def _acting(context: Context, mine: PersonSession, membership_id: UUID, place: str) -> Response:
    response = _on(context, place, is_acting=True)
    _keep(response, context, mine.acting_as(membership_id))
    return response


def _asked(request: Request, context: Context) -> Mapping[str, Any] | None:
    """Return what this browser asked of the provider lately; None where it did not."""
    try:
        cookie = cookie_in(dict(request.scope["headers"]), _cookie(context, _ASKED))
        sealed = bytes.fromhex(cookie or "")
        kept: Mapping[str, Any] = json.loads(context.keyring.open_sign_in(sealed))
    except (ValueError, CannotOpen):
        return None
    return kept if context.now < datetime.fromisoformat(kept["until"]) else None


def _place(text: str) -> str:
    """Return a place of this site to go to; empty where the text is none."""
    is_here = text.startswith("/") and not text.startswith(("//", "/\\"))
    is_plain = len(text) <= _LONGEST_PLACE and text.isascii() and text.isprintable()
    return text if is_here and is_plain and "\\" not in text else ""


def _cookie(context: Context, name: str) -> str:
    return cookie_name(name, is_local=context.settings.is_local)


def _keep(response: Response, context: Context, session: PersonSession) -> None:
    """Give the browser its session, until that ends."""
    name = session_cookie(is_local=context.settings.is_local)
    _set(response, context, name, session.text(context.keyring), session.ends_at - context.now)


def _drop(response: Response, context: Context, name: str) -> None:
    response.delete_cookie(name, path="/", secure=not context.settings.is_local)


def _set(response: Response, context: Context, name: str, value: str, age: timedelta) -> None:
    response.set_cookie(
        name,
        value,
        max_age=int(age.total_seconds()),
        path="/",
        secure=not context.settings.is_local,
        httponly=True,
        samesite="lax",  # the provider's page leads here
    )
