"""Notices that evaluation organizations publish: who answers for them, and which labels they bear.

Source: rules R47 and R48. What is looked at is the text: pictures and attachments are not read.
"""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from certgraph.actions.declaring import KeyOf
from certgraph.actions.parties import ON_BEHALF, OWN, Role
from certgraph.duties.kinds.declaring import Circumstances, Consent, Kind
from certgraph.duties.kinds.values import line_problems, text_of_problems
from certgraph.duties.labels import LabelOutcome, label_outcome
from certgraph.duties.rules import ConsentStep, FilingKind
from certgraph.organizations.rules import OrganizationKind
from certgraph.organizations.tables import AppointmentRow
from certgraph.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeBody:
    """A notice.

    Attributes:
        title: Its title.
        text: Its text.
        responsible_id: The person of the organization who answers for it.
        authorization: The document that allows a label of an authority; null: none.
        reviewer_code: Code of the organization that reads it before, where a label needs that.
    """

    title: str
    text: str
    responsible_id: Annotated[UUID, KeyOf(AppointmentRow), "Who answers for it."]
    authorization: str | None = None
    reviewer_code: str | None = None


_REVIEWERS = {
    OrganizationKind.MINISTRY,
    OrganizationKind.ENTRUSTED_BODY,
    OrganizationKind.PROVINCIAL_AUTHORITY,
}


def _outcome(body: NoticeBody, facts: Circumstances) -> tuple[LabelOutcome, str]:
    return label_outcome(f"{body.title}\n{body.text}", facts.today)


def _problems(body: NoticeBody, facts: Circumstances) -> list[Problem]:
    problems = line_problems(body, "title", "authorization") + text_of_problems(body, "text")
    if facts.responsible_id is None:
        problems.append(Problem(code="notice.no_responsible", path=("responsible_id",)))
    if body.authorization is not None and not any(c.isdigit() for c in body.authorization):
        problems.append(Problem(code="notice.no_authorization", path=("authorization",)))
    reviewer = facts.parties.get(body.reviewer_code or "")
    if reviewer is not None and not reviewer.kinds & _REVIEWERS:
        shown: dict[str, object] = {"name": reviewer.name, "kind": tuple(sorted(_REVIEWERS))}
        problems.append(Problem(code="filing.other_kind", path=("reviewer_code",), facts=shown))
    outcome, words = _outcome(body, facts)
    shown = {"words": words}
    if outcome is LabelOutcome.BLOCK and body.authorization is None:
        problems.append(Problem(code="notice.label", path=("text",), facts=shown))
    if outcome is LabelOutcome.REVIEW and body.reviewer_code is None:
        path = ("reviewer_code",)
        problems.append(Problem(code="notice.needs_review", path=path, facts=shown))
    if body.reviewer_code == facts.filer.code:
        problems.append(Problem(code="notice.reviews_itself", path=("reviewer_code",)))
    return problems


def _consents(body: NoticeBody, facts: Circumstances) -> list[Consent]:
    if body.reviewer_code is None:
        return []
    return [Consent(ConsentStep.REVIEW, facts.parties[body.reviewer_code].id)]


NOTICE = Kind(
    name=FilingKind.NOTICE,
    body=NoticeBody,
    said="Publish a notice. A label of an authority is refused unless a document allows it; one "
    "that may be harmless is read by another organization first.",
    may={Role.EVALUATION_ORGANIZATION: OWN, Role.OPERATOR: ON_BEHALF},
    rule="R47",
    parties={"reviewer_code": None},
    problems=_problems,
    consents=_consents,
    is_public=True,
    refuses=(
        "notice.label",
        "notice.needs_review",
        "notice.no_authorization",
        "notice.no_responsible",
        "notice.reviews_itself",
    ),
)
