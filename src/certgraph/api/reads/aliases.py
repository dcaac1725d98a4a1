"""Aliases of tables, which plans share: an alias and what is said over it never change."""

from collections import Counter
from typing import Any

from sqlalchemy import ColumnElement, FromClause
from sqlalchemy.sql.util import ClauseAdapter

SHARED = 32
"""Aliases of one table that are kept; a plan that needs more makes its own."""

shared: dict[FromClause, list["Adapter"]] = {}
"""Table → its aliases, in the order in which a plan takes them."""


class Adapter:
    """Turns expressions over a table into ones over an alias of it, or a subquery.

    Attributes:
        selectable: The alias or subquery.
        remembered: id() of a declared expression → itself, and what it is over the alias.
    """

    __slots__ = ("_adapter", "remembered", "selectable")

    def __init__(self, selectable: FromClause) -> None:
        self.selectable = selectable
        self._adapter = ClauseAdapter(selectable)
        self.remembered: dict[int, tuple[object, ColumnElement[Any]]] = {}

    def of(self, expression: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return an expression over the alias."""
        return self._adapter.traverse(expression)

    def declared(self, expression: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return the same for an expression that a declaration holds, which is remembered."""
        known = self.remembered.get(id(expression))
        if known is None:
            known = self.remembered[id(expression)] = (expression, self.of(expression))
        return known[1]


class Aliases:
    """The aliases of one plan: another one for each use of a table."""

    def __init__(self) -> None:
        self._used: Counter[FromClause] = Counter()

    def next(self, table: FromClause) -> Adapter:
        """Return an alias of a table that the plan does not use yet."""
        kept, number = shared.setdefault(table, []), self._used[table]
        self._used[table] += 1
        if number >= SHARED:
            return Adapter(table.alias())
        while len(kept) <= number:
            kept.append(Adapter(table.alias()))
        return kept[number]
