"""Links for the holders of a whole batch over plain HTTP: a table to send them from."""

import csv
import io
from collections.abc import AsyncIterator
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from certgraph.actions.parties import Actor, Role
from certgraph.actions.performing import perform
from certgraph.api.context import Context
from certgraph.api.http.batch_files import PATH as BATCHES
from certgraph.api.http.batch_files import readable_batch
from certgraph.api.http.files import Files, check_role
from certgraph.api.http.static_files import SAFE_HEADERS
from certgraph.calendar import CHINA
from certgraph.certificates import run_queries
from certgraph.certificates.batches.tables import BatchRow
from certgraph.certificates.holders.links import holder_url
from certgraph.certificates.holders.rules import LINK_DAYS, LONGEST_LINK_DAYS
from certgraph.certificates.holders.sending import create_holder_links
from certgraph.certificates.holders.tables import HolderLinkRow
from certgraph.certificates.printed.selecting import is_printed
from certgraph.certificates.tables import CertificateRow
from certgraph.problems import refusal

_PART = 1_000
"""Links that are made in one action."""

_TITLES = ("证书编号", "姓名", "链接", "有效至")


class HolderLinkFiles(Files):
    """Answers `/batches/{id}/holder-links.csv`."""

    def routes(self) -> list[Route]:
        """Return where it is."""
        path = BATCHES + "/{id:uuid}/holder-links.csv"
        return [Route(path, self.answered(_links_of_batch), methods=["POST"])]


async def _links_of_batch(request: Request, context: Context) -> Response:
    """Make a link for the holder of each valid certificate of a batch. Raises `Rejected`."""
    caller = check_role(context, {Role.EVALUATION_ORGANIZATION})
    days = request.query_params.get("days", str(LINK_DAYS))
    if not days.isdecimal() or not 1 <= int(days[:9]) <= LONGEST_LINK_DAYS:
        raise refusal("holder.days", "days", shortest=1, longest=LONGEST_LINK_DAYS)
    batch, _, _ = await readable_batch(request, context)
    table = io.StringIO()
    written = csv.writer(table)
    written.writerow(_TITLES)
    async for row, link in _links(context, caller, batch, int(days)):
        url = holder_url(context.keyring, context.settings.base_url, link.id)
        ends = link.expires_at.astimezone(CHINA)
        written.writerow([row.number, row.holder_name, url, f"{ends:%Y-%m-%d %H:%M}"])
    headers = {
        **SAFE_HEADERS,
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="holder-links-{batch.id}.csv"',
    }
    body = table.getvalue().encode("utf-8-sig")
    return Response(body, HTTPStatus.CREATED, headers, "text/csv")


async def _links(
    context: Context, caller: Actor, batch: BatchRow, days: int
) -> AsyncIterator[tuple[CertificateRow, HolderLinkRow]]:
    """Make the links, some at a time; made again, they end those before. Raises `Rejected`."""
    if batch.issue_run_id is None or batch.issued_at is None:
        raise refusal("batch.not_issued")
    first = 0
    while True:
        async with context.reads() as session:
            rows = await run_queries.part_of_run(session, batch.issue_run_id, first, _PART)
        if not rows:
            return
        first = rows[-1].position + 1
        valid = [row for row in rows if is_printed(row)]
        if not valid:
            continue
        given = {"numbers": [row.number for row in valid], "lifetime_days": days}
        outcome = await perform(create_holder_links, context.environment, caller, given)
        for row, link in zip(valid, outcome.results[0], strict=True):
            yield row, link
