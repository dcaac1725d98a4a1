"""The credit bank: proposals, the catalogue of learning outcomes, records, conversion."""

import sqlalchemy as sa
from alembic import op

revision = "20261125"
down_revision = "20261124"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feed_webhooks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("epoch", sa.String(length=13), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_webhooks")),
    )
    op.create_table(
        "hours_credit_rules",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("step_tenths", sa.Integer(), nullable=False),
        sa.Column("rounding", sa.String(length=40), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hours_credit_rules")),
        sa.UniqueConstraint("version", name=op.f("uq_hours_credit_rules_version")),
    )
    op.create_table(
        "outcome_feed",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.String(length=13), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("is_rebuilding", sa.Boolean(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("chain", sa.String(length=16), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_outcome_feed_only")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outcome_feed")),
    )
    op.create_table(
        "hours_credit_rule_lines",
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("course_type", sa.String(length=40), nullable=False),
        sa.Column("hours_tenths", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["hours_credit_rules.id"], name=op.f("fk_hours_credit_rule_lines_rule_id")
        ),
        sa.PrimaryKeyConstraint("rule_id", "course_type", name=op.f("pk_hours_credit_rule_lines")),
    )
    op.create_table(
        "conversion_measures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("cap_tenths", sa.Integer(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("remarks", sa.Text(), nullable=True),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_conversion_measures_organization_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversion_measures")),
        sa.UniqueConstraint(
            "organization_id", "code", name=op.f("uq_conversion_measures_organization_id_code")
        ),
    )
    op.create_index("ix_conversion_measures_filed_at_id", "conversion_measures", ["filed_at", "id"])

    op.create_table(
        "credit_proposal_deadlines",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("certificate_type_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("is_provisional", sa.Boolean(), nullable=False),
        sa.Column("submitted_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["certificate_type_id"],
            ["certificate_types.id"],
            name=op.f("fk_credit_proposal_deadlines_certificate_type_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_proposal_deadlines")),
        sa.UniqueConstraint(
            "certificate_type_id",
            "level",
            name=op.f("uq_credit_proposal_deadlines_certificate_type_id_level"),
        ),
    )
    op.create_index(
        "ix_credit_proposal_deadlines_due_on_id", "credit_proposal_deadlines", ["due_on", "id"]
    )

    op.create_table(
        "conversion_rules",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("measure_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("course_code", sa.String(length=40), nullable=False),
        sa.Column("course_name", sa.Text(), nullable=False),
        sa.Column("certificate_type_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("credits_tenths", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["certificate_type_id"],
            ["certificate_types.id"],
            name=op.f("fk_conversion_rules_certificate_type_id"),
        ),
        sa.ForeignKeyConstraint(
            ["measure_id"], ["conversion_measures.id"], name=op.f("fk_conversion_rules_measure_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversion_rules")),
        sa.UniqueConstraint(
            "measure_id",
            "course_code",
            "level",
            name=op.f("uq_conversion_rules_measure_id_course_code_level"),
        ),
    )
    op.create_table(
        "credit_proposals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("certificate_type_id", sa.Uuid(), nullable=False),
        sa.Column("standard_version_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("is_late", sa.Boolean(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["certificate_type_id"],
            ["certificate_types.id"],
            name=op.f("fk_credit_proposals_certificate_type_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_credit_proposals_organization_id"),
        ),
        sa.ForeignKeyConstraint(
            ["standard_version_id"],
            ["standard_versions.id"],
            name=op.f("fk_credit_proposals_standard_version_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_proposals")),
        sa.UniqueConstraint(
            "standard_version_id",
            "level",
            name=op.f("uq_credit_proposals_standard_version_id_level"),
        ),
    )
    op.create_index("ix_credit_proposals_organization_id", "credit_proposals", ["organization_id"])
    op.create_index("ix_credit_proposals_updated_at_id", "credit_proposals", ["updated_at", "id"])

    op.create_table(
        "credit_proposal_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("remarks", sa.Text(), nullable=True),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["proposal_id"],
            ["credit_proposals.id"],
            name=op.f("fk_credit_proposal_changes_proposal_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_proposal_changes")),
    )
    op.create_index(
        "ix_credit_proposal_changes_proposal_id", "credit_proposal_changes", ["proposal_id"]
    )

    op.create_table(
        "credit_proposal_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remarks", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["proposal_id"],
            ["credit_proposals.id"],
            name=op.f("fk_credit_proposal_versions_proposal_id"),
        ),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["hours_credit_rules.id"], name=op.f("fk_credit_proposal_versions_rule_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_proposal_versions")),
        sa.UniqueConstraint(
            "proposal_id", "number", name=op.f("uq_credit_proposal_versions_proposal_id_number")
        ),
    )
    op.create_table(
        "credit_proposal_differences",
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("unit_number", sa.Integer(), nullable=True),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["credit_proposal_versions.id"],
            name=op.f("fk_credit_proposal_differences_version_id"),
        ),
        sa.PrimaryKeyConstraint(
            "version_id", "position", name=op.f("pk_credit_proposal_differences")
        ),
    )
    op.create_table(
        "outcome_catalogue",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=44), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("certificate_type_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("standard_version_id", sa.Uuid(), nullable=False),
        sa.Column("proposal_version_id", sa.Uuid(), nullable=False),
        sa.Column("credits_tenths", sa.Integer(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_applied", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["certificate_type_id"],
            ["certificate_types.id"],
            name=op.f("fk_outcome_catalogue_certificate_type_id"),
        ),
        sa.ForeignKeyConstraint(
            ["proposal_version_id"],
            ["credit_proposal_versions.id"],
            name=op.f("fk_outcome_catalogue_proposal_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["standard_version_id"],
            ["standard_versions.id"],
            name=op.f("fk_outcome_catalogue_standard_version_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outcome_catalogue")),
        sa.UniqueConstraint("code", "edition", name=op.f("uq_outcome_catalogue_code_edition")),
        sa.UniqueConstraint(
            "proposal_version_id", name=op.f("uq_outcome_catalogue_proposal_version_id")
        ),
    )
    op.create_index(
        "ix_outcome_catalogue_outcome",
        "outcome_catalogue",
        ["standard_version_id", "level", "first_on"],
    )

    op.create_table(
        "outcome_units",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("theory_hours", sa.Integer(), nullable=False),
        sa.Column("practice_hours", sa.Integer(), nullable=False),
        sa.Column("framework_level", sa.Integer(), nullable=False),
        sa.Column("assessment", sa.Text(), nullable=False),
        sa.Column("rule_tenths", sa.Integer(), nullable=False),
        sa.Column("suggested_tenths", sa.Integer(), nullable=False),
        sa.Column("suggested_reason", sa.Text(), nullable=True),
        sa.Column("verified_tenths", sa.Integer(), nullable=True),
        sa.Column("verified_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["credit_proposal_versions.id"],
            name=op.f("fk_outcome_units_version_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outcome_units")),
        sa.UniqueConstraint(
            "version_id", "number", name=op.f("uq_outcome_units_version_id_number")
        ),
    )
    op.create_table(
        "outcome_records",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("certificate_number", sa.String(length=40), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("standard_version_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("registered_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("catalogue_entry_id", sa.Uuid(), nullable=True),
        sa.Column("credits_tenths", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("epoch", sa.String(length=13), nullable=False),
        sa.ForeignKeyConstraint(
            ["catalogue_entry_id"],
            ["outcome_catalogue.id"],
            name=op.f("fk_outcome_records_catalogue_entry_id"),
        ),
        sa.ForeignKeyConstraint(["id"], ["certificates.id"], name=op.f("fk_outcome_records_id")),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_outcome_records_organization_id"),
        ),
        sa.ForeignKeyConstraint(
            ["standard_version_id"],
            ["standard_versions.id"],
            name=op.f("fk_outcome_records_standard_version_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outcome_records")),
        sa.UniqueConstraint(
            "certificate_number", name=op.f("uq_outcome_records_certificate_number")
        ),
    )
    op.create_index("ix_outcome_records_epoch", "outcome_records", ["epoch"])
    op.create_index(
        "ix_outcome_records_outcome",
        "outcome_records",
        ["standard_version_id", "level", "catalogue_entry_id"],
    )
    op.create_index(
        "ix_outcome_records_registered_on_organization_id",
        "outcome_records",
        ["registered_on", "organization_id"],
    )

    op.create_table(
        "outcome_unit_contents",
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("content_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["content_id"],
            ["standard_contents.id"],
            name=op.f("fk_outcome_unit_contents_content_id"),
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["outcome_units.id"], name=op.f("fk_outcome_unit_contents_unit_id")
        ),
        sa.PrimaryKeyConstraint("unit_id", "content_id", name=op.f("pk_outcome_unit_contents")),
    )
    op.create_table(
        "credit_records",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("account_number", sa.String(length=40), nullable=True),
        sa.Column("credits_tenths", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("recorded_on", sa.Date(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["outcome_records.id"], name=op.f("fk_credit_records_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_records")),
    )
    op.create_table(
        "outcome_changes",
        sa.Column("epoch", sa.String(length=13), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("chain", sa.String(length=16), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("certificate_number", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("catalogue_entry_id", sa.Uuid(), nullable=True),
        sa.Column("credits_tenths", sa.Integer(), nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("recorded_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["catalogue_entry_id"],
            ["outcome_catalogue.id"],
            name=op.f("fk_outcome_changes_catalogue_entry_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_outcome_changes_organization_id"),
        ),
        sa.ForeignKeyConstraint(
            ["record_id"], ["outcome_records.id"], name=op.f("fk_outcome_changes_record_id")
        ),
        sa.PrimaryKeyConstraint("epoch", "sequence", "chain", name=op.f("pk_outcome_changes")),
    )
    op.create_index(
        "ix_outcome_changes_epoch_recorded_on_sequence",
        "outcome_changes",
        ["epoch", "recorded_on", "sequence"],
    )
    op.create_index(
        "ix_outcome_changes_organization",
        "outcome_changes",
        ["epoch", "organization_id", "sequence", "chain"],
    )

    op.create_table(
        "conversion_applications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("issuer_id", sa.Uuid(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("account_number", sa.String(length=40), nullable=False),
        sa.Column("credits_tenths", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["issuer_id"], ["organizations.id"], name=op.f("fk_conversion_applications_issuer_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_conversion_applications_organization_id"),
        ),
        sa.ForeignKeyConstraint(
            ["record_id"], ["credit_records.id"], name=op.f("fk_conversion_applications_record_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversion_applications")),
    )
    op.create_index(
        "ix_conversion_applications_issuer_id", "conversion_applications", ["issuer_id"]
    )
    op.create_index(
        "ix_conversion_applications_organization_id", "conversion_applications", ["organization_id"]
    )
    op.create_index(
        "ix_conversion_applications_record_id", "conversion_applications", ["record_id"]
    )
    op.create_index(
        "ix_conversion_applications_submitted_at_id",
        "conversion_applications",
        ["submitted_at", "id"],
    )

    op.create_table(
        "credit_record_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("account_number", sa.String(length=40), nullable=True),
        sa.Column("credits_tenths", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_id"], ["credit_records.id"], name=op.f("fk_credit_record_changes_record_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_record_changes")),
    )
    op.create_index("ix_credit_record_changes_record_id", "credit_record_changes", ["record_id"])

    op.create_table(
        "conversion_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("remarks", sa.Text(), nullable=True),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["conversion_applications.id"],
            name=op.f("fk_conversion_changes_application_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversion_changes")),
    )
    op.create_index(
        "ix_conversion_changes_application_id", "conversion_changes", ["application_id"]
    )

    op.create_table(
        "converted_courses",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("account_number", sa.String(length=40), nullable=False),
        sa.Column("course_code", sa.String(length=40), nullable=False),
        sa.Column("credits_tenths", sa.Integer(), nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["conversion_applications.id"],
            name=op.f("fk_converted_courses_application_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_converted_courses_organization_id"),
        ),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["conversion_rules.id"], name=op.f("fk_converted_courses_rule_id")
        ),
        sa.PrimaryKeyConstraint("application_id", "rule_id", name=op.f("pk_converted_courses")),
    )
    op.create_index(
        "uq_converted_courses_counts",
        "converted_courses",
        ["organization_id", "account_number", "course_code"],
        unique=True,
        postgresql_where=sa.text("counts"),
        sqlite_where=sa.text("counts"),
    )

    op.add_column(
        "api_tokens",
        sa.Column("reads_learners", sa.Boolean(), server_default=sa.false(), nullable=False),
    )

    op.add_column(
        "certificate_changes",
        sa.Column("is_followed", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.create_index(
        "ix_certificate_changes_not_followed",
        "certificate_changes",
        ["changed_at", "id"],
        postgresql_where=sa.text("NOT is_followed"),
        sqlite_where=sa.text("NOT is_followed"),
    )

    op.add_column("certificates", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("certificates", "erased_at")
    op.drop_index("ix_certificate_changes_not_followed", "certificate_changes")
    op.drop_column("certificate_changes", "is_followed")
    op.drop_column("api_tokens", "reads_learners")
    for table in (
        "converted_courses",
        "conversion_changes",
        "credit_record_changes",
        "conversion_applications",
        "outcome_changes",
        "credit_records",
        "outcome_unit_contents",
        "outcome_records",
        "outcome_units",
        "outcome_catalogue",
        "credit_proposal_differences",
        "credit_proposal_versions",
        "credit_proposal_changes",
        "credit_proposals",
        "conversion_rules",
        "credit_proposal_deadlines",
        "conversion_measures",
        "hours_credit_rule_lines",
        "outcome_feed",
        "hours_credit_rules",
        "feed_webhooks",
    ):
        op.drop_table(table)
