"""What each organization may issue."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from certgraph.database import Base


class EntitlementRow(Base):
    """Leave to issue one certificate type at one level, both days included."""

    __tablename__ = "entitlements"
    __table_args__ = (
        UniqueConstraint("organization_id", "certificate_type_id", "level", "first_on"),
        CheckConstraint("level BETWEEN 1 AND 3", name="level"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    certificate_type_id: Mapped[UUID] = mapped_column(
        ForeignKey("certificate_types.id"), index=True
    )
    level: Mapped[int]
    first_on: Mapped[date]
    last_on: Mapped[date | None]
