"""From certificates in the register to pages; drafts, and what is no longer valid, have none."""

import asyncio
import io
import re
import zipfile
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from certgraph.certificates import run_queries
from certgraph.certificates.printed.printing import MOST_PAGES, Printable, Printer, PrintFault
from certgraph.certificates.printed.reading_back import check_pages
from certgraph.certificates.rules import CertificateState
from certgraph.certificates.signing.batches import signed_bytes
from certgraph.certificates.tables import CertificateRow
from certgraph.credential.claims import claims_from
from certgraph.credential.claims_reader import read_claims
from certgraph.credential.encoding import decode
from certgraph.credential.qr_text import to_qr_text
from certgraph.database import Session, Sessions
from certgraph.organizations import queries as organization_queries
from certgraph.organizations.tables import SigningKeyRow
from certgraph.problems import Problem, refusal, reject_if
from certgraph.standards import queries as standard_queries

_PRINTED = {CertificateState.ISSUED, CertificateState.REGISTERED}
_PART = 50
"""Certificates of a batch that are read at a time."""


async def printables(
    session: Session, rows: Sequence[CertificateRow], host: str
) -> list[Printable]:
    """Return what the pages of certificates say. Their QR codes name `host`.

    Raises:
        Rejected: Names each that is a draft, erased, or no longer valid.
    """
    reject_if(
        Problem(code="print.not_valid", facts={"number": row.number, "state": row.state})
        for row in rows
        if not is_printed(row)
    )
    organizations = await organization_queries.organizations_by_ids(
        session, list({row.organization_id for row in rows})
    )
    types = await standard_queries.certificate_types_by_ids(
        session, list({row.certificate_type_id for row in rows})
    )
    outcomes = await standard_queries.outcomes_by_version_ids(
        session, list({row.standard_version_id for row in rows})
    )
    found = []
    for row in rows:
        key = await session.get_one(SigningKeyRow, row.signing_key_id)
        claims = read_claims(row.payload) or claims_from(decode(row.payload))
        organization = organizations[row.organization_id]
        printable = Printable(
            claims=claims,
            qr_text=to_qr_text(signed_bytes(row, key) or b"", host),
            issuer=organization.name,
            issuer_code=organization.code,
            certificate_type_code=types[row.certificate_type_id].code,
            outcomes={one.number: one.name for one in outcomes[row.standard_version_id]},
        )
        found.append(printable)
    return found


def is_printed(row: CertificateRow) -> bool:
    """Tell whether a certificate is printed: it counts, and its holder is known."""
    return row.state in _PRINTED and row.erased_at is None


def printed(printer: Printer, certificates: Sequence[Printable]) -> bytes:
    """Return one PDF, read back. Raises `Rejected`; also where layouts differ: a PDF has one."""
    if len(certificates) > MOST_PAGES:
        raise refusal("print.too_many", limit=MOST_PAGES)
    if len({printer.layout_of(one.certificate_type_code) for one in certificates}) > 1:
        raise refusal("print.several_layouts")
    try:
        pdf = printer.pdf(certificates)
        check_pages(pdf, certificates)
    except PrintFault as error:
        raise refusal("print.failed", detail=str(error)) from None
    return pdf


def file_name(number: str) -> str:
    """Return a name for a certificate's PDF: its number, where every system takes that."""
    return re.sub(r"[^\w-]+", "_", number)[:60] + ".pdf"


async def archive(
    reads: Sessions, printer: Printer, run_id: UUID, host: str
) -> AsyncIterator[bytes]:
    """Yield a ZIP archive with a PDF for each valid certificate of a run, as it is made.

    Those that were revoked, suspended or corrected meanwhile have none.

    Raises:
        Rejected: One does not print.
    """
    buffer = _Unseekable()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archived:
        first, names = 0, set[str]()
        while True:
            async with reads() as session:
                rows = await run_queries.part_of_run(session, run_id, first, _PART)
                if not rows:
                    break
                valid = [one for one in rows if is_printed(one)]
                pages = await printables(session, valid, host)
            first = rows[-1].position + 1
            for row, page in zip(valid, pages, strict=True):
                name = file_name(row.number)
                name = name if name not in names else f"{row.position}-{name}"
                names.add(name)
                pdf = await asyncio.to_thread(printed, printer, [page])
                archived.writestr(zipfile.ZipInfo(name, _EPOCH), pdf)
            yield buffer.taken()
    yield buffer.taken()


_EPOCH = (1980, 1, 1, 0, 0, 0)


class _Unseekable(io.RawIOBase):
    """Takes what a ZIP archive writes, to be passed on at once."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._parts.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        """Return what was written since the last time."""
        parts, self._parts = self._parts, []
        return b"".join(parts)
