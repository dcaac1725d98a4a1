"""Batches in the graph: an exam's results from the uploaded file on. Files go over plain HTTP."""

import json
from datetime import datetime

import strawberry

from certgraph.api.context import Context
from certgraph.api.graph.certificates import IssueRun
from certgraph.api.graph.enums import BatchState
from certgraph.api.graph.filters import of_organization
from certgraph.api.graph.organizations import Organization
from certgraph.api.reads.arguments import is_one_of
from certgraph.api.reads.declarations import Conditions
from certgraph.api.reads.declaring import all_of, column, computed, one, page, read_from
from certgraph.api.reads.policies import readers
from certgraph.api.relay import Connection, Node
from certgraph.certificates.batches import queries
from certgraph.certificates.batches.tables import BatchRow
from certgraph.certificates.subjects import ISSUED_READERS


def _halted(context: Context, halted: str | None) -> str | None:
    """Return why it goes no further, in the caller's language."""
    return " ".join(one[context.language] for one in json.loads(halted)) if halted else None


@strawberry.type(
    description="A file of candidates that was uploaded, and what became of it: looked at, its "
    "drafts recorded, approved by a second person, issued, registered. What is wrong with it: "
    "`GET /batches/{id}/problems`."
)
@read_from(
    BatchRow,
    policy=readers(ISSUED_READERS, BatchRow.organization_id),
)
class CertificateBatch(Node):
    """See `certgraph.certificates.batches.tables.BatchRow`."""

    organization: Organization = one(BatchRow.organization_id, description="Who issues.")
    state: BatchState = column(BatchRow.state, description="How far it is.")
    is_trial: bool = column(
        BatchRow.is_trial, description="Whether it goes no further than the look at its file."
    )
    file_name: str = column(BatchRow.file_name, description="As the organization calls the file.")
    file_sha256: str = column(BatchRow.file_sha256, description="SHA-256 of the file, in hex.")
    uploaded_by: str = column(
        BatchRow.uploaded_by, description="Which token or person uploaded it."
    )
    uploaded_at: datetime = column(BatchRow.uploaded_at, description="When.")
    checked_at: datetime | None = column(
        BatchRow.checked_at, description="When the service looked at it; null: it has not yet."
    )
    candidate_count: int | None = column(
        BatchRow.candidate_count, description="How many candidates the file has."
    )
    problem_count: int | None = column(
        BatchRow.problem_count, description="How much is wrong with it; null before the look."
    )
    digest: str | None = column(
        BatchRow.digest,
        description="SHA-256, in hex, of exactly what will be signed; whoever approves states it.",
    )
    decided_by: str | None = column(
        BatchRow.decided_by, description="Who approved, rejected or cancelled it."
    )
    decided_at: datetime | None = column(BatchRow.decided_at, description="When.")
    remarks: str = column(
        BatchRow.remarks, description="Why it was rejected or cancelled, or its approval is void."
    )
    halted: str | None = computed(
        _halted,
        BatchRow.halted,
        with_context=True,
        description="Why it goes no further by itself; `certificateBatchResume` lets it go on.",
    )
    issued_at: datetime | None = column(BatchRow.issued_at, description="When all was signed.")
    run: IssueRun | None = one(
        BatchRow.issue_run_id, description="Its drafts and certificates, once they are recorded."
    )
    signed_count: int = column(
        queries.signed_count(), description="How many of its certificates are signed."
    )
    registered_count: int = column(
        queries.registered_count(), description="How many have been entered on the platform."
    )


def _of_states(states: list[BatchState] | None = None) -> Conditions:
    """Yield the condition of the filter.

    Args:
        states: In one of these states.
    """
    if states is not None:
        yield is_one_of(BatchRow.state, states)


_of_batches_organization = of_organization(
    BatchRow.organization_id, "Of the organization with this code."
)


@strawberry.type
class BatchQuery:
    """Reads of batches."""

    certificate_batches = page(
        of=Connection[CertificateBatch],
        order_by=[BatchRow.uploaded_at, BatchRow.id],
        descending=True,
        description="Uploaded files of candidates that the caller may read, newest first.",
    )(all_of(_of_batches_organization, _of_states))
