"""Set a parameter: for the whole programme, or for the institutions of one authority."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from certgraph.actions.acting import Act
from certgraph.actions.declaring import action
from certgraph.actions.parties import ANY, ON_BEHALF, OWN, Role
from certgraph.organizations import queries as organization_queries
from certgraph.organizations.rules import OrganizationKind, period_problems
from certgraph.organizations.subjects import ORGANIZATION
from certgraph.organizations.tables import OrganizationRow
from certgraph.parameters.rules import ParameterName, value_problems
from certgraph.parameters.tables import ParameterRow
from certgraph.problems import Problem, reject_if
from certgraph.randomness import new_id
from certgraph.text import text_problems


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterDraft:
    """A value that is set.

    Attributes:
        name: Of which parameter.
        value: A whole number, `yes` or `no`, or a day as YYYY-MM-DD.
        first_on: First day for which it holds.
        last_on: Last such day; null: until another takes its place.
        basis: The document that it rests on, 1 to 200 characters.
    """

    name: ParameterName
    value: str
    first_on: date
    last_on: date | None = None
    basis: str


def _set(act: Act, draft: ParameterDraft, authority_id: UUID | None) -> ParameterRow:
    problems = value_problems(draft.name, draft.value, is_of_authority=authority_id is not None)
    problems += text_problems(draft.basis, 200, "basis")
    problems += period_problems(draft.first_on, draft.last_on, "last_on")
    reject_if(problems)
    row = ParameterRow(
        id=new_id(act.random),
        name=draft.name,
        organization_id=authority_id,
        value=draft.value,
        first_on=draft.first_on,
        last_on=draft.last_on,
        basis=draft.basis,
        set_by=act.by,
        recorded_at=act.now,
    )
    act.session.add(row)
    return row


@action(
    "parameterSet",
    may={Role.MINISTRY: ANY, Role.OPERATOR: ON_BEHALF},
    returns="parameter",
    once=True,
    refuses=("parameter.not_provincial", "parameter.value"),
)
async def set_parameter(act: Act, draft: ParameterDraft) -> ParameterRow:
    """Set a parameter of the programme from a day on. What was set before stays on record.

    Raises:
        Rejected: No value of this parameter, or a period that ends before it begins.
    """
    return _set(act, draft, None)


@action(
    "provincialParameterSet",
    may={Role.PROVINCIAL_AUTHORITY: OWN, Role.OPERATOR: ON_BEHALF},
    about=ORGANIZATION,
    returns="parameter",
    once=True,
    refuses=("organization.no_authority", "parameter.not_provincial", "parameter.value"),
)
async def set_provincial_parameter(
    act: Act, organization: OrganizationRow, draft: ParameterDraft
) -> ParameterRow:
    """Set a parameter for the institutions that an authority supervises, over the programme's.

    Raises:
        Rejected: No authority, a parameter that is the programme's alone, no value of it, or a
            period that ends before it begins.
    """
    kinds = await organization_queries.kinds_of(act.session, organization.id)
    if OrganizationKind.PROVINCIAL_AUTHORITY not in kinds:
        facts = {"code": organization.code}
        path = ("organization_code",)
        reject_if([Problem(code="organization.no_authority", path=path, facts=facts)])
    return _set(act, draft, organization.id)


ACTIONS = (set_parameter, set_provincial_parameter)
