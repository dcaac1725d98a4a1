# ruff: noqa: ANN401 - the body of either kind
"""What an exam may cost: caps, and the fees that a province and its schools agree.

Sums are in fen, for one candidate.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID

from certgraph.actions.acting import Act
from certgraph.actions.declaring import KeyOf
from certgraph.actions.inputs import restored
from certgraph.actions.parties import ON_BEHALF, OWN, Role
from certgraph.calendar import instant_after
from certgraph.database import Session
from certgraph.duties import obligation_queries, queries
from certgraph.duties.findings import finding_row
from certgraph.duties.kinds.costs import MOST_OF_ONE
from certgraph.duties.kinds.declaring import Circumstances, Consent, Kind
from certgraph.duties.kinds.schemes import ExamMode
from certgraph.duties.kinds.values import (
    item_problems,
    line_problems,
    whole_problems,
)
from certgraph.duties.rules import (
    ConsentStep,
    FilingKind,
    FilingState,
    ObligationBasis,
    ObligationKind,
)
from certgraph.duties.tables import FilingRow
from certgraph.organizations.queries import organization_names
from certgraph.organizations.rules import LAST_DAY, OrganizationKind, period_problems
from certgraph.parameters.rules import no_new_work_problems
from certgraph.problems import Problem
from certgraph.randomness import new_id
from certgraph.standards.rules import CertificateLevel

_MAY = {Role.EVALUATION_ORGANIZATION: OWN, Role.OPERATOR: ON_BEHALF}


@dataclass(frozen=True, slots=True, kw_only=True)
class CostCapBody:
    """The most that the exam of a certificate and level may cost 考核成本上限.

    Attributes:
        certificate_type_code: Of which certificate type.
        level: Of which level.
        mode: How the exam is taken.
        amount_fen: The most, in fen.
        first_on: First day on which it holds.
        document_number: Number of the document.
    """

    certificate_type_code: str
    level: Annotated[int, CertificateLevel]
    mode: ExamMode
    amount_fen: int
    first_on: date
    document_number: str


def _cap_problems(body: CostCapBody, _facts: Circumstances) -> list[Problem]:
    return [
        *whole_problems(body.amount_fen, MOST_OF_ONE, "amount_fen"),
        *period_problems(body.first_on, None),
        *line_problems(body, "document_number"),
    ]


async def _body(session: Session, row: FilingRow, type_: type[Any]) -> Any:
    return restored(type_, json.loads(await queries.latest_body(session, row)))


async def _cap_check(act: Act, body: CostCapBody, facts: Circumstances) -> list[Problem]:
    """List why this cap has no place: there is one of this mode, or it revises one of another."""
    place = {"certificate_type_id": facts.scope["certificate_type_id"], "level": body.level}
    problems = []
    for row in await queries.live_filings(act.session, FilingKind.COST_CAP, place):
        is_of_mode = (await _body(act.session, row, CostCapBody)).mode is body.mode
        if row.id == facts.revised_id and not is_of_mode:
            problems.append(Problem(code="cap.other_mode", path=("revises",)))
        elif facts.is_other(row.id) and is_of_mode:
            problems.append(Problem(code="filing.second"))
    return problems


async def caps_between(
    session: Session, type_id: UUID, level: int, mode: ExamMode, first: date, last: date | None
) -> list[CostCapBody]:
    """Return the caps of a certificate, level and mode that hold on some day of a period.

    Args:
        session: Session.
        type_id: Primary key of the certificate type.
        level: Level.
        mode: How the exam is taken.
        first: First day of the period.
        last: Last day; None: it has no end.
    """
    within = queries.in_force_on(first, last or LAST_DAY)
    place = {"certificate_type_id": type_id, "level": level}
    rows = await queries.in_force(session, FilingKind.COST_CAP, within, **place)
    bodies = [await _body(session, row, CostCapBody) for row in rows]
    return [one for one in bodies if one.mode is mode]


async def lowest_cap_below(
    session: Session,
    fee_fen: int,
    type_id: UUID,
    level: int,
    mode: ExamMode,
    first: date,
    last: date | None,
) -> CostCapBody | None:
    """Return the lowest cap below a fee, of those that `caps_between` gives; None: none is.

    Source: rules R33 and S03.
    """
    caps = await caps_between(session, type_id, level, mode, first, last)
    above = [one for one in caps if one.amount_fen < fee_fen]
    return min(above, key=lambda one: one.amount_fen, default=None)


async def _note_fees_above(
    act: Act, row: FilingRow, body: CostCapBody, facts: Circumstances
) -> None:
    """Note each fee that is above a cap from its first day on; a new one is owed before (S03)."""
    place = {"certificate_type_id": facts.scope["certificate_type_id"], "level": body.level}
    on_first = queries.in_force_on(body.first_on, LAST_DAY)  # those to come, too
    due_on = body.first_on - timedelta(days=1)
    fees = await queries.in_force(act.session, FilingKind.FEE_STANDARD, on_first, **place)
    names = await organization_names(
        act.session, [one.subject_id for one in fees if one.subject_id]
    )
    findings, owed = [], []
    for fee in fees:
        stated = await _body(act.session, fee, FeeStandardBody)
        if stated.mode is not body.mode or stated.amount_fen <= body.amount_fen:
            continue
        assert fee.subject_id is not None  # noqa: S101 - the authority of a fee
        shown = {
            "fee": stated.amount_fen,
            "cap": body.amount_fen,
            "day": body.first_on.isoformat(),
            "place": names[fee.subject_id],
        }
        found = Problem(code="finding.fee_above_cap", facts=shown)
        findings.append(
            finding_row(
                act.random,
                act.now,
                found,
                fee.organization_id,
                f"{row.id} {fee.id}",
                filing_id=fee.id,
            )
        )
        owed.append(
            {
                "id": new_id(act.random),
                "kind": ObligationKind.NEW_FEE,
                "rule_id": "S03",
                "debtor_id": fee.organization_id,
                "key": f"{row.id} {fee.id}",
                "certificate_type_id": fee.certificate_type_id,
                "level": fee.level,
                "filing_id": row.id,
                "opened_at": act.now,
                "due_on": due_on,
                "due_before": instant_after(due_on),
                "is_provisional": False,
                "basis": ObligationBasis.RULE,
            }
        )
    await obligation_queries.note_findings(act.session, findings)
    await obligation_queries.open_obligations(act.session, owed)


COST_CAP = Kind(
    name=FilingKind.COST_CAP,
    body=CostCapBody,
    said="Publish the most that the exam of a certificate and level may cost. Fees above it are "
    "noted, and a new one is owed before it holds.",
    may={Role.ENTRUSTED_BODY: OWN, Role.OPERATOR: ON_BEHALF},
    rule="R32",
    problems=_cap_problems,
    check=_cap_check,
    effect=_note_fees_above,
    is_public=True,
    refuses=("cap.other_mode",),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeStandardBody:
    """What the exam of a certificate and level costs in a province 考核费用标准.

    Attributes:
        authority_code: Code of the province's authority; it agrees, then verifies.
        institution_codes: Codes of institutions of the province that agree, 1 to 50.
        certificate_type_code: Of which certificate type.
        level: Of which level.
        mode: How the exam is taken.
        amount_fen: What it costs, in fen.
        first_on: First day on which it holds.
        last_on: Last day; null: until another takes its place.
        account_id: The account of cost that it rests on; without one it is refused.
    """

    authority_code: str
    institution_codes: Sequence[str]
    certificate_type_code: str
    level: Annotated[int, CertificateLevel]
    mode: ExamMode
    amount_fen: int
    first_on: date
    last_on: date | None = None
    account_id: Annotated[UUID | None, KeyOf(FilingRow)] = None


def _fee_problems(body: FeeStandardBody, facts: Circumstances) -> list[Problem]:
    problems = period_problems(body.first_on, body.last_on, "last_on")
    problems += whole_problems(body.amount_fen, MOST_OF_ONE, "amount_fen")
    problems += no_new_work_problems(facts.parameters, facts.today)
    problems += item_problems(len(body.institution_codes), "institution_codes", least=1, most=50)
    if len(set(body.institution_codes)) < len(body.institution_codes):
        problems.append(Problem(code="filing.named_twice", path=("institution_codes",)))
    authority = facts.parties[body.authority_code]
    for place, code in enumerate(body.institution_codes):
        institution = facts.parties[code]
        if institution.supervisor_id != authority.id:
            shown = {"name": institution.name, "authority": authority.name}
            path = ("institution_codes", str(place))
            problems.append(Problem(code="fee.institution_elsewhere", path=path, facts=shown))
    return problems + _basis_problems(body, facts)


def _basis_problems(body: FeeStandardBody, facts: Circumstances) -> list[Problem]:
    """List why a fee rests on no account of cost. Source: rule R31."""
    account = facts.filings.get("account_id")
    wanted = (facts.filer.id, facts.scope.get("certificate_type_id"), body.level, body.mode)
    if account is not None and account.state is FilingState.EFFECTIVE:
        scope = account.scope
        stated = (account.filer_id, scope["certificate_type_id"], scope["level"], account.body.mode)
        if stated == wanted:
            return []
    return [Problem(code="fee.no_account", path=("account_id",))]


async def _fee_check(act: Act, body: FeeStandardBody, facts: Circumstances) -> list[Problem]:
    """List what of a fee is above a cap (R33, S03), or beside another of the province (S04)."""
    type_id = facts.scope["certificate_type_id"]
    problems = []
    given = (type_id, body.level, body.mode, body.first_on, body.last_on)
    cap = await lowest_cap_below(act.session, body.amount_fen, *given)
    if cap is not None:
        shown: dict[str, object] = {
            "fee": body.amount_fen,
            "cap": cap.amount_fen,
            "day": cap.first_on.isoformat(),
            "document": cap.document_number,
        }
        problems.append(Problem(code="fee.above_cap", path=("amount_fen",), facts=shown))
    place = {
        "certificate_type_id": type_id,
        "level": body.level,
        "subject_id": facts.scope["subject_id"],
    }
    last_on = body.last_on or date.max
    others = await queries.live_filings(act.session, FilingKind.FEE_STANDARD, place, body.first_on)
    for other in others:
        assert other.first_on is not None  # noqa: S101 - a fee has one
        overlaps = other.first_on <= last_on and body.first_on <= (other.last_on or date.max)
        if not facts.is_other(other.id) or not overlaps:
            continue
        shown = {"first": other.first_on.isoformat()}
        problems.append(Problem(code="fee.second", path=("first_on",), facts=shown))
        break
    return problems


def _fee_consents(body: FeeStandardBody, facts: Circumstances) -> list[Consent]:
    authority_id = facts.parties[body.authority_code].id
    schools = [facts.parties[code].id for code in body.institution_codes]
    return [
        Consent(ConsentStep.AGREEMENT, authority_id),
        *(Consent(ConsentStep.AGREEMENT, id_) for id_ in schools),
        Consent(ConsentStep.VERIFICATION, authority_id),
    ]


async def _fee_begins(
    act: Act, row: FilingRow, body: FeeStandardBody, facts: Circumstances
) -> None:
    """Meet what was owed with the fee whose place this takes; note that there is no cap."""
    if row.revises_id is not None:
        owed = (ObligationKind.NEW_FEE, row.organization_id, f" {row.revises_id}")
        await obligation_queries.meet_ending(act.session, *owed, row.id, act.now)
    type_id = facts.scope["certificate_type_id"]
    given = (type_id, body.level, body.mode, body.first_on, body.last_on)
    if await caps_between(act.session, *given):
        return
    shown = {"fee": body.amount_fen, "place": facts.parties[body.authority_code].name}
    found = Problem(code="finding.fee_without_cap", facts=shown)
    noted = finding_row(
        act.random, act.now, found, row.organization_id, str(row.id), filing_id=row.id
    )
    await obligation_queries.note_findings(act.session, [noted])


FEE_STANDARD = Kind(
    name=FilingKind.FEE_STANDARD,
    body=FeeStandardBody,
    said="Propose what an exam costs in a province, within the cap in force. The province and its "
    "institutions agree; then the province verifies it. One holds at a time.",
    may=_MAY,
    rule="R33",
    parties={
        "authority_code": OrganizationKind.PROVINCIAL_AUTHORITY,
        "institution_codes": OrganizationKind.PILOT_INSTITUTION,
    },
    subject="authority_code",
    filings={"account_id": FilingKind.COST_ACCOUNT},
    problems=_fee_problems,
    check=_fee_check,
    consents=_fee_consents,
    effect=_fee_begins,
    is_public=True,
    refuses=("fee.above_cap", "fee.institution_elsewhere", "fee.no_account", "fee.second"),
)
