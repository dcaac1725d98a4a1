"""Certificate types and levels, standards and their published versions."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from certgraph.database import Base, EnumText, UtcDateTime
from certgraph.standards.rules import CertificateTypeState


class BatchRow(Base):
    """A batch of certificate types. Counts and month as sources give them; None is unknown."""

    __tablename__ = "batches"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    certificates: Mapped[int | None]
    organizations: Mapped[int | None]
    published: Mapped[str | None] = mapped_column(Text)
    basis: Mapped[str | None] = mapped_column(Text)


class CertificateTypeRow(Base):
    """An entry of the catalogue, e.g. 建筑信息模型（BIM）. `announced_on` None is unknown."""

    __tablename__ = "certificate_types"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    batch_number: Mapped[int | None] = mapped_column(ForeignKey("batches.number"))
    batch_basis: Mapped[str | None] = mapped_column(Text)
    announced_on: Mapped[date | None]
    state: Mapped[CertificateTypeState] = mapped_column(EnumText(CertificateTypeState))
    source: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)


class CertificateTypeOrganizationRow(Base):
    """Which organization is behind a type; some types have several."""

    __tablename__ = "certificate_type_organizations"

    certificate_type_id: Mapped[UUID] = mapped_column(
        ForeignKey("certificate_types.id"), primary_key=True
    )
    organization_id: Mapped[UUID] = mapped_column(
        ForeignKey("organizations.id"), primary_key=True, index=True
    )


class CertificateLevelRow(Base):
    """A level that a type is known to have. A type without rows: levels unknown."""

    __tablename__ = "certificate_levels"
    __table_args__ = (
        UniqueConstraint("certificate_type_id", "level"),
        CheckConstraint("level BETWEEN 1 AND 3", name="level"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    certificate_type_id: Mapped[UUID] = mapped_column(ForeignKey("certificate_types.id"))
    level: Mapped[int]
    platform_id: Mapped[str | None] = mapped_column(String(40), unique=True)
    platform_state_on: Mapped[date | None]
    source: Mapped[str | None] = mapped_column(Text)


class KnownWorkAreaRow(Base):
    """A work area that a source names for a level whose standard is not at hand."""

    __tablename__ = "known_work_areas"

    certificate_type_id: Mapped[UUID] = mapped_column(
        ForeignKey("certificate_types.id"), primary_key=True
    )
    level: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)


class MajorRow(Base):
    """A major in one edition of a catalogue of majors."""

    __tablename__ = "majors"
    __table_args__ = (UniqueConstraint("edition", "level", "code"), Index(None, "code", "id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    edition: Mapped[str] = mapped_column(Text)
    level: Mapped[str] = mapped_column(String(40))
    code: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(Text)
    category_code: Mapped[str] = mapped_column(String(10))
    category_name: Mapped[str] = mapped_column(Text)


class StandardRow(Base):
    """A vocational skill-level standard 职业技能等级标准."""

    __tablename__ = "standards"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(Text)
    certificate_type_id: Mapped[UUID] = mapped_column(
        ForeignKey("certificate_types.id"), index=True
    )


class StandardVersionRow(Base):
    """A published version; it and everything below it never change.

    `content_sha256` covers content, outcomes and majors in their canonical order.
    """

    __tablename__ = "standard_versions"
    __table_args__ = (UniqueConstraint("standard_id", "version"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    standard_id: Mapped[UUID] = mapped_column(ForeignKey("standards.id"))
    version: Mapped[str] = mapped_column(String(40))
    published_on: Mapped[date]
    supersedes_id: Mapped[UUID | None] = mapped_column(ForeignKey("standard_versions.id"))
    source: Mapped[str] = mapped_column(Text)
    content_sha256: Mapped[str] = mapped_column(String(64))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class StandardContentRow(Base):
    """A work area (`1`), work task (`1.1`) or skill requirement (`1.1.1`) of a version's level.

    `parent_code` is the code of the line above (`1.1` for `1.1.1`), empty for a work area.
    """

    __tablename__ = "standard_contents"
    __table_args__ = (
        UniqueConstraint("standard_version_id", "level", "code"),
        Index("ix_standard_contents_parent", "standard_version_id", "level", "parent_code"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    standard_version_id: Mapped[UUID] = mapped_column(ForeignKey("standard_versions.id"))
    level: Mapped[int]
    code: Mapped[str] = mapped_column(String(12))
    parent_code: Mapped[str] = mapped_column(String(12))
    position: Mapped[int]
    text: Mapped[str] = mapped_column(Text)


class LearningOutcomeRow(Base):
    """A learning outcome 学习成果 of a version; certificates name it by number."""

    __tablename__ = "learning_outcomes"
    __table_args__ = (UniqueConstraint("standard_version_id", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    standard_version_id: Mapped[UUID] = mapped_column(ForeignKey("standard_versions.id"))
    level: Mapped[int]
    number: Mapped[int]
    name: Mapped[str] = mapped_column(Text)


class StandardVersionMajorRow(Base):
    """A major that a version is meant for 适用院校专业."""

    __tablename__ = "standard_version_majors"

    standard_version_id: Mapped[UUID] = mapped_column(
        ForeignKey("standard_versions.id"), primary_key=True
    )
    major_id: Mapped[UUID] = mapped_column(ForeignKey("majors.id"), primary_key=True, index=True)


class OccupationMappingRow(Base):
    """An occupation that a level of a certificate type corresponds to, as a document says it.

    `code` is of the classification of occupations 职业分类大典; `skill_level` 5 (初级工) to 1
    (高级技师).
    """

    __tablename__ = "occupation_mappings"
    __table_args__ = (
        UniqueConstraint("certificate_type_id", "level", "position"),
        CheckConstraint("level BETWEEN 1 AND 3", name="level"),
        CheckConstraint("skill_level BETWEEN 1 AND 5", name="skill_level"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    certificate_type_id: Mapped[UUID] = mapped_column(ForeignKey("certificate_types.id"))
    level: Mapped[int]
    position: Mapped[int]
    code: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(Text)
    skill_level: Mapped[int]
    source: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
