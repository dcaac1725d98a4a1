"""What actions on certificates are about."""

from dataclasses import replace

from certgraph.actions.declaring import Subject
from certgraph.certificates import queries, run_queries
from certgraph.certificates.lookup_keys import number_key
from certgraph.certificates.tables import CertificateRow, IssueRunRow
from certgraph.database import Session
from certgraph.problems import refusal


async def _locked(session: Session, number: str) -> CertificateRow | None:
    return await queries.certificate_by_number_key(session, number_key(number), for_update=True)


async def _unlocked(session: Session, number: str) -> CertificateRow | None:
    return await queries.certificate_by_number_key(session, number_key(number))


CERTIFICATE = Subject(
    row=CertificateRow,
    key="number",
    type=str,
    find=_locked,
    missing="certificate.not_found",
    owner=lambda row: row.organization_id,
    certificates=lambda row: (row.id,),
)
CORRECTED_CERTIFICATE = replace(CERTIFICATE, find=_unlocked)
"""One that is locked together with those that it corrects and that correct it, in one order."""

RUN = Subject(
    row=IssueRunRow,
    key="run_id",
    find=run_queries.issue_run_by_id,
    missing="issue_run.not_found",
    owner=lambda row: row.organization_id,
)


def reject_erased(certificate: CertificateRow) -> None:
    """Refuse a certificate whose holder was erased. Raises `Rejected`."""
    if certificate.erased_at is not None:
        raise refusal("certificate.erased", "number", number=certificate.number)
