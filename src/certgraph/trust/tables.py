"""Published trust lists, and the static files that verifiers fetch."""

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from certgraph.database import Base, UtcDateTime, ledger


class TrustListRow(Base):
    """A trust list as the root keys signed it; never changed or deleted.

    `changes_roots` marks the lists that older installations need on their way to the current one.
    """

    __tablename__ = "trust_lists"
    __table_args__ = ledger("published_at")

    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    signed: Mapped[bytes] = mapped_column(LargeBinary)
    standards: Mapped[bytes] = mapped_column(LargeBinary)
    changes_roots: Mapped[bool]
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PublishedFileRow(Base):
    """A static file by its path below the server's root. `etag` is the SHA-256 of its bytes."""

    __tablename__ = "published_files"

    path: Mapped[str] = mapped_column(String(200), primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    etag: Mapped[str] = mapped_column(String(64))
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
