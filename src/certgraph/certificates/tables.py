"""Certificates, the runs that issue them, their status lists and every change of state."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from certgraph.certificates.rules import CertificateState
from certgraph.database import Base, EnumText, UtcDateTime, ledger
from certgraph.identity_documents import DocumentType


class StatusListRow(Base):
    """A status list. `indexes` is its 131,072 entries in random order, four bytes each.

    `used` of them are given out; an index is never given out again. `without` of those have no
    certificate: a draft that was deleted had it, or the list was closed. `floor` is what the list
    said before a restore, compressed as it was signed: what was revoked there stays revoked.
    """

    __tablename__ = "status_lists"
    __table_args__ = (UniqueConstraint("organization_id", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    number: Mapped[int]
    size: Mapped[int]
    used: Mapped[int]
    without: Mapped[int] = mapped_column(default=0, server_default="0")
    indexes: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    floor: Mapped[bytes | None] = mapped_column(LargeBinary)


class IssueRunRow(Base):
    """One request to issue certificates, known by its idempotency key.

    `reason` says why, where the run corrects a certificate; empty otherwise. While
    `waits_for_approval` nothing of it is signed: it is a batch's, see `batches`. Since
    `completes_after_exit` it is signed to its end though the organization has left.
    """

    __tablename__ = "issue_runs"
    __table_args__ = (
        UniqueConstraint("organization_id", "idempotency_key"),
        Index(None, "requested_at", "id"),
        Index(None, "organization_id", "requested_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    idempotency_key: Mapped[str] = mapped_column(String(100))
    request_digest: Mapped[str] = mapped_column(String(64))
    signing_key_id: Mapped[UUID] = mapped_column(ForeignKey("signing_keys.id"))
    certificate_count: Mapped[int]
    reason: Mapped[str] = mapped_column(Text)
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    waits_for_approval: Mapped[bool] = mapped_column(default=False, server_default=false())
    completes_after_exit: Mapped[bool] = mapped_column(default=False, server_default=false())


NOT_LOGGED = "log_index IS NULL AND signature IS NOT NULL AND erased_at IS NULL"


class CertificateRow(Base):
    """One person's certificate.

    `payload` is what is signed, recorded before it is; `signature`, the issuer's, and
    `countersignature`, the register's, are None until it is. `draft_mac`, keyed under the master
    key, is of the draft as it was recorded: what was put there otherwise is never signed. The
    signed fields never change: a correction is another certificate that supersedes it. `number_key`
    is the number as it is compared; number and name as people look them up are `number_lookup_key`
    and `holder_name_key` (see `lookup_keys`). `reference` is the issuer's own key of the candidate,
    None where it has none; `candidate_key`, of it and of what is certified, keeps a candidate from
    being certified twice for the same; None once superseded. Since `erased_at` nothing of it
    says whose it is: name, document, payload and signatures are empty. `log_index`: which entry of
    the public log it is; None until it is there. `exam_registration_id`: of which result of an exam
    it comes; None: of an organization's that examined elsewhere.
    """

    __tablename__ = "certificates"
    __table_args__ = (
        CheckConstraint("(state = 'draft') = (signature IS NULL)", name="signed"),
        CheckConstraint(
            "(signature IS NULL) = (countersignature IS NULL)", name="countersigned"
        ).ddl_if(dialect="postgresql"),  # SQLite adds none to a table that others refer to
        UniqueConstraint("status_list_id", "status_index"),
        UniqueConstraint("issue_run_id", "position"),
        Index(None, "status_list_id", "state"),
        Index(None, "document_lookup"),
        Index(None, "log_index", unique=True),
        Index(None, "issued_on", "id"),
        Index("ix_certificates_organization_id_issued_on", "organization_id", "issued_on", "id"),
        Index("ix_certificates_type_id_issued_on", "certificate_type_id", "issued_on", "id"),
        Index(None, "level", "issued_on", "id"),
        Index(None, "holder_name_key", "organization_id"),
        Index(
            "ix_certificates_reference",
            "reference",
            "organization_id",
            postgresql_where=text("reference IS NOT NULL"),
            sqlite_where=text("reference IS NOT NULL"),
        ),
        Index(
            "ix_certificates_not_logged",
            "id",
            postgresql_where=text(NOT_LOGGED),
            sqlite_where=text(NOT_LOGGED),
        ),
        Index(
            "ix_certificates_not_registered",
            "state",
            "issued_on",
            "id",
            postgresql_where=text("state <> 'registered'"),
            sqlite_where=text("state <> 'registered'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(40))
    number_key: Mapped[str] = mapped_column(String(40), unique=True)
    number_lookup_key: Mapped[str] = mapped_column(Text, index=True)
    issue_run_id: Mapped[UUID] = mapped_column(ForeignKey("issue_runs.id"))
    position: Mapped[int]
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    certificate_type_id: Mapped[UUID] = mapped_column(ForeignKey("certificate_types.id"))
    level: Mapped[int]
    standard_version_id: Mapped[UUID] = mapped_column(ForeignKey("standard_versions.id"))
    holder_name: Mapped[str] = mapped_column(Text)
    holder_name_key: Mapped[str] = mapped_column(Text)
    document_type: Mapped[DocumentType | None] = mapped_column(EnumText(DocumentType))
    document_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    document_lookup: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    reference: Mapped[str | None] = mapped_column(Text)
    candidate_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    issued_on: Mapped[date]
    expires_on: Mapped[date | None]
    signing_key_id: Mapped[UUID] = mapped_column(ForeignKey("signing_keys.id"))
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    draft_mac: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    signature: Mapped[bytes | None] = mapped_column(LargeBinary(64))
    register_key_id: Mapped[UUID | None] = mapped_column(ForeignKey("signing_keys.id"))
    countersignature: Mapped[bytes | None] = mapped_column(LargeBinary(64))
    status_list_id: Mapped[UUID] = mapped_column(ForeignKey("status_lists.id"))
    status_index: Mapped[int]
    state: Mapped[CertificateState] = mapped_column(EnumText(CertificateState))
    registration_due_on: Mapped[date]
    registration_due_is_provisional: Mapped[bool]
    registered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    supersedes_id: Mapped[UUID | None] = mapped_column(ForeignKey("certificates.id"), unique=True)
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    log_index: Mapped[int | None] = mapped_column(BigInteger)
    exam_registration_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("exam_registrations.id"), index=True
    )


class CertificateOutcomeRow(Base):
    """A learning outcome that a certificate states, as signed: by number in its standard, or text.

    Read from here; the signed payload stays what counts.
    """

    __tablename__ = "certificate_outcomes"

    certificate_id: Mapped[UUID] = mapped_column(ForeignKey("certificates.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int | None]
    text: Mapped[str | None] = mapped_column(Text)
    credits_tenths: Mapped[int]


class CertificateChangeRow(Base):
    """A change of a certificate's state; never deleted, nor updated but for `is_followed`.

    Whoever follows certificates, as the credit bank's feed does, looks for the changes that are not
    followed yet: no order of commits hides one.
    """

    __tablename__ = "certificate_changes"
    __table_args__ = (
        Index(
            "ix_certificate_changes_not_followed",
            "changed_at",
            "id",
            postgresql_where=text("NOT is_followed"),
            sqlite_where=text("NOT is_followed"),
        ),
        ledger("is_followed"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    certificate_id: Mapped[UUID] = mapped_column(ForeignKey("certificates.id"), index=True)
    state: Mapped[CertificateState] = mapped_column(EnumText(CertificateState))
    reason: Mapped[str] = mapped_column(Text)
    changed_by: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    is_followed: Mapped[bool] = mapped_column(default=False, server_default=false())
