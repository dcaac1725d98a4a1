"""Mutations on certificates: issue, sign, register, suspend, lift, revoke, reissue."""

from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

import strawberry

from certgraph.api.certificate_inputs import (
    CertificateIssueInput,
    CertificateReissueInput,
    CertificateSignaturesSubmitInput,
    CertificatesIssueInput,
    CertificateStateInput,
)
from certgraph.api.certificates import Certificate, IssueRun
from certgraph.api.context import Context, Info
from certgraph.api.enums import CertificateState
from certgraph.api.errors import AnyError, user_errors
from certgraph.api.key_mutations import from_hex
from certgraph.api.mutating import attempt, id_of
from certgraph.api.reads.declaring import by_key
from certgraph.api.relay import key_of
from certgraph.calendar import programme_day
from certgraph.certificates import queries, service
from certgraph.certificates.issuing import issue
from certgraph.certificates.requests import IssueRequest
from certgraph.certificates.rules import inactive_problems
from certgraph.certificates.signing import SelfCheckFailed, submit_signatures
from certgraph.certificates.tables import CertificateRow, IssueRunRow
from certgraph.database import Session
from certgraph.organizations import queries as organization_queries
from certgraph.problems import Rejected, refusal, reject_if

MAX_CANDIDATES = 200
"""In one request; larger batches go through the command line."""

CertificateIssueError = Annotated[AnyError, strawberry.union("CertificateIssueError")]
CertificatesIssueError = Annotated[AnyError, strawberry.union("CertificatesIssueError")]
CertificateSignaturesSubmitError = Annotated[
    AnyError, strawberry.union("CertificateSignaturesSubmitError")
]
CertificateRegisterError = Annotated[AnyError, strawberry.union("CertificateRegisterError")]
CertificateSuspendError = Annotated[AnyError, strawberry.union("CertificateSuspendError")]
CertificateSuspensionLiftError = Annotated[
    AnyError, strawberry.union("CertificateSuspensionLiftError")
]
CertificateRevokeError = Annotated[AnyError, strawberry.union("CertificateRevokeError")]
CertificateReissueError = Annotated[AnyError, strawberry.union("CertificateReissueError")]


@strawberry.type
class CertificateIssuePayload:
    """The certificate, or every reason there is none; `toSign` where the key is held outside."""

    certificate_id: strawberry.Private[UUID | None]
    certificate: Certificate | None = by_key("certificate_id")
    run_id: strawberry.Private[UUID | None]
    run: IssueRun | None = by_key("run_id")
    errors: list[CertificateIssueError]


@strawberry.type
class CertificatesIssuePayload:
    """The run, or every reason there is none."""

    run_id: strawberry.Private[UUID | None]
    run: IssueRun | None = by_key("run_id")
    errors: list[CertificatesIssueError]


@strawberry.type
class CertificateSignaturesSubmitPayload:
    """The run, or every signature that was refused."""

    run_id: strawberry.Private[UUID | None]
    run: IssueRun | None = by_key("run_id")
    errors: list[CertificateSignaturesSubmitError]


@strawberry.type
class CertificateRegisterPayload:
    """The certificate, or every reason against it."""

    certificate_id: strawberry.Private[UUID | None]
    certificate: Certificate | None = by_key("certificate_id")
    errors: list[CertificateRegisterError]


@strawberry.type
class CertificateSuspendPayload:
    """The certificate, or every reason against it."""

    certificate_id: strawberry.Private[UUID | None]
    certificate: Certificate | None = by_key("certificate_id")
    errors: list[CertificateSuspendError]


@strawberry.type
class CertificateSuspensionLiftPayload:
    """The certificate, or every reason against it."""

    certificate_id: strawberry.Private[UUID | None]
    certificate: Certificate | None = by_key("certificate_id")
    errors: list[CertificateSuspensionLiftError]


@strawberry.type
class CertificateRevokePayload:
    """The certificate, or every reason against it."""

    certificate_id: strawberry.Private[UUID | None]
    certificate: Certificate | None = by_key("certificate_id")
    errors: list[CertificateRevokeError]


@strawberry.type
class CertificateReissuePayload:
    """The new certificate, or every reason there is none."""

    certificate_id: strawberry.Private[UUID | None]
    certificate: Certificate | None = by_key("certificate_id")
    run_id: strawberry.Private[UUID | None]
    run: IssueRun | None = by_key("run_id")
    errors: list[CertificateReissueError]


async def _issue(
    context: Context, request: IssueRequest
) -> tuple[IssueRunRow | None, list[AnyError]]:
    """Issue a request for a caller who may act for its organization."""
    try:
        async with context.reads() as session:
            await context.acting_organization(
                session, request.organization_code, "organizationCode"
            )
        if len(request.candidates) > MAX_CANDIDATES:
            raise refusal("issue.candidate_count", "candidates", limit=MAX_CANDIDATES)
        run = await issue(
            context.sessions, context.keyring, request, now=context.now, random=context.random
        )
    except Rejected as rejected:
        return None, user_errors(rejected, context.language)
    except SelfCheckFailed as error:
        return None, user_errors(refusal("self_check.failed", detail=error), context.language)
    return run, []


async def _only_certificate(context: Context, run: IssueRunRow | None) -> UUID | None:
    """Return the id of the certificate of a run that issued one."""
    if run is None:
        return None
    async with context.reads() as session:
        (row,) = await queries.certificates_of_run(session, run.id)
    return row.id


async def _change(
    context: Context, number: str, target: CertificateState | None, reason: str
) -> tuple[UUID | None, list[AnyError]]:
    """Move a certificate of the caller's into `target`; None lifts a suspension."""

    async def work(session: Session) -> CertificateRow:
        is_registering = target is CertificateState.REGISTERED  # what was issued is still entered
        organization = await context.acting_organization(session, may_have_left=is_registering)
        by = f"token {context.caller.token_id}" if context.caller else ""
        if target is None:
            return await service.lift_suspension(
                session,
                number,
                reason=reason,
                organization=organization,
                by=by,
                now=context.now,
                random=context.random,
            )
        if target is CertificateState.REGISTERED:
            return await service.register_certificate(
                session,
                number,
                organization=organization,
                by=by,
                now=context.now,
                random=context.random,
            )
        return await service.change_certificate_state(
            session,
            number,
            target,
            reason=reason,
            organization=organization,
            by=by,
            now=context.now,
            random=context.random,
        )

    row, errors = await attempt(context, work)
    return id_of(row), errors


@strawberry.type
class CertificateMutation:
    """Mutations on certificates. The issuing organization, or the programme's admin."""

    @strawberry.mutation(description="Issue one certificate. Its organization, or the admin.")
    async def certificate_issue(
        self, info: Info, input: CertificateIssueInput
    ) -> CertificateIssuePayload:
        """Issue through its own transactions, answer after the last commit."""
        request = IssueRequest(
            organization_code=input.organization_code,
            idempotency_key=input.idempotency_key,
            candidates=[input.candidate.to_candidate()],
        )
        run, errors = await _issue(info.context, request)
        for error in errors:
            if error.path[:2] == ["candidates", "0"]:
                error.path = ["candidate", *error.path[2:]]
        return CertificateIssuePayload(
            certificate_id=await _only_certificate(info.context, run),
            run_id=id_of(run),
            errors=errors,
        )

    @strawberry.mutation(description="Issue many certificates, all or none, 1 to 200.")
    async def certificates_issue(
        self, info: Info, input: CertificatesIssueInput
    ) -> CertificatesIssuePayload:
        """Issue through its own transactions, answer after the last commit."""
        request = IssueRequest(
            organization_code=input.organization_code,
            idempotency_key=input.idempotency_key,
            candidates=[candidate.to_candidate() for candidate in input.candidates],
        )
        run, errors = await _issue(info.context, request)
        return CertificatesIssuePayload(run_id=id_of(run), errors=errors)

    @strawberry.mutation(description="Hand in signatures made by the organization's own key.")
    async def certificate_signatures_submit(
        self, info: Info, input: CertificateSignaturesSubmitInput
    ) -> CertificateSignaturesSubmitPayload:
        """Open the transaction, call the service, answer after the commit."""
        context = info.context

        async def work(session: Session) -> IssueRunRow:
            organization = await context.acting_organization(session)
            run_key = key_of(input.run_id, "IssueRun")
            run = await queries.issue_run_by_id(session, run_key) if run_key else None
            if run is None or (organization and run.organization_id != organization.id):
                raise refusal("issue_run.not_found", "runId", id=input.run_id)
            signatures = []
            for index, entry in enumerate(input.signatures):
                path = ("signatures", str(index), "signature")
                key = key_of(entry.certificate_id, "Certificate")
                if key is None:
                    raise refusal("certificate.not_of_run", *path[:2], id=entry.certificate_id)
                signatures.append((key, from_hex(entry.signature, "a signature", *path)))
            await submit_signatures(session, run, signatures, now=context.now)
            return run

        run, errors = await attempt(context, work)
        return CertificateSignaturesSubmitPayload(run_id=id_of(run), errors=errors)

    @strawberry.mutation(description="Enter a certificate on the platform, rule R39.")
    async def certificate_register(self, info: Info, number: str) -> CertificateRegisterPayload:
        """Open the transaction, call the service, answer after the commit."""
        certificate_id, errors = await _change(
            info.context, number, CertificateState.REGISTERED, "registered"
        )
        return CertificateRegisterPayload(certificate_id=certificate_id, errors=errors)

    @strawberry.mutation(description="Suspend a certificate.")
    async def certificate_suspend(
        self, info: Info, input: CertificateStateInput
    ) -> CertificateSuspendPayload:
        """Open the transaction, call the service, answer after the commit."""
        certificate_id, errors = await _change(
            info.context, input.number, CertificateState.SUSPENDED, input.reason
        )
        return CertificateSuspendPayload(certificate_id=certificate_id, errors=errors)

    @strawberry.mutation(description="End the suspension of a certificate.")
    async def certificate_suspension_lift(
        self, info: Info, input: CertificateStateInput
    ) -> CertificateSuspensionLiftPayload:
        """Open the transaction, call the service, answer after the commit."""
        certificate_id, errors = await _change(info.context, input.number, None, input.reason)
        return CertificateSuspensionLiftPayload(certificate_id=certificate_id, errors=errors)

    @strawberry.mutation(description="Revoke a certificate, for ever.")
    async def certificate_revoke(
        self, info: Info, input: CertificateStateInput
    ) -> CertificateRevokePayload:
        """Open the transaction, call the service, answer after the commit."""
        certificate_id, errors = await _change(
            info.context, input.number, CertificateState.REVOKED, input.reason
        )
        return CertificateRevokePayload(certificate_id=certificate_id, errors=errors)

    @strawberry.mutation(description="Correct a certificate by a new one that supersedes it.")
    async def certificate_reissue(
        self, info: Info, input: CertificateReissueInput
    ) -> CertificateReissuePayload:
        """Issue through its own transactions, answer after the last commit."""
        context = info.context
        changes: dict[str, Any] = {
            "holder_name": input.holder_name,
            "expires_on": input.expires_on,
            "document_type": input.document_type,
            "document_number": input.document_number,
        }

        async def work(session: Session) -> IssueRequest:
            organization = await context.acting_organization(session)
            row = await service.certificate_numbered(session, input.number, organization)
            if organization is not None:
                today = programme_day(context.now)
                reject_if(inactive_problems(organization.name, organization.state, today))
            found = await organization_queries.organizations_by_ids(session, [row.organization_id])
            return service.correction_request(
                context.keyring,
                row,
                lambda c: replace(c, **{k: v for k, v in changes.items() if v is not None}),
                organization_code=found[row.organization_id].code,
                idempotency_key=input.idempotency_key,
                reason=input.reason,
            )

        request, errors = await attempt(context, work)
        run = None
        if request is not None:
            run, errors = await _issue(context, request)
        return CertificateReissuePayload(
            certificate_id=await _only_certificate(context, run), run_id=id_of(run), errors=errors
        )
