"""What front ends ask for: who changed an organization's state, and indexes of new lists."""

import sqlalchemy as sa
from alembic import op

revision = "20261129"
down_revision = "20261128"
branch_labels = None
depends_on = None

_INDEXES = (
    ("issue_runs", ["requested_at", "id"]),
    ("issue_runs", ["organization_id", "requested_at", "id"]),
    ("certificates", ["holder_name_key", "organization_id"]),
    ("entitlements", ["certificate_type_id"]),
    ("standard_version_majors", ["major_id"]),
    ("credit_proposals", ["certificate_type_id", "level"]),
    ("outcome_catalogue", ["certificate_type_id"]),
    ("credit_records", ["changed_at", "id"]),
    ("credit_records", ["account_number", "changed_at", "id"]),
    ("conversion_rules", ["certificate_type_id", "id"]),
    ("majors", ["code", "id"]),
)


def upgrade() -> None:
    op.add_column(
        "organization_state_changes",
        sa.Column("changed_by", sa.Text(), server_default="", nullable=False),
    )
    for table, columns in _INDEXES:
        op.create_index(_name(table, columns), table, columns)


def downgrade() -> None:
    for table, columns in reversed(_INDEXES):
        op.drop_index(_name(table, columns), table_name=table)
    with op.batch_alter_table("organization_state_changes") as batch:
        batch.drop_column("changed_by")


def _name(table: str, columns: list[str]) -> str:
    return op.f(f"ix_{table}_{'_'.join(columns)}")
