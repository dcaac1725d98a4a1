"""The programme: appointments, parameters, participations, filings, obligations, findings."""

import sqlalchemy as sa
from alembic import op

revision = "20261204"
down_revision = "20261203"
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


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))


def upgrade() -> None:
    _table(
        "appointments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("function", sa.String(length=40), nullable=False),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("is_principal", sa.Boolean(), nullable=False),
        sa.Column("counterpart_id", sa.Uuid(), nullable=True),
        sa.Column("sealed_contact", sa.LargeBinary(), nullable=True),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.Column("made_by", sa.Text(), nullable=False),
        _instant("made_at"),
        _refers("appointments", "organization_id", "organizations"),
        _refers("appointments", "counterpart_id", "organizations"),
    )
    _index("appointments", "counterpart_id")
    _index("appointments", "organization_id")
    _table(
        "parameters",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        _instant("recorded_at"),
        _refers("parameters", "organization_id", "organizations"),
    )
    _index("parameters", "name", "first_on", "id")
    _table(
        "participations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("certificate_type_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("planned", sa.Integer(), nullable=False),
        sa.Column("lead_id", sa.Uuid(), nullable=True),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        _instant("applied_at"),
        _instant("filed_at", nullable=True),
        sa.Column("filed_by_id", sa.Uuid(), nullable=True),
        sa.Column("active_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        _refers("participations", "institution_id", "organizations"),
        _refers("participations", "certificate_type_id", "certificate_types"),
        _refers("participations", "lead_id", "appointments"),
        _refers("participations", "contact_id", "appointments"),
        _refers("participations", "filed_by_id", "organizations"),
        _unique("participations", "institution_id", "certificate_type_id", "level", "year"),
    )
    _index("participations", "applied_at", "id")
    _index("participations", "certificate_type_id", "year", "state")
    _index("participations", "year", "state", "id")
    _table(
        "participation_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("participation_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("remarks", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        _instant("changed_at"),
        _refers("participation_changes", "participation_id", "participations"),
    )
    _index("participation_changes", "changed_at")
    _index("participation_changes", "participation_id")
    _table(
        "participation_counts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("participation_id", sa.Uuid(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("planned", sa.Integer(), nullable=False),
        sa.Column("enrolled", sa.Integer(), nullable=False),
        sa.Column("examined", sa.Integer(), nullable=False),
        sa.Column("passed", sa.Integer(), nullable=False),
        sa.Column("basis", sa.String(length=40), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        _instant("recorded_at"),
        _instant("filed_at", nullable=True),
        sa.Column("filed_by", sa.Text(), nullable=True),
        _refers("participation_counts", "participation_id", "participations"),
        sa.CheckConstraint(
            "passed <= examined AND examined <= enrolled",
            name=op.f("ck_participation_counts_within"),
        ),
    )
    _index("participation_counts", "participation_id", "as_of", "recorded_at")
    _table(
        "roster_students",
        sa.Column("count_id", sa.Uuid(), nullable=False),
        sa.Column("document_lookup", sa.LargeBinary(length=32), nullable=False),
        _refers("roster_students", "count_id", "participation_counts"),
        key=("count_id", "document_lookup"),
    )
    _index("roster_students", "document_lookup")
    _table(
        "filings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("certificate_type_id", sa.Uuid(), nullable=True),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("first_on", sa.Date(), nullable=True),
        sa.Column("last_on", sa.Date(), nullable=True),
        _instant("starts_at", nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("is_public", sa.Boolean(), server_default=sa.false(), nullable=False),
        _instant("submitted_at"),
        _instant("effective_at", nullable=True),
        sa.Column("revises_id", sa.Uuid(), nullable=True),
        _refers("filings", "organization_id", "organizations"),
        _refers("filings", "certificate_type_id", "certificate_types"),
        _refers("filings", "subject_id", "organizations"),
        _refers("filings", "revises_id", "filings"),
    )
    _index("filings", "certificate_type_id", "kind")
    _index("filings", "kind", "submitted_at", "id")
    _index("filings", "organization_id", "kind", "first_on")
    _index("filings", "subject_id")
    _index("filings", "submitted_at", "id")
    _table(
        "filing_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("filing_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("submitted_by", sa.Text(), nullable=False),
        _instant("submitted_at"),
        _refers("filing_versions", "filing_id", "filings"),
        _unique("filing_versions", "filing_id", "number"),
    )
    _table(
        "filing_consents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("filing_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("is_needed", sa.Boolean(), nullable=False),
        _instant("asked_at"),
        sa.Column("answer", sa.String(length=40), nullable=True),
        _instant("answered_at", nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("remarks", sa.Text(), server_default="", nullable=False),
        _refers("filing_consents", "filing_id", "filings"),
        _refers("filing_consents", "organization_id", "organizations"),
        _unique("filing_consents", "filing_id", "version", "organization_id", "step"),
    )
    _index("filing_consents", "organization_id", "answered_at")
    _table(
        "filing_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("filing_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("remarks", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        _instant("changed_at"),
        _refers("filing_changes", "filing_id", "filings"),
    )
    _index("filing_changes", "filing_id")
    _table(
        "obligations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("rule_id", sa.String(length=8), nullable=False),
        sa.Column("debtor_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("certificate_type_id", sa.Uuid(), nullable=True),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("filing_id", sa.Uuid(), nullable=True),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("first_on", sa.Date(), nullable=True),
        sa.Column("last_on", sa.Date(), nullable=True),
        _instant("opened_at"),
        sa.Column("due_on", sa.Date(), nullable=True),
        _instant("due_before", nullable=True),
        sa.Column("is_provisional", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("basis", sa.String(length=40), nullable=False),
        _instant("met_at", nullable=True),
        sa.Column("met_by_id", sa.Uuid(), nullable=True),
        _instant("waived_at", nullable=True),
        sa.Column("waived_by", sa.Text(), nullable=True),
        sa.Column("waive_reason", sa.Text(), nullable=True),
        _refers("obligations", "debtor_id", "organizations"),
        _refers("obligations", "certificate_type_id", "certificate_types"),
        _refers("obligations", "filing_id", "filings"),
        _refers("obligations", "met_by_id", "filings"),
        _unique("obligations", "debtor_id", "kind", "key"),
    )
    _index("obligations", "due_on", "id")
    _index("obligations", "filing_id")
    _index("obligations", "kind", "due_before")
    _index("obligations", "kind", "first_on")
    open_ = sa.text("met_at IS NULL AND waived_at IS NULL")
    op.create_index(
        "ix_obligations_open",
        "obligations",
        ["due_on", "id"],
        postgresql_where=open_,
        sqlite_where=open_,
    )
    _table(
        "findings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("rule_id", sa.String(length=8), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("filing_id", sa.Uuid(), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("severity", sa.String(length=40), nullable=False),
        _instant("found_at"),
        _refers("findings", "subject_id", "organizations"),
        _refers("findings", "filing_id", "filings"),
        _unique("findings", "subject_id", "code", "key"),
    )
    _index("findings", "found_at", "id")
    _table(
        "sweep_marks",
        sa.Column("name", sa.String(length=40), nullable=False),
        _instant("until"),
        key=("name",),
    )
    _table(
        "feedback",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tracking_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        _instant("submitted_at"),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("is_published", sa.Boolean(), server_default=sa.false(), nullable=False),
        _instant("answered_at", nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        _refers("feedback", "subject_id", "organizations"),
        _unique("feedback", "tracking_sha256"),
    )
    _index("feedback", "subject_id")
    _index("feedback", "submitted_at", "id")


def downgrade() -> None:
    for table in (
        "feedback",
        "sweep_marks",
        "findings",
        "obligations",
        "filing_changes",
        "filing_consents",
        "filing_versions",
        "filings",
        "roster_students",
        "participation_counts",
        "participation_changes",
        "participations",
        "parameters",
        "appointments",
    ):
        op.drop_table(table)
