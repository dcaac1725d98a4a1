"""Write to the programme, and answer."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from certgraph.actions.acting import Act
from certgraph.actions.declaring import Secret, action
from certgraph.actions.parties import ANY, ON_BEHALF, WITH_TOKENS, Role
from certgraph.calendar import instant_after, programme_day, working_days_after
from certgraph.duties.obligation_queries import obligations_keyed, open_obligations
from certgraph.duties.rules import ObligationBasis, ObligationKind
from certgraph.feedback import queries
from certgraph.feedback.rules import LONGEST, MOST_AN_HOUR, FeedbackCategory
from certgraph.feedback.subjects import FEEDBACK
from certgraph.feedback.tables import FeedbackRow
from certgraph.organizations.queries import is_of_kind, organizations_where
from certgraph.organizations.rules import OrganizationKind
from certgraph.organizations.subjects import organization_named
from certgraph.parameters.queries import parameters_in_force
from certgraph.parameters.rules import ParameterName
from certgraph.problems import refusal, reject_if
from certgraph.randomness import new_id, random_token
from certgraph.text import long_text_problems

TOKEN_PREFIX = "cgf_"  # noqa: S105 - no secret


def tracking_sha256(token: str) -> bytes:
    """Return the hash under which feedback is found by its token."""
    return hashlib.sha256(token.strip().encode(errors="surrogatepass")).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackDraft:
    """What somebody writes. Who it is, is not recorded: write no personal data that need not be.

    Attributes:
        category: About what.
        text: In Chinese or English, 1 to 4,000 characters, of several lines if need be.
        subject_code: Code of the organization that it is about; null: about none.
    """

    category: FeedbackCategory
    text: str
    subject_code: str | None = None


@action(
    "feedbackSubmit",
    may=dict.fromkeys((Role.PUBLIC, *WITH_TOKENS), ANY),
    returns=("feedback", "tracking_token"),
    once=True,
    refuses=("feedback.too_much", "organization.not_found"),
)
async def submit_feedback(act: Act, draft: FeedbackDraft) -> tuple[FeedbackRow, Secret]:
    """Write to the programme: a complaint, question or suggestion. Anybody may.

    The token, shown once, finds the answer. From all together 200 texts an hour are taken.

    Raises:
        Rejected: No text, an unknown organization, or too much in this hour.

    Source: rule R52.
    """
    session = act.session
    reject_if(long_text_problems(draft.text, LONGEST, "text"))
    subject = None
    if draft.subject_code is not None:
        subject = await organization_named(session, draft.subject_code, "subject_code")
    if await queries.submitted_since(session, act.now - timedelta(hours=1)) >= MOST_AN_HOUR:
        raise refusal("feedback.too_much", limit=MOST_AN_HOUR)
    token = TOKEN_PREFIX + random_token(act.random, 26)
    row = FeedbackRow(
        id=new_id(act.random),
        tracking_sha256=tracking_sha256(token),
        category=draft.category,
        subject_id=subject.id if subject else None,
        text=draft.text,
        is_published=False,
        submitted_at=act.now,
    )
    session.add(row)
    await _owe_answer(act, row)
    return row, Secret(token)


async def _owe_answer(act: Act, row: FeedbackRow) -> None:
    """Record that the ministry owes an answer: until a day, where a parameter says within which."""
    ministries = await organizations_where(act.session, is_of_kind(OrganizationKind.MINISTRY))
    today = programme_day(act.now)
    parameters = await parameters_in_force(act.session)
    days = parameters.number_if_set(ParameterName.FEEDBACK_ANSWER_DAYS, today)
    deadline = None if days is None else working_days_after(today, days)
    rows = [
        {
            "id": new_id(act.random),
            "kind": ObligationKind.FEEDBACK_ANSWER,
            "rule_id": "R52",
            "debtor_id": ministry.id,
            "key": str(row.id),
            "opened_at": act.now,
            "due_on": deadline.due_on if deadline else None,
            "due_before": instant_after(deadline.due_on) if deadline else None,
            "is_provisional": bool(deadline and deadline.is_provisional),
            "basis": ObligationBasis.PARAMETER if deadline else ObligationBasis.RULE,
        }
        for ministry in ministries[:1]
    ]
    await open_obligations(act.session, rows)


@action(
    "feedbackAnswer",
    may={Role.MINISTRY: ANY, Role.OPERATOR: ON_BEHALF},
    rule="R52",
    about=FEEDBACK,
    returns="feedback",
    refuses=("feedback.answered",),
)
async def answer_feedback(
    act: Act,
    feedback: FeedbackRow,
    *,
    answer: Annotated[str, "The answer, 1 to 4,000 characters."],
    is_published: Annotated[
        bool, "Whether everybody may read it, text and answer: somebody has looked at it."
    ] = False,
) -> FeedbackRow:
    """Answer feedback; whoever sent it reads the answer, and everybody where it is published.

    Raises:
        Rejected: It was answered before.

    Source: rule R52.
    """
    reject_if(long_text_problems(answer, LONGEST, "answer"))
    if feedback.answered_at is not None:
        raise refusal("feedback.answered")
    feedback.answer, feedback.is_published = answer, is_published
    feedback.answered_at, feedback.answered_by = act.now, act.by
    kind, key = ObligationKind.FEEDBACK_ANSWER, str(feedback.id)
    for owed in await obligations_keyed(act.session, kind, key):
        owed.met_at = owed.met_at or act.now
    return feedback


ACTIONS = (submit_feedback, answer_feedback)
