"""Links for the holders of a whole batch over plain HTTP: a table to send them from."""

import csv
import io
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import NamedTuple
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from certgraph.actions.parties import Actor
from certgraph.actions.performing import perform
from certgraph.api.context import Context
from certgraph.api.http.batch_files import ONE, readable_batch
from certgraph.api.http.files import Files, way
from certgraph.api.http.static_files import SAFE_HEADERS
from certgraph.calendar import CHINA
from certgraph.certificates import run_queries
from certgraph.certificates.holders.links import holder_url
from certgraph.certificates.holders.rules import LINK_DAYS, LONGEST_LINK_DAYS
from certgraph.certificates.holders.sending import create_holder_links
from certgraph.certificates.printed.selecting import is_printed
from certgraph.problems import refusal
from certgraph.text import spreadsheet_text

_PART = 1_000
"""Certificates that are read at a time."""

_TITLES = ("证书编号", "姓名", "链接", "有效至")


class Held(NamedTuple):
    """A certificate's number, and whose it is."""

    number: str
    holder_name: str


class HolderLinkFiles(Files):
    """Answers `/batches/{id}/holder-links.csv`."""

    @way("POST", f"{ONE}/holder-links.csv", create_holder_links)
    async def _links_of_batch(self, request: Request, context: Context, caller: Actor) -> Response:
        """Make a link for the holder of each valid certificate of a batch. Raises `Rejected`."""
        days = request.query_params.get("days", str(LINK_DAYS))
        if not days.isdecimal() or len(days) > 4 or not 1 <= int(days) <= LONGEST_LINK_DAYS:
            raise refusal("holder.days", "days", shortest=1, longest=LONGEST_LINK_DAYS)
        batch, _, _ = await readable_batch(request, context, caller)
        if batch.issue_run_id is None or batch.issued_at is None:
            raise refusal("batch.not_issued")
        rows = [row async for row in _valid(context, batch.issue_run_id)]
        given = {"numbers": [row.number for row in rows], "lifetime_days": int(days)}
        outcome = await perform(create_holder_links, context.environment, caller, given)
        table = io.StringIO()
        written = csv.writer(table)
        written.writerow(_TITLES)
        for row, link in zip(rows, outcome.results[0], strict=True):
            url = holder_url(context.keyring, context.settings.pages_url, link.id)
            ends = f"{link.expires_at.astimezone(CHINA):%Y-%m-%d %H:%M}"
            written.writerow(map(spreadsheet_text, (row.number, row.holder_name, url, ends)))
        headers = {
            **SAFE_HEADERS,
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="holder-links-{batch.id}.csv"',
        }
        body = table.getvalue().encode("utf-8-sig")
        return Response(body, HTTPStatus.CREATED, headers, "text/csv")


async def _valid(context: Context, run_id: UUID) -> AsyncIterator[Held]:
    """Yield number and holder of each valid certificate of a run."""
    first = 0
    while True:
        async with context.reads() as session:
            rows = await run_queries.part_of_run(session, run_id, first, _PART)
        if not rows:
            return
        first = rows[-1].position + 1
        for row in rows:
            if is_printed(row):
                yield Held(row.number, row.holder_name)
