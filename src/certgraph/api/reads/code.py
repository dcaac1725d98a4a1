# ruff: noqa: ANN401 - any field's value
"""Generated code from rows to JSON.

A row is a tuple. In the generated code its columns are variables: column 3 of row `r2_` is `r2_3`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

Row = Sequence[Any]


@dataclass(slots=True)
class Position:
    """Where a column is in its row; known when the whole row is."""

    index: int = -1


def _need(value: Any) -> Any:
    if value is None:
        raise ValueError("null where the schema allows none")
    return value


_NAMES = {"loads": orjson.loads, "need": _need, "Fragment": orjson.Fragment}


@dataclass(slots=True)
class Code:
    """Generated code with the objects that it names."""

    names: dict[str, Any] = field(default_factory=lambda: dict(_NAMES))
    functions: list[str] = field(default_factory=list)
    rows: int = 0

    def constant(self, value: object) -> str:
        """Return a name for an object."""
        name = f"k{len(self.names)}"
        self.names[name] = value
        return name

    def row(self) -> str:
        """Return the name of a new row."""
        self.rows += 1
        return f"r{self.rows}_"

    def compiled(self, expression: str, arguments: str) -> Callable[..., Any]:
        """Return the function of `arguments` that returns `expression`."""
        source = "\n".join([*self.functions, f"def complete({arguments}):\n return {expression}"])
        exec(compile(source, "<plan>", "exec"), self.names)  # noqa: S102 - our own words, no input
        return self.names["complete"]  # type: ignore[no-any-return]
