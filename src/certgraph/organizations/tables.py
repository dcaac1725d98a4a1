"""Organizations, their keys, and who may call the API."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column

from certgraph.actions.parties import Role
from certgraph.database import Base, EnumText, UtcDateTime, ledger
from certgraph.organizations.rules import (
    AppointmentFunction,
    KeyCustody,
    KeyPurpose,
    OrganizationKind,
    OrganizationState,
    RestrictionKind,
)


class DivisionRow(Base):
    """An administrative division (GB/T 2260)."""

    __tablename__ = "divisions"

    code: Mapped[str] = mapped_column(String(6), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(40))
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("divisions.code"))
    is_exam_site_coverage_unit: Mapped[bool]


class OrganizationRow(Base):
    """An organization. `uscc` None: no source gives it. `state_since` None: unknown.

    `supervised_by_id`: the authority that supervises it; None: that of its division.
    """

    __tablename__ = "organizations"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str | None] = mapped_column(Text)
    platform_name: Mapped[str | None] = mapped_column(Text)
    uscc: Mapped[str | None] = mapped_column(String(18), unique=True)
    division_code: Mapped[str | None] = mapped_column(ForeignKey("divisions.code"))
    state: Mapped[OrganizationState] = mapped_column(EnumText(OrganizationState))
    state_since: Mapped[date | None]
    supervised_by_id: Mapped[UUID | None]
    source: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)


class OrganizationKindRow(Base):
    """One of the things an organization is."""

    __tablename__ = "organization_kinds"

    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    kind: Mapped[OrganizationKind] = mapped_column(EnumText(OrganizationKind), primary_key=True)


class OrganizationStateChangeRow(Base):
    """A change of state; never updated or deleted. `changed_by`: empty where nobody noted it."""

    __tablename__ = "organization_state_changes"
    __table_args__ = ledger()

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"), index=True)
    state: Mapped[OrganizationState] = mapped_column(EnumText(OrganizationState))
    since: Mapped[date | None]
    reason: Mapped[str] = mapped_column(Text)
    changed_by: Mapped[str] = mapped_column(Text, server_default="")
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AppointmentRow(Base):
    """A person whom an organization names for a function, and from when to when.

    `counterpart_id`: the organization that a liaison is for. `is_principal`: of a lead, whether it
    is the head of the organization. `sealed_contact`: how the person is reached, sealed.
    """

    __tablename__ = "appointments"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"), index=True)
    function: Mapped[AppointmentFunction] = mapped_column(EnumText(AppointmentFunction))
    person_name: Mapped[str] = mapped_column(Text)
    is_principal: Mapped[bool]
    counterpart_id: Mapped[UUID | None] = mapped_column(ForeignKey("organizations.id"), index=True)
    sealed_contact: Mapped[bytes | None] = mapped_column(LargeBinary)
    first_on: Mapped[date]
    last_on: Mapped[date | None]
    made_by: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RestrictionRow(Base):
    """What an organization may not do for a time; both ends included.

    `certificate_type_id` None: for no certificate type. `case_id`: the case that decided it.
    """

    __tablename__ = "restrictions"
    __table_args__ = (Index(None, "organization_id", "kind"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    kind: Mapped[RestrictionKind] = mapped_column(EnumText(RestrictionKind))
    certificate_type_id: Mapped[UUID | None] = mapped_column(ForeignKey("certificate_types.id"))
    first_on: Mapped[date]
    last_on: Mapped[date | None]
    case_id: Mapped[UUID | None]
    reason: Mapped[str] = mapped_column(Text)
    imposed_by: Mapped[str] = mapped_column(Text)
    imposed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SigningKeyRow(Base):
    """A key: of an organization (issuer), or of the programme (status lists).

    `sealed_private_key` is PKCS#8 sealed under the keyring; None where the organization holds it.
    `listed_at` is when a trust list first named it: before, no verifier knows it.
    """

    __tablename__ = "signing_keys"
    __table_args__ = (
        CheckConstraint("(purpose = 'issuer') = (organization_id IS NOT NULL)", name="owner"),
        CheckConstraint("(custody = 'sealed') = (sealed_private_key IS NOT NULL)", name="custody"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID | None] = mapped_column(ForeignKey("organizations.id"), index=True)
    purpose: Mapped[KeyPurpose] = mapped_column(EnumText(KeyPurpose))
    custody: Mapped[KeyCustody] = mapped_column(EnumText(KeyCustody))
    kid: Mapped[bytes] = mapped_column(LargeBinary(8))
    public_key: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    sealed_private_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    first_on: Mapped[date]
    last_on: Mapped[date | None]
    compromised_on: Mapped[date | None]
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    listed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class MasterKeyCheckRow(Base):
    """A keyed hash by which the master key in force is known again. One row.

    `sealed_hash_keys`: the keys of hashes that nobody can make anew, sealed under the master key;
    None where they are its own, as it is the first.
    """

    __tablename__ = "master_key_checks"
    __table_args__ = (CheckConstraint("id = 1", name="only"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    mac: Mapped[bytes] = mapped_column(LargeBinary(32))
    sealed_hash_keys: Mapped[bytes | None] = mapped_column(LargeBinary)


class ApiTokenRow(Base):
    """A bearer token, stored as a keyed hash. `reads_learners`: it may read who a learner is.

    Where it has `keys`, a JWK Set, it is a client's: there is no secret, and who has one of the
    private keys signs in and gets tokens for minutes. `keys_since` is when they were set.

    Where it has `invited_until` it is a membership: `token_key` is that of its invitation, until
    that is accepted or the time is over; then `person` is the keyed hash of who accepted it.

    `last_used_on` is noted by servers within a minute of the first use of a day.

    `mac` is the keyed hash of the row as it was made: by the database alone nobody makes a token,
    nor one that may do more.
    """

    __tablename__ = "api_tokens"
    __table_args__ = (Index(None, "token_key", unique=True), Index(None, "person"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    token_key: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    keys: Mapped[str | None] = mapped_column(Text)
    keys_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    invited_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    person: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    mac: Mapped[bytes] = mapped_column(LargeBinary(32))
    name: Mapped[str] = mapped_column(Text)
    role: Mapped[Role] = mapped_column(EnumText(Role))
    organization_id: Mapped[UUID | None] = mapped_column(ForeignKey("organizations.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reads_learners: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_by: Mapped[str] = mapped_column(Text)
    last_used_on: Mapped[date | None]


class ClientAssertionRow(Base):
    """An assertion with which a client signed in, by the SHA-256 of its `jti`, until it ends."""

    __tablename__ = "client_assertions"

    token_id: Mapped[UUID] = mapped_column(ForeignKey("api_tokens.id"), primary_key=True)
    jti_sha256: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class EndedSessionRow(Base):
    """A session of a person that was ended before its time, until that."""

    __tablename__ = "ended_sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
