"""Issue certificates: record the intent, sign, check oneself, store; each step in a transaction.

1. the run and all its drafts, with the exact bytes to sign, are recorded and committed
2. batch by batch: sign, verify what was signed as any employer would, store, commit
Ed25519 is deterministic: a run killed anywhere and repeated with the same key goes on where it
stopped and signs the same bytes. Nothing signed exists that the database does not know.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid5

from certgraph.certificates import queries
from certgraph.certificates.drafting import MAX_CANDIDATES, number_key, record_drafts
from certgraph.certificates.listing import issuer_trust
from certgraph.certificates.requests import IssueRequest
from certgraph.certificates.rules import CertificateState, state_problems
from certgraph.certificates.tables import CertificateChangeRow, CertificateRow, IssueRunRow
from certgraph.credential.claims import TYP
from certgraph.credential.qr_text import to_qr_text
from certgraph.credential.signature import Signer, assemble_sign1, sign1_message
from certgraph.credential.trust_bundle import Trust
from certgraph.credential.verification import Check, Verification, verify
from certgraph.database import Session, Sessions
from certgraph.organizations import queries as organization_queries
from certgraph.organizations.keys import key_on, open_signer
from certgraph.organizations.rules import KeyCustody, KeyPurpose
from certgraph.organizations.service import organization_named
from certgraph.organizations.tables import OrganizationRow, SigningKeyRow
from certgraph.problems import Problem, refusal, reject_if
from certgraph.randomness import Random, new_id
from certgraph.sealing import Keyring
from certgraph.text import text_problems

BATCH = 500
"""Certificates signed and stored in one transaction."""

_CHECK_THREADS = 2
"""OpenSSL verifies outside the interpreter's lock, so two threads take a third less time."""

_CHECK_HOST = "self-check.invalid"


class IssueStep(StrEnum):
    """Points that a run passes; told to an observer (progress, tests that kill the process)."""

    RUN_RECORDED = "run recorded"
    DRAFTS_RECORDED = "drafts recorded"
    DRAFTS_COMMITTED = "drafts committed"
    BATCH_READ = "batch read"
    BATCH_SIGNED = "batch signed"
    BATCH_CHECKED = "batch checked"
    BATCH_STORED = "batch stored"
    BATCH_COMMITTED = "batch committed"


Observer = Callable[[IssueStep, int], None]
"""Called with a step and the number of certificates it concerns."""


class SelfCheckFailed(RuntimeError):
    """A fresh signature does not verify. Nothing of the batch was stored; the key is suspect."""


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
    supersedes_id = await _release_superseded(session, organization, request)
    newest = max(candidate.issued_on for candidate in request.candidates)
    key = await key_on(session, KeyPurpose.ISSUER, organization, newest)
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
        now=now,
        random=random,
    )
    observe(IssueStep.DRAFTS_RECORDED, len(request.candidates))
    return run


async def _release_superseded(
    session: Session, organization: OrganizationRow, request: IssueRequest
) -> UUID | None:
    """Return the certificate that a correction supersedes, its candidate key freed."""
    if request.supersedes is None:
        return None
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
    row.candidate_key = None
    await session.flush()  # before the new certificate takes the key over
    return row.id


def _signed(key: SigningKeyRow, payload: bytes, signature: bytes) -> bytes:
    return assemble_sign1(key.public_key, TYP, payload, signature)


def signed_bytes(row: CertificateRow, key: SigningKeyRow) -> bytes | None:
    """Return the COSE_Sign1 of a certificate; None for a draft."""
    return None if row.signature is None else _signed(key, row.payload, row.signature)


def self_check(signed: bytes, trust: Trust, now: datetime) -> Verification:
    """Verify one's own certificate through the whole way of an employer, from its QR text on."""
    return verify(to_qr_text(signed, _CHECK_HOST), trust, now=now)


def passes_self_check(verification: Verification) -> bool:
    """Tell whether only the status list, not published yet, was missing (or it expired since)."""
    return set(verification.failed) <= {Check.EXPIRY} and set(verification.not_run) <= {
        Check.STATUS
    }


def _failing(
    signatures: Sequence[tuple[UUID, bytes, bytes]], key: SigningKeyRow, trust: Trust, now: datetime
) -> list[UUID]:
    """Return the certificates, of (id, payload, signature), whose signature does not verify."""
    return [
        certificate_id
        for certificate_id, payload, signature in signatures
        if not passes_self_check(self_check(_signed(key, payload, signature), trust, now))
    ]


async def _store_checked(
    session: Session,
    organization: OrganizationRow,
    key: SigningKeyRow,
    signatures: Sequence[tuple[UUID, bytes, bytes]],
    *,
    now: datetime,
    observe: Observer,
) -> list[UUID]:
    """Verify (certificate id, payload, signature), store them if all pass; return failures."""
    trust = await issuer_trust(session, organization, int(now.timestamp()))
    parts = [signatures[start::_CHECK_THREADS] for start in range(_CHECK_THREADS)]
    work = (asyncio.to_thread(_failing, part, key, trust, now) for part in parts if part)
    failed = [id_ for found in await asyncio.gather(*work) for id_ in found]
    observe(IssueStep.BATCH_CHECKED, len(signatures))
    if signatures and not failed:
        await queries.store_signatures(
            session, {id_: signature for id_, _, signature in signatures}
        )
        await _finish_corrections(session, [id_ for id_, _, _ in signatures], now)
        observe(IssueStep.BATCH_STORED, len(signatures))
    return failed


async def _finish_corrections(
    session: Session, certificate_ids: Sequence[UUID], now: datetime
) -> None:
    """Mark what these certificates correct as superseded, in the same transaction."""
    for row, run in await queries.superseded_by(session, certificate_ids):
        row.state = CertificateState.SUPERSEDED
        session.add(
            CertificateChangeRow(
                id=uuid5(row.id, "superseded"),  # the same in a repeated run
                certificate_id=row.id,
                state=CertificateState.SUPERSEDED,
                reason=run.reason,
                changed_by=f"issue run {run.id}",
                changed_at=now,
            )
        )


async def sign_batch(
    session: Session,
    keyring: Keyring,
    run: IssueRunRow,
    *,
    now: datetime,
    observe: Observer,
    limit: int = BATCH,
) -> int:
    """Sign, check and store up to `limit` drafts of a run; return how many were left to sign.

    Raises:
        SelfCheckFailed: A fresh signature does not verify.
    """
    drafts = await queries.unsigned_payloads(session, run.id, limit=limit)
    observe(IssueStep.BATCH_READ, len(drafts))
    if not drafts:
        return 0
    key, organization = await _key_and_organization(session, run)
    signer: Signer = open_signer(keyring, key, organization)
    signatures = [
        (id_, payload, signer.sign(sign1_message(key.public_key, TYP, payload)))
        for id_, payload in drafts
    ]
    observe(IssueStep.BATCH_SIGNED, len(drafts))
    failed = await _store_checked(session, organization, key, signatures, now=now, observe=observe)
    if failed:
        raise SelfCheckFailed(f"{len(failed)} of {len(drafts)} signatures do not verify")
    return len(drafts)


async def _key_and_organization(
    session: Session, run: IssueRunRow
) -> tuple[SigningKeyRow, OrganizationRow]:
    key = await session.get_one(SigningKeyRow, run.signing_key_id)
    organizations = await organization_queries.organizations_by_ids(session, [run.organization_id])
    return key, organizations[run.organization_id]


def _ignore(_step: IssueStep, _count: int) -> None:
    """Observe nothing."""


async def issue(
    sessions: Sessions,
    keyring: Keyring,
    request: IssueRequest,
    *,
    now: datetime,
    random: Random,
    observe: Observer = _ignore,
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
        key, _ = await _key_and_organization(session, run)
    observe(IssueStep.DRAFTS_COMMITTED, run.certificate_count)
    if key.custody is KeyCustody.ORGANIZATION:
        return run
    signed = BATCH
    while signed == BATCH:
        async with sessions.begin() as session:
            signed = await sign_batch(session, keyring, run, now=now, observe=observe)
        observe(IssueStep.BATCH_COMMITTED, signed)
    return run


async def bytes_to_sign(session: Session, run: IssueRunRow) -> list[tuple[UUID, bytes]]:
    """Return (certificate id, message) for each draft of a run whose key the organization holds."""
    key, _ = await _key_and_organization(session, run)
    drafts = await queries.unsigned_payloads(session, run.id)
    return [(id_, sign1_message(key.public_key, TYP, payload)) for id_, payload in drafts]


async def submit_signatures(
    session: Session,
    run: IssueRunRow,
    signatures: Sequence[tuple[UUID, bytes]],
    *,
    now: datetime,
    observe: Observer = _ignore,
) -> int:
    """Store signatures that the organization made; return how many were new.

    Signatures handed in before are passed over, so a retry does no harm.

    Raises:
        Rejected: Names every certificate that is not of this run, and every signature that does
            not verify; nothing was stored.
    """
    key, organization = await _key_and_organization(session, run)
    drafts = dict(await queries.unsigned_payloads(session, run.id))
    of_run = {row.id for row in await queries.certificates_of_run(session, run.id)}
    reject_if(
        Problem(
            code="certificate.not_of_run",
            path=("signatures", str(index)),
            facts={"id": str(id_)},
        )
        for index, (id_, _) in enumerate(signatures)
        if id_ not in of_run
    )
    new = [(id_, drafts[id_], signature) for id_, signature in signatures if id_ in drafts]
    failed = await _store_checked(session, organization, key, new, now=now, observe=observe)
    reject_if(
        Problem(
            code="certificate.signature_wrong",
            path=("signatures", str(index)),
            facts={"id": str(id_)},
        )
        for index, (id_, _) in enumerate(signatures)
        if id_ in failed
    )
    return len(new)
