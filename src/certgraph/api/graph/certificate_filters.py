"""The filters of certificates, the same at the root and below an organization or a type."""

from datetime import date

from certgraph.api.graph.enums import CertificateLevel, CertificateState, RegistrationState
from certgraph.api.graph.filters import of_organization, of_type
from certgraph.api.reads.arguments import TODAY, day_of_request, is_one_of, through
from certgraph.api.reads.declarations import Conditions
from certgraph.certificates import queries, run_queries
from certgraph.certificates.lookup_keys import holder_name_key, number_key
from certgraph.certificates.registration_queries import is_in_registration_state
from certgraph.certificates.rules import REGISTRATION_SOON_DAYS
from certgraph.certificates.tables import CertificateRow

REGISTRATION_SOON = day_of_request("registration_soon", REGISTRATION_SOON_DAYS)


def of_certificates(
    state: CertificateState | None = None,
    states: list[CertificateState] | None = None,
    level: CertificateLevel | None = None,
    issued_from: date | None = None,
    issued_to: date | None = None,
    registration_due_to: date | None = None,
    registration: RegistrationState | None = None,
) -> Conditions:
    """Yield the conditions of the filters.

    Args:
        state: In this state.
        states: In one of these states.
        level: Of this level.
        issued_from: Issued on this day or later.
        issued_to: Issued on this day or earlier.
        registration_due_to: To be entered on the platform by this day, and not entered yet.
        registration: With its last day for being entered in this state, today.
    """
    if state is not None:
        yield CertificateRow.state == state
    if states is not None:
        yield is_one_of(CertificateRow.state, states)
    wanted = [*([state] if state is not None else []), *(states or ())]
    if wanted and CertificateState.REGISTERED not in wanted:
        yield queries.is_not_registered()
    if level is not None:
        yield CertificateRow.level == level
    if issued_from is not None:
        yield CertificateRow.issued_on >= issued_from
    if issued_to is not None:
        yield CertificateRow.issued_on <= issued_to
    if registration_due_to is not None:
        yield CertificateRow.registration_due_on <= registration_due_to
        yield CertificateRow.state == CertificateState.ISSUED
        yield queries.is_not_registered()
    if registration is not None:
        yield from is_in_registration_state(registration, TODAY, REGISTRATION_SOON)


def of_candidates(
    number: str | None = None, holder_name: str | None = None, reference: str | None = None
) -> Conditions:
    """Yield the conditions of the filters.

    Args:
        number: With this number, in capitals or not.
        holder_name: Of a holder with exactly this name, blanks and dots aside.
        reference: Of the candidate with exactly this key of the organization's own.
    """
    if number is not None:
        yield CertificateRow.number_key == through(number, number_key)
    if holder_name is not None:
        yield CertificateRow.holder_name_key == through(holder_name, holder_name_key)
    if reference is not None:
        yield CertificateRow.reference == reference


def of_runs(*, waits_for_signature: bool | None = None) -> Conditions:
    """Yield the condition of the filter.

    Args:
        waits_for_signature: Whether some of its certificates wait for the organization's own key.
    """
    if waits_for_signature is not None:
        waits = run_queries.waits_for_signature()
        yield waits if waits_for_signature else ~waits


of_issuer = of_organization(
    CertificateRow.organization_id, "Issued by the organization with this code."
)
of_certificate_type = of_type(
    CertificateRow.certificate_type_id, "Of the certificate type with this code."
)
