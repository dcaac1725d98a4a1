"""Batches of candidates, from the uploaded file on."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from certgraph.certificates.batches.rules import BatchState
from certgraph.database import Base, EnumText, UtcDateTime

WAITS = "state IN ('draft', 'approved', 'issuing')"


class BatchRow(Base):
    """An uploaded file of candidates, and what became of it.

    `sealed_file` is kept until its drafts are recorded, or it has ended; `given` is what holds for
    all its candidates, as JSON. `checked_at` is None until the service has looked at the file;
    then `problem_count` says how much is wrong, and `sealed_report` what. A trial (`is_trial`) goes
    no further than that; `submitted_by` is who handed it in for more. `digest` is of exactly what
    will be signed, see `digest_of`; who approves states it. `halted` says, as JSON, why issuing has
    stopped. `lease_until`: until when the service's worker that has it keeps it; another takes it
    after that. `attempts`: how often it was taken since something last came of it.
    """

    __tablename__ = "certificate_batches"
    __table_args__ = (
        Index(None, "uploaded_at", "id"),
        Index(None, "organization_id", "uploaded_at", "id"),
        Index(None, "organization_id", "file_sha256"),
        Index(
            "ix_certificate_batches_waiting",
            "uploaded_at",
            "id",
            postgresql_where=text(WAITS),
            sqlite_where=text(WAITS),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    state: Mapped[BatchState] = mapped_column(EnumText(BatchState))
    is_trial: Mapped[bool]
    file_name: Mapped[str] = mapped_column(String(200))
    file_sha256: Mapped[str] = mapped_column(String(64))
    sealed_file: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    given: Mapped[str] = mapped_column(Text)
    uploaded_by: Mapped[str] = mapped_column(Text)
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    submitted_by: Mapped[str | None] = mapped_column(Text)
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    candidate_count: Mapped[int | None]
    problem_count: Mapped[int | None]
    sealed_report: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    issue_run_id: Mapped[UUID | None] = mapped_column(ForeignKey("issue_runs.id"))
    digest: Mapped[str | None] = mapped_column(String(64))
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    remarks: Mapped[str] = mapped_column(Text, default="", server_default="")
    halted: Mapped[str | None] = mapped_column(Text)
    issued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
