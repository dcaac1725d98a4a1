"""Issue certificates: record the intent, sign, check oneself, store; each step in a transaction.

1. the run and all its drafts, with the exact bytes to sign, are recorded and committed
2. batch by batch: sign, verify what was signed as any employer would, store, commit
Ed25519 is deterministic: a run killed anywhere and repeated with the same key goes on where it
stopped and signs the same bytes. Nothing signed exists that the database does not know.
"""

from datetime import datetime
from uuid import UUID

from certgraph.certificates import queries
from certgraph.certificates.drafting import MAX_CANDIDATES, record_drafts
from certgraph.certificates.lookup_keys import number_key
from certgraph.certificates.requests import IssueRequest
from certgraph.certificates.rules import CertificateState, state_problems
from certgraph.certificates.signing import (
    IssueStep,
    Observer,
    ignore_step,
    key_and_organization,
    sign_batch,
)
from certgraph.certificates.tables import IssueRunRow
from certgraph.database import Session, Sessions
from certgraph.organizations import queries as organization_queries
from certgraph.organizations.keys import key_on
from certgraph.organizations.rules import KeyCustody, KeyPurpose
from certgraph.organizations.service import organization_named
from certgraph.organizations.tables import OrganizationRow
from certgraph.problems import Problem, refusal, reject_if
from certgraph.randomness import Random, new_id
from certgraph.sealing import Keyring
from certgraph.text import text_problems


async def start_run(
    session: Session,
    keyring: Keyring,
    request: IssueRequest,
    *,
    now: datetime,
    random: Random,
    observe: Observer,
) -> IssueRunRow:
    """Record a run with its drafts, or return the one that this key and content started before.

    Raises:
        Rejected: The request breaks rules (all of them are named), or the idempotency key was used
            for another request. Nothing was recorded.
    """
    path = ("organizationCode",)
    organization = await organization_named(
        session, request.organization_code, *path, for_update=True
    )
    reject_if(text_problems(request.idempotency_key, 100, "idempotencyKey"))
    run = await queries.issue_run_by_key(session, organization.id, request.idempotency_key)
    if run is not None:
        if run.request_sha256 != request.sha256():
            raise refusal("idempotency.conflict", "idempotencyKey", key=request.idempotency_key)
        return run
    if not 1 <= len(request.candidates) <= MAX_CANDIDATES:
        raise refusal("issue.candidate_count", "candidates", limit=MAX_CANDIDATES)
    supersedes_id, inherited_key = await _release_superseded(session, organization, request)
    newest = max(candidate.issued_on for candidate in request.candidates)
    key = await key_on(session, KeyPurpose.ISSUER, organization, newest)
    if key.listed_at is None and await organization_queries.any_key_is_listed(session):
        raise refusal("key.not_listed", kid=key.kid.hex(), name=organization.name)
    reject_if(
        Problem(
            code="key.not_valid_yet",
            path=("candidates", str(index), "issuedOn"),
            facts={"day": candidate.issued_on.isoformat(), "first": key.first_on.isoformat()},
        )
        for index, candidate in enumerate(request.candidates)
        if candidate.issued_on < key.first_on
    )
    run = IssueRunRow(
        id=new_id(random),
        organization_id=organization.id,
        idempotency_key=request.idempotency_key,
        request_sha256=request.sha256(),
        signing_key_id=key.id,
        certificate_count=len(request.candidates),
        reason=request.reason,
        requested_at=now,
    )
    session.add(run)
    await session.flush()  # the drafts refer to it
    observe(IssueStep.RUN_RECORDED, len(request.candidates))
    await record_drafts(
        session,
        keyring,
        organization,
        run,
        request,
        supersedes_id=supersedes_id,
        inherited_key=inherited_key,
        now=now,
        random=random,
    )
    observe(IssueStep.DRAFTS_RECORDED, len(request.candidates))
    return run


async def _release_superseded(
    session: Session, organization: OrganizationRow, request: IssueRequest
) -> tuple[UUID | None, str | None]:
    """Return the certificate that a correction supersedes, and its candidate key, now free."""
    if request.supersedes is None:
        return None, None
    row = await queries.certificate_by_number_key(
        session, number_key(request.supersedes), for_update=True
    )
    if row is None or row.organization_id != organization.id:
        raise refusal("certificate.not_found", "number", number=request.supersedes)
    problems = state_problems(row.number, row.state, CertificateState.SUPERSEDED)
    if await queries.superseding(session, [row.id]):
        facts = {"number": row.number}
        problems.append(Problem(code="certificate.correction_started", facts=facts))
    problems += text_problems(request.reason, 200, "reason")
    reject_if(problems)
    candidate_key, row.candidate_key = row.candidate_key, None
    await session.flush()  # before the new certificate takes the key over
    return row.id, candidate_key


async def issue(
    sessions: Sessions,
    keyring: Keyring,
    request: IssueRequest,
    *,
    now: datetime,
    random: Random,
    observe: Observer = ignore_step,
) -> IssueRunRow:
    """Issue all certificates of a request, or continue or repeat the run it started before.

    The one place where a use case spans transactions. Where the organization holds its key, the
    run stops after its drafts: see `bytes_to_sign` and `submit_signatures`.

    Raises:
        Rejected: See `start_run`.
        SelfCheckFailed: See `sign_batch`.
    """
    async with sessions.begin() as session:
        run = await start_run(session, keyring, request, now=now, random=random, observe=observe)
        key, _ = await key_and_organization(session, run)
    observe(IssueStep.DRAFTS_COMMITTED, run.certificate_count)
    if key.custody is KeyCustody.ORGANIZATION:
        return run
    signed = 1
    while signed:  # to the end, also where a parallel request signs along
        async with sessions.begin() as session:
            signed = await sign_batch(session, keyring, run, now=now, observe=observe)
        observe(IssueStep.BATCH_COMMITTED, signed)
    return run
