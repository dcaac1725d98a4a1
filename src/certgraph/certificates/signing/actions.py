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
from certgraph.certificates import run_queries
from certgraph.certificates.drafts.corrections import CorrectionDraft, correction_request
from certgraph.certificates.drafts.requests import Candidate, IssueRequest
from certgraph.certificates.rules import inactive_problems
from certgraph.certificates.signing.batches import (
    IssueStep,
    SelfCheckFailed,
    key_and_organization,
    sign_batch,
    store_signatures,
)
from certgraph.certificates.signing.starting import start_run
from certgraph.certificates.subjects import CERTIFICATE, RUN, reject_erased
from certgraph.certificates.tables import CertificateRow, IssueRunRow
from certgraph.organizations import queries as organization_queries
from certgraph.organizations.rules import KeyCustody
from certgraph.organizations.subjects import ORGANIZATION
from certgraph.organizations.tables import OrganizationRow
from certgraph.problems import Rejected, refusal, reject_if

_ISSUER = {Role.EVALUATION_ORGANIZATION: OWN, Role.OPERATOR: ON_BEHALF}

Candidates = Annotated[
    Sequence[Candidate], PerRequest(200, "issue.candidate_count"), "1 to 200 in one request."
]


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


Reissued = tuple[CertificateRow, CertificateRow, IssueRunRow]


async def _sign_correction(environment: Environment, result: Reissued) -> None:
    await sign_run(environment, result[2])


_OF_ISSUING = (
    "certificate.draft_altered",
    "certificate.number_taken",
    "issue.after_regime",
    "issue.already_certified",
    "issue.already_drafted",
    "issue.before_exam",
    "issue.binding_without_document",
    "issue.claims",
    "issue.document_birth",
    "issue.document_character",
    "issue.document_check_digit",
    "issue.document_digits_lost",
    "issue.document_incomplete",
    "issue.document_length",
    "issue.document_shape",
    "issue.document_spreadsheet",
    "issue.exited",
    "issue.handed_over",
    "issue.in_the_future",
    "issue.no_agreement",
    "issue.no_result",
    "issue.not_entitled",
    "issue.not_passed",
    "issue.organization_not_active",
    "issue.other_exam",
    "issue.outcome_ambiguous",
    "issue.outcome_unknown",
    "issue.reference_twice",
    "issue.restricted",
    "issue.result_certified",
    "issue.result_of_another",
    "issue.standard_not_published",
    "issue.too_large",
    "key.none_valid",
    "key.not_listed",
    "key.not_valid_yet",
    "key.register_sealed",
    "regime.no_new_work",
    "self_check.failed",
    "standard.not_found",
    "standard.version_not_found",
)
"""What a candidate, its standard, the organization and its key may be refused with."""


@action(
    "certificateIssueMany",
    may=_ISSUER,
    about=ORGANIZATION,
    returns="run",
    step_up=True,
    once=True,
    dry_run=True,
    then=sign_run,
    refuses=_OF_ISSUING,
)
async def issue_certificates(
    act: Act, organization: OrganizationRow, *, candidates: Candidates
) -> IssueRunRow:
    """Issue many certificates, all or none.

    Raises:
        Rejected: See `starting.start_run`.
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
    step_up=True,
    once=True,
    dry_run=True,
    then=_sign_one,
    refuses=_OF_ISSUING,
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
        Rejected: See `starting.start_run`.
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
    returns=("certificate", "superseded", "run"),
    step_up=True,
    reason=True,
    once=True,
    dry_run=True,
    then=_sign_correction,
    refuses=(
        *_OF_ISSUING,
        "certificate.correction_started",
        "certificate.erased",
        "certificate.nothing_corrected",
        "certificate.transition_refused",
    ),
)
async def reissue_certificate(
    act: Act, certificate: CertificateRow, draft: CorrectionDraft
) -> Reissued:
    """Correct a certificate by a new one that supersedes it; both are returned.

    The day of issue stays. An organization that is not active corrects nothing by itself.

    Raises:
        Rejected: See `starting.start_run`; or nothing is corrected.
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
    new, run = await _start_run_of_one(act, request)
    return new, certificate, run


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateSignatureDraft:
    """The organization's signature of one certificate.

    Attributes:
        certificate_id: Which certificate, as `toSign` names it.
        signature: Ed25519 signature, 128 hex digits.
    """

    certificate_id: Annotated[UUID, KeyOf(CertificateRow)]
    signature: Annotated[bytes, Hex("a signature")]


@action(
    "certificateSignaturesSubmit",
    may=_ISSUER,
    about=RUN,
    returns="run",
    step_up=True,
    after_leaving=True,
    refuses=(
        "certificate.draft_altered",
        "certificate.erased",
        "certificate.not_of_run",
        "certificate.signature_refused",
        "certificate.signature_wrong",
        "certificate.transition_refused",
        "issue.exited",
        "issue.handed_over",
        "issue.no_agreement",
        "issue.not_entitled",
        "issue.organization_not_active",
        "issue.restricted",
        "issue_run.waits_for_approval",
        "key.none_valid",
        "key.not_listed",
        "key.register_sealed",
    ),
)
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
