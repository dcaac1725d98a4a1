"""What mutations on certificates take."""

from datetime import date

import strawberry

from certgraph.api.enums import CertificateLevel, DocumentType, HolderBinding
from certgraph.api.mutating import IDEMPOTENCY_KEY
from certgraph.certificates.requests import Candidate
from certgraph.credential.claims import Outcome


@strawberry.input(description="A learning outcome achieved: by number, or by its text.")
class AchievedOutcomeInput:
    """See `certgraph.credential.claims.Outcome`."""

    number: int | None = None
    text: str | None = None
    credits_tenths: int = strawberry.field(description="Credits times ten: 15 means 1.5.")


@strawberry.input(description="A person to certify.")
class CandidateInput:
    """See `certgraph.certificates.requests.Candidate`."""

    holder_name: str
    standard_code: str
    standard_version: str
    level: CertificateLevel
    issued_on: date
    expires_on: date | None = None
    document_type: DocumentType | None = None
    document_number: str | None = strawberry.field(
        default=None, description="Kept sealed; never on the certificate, never in an answer."
    )
    holder_binding: HolderBinding = HolderBinding.NONE
    reference: str | None = strawberry.field(
        default=None, description="Your key of examination and candidate; certified once."
    )
    outcomes: list[AchievedOutcomeInput] = strawberry.field(default_factory=list)
    number: str | None = strawberry.field(
        default=None, description="Certificate number, where one was assigned outside."
    )

    def to_candidate(self) -> Candidate:
        """Convert."""
        return Candidate(
            holder_name=self.holder_name,
            standard_code=self.standard_code,
            standard_version=self.standard_version,
            level=int(self.level),
            issued_on=self.issued_on,
            expires_on=self.expires_on,
            document_type=self.document_type,
            document_number=self.document_number,
            holder_binding=self.holder_binding,
            reference=self.reference,
            outcomes=tuple(
                Outcome(number=o.number, text=o.text, credits_tenths=o.credits_tenths)
                for o in self.outcomes
            ),
            number=self.number,
        )


@strawberry.input(description="One certificate to issue.")
class CertificateIssueInput:
    """See `certgraph.certificates.requests.IssueRequest`."""

    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)
    organization_code: str
    candidate: CandidateInput


@strawberry.input(description="Certificates to issue together: all of them or none.")
class CertificatesIssueInput:
    """See `certgraph.certificates.requests.IssueRequest`."""

    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)
    organization_code: str
    candidates: list[CandidateInput] = strawberry.field(description="1 to 200.")


@strawberry.input(description="The organization's signature of one certificate.")
class CertificateSignatureInput:
    """A signature of a `SigningRequest`."""

    certificate_id: strawberry.ID
    signature: str = strawberry.field(description="Ed25519 signature, 128 hex digits.")


@strawberry.input(description="Signatures made by the organization that holds its key.")
class CertificateSignaturesSubmitInput:
    """See `certgraph.certificates.issuing.submit_signatures`."""

    run_id: strawberry.ID
    signatures: list[CertificateSignatureInput]


@strawberry.input(description="A certificate, and why its state changes.")
class CertificateStateInput:
    """See `certgraph.certificates.service.change_certificate_state`."""

    number: str
    reason: str


@strawberry.input(description="A correction; give what is new, leave out what stays.")
class CertificateReissueInput:
    """See `certgraph.certificates.service.correction_request`."""

    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)
    number: str
    reason: str
    holder_name: str | None = None
    expires_on: date | None = None
    document_type: DocumentType | None = None
    document_number: str | None = None
