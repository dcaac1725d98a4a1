"""Sign drafts, have them countersigned, verify them as an employer would, and only then store it.

Signed here with a sealed key (`sign_batch`), or by the organization that holds its key
(`bytes_to_sign`, `store_signatures`); countersigned by the register (`countersigning`).
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid5

from certgraph.actions.acting import Act, Environment
from certgraph.certificates import queries, run_queries
from certgraph.certificates.rules import (
    CertificateState,
    state_problems,
)
from certgraph.certificates.signing.countersigning import (
    Countersigner,
    Signed,
    altered_drafts,
    open_countersigner,
)
from certgraph.certificates.signing.listing import issuer_trust
from certgraph.certificates.signing.permission import check_may_sign, kind_of
from certgraph.certificates.subjects import reject_erased
from certgraph.certificates.tables import CertificateChangeRow, CertificateRow, IssueRunRow
from certgraph.credential.claims import TYP
from certgraph.credential.envelopes import assemble_sign1, sign1_message
from certgraph.credential.qr_text import to_qr_text
from certgraph.credential.signature import Signer
from certgraph.credential.trust_bundle import Trust
from certgraph.credential.verification import Check, Verification, verify
from certgraph.database import Session
from certgraph.organizations import queries as organization_queries
from certgraph.organizations.signers import open_signer
from certgraph.organizations.tables import OrganizationRow, SigningKeyRow
from certgraph.problems import Problem, refusal, reject_if

BATCH = 500
"""Certificates signed and stored in one transaction."""


_CHECK_THREADS = 2
"""OpenSSL verifies outside the interpreter's lock, so two threads take a third less time."""


_CHECK_HOST = "self-check.invalid"


class IssueStep(StrEnum):
    """Points that a run passes, see `certgraph.actions.acting.Observer`."""

    RUN_RECORDED = "run recorded"
    DRAFTS_RECORDED = "drafts recorded"
    DRAFTS_COMMITTED = "drafts committed"
    BATCH_READ = "batch read"
    BATCH_SIGNED = "batch signed"
    BATCH_CHECKED = "batch checked"
    BATCH_STORED = "batch stored"
    BATCH_COMMITTED = "batch committed"


class SelfCheckFailed(RuntimeError):
    """A fresh signature does not verify. Nothing of the batch was stored; the key is suspect."""


def signed_bytes(row: CertificateRow, key: SigningKeyRow) -> bytes | None:
    """Return the COSE_Sign1 of a certificate, countersigned; None for a draft."""
    if row.signature is None:
        return None
    countersignature = row.countersignature or None  # empty: from before there was a register key
    return assemble_sign1(key.public_key, TYP, row.payload, row.signature, countersignature)


def self_check(signed: bytes, trust: Trust, now: datetime) -> Verification:
    """Verify one's own certificate through the whole way of an employer, from its QR text on."""
    return verify(to_qr_text(signed, _CHECK_HOST), trust, now=now)


def passes_self_check(verification: Verification) -> bool:
    """Tell whether only the status list, not published yet, was missing (or it expired since)."""
    return set(verification.failed) <= {Check.EXPIRY} and set(verification.not_run) <= {
        Check.STATUS
    }


def _checked(
    signatures: Sequence[Signed],
    key: SigningKeyRow,
    register: Countersigner,
    trust: Trust,
    now: datetime,
) -> tuple[list[Signed], dict[UUID, Verification]]:
    """Countersign what the issuer has signed, verify it; return it, and what is refused."""
    made: list[Signed] = []
    failing: dict[UUID, Verification] = {}
    for one in signatures:
        countersigned = register.countersign(one)
        signed = (countersigned or one).assembled(key.public_key)
        verification = self_check(signed, trust, now)
        if countersigned is not None and passes_self_check(verification):
            made.append(countersigned)
        else:
            failing[one.draft.id] = verification
    return made, failing


async def _store_checked(
    session: Session,
    environment: Environment,
    organization: OrganizationRow,
    key: SigningKeyRow,
    signatures: Sequence[Signed],
) -> dict[UUID, Verification]:
    """Countersign and verify, store them if all pass; return failures. Raises `Rejected`."""
    now = environment.now
    days = [one.draft.issued_on for one in signatures]
    register = await open_countersigner(session, environment.keyring(), key.public_key, days)
    trust = await issuer_trust(session, organization, int(now.timestamp()))
    parts = [signatures[start::_CHECK_THREADS] for start in range(_CHECK_THREADS)]
    work = (asyncio.to_thread(_checked, part, key, register, trust, now) for part in parts if part)
    made: list[Signed] = []
    failed: dict[UUID, Verification] = {}
    for countersigned, refused in await asyncio.gather(*work):
        made += countersigned
        failed |= refused
    environment.observe(IssueStep.BATCH_CHECKED, len(signatures))
    if signatures and not failed:
        await run_queries.store_signatures(
            session,
            [
                {
                    "certificate": one.draft.id,
                    "made": one.signature,
                    "register_key": one.register_key_id,
                    "made_by_register": one.countersignature,
                }
                for one in made
            ],
        )
        await _finish_corrections(session, [one.draft.id for one in made], now)
        environment.observe(IssueStep.BATCH_STORED, len(signatures))
    return failed


async def _finish_corrections(
    session: Session, certificate_ids: Sequence[UUID], now: datetime
) -> None:
    """Mark what these certificates correct as superseded, in the same transaction.

    Raises:
        Rejected: One was revoked, suspended or erased meanwhile; its correction stays a draft.
    """
    for row, run in await queries.superseded_by(session, certificate_ids):
        reject_erased(row)
        reject_if(state_problems(row.number, row.state, CertificateState.SUPERSEDED))
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
    session: Session, environment: Environment, run: IssueRunRow, *, limit: int = BATCH
) -> int:
    """Sign, check and store up to `limit` drafts of a run; return how many were left to sign.

    Raises:
        SelfCheckFailed: A fresh signature does not verify.
        Rejected: The organization is no longer active, what it drafted before stays unsigned; or a
            draft is not as it was recorded.
    """
    locked = await _lock(session, run)
    if locked is None:  # an exit has deleted what was not signed
        return 0
    run = locked
    drafts = await run_queries.unsigned_drafts(session, run.id, limit=limit)
    environment.observe(IssueStep.BATCH_READ, len(drafts))
    if not drafts:
        return 0
    reject_if(altered_drafts(environment.keyring(), run, drafts))
    key, organization = await key_and_organization(session, run)
    await check_may_sign(session, organization, run, map(kind_of, drafts), environment.now)
    signer: Signer = open_signer(environment.keyring(), key, organization)
    signatures = [
        Signed(
            draft=draft,
            signature=signer.sign(sign1_message(key.public_key, TYP, draft.payload)),
        )
        for draft in drafts
    ]
    environment.observe(IssueStep.BATCH_SIGNED, len(drafts))
    failed = await _store_checked(session, environment, organization, key, signatures)
    if failed:
        raise SelfCheckFailed(f"{len(failed)} of {len(drafts)} signatures do not verify")
    return len(drafts)


async def _lock(session: Session, run: IssueRunRow) -> IssueRunRow | None:
    """Lock a run for signing, behind its organization as an exit does; return it as it is now.

    None where it is gone. Raises `Rejected` where a second person has not approved it.
    """
    await organization_queries.share_organization(session, run.organization_id)
    locked = await run_queries.lock_issue_run(session, run.id)
    if locked is not None and locked.waits_for_approval:
        raise refusal("issue_run.waits_for_approval", id=run.id)
    return locked


async def key_and_organization(
    session: Session, run: IssueRunRow
) -> tuple[SigningKeyRow, OrganizationRow]:
    """Return what a run is signed with, and for whom."""
    key = await session.get_one(SigningKeyRow, run.signing_key_id)
    organizations = await organization_queries.organizations_by_ids(session, [run.organization_id])
    return key, organizations[run.organization_id]


async def bytes_to_sign(session: Session, run: IssueRunRow) -> list[tuple[UUID, bytes]]:
    """Return (certificate id, message) for each draft of a run whose key the organization holds."""
    key, _ = await key_and_organization(session, run)
    drafts = await run_queries.unsigned_drafts(session, run.id)
    return [(one.id, sign1_message(key.public_key, TYP, one.payload)) for one in drafts]


async def store_signatures(
    act: Act, run: IssueRunRow, signatures: Sequence[tuple[UUID, bytes]]
) -> None:
    """Store signatures that the organization made, of (certificate id, signature).

    Raises:
        Rejected: Names every certificate that is not of this run, and every signature that does
            not verify, or whose certificate a verifier would refuse; nothing was stored. Or the
            organization is no longer active.
    """
    session = act.session
    key, organization = await key_and_organization(session, run)
    run = await _lock(session, run) or run
    unsigned = await run_queries.unsigned_drafts(session, run.id)
    await check_may_sign(session, organization, run, map(kind_of, unsigned), act.now)
    drafts = {one.id: one for one in unsigned}
    of_run = {row.id for row in await run_queries.certificates_of_run(session, run.id)}
    reject_if(
        Problem(
            code="certificate.not_of_run",
            path=("signatures", str(index)),
            facts={"id": str(id_)},
        )
        for index, (id_, _) in enumerate(signatures)
        if id_ not in of_run
    )
    new = [
        Signed(draft=drafts[id_], signature=signature, is_handed_in=True)
        for id_, signature in signatures
        if id_ in drafts
    ]
    reject_if(altered_drafts(act.keyring, run, [one.draft for one in new]))
    failed = await _store_checked(session, act.environment, organization, key, new)
    reject_if(
        _refused_signature(failed[id_], id_, index)
        for index, (id_, _) in enumerate(signatures)
        if id_ in failed
    )


def _refused_signature(verification: Verification, id_: UUID, index: int) -> Problem:
    """Return whether a signature is wrong, or right on a certificate that does not count."""
    path, facts = ("signatures", str(index)), {"id": str(id_)}
    if verification.decisive in (Check.TEXT, Check.ENVELOPE, Check.SIGNATURE):
        return Problem(code="certificate.signature_wrong", path=path, facts=facts)
    reason = verification.reason or str(verification.decisive)
    facts["reason"] = reason.replace("_", " ")
    return Problem(code="certificate.signature_refused", path=path, facts=facts)
