# ruff: noqa: ANN401 - parts of a page
"""Pages that are not read, because their check speaks against it."""

from dataclasses import dataclass
from typing import Any

from certgraph.api.reads.arguments import Run
from certgraph.api.reads.declarations import Checked
from certgraph.api.reads.plain import object_completion
from certgraph.api.reads.selection import Selected
from certgraph.api.reads.shapes import Constant, Record


@dataclass(slots=True)
class Unread:
    """A page that its check speaks against: empty, with the reason, for either completion."""

    answer: Any
    top: Selected
    run: Run

    def json(self) -> Any:
        """Return it JSON-ready."""
        return {
            key: self._completed(below, self._part(below))
            for key, below in self.top.fields().items()
        }

    def records(self) -> Any:
        """Return it for graphql-core."""
        parts = {key: Constant(self._recorded(below)) for key, below in self.top.fields().items()}
        return Record(self.top.object_type().name, parts, (), self.run)

    def _part(self, selected: Selected) -> Any:
        """Return a part of the page; of its PageInfo what is asked of it, by response key."""
        if selected.name == "__typename":
            return self.top.object_type().name
        if isinstance(selected.declaration, Checked):
            return self.answer
        if selected.name != "pageInfo":
            return []
        assert self.top.slot is not None  # noqa: S101 - every page takes `first`
        arguments = self.run.arguments[self.top.slot]
        info = {
            "__typename": "PageInfo",
            "hasNextPage": False,
            "hasPreviousPage": arguments["after"] is not None,
        }
        return {key: info.get(below.name) for key, below in selected.fields().items()}

    def _completed(self, selected: Selected, part: Any) -> Any:
        if not isinstance(selected.declaration, Checked):
            return part
        return object_completion(selected.object_type().name, selected.fields())(part)

    def _recorded(self, selected: Selected) -> Any:
        part = self._part(selected)
        if not isinstance(part, dict):
            return part
        fields = {key: Constant(value) for key, value in part.items()}
        return Record(selected.object_type().name, fields, (), self.run)
