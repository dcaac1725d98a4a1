"""Links to a holder's page, its sessions, what holders share, and what they ask for.

No row here holds a secret: what opens a page is made of the row's key, under the master key.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from certgraph.certificates.holders.rules import HolderRequestKind, HolderRequestState
from certgraph.database import Base, EnumText, UtcDateTime


class HolderLinkRow(Base):
    """A link that an organization sends to a holder; it opens the page once."""

    __tablename__ = "holder_links"
    __table_args__ = (Index(None, "organization_id", "created_at", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    certificate_id: Mapped[UUID] = mapped_column(ForeignKey("certificates.id"), index=True)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    created_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class HolderSessionRow(Base):
    """A holder's page that is open, for the holder of this certificate.

    `organization_id` is whose link opened it: it then shows that organization's certificates alone.
    None where the holder gave number, name and document: it shows all. `link_id` is that link.
    """

    __tablename__ = "holder_sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    certificate_id: Mapped[UUID] = mapped_column(ForeignKey("certificates.id"), index=True)
    organization_id: Mapped[UUID | None] = mapped_column(ForeignKey("organizations.id"))
    link_id: Mapped[UUID | None] = mapped_column(ForeignKey("holder_links.id"), index=True)
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class HolderFailureRow(Base):
    """How often a wrong document was given for a certificate on a day in China."""

    __tablename__ = "holder_failures"

    certificate_id: Mapped[UUID] = mapped_column(ForeignKey("certificates.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    count: Mapped[int]


class SharedCertificateRow(Base):
    """A certificate that a sharing link shows."""

    __tablename__ = "shared_certificates"

    sharing_link_id: Mapped[UUID] = mapped_column(ForeignKey("sharing_links.id"), primary_key=True)
    certificate_id: Mapped[UUID] = mapped_column(
        ForeignKey("certificates.id"), primary_key=True, index=True
    )


class SharingLinkRow(Base):
    """A link that a holder gives to others, with the certificates that it shows.

    `organization_id` is whose link opened the page that it was made on; None: number, name and
    document did. A page by a link shows no others than those of its organization's links.
    """

    __tablename__ = "sharing_links"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID | None] = mapped_column(ForeignKey("organizations.id"))
    with_pdf: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    shared: Mapped[list[SharedCertificateRow]] = relationship(
        lazy="selectin", cascade="all, delete-orphan"
    )

    @property
    def certificate_ids(self) -> frozenset[UUID]:
        """Keys of the certificates that it shows."""
        return frozenset(one.certificate_id for one in self.shared)


class SharingOpeningRow(Base):
    """When a sharing link was opened; by whom, nobody records."""

    __tablename__ = "sharing_openings"
    __table_args__ = (Index(None, "sharing_link_id", "opened_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    sharing_link_id: Mapped[UUID] = mapped_column(ForeignKey("sharing_links.id"))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)


class HolderRequestRow(Base):
    """What a holder asks the issuer for. `sealed_text` is None once it is deleted."""

    __tablename__ = "holder_requests"
    __table_args__ = (
        Index(None, "organization_id", "state", "asked_at", "id"),
        Index(None, "asked_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    certificate_id: Mapped[UUID] = mapped_column(ForeignKey("certificates.id"), index=True)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    kind: Mapped[HolderRequestKind] = mapped_column(EnumText(HolderRequestKind))
    sealed_text: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[HolderRequestState] = mapped_column(EnumText(HolderRequestState))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answer: Mapped[str] = mapped_column(Text, default="", server_default="")
    answered_by: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
