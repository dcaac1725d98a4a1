"""Mutations on certificate types and standards. Programme admin."""

from datetime import date
from typing import Annotated
from uuid import UUID

import strawberry

from certgraph.api.context import Info
from certgraph.api.enums import CertificateLevel, TokenRole
from certgraph.api.errors import AnyError
from certgraph.api.mutating import IDEMPOTENCY_KEY, attempt_once, id_of
from certgraph.api.reads.declaring import by_key
from certgraph.api.standards import CertificateType, Standard, StandardVersion
from certgraph.database import Session
from certgraph.organizations.service import organization_named
from certgraph.standards import service
from certgraph.standards.rules import ContentItem, OutcomeItem
from certgraph.standards.tables import CertificateTypeRow, StandardRow, StandardVersionRow

ADMIN = TokenRole.PROGRAMME_ADMIN


@strawberry.input(description="A certificate type as announced.")
class CertificateTypeAnnounceInput:
    """See `certgraph.standards.service.CertificateTypeDraft`."""

    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)
    code: str
    name: str
    levels: list[CertificateLevel]
    announced_on: date
    organization_codes: list[str]


@strawberry.input(description="A standard of a certificate type.")
class StandardRegisterInput:
    """See `certgraph.standards.service.register_standard`."""

    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)
    code: str
    name: str
    certificate_type_code: str


@strawberry.input(
    description="A line of a standard: 1 a work area, 1.1 a task, 1.1.1 a requirement."
)
class StandardContentInput:
    """See `certgraph.standards.rules.ContentItem`."""

    level: CertificateLevel
    code: str
    text: str


@strawberry.input(description="A learning outcome that certificates name by number.")
class LearningOutcomeInput:
    """See `certgraph.standards.rules.OutcomeItem`."""

    level: CertificateLevel
    number: int
    name: str


@strawberry.input(description="A version of a standard; once published it never changes.")
class StandardVersionPublishInput:
    """See `certgraph.standards.service.StandardVersionDraft`."""

    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)
    standard_code: str
    version: str
    published_on: date
    source: str = strawberry.field(description="Where its text stands.")
    content: list[StandardContentInput] = strawberry.field(default_factory=list)
    outcomes: list[LearningOutcomeInput] = strawberry.field(default_factory=list)
    major_edition: str | None = None
    major_codes: list[str] = strawberry.field(default_factory=list)


CertificateTypeAnnounceError = Annotated[AnyError, strawberry.union("CertificateTypeAnnounceError")]
StandardRegisterError = Annotated[AnyError, strawberry.union("StandardRegisterError")]
StandardVersionPublishError = Annotated[AnyError, strawberry.union("StandardVersionPublishError")]


@strawberry.type
class CertificateTypeAnnouncePayload:
    """The certificate type, or every reason there is none."""

    certificate_type_id: strawberry.Private[UUID | None]
    certificate_type: CertificateType | None = by_key("certificate_type_id")
    errors: list[CertificateTypeAnnounceError]


@strawberry.type
class StandardRegisterPayload:
    """The standard, or every reason there is none."""

    standard_id: strawberry.Private[UUID | None]
    standard: Standard | None = by_key("standard_id")
    errors: list[StandardRegisterError]


@strawberry.type
class StandardVersionPublishPayload:
    """The version, or every reason there is none."""

    standard_version_id: strawberry.Private[UUID | None]
    standard_version: StandardVersion | None = by_key("standard_version_id")
    errors: list[StandardVersionPublishError]


@strawberry.type
class StandardMutation:
    """Mutations on certificate types and standards."""

    @strawberry.mutation(description="Announce a certificate type. Programme admin.")
    async def certificate_type_announce(
        self, info: Info, input: CertificateTypeAnnounceInput
    ) -> CertificateTypeAnnouncePayload:
        """Open the transaction, call the service, answer after the commit."""
        context = info.context

        async def create(session: Session) -> CertificateTypeRow:
            context.require(ADMIN)
            organizations = [
                await organization_named(session, code, "organizationCodes", str(index))
                for index, code in enumerate(input.organization_codes)
            ]
            draft = service.CertificateTypeDraft(
                code=input.code,
                name=input.name,
                levels=[int(level) for level in input.levels],
                announced_on=input.announced_on,
            )
            return await service.announce_certificate_type(
                session, draft, organizations, random=context.random
            )

        row, errors = await attempt_once(
            context,
            input.idempotency_key,
            input,
            create,
            lambda session, id_: session.get_one(CertificateTypeRow, id_),
        )
        return CertificateTypeAnnouncePayload(certificate_type_id=id_of(row), errors=errors)

    @strawberry.mutation(description="Register a standard. Programme admin.")
    async def standard_register(
        self, info: Info, input: StandardRegisterInput
    ) -> StandardRegisterPayload:
        """Open the transaction, call the service, answer after the commit."""
        context = info.context

        async def create(session: Session) -> StandardRow:
            context.require(ADMIN)
            return await service.register_standard(
                session,
                code=input.code,
                name=input.name,
                certificate_type_code=input.certificate_type_code,
                random=context.random,
            )

        row, errors = await attempt_once(
            context,
            input.idempotency_key,
            input,
            create,
            lambda session, id_: session.get_one(StandardRow, id_),
        )
        return StandardRegisterPayload(standard_id=id_of(row), errors=errors)

    @strawberry.mutation(description="Publish a version of a standard. Programme admin.")
    async def standard_version_publish(
        self, info: Info, input: StandardVersionPublishInput
    ) -> StandardVersionPublishPayload:
        """Open the transaction, call the service, answer after the commit."""
        context = info.context

        async def create(session: Session) -> StandardVersionRow:
            context.require(ADMIN)
            draft = service.StandardVersionDraft(
                standard_code=input.standard_code,
                version=input.version,
                published_on=input.published_on,
                source=input.source,
                content=[
                    ContentItem(level=int(item.level), code=item.code, text=item.text)
                    for item in input.content
                ],
                outcomes=[
                    OutcomeItem(level=int(item.level), number=item.number, name=item.name)
                    for item in input.outcomes
                ],
                major_edition=input.major_edition,
                major_codes=input.major_codes,
            )
            return await service.publish_standard_version(
                session, draft, now=context.now, random=context.random
            )

        row, errors = await attempt_once(
            context,
            input.idempotency_key,
            input,
            create,
            lambda session, id_: session.get_one(StandardVersionRow, id_),
        )
        return StandardVersionPublishPayload(standard_version_id=id_of(row), errors=errors)
