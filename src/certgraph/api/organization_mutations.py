"""Mutations on organizations, what they may issue, their keys, and tokens."""

from datetime import date
from typing import Annotated
from uuid import UUID

import strawberry

from certgraph.api.context import Info
from certgraph.api.enums import CertificateLevel, OrganizationKind, OrganizationState, TokenRole
from certgraph.api.errors import AnyError
from certgraph.api.mutating import IDEMPOTENCY_KEY, attempt, attempt_once, id_of
from certgraph.api.organizations import Organization
from certgraph.api.reads.declaring import by_key
from certgraph.api.standards import CertificateType
from certgraph.certificates.service import change_issuer_state
from certgraph.database import Session
from certgraph.organizations import service
from certgraph.organizations.tables import EntitlementRow, OrganizationRow
from certgraph.standards.service import certificate_type_coded, known_levels
from certgraph.standards.tables import CertificateTypeRow

ADMIN = TokenRole.PROGRAMME_ADMIN


@strawberry.input(description="A new organization.")
class OrganizationRegisterInput:
    """See `certgraph.organizations.service.OrganizationDraft`."""

    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)
    code: str = strawberry.field(description="Its code in the programme; never changes.")
    name: str
    kinds: list[OrganizationKind]
    name_en: str | None = None
    uscc: str | None = None
    division_code: str | None = None


@strawberry.input(description="A change of an organization's state.")
class OrganizationStateChangeInput:
    """See `certgraph.certificates.service.change_issuer_state`."""

    code: str
    state: OrganizationState
    since: date = strawberry.field(description="First day of the new state.")
    reason: str


@strawberry.input(description="Leave to issue a certificate type at some levels.")
class EntitlementGrantInput:
    """See `certgraph.organizations.service.grant_entitlement`."""

    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)
    organization_code: str
    certificate_type_code: str
    levels: list[CertificateLevel]
    first_on: date
    last_on: date | None = None


@strawberry.input(description="The end of what an organization may issue.")
class EntitlementEndInput:
    """See `certgraph.organizations.service.end_entitlement`."""

    organization_code: str
    certificate_type_code: str
    levels: list[CertificateLevel]
    last_on: date = strawberry.field(description="Last day; issued certificates stay valid.")


OrganizationRegisterError = Annotated[AnyError, strawberry.union("OrganizationRegisterError")]
OrganizationStateChangeError = Annotated[AnyError, strawberry.union("OrganizationStateChangeError")]
EntitlementGrantError = Annotated[AnyError, strawberry.union("EntitlementGrantError")]
EntitlementEndError = Annotated[AnyError, strawberry.union("EntitlementEndError")]


@strawberry.type
class OrganizationRegisterPayload:
    """The organization, or every reason there is none."""

    organization_id: strawberry.Private[UUID | None]
    organization: Organization | None = by_key("organization_id")
    errors: list[OrganizationRegisterError]


@strawberry.type
class OrganizationStateChangePayload:
    """The organization, or every reason against the change."""

    organization_id: strawberry.Private[UUID | None]
    organization: Organization | None = by_key("organization_id")
    errors: list[OrganizationStateChangeError]


@strawberry.type
class EntitlementGrantPayload:
    """What may be issued now, by whom."""

    organization_id: strawberry.Private[UUID | None]
    certificate_type_id: strawberry.Private[UUID | None]
    organization: Organization | None = by_key("organization_id")
    certificate_type: CertificateType | None = by_key("certificate_type_id")
    errors: list[EntitlementGrantError]


@strawberry.type
class EntitlementEndPayload:
    """What ends, for whom."""

    organization_id: strawberry.Private[UUID | None]
    certificate_type_id: strawberry.Private[UUID | None]
    organization: Organization | None = by_key("organization_id")
    certificate_type: CertificateType | None = by_key("certificate_type_id")
    errors: list[EntitlementEndError]


@strawberry.type
class OrganizationMutation:
    """Mutations on organizations."""

    @strawberry.mutation(description="Register an organization. Programme admin.")
    async def organization_register(
        self, info: Info, input: OrganizationRegisterInput
    ) -> OrganizationRegisterPayload:
        """Open the transaction, call the service, answer after the commit."""
        context = info.context

        async def create(session: Session) -> OrganizationRow:
            context.require(ADMIN)
            draft = service.OrganizationDraft(
                code=input.code,
                name=input.name,
                kinds=input.kinds,
                name_en=input.name_en,
                uscc=input.uscc,
                division_code=input.division_code,
            )
            return await service.register_organization(
                session, draft, now=context.now, random=context.random
            )

        row, errors = await attempt_once(
            context,
            input.idempotency_key,
            input,
            create,
            lambda session, id_: session.get_one(OrganizationRow, id_),
        )
        return OrganizationRegisterPayload(organization_id=id_of(row), errors=errors)

    @strawberry.mutation(description="Move an organization to another state. Programme admin.")
    async def organization_state_change(
        self, info: Info, input: OrganizationStateChangeInput
    ) -> OrganizationStateChangePayload:
        """Open the transaction, call the service, answer after the commit."""
        context = info.context

        async def work(session: Session) -> OrganizationRow:
            context.require(ADMIN)
            return await change_issuer_state(
                session,
                input.code,
                input.state,
                since=input.since,
                reason=input.reason,
                now=context.now,
                random=context.random,
            )

        row, errors = await attempt(context, work)
        return OrganizationStateChangePayload(organization_id=id_of(row), errors=errors)

    @strawberry.mutation(description="Allow an organization to issue. Programme admin.")
    async def entitlement_grant(
        self, info: Info, input: EntitlementGrantInput
    ) -> EntitlementGrantPayload:
        """Open the transaction, call the service, answer after the commit."""
        context = info.context

        async def create(session: Session) -> EntitlementRow:
            context.require(ADMIN)
            organization = await service.organization_named(
                session, input.organization_code, "organizationCode", for_update=True
            )
            certificate_type = await certificate_type_coded(
                session, input.certificate_type_code, "certificateTypeCode"
            )
            rows = await service.grant_entitlement(
                session,
                organization,
                certificate_type_id=certificate_type.id,
                type_name=certificate_type.name,
                known_levels=await known_levels(session, certificate_type.id),
                levels=[int(level) for level in input.levels],
                first_on=input.first_on,
                last_on=input.last_on,
                random=context.random,
            )
            return rows[0]

        row, errors = await attempt_once(
            context,
            input.idempotency_key,
            input,
            create,
            lambda session, id_: session.get_one(EntitlementRow, id_),
        )
        return EntitlementGrantPayload(
            organization_id=row.organization_id if row else None,
            certificate_type_id=row.certificate_type_id if row else None,
            errors=errors,
        )

    @strawberry.mutation(description="End what an organization may issue. Programme admin.")
    async def entitlement_end(
        self, info: Info, input: EntitlementEndInput
    ) -> EntitlementEndPayload:
        """Open the transaction, call the service, answer after the commit."""
        context = info.context

        async def work(session: Session) -> tuple[OrganizationRow, CertificateTypeRow]:
            context.require(ADMIN)
            organization = await service.organization_named(
                session, input.organization_code, "organizationCode", for_update=True
            )
            certificate_type = await certificate_type_coded(
                session, input.certificate_type_code, "certificateTypeCode"
            )
            await service.end_entitlement(
                session,
                organization,
                certificate_type_id=certificate_type.id,
                type_name=certificate_type.name,
                levels=[int(level) for level in input.levels],
                last_on=input.last_on,
            )
            return organization, certificate_type

        rows, errors = await attempt(context, work)
        return EntitlementEndPayload(
            organization_id=rows[0].id if rows else None,
            certificate_type_id=rows[1].id if rows else None,
            errors=errors,
        )
