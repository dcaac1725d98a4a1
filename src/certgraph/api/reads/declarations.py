"""What a field may declare. A declaration travels in its metadata; `declaring` makes them."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, FromClause, Table, or_

from certgraph.actions.parties import Role

Condition = ColumnElement[bool]
Conditions = Iterator[Condition]
"""What the body of a declared field yields. It runs when a plan is made: each argument that the
request gives is an `Argument`, each that it leaves out or gives as null is None."""

Policy = Callable[[Role | None], "bool | Condition | Either"]
"""Which rows a caller of a role (None: the public) may read."""

Check = Callable[[Any, Mapping[str, Any], Sequence[Any] | None], Awaitable[Any]]

READ = "certgraph.read"
READERS = "certgraph.readers"
"""Metadata of a field with code of its own: the policy by which roles may ask for it."""

COST = "certgraph.cost"
"""Metadata of a field: how many objects it counts for in the limits, see `limits`."""

MAX_PAGE = 100


def everybody(_role: Role | None) -> bool:
    """Let everybody read every row."""
    return True


def with_token(role: Role | None) -> bool:
    """Let everybody read every row who comes with a token."""
    return role is not None


def below_parent(_role: Role | None) -> bool:
    """Leave it to the parent: rows of this type are read only below one that the caller reads."""
    return True


@dataclass(frozen=True)
class Either:
    """What a policy says where there are several reasons to read a row, each enough.

    PostgreSQL is asked for each by itself, by an index of its own in the order of the list, and the
    page is taken from what it finds (`levels.read_rows`): where few rows hold for any, no index has
    them all, and to look through the order of the list may take all of it. It is of use where each
    reason has such an index; one that names many others, as those of a province, has none.
    """

    reasons: Sequence[Condition]

    @property
    def condition(self) -> Condition:
        """That one of them holds."""
        return or_(*self.reasons)


@dataclass(frozen=True)
class Source:
    """What a type reads: its table, and which of its rows a caller may see."""

    table: Table
    policy: Policy

    def readable(self, role: Role | None) -> bool | Condition:
        """Return what the policy says of a role; it is asked once, so that plans share it."""
        return _readable(self.policy, role)

    def reasons(self, role: Role | None) -> Sequence[Condition]:
        """Return the reasons to read a row of which each is enough; empty where it is not so."""
        said = _said(self.policy, role)
        return said.reasons if isinstance(said, Either) else ()


@cache
def _said(policy: Policy, role: Role | None) -> bool | Condition | Either:
    return policy(role)


@cache
def _readable(policy: Policy, role: Role | None) -> bool | Condition:
    said = _said(policy, role)
    return said.condition if isinstance(said, Either) else said


@dataclass(frozen=True)
class Column:
    """A column, or an expression over the row."""

    expression: ColumnElement[Any]
    guarded: bool = False


@dataclass(frozen=True)
class Computed:
    """A value that `function` computes of columns; `with_context` hands it the request's first."""

    columns: tuple[ColumnElement[Any], ...]
    function: Callable[..., Any]
    guarded: bool = False
    with_context: bool = False


@dataclass(frozen=True)
class Join:
    """How rows of a target belong to a parent: columns of the target, equal to the parent's.

    `through` is a link table in between: then `target` are its columns, and `far` pairs columns of
    the target's own table with columns of the link.
    """

    target: tuple[ColumnElement[Any], ...]
    parent: tuple[ColumnElement[Any], ...]
    through: FromClause | None = None
    far: tuple[tuple[ColumnElement[Any], ColumnElement[Any]], ...] = ()


@dataclass(frozen=True)
class One:
    """An object joined; None where there is none, or the caller may not read it."""

    join: Join
    guarded: bool = False


@dataclass(frozen=True)
class Many:
    """A list of objects, or of one column's values.

    Attributes:
        with_parent: Whoever sees the parent sees these: the target's own policy is not asked.
        conditions: The body of the field, where it has one.
    """

    join: Join
    order_by: tuple[ColumnElement[Any], ...]
    value: ColumnElement[Any] | None = None
    guarded: bool = False
    with_parent: bool = False
    conditions: Callable[..., Conditions] | None = None


class Ordering(NamedTuple):
    """An order of a page: columns as in `Page`, and whether the highest comes first."""

    order_by: tuple[ColumnElement[Any], ...]
    descending: bool = False


@dataclass(frozen=True)
class Page:
    """A Relay connection by keyset; `join` is None at the root.

    Attributes:
        order_by: Columns that never are null and together are unique.
        descending: Whether the highest comes first.
        size: `first`, where it is left out.
        largest: Largest `first`.
        orders: Other orders, by the member of an enumeration that asks for each.
        check: Awaited before every reading with the request's context, the arguments, and the
            values in `after`: None to go on, or an object that says why there is no page, which the
            field of the connection shows that is `Checked`; then it is awaited after the reading,
            too.
    """

    order_by: tuple[ColumnElement[Any], ...]
    conditions: Callable[..., Conditions]
    join: Join | None = None
    descending: bool = False
    size: int = 20
    largest: int = MAX_PAGE
    check: Check | None = None
    orders: Mapping[Enum, Ordering] = field(default_factory=dict)

    def in_order(self, asked: Enum | None) -> "Page":
        """Return the page in the order that a request asks for; as it is where it asks for none."""
        if asked is None:
            return self
        order_by, descending = self.orders[asked]
        return replace(self, order_by=order_by, descending=descending)


@dataclass(frozen=True)
class Find:
    """The one row that the conditions name.

    `known` finds rows that the policy hides: whoever states the conditions knows them already.
    Guarded fields stay guarded.
    """

    conditions: Callable[..., Conditions]
    known: bool = False


@dataclass(frozen=True)
class ByGlobalId:
    """The object, or the objects, with the global ids in an argument."""

    argument: str


@dataclass(frozen=True)
class ByKey:
    """The object whose primary key is in a private attribute of a payload."""

    attribute: str


@dataclass(frozen=True)
class Part:
    """A part of a connection, an edge or a PageInfo, by its name."""

    name: str


@dataclass(frozen=True)
class Checked:
    """What a page's check says against it; null where there is a page."""


Declaration = Column | Computed | One | Many | Page | Find | ByGlobalId | ByKey | Part | Checked
