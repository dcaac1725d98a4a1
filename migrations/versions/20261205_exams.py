"""Exams and supervision: plans, registrations, restrictions, cases; certificates of results."""

import sqlalchemy as sa
from alembic import op

revision = "20261205"
down_revision = "20261204"
branch_labels = None
depends_on = None


def _instant(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _table(name: str, *parts: sa.schema.SchemaItem, key: tuple[str, ...] = ("id",)) -> None:
    """Create a table whose primary key has the names of the convention."""
    op.create_table(name, *parts, sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{name}")))


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"))


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def _index(table: str, *columns: str, unique: bool = False) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns), unique=unique)


def upgrade() -> None:
    _index("filings", "revises_id")
    _table(
        "restrictions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("certificate_type_id", sa.Uuid(), nullable=True),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("imposed_by", sa.Text(), nullable=False),
        _instant("imposed_at"),
        _refers("restrictions", "organization_id", "organizations"),
        _refers("restrictions", "certificate_type_id", "certificate_types"),
    )
    _index("restrictions", "organization_id", "kind")
    _table(
        "exam_plans",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("certificate_type_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("authority_id", sa.Uuid(), nullable=False),
        sa.Column("scheme_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.Column("fee_id", sa.Uuid(), nullable=False),
        _instant("registration_opens_at"),
        _instant("registration_closes_at"),
        _instant("starts_at"),
        _instant("ends_at"),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("notice_first_on", sa.Date(), nullable=True),
        sa.Column("notice_last_on", sa.Date(), nullable=True),
        _instant("published_at"),
        _refers("exam_plans", "organization_id", "organizations"),
        _refers("exam_plans", "certificate_type_id", "certificate_types"),
        _refers("exam_plans", "authority_id", "organizations"),
        _refers("exam_plans", "scheme_id", "filings"),
        _refers("exam_plans", "site_id", "filings"),
        _refers("exam_plans", "activity_id", "filings"),
        _refers("exam_plans", "fee_id", "filings"),
    )
    _index("exam_plans", "authority_id", "starts_at")
    _index("exam_plans", "certificate_type_id", "starts_at")
    _index("exam_plans", "organization_id", "starts_at")
    _index("exam_plans", "site_id")
    _index("exam_plans", "starts_at", "id")
    _table(
        "exam_plan_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("remarks", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        _instant("changed_at"),
        _refers("exam_plan_changes", "plan_id", "exam_plans"),
    )
    _index("exam_plan_changes", "plan_id")
    _table(
        "exam_registrations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("participation_id", sa.Uuid(), nullable=True),
        sa.Column("holder_name", sa.Text(), nullable=False),
        sa.Column("document_type", sa.String(length=40), nullable=False),
        sa.Column("document_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("document_lookup", sa.LargeBinary(length=32), nullable=True),
        sa.Column("declared_voluntary_on", sa.Date(), nullable=True),
        sa.Column("payer", sa.String(length=40), nullable=False),
        sa.Column("amount_fen", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        _instant("registered_at"),
        sa.Column("marks_tenths", sa.Text(), nullable=True),
        sa.Column("total_hundredths", sa.Integer(), nullable=True),
        _instant("recorded_at", nullable=True),
        _instant("erased_at", nullable=True),
        _refers("exam_registrations", "plan_id", "exam_plans"),
        _refers("exam_registrations", "organization_id", "organizations"),
        _refers("exam_registrations", "participation_id", "participations"),
        _unique("exam_registrations", "plan_id", "document_lookup"),
        _unique("exam_registrations", "plan_id", "position"),
    )
    _index("exam_registrations", "document_lookup")
    _index("exam_registrations", "organization_id", "registered_at", "id")
    _index("exam_registrations", "participation_id")
    _table(
        "cases",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("decider_id", sa.Uuid(), nullable=False),
        sa.Column("opener_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=True),
        _instant("opened_at"),
        sa.Column("verified_by", sa.Text(), nullable=True),
        sa.Column("decision", sa.String(length=40), nullable=True),
        _instant("decided_at", nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("effective_on", sa.Date(), nullable=True),
        sa.Column("completion", sa.String(length=40), nullable=True),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("summary", sa.Text(), nullable=True),
        _refers("cases", "subject_id", "organizations"),
        _refers("cases", "decider_id", "organizations"),
        _refers("cases", "opener_id", "organizations"),
        _refers("cases", "finding_id", "findings"),
        _unique("cases", "number"),
    )
    _index("cases", "decider_id")
    _index("cases", "finding_id", unique=True)
    _index("cases", "opened_at", "id")
    _index("cases", "subject_id")
    _table(
        "case_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("ground", sa.String(length=40), nullable=True),
        sa.Column("finding_id", sa.Uuid(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        _instant("recorded_at"),
        _refers("case_entries", "case_id", "cases"),
        _refers("case_entries", "finding_id", "findings"),
        _refers("case_entries", "organization_id", "organizations"),
    )
    _index("case_entries", "case_id")

    registration = sa.Column(
        "exam_registration_id", sa.Uuid(), sa.ForeignKey("exam_registrations.id")
    )
    op.add_column("certificates", registration, inline_references=True)
    _index("certificates", "exam_registration_id")
    completes = sa.Column(
        "completes_after_exit", sa.Boolean(), server_default=sa.false(), nullable=False
    )
    op.add_column("issue_runs", completes)


def downgrade() -> None:
    op.drop_column("issue_runs", "completes_after_exit")
    op.drop_index(op.f("ix_certificates_exam_registration_id"), "certificates")
    op.drop_column("certificates", "exam_registration_id")
    for table in (
        "case_entries",
        "cases",
        "exam_registrations",
        "exam_plan_changes",
        "exam_plans",
        "restrictions",
    ):
        op.drop_table(table)
    op.drop_index(op.f("ix_filings_revises_id"), "filings")
