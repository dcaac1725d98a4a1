"""Mutations on issuer keys and API tokens."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import strawberry

from certgraph.api.context import Info
from certgraph.api.enums import TokenRole
from certgraph.api.errors import AnyError
from certgraph.api.mutating import IDEMPOTENCY_KEY, attempt, attempt_once, id_of
from certgraph.api.organization_mutations import ADMIN
from certgraph.api.organizations import IssuerKey
from certgraph.api.reads.declaring import by_key
from certgraph.api.relay import global_id, parse_global_id
from certgraph.database import Session
from certgraph.organizations import keys, service, tokens
from certgraph.organizations.rules import KeyPurpose
from certgraph.organizations.tables import ApiTokenRow, SigningKeyRow
from certgraph.problems import refusal


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

    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)
    name: str
    role: TokenRole
    organization_code: str | None = None
    lifetime_days: int = 90
    reads_learners: bool = strawberry.field(
        default=False,
        description="Scope of the role CREDIT_BANK: who the learners are, not only their records.",
    )


IssuerKeyCreateError = Annotated[AnyError, strawberry.union("IssuerKeyCreateError")]


IssuerKeyRegisterError = Annotated[AnyError, strawberry.union("IssuerKeyRegisterError")]


IssuerKeyRetireError = Annotated[AnyError, strawberry.union("IssuerKeyRetireError")]


IssuerKeyDeclareCompromisedError = Annotated[
    AnyError, strawberry.union("IssuerKeyDeclareCompromisedError")
]


ApiTokenCreateError = Annotated[AnyError, strawberry.union("ApiTokenCreateError")]


ApiTokenRevokeError = Annotated[AnyError, strawberry.union("ApiTokenRevokeError")]


@strawberry.type
class IssuerKeyCreatePayload:
    """The key, or every reason there is none."""

    issuer_key_id: strawberry.Private[UUID | None]
    issuer_key: IssuerKey | None = by_key("issuer_key_id")
    errors: list[IssuerKeyCreateError]


@strawberry.type
class IssuerKeyRegisterPayload:
    """The key, or every reason there is none."""

    issuer_key_id: strawberry.Private[UUID | None]
    issuer_key: IssuerKey | None = by_key("issuer_key_id")
    errors: list[IssuerKeyRegisterError]


@strawberry.type
class IssuerKeyRetirePayload:
    """The key, or every reason against it."""

    issuer_key_id: strawberry.Private[UUID | None]
    issuer_key: IssuerKey | None = by_key("issuer_key_id")
    errors: list[IssuerKeyRetireError]


@strawberry.type
class IssuerKeyDeclareCompromisedPayload:
    """The key, or every reason against it."""

    issuer_key_id: strawberry.Private[UUID | None]
    issuer_key: IssuerKey | None = by_key("issuer_key_id")
    errors: list[IssuerKeyDeclareCompromisedError]


@strawberry.type
class ApiTokenCreatePayload:
    """The token, shown this once."""

    token: str | None = strawberry.field(
        description="Stored hashed and shown once: null where the request is repeated."
    )
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
        return IssuerKeyCreatePayload(issuer_key_id=id_of(row), errors=errors)

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
        return IssuerKeyRegisterPayload(issuer_key_id=id_of(row), errors=errors)

    @strawberry.mutation(description="End a key's use. Programme admin, or its organization.")
    async def issuer_key_retire(
        self, info: Info, input: IssuerKeyRetireInput
    ) -> IssuerKeyRetirePayload:
        """Open the transaction, call the service, answer after the commit."""
        context = info.context

        async def work(session: Session) -> SigningKeyRow:
            organization = await context.acting_organization(session, may_have_left=True)
            kid = from_hex(input.kid, "a key id", "kid")
            return await keys.retire_key(
                session, kid, last_on=input.last_on, organization=organization
            )

        row, errors = await attempt(context, work)
        return IssuerKeyRetirePayload(issuer_key_id=id_of(row), errors=errors)

    @strawberry.mutation(
        description="Declare a key compromised. Programme admin, or its organization."
    )
    async def issuer_key_declare_compromised(
        self, info: Info, input: IssuerKeyDeclareCompromisedInput
    ) -> IssuerKeyDeclareCompromisedPayload:
        """Open the transaction, call the service, answer after the commit."""
        context = info.context

        async def work(session: Session) -> SigningKeyRow:
            organization = await context.acting_organization(session, may_have_left=True)
            return await keys.declare_key_compromised(
                session,
                from_hex(input.kid, "a key id", "kid"),
                since=input.since,
                now=context.now,
                organization=organization,
            )

        row, errors = await attempt(context, work)
        return IssuerKeyDeclareCompromisedPayload(issuer_key_id=id_of(row), errors=errors)

    @strawberry.mutation(description="Make a bearer token. Programme admin.")
    async def api_token_create(
        self, info: Info, input: ApiTokenCreateInput
    ) -> ApiTokenCreatePayload:
        """Open the transaction, call the service, answer after the commit."""
        context = info.context

        shown: dict[UUID, str] = {}  # by the row that was committed: a try may be rolled back

        async def create(session: Session) -> ApiTokenRow:
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
                lifetime_days=input.lifetime_days,
                now=context.now,
                random=context.random,
                reads_learners=input.reads_learners,
            )
            shown[row.id] = token
            return row

        row, errors = await attempt_once(
            context,
            input.idempotency_key,
            input,
            create,
            lambda session, id_: session.get_one(ApiTokenRow, id_),
        )
        return ApiTokenCreatePayload(
            token=shown.get(row.id) if row else None,
            token_id=global_id("ApiToken", row.id) if row else None,
            expires_at=row.expires_at if row else None,
            errors=errors,
        )

    @strawberry.mutation(
        description="End a bearer token. Every server knows within a second. Programme admin."
    )
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
        if not errors:
            context.callers.forget()
        return ApiTokenRevokePayload(revoked_at=revoked_at, errors=errors)
