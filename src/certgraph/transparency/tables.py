"""The log of certificates: its tiles, and every head that was published."""

from datetime import datetime

from sqlalchemy import BigInteger, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from certgraph.database import Base, UtcDateTime, ledger


class LogTileRow(Base):
    """A tile, or an entry bundle (level −1), as far as it is filled; see `tiles`."""

    __tablename__ = "log_tiles"

    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class LogHeadRow(Base):
    """A head of the log as it was published; never deleted, its size and root never changed.

    `checkpoint` is the signed note; `cosignatures` are lines of witnesses, after it.
    """

    __tablename__ = "log_heads"
    __table_args__ = ledger("checkpoint", "cosignatures")

    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    root: Mapped[bytes] = mapped_column(LargeBinary(32))
    checkpoint: Mapped[bytes] = mapped_column(LargeBinary)
    cosignatures: Mapped[str] = mapped_column(Text, server_default="")
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
