"""Issue certificates: record the intent, sign, check oneself, store; each step in a transaction.

1. the run and all its drafts, with the exact bytes to sign, are recorded and committed
2. batch by batch: sign, verify what was signed as any employer would, store, commit
Ed25519 is deterministic: a run killed anywhere and repeated with the same key goes on where it
stopped and signs the same bytes. Nothing signed exists that the database does not know.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated
from uuid import UUID

from certgraph.actions.acting import Act, Environment
from certgraph.actions.declaring import Hex, KeyOf, PerRequest, action
from certgraph.actions.parties import ON_BEHALF, OWN, Role
from certgraph.calendar import programme_day
from certgraph.certificates import queries, run_queries
from certgraph.certificates.drafts.corrections import CorrectionDraft, correction_request
from certgraph.certificates.drafts.drafting import MAX_CANDIDATES, Superseded, record_drafts
from certgraph.certificates.drafts.requests import Candidate, IssueRequest
from certgraph.certificates.lookup_keys import number_key
from certgraph.certificates.rules import CertificateState, inactive_problems, state_problems
from certgraph.certificates.signing.batches import (
    IssueStep,
    SelfCheckFailed,
    key_and_organization,
    sign_batch,
    store_signatures,
)
from certgraph.certificates.signing.countersigning import open_countersigner
from certgraph.certificates.subjects import CERTIFICATE, RUN, reject_erased
from certgraph.certificates.tables import CertificateRow, IssueRunRow
from certgraph.database import Session
from certgraph.organizations import queries as organization_queries
from certgraph.organizations.rules import KeyCustody, KeyPurpose
from certgraph.organizations.signers import key_on
from certgraph.organizations.subjects import ORGANIZATION, organization_named
from certgraph.organizations.tables import OrganizationRow
from certgraph.problems import Problem, Rejected, refusal, reject_if
from certgraph.randomness import new_id
from certgraph.text import text_problems

_ISSUER = {Role.EVALUATION_ORGANIZATION: OWN, Role.OPERATOR: ON_BEHALF}

Candidates = Annotated[
    Sequence[Candidate], PerRequest(200, "issue.candidate_count"), "1 to 200 in one request."
]


async def start_run(act: Act, request: IssueRequest) -> IssueRunRow:
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
        if run.request_digest != digest:
            raise refusal("idempotency.conflict", "idempotency_key", key=request.idempotency_key)
        return run
    # 2. The certificates that it corrects; both keys, listed and valid on every day of issue.
    if not 1 <= len(request.candidates) <= MAX_CANDIDATES:
        raise refusal("issue.candidate_count", "candidates", limit=MAX_CANDIDATES)
    superseded = await _release_superseded(session, organization, request)
    newest = max(candidate.issued_on for candidate in request.candidates)
    key = await key_on(session, KeyPurpose.ISSUER, organization, newest)
    if key.listed_at is None and await organization_queries.any_key_is_listed(session):
        raise refusal("key.not_listed", kid=key.kid.hex(), name=organization.name)
    days = [one.issued_on for one in request.candidates]
    await open_countersigner(session, act.keyring, key.public_key, days)
    reject_if(
        Problem(
            code="key.not_valid_yet",
            path=("candidates", str(index), "issued_on"),
            facts={"day": candidate.issued_on.isoformat(), "first": key.first_on.isoformat()},
        )
        for index, candidate in enumerate(request.candidates)
        if candidate.issued_on < key.first_on
    )
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
    )
    session.add(run)
    await session.flush()  # the drafts refer to it
    act.observe(IssueStep.RUN_RECORDED, len(request.candidates))
    await record_drafts(act, organization, run, request, superseded)
    act.observe(IssueStep.DRAFTS_RECORDED, len(request.candidates))
    return run


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
    return Superseded(row.id, candidate_key)


async def sign_run(environment: Environment, run: IssueRunRow) -> None:
    """Sign what a run has drafted, batch by batch, each in a transaction of its own.

    Where the organization holds its key, the run waits with its drafts: see `bytes_to_sign` and
    `submit_signatures`.

    Raises:
        Rejected: The organization is no longer active, or a fresh signature does not verify.
    """
    environment.observe(IssueStep.DRAFTS_COMMITTED, run.certificate_count)
    async with environment.sessions.begin() as session:
        key, _ = await key_and_organization(session, run)
    if key.custody is KeyCustody.ORGANIZATION:
        return
    signed = 1
    while signed:  # to the end, also where a parallel request signs along
        try:
            async with environment.sessions.begin() as session:
                signed = await sign_batch(session, environment, run)
        except SelfCheckFailed as error:
            raise refusal("self_check.failed", detail=error) from None
        environment.observe(IssueStep.BATCH_COMMITTED, signed)


async def _sign_one(environment: Environment, result: tuple[CertificateRow, IssueRunRow]) -> None:
    await sign_run(environment, result[1])


@action(
    "certificateIssueMany",
    may=_ISSUER,
    about=ORGANIZATION,
    returns="run",
    once=True,
    dry_run=True,
    then=sign_run,
)
async def issue_certificates(
    act: Act, organization: OrganizationRow, *, candidates: Candidates
) -> IssueRunRow:
    """Issue many certificates, all or none.

    Raises:
        Rejected: See `start_run`.
    """
    request = IssueRequest(
        organization_code=organization.code,
        idempotency_key=act.key,
        candidates=candidates,
    )
    return await start_run(act, request)


@action(
    "certificateIssue",
    may=_ISSUER,
    about=ORGANIZATION,
    returns=("certificate", "run"),
    once=True,
    dry_run=True,
    then=_sign_one,
)
async def issue_certificate(
    act: Act, organization: OrganizationRow, *, candidate: Candidate
) -> tuple[CertificateRow, IssueRunRow]:
    """Issue one certificate; `run.toSign` where the organization holds its key.

    Args:
        act: The act.
        organization: Who issues.
        candidate: Whom, for what.

    Raises:
        Rejected: See `start_run`.
    """
    request = IssueRequest(
        organization_code=organization.code,
        idempotency_key=act.key,
        candidates=[candidate],
    )
    return await _start_run_of_one(act, request, "candidate")


async def _start_run_of_one(
    act: Act, request: IssueRequest, *path: str
) -> tuple[CertificateRow, IssueRunRow]:
    """Start a run with one candidate, whose problems are under `path`. Raises `Rejected`."""
    try:
        run = await start_run(act, request)
    except Rejected as rejected:
        raise Rejected(
            replace(one, path=(*path, *one.path[2:])) if one.path[:1] == ("candidates",) else one
            for one in rejected.problems
        ) from None
    (certificate,) = await run_queries.certificates_of_run(act.session, run.id)
    return certificate, run


@action(
    "certificateReissue",
    may=_ISSUER,
    about=CERTIFICATE,
    returns=("certificate", "run"),
    reason=True,
    once=True,
    then=_sign_one,
)
async def reissue_certificate(
    act: Act, certificate: CertificateRow, draft: CorrectionDraft
) -> tuple[CertificateRow, IssueRunRow]:
    """Correct a certificate by a new one that supersedes it.

    The day of issue stays. An organization that is not active corrects nothing by itself.

    Raises:
        Rejected: See `start_run`; or nothing is corrected.
    """
    reject_erased(certificate)
    organizations = await organization_queries.organizations_by_ids(
        act.session, [certificate.organization_id]
    )
    organization = organizations[certificate.organization_id]
    if act.actor.organization_id is not None:
        today = programme_day(act.now)
        reject_if(inactive_problems(organization.name, organization.state, today))
    request = correction_request(act, certificate, organization, draft)
    act.touched.append(certificate)
    return await _start_run_of_one(act, request)


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateSignatureDraft:
    """The organization's signature of one certificate.

    Attributes:
        certificate_id: Which certificate, as `toSign` names it.
        signature: Ed25519 signature, 128 hex digits.
    """

    certificate_id: Annotated[UUID, KeyOf(CertificateRow)]
    signature: Annotated[bytes, Hex("a signature")]


@action("certificateSignaturesSubmit", may=_ISSUER, about=RUN, returns="run")
async def submit_signatures(
    act: Act, run: IssueRunRow, *, signatures: Sequence[CertificateSignatureDraft]
) -> IssueRunRow:
    """Hand in signatures made by the organization's own key.

    Signatures handed in before are passed over, so a retry does no harm.

    Args:
        act: The act.
        run: The run that waits.
        signatures: Of all its certificates, or of some.

    Raises:
        Rejected: See `store_signatures`.
    """
    given = [(one.certificate_id, one.signature) for one in signatures]
    await store_signatures(act, run, given)
    return run


ACTIONS = (
    issue_certificate,
    issue_certificates,
    submit_signatures,
    reissue_certificate,
)
