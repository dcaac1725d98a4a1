"""Values that were set; never updated."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from certgraph.database import Base, EnumText, UtcDateTime, ledger
from certgraph.parameters.rules import ParameterName


class ParameterRow(Base):
    """A value that holds from a day on; see `certgraph.parameters.rules.Setting`."""

    __tablename__ = "parameters"
    __table_args__ = (Index(None, "name", "first_on", "id"), ledger())

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[ParameterName] = mapped_column(EnumText(ParameterName))
    organization_id: Mapped[UUID | None] = mapped_column(ForeignKey("organizations.id"))
    value: Mapped[str] = mapped_column(Text)
    first_on: Mapped[date]
    last_on: Mapped[date | None]
    basis: Mapped[str] = mapped_column(Text)
    set_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
