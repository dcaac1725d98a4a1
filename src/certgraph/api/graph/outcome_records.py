"""Outcome records in the graph: what the credit bank did with them, and both sides' balances."""

import asyncio
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import strawberry

from certgraph.actions.parties import Relation
from certgraph.api.context import Context, Info
from certgraph.api.errors import top_error
from certgraph.api.graph.certificates import Certificate
from certgraph.api.graph.enums import (
    CertificateLevel,
    CreditDifference,
    CreditRecordState,
    DocumentType,
    RecordState,
    Role,
)
from certgraph.api.graph.learning_outcomes import TENTHS, CatalogueEntry
from certgraph.api.graph.organizations import Organization
from certgraph.api.graph.standards import StandardVersion
from certgraph.api.reads.arguments import (
    CALLER_READS_LEARNERS,
    through,
)
from certgraph.api.reads.declarations import Condition, Conditions, below_parent
from certgraph.api.reads.declaring import column, computed, find, many, one, page, read_from
from certgraph.api.reads.policies import read_by, readers
from certgraph.api.reads.reader import read_rows
from certgraph.api.relay import Connection, Node
from certgraph.certificates.lookup_keys import number_key
from certgraph.certificates.tables import CertificateRow
from certgraph.credit_bank.accounts import queries as confirmation_queries
from certgraph.credit_bank.accounts.reconciling import Balance, added_up, balances_of, check_period
from certgraph.credit_bank.records.tables import (
    CreditRecordChangeRow,
    CreditRecordRow,
    OutcomeRecordRow,
)
from certgraph.organizations.queries import is_of_organization
from certgraph.problems import Problem, Rejected

_ALL = {Role.OPERATOR: Relation.ANY, Role.CREDIT_BANK: Relation.ANY}
of_credit_bank = readers(_ALL)
"""Let the credit bank and the programme's office read."""

_records = readers(
    {Role.EVALUATION_ORGANIZATION: Relation.OWN, **_ALL}, OutcomeRecordRow.organization_id
)


def _learners(role: Role | None) -> bool | Condition:
    known = CertificateRow.erased_at.is_(None)
    if role is Role.CREDIT_BANK:
        return known & CALLER_READS_LEARNERS.is_(True)
    return known if role is Role.OPERATOR else False


def _document_number(context: Context, sealed: bytes | None, certificate_id: UUID) -> str | None:
    if sealed is None:
        return None
    context.learners_read.add(certificate_id)  # the audit trail says so before it is answered
    return context.keyring.open_document(sealed, certificate_id.bytes)


@strawberry.type(
    description="Who a learner is. The credit bank reads it by a scope of its own; nobody once it "
    "is erased."
)
@read_from(CertificateRow, policy=_learners)
class Learner:
    """See `certgraph.certificates.tables.CertificateRow`."""

    name: str = column(CertificateRow.holder_name, description="Name.")
    document_type: DocumentType | None = column(
        CertificateRow.document_type, description="Kind of document; null where none is known."
    )
    document_number: str | None = computed(
        _document_number,
        CertificateRow.document_sealed,
        CertificateRow.id,
        with_context=True,
        description="Number of the document; null where none is known.",
    )


@strawberry.type(description="A change of what the credit bank did with a record.")
@read_from(CreditRecordChangeRow, policy=below_parent)
class CreditRecordChange:
    """See `certgraph.credit_bank.records.tables.CreditRecordChangeRow`."""

    state: CreditRecordState = column(
        CreditRecordChangeRow.state, description="The state it came into."
    )
    account_number: str | None = column(
        CreditRecordChangeRow.account_number, description="The learner's account."
    )
    credits_tenths: int | None = column(CreditRecordChangeRow.credits_tenths, description=TENTHS)
    version: int = column(
        CreditRecordChangeRow.version, description="Version of the record that it answers to."
    )
    reason: str | None = column(
        CreditRecordChangeRow.reason, description="Why, where it was rejected or withdrawn."
    )
    changed_at: datetime = column(CreditRecordChangeRow.changed_at, description="When.")


@strawberry.type(
    description="What the credit bank did with a record: one credit record 学分记录 a certificate, "
    "for ever. The credit bank and the programme see it."
)
@read_from(CreditRecordRow, policy=of_credit_bank)
class CreditRecord(Node):
    """See `certgraph.credit_bank.records.tables.CreditRecordRow`."""

    state: CreditRecordState = column(
        CreditRecordRow.state, description="What the credit bank did."
    )
    account_number: str | None = column(
        CreditRecordRow.account_number,
        description="The learner's account; null where it was rejected.",
    )
    credits_tenths: int | None = column(CreditRecordRow.credits_tenths, description=TENTHS)
    version: int = column(
        CreditRecordRow.version, description="Version of the record that it answers to."
    )
    reason: str | None = column(
        CreditRecordRow.reason, description="Why, where it was rejected or withdrawn."
    )
    recorded_on: date = column(
        CreditRecordRow.recorded_on, description="Day on which the credit bank did it."
    )
    changed_at: datetime = column(
        CreditRecordRow.changed_at, description="When it last changed here."
    )
    outcome_record: "LearningOutcomeRecord" = one(
        CreditRecordRow.id, description="The record that it answers to."
    )
    changes: list[CreditRecordChange] = many(
        CreditRecordChangeRow.record_id,
        order_by=[CreditRecordChangeRow.changed_at, CreditRecordChangeRow.id],
        description="Its changes, oldest first.",
    )


@strawberry.type(
    description="The record of the learning outcome that a registered certificate embodies. The "
    "programme, the credit bank and the issuer see it."
)
@read_from(OutcomeRecordRow, policy=_records)
class LearningOutcomeRecord(Node):
    """See `certgraph.credit_bank.records.tables.OutcomeRecordRow`."""

    certificate_number: str = column(
        OutcomeRecordRow.certificate_number, description="Its natural key."
    )
    level: CertificateLevel = column(OutcomeRecordRow.level, description="Of which level.")
    registered_on: date = column(
        OutcomeRecordRow.registered_on,
        description="Day on which the certificate was entered on the platform.",
    )
    state: RecordState = column(OutcomeRecordRow.state, description="Whether it counts.")
    version: int = column(OutcomeRecordRow.version, description="Of its content, from 1.")
    sha256: str = column(OutcomeRecordRow.sha256, description="Of what its latest change says.")
    credits_tenths: int | None = column(
        OutcomeRecordRow.credits_tenths,
        description="Recognized credits, times ten; null until recognized.",
    )
    difference: CreditDifference | None = column(
        OutcomeRecordRow.difference,
        guarded=True,
        description="How the credit bank differs; null where it does not.",
    )
    certificate: Certificate = one(OutcomeRecordRow.id, description="The certificate.")
    organization: Organization = one(OutcomeRecordRow.organization_id, description="Who issued it.")
    standard_version: StandardVersion = one(
        OutcomeRecordRow.standard_version_id, description="The standard that its holder met."
    )
    outcome: CatalogueEntry | None = one(
        OutcomeRecordRow.catalogue_entry_id, description="Null until recognized."
    )
    learner: Learner | None = one(
        OutcomeRecordRow.id, description="Who the learner is; null for callers who may not read it."
    )
    credit_record: CreditRecord | None = one(
        by=CreditRecordRow.id,
        description="What the credit bank did with it; null before, and for others.",
    )


def refuse_others(context: Context) -> None:
    """Let through the credit bank and the programme's office. Raises `GraphQLError`."""
    role = context.caller.role if context.caller else None
    if of_credit_bank(role) is not True:
        facts = {"role": role, "needed": tuple(_ALL)}
        if role is None:
            problem = Problem(code="access.token_required", facts=facts)
            raise top_error(problem, context.language, "UNAUTHENTICATED")
        problem = Problem(code="access.role", facts=facts)
        raise top_error(problem, context.language, "FORBIDDEN")


@strawberry.type(description="What one side holds: how many, their credits, and a hash.")
class BalanceSide:
    """See `certgraph.credit_bank.accounts.reconciling.Side`."""

    count: int = strawberry.field(description="How many records count.")
    credits_tenths: int = strawberry.field(description=TENTHS)
    sha256: str = strawberry.field(
        description="SHA-256 of the records' hashes in hex, a line each, by certificate number."
    )


@strawberry.type(description="Both sides of the records registered on a day with an organization.")
class CreditBalance:
    """See `certgraph.credit_bank.accounts.reconciling.Balance`."""

    registered_on: date = strawberry.field(description="Day on which they were registered.")
    organization_code: str = strawberry.field(description="Code of who issued them.")
    platform: BalanceSide = strawberry.field(description="What the platform holds.")
    credit_bank: BalanceSide = strawberry.field(description="What the credit bank holds.")
    agrees: bool = strawberry.field(description="Whether both hold the same.")

    @classmethod
    def of(cls, balance: Balance) -> "CreditBalance":
        """Return a balance as the API states it."""
        platform, credit_bank = (
            BalanceSide(count=side.count, credits_tenths=side.credits_tenths, sha256=side.sha256)
            for side in (balance.platform, balance.credit_bank)
        )
        return cls(
            registered_on=balance.registered_on,
            organization_code=balance.organization_code,
            platform=platform,
            credit_bank=credit_bank,
            agrees=balance.agrees,
        )


@strawberry.type
class OutcomeRecordQuery:
    """Reads of records and of the feed."""

    @find(
        of=LearningOutcomeRecord | None,
        description="The outcome record of a certificate; null where there is none to read.",
    )
    def learning_outcome_record(certificate_number: str) -> Conditions:
        """Yield the condition that names it.

        Args:
            certificate_number: Number of the certificate that it is about.
        """
        yield confirmation_queries.is_numbered(through(certificate_number, number_key))

    @page(
        of=Connection[LearningOutcomeRecord],
        order_by=[OutcomeRecordRow.certificate_number],
        size=20,
        description="Outcome records that the caller may read.",
    )
    def learning_outcome_records(
        *,
        organization_code: str | None = None,
        state: RecordState | None = None,
        registered_on: date | None = None,
        registered_from: date | None = None,
        registered_to: date | None = None,
        difference: CreditDifference | None = None,
        differs: bool | None = None,
    ) -> Conditions:
        """Yield the conditions of the filters.

        Args:
            organization_code: Of certificates of the organization with this code.
            state: In this state.
            registered_on: Registered on this day.
            registered_from: Registered on this day or later.
            registered_to: Registered on this day or earlier.
            difference: With this difference between platform and credit bank.
            differs: Whether platform and credit bank differ.
        """
        if registered_from is not None:
            yield OutcomeRecordRow.registered_on >= registered_from
        if registered_to is not None:
            yield OutcomeRecordRow.registered_on <= registered_to
        if organization_code is not None:
            yield is_of_organization(OutcomeRecordRow.organization_id, organization_code)
        if state is not None:
            yield OutcomeRecordRow.state == state
            if state is not RecordState.ACTIVE:
                yield confirmation_queries.is_not_active()
        if registered_on is not None:
            yield OutcomeRecordRow.registered_on == registered_on
        if difference is not None:
            yield OutcomeRecordRow.difference == difference
        if difference is not None or differs is True:
            yield OutcomeRecordRow.difference.is_not(None)
        if differs is False:
            yield OutcomeRecordRow.difference.is_(None)

    @page(
        of=Connection[CreditRecord],
        order_by=[CreditRecordRow.changed_at, CreditRecordRow.id],
        descending=True,
        description="Credit records 学分记录 that the caller may read, lately changed ones first.",
    )
    def credit_records(
        account_number: str | None = None,
        state: CreditRecordState | None = None,
        changed_since: datetime | None = None,
    ) -> Conditions:
        """Yield the conditions of the filters.

        Args:
            account_number: In this account of a learner.
            state: In this state.
            changed_since: Changed at this time or later.
        """
        if account_number is not None:
            yield CreditRecordRow.account_number == account_number
        if state is not None:
            yield CreditRecordRow.state == state
        if changed_since is not None:
            yield CreditRecordRow.changed_at >= changed_since

    @strawberry.field(
        description="Reconciliation: what platform and credit bank hold of the records registered "
        "on each day with each organization, both days included, 31 at most. Where they do not "
        "agree, see `learningOutcomeRecords(registeredOn, organizationCode, differs: true)`.",
        metadata=read_by(of_credit_bank),
    )
    async def credit_reconciliation(
        self,
        info: Info,
        first_on: Annotated[date, strawberry.argument(description="First day.")],
        last_on: Annotated[
            date, strawberry.argument(description="Last day, 30 days later at most.")
        ],
        organization_code: Annotated[
            str | None,
            strawberry.argument(
                description="Of the organization with this code; of all if left out."
            ),
        ] = None,
    ) -> list[CreditBalance]:
        """Read both sides, added up by the database where it can hash."""
        context = info.context
        refuse_others(context)
        try:
            check_period(first_on, last_on)
        except Rejected as rejected:
            (problem,) = rejected.problems
            raise top_error(problem, context.language, "BAD_USER_INPUT") from None
        period = (first_on, last_on, organization_code)
        if context.pool.dialect.name == "postgresql":
            rows = await read_rows(context, confirmation_queries.balances(*period))
            found = balances_of(rows)
        else:
            rows = await read_rows(context, confirmation_queries.both_sides(*period))
            found = await asyncio.to_thread(added_up, rows)
        return [CreditBalance.of(balance) for balance in found]
