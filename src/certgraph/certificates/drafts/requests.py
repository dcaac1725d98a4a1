"""What is asked for when certificates are issued, and the hash by which a retry is recognized."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Annotated
from uuid import UUID

from certgraph.actions.declaring import KeyOf
from certgraph.assessment.tables import ExamRegistrationRow
from certgraph.certificates.rules import HolderBinding
from certgraph.credential.claims import Outcome
from certgraph.identity_documents import DocumentType
from certgraph.standards.rules import Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One person to certify.

    Attributes:
        holder_name: As it is to be on the certificate.
        standard_code: Standard met.
        standard_version: Version of it.
        level: Level of the certificate.
        issued_on: Day of issue in China; today or earlier.
        expires_on: Last valid day; null where the certificate does not expire.
        document_type: Kind of identity document; null where none is recorded.
        document_number: Kept sealed; never on the certificate, never in an answer.
        holder_binding: How the certificate is tied to that document.
        reference: Your key of examination and candidate; certified once for a certificate, level
            and standard. It is kept as it is: not the number of an identity document.
        outcomes: Learning outcomes achieved, all by number or all by text.
        number: Certificate number, where one was assigned outside; null for a new one.
        exam_registration_id: The registration whose result it certifies; null where the
            organization examined elsewhere.
    """

    holder_name: str
    standard_code: str
    standard_version: str
    level: Level
    issued_on: date
    expires_on: date | None = None
    document_type: DocumentType | None = None
    document_number: str | None = None
    holder_binding: HolderBinding = HolderBinding.NONE
    reference: str | None = None
    outcomes: tuple[Outcome, ...] = ()
    number: str | None = None
    exam_registration_id: Annotated[UUID | None, KeyOf(ExamRegistrationRow)] = None


_FIELDS = tuple(field.name for field in fields(Candidate) if field.name != "outcomes")


def _plain(candidate: Candidate) -> list[object]:
    """Return a candidate's content, field by field; ten times faster than `asdict`."""
    outcomes = [(o.number, o.text, o.credits_tenths) for o in candidate.outcomes]
    return [*(getattr(candidate, name) for name in _FIELDS), outcomes]


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueRequest:
    """Certificates to issue in one run.

    Attributes:
        organization_code: The issuer.
        idempotency_key: The same key with the same content continues or repeats a run; with other
            content it is refused. 1 to 100 characters.
        candidates: 1 to 100,000, all of them issued or none.
        supersedes: Number of the certificate that the single candidate's one corrects.
        reason: Why it is corrected.
        tags: Holder tags that were computed before, by number; they say nothing new.
    """

    organization_code: str
    idempotency_key: str
    candidates: Sequence[Candidate]
    supersedes: str | None = None
    reason: str = ""
    tags: Mapping[str, bytes] = field(default_factory=dict)

    def canonical(self) -> bytes:
        """Return the content, the idempotency key aside, as bytes that are hashed under a key."""
        content = [
            self.organization_code,
            [_plain(candidate) for candidate in self.candidates],
            self.supersedes,
            self.reason,
        ]
        return json.dumps(content, default=str, ensure_ascii=False, sort_keys=True).encode()


def candidate_key(
    organization_code: str,
    certificate_type_code: str,
    standard_code: str,
    level: int,
    reference: str | None,
) -> str | None:
    """Return the business key of a candidate; None without a reference."""
    if reference is None:
        return None
    parts = [organization_code, certificate_type_code, standard_code, str(int(level)), reference]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
