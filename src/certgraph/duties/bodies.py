# ruff: noqa: ANN401 - a body of any kind
"""Bodies of filings, as they were handed in."""

import json
from typing import Any

from certgraph.actions.inputs import restored
from certgraph.database import Session
from certgraph.duties import queries
from certgraph.duties.kinds import KINDS
from certgraph.duties.kinds.declaring import Filed
from certgraph.duties.rules import FilingKind
from certgraph.duties.tables import FilingRow


def body_of(kind: FilingKind, stated: str) -> Any:
    """Return what a version says, from the JSON that it is kept as."""
    return restored(KINDS[kind].body, json.loads(stated))


async def filed(session: Session, row: FilingRow) -> Filed:
    """Return a filing with what its latest version says."""
    body = body_of(row.kind, await queries.latest_body(session, row))
    return Filed(row.id, row.organization_id, queries.scope_in(row), row.state, body)
