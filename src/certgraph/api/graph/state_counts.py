# ruff: noqa: ANN401 - a column, and what is made of its states
"""How many certificates, records, proposals and applications are in each state."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any

import strawberry

from certgraph.api.context import Context, Info
from certgraph.api.graph.certificate_filters import (
    of_certificate_type,
    of_certificates,
    of_issuer,
)
from certgraph.api.graph.certificates import Certificate
from certgraph.api.graph.conversion import ConversionApplication
from certgraph.api.graph.enums import (
    ApplicationState,
    CertificateState,
    ProposalState,
    RecordState,
)
from certgraph.api.graph.outcome_records import LearningOutcomeRecord
from certgraph.api.graph.proposals import CreditProposal
from certgraph.api.reads.counting import counted_by, counts_of
from certgraph.api.reads.declarations import Condition, Policy
from certgraph.api.reads.declaring import policy_of
from certgraph.certificates.tables import CertificateRow
from certgraph.credit_bank.conversion.tables import ConversionApplicationRow
from certgraph.credit_bank.proposals.tables import CreditProposalRow
from certgraph.credit_bank.records.tables import OutcomeRecordRow
from certgraph.organizations.queries import is_of_organization

_STATE, _COUNT = "In this state.", "How many; states of which there are none are left out."

OrganizationCode = Annotated[
    str | None, strawberry.argument(description="Of the organization with this code.")
]
CertificateTypeCode = Annotated[
    str | None, strawberry.argument(description="Of the certificate type with this code.")
]


@strawberry.type(description="How many certificates are in a state.")
class CertificateCount:
    """See `certgraph.certificates.rules.CertificateState`."""

    state: CertificateState = strawberry.field(description=_STATE)
    count: int = strawberry.field(description=_COUNT)


@strawberry.type(description="How many learning-outcome records are in a state.")
class LearningOutcomeRecordCount:
    """See `certgraph.credit_bank.rules.RecordState`."""

    state: RecordState = strawberry.field(description=_STATE)
    count: int = strawberry.field(description=_COUNT)


@strawberry.type(description="How many credit proposals are in a state.")
class CreditProposalCount:
    """See `certgraph.credit_bank.rules.ProposalState`."""

    state: ProposalState = strawberry.field(description=_STATE)
    count: int = strawberry.field(description=_COUNT)


@strawberry.type(description="How many conversion applications are in a state.")
class ConversionApplicationCount:
    """See `certgraph.credit_bank.rules.ApplicationState`."""

    state: ApplicationState = strawberry.field(description=_STATE)
    count: int = strawberry.field(description=_COUNT)


_certificates = policy_of(Certificate)
_records = policy_of(LearningOutcomeRecord)
_proposals = policy_of(CreditProposal)
_applications = policy_of(ConversionApplication)


async def _counted(
    context: Context, made: Any, policy: Policy, state: Any, conditions: Iterable[Condition]
) -> list[Any] | None:
    found = await counts_of(context, policy, state, conditions)
    return None if found is None else [made(state=one, count=count) for one, count in found]


def _of(column: Any, organization_code: str | None) -> Iterable[Condition]:
    return [] if organization_code is None else [is_of_organization(column, organization_code)]


@strawberry.type
class StateCountQuery:
    """Counts of lists, by state, of what the caller may read."""

    @strawberry.field(
        description="How many certificates that the caller may read are in each state; null for "
        "callers who read none.",
        metadata=counted_by(_certificates),
    )
    async def certificate_counts(
        self,
        info: Info,
        organization_code: OrganizationCode = None,
        certificate_type_code: CertificateTypeCode = None,
        issued_from: Annotated[
            date | None, strawberry.argument(description="Issued on this day or later.")
        ] = None,
        issued_to: Annotated[
            date | None, strawberry.argument(description="Issued on this day or earlier.")
        ] = None,
    ) -> list[CertificateCount] | None:
        conditions = [
            *of_issuer(organization_code),
            *of_certificate_type(certificate_type_code),
            *of_certificates(issued_from=issued_from, issued_to=issued_to),
        ]
        state = CertificateRow.state
        return await _counted(info.context, CertificateCount, _certificates, state, conditions)

    @strawberry.field(
        description="How many learning-outcome records that the caller may read are in each state; "
        "null for callers who read none.",
        metadata=counted_by(_records),
    )
    async def learning_outcome_record_counts(
        self, info: Info, organization_code: OrganizationCode = None
    ) -> list[LearningOutcomeRecordCount] | None:
        row = OutcomeRecordRow
        conditions = _of(row.organization_id, organization_code)
        made = LearningOutcomeRecordCount
        return await _counted(info.context, made, _records, row.state, conditions)

    @strawberry.field(
        description="How many credit proposals that the caller may read are in each state; null "
        "for callers who read none.",
        metadata=counted_by(_proposals),
    )
    async def credit_proposal_counts(
        self, info: Info, organization_code: OrganizationCode = None
    ) -> list[CreditProposalCount] | None:
        row = CreditProposalRow
        conditions = _of(row.organization_id, organization_code)
        made = CreditProposalCount
        return await _counted(info.context, made, _proposals, row.state, conditions)

    @strawberry.field(
        description="How many conversion applications that the caller may read are in each state; "
        "null for callers who read none.",
        metadata=counted_by(_applications),
    )
    async def conversion_application_counts(
        self, info: Info, organization_code: OrganizationCode = None
    ) -> list[ConversionApplicationCount] | None:
        """Return them; the organization is the institution."""
        row = ConversionApplicationRow
        conditions = _of(row.organization_id, organization_code)
        made = ConversionApplicationCount
        return await _counted(info.context, made, _applications, row.state, conditions)
