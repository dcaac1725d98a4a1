"""Answer and withdraw filings, of all kinds."""

import dataclasses

from certgraph.actions.acting import Act
from certgraph.actions.declaring import action
from certgraph.actions.parties import ON_BEHALF, OWN, TURN, Role
from certgraph.duties import obligation_queries, queries
from certgraph.duties.bodies import body_of
from certgraph.duties.effects import answer_key, record_step, take_effect, waive_what_is_ahead
from certgraph.duties.kinds import KINDS
from certgraph.duties.looking import facts_of
from certgraph.duties.rules import (
    ConsentAnswer,
    ConsentStep,
    FilingState,
)
from certgraph.duties.subjects import FILING
from certgraph.duties.tables import ConsentRow, FilingRow
from certgraph.organizations.queries import organization_names
from certgraph.organizations.subjects import organization_named
from certgraph.organizations.tables import OrganizationRow
from certgraph.problems import Problem, Rejected, refusal, reject_if
from certgraph.text import text_problems

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


@action(
    "filingAnswer",
    may=_PARTIES,
    about=FILING,
    returns="filing",
    refuses=(
        "cap.other_mode",
        "fee.above_cap",
        "fee.second",
        "filing.agreement_first",
        "filing.answer_of_whom",
        "filing.answered",
        "filing.no_remarks",
        "filing.not_asked",
        "filing.over",
        "filing.second",
        "major.unknown",
        "observation.no_point",
        "order.not_answered",
        "site.not_taking_part",
        "site.restricted",
        "standard.code_malformed",
        "standard.code_repeated",
        "standard.level",
        "standard.of_another",
        "standard.outcome_number",
        "standard.parent_missing",
        "standard.published_in_future",
        "standard.version_published",
    ),
)
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
    if is_yes and draft.step in _AFTER_AGREEMENT:
        problems += await _agreement_problems(act, filing)
    if draft.step is ConsentStep.VERIFICATION and not consent.is_needed:
        problems += await _unanswered_problems(act, filing)
    reject_if(problems)
    # 2. The answer, and what was owed with it.
    consent.answer, consent.remarks = draft.answer, draft.remarks or ""
    consent.answered_at, consent.answered_by = act.now, act.by
    act.touched.append(consent)
    key = answer_key(filing.id, consent.organization_id, consent.step)
    for owed in await obligation_queries.obligations_about(act.session, filing.id, key):
        if is_yes:
            owed.met_at, owed.met_by_id = act.now, filing.id
    if draft.step is ConsentStep.VERIFICATION and not consent.is_needed and not is_yes:
        await _ask_again(act, filing, consent.remarks)
    # 3. What follows for the filing.
    if consent.is_needed and draft.answer is ConsentAnswer.RETURNED:
        record_step(act, filing, FilingState.RETURNED, consent.remarks)
    elif consent.is_needed and draft.answer is ConsentAnswer.DECLINED:
        record_step(act, filing, FilingState.DECLINED, consent.remarks)
        await waive_what_is_ahead(act, filing, "declined")
    elif filing.state is FilingState.SUBMITTED:
        consents = await queries.consents_of(act.session, filing)
        if all(one.answer is ConsentAnswer.AGREED for one in consents if one.is_needed):
            await _take_effect_later(act, filing)
    return filing


_AFTER_AGREEMENT = {ConsentStep.FILING, ConsentStep.VERIFICATION}
"""What is done with what the parties have agreed on (协商确定…并备案, R26; 核定, S02)."""


async def _agreement_problems(act: Act, filing: FilingRow) -> list[Problem]:
    """List why a filing cannot be filed or verified yet: who has not agreed to it."""
    consents = await queries.consents_of(act.session, filing)
    missing = [
        one.organization_id
        for one in consents
        if one.step is ConsentStep.AGREEMENT
        and one.is_needed
        and one.answer is not ConsentAnswer.AGREED
    ]
    if not missing:
        return []
    names = await organization_names(act.session, missing)
    facts = {"names": tuple(names[id_] for id_ in missing)}
    return [Problem(code="filing.agreement_first", facts=facts)]


async def _unanswered_problems(act: Act, filing: FilingRow) -> list[Problem]:
    """List why there is nothing to verify yet: nobody has answered an order."""
    consents = await queries.consents_of(act.session, filing)
    answers = [one for one in consents if one.step is ConsentStep.ANSWER]
    if any(one.answer is ConsentAnswer.AGREED for one in answers):
        return []
    return [Problem(code="order.not_answered")]


async def _ask_again(act: Act, filing: FilingRow, remarks: str) -> None:
    """Ask again for the answer to an order that is not met: it is owed as before."""
    for one in await queries.consents_of(act.session, filing):
        if one.step is ConsentStep.ANSWER:
            one.answer = one.answered_at = one.answered_by = None
            act.touched.append(one)
    for owed in await obligation_queries.obligations_about(act.session, filing.id):
        owed.met_at = owed.met_by_id = None
    record_step(act, filing, filing.state, remarks)


async def _take_effect_later(act: Act, filing: FilingRow) -> None:
    """Put a filing into effect that was handed in before.

    Raises:
        Rejected: What has come to speak against it since; whoever says yes sends it back.
    """
    kind = KINDS[filing.kind]
    body = body_of(filing.kind, await queries.latest_body(act.session, filing))
    filer = await act.session.get_one(OrganizationRow, filing.organization_id)
    places = {"revised_id": filing.revises_id, "itself_id": filing.id}
    facts, problems = await facts_of(act, kind, filer, body, **places)
    for party_id in {filing.organization_id, filing.subject_id or filing.organization_id}:
        parties = act.environment.parties
        problems += await parties.left(act.session, party_id, act.now)
    reject_if(problems or (await kind.check(act, body, facts) if kind.check else []))
    await take_effect(act, filing, kind, body, facts)


_FILERS = {**dict.fromkeys(_PARTIES, OWN), Role.OPERATOR: ON_BEHALF}


@action(
    "filingWithdraw",
    may=_FILERS,
    about=FILING,
    returns="filing",
    reason=True,
    leads_to=(FilingState.WITHDRAWN,),
    refuses=("filing.over",),
)
async def withdraw_filing(act: Act, filing: FilingRow) -> FilingRow:
    """Withdraw a filing before it is in effect; afterwards it can only be revised.

    Raises:
        Rejected: It is in effect, or over.
    """
    if filing.state not in (FilingState.SUBMITTED, FilingState.RETURNED):
        raise Rejected([Problem(code="filing.over", facts={"state": filing.state})])
    record_step(act, filing, FilingState.WITHDRAWN, act.reason)
    await waive_what_is_ahead(act, filing, "withdrawn")
    return filing


ACTIONS = (answer_filing, withdraw_filing)
