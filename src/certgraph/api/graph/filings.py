# ruff: noqa: ANN401 - a column
"""Filings in the graph: what was handed in, word for word, and who said yes to it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any

import strawberry

from certgraph.actions.parties import OF_ONE_ORGANIZATION, OFFICES
from certgraph.api.graph.enums import CertificateLevel, Role
from certgraph.api.graph.filing_bodies import FILING_BODY, shown_body
from certgraph.api.graph.filters import of_organization, of_type
from certgraph.api.graph.organizations import Organization
from certgraph.api.graph.programme_enums import (
    ConsentAnswer,
    ConsentStep,
    FilingKind,
    FilingState,
)
from certgraph.api.graph.programme_filters import of_filings
from certgraph.api.graph.standards import CertificateType
from certgraph.api.reads.arguments import CALLER_ORGANIZATION
from certgraph.api.reads.declarations import Condition, Conditions, Either, Policy
from certgraph.api.reads.declaring import all_of, column, computed, many, one, page, read_from
from certgraph.api.relay import Connection, Node
from certgraph.duties import queries
from certgraph.duties.tables import ConsentRow, FilingChangeRow, FilingRow, FilingVersionRow
from certgraph.organizations.queries import supervised_by


def _parties(role: Role | None) -> Sequence[Condition]:
    """Return the conditions that a caller is a party of a filing; none: the role never is."""
    if role not in OF_ONE_ORGANIZATION:
        return ()
    mine = (
        FilingRow.organization_id == CALLER_ORGANIZATION,
        FilingRow.subject_id == CALLER_ORGANIZATION,
        queries.is_asked(CALLER_ORGANIZATION),
    )
    if role is Role.PROVINCIAL_AUTHORITY:
        return (*mine, FilingRow.organization_id.in_(supervised_by(CALLER_ORGANIZATION)))
    return mine


def _filings(role: Role | None) -> bool | Condition | Either:
    """Let everybody read what is published; its parties, its supervisor and the offices all."""
    if role in OFFICES:
        return True
    parties = _parties(role)
    if not parties:
        return queries.is_published()
    either = Either((queries.is_published(), *parties))
    return either.condition if role is Role.PROVINCIAL_AUTHORITY else either


def _of_version(filing_id: Any, version: Any) -> Policy:
    """Return the policy of what belongs to a version: parties read all, others the latest."""

    def policy(role: Role | None) -> bool | Condition:
        if role in OFFICES:
            return True
        parties = _parties(role)
        return queries.is_latest_or(
            filing_id, version, Either(parties).condition if parties else None
        )

    return policy


@strawberry.type(description="A version of a filing; it never changes.")
@read_from(
    FilingVersionRow, policy=_of_version(FilingVersionRow.filing_id, FilingVersionRow.number)
)
class FilingVersion:
    """See `certgraph.duties.tables.FilingVersionRow`."""

    number: int = column(FilingVersionRow.number, description="Its number, from 1.")
    body: FILING_BODY = computed(
        shown_body, FilingVersionRow.kind, FilingVersionRow.body, description="What it says."
    )
    sha256: str = column(
        FilingVersionRow.sha256, description="SHA-256, in hex, of its canonical JSON."
    )
    submitted_at: datetime = column(
        FilingVersionRow.submitted_at, description="When it was handed in."
    )


@strawberry.type(description="What an organization is asked to say of a version, and what it said.")
@read_from(ConsentRow, policy=_of_version(ConsentRow.filing_id, ConsentRow.version))
class Consent:
    """See `certgraph.duties.tables.ConsentRow`."""

    version: int = column(ConsentRow.version, description="Of which version.")
    organization: Organization = one(ConsentRow.organization_id, description="Who is asked.")
    step: ConsentStep = column(ConsentRow.step, description="To what it is asked to say yes.")
    is_needed: bool = column(
        ConsentRow.is_needed, description="Whether the filing is in effect only with this yes."
    )
    answer: ConsentAnswer | None = column(
        ConsentRow.answer, description="What it said; null: nothing yet."
    )
    remarks: str = column(ConsentRow.remarks, description="Why; empty: not said.")
    answered_at: datetime | None = column(ConsentRow.answered_at, description="When.")


@strawberry.type(description="A step of a filing.")
@read_from(FilingChangeRow, policy=_of_version(FilingChangeRow.filing_id, FilingChangeRow.version))
class FilingStep:
    """See `certgraph.duties.tables.FilingChangeRow`."""

    version: int = column(FilingChangeRow.version, description="Of which version.")
    state: FilingState = column(FilingChangeRow.state, description="Into which state.")
    remarks: str = column(FilingChangeRow.remarks, description="Why; empty: not said.")
    changed_at: datetime = column(FilingChangeRow.changed_at, description="When.")


@strawberry.type(
    description="A document that was handed in 填报: a report, an activity, an agreement and so "
    "on. Its parties read it; everybody reads what is published."
)
@read_from(FilingRow, policy=_filings)
class Filing(Node):
    """See `certgraph.duties.tables.FilingRow`."""

    kind: FilingKind = column(FilingRow.kind, description="What sort of document.")
    organization: Organization = one(FilingRow.organization_id, description="Who handed it in.")
    subject: Organization | None = one(
        FilingRow.subject_id, description="Whom it concerns; null: nobody else."
    )
    certificate_type: CertificateType | None = one(
        FilingRow.certificate_type_id, description="For which certificate type; null: for none."
    )
    level: CertificateLevel | None = column(
        FilingRow.level, description="For which level; null: for several, or none."
    )
    first_on: date | None = column(
        FilingRow.first_on, description="First day of its period; null: it has none."
    )
    last_on: date | None = column(
        FilingRow.last_on, description="Last day of its period; null: it has none, or no end."
    )
    starts_at: datetime | None = column(
        FilingRow.starts_at, description="When what it announces begins."
    )
    state: FilingState = column(FilingRow.state, description="Where it is.")
    version: int = column(FilingRow.version, description="Number of its latest version.")
    is_public: bool = column(
        FilingRow.is_public, description="Whether everybody reads it once it is in effect."
    )
    submitted_at: datetime = column(
        FilingRow.submitted_at, description="When its latest version was handed in."
    )
    effective_at: datetime | None = column(
        FilingRow.effective_at, description="When it came into effect; null: not yet."
    )
    revises: Annotated["Filing", strawberry.lazy("certgraph.api.graph.filings")] | None = one(
        FilingRow.revises_id, description="The one whose place it takes; null: none's."
    )
    versions: list[FilingVersion] = many(
        FilingVersionRow.filing_id,
        order_by=[FilingVersionRow.number],
        description="Its versions, oldest first.",
    )
    consents: list[Consent] = many(
        ConsentRow.filing_id,
        order_by=[ConsentRow.version, ConsentRow.asked_at, ConsentRow.id],
        description="What others are asked to say of it, and said.",
    )
    steps: list[FilingStep] = many(
        FilingChangeRow.filing_id,
        order_by=[FilingChangeRow.changed_at, queries.begins_version(), FilingChangeRow.id],
        description="Its steps, oldest first.",
    )


def _of_authority(authority_code: str | None = None) -> Conditions:
    """Yield the condition of the filter.

    Args:
        authority_code: Of institutions that the authority with this code supervises, or for the
            authority itself, as fees in its province are.
    """
    if authority_code is not None:
        yield queries.is_of_authority(authority_code)


@strawberry.type
class FilingQuery:
    """Reads of filings."""

    filings = page(
        of=Connection[Filing],
        order_by=[FilingRow.submitted_at, FilingRow.id],
        descending=True,
        description="Filings that the caller may read, lately handed in ones first.",
    )(
        all_of(
            of_filings,
            _of_authority,
            of_organization(FilingRow.organization_id, "Of the organization with this code."),
            of_type(FilingRow.certificate_type_id, "For the certificate type with this code."),
        )
    )
