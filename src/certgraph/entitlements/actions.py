"""Grant and end what organizations may issue."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from certgraph.actions.acting import Act
from certgraph.actions.declaring import action
from certgraph.actions.parties import ANY, ON_BEHALF, Role
from certgraph.entitlements import queries
from certgraph.entitlements.tables import EntitlementRow
from certgraph.organizations.rules import day_problems, level_problems, period_problems
from certgraph.organizations.subjects import ORGANIZATION
from certgraph.organizations.tables import OrganizationRow
from certgraph.problems import Problem, reject_if
from certgraph.randomness import new_id
from certgraph.standards.rules import Level
from certgraph.standards.subjects import certificate_type_coded, known_levels
from certgraph.standards.tables import CertificateTypeRow

_MAY = {Role.MINISTRY: ANY, Role.ENTRUSTED_BODY: ANY, Role.OPERATOR: ON_BEHALF}


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitlementDraft:
    """Leave to issue a certificate type at some levels.

    Attributes:
        certificate_type_code: What it may issue.
        levels: At which levels; at least one.
        first_on: First day.
        last_on: Last day, included; null: without an end.
    """

    certificate_type_code: str
    levels: Sequence[Level]
    first_on: date
    last_on: date | None = None


@action(
    "entitlementGrant",
    may=_MAY,
    about=ORGANIZATION,
    returns=("organization", "certificate_type"),
    once=True,
    refuses=(
        "certificate_type.level_unknown",
        "certificate_type.not_found",
        "entitlement.no_level",
        "entitlement.overlaps",
    ),
)
async def grant_entitlement(
    act: Act, organization: OrganizationRow, draft: EntitlementDraft
) -> tuple[OrganizationRow, CertificateTypeRow]:
    """Allow an organization to issue a certificate type at some levels.

    Raises:
        Rejected: No such type, no level, a level the type does not have, a period that ends before
            it begins or overlaps one already granted.
    """
    session = act.session
    certificate_type = await certificate_type_coded(
        session, draft.certificate_type_code, "certificate_type_code"
    )
    name = certificate_type.name
    known = await known_levels(session, certificate_type.id)
    problems = level_problems(draft.levels, known, name)
    problems += period_problems(draft.first_on, draft.last_on, "last_on")
    if not draft.levels:
        problems.append(Problem(code="entitlement.no_level", path=("levels",)))
    for row in await queries.entitlements_of(session, organization.id, certificate_type.id):
        starts_later = draft.last_on is not None and row.first_on > draft.last_on
        ends_before = row.last_on is not None and row.last_on < draft.first_on
        if row.level in draft.levels and not (starts_later or ends_before):
            facts = {"name": name, "level": row.level, "first": row.first_on.isoformat()}
            problems.append(Problem(code="entitlement.overlaps", path=("first_on",), facts=facts))
    reject_if(problems)
    session.add_all(
        EntitlementRow(
            id=new_id(act.random),
            organization_id=organization.id,
            certificate_type_id=certificate_type.id,
            level=level,
            first_on=draft.first_on,
            last_on=draft.last_on,
        )
        for level in sorted(set(draft.levels))
    )
    return organization, certificate_type


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitlementEndDraft:
    """The end of what an organization may issue.

    Attributes:
        certificate_type_code: What it may no longer issue.
        levels: At which levels; at least one.
        last_on: Last day; issued certificates stay valid.
    """

    certificate_type_code: str
    levels: Sequence[Level]
    last_on: date


@action(
    "entitlementEnd",
    may=_MAY,
    about=ORGANIZATION,
    returns=("organization", "certificate_type"),
    refuses=("certificate_type.not_found", "entitlement.not_in_force"),
)
async def end_entitlement(
    act: Act, organization: OrganizationRow, draft: EntitlementEndDraft
) -> tuple[OrganizationRow, CertificateTypeRow]:
    """End what an organization may issue. Issued certificates stay.

    Raises:
        Rejected: No such type, or nothing of that kind is in force on that day.
    """
    certificate_type = await certificate_type_coded(
        act.session, draft.certificate_type_code, "certificate_type_code"
    )
    last_on = draft.last_on
    reject_if(day_problems(last_on, "last_on"))
    rows = [
        row
        for row in await queries.entitlements_of(act.session, organization.id, certificate_type.id)
        if row.level in draft.levels
        and row.first_on <= last_on
        and (row.last_on is None or row.last_on >= last_on)
    ]
    reject_if(
        Problem(
            code="entitlement.not_in_force",
            path=("levels", str(index)),
            facts={"name": certificate_type.name, "level": level, "day": last_on.isoformat()},
        )
        for index, level in enumerate(draft.levels)
        if level not in {row.level for row in rows}
    )
    for row in rows:
        row.last_on = last_on
    return organization, certificate_type


ACTIONS = (grant_entitlement, end_entitlement)
