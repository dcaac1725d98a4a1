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
from certgraph.api.graph.filters import of_organization
from certgraph.api.graph.outcome_records import LearningOutcomeRecord
from certgraph.api.graph.proposals import CreditProposal
from certgraph.api.reads.counting import counted_by, counts_of
from certgraph.api.reads.declarations import Condition, Policy
from certgraph.api.reads.declaring import policy_of
from certgraph.certificates.tables import CertificateRow
from certgraph.credit_bank.conversion.tables import ConversionApplicationRow
from certgraph.credit_bank.proposals.tables import CreditProposalRow
from certgraph.credit_bank.records.tables import OutcomeRecordRow

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


async def _counted(
    context: Context, made: Any, policy: Policy, state: Any, conditions: Iterable[Condition]
) -> list[Any] | None:
    found = await counts_of(context, policy, state, conditions)
    return None if found is None else [made(state=one, count=count) for one, count in found]


def _counts(made: Any, of: Any, row: Any, said: str) -> Any:
    """Return the field that counts the rows of a type, of all or of one organization."""
    policy = policy_of(of)

    async def counts(info: Info, organization_code: str | None = None) -> Any:
        conditions = of_organization(row.organization_id, "")(organization_code)
        return await _counted(info.context, made, policy, row.state, conditions)

    counts.__annotations__ |= {"organization_code": OrganizationCode, "return": list[made] | None}
    description = f"How many {said} that the caller may read are in each state; null for callers "
    return strawberry.field(
        resolver=counts,
        description=f"{description}who read none.",
        metadata=counted_by(policy),
    )


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

    learning_outcome_record_counts = _counts(
        LearningOutcomeRecordCount,
        LearningOutcomeRecord,
        OutcomeRecordRow,
        "learning-outcome records",
    )
    credit_proposal_counts = _counts(
        CreditProposalCount, CreditProposal, CreditProposalRow, "credit proposals"
    )
    conversion_application_counts = _counts(
        ConversionApplicationCount,
        ConversionApplication,
        ConversionApplicationRow,
        "conversion applications",
    )
