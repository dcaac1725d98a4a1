# ruff: noqa: ANN401 - an epoch, or its parameter
"""The change feed of outcome records in the graph."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import strawberry

from certgraph.api.context import Context
from certgraph.api.graph.enums import (
    ChangeKind,
    ChangeReason,
    ResyncReason,
)
from certgraph.api.graph.learning_outcomes import CatalogueEntry
from certgraph.api.graph.outcome_records import (
    Learner,
    LearningOutcomeRecord,
    of_credit_bank,
    refuse_others,
)
from certgraph.api.reads.arguments import Argument
from certgraph.api.reads.declarations import Conditions
from certgraph.api.reads.declaring import checked, column, find, one, page, read_from
from certgraph.api.relay import Connection
from certgraph.certificates.tables import CertificateRow
from certgraph.credit_bank.feed import queries as feed_queries
from certgraph.credit_bank.feed.reading import FeedPosition, progress_of
from certgraph.credit_bank.records.tables import OutcomeChangeRow, OutcomeFeedRow
from certgraph.organizations.queries import is_of_organization

FIELD = "Query.learningOutcomeChanges"
"""What cursors of the feed are bound to."""

FEED_EPOCH = Argument("feed_epoch", lambda run: run.context.feed_epoch, OutcomeChangeRow.epoch.type)
"""The epoch of the credit bank's feed that the request reads."""


@strawberry.type(
    description="A change of a record, as the credit bank pulls it. Its own fields never change; "
    "objects beside it are as they are now."
)
@read_from(OutcomeChangeRow, policy=of_credit_bank)
class LearningOutcomeChange:
    """See `certgraph.credit_bank.records.tables.OutcomeChangeRow`."""

    epoch: str = column(
        OutcomeChangeRow.epoch, description="Of the feed; sequences count anew in each."
    )
    sequence: int = column(
        OutcomeChangeRow.sequence, description="From 1 in its epoch, without gaps."
    )
    kind: ChangeKind = column(OutcomeChangeRow.kind, description="Whether the record counts.")
    reason: ChangeReason = column(OutcomeChangeRow.reason, description="Why it changed.")
    certificate_number: str = column(
        OutcomeChangeRow.certificate_number, description="The natural key of the record."
    )
    version: int = column(OutcomeChangeRow.version, description="Of the record, from 1.")
    credits_tenths: int | None = column(
        OutcomeChangeRow.credits_tenths, description="Recognized credits, times ten."
    )
    record: str = column(
        OutcomeChangeRow.content,
        description="The whole record as JSON: certificate, standard, outcome, credits.",
    )
    sha256: str = column(OutcomeChangeRow.sha256, description="Of `record` in UTF-8.")
    recorded_at: datetime = column(
        OutcomeChangeRow.recorded_at, description="When the feed stated it."
    )
    outcome: CatalogueEntry | None = one(
        OutcomeChangeRow.catalogue_entry_id, description="The catalogue entry that it went by."
    )
    outcome_record: LearningOutcomeRecord = one(
        OutcomeChangeRow.record_id, description="The record as it is now."
    )
    learner: Learner | None = one(
        OutcomeChangeRow.record_id,
        to=CertificateRow.id,
        description="Who the learner is, now; by a scope of its own.",
    )


@strawberry.type(
    description="The reader must start again, with `after` left out: keep what it gets from there, "
    "and drop what it does not get. With REBUILDING, after some seconds."
)
class ResyncRequired:
    """See `certgraph.credit_bank.feed.reading.Progress`."""

    reason: ResyncReason = strawberry.field(description="Why.")
    epoch: str = strawberry.field(description="The feed's epoch now.")


@strawberry.type(description="A page of the feed, or why there is none.")
class LearningOutcomeChangeConnection(Connection[LearningOutcomeChange]):
    """See the Relay cursor connections specification."""

    resync: ResyncRequired | None = checked(
        description="Why there is no page, and `nodes` is empty: start again. Null where there is "
        "one. Ask for it always; else there is an error RESYNC_REQUIRED."
    )


@strawberry.type(
    description="Where the feed is: its head, and how much it has to state yet. The credit bank "
    "and the programme see it."
)
@read_from(OutcomeFeedRow, policy=of_credit_bank)
class LearningOutcomeFeed:
    """See `certgraph.credit_bank.records.tables.OutcomeFeedRow`."""

    epoch: str = column(OutcomeFeedRow.epoch, description="Its epoch now.")
    sequence: int = column(
        OutcomeFeedRow.sequence, description="Sequence of its last change; 0 before the first."
    )
    stated_at: datetime = column(
        OutcomeFeedRow.stated_at, description="When it last stated something."
    )
    started_at: datetime = column(OutcomeFeedRow.started_at, description="When its epoch began.")
    reason: str = column(OutcomeFeedRow.reason, description="Why its epoch began.")
    is_rebuilding: bool = column(
        OutcomeFeedRow.is_rebuilding,
        description="Whether its epoch is still being stated; nobody reads it then.",
    )
    waiting: int = column(
        feed_queries.waiting_count(),
        description="Changes of certificates that it has not looked at yet, up to 10,000.",
    )


async def check_place(
    context: Context, _arguments: Mapping[str, Any], place: Sequence[Any] | None
) -> ResyncRequired | None:
    """Return why a reader must start again; None where it may go on. Raises `GraphQLError`."""
    refuse_others(context)
    found = await progress_of(
        context.sessions,
        context.reads,
        None if place is None else FeedPosition(*place),
        now=context.now,
        random=context.random,
    )
    if context.feed_epoch is None:
        context.feed_epoch = found.epoch
    if found.resync is None and found.epoch != context.feed_epoch:  # it began in between
        return ResyncRequired(reason=ResyncReason.NEW_EPOCH, epoch=found.epoch)
    if found.resync is None:
        return None
    return ResyncRequired(reason=found.resync, epoch=found.epoch)


def feed_conditions(
    epoch: Any,
    organization_code: Any = None,
    recorded_from: Any = None,
    recorded_to: Any = None,
) -> Conditions:
    """Yield the conditions of a part of the feed; both days are included."""
    yield OutcomeChangeRow.epoch == epoch
    if organization_code is not None:
        yield is_of_organization(OutcomeChangeRow.organization_id, organization_code)
    if recorded_from is not None:
        yield feed_queries.recorded_from(recorded_from, epoch)
    if recorded_to is not None:
        yield feed_queries.recorded_to(recorded_to, epoch)


@strawberry.type
class OutcomeFeedQuery:
    """The feed."""

    @find(
        of=LearningOutcomeFeed | None,
        description="Where the feed is; null before it has stated anything.",
    )
    def learning_outcome_feed() -> Conditions:
        """Yield the condition that names its one row."""
        yield OutcomeFeedRow.id == 1

    @page(
        of=LearningOutcomeChangeConnection,
        order_by=[OutcomeChangeRow.sequence, OutcomeChangeRow.chain, OutcomeChangeRow.epoch],
        size=100,
        largest=1_000,
        check=check_place,
        description="The feed of changes of outcome records, for the credit bank: every change "
        "once, in an order that never changes. Keep `endCursor` and go on after it, for ever. The "
        "same as a file: GET /credit-bank/changes.jsonl.gz.",
    )
    def learning_outcome_changes(
        organization_code: str | None = None,
        recorded_from: date | None = None,
        recorded_to: date | None = None,
    ) -> Conditions:
        """Yield the conditions of the filters; both days are included.

        Args:
            organization_code: Of certificates of the organization with this code.
            recorded_from: Stated on this day, in China, or later.
            recorded_to: Stated on this day, in China, or earlier.
        """
        yield from feed_conditions(FEED_EPOCH, organization_code, recorded_from, recorded_to)
