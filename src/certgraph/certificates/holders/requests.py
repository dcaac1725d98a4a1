"""What holders ask their issuer for, and what it answers."""

from uuid import UUID

from certgraph.actions.acting import Act
from certgraph.actions.declaring import action
from certgraph.actions.parties import OWN, Role
from certgraph.certificates.holders import queries
from certgraph.certificates.holders.rules import LONGEST_TEXT, HolderRequestKind, HolderRequestState
from certgraph.certificates.holders.subjects import HOLDER_REQUEST
from certgraph.certificates.holders.tables import HolderRequestRow
from certgraph.certificates.subjects import CERTIFICATE, reject_erased
from certgraph.certificates.tables import CertificateRow
from certgraph.problems import Problem, refusal, reject_if
from certgraph.randomness import new_id
from certgraph.sealing import CannotOpen, Keyring
from certgraph.text import text_problems


def text_of(keyring: Keyring, request_id: UUID, sealed: bytes | None) -> str | None:
    """Return what a holder wrote; None once it is deleted, or where it was altered."""
    try:
        return None if sealed is None else keyring.open_request(sealed, request_id.bytes)
    except CannotOpen:
        return None


@action(
    "holderRequestFile",
    may={Role.HOLDER: OWN},
    about=CERTIFICATE,
    returns="holder_request",
    in_graph=False,
    after_leaving=True,
    refuses=("certificate.erased", "holder.asked_already"),
)
async def file_holder_request(
    act: Act, certificate: CertificateRow, *, kind: HolderRequestKind, text: str
) -> HolderRequestRow:
    """Ask the issuer to correct a certificate, or to have its holder erased.

    Args:
        act: The act.
        certificate: Which one.
        kind: What for.
        text: What is wrong, or why; 1 to 500 characters. It is kept sealed.

    Raises:
        Rejected: The same is asked already and not answered; the text is none.

    Source: Personal Information Protection Law, articles 46 and 47.
    """
    reject_erased(certificate)
    problems = text_problems(text, LONGEST_TEXT, "text")
    if await queries.open_request(act.session, certificate.id, kind) is not None:
        problems.append(Problem(code="holder.asked_already", facts={"kind": kind}))
    reject_if(problems)
    request_id = new_id(act.random)
    request = HolderRequestRow(
        id=request_id,
        certificate_id=certificate.id,
        organization_id=certificate.organization_id,
        kind=kind,
        sealed_text=act.keyring.seal_request(text, request_id.bytes),
        state=HolderRequestState.OPEN,
        asked_at=act.now,
    )
    act.session.add(request)
    return request


@action(
    "holderRequestAnswer",
    may={Role.EVALUATION_ORGANIZATION: OWN},
    about=HOLDER_REQUEST,
    returns="holder_request",
    after_leaving=True,
    refuses=("holder.answer_state", "holder.answered_already"),
)
async def answer_holder_request(
    act: Act, request: HolderRequestRow, *, state: HolderRequestState, answer: str
) -> HolderRequestRow:
    """Answer a holder's request; the holder reads it on the page.

    It changes no certificate: `certificateReissue` corrects, and the programme's office erases
    (`certificateHolderErase`).

    Args:
        act: The act.
        request: The request.
        state: DONE or DECLINED.
        answer: What was done, or why not; no personal data. 1 to 500 characters.

    Raises:
        Rejected: It was answered before; the state is OPEN; the answer is no text.
    """
    problems = text_problems(answer, LONGEST_TEXT, "answer")
    if state is HolderRequestState.OPEN:
        problems.append(Problem(code="holder.answer_state", path=("state",)))
    if request.state is not HolderRequestState.OPEN:
        raise refusal("holder.answered_already", state=request.state)
    reject_if(problems)
    request.state, request.answer = state, answer
    request.answered_by, request.answered_at = act.by, act.now
    return request


ACTIONS = (file_holder_request, answer_holder_request)
