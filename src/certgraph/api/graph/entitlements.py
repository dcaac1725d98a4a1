"""What organizations may issue, in the graph."""

from datetime import date
from typing import TYPE_CHECKING, Annotated

import strawberry

from certgraph.api.graph.enums import CertificateLevel
from certgraph.api.reads.declarations import Conditions, everybody
from certgraph.api.reads.declaring import column, one, read_from
from certgraph.api.relay import Node
from certgraph.entitlements import queries
from certgraph.entitlements.tables import EntitlementRow

if TYPE_CHECKING:
    from certgraph.api.graph.organizations import Organization
    from certgraph.api.graph.standards import CertificateType

ORDER = (EntitlementRow.first_on, EntitlementRow.level, EntitlementRow.id)


@strawberry.type(
    description="Leave of an organization to issue a certificate type at one level 颁发权限."
)
@read_from(EntitlementRow, policy=everybody)
class Entitlement(Node):
    """See `certgraph.entitlements.tables.EntitlementRow`."""

    organization: Annotated[
        "Organization", strawberry.lazy("certgraph.api.graph.organizations")
    ] = one(EntitlementRow.organization_id, description="Who may issue it.")
    certificate_type: Annotated[
        "CertificateType", strawberry.lazy("certgraph.api.graph.standards")
    ] = one(EntitlementRow.certificate_type_id, description="What it may issue.")
    level: CertificateLevel = column(EntitlementRow.level, description="At which level.")
    first_on: date = column(
        EntitlementRow.first_on, description="First day of issue that it allows."
    )
    last_on: date | None = column(
        EntitlementRow.last_on, description="Last such day; null while it has no end."
    )


def that_hold(holds_on: date | None = None) -> Conditions:
    """Yield the condition of the filter.

    Args:
        holds_on: In force on this day.
    """
    if holds_on is not None:
        yield queries.holds_on(holds_on)
