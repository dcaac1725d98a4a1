"""Parameters of the programme in the graph. Everybody reads them: they are rules."""

from datetime import date, datetime

import strawberry

from certgraph.api.graph.organizations import Organization
from certgraph.api.graph.programme_enums import ParameterName
from certgraph.api.reads.declarations import Conditions, everybody
from certgraph.api.reads.declaring import column, one, page, read_from
from certgraph.api.relay import Connection, Node
from certgraph.organizations.queries import is_of_organization
from certgraph.parameters.tables import ParameterRow


@strawberry.type(
    description="A value that was set for a parameter. One that begins later, or was recorded "
    "later for the same day, takes its place; an authority's own is before the programme's."
)
@read_from(ParameterRow, policy=everybody)
class Parameter(Node):
    """See `certgraph.parameters.tables.ParameterRow`."""

    name: ParameterName = column(ParameterRow.name, description="Of which parameter.")
    authority: Organization | None = one(
        ParameterRow.organization_id,
        description="The authority for whose institutions it holds; null: for the programme.",
    )
    value: str = column(ParameterRow.value, description="A number, `yes` or `no`, or a day.")
    first_on: date = column(ParameterRow.first_on, description="First day for which it holds.")
    last_on: date | None = column(
        ParameterRow.last_on, description="Last such day; null: until another takes its place."
    )
    basis: str = column(ParameterRow.basis, description="The document that it rests on.")
    recorded_at: datetime = column(ParameterRow.recorded_at, description="When it was set.")


@strawberry.type
class ParameterQuery:
    """Reads of parameters."""

    @page(
        of=Connection[Parameter],
        order_by=[ParameterRow.name, ParameterRow.first_on, ParameterRow.id],
        description="Values that were set, by parameter and first day. What nobody set has the "
        "value that docs/programme.md states.",
    )
    def parameters(
        name: ParameterName | None = None, authority_code: str | None = None
    ) -> Conditions:
        """Yield the conditions of the filters.

        Args:
            name: Of this parameter.
            authority_code: Of the authority with this code.
        """
        if name is not None:
            yield ParameterRow.name == name
        if authority_code is not None:
            yield is_of_organization(ParameterRow.organization_id, authority_code)
