# ruff: noqa: ANN401 - a body of any kind
"""Bodies of filings, as they were handed in."""

import json
from typing import Any

from certgraph.actions.inputs import restored
from certgraph.duties.kinds import KINDS
from certgraph.duties.rules import FilingKind


def body_of(kind: FilingKind, stated: str) -> Any:
    """Return what a version says, from the JSON that it is kept as."""
    return restored(KINDS[kind].body, json.loads(stated))
