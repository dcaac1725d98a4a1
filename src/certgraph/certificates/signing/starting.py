"""Starting a run: the request is known again, its key chosen, its drafts recorded, unsigned."""

from dataclasses import replace

from certgraph.actions.acting import Act
from certgraph.certificates import queries, run_queries
from certgraph.certificates.drafts.drafting import (
    MAX_CANDIDATES,
    Superseded,
    candidate_problems,
    record_drafts,
)
from certgraph.certificates.drafts.requests import IssueRequest
from certgraph.certificates.lookup_keys import number_key
from certgraph.certificates.rules import CertificateState, state_problems
from certgraph.certificates.signing.batches import IssueStep
from certgraph.certificates.signing.countersigning import open_countersigner
from certgraph.certificates.subjects import reject_erased
from certgraph.certificates.tables import IssueRunRow
from certgraph.database import Session
from certgraph.organizations import queries as organization_queries
from certgraph.organizations.rules import KeyPurpose
from certgraph.organizations.signers import key_on
from certgraph.organizations.subjects import organization_named
from certgraph.organizations.tables import OrganizationRow, SigningKeyRow
from certgraph.problems import Problem, Rejected, refusal, reject_if
from certgraph.randomness import new_id
from certgraph.text import text_problems

_HAS_LEFT = {"issue.exited", "issue.handed_over"}


async def start_run(
    act: Act, request: IssueRequest, *, waits_for_approval: bool = False
) -> IssueRunRow:
    """Record a run with its drafts, or return the one that this key and content started before.

    Raises:
        Rejected: The request breaks rules (all of them are named), or the idempotency key was used
            for another request. Nothing was recorded.
    """
    # 1. A request that was made before finds its run.
    session, path = act.session, ("organization_code",)
    organization = await organization_named(
        session, request.organization_code, *path, for_update=True
    )
    reject_if(text_problems(request.idempotency_key, 100, "idempotency_key"))
    digest = act.keyring.input_digest(request.canonical())
    run = await run_queries.issue_run_by_key(session, organization.id, request.idempotency_key)
    if run is not None:
        if run.request_digest != digest or run.waits_for_approval != waits_for_approval:
            raise refusal("idempotency.conflict", "idempotency_key", key=request.idempotency_key)
        return run
    # 2. The certificates that it corrects; both keys, listed and valid on every day of issue.
    if not 1 <= len(request.candidates) <= MAX_CANDIDATES:
        raise refusal("issue.candidate_count", "candidates", limit=MAX_CANDIDATES)
    superseded = await _release_superseded(session, organization, request)
    try:
        key = await _signing_key(act, organization, request)
    except Rejected as rejected:
        if superseded is not None:
            raise
        others = await candidate_problems(act, organization, request.candidates)
        left = [one for one in others if one.code in _HAS_LEFT]
        raise Rejected(left or rejected.problems) from None  # who has left has no key, either
    # 3. The run and its drafts.
    run = IssueRunRow(
        id=new_id(act.random),
        organization_id=organization.id,
        idempotency_key=request.idempotency_key,
        request_digest=digest,
        signing_key_id=key.id,
        certificate_count=len(request.candidates),
        reason=request.reason,
        requested_at=act.now,
        waits_for_approval=waits_for_approval,
    )
    session.add(run)
    await session.flush()  # the drafts refer to it
    act.observe(IssueStep.RUN_RECORDED, len(request.candidates))
    await record_drafts(act, organization, run, request, superseded)
    act.observe(IssueStep.DRAFTS_RECORDED, len(request.candidates))
    return run


async def request_problems(
    act: Act, organization: OrganizationRow, request: IssueRequest
) -> list[Problem]:
    """List what speaks against a request that corrects nothing; nothing is recorded."""
    problems = await candidate_problems(act, organization, request.candidates)
    wrong = {problem.path[1] for problem in problems}
    right = [one for index, one in enumerate(request.candidates) if str(index) not in wrong]
    try:
        if right:
            await _signing_key(act, organization, replace(request, candidates=right))
    except Rejected as rejected:
        problems += [replace(one, path=()) for one in rejected.problems]
    return problems


async def _signing_key(
    act: Act, organization: OrganizationRow, request: IssueRequest
) -> SigningKeyRow:
    """Return the key that signs; it and the register's are valid on every day of issue.

    Raises:
        Rejected: There is none that verifiers know, or it is not valid on a day.
    """
    session, days = act.session, [candidate.issued_on for candidate in request.candidates]
    key = await key_on(session, KeyPurpose.ISSUER, organization, max(days))
    if key.listed_at is None and await organization_queries.any_key_is_listed(session):
        raise refusal("key.not_listed", kid=key.kid.hex(), name=organization.name)
    await open_countersigner(session, act.keyring, key.public_key, days)
    reject_if(
        Problem(
            code="key.not_valid_yet",
            path=("candidates", str(index), "issued_on"),
            facts={"day": day.isoformat(), "first": key.first_on.isoformat()},
        )
        for index, day in enumerate(days)
        if day < key.first_on
    )
    return key


async def _release_superseded(
    session: Session, organization: OrganizationRow, request: IssueRequest
) -> Superseded | None:
    """Return what a correction supersedes; its candidate key is free from now on."""
    if request.supersedes is None:
        return None
    row = await queries.certificate_by_number_key(
        session, number_key(request.supersedes), for_update=True
    )
    if row is None or row.organization_id != organization.id:
        raise refusal("certificate.not_found", "number", number=request.supersedes)
    reject_erased(row)
    problems = state_problems(row.number, row.state, CertificateState.SUPERSEDED)
    if await queries.superseding(session, [row.id]):
        facts = {"number": row.number}
        problems.append(Problem(code="certificate.correction_started", facts=facts))
    reject_if(problems)
    candidate_key, row.candidate_key = row.candidate_key, None
    await session.flush()  # before the new certificate takes the key over
    return Superseded(row.id, row.reference, candidate_key)
