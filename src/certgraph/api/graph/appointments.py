"""Persons whom organizations name, in the graph."""

from datetime import date
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from certgraph.api.context import Context
from certgraph.api.graph.enums import Role
from certgraph.api.graph.programme_enums import AppointmentFunction
from certgraph.api.reads.arguments import CALLER_ORGANIZATION
from certgraph.api.reads.declarations import Condition
from certgraph.api.reads.declaring import column, computed, one, read_from
from certgraph.api.relay import Node
from certgraph.organizations import queries
from certgraph.organizations.tables import AppointmentRow

if TYPE_CHECKING:
    from certgraph.api.graph.organizations import Organization


def _appointments(role: Role | None) -> bool | Condition:
    """Let the offices read all; others their own, those they supervise, those for them."""
    if role in (Role.OPERATOR, Role.MINISTRY, Role.ENTRUSTED_BODY):
        return True
    mine = AppointmentRow.organization_id == CALLER_ORGANIZATION
    if role is Role.PROVINCIAL_AUTHORITY:
        supervised = queries.supervised_by(CALLER_ORGANIZATION)
        return mine | AppointmentRow.organization_id.in_(supervised)
    if role in (Role.EVALUATION_ORGANIZATION, Role.PILOT_INSTITUTION):
        return mine | (AppointmentRow.counterpart_id == CALLER_ORGANIZATION)
    return False


def _contact(context: Context, id_: UUID, sealed: bytes | None) -> str | None:
    return None if sealed is None else context.keyring.open_contact(sealed, id_.bytes)


@strawberry.type(
    description="A person whom an organization names for a function 任职. Parties of the programme "
    "read those that concern them."
)
@read_from(AppointmentRow, policy=_appointments)
class Appointment(Node):
    """See `certgraph.organizations.tables.AppointmentRow`."""

    organization: Annotated[
        "Organization", strawberry.lazy("certgraph.api.graph.organizations")
    ] = one(AppointmentRow.organization_id, description="Who names the person.")
    function: AppointmentFunction = column(AppointmentRow.function, description="For what.")
    person_name: str = column(AppointmentRow.person_name, description="Chinese name.")
    contact: str | None = computed(
        _contact,
        AppointmentRow.id,
        AppointmentRow.sealed_contact,
        with_context=True,
        description="How the person is reached; null where that is not stated.",
    )
    is_principal: bool = column(
        AppointmentRow.is_principal, description="Whether the head of the organization."
    )
    counterpart: (
        Annotated["Organization", strawberry.lazy("certgraph.api.graph.organizations")] | None
    ) = one(
        AppointmentRow.counterpart_id,
        description="The evaluation organization that a liaison is for; null of others.",
    )
    first_on: date = column(AppointmentRow.first_on, description="First day.")
    last_on: date | None = column(
        AppointmentRow.last_on, description="Last day; null until it is ended."
    )
