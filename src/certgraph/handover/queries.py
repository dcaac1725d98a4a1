# ruff: noqa: ANN401 - a column, or a row of any
"""SQL about who is handed over, and what."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import aliased

from certgraph.certificates.tables import CertificateRow
from certgraph.database import Session
from certgraph.duties.tables import ObligationRow
from certgraph.entitlements.tables import EntitlementRow
from certgraph.organizations.rules import HAS_LEFT, OrganizationKind
from certgraph.organizations.tables import (
    OrganizationKindRow,
    OrganizationRow,
    OrganizationStateChangeRow,
    SigningKeyRow,
)
from certgraph.standards.tables import (
    CertificateLevelRow,
    CertificateTypeOrganizationRow,
    CertificateTypeRow,
    LearningOutcomeRow,
    OccupationMappingRow,
    StandardContentRow,
    StandardRow,
    StandardVersionRow,
)
from certgraph.supervision.tables import CaseRow

Found = Select[*tuple[Any, ...]]


async def organizations_to_hand_over(session: Session) -> Sequence[OrganizationRow]:
    """Return the evaluation organizations that have not left, locked for change, by code."""
    row, kind = OrganizationRow, OrganizationKindRow
    of_kind = select(kind.organization_id).where(
        kind.kind == OrganizationKind.EVALUATION_ORGANIZATION
    )
    statement = (
        select(row)
        .where(row.id.in_(of_kind), row.state.not_in(HAS_LEFT))
        .order_by(row.code)
        .with_for_update()
    )
    return (await session.scalars(statement)).all()


def _of(organization_id: Any) -> ColumnElement[str | None]:
    """Return the code of an organization, by the column of its id."""
    named = aliased(OrganizationRow)
    return select(named.code).where(named.id == organization_id).scalar_subquery()


def _type_of(certificate_type_id: Any) -> ColumnElement[str | None]:
    named = aliased(CertificateTypeRow)
    return select(named.code).where(named.id == certificate_type_id).scalar_subquery()


def parties() -> dict[str, Found]:
    """Return name of a file → what is in it: organizations, their keys, what they may issue."""
    organization, state, kind = OrganizationRow, OrganizationStateChangeRow, OrganizationKindRow
    entitlement, key = EntitlementRow, SigningKeyRow
    return {
        "organizations": select(
            organization.code,
            organization.name,
            organization.name_en,
            organization.uscc,
            organization.division_code,
            organization.state,
            organization.state_since,
            organization.source,
        ).order_by(organization.code),
        "organization_kinds": select(
            _of(kind.organization_id).label("organization_code"), kind.kind
        ).order_by("organization_code", kind.kind),
        "organization_states": select(
            _of(state.organization_id).label("organization_code"),
            state.state,
            state.since,
            state.reason,
            state.recorded_at,
        ).order_by("organization_code", state.recorded_at, state.id),
        "keys": select(
            key.kid,
            _of(key.organization_id).label("organization_code"),
            key.purpose,
            key.custody,
            key.public_key,
            key.first_on,
            key.last_on,
            key.compromised_on,
        ).order_by(key.registered_at, key.id),
        "entitlements": select(
            _of(entitlement.organization_id).label("organization_code"),
            _type_of(entitlement.certificate_type_id).label("certificate_type_code"),
            entitlement.level,
            entitlement.first_on,
            entitlement.last_on,
        ).order_by("organization_code", "certificate_type_code", entitlement.level),
    }


def catalogue() -> dict[str, Found]:
    """Return name of a file → what is in it: certificate types and standards."""
    type_, level, occupation = CertificateTypeRow, CertificateLevelRow, OccupationMappingRow
    behind, standard, version = CertificateTypeOrganizationRow, StandardRow, StandardVersionRow
    content, outcome = StandardContentRow, LearningOutcomeRow
    versions = (version, version.standard_id == standard.id)
    named_version = (standard.code.label("standard_code"), version.version)
    return {
        "certificate_types": select(
            type_.code,
            type_.name,
            type_.batch_number,
            type_.announced_on,
            type_.state,
            type_.source,
        ).order_by(type_.code),
        "certificate_levels": select(
            _type_of(level.certificate_type_id).label("certificate_type_code"),
            level.level,
            level.platform_id,
        ).order_by("certificate_type_code", level.level),
        "certificate_type_organizations": select(
            _type_of(behind.certificate_type_id).label("certificate_type_code"),
            _of(behind.organization_id).label("organization_code"),
        )
        .select_from(behind)  # no column of its own is selected
        .order_by("certificate_type_code", "organization_code"),
        "occupations": select(
            _type_of(occupation.certificate_type_id).label("certificate_type_code"),
            occupation.level,
            occupation.code,
            occupation.name,
            occupation.skill_level,
            occupation.source,
        ).order_by("certificate_type_code", occupation.level, occupation.position),
        "standards": select(
            *named_version,
            standard.name,
            _type_of(standard.certificate_type_id).label("certificate_type_code"),
            version.published_on,
            version.source,
            version.content_sha256,
        )
        .join(*versions)
        .order_by(standard.code, version.recorded_at, version.id),
        "standard_contents": select(*named_version, content.level, content.code, content.text)
        .join(*versions)
        .join(content, content.standard_version_id == version.id)
        .order_by(standard.code, version.version, content.level, content.position),
        "learning_outcomes": select(*named_version, outcome.level, outcome.number, outcome.name)
        .join(*versions)
        .join(outcome, outcome.standard_version_id == version.id)
        .order_by(standard.code, version.version, outcome.number),
    }


def open_work() -> dict[str, Found]:
    """Return name of a file → what is in it: what is owed still, and what was decided."""
    owed, case = ObligationRow, CaseRow
    return {
        "obligations": select(
            owed.kind,
            owed.rule_id,
            _of(owed.debtor_id).label("organization_code"),
            owed.key,
            _type_of(owed.certificate_type_id).label("certificate_type_code"),
            owed.level,
            owed.first_on,
            owed.last_on,
            owed.opened_at,
            owed.due_on,
            owed.basis,
        )
        .where(owed.met_at.is_(None), owed.waived_at.is_(None))
        .order_by(owed.due_on, owed.id),
        "decisions": select(
            case.number,
            _of(case.subject_id).label("organization_code"),
            _of(case.decider_id).label("decider_code"),
            case.decision,
            case.decided_on,
            case.effective_on,
            case.completion,
            case.document,
            case.summary,
        )
        .where(case.decided_at.is_not(None))
        .order_by(case.decided_on, case.number),
    }


SIGNED_PARTS = ("public_key", "payload", "signature", "countersignature")
"""Columns of `certificates` that make what was signed."""


def certificates() -> Found:
    """Return every certificate that was signed, by number, with what was signed."""
    row, before = CertificateRow, aliased(CertificateRow)
    return (
        select(
            row.number,
            _of(row.organization_id).label("organization_code"),
            _type_of(row.certificate_type_id).label("certificate_type_code"),
            row.level,
            StandardRow.code.label("standard_code"),
            StandardVersionRow.version,
            row.holder_name,
            row.issued_on,
            row.expires_on,
            row.state,
            row.registered_at,
            row.registration_due_on,
            before.number.label("supersedes"),
            row.erased_at,
            SigningKeyRow.public_key,
            row.payload,
            row.signature,
            row.countersignature,
        )
        .join(StandardVersionRow, StandardVersionRow.id == row.standard_version_id)
        .join(StandardRow, StandardRow.id == StandardVersionRow.standard_id)
        .join(SigningKeyRow, SigningKeyRow.id == row.signing_key_id)
        .outerjoin(before, before.id == row.supersedes_id)
        .where(row.signature.is_not(None))
        .order_by(row.number_key)
    )


async def rows_of(session: Session, statement: Found) -> AsyncIterator[Mapping[str, Any]]:
    """Yield what a statement finds, by name of column; read some thousands at a time."""
    found = await session.stream(statement.execution_options(yield_per=2_000))
    async for row in found:
        yield row._asdict()
