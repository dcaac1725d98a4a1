"""Mutations on organizations, what they may issue, their keys, and tokens."""

from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import UUID

import strawberry

from certgraph.api.context import Info
from certgraph.api.errors import AnyError
from certgraph.api.mutating import IDEMPOTENCY_KEY, attempt, attempt_once
from certgraph.api.organizations import IssuerKey, Organization
from certgraph.api.relay import global_id, parse_global_id
from certgraph.api.standards import CertificateType
from certgraph.database import Session
from certgraph.organizations import keys, service, tokens
from certgraph.organizations.rules import (
    KeyPurpose,
    OrganizationKind,
    OrganizationState,
    TokenRole,
)
from certgraph.organizations.tables import OrganizationRow, SigningKeyRow
from certgraph.problems import refusal
from certgraph.standards.rules import CertificateLevel
from certgraph.standards.service import certificate_type_coded, known_levels
from certgraph.standards.tables import CertificateTypeRow

strawberry.enum(TokenRole, description="What the bearer of a token may do.")
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
    """See `certgraph.organizations.service.change_organization_state`."""

    code: str
    state: OrganizationState
    since: date = strawberry.field(description="First day of the new state.")
    reason: str


@strawberry.input(description="Leave to issue a certificate type at some levels.")
class EntitlementGrantInput:
    """See `certgraph.organizations.service.grant_entitlement`."""

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


@strawberry.input(description="A key that is made and kept sealed by the service.")
class IssuerKeyCreateInput:
    """See `certgraph.organizations.keys.create_sealed_key`."""

    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)
    organization_code: str
    first_on: date
    last_on: date | None = None


@strawberry.input(description="A key that the organization holds itself.")
class IssuerKeyRegisterInput:
    """See `certgraph.organizations.keys.register_held_key`."""

    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)
    organization_code: str
    public_key: str = strawberry.field(description="64 hex digits.")
    proof: str = strawberry.field(description="Signature of `issuerKeyChallenge`, 128 hex digits.")
    first_on: date
    last_on: date | None = None


@strawberry.input(description="The end of a key's use.")
class IssuerKeyRetireInput:
    """See `certgraph.organizations.keys.retire_key`."""

    kid: str = strawberry.field(description="16 hex digits.")
    last_on: date = strawberry.field(description="Last day for which it may sign.")


@strawberry.input(description="Others may hold a key.")
class IssuerKeyDeclareCompromisedInput:
    """See `certgraph.organizations.keys.declare_key_compromised`."""

    kid: str = strawberry.field(description="16 hex digits.")
    since: date = strawberry.field(description="Certificates issued from this day on do not count.")


@strawberry.input(description="A bearer token for the API.")
class ApiTokenCreateInput:
    """See `certgraph.organizations.tokens.create_token`."""

    name: str
    role: TokenRole
    organization_code: str | None = None
    lifetime_days: int = 90


OrganizationRegisterError = Annotated[AnyError, strawberry.union("OrganizationRegisterError")]
OrganizationStateChangeError = Annotated[AnyError, strawberry.union("OrganizationStateChangeError")]
EntitlementGrantError = Annotated[AnyError, strawberry.union("EntitlementGrantError")]
EntitlementEndError = Annotated[AnyError, strawberry.union("EntitlementEndError")]
IssuerKeyCreateError = Annotated[AnyError, strawberry.union("IssuerKeyCreateError")]
IssuerKeyRegisterError = Annotated[AnyError, strawberry.union("IssuerKeyRegisterError")]
IssuerKeyRetireError = Annotated[AnyError, strawberry.union("IssuerKeyRetireError")]
IssuerKeyDeclareCompromisedError = Annotated[
    AnyError, strawberry.union("IssuerKeyDeclareCompromisedError")
]
ApiTokenCreateError = Annotated[AnyError, strawberry.union("ApiTokenCreateError")]
ApiTokenRevokeError = Annotated[AnyError, strawberry.union("ApiTokenRevokeError")]


@strawberry.type
class OrganizationRegisterPayload:
    """The organization, or every reason there is none."""

    organization: Organization | None
    errors: list[OrganizationRegisterError]


@strawberry.type
class OrganizationStateChangePayload:
    """The organization, or every reason against the change."""

    organization: Organization | None
    errors: list[OrganizationStateChangeError]


@strawberry.type
class EntitlementGrantPayload:
    """What may be issued now, by whom."""

    organization: Organization | None
    certificate_type: CertificateType | None
    errors: list[EntitlementGrantError]


@strawberry.type
class EntitlementEndPayload:
    """What ends, for whom."""

    organization: Organization | None
    certificate_type: CertificateType | None
    errors: list[EntitlementEndError]


@strawberry.type
class IssuerKeyCreatePayload:
    """The key, or every reason there is none."""

    issuer_key: IssuerKey | None
    errors: list[IssuerKeyCreateError]


@strawberry.type
class IssuerKeyRegisterPayload:
    """The key, or every reason there is none."""

    issuer_key: IssuerKey | None
    errors: list[IssuerKeyRegisterError]


@strawberry.type
class IssuerKeyRetirePayload:
    """The key, or every reason against it."""

    issuer_key: IssuerKey | None
    errors: list[IssuerKeyRetireError]


@strawberry.type
class IssuerKeyDeclareCompromisedPayload:
    """The key, or every reason against it."""

    issuer_key: IssuerKey | None
    errors: list[IssuerKeyDeclareCompromisedError]


@strawberry.type
class ApiTokenCreatePayload:
    """The token, shown this once."""

    token: str | None = strawberry.field(description="It is stored hashed and not shown again.")
    token_id: strawberry.ID | None
    expires_at: datetime | None
    errors: list[ApiTokenCreateError]


@strawberry.type
class ApiTokenRevokePayload:
    """When the token was revoked."""

    revoked_at: datetime | None
    errors: list[ApiTokenRevokeError]


def from_hex(text: str, name: str, *path: str) -> bytes:
    """Return the bytes of a hex text. Raises `Rejected`."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise refusal(
            "input.malformed", *path, value=repr(text[:80]), expected=f"{name} in hex"
        ) from None


async def _key_by_id(session: Session, key: UUID) -> SigningKeyRow:
    return await session.get_one(SigningKeyRow, key)


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
        return OrganizationRegisterPayload(
            organization=Organization.from_row(row) if row else None, errors=errors
        )

    @strawberry.mutation(description="Move an organization to another state. Programme admin.")
    async def organization_state_change(
        self, info: Info, input: OrganizationStateChangeInput
    ) -> OrganizationStateChangePayload:
        """Open the transaction, call the service, answer after the commit."""
        context = info.context

        async def work(session: Session) -> OrganizationRow:
            context.require(ADMIN)
            return await service.change_organization_state(
                session,
                input.code,
                input.state,
                since=input.since,
                reason=input.reason,
                now=context.now,
                random=context.random,
            )

        row, errors = await attempt(context, work)
        return OrganizationStateChangePayload(
            organization=Organization.from_row(row) if row else None, errors=errors
        )

    @strawberry.mutation(description="Allow an organization to issue. Programme admin.")
    async def entitlement_grant(
        self, info: Info, input: EntitlementGrantInput
    ) -> EntitlementGrantPayload:
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
            await service.grant_entitlement(
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
            return organization, certificate_type

        rows, errors = await attempt(context, work)
        return EntitlementGrantPayload(
            organization=Organization.from_row(rows[0]) if rows else None,
            certificate_type=CertificateType.from_row(rows[1]) if rows else None,
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
            organization=Organization.from_row(rows[0]) if rows else None,
            certificate_type=CertificateType.from_row(rows[1]) if rows else None,
            errors=errors,
        )


@strawberry.type
class KeyMutation:
    """Mutations on keys and tokens."""

    @strawberry.mutation(description="Make a key that is kept sealed here. Programme admin.")
    async def issuer_key_create(
        self, info: Info, input: IssuerKeyCreateInput
    ) -> IssuerKeyCreatePayload:
        """Open the transaction, call the service, answer after the commit."""
        context = info.context

        async def create(session: Session) -> SigningKeyRow:
            context.require(ADMIN)
            organization = await service.organization_named(
                session, input.organization_code, "organizationCode"
            )
            return await keys.create_sealed_key(
                session,
                context.keyring,
                KeyPurpose.ISSUER,
                organization,
                keys.KeyPeriod(first_on=input.first_on, last_on=input.last_on),
                now=context.now,
                random=context.random,
            )

        row, errors = await attempt_once(context, input.idempotency_key, input, create, _key_by_id)
        return IssuerKeyCreatePayload(
            issuer_key=IssuerKey.from_row(row) if row else None, errors=errors
        )

    @strawberry.mutation(
        description="Register a key that the organization holds itself, with proof of possession."
    )
    async def issuer_key_register(
        self, info: Info, input: IssuerKeyRegisterInput
    ) -> IssuerKeyRegisterPayload:
        """Open the transaction, call the service, answer after the commit."""
        context = info.context

        async def create(session: Session) -> SigningKeyRow:
            path = "organizationCode"
            await context.acting_organization(session, input.organization_code, path)
            organization = await service.organization_named(session, input.organization_code, path)
            return await keys.register_held_key(
                session,
                organization,
                from_hex(input.public_key, "a public key", "publicKey"),
                from_hex(input.proof, "a signature", "proof"),
                keys.KeyPeriod(first_on=input.first_on, last_on=input.last_on),
                now=context.now,
                random=context.random,
            )

        row, errors = await attempt_once(context, input.idempotency_key, input, create, _key_by_id)
        return IssuerKeyRegisterPayload(
            issuer_key=IssuerKey.from_row(row) if row else None, errors=errors
        )

    @strawberry.mutation(description="End a key's use. Programme admin, or its organization.")
    async def issuer_key_retire(
        self, info: Info, input: IssuerKeyRetireInput
    ) -> IssuerKeyRetirePayload:
        """Open the transaction, call the service, answer after the commit."""
        context = info.context

        async def work(session: Session) -> SigningKeyRow:
            organization = await context.acting_organization(session)
            kid = from_hex(input.kid, "a key id", "kid")
            return await keys.retire_key(
                session, kid, last_on=input.last_on, organization=organization
            )

        row, errors = await attempt(context, work)
        return IssuerKeyRetirePayload(
            issuer_key=IssuerKey.from_row(row) if row else None, errors=errors
        )

    @strawberry.mutation(
        description="Declare a key compromised. Programme admin, or its organization."
    )
    async def issuer_key_declare_compromised(
        self, info: Info, input: IssuerKeyDeclareCompromisedInput
    ) -> IssuerKeyDeclareCompromisedPayload:
        """Open the transaction, call the service, answer after the commit."""
        context = info.context

        async def work(session: Session) -> SigningKeyRow:
            organization = await context.acting_organization(session)
            return await keys.declare_key_compromised(
                session,
                from_hex(input.kid, "a key id", "kid"),
                since=input.since,
                now=context.now,
                organization=organization,
            )

        row, errors = await attempt(context, work)
        return IssuerKeyDeclareCompromisedPayload(
            issuer_key=IssuerKey.from_row(row) if row else None, errors=errors
        )

    @strawberry.mutation(description="Make a bearer token. Programme admin.")
    async def api_token_create(
        self, info: Info, input: ApiTokenCreateInput
    ) -> ApiTokenCreatePayload:
        """Open the transaction, call the service, answer after the commit."""
        context = info.context

        async def work(session: Session) -> tuple[str, UUID, datetime]:
            context.require(ADMIN)
            organization = None
            if input.organization_code is not None:
                organization = await service.organization_named(
                    session, input.organization_code, "organizationCode"
                )
            token, row = await tokens.create_token(
                session,
                name=input.name,
                role=input.role,
                organization=organization,
                lifetime=timedelta(days=input.lifetime_days),
                now=context.now,
                random=context.random,
            )
            return token, row.id, row.expires_at

        made, errors = await attempt(context, work)
        token, token_id, expires_at = made or (None, None, None)
        return ApiTokenCreatePayload(
            token=token,
            token_id=global_id("ApiToken", token_id) if token_id else None,
            expires_at=expires_at,
            errors=errors,
        )

    @strawberry.mutation(description="End a bearer token at once. Programme admin.")
    async def api_token_revoke(self, info: Info, token_id: strawberry.ID) -> ApiTokenRevokePayload:
        """Open the transaction, call the service, answer after the commit."""
        context = info.context

        async def work(session: Session) -> datetime | None:
            context.require(ADMIN)
            parsed = parse_global_id(str(token_id))
            if parsed is None or parsed[0] != "ApiToken":
                raise refusal("token.not_found", "tokenId")
            return (await tokens.revoke_token(session, parsed[1], now=context.now)).revoked_at

        revoked_at, errors = await attempt(context, work)
        return ApiTokenRevokePayload(revoked_at=revoked_at, errors=errors)
