"""Findings that people note: what somebody saw, under the rule that it is about."""

from typing import Annotated
from uuid import UUID

from certgraph.actions.acting import Act
from certgraph.actions.declaring import KeyOf, action
from certgraph.actions.parties import ANY, ON_BEHALF, Role
from certgraph.duties.findings import finding_row
from certgraph.duties.rules import FindingSeverity
from certgraph.duties.tables import FilingRow, FindingRow
from certgraph.organizations.queries import kinds_of, supervisor_of
from certgraph.organizations.rules import OrganizationKind
from certgraph.organizations.subjects import organization_named
from certgraph.organizations.tables import OrganizationRow
from certgraph.policy import policy_rules, regimes
from certgraph.problems import Problem, reject_if
from certgraph.randomness import new_id
from certgraph.supervision.actions import reject_subject
from certgraph.text import long_text_problems

_LONGEST = 2_000


@action(
    "findingNote",
    may={
        Role.MINISTRY: ANY,
        Role.ENTRUSTED_BODY: ANY,
        Role.PROVINCIAL_AUTHORITY: ANY,
        Role.OPERATOR: ON_BEHALF,
    },
    returns="finding",
    once=True,
    refuses=(
        "case.of_oneself",
        "finding.filing_of_another",
        "finding.noted",
        "finding.of_another_province",
        "finding.unknown_rule",
        "organization.not_found",
    ),
)
async def note_finding(
    act: Act,
    *,
    subject_code: Annotated[str, "Code of whom it is about."],
    rule_id: Annotated[str, "Under which rule: R30, E1, … of `policyRules`."],
    text: Annotated[str, "What was seen, 1 to 2,000 characters; no personal data of students."],
    severity: Annotated[FindingSeverity, "How much it weighs."] = FindingSeverity.NOTICE,
    filing_id: Annotated[
        UUID | None, KeyOf(FilingRow), "The filing that it is of; null: none."
    ] = None,
) -> FindingRow:
    """Note by hand what was seen of an organization or institution; the sweep notes the rest.

    Nothing follows by itself: a case names the finding. The subject reads it. Of an institution its
    own provincial authority alone notes one, besides the ministry and its entrusted body.

    Raises:
        Rejected: Of itself, of another province's institution, no rule of the programme, or a
            filing that is neither of the subject nor about it.
    """
    subject = await organization_named(act.session, subject_code, "subject_code")
    reject_subject(act, subject.id)
    problems = long_text_problems(text, _LONGEST, "text")
    problems += await _province_problems(act, subject)
    rule = policy_rules().get(rule_id)
    if rule is None or regimes()[rule.regime].first_on is None:
        problems.append(
            Problem(code="finding.unknown_rule", path=("rule_id",), facts={"rule": rule_id})
        )
    if filing_id is not None:
        filing = await act.session.get(FilingRow, filing_id)
        if filing is None or subject.id not in (filing.organization_id, filing.subject_id):
            facts: dict[str, object] = {"name": subject.name}
            problems.append(
                Problem(code="finding.filing_of_another", path=("filing_id",), facts=facts)
            )
    reject_if(problems)
    noted = Problem(code="finding.noted", facts={"text": text})
    key = str(new_id(act.random))
    row = FindingRow(
        **finding_row(act.random, act.now, noted, subject.id, key, severity, filing_id)
    )
    row.rule_id = rule_id
    row.organization_id, row.noted_by = act.actor.organization_id, act.by
    act.session.add(row)
    return row


async def _province_problems(act: Act, subject: OrganizationRow) -> list[Problem]:
    """List why a province does not note something of a subject: it is another's institution."""
    if act.actor.role is not Role.PROVINCIAL_AUTHORITY:
        return []
    kinds = await kinds_of(act.session, subject.id)
    if OrganizationKind.EVALUATION_ORGANIZATION in kinds:
        return []
    if await supervisor_of(act.session, subject.id) == act.actor.organization_id:
        return []
    facts: dict[str, object] = {"name": subject.name}
    return [Problem(code="finding.of_another_province", facts=facts)]


ACTIONS = (note_finding,)
