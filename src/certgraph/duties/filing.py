# ruff: noqa: ANN401 - a body of any kind
"""Hand in, revise, answer, withdraw: an action a kind to hand it in, the others for all kinds."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID

from certgraph.actions.acting import Act
from certgraph.actions.declaring import Action, KeyOf, action
from certgraph.actions.inputs import plain
from certgraph.actions.parties import ON_BEHALF, OWN, TURN, Role
from certgraph.calendar import programme_day
from certgraph.duties import queries
from certgraph.duties.bodies import body_of
from certgraph.duties.findings import stated_facts
from certgraph.duties.kinds import KINDS
from certgraph.duties.kinds.declaring import Consent, Due, Facts, Kind
from certgraph.duties.looking import facts_of, scope_of
from certgraph.duties.rules import (
    ConsentAnswer,
    ConsentStep,
    FilingKind,
    FilingState,
    ObligationKind,
)
from certgraph.duties.subjects import FILING
from certgraph.duties.tables import ConsentRow, FilingChangeRow, FilingRow, FilingVersionRow
from certgraph.organizations.rules import OrganizationKind, day_problems
from certgraph.organizations.subjects import ORGANIZATION, organization_named
from certgraph.organizations.tables import OrganizationRow
from certgraph.parameters.rules import ended_problems
from certgraph.problems import Problem, Rejected, refusal, reject_if
from certgraph.randomness import new_id
from certgraph.text import text_problems

Revised = Annotated[UUID | None, KeyOf(FilingRow), "The filing whose place it takes; null: none."]


def submission(kind: Kind[Any]) -> Action[Any, FilingRow]:
    """Return the action by which a kind of filing is handed in."""

    async def submit(
        act: Act, organization: OrganizationRow, body: Any, *, revises: Revised = None
    ) -> FilingRow:
        return await _submit(act, kind, organization, body, revises)

    submit.__doc__ = f"{kind.said}\n\nRaises:\n    Rejected: What speaks against it."
    submit.__annotations__ |= {"body": kind.body}
    word = "".join(part.capitalize() for part in kind.name.value.split("_"))
    return action(
        f"{word[:1].lower()}{word[1:]}Submit",
        may=kind.may,
        rule=kind.rule,
        about=ORGANIZATION,
        returns="filing",
        once=True,
        dry_run=True,
    )(submit)


async def _submit(
    act: Act, kind: Kind[Any], filer: OrganizationRow, body: Any, revises: UUID | None
) -> FilingRow:
    # 1. Whose place it takes.
    session = act.session
    revised = None if revises is None else await queries.filing_by_id(session, revises)
    if revises is not None and (
        revised is None or revised.organization_id != filer.id or revised.kind is not kind.name
    ):
        raise refusal("filing.not_found", "revises", id=str(revises))
    # 2. What speaks against it; what of it is unknown makes the rest impossible to judge.
    reject_if(_moment_problems(body))
    facts, problems = await facts_of(act, kind, filer, body, is_revision=revised is not None)
    scope, unknown = await scope_of(act, body, facts)
    problems += unknown + _filer_problems(kind, facts)
    problems += _regime_problems(scope) or _end_problems(kind, facts)
    if not problems:
        problems = kind.problems(body, facts)
        problems += await kind.check(act, body, facts) if kind.check else []
    problems += await _place_problems(act, kind, filer, scope, revised)
    reject_if(problems)
    # 3. Its next version, or a filing of its own.
    is_next = revised is not None and revised.state is not FilingState.EFFECTIVE
    if revised is not None and is_next:
        row = revised
        row.version += 1
    else:
        row = FilingRow(
            id=new_id(act.random),
            kind=kind.name,
            organization_id=filer.id,
            version=1,
            is_public=kind.is_public,
            revises_id=revised.id if revised else None,
        )
    for name, value in scope.items():
        setattr(row, name, value)
    row.submitted_at = act.now
    row.state = FilingState.SUBMITTED
    session.add(row)
    await session.flush()  # the rows below refer to it
    _keep_version(act, row, body)
    record_step(act, row, FilingState.SUBMITTED)
    # 4. Who is asked, what is owed because of it, and what of it was owed.
    needed = _ask(act, row, kind.consents(body, facts))
    await _open(act, row, kind.dues(body, facts), scope)
    if kind.name is FilingKind.WEEKLY_REPORT:
        weekly, key = ObligationKind.WEEKLY_REPORT, str(row.first_on)
        await queries.meet(session, weekly, filer.id, key, row.id, act.now)
    if not needed:
        await take_effect(act, row, kind, body, facts)
    return row


def _moment_problems(body: Any) -> list[Problem]:
    """List days and moments of a body that no calendar here knows: before 2000, after 2199."""
    problems = []
    for one in dataclasses.fields(body):
        value = getattr(body, one.name)
        if isinstance(value, date):  # a datetime is one, too
            day = date(value.year, value.month, value.day)
            problems += day_problems(day, one.name)
    return problems


def _filer_problems(kind: Kind[Any], facts: Facts) -> list[Problem]:
    """List why an organization does not hand in a kind, whoever records it for it."""
    kinds = {OrganizationKind(role.value) for role in kind.may if role is not Role.OPERATOR}
    if kinds & facts.filer.kinds:
        return []
    shown = {"name": facts.filer.name, "kinds": tuple(sorted(kinds))}
    return [Problem(code="filing.filer_kind", path=("organization_code",), facts=shown)]


def _regime_problems(scope: Mapping[str, Any]) -> list[Problem]:
    """List why what a filing announces or reports is not of the pilot: it begins after it.

    Source: rule S15.
    """
    if scope.get("starts_at") is not None:
        return ended_problems(programme_day(scope["starts_at"]), "starts_at")
    first_on = scope.get("first_on")
    return [] if first_on is None else ended_problems(first_on, "first_on")


def _end_problems(kind: Kind[Any], facts: Facts) -> list[Problem]:
    """List why a kind is no longer handed in: the pilot is over. Source: rule S15."""
    return [] if kind.after_the_end else ended_problems(facts.today)


async def _place_problems(
    act: Act,
    kind: Kind[Any],
    filer: OrganizationRow,
    scope: dict[str, Any],
    revised: FilingRow | None,
) -> list[Problem]:
    """List why a filing cannot take this place: another has it, or what it revises is over."""
    if revised is not None and revised.state not in (
        FilingState.SUBMITTED,
        FilingState.RETURNED,
        FilingState.EFFECTIVE,
    ):
        facts = {"state": revised.state}
        return [Problem(code="filing.over", path=("revises",), facts=facts)]
    if revised is not None and await queries.is_revised(act.session, revised.id):
        return [Problem(code="filing.revised_already", path=("revises",))]
    if kind.one_for is None:
        return []
    columns = {name: scope.get(name) for name in kind.one_for}
    if revised is not None:
        before = {name: getattr(revised, name) for name in kind.one_for}
        if before != columns:
            place: dict[str, object] = {"before": "–".join(str(value) for value in before.values())}
            return [Problem(code="filing.other_place", path=("revises",), facts=place)]
    live = await queries.live_filings(act.session, kind.name, filer.id, columns)
    others = [one for one in live if revised is None or one.id != revised.id]
    return [Problem(code="filing.second")] if others else []


def _keep_version(act: Act, row: FilingRow, body: Any) -> None:
    stated = json.dumps(plain(body), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    act.session.add(
        FilingVersionRow(
            id=new_id(act.random),
            filing_id=row.id,
            kind=row.kind,
            number=row.version,
            body=stated,
            sha256=hashlib.sha256(stated.encode()).hexdigest(),
            submitted_by=act.by,
            submitted_at=act.now,
        )
    )


def record_step(act: Act, row: FilingRow, state: FilingState, remarks: str = "") -> None:
    """Move a filing into a state, and record that."""
    row.state = state
    act.session.add(
        FilingChangeRow(
            id=new_id(act.random),
            filing_id=row.id,
            version=row.version,
            state=state,
            remarks=remarks,
            changed_by=act.by,
            changed_at=act.now,
        )
    )


def _ask(act: Act, row: FilingRow, consents: Sequence[Consent]) -> bool:
    """Ask for each yes; return whether one is needed."""
    for one in consents:
        act.session.add(
            ConsentRow(
                id=new_id(act.random),
                filing_id=row.id,
                version=row.version,
                organization_id=one.organization_id,
                step=one.step,
                is_needed=one.is_needed,
                asked_at=act.now,
            )
        )
    return any(one.is_needed for one in consents)


def _key(filing_id: UUID, organization_id: UUID, step: ConsentStep) -> str:
    """Return the key of what an answer to a filing meets."""
    return f"{filing_id} {organization_id} {step.value}"


_BY_VERSION, _BY_ANOTHER = "a later version", "another filing"
"""By what is waived what is no longer asked for: no name of anybody who acts."""


async def _open(act: Act, row: FilingRow, dues: Sequence[Due], scope: dict[str, Any]) -> None:
    """Record what somebody owes because of a filing.

    A new version may have moved the moment, and asks others: what is no longer asked for is waived.
    """
    stated = {_key(row.id, due.answer.organization_id, due.answer.step): due for due in dues}
    for one in await queries.obligations_about(act.session, row.id):
        due = stated.pop(one.key, None)
        if due is None:
            if one.waived_at is None:
                one.waived_at, one.waived_by, one.waive_reason = act.now, _BY_VERSION, ""
            continue
        one.due_on, one.due_before = due.due_on, due.due_before
        one.met_at = one.met_by_id = None
        if one.waived_by == _BY_VERSION:
            one.waived_at = one.waived_by = one.waive_reason = None
    rows = [
        {
            "id": new_id(act.random),
            "kind": due.kind,
            "rule_id": due.rule_id,
            "debtor_id": due.debtor_id,
            "key": key,
            "certificate_type_id": scope.get("certificate_type_id"),
            "level": scope.get("level"),
            "filing_id": row.id,
            "opened_at": act.now,
            "due_on": due.due_on,
            "due_before": due.due_before,
            "is_provisional": due.is_provisional,
            "basis": due.basis,
        }
        for key, due in stated.items()
    ]
    await queries.open_obligations(act.session, rows)


async def take_effect(act: Act, row: FilingRow, kind: Kind[Any], body: Any, facts: Facts) -> None:
    """Put a filing into effect: it takes the place of what it revises, its flags are noted."""
    if kind.effect is not None:
        await kind.effect(act, body)
    record_step(act, row, FilingState.EFFECTIVE)
    row.effective_at = act.now
    if row.revises_id is not None:
        revised = await act.session.get_one(FilingRow, row.revises_id)
        if revised.state is FilingState.EFFECTIVE:
            await _supersede(act, revised, row)
    rows = [
        {
            "id": new_id(act.random),
            "code": flag.problem.code,
            "rule_id": flag.problem.rule_id,
            "subject_id": row.organization_id,
            "key": f"{row.id} {row.version} {place}",
            "filing_id": row.id,
            "facts": stated_facts(flag.problem.facts),
            "severity": flag.severity,
            "found_at": act.now,
        }
        for place, flag in enumerate(kind.flags(body, facts))
    ]
    await queries.note_findings(act.session, rows)


async def _supersede(act: Act, revised: FilingRow, row: FilingRow) -> None:
    """End what another takes the place of: its period the day before, and what is owed for it."""
    record_step(act, revised, FilingState.SUPERSEDED)
    act.touched.append(revised)
    if (
        row.first_on is not None
        and revised.first_on is not None
        and row.first_on > revised.first_on
    ):
        day_before = row.first_on - timedelta(days=1)
        revised.last_on = min(revised.last_on or day_before, day_before)
    for owed in await queries.obligations_about(act.session, revised.id):
        is_ahead = owed.due_before is None or owed.due_before > act.now
        if owed.met_at is None and owed.waived_at is None and is_ahead:
            owed.waived_at, owed.waived_by, owed.waive_reason = act.now, _BY_ANOTHER, ""


_PARTIES = {
    **dict.fromkeys(
        (
            Role.MINISTRY,
            Role.ENTRUSTED_BODY,
            Role.PROVINCIAL_AUTHORITY,
            Role.EVALUATION_ORGANIZATION,
            Role.PILOT_INSTITUTION,
        ),
        TURN,
    ),
    Role.OPERATOR: ON_BEHALF,
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AnswerDraft:
    """What an organization says of a filing.

    Attributes:
        step: To what it is asked to say yes.
        answer: Yes, to be revised, or no.
        remarks: Why; needed where it is not a yes.
        organization_code: Whose answer it is; only the office, which records it, names one.
    """

    step: ConsentStep
    answer: ConsentAnswer
    remarks: str | None = None
    organization_code: str | None = None


async def _asked(act: Act, filing: FilingRow, draft: AnswerDraft) -> ConsentRow:
    """Return what is asked of whoever answers. Raises `Rejected`."""
    organization_id = act.actor.organization_id
    if act.actor.role is Role.OPERATOR:
        if draft.organization_code is None:
            raise refusal("filing.answer_of_whom", "organization_code")
        named = await organization_named(act.session, draft.organization_code, "organization_code")
        organization_id = named.id
    for one in await queries.consents_of(act.session, filing):
        if one.organization_id == organization_id and one.step is draft.step:
            return one
    raise refusal("filing.not_asked", "step", step=draft.step)


@action("filingAnswer", may=_PARTIES, about=FILING, returns="filing")
async def answer_filing(act: Act, filing: FilingRow, draft: AnswerDraft) -> FilingRow:
    """Say yes to a filing, send it back, or say no. With the last yes it needs it is in effect.

    Raises:
        Rejected: Whoever answers is not asked, has answered, the filing is over, or what is no yes
            is without remarks.
    """
    # 1. What is asked, and whether it can be answered still.
    consent = await _asked(act, filing, draft)
    problems: list[Problem] = []
    is_yes = draft.answer is ConsentAnswer.AGREED
    if draft.remarks is None and not is_yes:
        problems.append(Problem(code="filing.no_remarks", path=("remarks",)))
    elif draft.remarks is not None:
        problems += text_problems(draft.remarks, 500, "remarks")
    may_come = (
        (FilingState.SUBMITTED,)
        if consent.is_needed
        else (
            FilingState.SUBMITTED,
            FilingState.EFFECTIVE,
        )
    )
    if filing.state not in may_come:
        facts = {"state": filing.state}
        problems.append(Problem(code="filing.over", facts=facts))
    is_final = consent.is_needed or consent.answer is ConsentAnswer.AGREED
    if consent.answer is not None and is_final:
        problems.append(Problem(code="filing.answered", facts={"answer": consent.answer}))
    reject_if(problems)
    # 2. The answer, and what was owed with it.
    consent.answer, consent.remarks = draft.answer, draft.remarks or ""
    consent.answered_at, consent.answered_by = act.now, act.by
    act.touched.append(consent)
    key = _key(filing.id, consent.organization_id, consent.step)
    for owed in await queries.obligations_about(act.session, filing.id, key):
        if is_yes:
            owed.met_at, owed.met_by_id = act.now, filing.id
    # 3. What follows for the filing.
    if consent.is_needed and draft.answer is ConsentAnswer.RETURNED:
        record_step(act, filing, FilingState.RETURNED, consent.remarks)
    elif consent.is_needed and draft.answer is ConsentAnswer.DECLINED:
        record_step(act, filing, FilingState.DECLINED, consent.remarks)
        await _waive_open(act, filing, "declined")
    elif filing.state is FilingState.SUBMITTED:
        consents = await queries.consents_of(act.session, filing)
        if all(one.answer is ConsentAnswer.AGREED for one in consents if one.is_needed):
            await _take_effect_later(act, filing)
    return filing


async def _take_effect_later(act: Act, filing: FilingRow) -> None:
    """Put a filing into effect whose body was handed in before."""
    kind = KINDS[filing.kind]
    body = body_of(filing.kind, await queries.latest_body(act.session, filing))
    filer = await act.session.get_one(OrganizationRow, filing.organization_id)
    facts, _ = await facts_of(act, kind, filer, body, is_revision=filing.revises_id is not None)
    await take_effect(act, filing, kind, body, facts)


async def _waive_open(act: Act, filing: FilingRow, reason: str) -> None:
    """End what is owed because of a filing that is over; what fell due before stays."""
    for owed in await queries.obligations_about(act.session, filing.id):
        is_ahead = owed.due_before is None or owed.due_before > act.now
        if owed.met_at is None and owed.waived_at is None and is_ahead:
            owed.waived_at, owed.waived_by, owed.waive_reason = act.now, act.by, reason


_FILERS = {**dict.fromkeys(_PARTIES, OWN), Role.OPERATOR: ON_BEHALF}


@action(
    "filingWithdraw",
    may=_FILERS,
    about=FILING,
    returns="filing",
    reason=True,
    leads_to=(FilingState.WITHDRAWN,),
)
async def withdraw_filing(act: Act, filing: FilingRow) -> FilingRow:
    """Withdraw a filing before it is in effect; afterwards it can only be revised.

    Raises:
        Rejected: It is in effect, or over.
    """
    if filing.state not in (FilingState.SUBMITTED, FilingState.RETURNED):
        raise Rejected([Problem(code="filing.over", facts={"state": filing.state})])
    record_step(act, filing, FilingState.WITHDRAWN, act.reason)
    await _waive_open(act, filing, "withdrawn")
    return filing


SUBMISSIONS = {kind.name: submission(kind) for kind in KINDS.values()}
ACTIONS = (*SUBMISSIONS.values(), answer_filing, withdraw_filing)
