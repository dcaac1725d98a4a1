"""Batches as people handle them: upload, hand in, approve or reject, cancel, go on, register."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Annotated

from certgraph.actions.acting import Act
from certgraph.actions.declaring import action
from certgraph.actions.parties import ON_BEHALF, OWN, Role
from certgraph.certificates import run_queries
from certgraph.certificates.batches import queries
from certgraph.certificates.batches.reports import sealed_file
from certgraph.certificates.batches.rules import BatchState, transition_problems
from certgraph.certificates.batches.subjects import BATCH
from certgraph.certificates.batches.tables import BatchRow
from certgraph.certificates.rules import CertificateState
from certgraph.certificates.states.actions import record_changes
from certgraph.organizations.subjects import ORGANIZATION
from certgraph.organizations.tables import OrganizationRow
from certgraph.problems import refusal, reject_if
from certgraph.randomness import new_id
from certgraph.text import text_problems

_ISSUER = {Role.EVALUATION_ORGANIZATION: OWN, Role.OPERATOR: ON_BEHALF}
_APPROVER = {Role.APPROVER: OWN}
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What holds for all candidates of a file that has no such column, as the file would say it.

    Attributes:
        standard_code: Standard met.
        standard_version: Version of it.
        level: 1, 2, 3 or 初级, 中级, 高级.
        issued_on: Day of issue.
        expires_on: Last valid day.
    """

    standard_code: str | None = None
    standard_version: str | None = None
    level: str | None = None
    issued_on: str | None = None
    expires_on: str | None = None


@action("certificateBatchUpload", may=_ISSUER, about=ORGANIZATION, returns="batch", in_graph=False)
async def upload_batch(
    act: Act,
    organization: OrganizationRow,
    given: Given,
    *,
    file: bytes,
    file_name: str,
    is_trial: bool = True,
) -> BatchRow:
    """Hand in a file of candidates; the service looks at it, and says what is wrong.

    The same file again is the same batch, until that has ended.

    Args:
        act: The act.
        organization: Who issues.
        given: What holds for all candidates.
        file: XLSX, XLS or CSV.
        file_name: As the organization calls it, 1 to 200 characters.
        is_trial: Whether it goes no further than the look.

    Raises:
        Rejected: A name that is none.
    """
    reject_if(text_problems(file_name, _LONGEST_NAME, "file_name"))
    stated = json.dumps({k: v for k, v in asdict(given).items() if v}, ensure_ascii=False)
    digest = hashlib.sha256(file).hexdigest()
    before = await queries.batch_of_file(act.session, organization.id, digest, stated)
    if before is not None:
        if before.state is BatchState.DRAFT:
            _look_again(act, before, is_trial=is_trial and before.is_trial)
        return before
    batch_id = new_id(act.random)
    batch = BatchRow(
        id=batch_id,
        organization_id=organization.id,
        state=BatchState.DRAFT,
        is_trial=is_trial,
        file_name=file_name,
        file_sha256=digest,
        sealed_file=sealed_file(act.keyring, batch_id.bytes, file),
        given=stated,
        uploaded_by=act.by,
        uploaded_at=act.now,
        submitted_by=None if is_trial else act.by,
    )
    act.session.add(batch)
    return batch


def _look_again(act: Act, batch: BatchRow, *, is_trial: bool) -> None:
    if batch.is_trial and not is_trial:
        batch.submitted_by = act.by
    batch.is_trial = is_trial
    batch.checked_at = batch.problem_count = batch.halted = None


@action(
    "certificateBatchSubmit",
    may=_ISSUER,
    about=BATCH,
    returns="batch",
    refuses=("batch.transition_refused",),
)
async def submit_batch(act: Act, batch: BatchRow) -> BatchRow:
    """Hand in a batch that was a trial: once its file has no fault, its drafts are recorded.

    Raises:
        Rejected: It is no draft any more.
    """
    if batch.state is not BatchState.DRAFT:
        facts = {"state": batch.state, "target": BatchState.VALIDATED}
        raise refusal("batch.transition_refused", **facts)
    _look_again(act, batch, is_trial=False)
    return batch


Digest = Annotated[str, "Of exactly what will be signed, as the batch states it; 64 hex digits."]


@action(
    "certificateBatchApprove",
    may=_APPROVER,
    about=BATCH,
    returns="batch",
    step_up=True,
    after_leaving=True,
    refuses=(
        "batch.is_there_already",
        "batch.other_digest",
        "batch.transition_refused",
        "pending.same_person",
    ),
)
async def approve_batch(act: Act, batch: BatchRow, *, digest: Digest) -> BatchRow:
    """Approve that exactly this is signed; the service then issues.

    Raises:
        Rejected: It does not wait for that, its digest is another, the same person uploaded it or
            handed it in, or the organization has left and nothing of it is finished (R53).
    """
    reject_if(transition_problems(batch.state, BatchState.APPROVED))
    await _check_completes(act, batch)
    if digest.lower() != batch.digest:
        raise refusal("batch.other_digest", "digest", digest=batch.digest)
    if act.by in (batch.uploaded_by, batch.submitted_by):
        raise refusal("pending.same_person")
    _decide(act, batch, BatchState.APPROVED)
    batch.remarks = ""
    return batch


async def _check_completes(act: Act, batch: BatchRow) -> None:
    """Refuse to approve what is not signed any more after an exit. Raises `Rejected`."""
    run = None
    if batch.issue_run_id is not None:
        run = await run_queries.issue_run_by_id(act.session, batch.issue_run_id)
    if run is None or not run.completes_after_exit:
        parties = act.environment.parties
        reject_if(await parties.left(act.session, batch.organization_id, act.now))


@action(
    "certificateBatchReject",
    may=_APPROVER,
    about=BATCH,
    returns="batch",
    reason=True,
    refuses=("batch.is_there_already", "batch.transition_refused"),
)
async def reject_batch(act: Act, batch: BatchRow) -> BatchRow:
    """Refuse to approve a batch; its drafts are deleted.

    Raises:
        Rejected: It does not wait for that.
    """
    return await _dropped(act, batch, BatchState.REJECTED)


@action(
    "certificateBatchCancel",
    may=_ISSUER,
    about=BATCH,
    returns="batch",
    reason=True,
    refuses=("batch.is_there_already", "batch.transition_refused"),
)
async def cancel_batch(act: Act, batch: BatchRow) -> BatchRow:
    """Give up a batch of which nothing is signed yet; its file and its drafts are deleted.

    Raises:
        Rejected: Its signing has begun, or it has ended.
    """
    return await _dropped(act, batch, BatchState.CANCELLED)


async def _dropped(act: Act, batch: BatchRow, target: BatchState) -> BatchRow:
    """End a batch, and delete whom it would have certified. Raises `Rejected`."""
    reject_if(transition_problems(batch.state, target))
    _decide(act, batch, target)
    batch.remarks = act.reason
    batch.sealed_file = batch.sealed_report = batch.halted = None
    run_id, batch.issue_run_id = batch.issue_run_id, None
    await act.session.flush()  # before the run that it referred to is deleted
    if run_id is not None:
        await queries.delete_run(act.session, run_id)
    return batch


def _decide(act: Act, batch: BatchRow, state: BatchState) -> None:
    batch.state, batch.decided_by, batch.decided_at = state, act.by, act.now
    batch.lease_until = None


@action(
    "certificateBatchResume",
    may=_ISSUER,
    about=BATCH,
    returns="batch",
    step_up=True,
    refuses=("batch.not_halted",),
)
async def resume_batch(act: Act, batch: BatchRow) -> BatchRow:
    """Let a batch that has halted go on, once what halted it is put right.

    Raises:
        Rejected: It has not halted.
    """
    del act
    if batch.halted is None:
        raise refusal("batch.not_halted")
    batch.halted = None
    return batch


@action(
    "certificateBatchRegister",
    may=_ISSUER,
    rule="S07",
    about=BATCH,
    returns="batch",
    leads_to=(BatchState.REGISTERED,),
    after_leaving=True,
    refuses=("batch.is_there_already", "batch.transition_refused"),
)
async def register_batch(act: Act, batch: BatchRow) -> BatchRow:
    """Enter all certificates of a batch on the platform.

    Those that were entered, revoked or corrected before are passed over. A late entry is accepted
    and stays visible as late.

    Raises:
        Rejected: It is not issued.

    Source: rule R39.
    """
    reject_if(transition_problems(batch.state, BatchState.REGISTERED))
    assert batch.issue_run_id is not None  # noqa: S101 - it is issued
    entered = await queries.register_issued(act.session, batch.issue_run_id, act.now)
    await record_changes(act, entered, CertificateState.REGISTERED, "registered")
    batch.state = BatchState.REGISTERED
    return batch


ACTIONS = (
    upload_batch,
    submit_batch,
    approve_batch,
    reject_batch,
    cancel_batch,
    resume_batch,
    register_batch,
)
