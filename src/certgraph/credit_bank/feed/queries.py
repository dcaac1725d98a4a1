# ruff: noqa: ANN401 - values, or their parameters
"""All SQL about the change feed: its state, and what it states."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    Text,
    cast,
    delete,
    exists,
    func,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import aliased

from certgraph.certificates.queries import is_not_followed
from certgraph.certificates.tables import (
    CertificateChangeRow,
    CertificateRow,
)
from certgraph.credit_bank.proposals.tables import CatalogueEntryRow
from certgraph.credit_bank.records.tables import OutcomeChangeRow, OutcomeFeedRow, OutcomeRecordRow
from certgraph.database import Session, insert_unless_there


async def lock_feed(session: Session) -> OutcomeFeedRow | None:
    """Return the feed, locked; None while another writes it, or where there is none yet."""
    return await session.scalar(select(OutcomeFeedRow).with_for_update(skip_locked=True))


async def wait_for_feed(session: Session) -> OutcomeFeedRow | None:
    """Return the feed, locked, when nobody else writes it."""
    return await session.scalar(select(OutcomeFeedRow).with_for_update())


async def create_feed(session: Session, feed: dict[str, Any]) -> None:
    """Create the feed, unless it is there."""
    await insert_unless_there(session, OutcomeFeedRow, [feed])


async def has_work(session: Session) -> bool:
    """Tell whether something waits to be stated."""
    not_followed = select(CertificateChangeRow.id).where(is_not_followed()).exists()
    not_applied = exists().where(CatalogueEntryRow.is_applied.is_(False))
    at_rest = exists().where(OutcomeFeedRow.is_rebuilding.is_(False))
    return bool(await session.scalar(select(or_(not_followed, not_applied, ~at_rest))))


MOST_WAITING = 10_000


async def count_waiting(session: Session) -> int:
    """Return how many changes of certificates wait to be followed, `MOST_WAITING` at most."""
    return await session.scalar(select(waiting_count())) or 0


def waiting_count() -> ColumnElement[int]:
    """Return how many changes of certificates wait to be followed, `MOST_WAITING` at most."""
    waiting = select(CertificateChangeRow.id).where(is_not_followed()).limit(MOST_WAITING)
    return select(func.count()).select_from(waiting.subquery()).scalar_subquery()


async def records_of_other_epochs(session: Session, epoch: str, limit: int) -> Sequence[UUID]:
    """Return records that the feed's epoch does not state yet."""
    return (
        await session.scalars(
            select(OutcomeRecordRow.id)
            .where(or_(OutcomeRecordRow.epoch < epoch, OutcomeRecordRow.epoch > epoch))
            .limit(limit)
        )
    ).all()


async def delete_other_epochs(session: Session, epoch: str) -> None:
    """Delete what earlier epochs stated."""
    await session.execute(delete(OutcomeChangeRow).where(OutcomeChangeRow.epoch != epoch))


async def feed_of(session: Session) -> OutcomeFeedRow | None:
    """Return the feed as it is."""
    return await session.scalar(select(OutcomeFeedRow))


async def chain_at(session: Session, epoch: str, sequence: int) -> str | None:
    """Return the chain at a place of the feed; None where it has no such place."""
    return await session.scalar(
        select(OutcomeChangeRow.chain).where(
            OutcomeChangeRow.epoch == epoch, OutcomeChangeRow.sequence == sequence
        )
    )


def _end(epoch: Any, condition: Any, *, last: bool) -> ColumnElement[int]:
    """Return the first or last sequence of an epoch whose day meets a condition.

    Days rise with sequences, so days are places in the feed: found by one look into the index.
    """
    change = aliased(OutcomeChangeRow)
    keys = (change.recorded_on, change.sequence)
    return (
        select(change.sequence)
        .where(change.epoch == epoch, condition(change.recorded_on))
        .order_by(*(key.desc() if last else key.asc() for key in keys))
        .limit(1)
        .scalar_subquery()
    )


def recorded_from(day: Any, epoch: Any) -> ColumnElement[bool]:
    """Return the condition that an epoch's change was stated on `day` or later."""
    return OutcomeChangeRow.sequence >= _end(epoch, lambda on: on >= day, last=False)


def recorded_to(day: Any, epoch: Any) -> ColumnElement[bool]:
    """Return the condition that an epoch's change was stated on `day` or earlier."""
    return OutcomeChangeRow.sequence <= _end(epoch, lambda on: on <= day, last=True)


def change_line() -> ColumnElement[str]:
    """Return a change as a line of JSON, over its row."""
    row = OutcomeChangeRow
    parts: list[Any] = [
        '{"epoch":"',
        row.epoch,
        '","sequence":',
        cast(row.sequence, Text),
        ',"kind":"',
        func.upper(type_coerce(row.kind, String)),
        '","reason":"',
        func.upper(type_coerce(row.reason, String)),
        '","sha256":"',
        row.sha256,
        '","record":',
        row.content,
    ]
    line: Any = type_coerce(parts[0], Text)
    for part in parts[1:]:
        line = line + part
    return line  # type: ignore[no-any-return]


def changes_after(
    epoch: str,
    after: int,
    last: int,
    conditions: Sequence[ColumnElement[bool]],
    *,
    limit: int,
    learners: bool,
) -> Select[Any]:
    """Return the statement of the changes of an epoch after a sequence, up to a last one.

    Columns: sequence, chain, line of JSON; with `learners` without its last brace, and of the
    certificate: id, holder, type and sealed number of the document.
    """
    row, certificate = OutcomeChangeRow, CertificateRow
    statement = (
        select(row.sequence, row.chain, change_line() + ("" if learners else "}"))
        .where(row.epoch == epoch, row.sequence > after, row.sequence <= last, *conditions)
        .order_by(row.sequence)
        .limit(limit)
    )
    if not learners:
        return statement  # type: ignore[return-value]
    return statement.join(certificate, certificate.id == row.record_id).add_columns(
        certificate.id,
        certificate.holder_name,
        certificate.document_type,
        certificate.document_sealed,
    )
