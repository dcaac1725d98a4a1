"""Checks of many certificates over plain HTTP, for employers with a token of a verifier."""

import asyncio
import json
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from certgraph.actions.acting import Act
from certgraph.actions.auditing import add_check
from certgraph.actions.parties import EVERYBODY, Actor
from certgraph.api.context import Context
from certgraph.api.http.files import (
    Files,
    MakeContext,
    json_response,
    table_response,
    taken_in,
    way,
)
from certgraph.api.http.forms import page_language
from certgraph.api.http.negotiation import prefers_html
from certgraph.api.http.outages import Outage
from certgraph.api.http.plain_pages import page_response
from certgraph.api.http.requests import unavailable
from certgraph.certificates.checks.answering import Checker, answered_table, word_of
from certgraph.certificates.checks.asking import read_asked
from certgraph.certificates.checks.receipts import CHECKERS, find_receipt, new_code, receipt_of
from certgraph.problems import Problem, Rejected
from certgraph.scanning.apart import kind_of, read_scan_apart
from certgraph.scanning.rows import table_of

PATH = "/checks"
MAX_BYTES = 16 * 1024 * 1024
_AT_ONCE = 2
"""Tables that are checked at a time."""


class CheckFiles(Files):
    """Answers `/checks`."""

    def __init__(self, context: MakeContext, outage: Outage) -> None:
        super().__init__(context, outage)
        self._gate = asyncio.Semaphore(_AT_ONCE)

    @way("POST", PATH, CHECKERS)
    async def _check(self, request: Request, context: Context, caller: Actor) -> Response:
        """Return a table with a verdict behind each row. Raises `Rejected`, `BadRequest`."""
        if self._gate.locked():
            raise unavailable("Other tables are being checked. Send it again.")
        data = await taken_in(request, MAX_BYTES)
        async with self._gate:
            kind = kind_of(data)
            if kind is None:
                table = await asyncio.to_thread(read_asked, data)
            else:
                scans = await asyncio.to_thread(read_scan_apart, data, kind)
                table = table_of(scans, context.language)
            trust = await context.trust_cache.trust()
            if trust is None:
                raise unavailable("No trust data are published here yet.")
            code = new_code(context.random)
            host, now = context.settings.public_host, context.now
            checker = Checker(context.reads, trust, host, now, code)
            answers = await checker.answers(table.asked, context.language)
            answered = answered_table(table, answers, context.language)
            body = await asyncio.to_thread(answered.body)
            receipt = receipt_of(
                code,
                answers,
                body,
                trust_sequence=trust.trust_list.sequence,
                now=now,
                random=context.random,
            )
            async with context.sessions.begin() as session:
                session.add(receipt)
                await add_check(Act(session, caller, context.environment), receipt, len(answers))
        response = table_response(body, "checked", HTTPStatus.OK, is_csv=table.sheet.is_csv)
        response.headers["Receipt"] = f"{context.settings.pages_url}{PATH}/{code}"
        return response

    @way("GET", PATH + "/{code}", EVERYBODY)
    async def _receipt(self, request: Request, context: Context, _caller: Actor) -> Response:
        """Return the receipt of a check, to anyone. Raises `Rejected`."""
        async with context.reads() as session:
            receipt = await find_receipt(session, request.path_params["code"])
        language = page_language(request, request.query_params.get("lang"))
        is_page = prefers_html(request.headers.get("accept", ""))
        if receipt is None:
            missing = Problem(code="check.no_receipt")
            if not is_page:
                raise Rejected([missing])
            said = [missing.message(language)]
            return page_response("message", language, 1, HTTPStatus.NOT_FOUND, said)
        counts: dict[str, int] = json.loads(receipt.counts)
        if is_page:
            named = [(word_of(word, language), count) for word, count in counts.items()]
            return page_response("receipt", language, 1, receipt=receipt, counts=named)
        shown = {
            "code": receipt.code,
            "checkedAt": receipt.checked_at,
            "trustListSequence": receipt.trust_sequence,
            "rowCount": receipt.row_count,
            "verdicts": counts,
            "sha256": receipt.answer_sha256,
        }
        return json_response(shown, HTTPStatus.OK)
