# ruff: noqa: ANN401 - a day, or its parameter
"""SQL about registration and its deadline. Source: rule R39."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, FunctionElement, case, func, select, type_coerce, update
from sqlalchemy.ext.compiler import compiles

from certgraph.certificates.queries import is_not_registered
from certgraph.certificates.rules import CertificateState, RegistrationState
from certgraph.certificates.tables import CertificateRow
from certgraph.database import BATCH_PARAMETERS, EnumText, Session, UtcDateTime, batched
from certgraph.duties.rules import ObligationKind
from certgraph.duties.tables import ObligationRow
from certgraph.organizations.tables import OrganizationRow


class _InstantAfter(FunctionElement[datetime]):
    """The first instant after a civil day in China, UTC+8."""

    type = UtcDateTime()
    inherit_cache = True


@compiles(_InstantAfter, "postgresql")
def _on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    day = compiler.process(element.clauses, **options)
    return f"(({day} + 1)::timestamp - interval '8 hours') AT TIME ZONE 'UTC'"


@compiles(_InstantAfter, "sqlite")
def _on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    return f"datetime({compiler.process(element.clauses, **options)}, '+1 day', '-8 hours')"


def registration_state(today: Any, soon: Any) -> ColumnElement[RegistrationState | None]:
    """Return how a certificate and its last day for registration are, over its row.

    None for a draft, and for one that was revoked, suspended or corrected before. Nobody is late
    by a provisional day. `soon` is the last day that counts as soon.
    """
    due, registered_at = CertificateRow.registration_due_on, CertificateRow.registered_at
    is_certain = CertificateRow.registration_due_is_provisional.is_(False)
    found = case(
        ((registered_at >= _InstantAfter(due)) & is_certain, RegistrationState.LATE.value),
        (registered_at.is_not(None), RegistrationState.IN_TIME.value),
        (CertificateRow.state != CertificateState.ISSUED, None),
        ((due < today) & is_certain, RegistrationState.OVERDUE.value),
        (due <= soon, RegistrationState.DUE_SOON.value),
        else_=RegistrationState.AHEAD.value,
    )
    return type_coerce(found, EnumText(RegistrationState))


def is_in_registration_state(
    state: RegistrationState, today: Any, soon: Any
) -> list[ColumnElement[bool]]:
    """Return the conditions that a certificate is in a state.

    Those that are not entered yet are found by the index of these.
    """
    found = [registration_state(today, soon) == state]
    if state not in (RegistrationState.IN_TIME, RegistrationState.LATE):
        found += [CertificateRow.state == CertificateState.ISSUED, is_not_registered()]
    return found


def registration_count(state: RegistrationState, today: Any, soon: Any) -> ColumnElement[int]:
    """Return how many certificates of an organization are in a state, over its row."""
    return (
        select(func.count())
        .select_from(CertificateRow)
        .where(
            CertificateRow.organization_id == OrganizationRow.id,
            *is_in_registration_state(state, today, soon),
        )
        .scalar_subquery()
    )


async def count_overdue(session: Session, today: date) -> int:
    """Return how many certificates were to be entered before a day, and are not."""
    statement = (
        select(func.count())
        .select_from(CertificateRow)
        .where(*is_in_registration_state(RegistrationState.OVERDUE, today, today))
    )
    return await session.scalar(statement) or 0


@dataclass(frozen=True, slots=True)
class Unregistered:
    """Certificates of a run that are not entered yet, and their last day."""

    run_id: UUID
    organization_id: UUID
    due_on: date
    is_provisional: bool


async def unregistered_by_run(session: Session) -> list[Unregistered]:
    """Return the runs of which certificates are not entered yet, by last day."""
    row = CertificateRow
    keys = (row.issue_run_id, row.organization_id, row.registration_due_on)
    provisional = func.max(case((row.registration_due_is_provisional, 1), else_=0))
    statement = select(*keys, provisional).where(is_not_registered()).group_by(*keys)
    found = await session.execute(statement)
    return [Unregistered(run, owner, due, bool(guess)) for run, owner, due, guess in found]


async def obligations_by_key(session: Session, keys: Sequence[str]) -> set[str]:
    """Return which of these keys obligations for registration have already."""
    found: set[str] = set()
    for part in batched(keys, BATCH_PARAMETERS):
        statement = select(ObligationRow.key).where(
            ObligationRow.kind == ObligationKind.REGISTRATION, ObligationRow.key.in_(part)
        )
        found |= set(await session.scalars(statement))
    return found


async def meet_registered(session: Session, now: datetime) -> int:
    """Meet what is owed of runs of which nothing is left to enter; return how many."""
    owed, row = ObligationRow, CertificateRow
    of_run = (row.issue_run_id == owed.run_id, row.registration_due_on == owed.due_on)
    is_left = select(row.id).where(*of_run, is_not_registered()).exists()
    last = select(func.max(row.registered_at)).where(*of_run).scalar_subquery()
    statement = (
        update(owed)
        .where(owed.kind == ObligationKind.REGISTRATION, owed.met_at.is_(None), ~is_left)
        .values(met_at=func.coalesce(last, now))
    )
    done = await session.execute(statement)
    return done.rowcount  # type: ignore[attr-defined, no-any-return]
