"""Organizations in the graph."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from certgraph.actions.parties import Relation
from certgraph.api.graph.enums import (
    CertificateLevel,
    CertificateState,
    KeyCustody,
    OrganizationKind,
    OrganizationState,
    Role,
)
from certgraph.api.reads.declarations import Condition, Conditions, everybody
from certgraph.api.reads.declaring import column, computed, find, many, one, page, read_from
from certgraph.api.reads.policies import readers
from certgraph.api.relay import Connection, Node
from certgraph.certificates import queries as certificate_queries
from certgraph.certificates.tables import CertificateRow
from certgraph.organizations import queries
from certgraph.organizations.rules import KeyPurpose
from certgraph.organizations.tables import (
    ApiTokenRow,
    OrganizationKindRow,
    OrganizationRow,
    SigningKeyRow,
)
from certgraph.standards import queries as standard_queries
from certgraph.standards.tables import CertificateTypeOrganizationRow, CertificateTypeRow

if TYPE_CHECKING:
    from certgraph.api.graph.certificates import Certificate
    from certgraph.api.graph.standards import CertificateType


def _issuer_keys(_role: Role | None) -> Condition:
    return SigningKeyRow.purpose == KeyPurpose.ISSUER


@strawberry.type(description="A key that signs certificates 签名公钥.")
@read_from(SigningKeyRow, policy=_issuer_keys)
class IssuerKey(Node):
    """See `certgraph.organizations.tables.SigningKeyRow`."""

    kid: str = computed(
        bytes.hex,
        SigningKeyRow.kid,
        description="Key id, 16 hex digits, as certificates name it.",
    )
    public_key: str = computed(
        bytes.hex, SigningKeyRow.public_key, description="Ed25519 public key, 64 hex digits."
    )
    custody: KeyCustody = column(SigningKeyRow.custody)
    first_on: date = column(SigningKeyRow.first_on, description="First day for which it may sign.")
    last_on: date | None = column(
        SigningKeyRow.last_on, description="Last such day; null while in use."
    )
    compromised_on: date | None = column(
        SigningKeyRow.compromised_on,
        description="Certificates issued from this day on do not count; null if never.",
    )


@strawberry.type(description="A bearer token; the token itself was shown once.")
@read_from(ApiTokenRow, policy=readers({Role.OPERATOR: Relation.ANY}))
class ApiToken(Node):
    """See `certgraph.organizations.tables.ApiTokenRow`."""

    name: str = column(ApiTokenRow.name, description="What it is for.")
    role: Role = column(ApiTokenRow.role)
    organization: (
        Annotated["Organization", strawberry.lazy("certgraph.api.graph.organizations")] | None
    ) = one(ApiTokenRow.organization_id)
    reads_learners: bool = column(ApiTokenRow.reads_learners)
    created_at: datetime = column(ApiTokenRow.created_at)
    expires_at: datetime = column(ApiTokenRow.expires_at)
    revoked_at: datetime | None = column(ApiTokenRow.revoked_at)


@strawberry.type(description="An organization of the programme 机构.")
@read_from(OrganizationRow, policy=everybody)
class Organization(Node):
    """See `certgraph.organizations.tables.OrganizationRow`."""

    code: str = column(
        OrganizationRow.code, description="Its code in the programme; `iss` of certificates."
    )
    name: str = column(OrganizationRow.name)
    name_en: str | None = column(OrganizationRow.name_en)
    platform_name: str | None = column(
        OrganizationRow.platform_name, description="Its name on the platform, where that differs."
    )
    uscc: str | None = column(
        OrganizationRow.uscc,
        description="Unified social credit code 统一社会信用代码; null where no source gives it.",
    )
    division_code: str | None = column(
        OrganizationRow.division_code, description="GB/T 2260 code; null if unknown."
    )
    state: OrganizationState = column(OrganizationRow.state)
    state_since: date | None = column(
        OrganizationRow.state_since, description="First day; null if unknown."
    )
    source: str | None = column(OrganizationRow.source, description="Where this is known from.")
    note: str | None = column(OrganizationRow.note)
    kinds: list[OrganizationKind] = many(
        OrganizationKindRow.organization_id,
        value=OrganizationKindRow.kind,
        order_by=[OrganizationKindRow.kind],
        description="What it is in the programme.",
    )
    keys: list[IssuerKey] = many(
        SigningKeyRow.organization_id,
        order_by=[SigningKeyRow.first_on, SigningKeyRow.registered_at, SigningKeyRow.id],
        description="Its keys, oldest first.",
    )
    certificate_type_count: int = column(
        standard_queries.certificate_type_count(),
        description="How many certificate types it is behind.",
    )
    certificate_count: int = column(
        certificate_queries.certificate_count(),
        description="How many certificates it has issued, drafts included.",
    )

    @page(
        CertificateTypeOrganizationRow.organization_id,
        through=CertificateTypeOrganizationRow.certificate_type_id,
        of=Connection[
            Annotated["CertificateType", strawberry.lazy("certgraph.api.graph.standards")]
        ],
        order_by=[CertificateTypeRow.code],
        description="Certificate types it is behind, in the order of their codes.",
    )
    def certificate_types() -> Conditions:
        """Yield no conditions."""
        yield from ()

    @page(
        CertificateRow.organization_id,
        of=Connection[
            Annotated["Certificate", strawberry.lazy("certgraph.api.graph.certificates")]
        ],
        order_by=[CertificateRow.issued_on, CertificateRow.id],
        descending=True,
        description="Certificates it has issued, newest first, as far as the caller may read.",
    )
    def certificates(
        state: CertificateState | None = None,
        level: CertificateLevel | None = None,
    ) -> Conditions:
        """Yield the conditions of the filters."""
        if state is not None:
            yield CertificateRow.state == state
            if state is not CertificateState.REGISTERED:
                yield certificate_queries.is_not_registered()
        if level is not None:
            yield CertificateRow.level == level


@strawberry.type
class OrganizationQuery:
    """Reads of organizations."""

    @page(
        of=Connection[Organization],
        order_by=[OrganizationRow.code],
        description="Organizations in the order of their codes.",
    )
    def organizations(
        kind: OrganizationKind | None = None,
        division_code: str | None = None,
        name_contains: str | None = None,
    ) -> Conditions:
        """Yield the conditions of the filters."""
        if kind is not None:
            yield queries.is_of_kind(kind)
        if division_code is not None:
            yield OrganizationRow.division_code == division_code
        if name_contains is not None:
            yield queries.name_contains(name_contains)

    @find(
        of=Organization | None,
        description="The organization with a code; null where there is none.",
    )
    def organization(code: str) -> Conditions:
        """Yield the condition that names it."""
        yield OrganizationRow.code == code
