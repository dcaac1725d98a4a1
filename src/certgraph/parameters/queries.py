"""All SQL about parameters."""

from datetime import datetime

from sqlalchemy import select

from certgraph.database import Session
from certgraph.parameters.rules import Parameters, Setting
from certgraph.parameters.tables import ParameterRow


async def parameters_in_force(session: Session) -> Parameters:
    """Return every value that was ever set; which holds depends on the day."""
    rows = await session.scalars(select(ParameterRow))
    return Parameters(
        Setting(
            name=row.name,
            authority_id=row.organization_id,
            value=row.value,
            first_on=row.first_on,
            last_on=row.last_on,
            recorded_at=row.recorded_at,
            basis=row.basis,
        )
        for row in rows
    )


async def parameter_set_since(session: Session, since: datetime) -> bool:
    """Tell whether a value was set after a moment."""
    statement = select(ParameterRow.id).where(ParameterRow.recorded_at > since).limit(1)
    return await session.scalar(statement) is not None
