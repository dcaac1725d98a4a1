"""Corrections: the facts of a certificate, with what is new about them."""

from dataclasses import dataclass, fields, replace
from datetime import date

from certgraph.actions.acting import Act
from certgraph.certificates.drafts.requests import Candidate, IssueRequest
from certgraph.certificates.rules import HolderBinding
from certgraph.certificates.tables import CertificateRow
from certgraph.credential.claims import Claims, claims_from
from certgraph.credential.encoding import decode
from certgraph.identity_documents import DocumentType
from certgraph.organizations.tables import OrganizationRow
from certgraph.problems import refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionDraft:
    """A correction; give what is new, leave out what stays.

    Attributes:
        holder_name: As it is to be on the certificate.
        expires_on: Last valid day.
        document_type: Kind of identity document.
        document_number: Kept sealed; never on the certificate, never in an answer.
    """

    holder_name: str | None = None
    expires_on: date | None = None
    document_type: DocumentType | None = None
    document_number: str | None = None


def claims_of(row: CertificateRow) -> Claims:
    """Return what a certificate states."""
    return claims_from(decode(row.payload))


def correction_request(
    act: Act, row: CertificateRow, organization: OrganizationRow, draft: CorrectionDraft
) -> IssueRequest:
    """Return the request for a corrected certificate: the old one's facts, with what is new.

    Raises:
        Rejected: Nothing is corrected.
    """
    claims = claims_of(row)
    document = None
    if row.document_sealed is not None:
        document = act.keyring.open_document(row.document_sealed, row.id.bytes)
    binding = HolderBinding.NONE
    if claims.holder_tag is not None:
        binding = HolderBinding.TAG
    elif claims.masked_document is not None:
        binding = HolderBinding.MASKED_DOCUMENT
    candidate = Candidate(
        holder_name=row.holder_name,
        standard_code=claims.standard_code,
        standard_version=claims.standard_version,
        level=row.level,
        issued_on=row.issued_on,
        expires_on=row.expires_on,
        document_type=row.document_type,
        document_number=document,
        holder_binding=binding,
        outcomes=claims.outcomes,
        exam_registration_id=row.exam_registration_id,
    )
    given = {one.name: getattr(draft, one.name) for one in fields(draft)}
    corrected = replace(candidate, **{k: v for k, v in given.items() if v is not None})
    if corrected == candidate:
        raise refusal("certificate.nothing_corrected", number=row.number)
    return IssueRequest(
        organization_code=organization.code,
        idempotency_key=act.key,
        candidates=[corrected],
        supersedes=row.number,
        reason=act.reason,
    )
