"""What lists of the programme look for: rare states, rules and owners, each by an index."""

import sqlalchemy as sa
from alembic import op

revision = "20261212"
down_revision = "20261211"
branch_labels = None
depends_on = None

_INDEXES = (
    ("filings", "organization_id", "submitted_at", "id"),
    ("filings", "state", "submitted_at", "id"),
    ("obligations", "debtor_id", "ordered_on", "id"),
    ("obligations", "rule_id", "ordered_on", "id"),
    ("findings", "rule_id", "found_at", "id"),
    ("findings", "subject_id", "found_at", "id"),
    *(
        ("exam_plans", column, "starts_at", "id")
        for column in ("organization_id", "certificate_type_id", "authority_id", "level", "state")
    ),
    ("exam_registrations", "registered_at", "id"),
    ("exam_registrations", "state", "registered_at", "id"),
)
_REPLACED = tuple(
    ("exam_plans", column, "starts_at")
    for column in ("organization_id", "certificate_type_id", "authority_id")
)
_BY_DAY = ("ordered_on", "id")
_PARTIAL = {
    "ix_obligations_open_of_debtor": (
        ("debtor_id", *_BY_DAY),
        "met_at IS NULL AND waived_at IS NULL",
    ),
    "ix_obligations_met_late": (_BY_DAY, "met_at >= due_before"),
    "ix_obligations_waived": (_BY_DAY, "waived_at IS NOT NULL"),
}


def _name(table: str, *columns: str) -> str:
    return op.f(f"ix_{table}_{'_'.join(columns)}")


def upgrade() -> None:
    for table, *columns in _INDEXES:
        op.create_index(_name(table, *columns), table, columns)
    for name, (columns, condition) in _PARTIAL.items():
        where = sa.text(condition)
        given = {"postgresql_where": where, "sqlite_where": where}
        op.create_index(name, "obligations", list(columns), **given)
    for table, *columns in _REPLACED:
        op.drop_index(_name(table, *columns), table)


def downgrade() -> None:
    for table, *columns in _REPLACED:
        op.create_index(_name(table, *columns), table, columns)
    for name in _PARTIAL:
        op.drop_index(name, "obligations")
    for table, *columns in _INDEXES:
        op.drop_index(_name(table, *columns), table)
