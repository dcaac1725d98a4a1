"""Certificates in the graph, and the lookup by number and name."""

import hmac
import unicodedata
from datetime import date, datetime
from uuid import UUID

import strawberry

from certgraph.api.context import Context, Info
from certgraph.api.enums import CertificateLevel, CertificateState
from certgraph.api.organizations import Organization
from certgraph.api.relay import Node, global_id
from certgraph.api.standards import CertificateType, StandardVersion
from certgraph.certificates import queries
from certgraph.certificates.drafting import number_key
from certgraph.certificates.qr_image import draw_qr
from certgraph.certificates.rules import masked_name
from certgraph.certificates.service import claims_of, is_late
from certgraph.certificates.signing import signed_bytes
from certgraph.certificates.tables import CertificateRow
from certgraph.credential.qr_text import to_qr_text


@strawberry.type(description="A learning outcome achieved, with its credits.")
class AchievedOutcome:
    """See `certgraph.credential.claims.Outcome`."""

    number: int | None = strawberry.field(description="Its number in the standard.")
    text: str | None = strawberry.field(description="The outcome itself, where it has no number.")
    credits_tenths: int = strawberry.field(description="Credits times ten: 15 means 1.5.")


@strawberry.type(description="A change of a certificate's state.")
class CertificateChange:
    """See `certgraph.certificates.tables.CertificateChangeRow`."""

    state: CertificateState
    reason: str
    changed_at: datetime


@strawberry.type(description="The QR code of a certificate.")
class QrCode:
    """See `certgraph.certificates.qr_image.QrImage`."""

    text: str = strawberry.field(description="What it says; verifies offline.")
    version: int = strawberry.field(description="QR version, 1 to 16.")
    print_mm: float = strawberry.field(description="Width to print, quiet zone included.")
    svg: str = strawberry.field(description="SVG of that width.")


@strawberry.type(
    description="A certificate 职业技能等级证书 of one person. The programme, its issuer and the "
    "credit bank see it in full; everybody else what is printed on it, the name masked."
)
class Certificate(Node):
    """See `certgraph.certificates.tables.CertificateRow`."""

    row: strawberry.Private[CertificateRow]
    full: strawberry.Private[bool]
    number: str
    holder_name_masked: str
    level: CertificateLevel
    issued_on: date
    expires_on: date | None = strawberry.field(description="Last valid day; null without end.")
    state: CertificateState
    registration_due_on: date = strawberry.field(
        description="Last day for entering it on the platform, rule R39."
    )
    registration_due_is_provisional: bool = strawberry.field(
        description="Whether the holiday calendar of that year was not out yet."
    )
    registered_at: datetime | None
    is_registered_late: bool

    @classmethod
    def from_row(cls, row: CertificateRow, context: Context) -> "Certificate":
        """Convert, for this caller."""
        return cls(
            id=global_id("Certificate", row.id),
            row=row,
            full=context.may_read(row),
            number=row.number,
            holder_name_masked=masked_name(row.holder_name),
            level=CertificateLevel(row.level),
            issued_on=row.issued_on,
            expires_on=row.expires_on,
            state=row.state,
            registration_due_on=row.registration_due_on,
            registration_due_is_provisional=row.registration_due_is_provisional,
            registered_at=row.registered_at,
            is_registered_late=is_late(row),
        )

    @strawberry.field(description="Full name; null for callers who may not read it.")
    def holder_name(self) -> str | None:
        """Return it by policy."""
        return self.row.holder_name if self.full else None

    @strawberry.field(description="Its QR code; null for a draft, and where not allowed.")
    async def qr_code(self, info: Info) -> QrCode | None:
        """Draw it."""
        if not self.full:
            return None
        key = await info.context.loaders.signing_key.load(self.row.signing_key_id)
        signed = signed_bytes(self.row, key)
        if signed is None:
            return None
        text = to_qr_text(signed, info.context.settings.public_host)
        image = draw_qr(text)
        return QrCode(
            text=text, version=image.version, print_mm=image.print_mm, svg=image.svg.decode()
        )

    @strawberry.field(description="The organization that issued it.")
    async def organization(self, info: Info) -> Organization:
        """Resolve through the loader."""
        loaders = info.context.loaders
        return Organization.from_row(await loaders.organization.load(self.row.organization_id))

    @strawberry.field(description="What it certifies.")
    async def certificate_type(self, info: Info) -> CertificateType:
        """Resolve through the loader."""
        loaders = info.context.loaders
        return CertificateType.from_row(
            await loaders.certificate_type.load(self.row.certificate_type_id)
        )

    @strawberry.field(description="The standard the holder met.")
    async def standard_version(self, info: Info) -> StandardVersion:
        """Resolve through the loader."""
        loaders = info.context.loaders
        return StandardVersion.from_row(await loaders.version.load(self.row.standard_version_id))

    @strawberry.field(description="Learning outcomes achieved.")
    def outcomes(self) -> list[AchievedOutcome]:
        """Return what is signed."""
        return [
            AchievedOutcome(
                number=outcome.number, text=outcome.text, credits_tenths=outcome.credits_tenths
            )
            for outcome in claims_of(self.row).outcomes
        ]

    @strawberry.field(description="Its changes of state, oldest first; empty where not allowed.")
    async def changes(self, info: Info) -> list[CertificateChange]:
        """Resolve through the loader."""
        if not self.full:
            return []
        return [
            CertificateChange(state=row.state, reason=row.reason, changed_at=row.changed_at)
            for row in await info.context.loaders.changes.load(self.row.id)
        ]

    @strawberry.field(description="The certificate that corrects it; null where not allowed.")
    async def superseded_by(self, info: Info) -> "Certificate | None":
        """Resolve through the loader."""
        if not self.full:
            return None
        row = await info.context.loaders.superseding.load(self.row.id)
        return None if row is None else Certificate.from_row(row, info.context)


def _same_name(given: str, recorded: str) -> bool:
    """Compare names without regard to width and white space, in constant time."""
    forms = ["".join(unicodedata.normalize("NFKC", n).split()).encode() for n in (given, recorded)]
    return hmac.compare_digest(*forms)


async def certificate_of_holder(
    context: Context, number: str, holder_name: str
) -> CertificateRow | None:
    """Return the certificate with a number if it is that holder's; unknown and mismatch alike."""
    async with context.reads() as session:
        row = await queries.certificate_by_number_key(session, number_key(number))
    recorded = "\0" if row is None else row.holder_name
    if not _same_name(holder_name, recorded) or row is None:
        return None
    return None if row.state is CertificateState.DRAFT else row


async def certificate_by_key(context: Context, key: UUID) -> CertificateRow | None:
    """Return a certificate that the caller may read in full; else None."""
    async with context.reads() as session:
        row = (await queries.certificates_by_ids(session, [key])).get(key)
    return row if row is not None and context.may_read(row) else None


@strawberry.type
class CertificateQuery:
    """Reads of certificates."""

    @strawberry.field(
        description="The certificate with this number and holder; null where there is none. "
        "A wrong name answers like a wrong number."
    )
    async def certificate(self, info: Info, number: str, holder_name: str) -> Certificate | None:
        """Return one."""
        row = await certificate_of_holder(info.context, number, holder_name)
        return None if row is None else Certificate.from_row(row, info.context)
