# ruff: noqa: ANN401 - as strawberry.field
"""Saying what the fields of the graph read, on the strawberry types; nothing else knows it.

    @strawberry.type
    @read_from(OrganizationRow, policy=everybody)
    class Organization(Node):
        code: str = column(OrganizationRow.code)
        keys: list[IssuerKey] = many(SigningKeyRow.organization_id, order_by=[...])

`docs/reads.md` says how to add one.
"""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Annotated, Any, TypeVar, cast

import strawberry
from sqlalchemy import ColumnElement, Table
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute

from certgraph.api.reads.declarations import (
    MAX_PAGE,
    READ,
    ByGlobalId,
    ByKey,
    Check,
    Checked,
    Column,
    Computed,
    Conditions,
    Declaration,
    Find,
    Join,
    Many,
    One,
    Ordering,
    Page,
    Part,
    Policy,
    Source,
)
from certgraph.docstrings import described_in

Expression = ColumnElement[Any] | InstrumentedAttribute[Any]

T = TypeVar("T")


def read_from(row: type[DeclarativeBase], *, policy: Policy) -> Callable[[T], T]:
    """Return a class decorator: the type reads this table, under this policy."""

    def decorate(cls: T) -> T:
        cls.__read__ = Source(_table(row), policy)  # type: ignore[attr-defined]
        return cls

    return decorate


def policy_of(type_: Any) -> Policy:
    """Return the policy of a type that reads a table."""
    source: Source = type_.__read__
    return source.policy


def column(expression: Expression, *, description: str | None = None, guarded: bool = False) -> Any:
    """Declare a field that is a column or an expression.

    Args:
        expression: Of the type's table; other tables by a correlated subquery.
        description: For the schema.
        guarded: Null for callers whom the type's policy denies the row.
    """
    return _field(Column(_element(expression), guarded), description)


def computed(
    function: Callable[..., Any],
    *columns: Expression,
    description: str | None = None,
    guarded: bool = False,
    with_context: bool = False,
) -> Any:
    """Declare a field that is computed of columns; `with_context` passes the context first."""
    elements = tuple(_element(expression) for expression in columns)
    return _field(Computed(elements, function, guarded, with_context), description)


def one(
    foreign_key: Expression | None = None,
    *,
    by: Expression | None = None,
    to: Expression | None = None,
    description: str | None = None,
    guarded: bool = False,
) -> Any:
    """Declare an object: the one our foreign key names, or the one whose key `by` names us.

    `to` is the key that our column names, where that is not the one it refers to.
    """
    if foreign_key is not None:
        key = _element(foreign_key)
        join = Join((_referenced(key) if to is None else _element(to),), (key,))
    else:
        key = _element(cast("Expression", by))
        join = Join((key,), (_referenced(key),))
    return _field(One(join, guarded), description)


def many(
    *target: Expression,
    order_by: Sequence[Expression],
    parent: Sequence[Expression] | None = None,
    through: Expression | None = None,
    value: Expression | None = None,
    description: str | None = None,
    guarded: bool = False,
    with_parent: bool = False,
) -> Any:
    """Declare a list.

    Args:
        target: Columns of the target that name us (of the link table, with `through`).
        order_by: Its order.
        parent: Our columns that they equal; those they refer to if None.
        through: Column of the link table that names the target.
        value: Column whose values the list holds, instead of objects.
        description: For the schema.
        guarded: Empty for callers whom the type's policy denies the row.
        with_parent: See `Many`.
    """
    join = _join(target, parent, through)
    order = tuple(_element(expression) for expression in order_by)
    found = None if value is None else _element(value)
    return _field(Many(join, order, found, guarded, with_parent), description)


def many_where(
    *target: Expression,
    of: Any,
    order_by: Sequence[Expression],
    parent: Sequence[Expression] | None = None,
    description: str | None = None,
) -> Callable[[Callable[..., Conditions]], Any]:
    """Declare a list with arguments: the body yields conditions, `of` is the field's type."""
    order = tuple(_element(expression) for expression in order_by)

    def decorate(body: Callable[..., Conditions]) -> Any:
        declared = Many(_join(target, parent, None), order, conditions=body)
        return _field(declared, description, _described(body), of)

    return decorate


def ordered(*order_by: Expression, descending: bool = False) -> Ordering:
    """Return an order that a page may be asked for in."""
    return Ordering(_order(order_by), descending)


def _order(order_by: Sequence[Expression]) -> tuple[ColumnElement[Any], ...]:
    """Return the columns of an order. Behind a null nothing comes: the rest would be lost."""
    found = tuple(map(_element, order_by))
    for column in found:
        if getattr(column, "nullable", False):
            raise TypeError(f"A page is not ordered by {column}, which may be null.")
    return found


def page(
    *target: Expression,
    of: Any,
    order_by: Sequence[Expression],
    through: Expression | None = None,
    descending: bool = False,
    size: int = 20,
    largest: int = MAX_PAGE,
    check: Check | None = None,
    orders: Mapping[Enum, Ordering] | None = None,
    description: str | None = None,
) -> Callable[[Callable[..., Conditions]], Any]:
    """Declare a connection: `target` as in `many` (none at the root), the body yields conditions.

    The body's arguments are the filters; `first` (`size` if left out) and `after` come before them.
    At the root it may be null, so that a page that fails leaves the others of a document.
    With `orders` (of members of one enumeration) an argument `order_by` asks for one of them.
    With a `check` (at the root, see `Page`) the connection may have a field that is `checked`.
    """
    order = _order(order_by)
    join = _join(target, None, through) if target else None

    def decorate(body: Callable[..., Conditions]) -> Any:
        declared = Page(order, body, join, descending, size, largest, check, orders or {})
        given = of if target else of | None
        return _field(declared, description, _with_paging(body, declared), given)

    return decorate


def all_of(*bodies: Callable[..., Conditions]) -> Callable[..., Conditions]:
    """Return one body of several: it takes their arguments, and yields what each of them yields."""

    def conditions(**arguments: Any) -> Conditions:
        for body, names in taken:
            yield from body(**{name: arguments[name] for name in names})

    taken = [(body, tuple(inspect.signature(body).parameters)) for body in bodies]
    parameters = [one for body in bodies for one in _parameters(body)]
    _sign(conditions, parameters)
    return conditions


def _parameters(body: Callable[..., Conditions]) -> list[inspect.Parameter]:
    """Return a body's arguments, each with what its docstring says of it."""
    said = described_in(body, "Args")
    return [
        parameter.replace(
            kind=inspect.Parameter.KEYWORD_ONLY,
            annotation=_said(parameter.annotation, said.get(parameter.name)),
        )
        for parameter in inspect.signature(body).parameters.values()
    ]


def _said(annotation: Any, description: str | None) -> Any:
    if description is None:
        return annotation
    return Annotated[annotation, strawberry.argument(description=description)]


def _sign(function: Any, parameters: Sequence[inspect.Parameter]) -> None:
    """Give a function these arguments; what it returns stays."""
    returns = function.__annotations__.get("return", Conditions)
    function.__signature__ = inspect.Signature(parameters, return_annotation=returns)
    function.__annotations__ = {one.name: one.annotation for one in parameters} | {
        "return": returns
    }


def _described(body: Callable[..., Conditions]) -> Callable[..., Conditions]:
    """Return the body as strawberry is to see it: with what is said of its arguments."""

    @functools.wraps(body)
    def described(**arguments: Any) -> Conditions:
        return body(**arguments)

    _sign(described, _parameters(body))
    return described


def _with_paging(body: Callable[..., Conditions], page: Page) -> Callable[..., Conditions]:
    """Return the body as strawberry is to see it: with `first`, `after` and `order_by`, too."""

    @functools.wraps(body)
    def paged(**arguments: Any) -> Conditions:
        return body(**arguments)

    kind = inspect.Parameter.KEYWORD_ONLY
    first = _said(int | None, f"How many at most, 1 to {page.largest:,}.")
    after = _said(str | None, "Start behind this cursor, of this list with the same filters.")
    paging = [
        inspect.Parameter("first", kind, default=page.size, annotation=first),
        inspect.Parameter("after", kind, default=None, annotation=after),
    ]
    if page.orders:
        said = _said(type(next(iter(page.orders))) | None, "In which order; cursors are of one.")
        paging.append(inspect.Parameter("order_by", kind, default=None, annotation=said))
    _sign(paged, [*paging, *_parameters(body)])
    return paged


def find(
    of: Any,
    *,
    known: bool = False,
    description: str | None = None,
) -> Callable[[Callable[..., Conditions]], Any]:
    """Declare a root field for one object: the body yields the conditions that name it."""

    def decorate(body: Callable[..., Conditions]) -> Any:
        return _field(Find(body, known), description, _described(body), of)

    return decorate


def by_global_id(argument: str, *, description: str) -> Callable[[Callable[..., Any]], Any]:
    """Declare a root field for the objects whose global ids an argument holds."""

    def decorate(body: Callable[..., Any]) -> Any:
        return _field(ByGlobalId(argument), description, _described(body))

    return decorate


def by_key(attribute: str, *, description: str) -> Any:
    """Declare the object whose primary key is in a private attribute of this payload."""
    return _field(ByKey(attribute), description, default=None)


def part(name: str, *, description: str | None = None) -> Any:
    """Declare a part of a connection."""
    return _field(Part(name), description)


def checked(*, description: str) -> Any:
    """Declare the field of a connection that shows what the page's check says against it."""
    return _field(Checked(), description)


def _field(
    declaration: Declaration,
    description: str | None,
    body: Callable[..., Any] | None = None,
    of: Any = None,
    **options: Any,
) -> Any:
    metadata: Mapping[Any, Any] = {READ: declaration}
    make: Any = strawberry.field
    return make(
        resolver=body, description=description, metadata=metadata, graphql_type=of, **options
    )


def _element(expression: Expression) -> ColumnElement[Any]:
    """Return the plain Core element behind a mapped attribute."""
    if isinstance(expression, InstrumentedAttribute):
        expression = expression.__clause_element__()
    return expression._deannotate()  # noqa: SLF001 - the ORM's marks mean nothing here


def _table(row: type[DeclarativeBase]) -> Table:
    return cast("Table", row.__table__)


def _referenced(key: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the column that a foreign key refers to."""
    (foreign_key,) = key.foreign_keys
    return foreign_key.column


def _join(
    target: Sequence[Expression], parent: Sequence[Expression] | None, through: Expression | None
) -> Join:
    columns = tuple(_element(expression) for expression in target)
    if parent is None:
        ours = tuple(_referenced(key) for key in columns)
    else:
        ours = tuple(_element(expression) for expression in parent)
    if through is None:
        return Join(columns, ours)
    far = _element(through)
    return Join(columns, ours, far.table, ((_referenced(far), far),))
