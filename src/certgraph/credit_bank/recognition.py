"""What the credit bank does with a proposal: verify, return, recognize, publish."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from certgraph.calendar import programme_day
from certgraph.credit_bank import queries
from certgraph.credit_bank.credits import suggestion_problems
from certgraph.credit_bank.proposals import take_step
from certgraph.credit_bank.rules import ProposalState, proposal_step_problems
from certgraph.credit_bank.tables import (
    CatalogueEntryRow,
    CreditProposalRow,
    CreditProposalVersionRow,
)
from certgraph.database import Session
from certgraph.problems import Problem, refusal, reject_if
from certgraph.randomness import Random, new_id
from certgraph.standards import queries as standard_queries
from certgraph.text import text_problems


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedCredits:
    """Credits that the credit bank verified for a unit, times ten; why, if not as suggested."""

    unit_number: int
    credits_tenths: int
    reason: str | None = None


async def proposal_with_id(session: Session, proposal_id: UUID | None) -> CreditProposalRow:
    """Return a proposal, locked for change. Raises `Rejected` where there is none."""
    row = await queries.proposal_by_id(session, proposal_id) if proposal_id else None
    if row is None:
        raise refusal("proposal.not_found", "id")
    return row


async def _latest(session: Session, row: CreditProposalRow) -> CreditProposalVersionRow:
    version = await queries.proposal_version(session, row.id, row.version)
    assert version is not None  # noqa: S101 - every proposal has its latest version
    return version


async def return_proposal(
    session: Session,
    row: CreditProposalRow,
    remarks: str,
    *,
    by: str,
    now: datetime,
    random: Random,
) -> CreditProposalRow:
    """Give a proposal back to its organization, with remarks.

    Raises:
        Rejected: It is not being verified, or no remarks.

    Source: rule S10.
    """
    reject_if(
        proposal_step_problems(row.state, ProposalState.RETURNED)
        + text_problems(remarks, 500, "remarks")
    )
    (await _latest(session, row)).remarks = remarks
    await take_step(
        session, row, ProposalState.RETURNED, remarks=remarks, by=by, now=now, random=random
    )
    return row


async def recognize_proposal(
    session: Session,
    row: CreditProposalRow,
    verified: Sequence[VerifiedCredits],
    *,
    by: str,
    now: datetime,
    random: Random,
) -> CreditProposalRow:
    """Verify 核定 and recognize 认定 the credits of a proposal; units not named are as suggested.

    Raises:
        Rejected: It is not being verified, a unit is unknown or named twice, or credits differ from
            those suggested without a reason.

    Source: rule S10.
    """
    problems = proposal_step_problems(row.state, ProposalState.RECOGNIZED)
    units = {u.number: u for u in await queries.units_of(session, (await _latest(session, row)).id)}
    named: set[int] = set()
    for index, credit in enumerate(verified):
        path = ("credits", str(index))
        unit = units.get(credit.unit_number)
        if unit is None or credit.unit_number in named:
            facts = {"number": credit.unit_number, "known": ", ".join(map(str, units))}
            problems.append(
                Problem(code="proposal.unit_number", path=(*path, "unitNumber"), facts=facts)
            )
            continue
        named.add(credit.unit_number)
        problems += suggestion_problems(
            credit.credits_tenths, unit.suggested_tenths, credit.reason, "verified", *path
        )
        unit.verified_tenths, unit.verified_reason = credit.credits_tenths, credit.reason
    reject_if(problems)
    for number in units.keys() - named:
        units[number].verified_tenths = units[number].suggested_tenths
    await take_step(session, row, ProposalState.RECOGNIZED, by=by, now=now, random=random)
    return row


async def publish_proposal(
    session: Session, row: CreditProposalRow, *, by: str, now: datetime, random: Random
) -> CatalogueEntryRow:
    """Enter a recognized outcome in the catalogue 学习成果名录, as the next edition of its code.

    The first edition holds from today on, and for what was issued before; records without credits
    get them with the feed's next run (`recording`). A later one holds from tomorrow on, for what is
    issued then: it takes nothing from anybody.

    Raises:
        Rejected: Its credits are not recognized.

    Source: rule S10.
    """
    await take_step(session, row, ProposalState.PUBLISHED, by=by, now=now, random=random)
    await queries.lock_certificate_type(session, row.certificate_type_id)
    version = await _latest(session, row)
    units = await queries.units_of(session, version.id)
    types = await standard_queries.certificate_types_by_ids(session, [row.certificate_type_id])
    code = f"{types[row.certificate_type_id].code}-{row.level}"
    first_on = programme_day(now)
    entries = await queries.entries_of(session, row.standard_version_id, row.level)
    if entries:
        first_on = max(first_on, entries[-1].first_on) + timedelta(days=1)
        entries[-1].last_on = first_on - timedelta(days=1)
    entry = CatalogueEntryRow(
        id=new_id(random),
        code=code,
        edition=await queries.last_edition(session, code) + 1,
        certificate_type_id=row.certificate_type_id,
        level=row.level,
        standard_version_id=row.standard_version_id,
        proposal_version_id=version.id,
        credits_tenths=sum(unit.verified_tenths or 0 for unit in units),
        first_on=first_on,
        published_at=now,
        is_applied=False,
    )
    session.add(entry)
    return entry
