"""Batches of candidates from uploaded files."""

import sqlalchemy as sa
from alembic import op

revision = "20261202"
down_revision = "20261201"
branch_labels = None
depends_on = None

_WAITS = sa.text("state IN ('draft', 'approved', 'issuing')")


def upgrade() -> None:
    op.add_column(
        "issue_runs",
        sa.Column("waits_for_approval", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column(
        "status_lists", sa.Column("without", sa.Integer(), server_default="0", nullable=False)
    )
    op.create_table(
        "certificate_batches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("is_trial", sa.Boolean(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("sealed_file", sa.LargeBinary(), nullable=True),
        sa.Column("given", sa.Text(), nullable=False),
        sa.Column("uploaded_by", sa.Text(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("candidate_count", sa.Integer(), nullable=True),
        sa.Column("problem_count", sa.Integer(), nullable=True),
        sa.Column("sealed_report", sa.LargeBinary(), nullable=True),
        sa.Column("issue_run_id", sa.Uuid(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remarks", sa.Text(), server_default="", nullable=False),
        sa.Column("halted", sa.Text(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_certificate_batches_organization_id"),
        ),
        sa.ForeignKeyConstraint(
            ["issue_run_id"], ["issue_runs.id"], name=op.f("fk_certificate_batches_issue_run_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate_batches")),
    )
    for columns in (
        ["uploaded_at", "id"],
        ["organization_id", "uploaded_at", "id"],
        ["organization_id", "file_sha256"],
    ):
        name = op.f("ix_certificate_batches_" + "_".join(columns))
        op.create_index(name, "certificate_batches", columns)
    op.create_index(
        "ix_certificate_batches_waiting",
        "certificate_batches",
        ["uploaded_at", "id"],
        postgresql_where=_WAITS,
        sqlite_where=_WAITS,
    )


def downgrade() -> None:
    op.drop_table("certificate_batches")
    op.drop_column("status_lists", "without")
    op.drop_column("issue_runs", "waits_for_approval")
