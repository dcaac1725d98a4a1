"""What lists look for: how the credit bank differs, rare states and levels, each by an index.

Besides, a value that tells whether a master key is the one that sealed what is here, and what
published status lists said before a restore.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261126"
down_revision = "20261125"
branch_labels = None
depends_on = None

_DIFFERENCE = """
UPDATE outcome_records SET difference = (
  SELECT CASE
    WHEN outcome_records.state NOT IN ('active', 'suspended') THEN
      CASE WHEN c.state = 'recorded' THEN 'not_withdrawn' END
    WHEN outcome_records.credits_tenths IS NULL THEN NULL
    WHEN c.state IS NULL THEN 'not_recorded'
    WHEN c.state = 'rejected' THEN 'rejected'
    WHEN c.credits_tenths <> outcome_records.credits_tenths THEN 'credits_differ'
    WHEN c.version < outcome_records.version THEN 'version_behind'
  END
  FROM (SELECT 1 AS one) AS always
  LEFT JOIN credit_records AS c ON c.id = outcome_records.id
)
"""

_APPLICATIONS = "conversion_applications"
_OF_APPLICATIONS = (
    ("state", "submitted_at", "id"),
    ("organization_id", "submitted_at", "id"),
    ("issuer_id", "submitted_at", "id"),
    ("account_number",),
)
_SINGLE = ("organization_id", "issuer_id")


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, postgresql_where=condition, sqlite_where=condition)


_RENAMED = {
    "theory_hours": "theoryHours",
    "practice_hours": "practiceHours",
    "framework_level": "frameworkLevel",
    "content_codes": "covers",
    "suggested_reason": "suggestedReason",
    "suggested_credits": "suggestedCreditsTenths",
}
"""Fields of differences between versions of a proposal, as the API names them now."""

_IN_TENTHS = """
UPDATE credit_proposal_differences SET
  before = CAST(CAST(REPLACE(before, '.', '') AS INTEGER) AS VARCHAR(20)),
  after = CAST(CAST(REPLACE(after, '.', '') AS INTEGER) AS VARCHAR(20))
WHERE field = 'suggested_credits'
"""


def _rename_fields(names: dict[str, str]) -> None:
    table = sa.table("credit_proposal_differences", sa.column("field", sa.String))
    for old, new in names.items():
        op.execute(sa.update(table).where(table.c.field == old).values(field=new))


def upgrade() -> None:
    op.execute(_IN_TENTHS)
    _rename_fields(_RENAMED)
    op.add_column("outcome_records", sa.Column("difference", sa.String(length=40), nullable=True))
    op.execute(_DIFFERENCE)
    number = "certificate_number"
    _partial("ix_outcome_records_differing", "outcome_records", [number], "difference IS NOT NULL")
    _partial(
        "ix_outcome_records_not_active", "outcome_records", ["state", number], "state <> 'active'"
    )
    op.create_index(
        "ix_outcome_records_organization_id_certificate_number",
        "outcome_records",
        ["organization_id", number],
    )
    _partial(
        "ix_certificates_not_registered",
        "certificates",
        ["state", "issued_on", "id"],
        "state <> 'registered'",
    )
    op.create_index(
        "ix_certificates_level_issued_on_id", "certificates", ["level", "issued_on", "id"]
    )
    for columns in _OF_APPLICATIONS:
        name = f"ix_{_APPLICATIONS}_{'_'.join(columns)}"
        op.create_index(name, _APPLICATIONS, list(columns))
    for column in _SINGLE:
        op.drop_index(f"ix_{_APPLICATIONS}_{column}", _APPLICATIONS)
    op.create_table(
        "master_key_checks",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("mac", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_master_key_checks_only")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_master_key_checks")),
    )
    op.add_column("status_lists", sa.Column("floor", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    _rename_fields({new: old for old, new in _RENAMED.items()})
    op.drop_column("status_lists", "floor")
    op.drop_table("master_key_checks")
    for column in _SINGLE:
        op.create_index(f"ix_{_APPLICATIONS}_{column}", _APPLICATIONS, [column])
    for columns in _OF_APPLICATIONS:
        op.drop_index(f"ix_{_APPLICATIONS}_{'_'.join(columns)}", _APPLICATIONS)
    op.drop_index("ix_certificates_level_issued_on_id", "certificates")
    op.drop_index("ix_certificates_not_registered", "certificates")
    for name in (
        "ix_outcome_records_organization_id_certificate_number",
        "ix_outcome_records_not_active",
        "ix_outcome_records_differing",
    ):
        op.drop_index(name, "outcome_records")
    op.drop_column("outcome_records", "difference")
