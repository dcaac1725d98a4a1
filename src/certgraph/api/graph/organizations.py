"""Organizations in the graph."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from certgraph.actions.parties import Relation
from certgraph.api.graph.appointments import Appointment
from certgraph.api.graph.certificate_filters import (
    of_candidates,
    of_certificate_type,
    of_certificates,
    of_runs,
)
from certgraph.api.graph.conversion_filters import of_measures
from certgraph.api.graph.entitlements import ORDER as ENTITLEMENTS_ORDER
from certgraph.api.graph.entitlements import Entitlement, that_hold
from certgraph.api.graph.enums import (
    OrganizationKind,
    OrganizationOrder,
    OrganizationState,
    Role,
)
from certgraph.api.graph.issuer_keys import IssuerKey
from certgraph.api.graph.programme_filters import (
    of_filings,
    of_obligations,
    of_participations,
)
from certgraph.api.reads.arguments import CALLER_ORGANIZATION
from certgraph.api.reads.declarations import Conditions, everybody
from certgraph.api.reads.declaring import (
    all_of,
    column,
    find,
    many,
    many_where,
    one,
    ordered,
    page,
    read_from,
)
from certgraph.api.reads.policies import readers
from certgraph.api.relay import Connection, Node
from certgraph.certificates import queries as certificate_queries
from certgraph.certificates.tables import CertificateRow, IssueRunRow
from certgraph.credit_bank.conversion.tables import ConversionMeasureRow
from certgraph.duties.tables import FilingRow, ObligationRow
from certgraph.entitlements.tables import EntitlementRow
from certgraph.organizations import queries
from certgraph.organizations.tables import (
    AppointmentRow,
    OrganizationKindRow,
    OrganizationRow,
    OrganizationStateChangeRow,
    SigningKeyRow,
)
from certgraph.participation.tables import ParticipationRow
from certgraph.standards import queries as standard_queries
from certgraph.standards.tables import CertificateTypeOrganizationRow, CertificateTypeRow

if TYPE_CHECKING:
    from certgraph.api.graph.certificates import Certificate, IssueRun, RegistrationCounts
    from certgraph.api.graph.conversion import ConversionMeasure
    from certgraph.api.graph.filings import Filing
    from certgraph.api.graph.obligations import Obligation
    from certgraph.api.graph.participations import Participation
    from certgraph.api.graph.standards import CertificateType


_SUPERVISED = queries.supervised_by(CALLER_ORGANIZATION)
_changes = readers(
    {
        **dict.fromkeys((Role.OPERATOR, Role.MINISTRY, Role.ENTRUSTED_BODY), Relation.ANY),
        Role.PROVINCIAL_AUTHORITY: Relation.OVER,
        **dict.fromkeys(
            (Role.EVALUATION_ORGANIZATION, Role.APPROVER, Role.PILOT_INSTITUTION), Relation.OWN
        ),
    },
    OrganizationStateChangeRow.organization_id,
    supervised=_SUPERVISED,
)


@strawberry.type(
    description="A change of an organization's state. It reads its own, an authority those of the "
    "institutions it supervises, the programme's offices all."
)
@read_from(OrganizationStateChangeRow, policy=_changes)
class OrganizationStateChange:
    """See `certgraph.organizations.tables.OrganizationStateChangeRow`."""

    state: OrganizationState = column(
        OrganizationStateChangeRow.state, description="The state it came into."
    )
    since: date | None = column(
        OrganizationStateChangeRow.since, description="First day of it; null if unknown."
    )
    reason: str = column(OrganizationStateChangeRow.reason, description="Why.")
    changed_by: str = column(
        OrganizationStateChangeRow.changed_by,
        description="Who recorded it: a token, a person or the command line; empty where nobody "
        "noted it.",
    )
    recorded_at: datetime = column(
        OrganizationStateChangeRow.recorded_at, description="When it was recorded."
    )


@strawberry.type(description="An organization of the programme 机构.")
@read_from(OrganizationRow, policy=everybody)
class Organization(Node):
    """See `certgraph.organizations.tables.OrganizationRow`."""

    code: str = column(
        OrganizationRow.code, description="Its code in the programme; `iss` of certificates."
    )
    name: str = column(OrganizationRow.name, description="Its Chinese name.")
    name_en: str | None = column(
        OrganizationRow.name_en, description="Its English name; null if unknown."
    )
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
    state: OrganizationState = column(
        OrganizationRow.state, description="Its state in the programme."
    )
    state_since: date | None = column(
        OrganizationRow.state_since, description="First day; null if unknown."
    )
    source: str | None = column(OrganizationRow.source, description="Where this is known from.")
    note: str | None = column(OrganizationRow.note, description="What else a source says of it.")
    supervised_by: (
        Annotated["Organization", strawberry.lazy("certgraph.api.graph.organizations")] | None
    ) = one(
        OrganizationRow.supervised_by_id,
        to=OrganizationRow.id,
        description="The authority that it names as its supervisor; null where that is the one of "
        "its division.",
    )
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
    state_changes: list[OrganizationStateChange] = many(
        OrganizationStateChangeRow.organization_id,
        order_by=[OrganizationStateChangeRow.recorded_at, OrganizationStateChangeRow.id],
        description="Its changes of state, oldest first, as far as the caller may read.",
    )
    appointments: list[Appointment] = many(
        AppointmentRow.organization_id,
        order_by=[AppointmentRow.first_on, AppointmentRow.id],
        description="Persons that it names, oldest first, as far as the caller may read.",
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

    entitlements = many_where(
        EntitlementRow.organization_id,
        of=list[Entitlement],
        order_by=ENTITLEMENTS_ORDER,
        description="What it may issue, might once, or will: one entry a type and level.",
    )(that_hold)
    certificates = page(
        CertificateRow.organization_id,
        of=Connection[
            Annotated["Certificate", strawberry.lazy("certgraph.api.graph.certificates")]
        ],
        order_by=[CertificateRow.issued_on, CertificateRow.id],
        descending=True,
        description="Certificates it has issued, newest first, as far as the caller may read.",
    )(all_of(of_certificate_type, of_certificates, of_candidates))
    issue_runs = page(
        IssueRunRow.organization_id,
        of=Connection[Annotated["IssueRun", strawberry.lazy("certgraph.api.graph.certificates")]],
        order_by=[IssueRunRow.requested_at, IssueRunRow.id],
        descending=True,
        description="Its requests to issue, newest first, as far as the caller may read.",
    )(of_runs)
    registrations: (
        Annotated["RegistrationCounts", strawberry.lazy("certgraph.api.graph.certificates")] | None
    ) = one(
        OrganizationRow.id,
        to=OrganizationRow.id,
        description="How it enters its certificates on the platform; null for callers who may not "
        "know.",
    )
    participations = page(
        ParticipationRow.institution_id,
        of=Connection[
            Annotated["Participation", strawberry.lazy("certgraph.api.graph.participations")]
        ],
        order_by=[ParticipationRow.applied_at, ParticipationRow.id],
        descending=True,
        description="What it takes part in, lately applied ones first, as far as the caller may "
        "read.",
    )(of_participations)
    filings = page(
        FilingRow.organization_id,
        of=Connection[Annotated["Filing", strawberry.lazy("certgraph.api.graph.filings")]],
        order_by=[FilingRow.submitted_at, FilingRow.id],
        descending=True,
        description="What it handed in, newest first, as far as the caller may read.",
    )(of_filings)
    obligations = page(
        ObligationRow.debtor_id,
        of=Connection[Annotated["Obligation", strawberry.lazy("certgraph.api.graph.obligations")]],
        order_by=[ObligationRow.ordered_on, ObligationRow.id],
        description="What it owes, earliest last day first, as far as the caller may read.",
    )(of_obligations)
    conversion_measures = page(
        ConversionMeasureRow.organization_id,
        of=Connection[
            Annotated["ConversionMeasure", strawberry.lazy("certgraph.api.graph.conversion")]
        ],
        order_by=[ConversionMeasureRow.filed_at, ConversionMeasureRow.id],
        descending=True,
        description="Its conversion measures, lately filed ones first.",
    )(of_measures)


@strawberry.type
class OrganizationQuery:
    """Reads of organizations."""

    @page(
        of=Connection[Organization],
        order_by=[OrganizationRow.code],
        orders={
            OrganizationOrder.CODE: ordered(OrganizationRow.code),
            OrganizationOrder.NAME: ordered(OrganizationRow.name, OrganizationRow.code),
        },
        description="Organizations, by code if no other order is asked for.",
    )
    def organizations(
        kind: OrganizationKind | None = None,
        division_code: str | None = None,
        name_contains: str | None = None,
        state: OrganizationState | None = None,
    ) -> Conditions:
        """Yield the conditions of the filters.

        Args:
            kind: Of this kind, whatever else it is.
            division_code: With its seat in the division with this GB/T 2260 code.
            name_contains: With this in its name, or in its name on the platform; case is one.
            state: In this state.
        """
        if state is not None:
            yield OrganizationRow.state == state
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
        """Yield the condition that names it.

        Args:
            code: Its code in the programme, e.g. EO-001.
        """
        yield OrganizationRow.code == code
