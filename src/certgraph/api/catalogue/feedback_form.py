"""Feedback on the pages of the catalogue: write, and look for the answer, rule R52."""

from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from certgraph.actions.parties import ANYBODY
from certgraph.actions.performing import perform
from certgraph.api.catalogue import words as in_words
from certgraph.api.catalogue.pages import GraphPages, asked, shown
from certgraph.api.context import Context
from certgraph.api.http.plain_pages import Form, one_of, posted
from certgraph.feedback.actions import TOKEN_PREFIX, submit_feedback
from certgraph.feedback.rules import FeedbackCategory
from certgraph.plain_pages.rendering import words
from certgraph.problems import Problem, Rejected
from certgraph.randomness import random_token

_PRIVATE = "no-store"


class FeedbackPages(GraphPages):
    """Answers what is below /catalogue/feedback."""

    def routes(self) -> list[Route]:
        """Return where it is."""
        path, get, post = "/catalogue/feedback", ["GET"], ["POST"]
        return [
            Route(path, self.answered(self._page, 1), methods=get),
            Route(path, self.answered(self._submit, 1), methods=post),
            Route(f"{path}/status", self.answered(self._page, 2), methods=get),
            Route(f"{path}/status", self.answered(self._status, 2), methods=post),
        ]

    async def _page(self, request: Request, context: Context) -> Response:
        return await self._shown(request, context)

    async def _submit(self, request: Request, context: Context) -> Response:
        form = await posted(request, context)
        category = in_words.member(one_of(form, "category"), "FeedbackCategory") or "OTHER"
        given = {
            "idempotency_key": one_of(form, "key") or random_token(context.random, 26),
            "category": FeedbackCategory[category],
            "text": one_of(form, "text").replace("\r\n", "\n").strip(),
            "subject_code": one_of(form, "subject").strip().upper() or None,
        }
        try:
            outcome = await perform(submit_feedback, context.environment, ANYBODY, given)
        except Rejected as rejected:
            said = [_said(one, context.language) for one in rejected.problems]
            return await self._shown(request, context, problems=said, typed=_typed(form))
        return shown(
            request,
            context,
            "feedback_sent",
            {},
            cache_control=_PRIVATE,
            token=outcome.results[1],
        )

    async def _status(self, request: Request, context: Context) -> Response:
        typed = one_of(await posted(request, context), "token").strip()
        token = TOKEN_PREFIX + typed.lower().removeprefix(TOKEN_PREFIX).upper()
        data = await self.read("tracked", context, token=token)
        status = HTTPStatus.OK if data["feedbackStatus"] else HTTPStatus.NOT_FOUND
        return shown(
            request,
            context,
            "feedback_status",
            data,
            status=status,
            cache_control=_PRIVATE,
            typed=typed,
        )

    async def _shown(
        self,
        request: Request,
        context: Context,
        **more: Any,  # noqa: ANN401 - what a template shows
    ) -> Response:
        given = asked(request, "after", "subject")
        data = await self.read("feedback", context, after=given["after"])
        status = HTTPStatus.UNPROCESSABLE_ENTITY if more.get("problems") else HTTPStatus.OK
        typed = {"category": "OTHER", "text": "", "subject": given["subject"] or ""}
        return shown(
            request,
            context,
            "feedback",
            data,
            status=status,
            cache_control=_PRIVATE,  # whoever shares a form shares its key
            asked=given,
            key=random_token(context.random, 26),
            **{"typed": typed, **more},
        )


_FIELDS = {"text": "c_feedback_text", "subject_code": "c_feedback_subject"}


def _said(problem: Problem, language: str) -> str:
    """Return why a form is refused, with the field as the form names it."""
    w = words(language)
    if problem.code == "idempotency.conflict":  # sent, gone back to, changed and sent again
        return w["c_feedback_changed"]
    field = _FIELDS.get(".".join(problem.path))
    between = "：" if language == "zh" else ": "
    message = problem.message(language)
    return f"{w[field]}{between}{message}" if field else message


def _typed(form: Form) -> dict[str, str]:
    """Return what was typed, so that a form that is refused is not typed again."""
    return {name: one_of(form, name) for name in ("category", "text", "subject")}
