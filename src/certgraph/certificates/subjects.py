"""What actions on certificates are about."""

from collections.abc import Sequence
from dataclasses import replace

from certgraph.actions.acting import Act
from certgraph.actions.declaring import Subject
from certgraph.actions.parties import Readers, Relation, Role
from certgraph.certificates import queries, run_queries
from certgraph.certificates.lookup_keys import number_key
from certgraph.certificates.tables import CertificateRow, IssueRunRow
from certgraph.database import Session
from certgraph.problems import Problem, refusal


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
ISSUED_READERS: Readers = {
    Role.OPERATOR: Relation.ANY,
    Role.EVALUATION_ORGANIZATION: Relation.OWN,
    Role.APPROVER: Relation.OWN,
}
"""Who reads what an organization issues: runs, batches, certificates as they are printed."""

CORRECTED_CERTIFICATE = replace(CERTIFICATE, find=_unlocked)
"""One that is locked together with those that it corrects and that correct it, in one order."""

RUN = Subject(
    row=IssueRunRow,
    key="run_id",
    find=run_queries.issue_run_by_id,
    missing="issue_run.not_found",
    owner=lambda row: row.organization_id,
)


async def certificates_named(
    act: Act, numbers: Sequence[str]
) -> tuple[list[CertificateRow | None], list[Problem]]:
    """Return the certificate of each number, locked, where it is the actor's to act on.

    Beside them the reason for each that is not there: another's is refused like an unknown one.
    """
    locked = await queries.certificates_by_number_keys(act.session, set(map(number_key, numbers)))
    found: list[CertificateRow | None] = []
    problems: list[Problem] = []
    for index, number in enumerate(numbers):
        row = locked.get(number_key(number))
        if row is not None and act.actor.organization_id not in (None, CERTIFICATE.owner(row)):
            row = None
        if row is None:
            path, facts = ("numbers", str(index)), {"number": number}
            problems.append(Problem(code=CERTIFICATE.missing, path=path, facts=facts))
        found.append(row)
    return found, problems


def reject_erased(certificate: CertificateRow) -> None:
    """Refuse a certificate whose holder was erased. Raises `Rejected`."""
    if certificate.erased_at is not None:
        raise refusal("certificate.erased", "number", number=certificate.number)
