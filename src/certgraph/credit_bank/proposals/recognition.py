"""What the credit bank does with a proposal: verify, return, recognize, publish."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from certgraph.actions.acting import Act
from certgraph.actions.declaring import action
from certgraph.actions.parties import ANY, Role
from certgraph.calendar import programme_day
from certgraph.credit_bank.proposals import queries
from certgraph.credit_bank.proposals.credits import suggestion_problems
from certgraph.credit_bank.proposals.drafting import take_step
from certgraph.credit_bank.proposals.subjects import PROPOSAL
from certgraph.credit_bank.proposals.tables import (
    CatalogueEntryRow,
    CreditProposalRow,
    CreditProposalVersionRow,
)
from certgraph.credit_bank.rules import ProposalState, proposal_step_problems
from certgraph.problems import Problem, reject_if
from certgraph.randomness import new_id
from certgraph.standards import queries as standard_queries
from certgraph.text import text_problems


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedCredits:
    """Verified credits of a unit.

    Attributes:
        unit_number: Which unit.
        credits_tenths: Credits times ten: 15 means 1.5.
        reason: Why, where they are not as suggested; 1 to 500 characters.
    """

    unit_number: int
    credits_tenths: int
    reason: str | None = None


async def _latest(act: Act, row: CreditProposalRow) -> CreditProposalVersionRow:
    version = await queries.proposal_version(act.session, row.id, row.version)
    assert version is not None  # noqa: S101 - every proposal has its latest version
    return version


_BANK = {Role.CREDIT_BANK: ANY}


@action(
    "creditProposalVerify",
    may=_BANK,
    rule="S10",
    about=PROPOSAL,
    returns="proposal",
    leads_to=(ProposalState.UNDER_VERIFICATION,),
    refuses=("proposal.not_with_organization", "proposal.step_refused"),
)
async def verify_proposal(act: Act, proposal: CreditProposalRow) -> CreditProposalRow:
    """Begin to verify 核定 a submitted proposal.

    Raises:
        Rejected: It is not submitted.
    """
    take_step(act, proposal, ProposalState.UNDER_VERIFICATION)
    return proposal


@action(
    "creditProposalReturn",
    may=_BANK,
    rule="S10",
    about=PROPOSAL,
    returns="proposal",
    refuses=("proposal.not_with_organization", "proposal.step_refused"),
)
async def return_proposal(
    act: Act, proposal: CreditProposalRow, *, remarks: str
) -> CreditProposalRow:
    """Return a proposal to its organization, with remarks.

    Args:
        act: The act.
        proposal: The proposal.
        remarks: What is to be mended, 1 to 500 characters.

    Raises:
        Rejected: It is not being verified, or no remarks.

    Source: rule S10.
    """
    reject_if(
        proposal_step_problems(proposal.state, ProposalState.RETURNED)
        + text_problems(remarks, 500, "remarks")
    )
    (await _latest(act, proposal)).remarks = remarks
    take_step(act, proposal, ProposalState.RETURNED, remarks)
    return proposal


@action(
    "creditProposalRecognize",
    may=_BANK,
    rule="S10",
    about=PROPOSAL,
    returns="proposal",
    refuses=(
        "credits.out_of_range",
        "credits.verified_without_reason",
        "proposal.not_with_organization",
        "proposal.step_refused",
        "proposal.unit_number",
    ),
)
async def recognize_proposal(
    act: Act,
    proposal: CreditProposalRow,
    *,
    credits: Sequence[VerifiedCredits] = (),  # noqa: A002 - as the API names it
) -> CreditProposalRow:
    """Recognize 认定 the credits of a proposal; units not named are as suggested.

    Args:
        act: The act.
        proposal: The proposal.
        credits: Units whose verified credits are named.

    Raises:
        Rejected: It is not being verified, a unit is unknown or named twice, or credits differ from
            those suggested without a reason.

    Source: rule S10.
    """
    problems = proposal_step_problems(proposal.state, ProposalState.RECOGNIZED)
    units = {
        u.number: u for u in await queries.units_of(act.session, (await _latest(act, proposal)).id)
    }
    named: set[int] = set()
    for index, credit in enumerate(credits):
        path = ("credits", str(index))
        unit = units.get(credit.unit_number)
        if unit is None or credit.unit_number in named:
            facts = {"number": credit.unit_number, "known": ", ".join(map(str, units))}
            problems.append(
                Problem(code="proposal.unit_number", path=(*path, "unit_number"), facts=facts)
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
    take_step(act, proposal, ProposalState.RECOGNIZED)
    return proposal


@action(
    "creditProposalPublish",
    may=_BANK,
    rule="S10",
    about=PROPOSAL,
    returns=("entry", "proposal"),
    refuses=("proposal.not_with_organization", "proposal.step_refused"),
)
async def publish_proposal(
    act: Act, proposal: CreditProposalRow
) -> tuple[CatalogueEntryRow, CreditProposalRow]:
    """Enter a recognized outcome in the catalogue 学习成果名录, as the next edition of its code.

    The first edition holds from today on, and for what was issued before; records without credits
    get them with the feed's next run (`recording`). A later one holds from tomorrow on, for what is
    issued then: it takes nothing from anybody.

    Raises:
        Rejected: Its credits are not recognized.

    Source: rule S10.
    """
    session, row = act.session, proposal
    take_step(act, row, ProposalState.PUBLISHED)
    await queries.lock_certificate_type(session, row.certificate_type_id)
    version = await _latest(act, row)
    units = await queries.units_of(session, version.id)
    types = await standard_queries.certificate_types_by_ids(session, [row.certificate_type_id])
    code = f"{types[row.certificate_type_id].code}-{row.level}"
    first_on = programme_day(act.now)
    entries = await queries.entries_of(session, row.standard_version_id, row.level)
    if entries:
        first_on = max(first_on, entries[-1].first_on) + timedelta(days=1)
        entries[-1].last_on = first_on - timedelta(days=1)
    entry = CatalogueEntryRow(
        id=new_id(act.random),
        code=code,
        edition=await queries.last_edition(session, code) + 1,
        certificate_type_id=row.certificate_type_id,
        level=row.level,
        standard_version_id=row.standard_version_id,
        proposal_version_id=version.id,
        credits_tenths=sum(unit.verified_tenths or 0 for unit in units),
        first_on=first_on,
        published_at=act.now,
        is_applied=False,
    )
    session.add(entry)
    return entry, proposal


ACTIONS = (
    verify_proposal,
    return_proposal,
    recognize_proposal,
    publish_proposal,
)
