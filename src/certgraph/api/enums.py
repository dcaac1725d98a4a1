"""Every enumeration of the graph, registered once, before any type refers to it."""

import strawberry

from certgraph.certificates.rules import CertificateState, DocumentType, HolderBinding
from certgraph.credential.verification import Check, CheckState, Verdict
from certgraph.organizations.rules import (
    KeyCustody,
    OrganizationKind,
    OrganizationState,
    TokenRole,
)
from certgraph.standards.rules import CertificateLevel, CertificateTypeState

__all__ = [
    "CertificateLevel",
    "CertificateState",
    "CertificateTypeState",
    "Check",
    "CheckState",
    "DocumentType",
    "HolderBinding",
    "KeyCustody",
    "OrganizationKind",
    "OrganizationState",
    "TokenRole",
    "Verdict",
]

strawberry.enum(OrganizationKind, description="What an organization is; it may be several.")
strawberry.enum(
    OrganizationState,
    description="SELECTED 入选 → AGREED 签约 → ACTIVE ⇄ RECTIFYING → EXITED or HANDED_OVER.",
)
strawberry.enum(KeyCustody, description="Who holds the private key: sealed here, or elsewhere.")
strawberry.enum(TokenRole, description="What the bearer of a token may do.")
strawberry.enum(CertificateLevel, description="初级, 中级, 高级.")
strawberry.enum(CertificateTypeState, description="Where a certificate type stands.")
strawberry.enum(
    CertificateState,
    description="DRAFT → ISSUED → REGISTERED ⇄ SUSPENDED → REVOKED or SUPERSEDED.",
)
strawberry.enum(DocumentType, description="Kind of identity document.")
strawberry.enum(
    HolderBinding,
    description="How a certificate is tied to a document: not, by a tag the verifier compares, "
    "or by the masked number.",
)
strawberry.enum(Verdict, description="What a verifier says. Only VALID is good as it stands.")
strawberry.enum(Check, description="The checks, in their order.")
strawberry.enum(CheckState, description="A check that could not run has not passed.")
