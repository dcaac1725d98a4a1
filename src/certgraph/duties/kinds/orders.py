"""Orders: what an organization or institution is to mend, until when."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from certgraph.actions.parties import ON_BEHALF, OWN, Role
from certgraph.calendar import instant_after
from certgraph.duties.kinds.declaring import Circumstances, Consent, Due, Kind
from certgraph.duties.kinds.values import line_problems, text_of_problems
from certgraph.duties.rules import ConsentStep, FilingKind, ObligationBasis, ObligationKind
from certgraph.organizations.rules import OrganizationKind, day_problems
from certgraph.problems import Problem


class OrderKind(StrEnum):
    """What is ordered: 收费整改, 更新标准教材题库, 其他整改."""

    FEES = "fees"
    UPDATE = "update"
    OTHER = "other"


_RULES = {OrderKind.FEES: "E2", OrderKind.UPDATE: "E4", OrderKind.OTHER: "E5"}
"""Of an evaluation organization: the ground of an exit that an unmet order bears on."""

_RULE_OF_INSTITUTIONS = "S08"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderBody:
    """An order to mend something.

    Attributes:
        subject_code: Code of whom it is for.
        order: What is ordered.
        title: Its title.
        text: What is to be mended.
        due_on: Last day for the answer that it is done.
        document_number: Number of the document.
    """

    subject_code: str
    order: OrderKind
    title: str
    text: str
    due_on: date
    document_number: str


def _problems(body: OrderBody, facts: Circumstances) -> list[Problem]:
    problems = line_problems(body, "title", "document_number") + text_of_problems(body, "text")
    problems += day_problems(body.due_on, "due_on")
    if body.due_on < facts.today:
        shown = {"day": body.due_on.isoformat()}
        problems.append(Problem(code="order.due_before", path=("due_on",), facts=shown))
    subject = facts.parties[body.subject_code]
    is_supervised = subject.supervisor_id == facts.filer.id
    is_issuer = OrganizationKind.EVALUATION_ORGANIZATION in subject.kinds
    if not is_issuer and OrganizationKind.PILOT_INSTITUTION not in subject.kinds:
        shown = {"name": subject.name}
        problems.append(Problem(code="order.to_whom", path=("subject_code",), facts=shown))
    elif not is_supervised and not is_issuer:
        shown = {"name": subject.name, "authority": facts.filer.name}
        path = ("subject_code",)
        problems.append(Problem(code="order.not_supervised", path=path, facts=shown))
    return problems


def _consents(body: OrderBody, facts: Circumstances) -> list[Consent]:
    return [
        Consent(ConsentStep.ANSWER, facts.parties[body.subject_code].id, is_needed=False),
        Consent(ConsentStep.VERIFICATION, facts.filer.id, is_needed=False),
    ]


def _dues(body: OrderBody, facts: Circumstances) -> list[Due]:
    answer, _ = _consents(body, facts)
    is_issuer = OrganizationKind.EVALUATION_ORGANIZATION in facts.parties[body.subject_code].kinds
    return [
        Due(
            kind=ObligationKind.ORDER,
            rule_id=_RULES[body.order] if is_issuer else _RULE_OF_INSTITUTIONS,
            debtor_id=answer.organization_id,
            answer=answer,
            due_on=body.due_on,
            due_before=instant_after(body.due_on),
            basis=ObligationBasis.ORDER,
        )
    ]


ORDER = Kind(
    name=FilingKind.ORDER,
    body=OrderBody,
    said="Order an evaluation organization, or an institution that one supervises, to mend "
    "something until a day. It answers when that is done; whoever ordered it verifies that, or "
    "sends the answer back.",
    may={
        Role.MINISTRY: OWN,
        Role.ENTRUSTED_BODY: OWN,
        Role.PROVINCIAL_AUTHORITY: OWN,
        Role.OPERATOR: ON_BEHALF,
    },
    parties={"subject_code": None},
    after_the_end=True,
    problems=_problems,
    consents=_consents,
    dues=_dues,
    refuses=("order.due_before", "order.not_supervised", "order.to_whom"),
)
