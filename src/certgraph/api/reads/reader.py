# ruff: noqa: ANN401 - JSON
"""A query on its way: document, selection, plan, rows, JSON; or records for graphql-core."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLList,
    GraphQLObjectType,
    get_nullable_type,
)
from graphql.execution.values import VariableValues
from sqlalchemy import Select

from certgraph.api.connections import ReadPool, ReadTimeout
from certgraph.api.context import Context
from certgraph.api.errors import top_error
from certgraph.api.reads.arguments import Run
from certgraph.api.reads.cursors import place_after
from certgraph.api.reads.declarations import ByGlobalId, ByKey, Checked, Find, Page
from certgraph.api.reads.documents import Operation
from certgraph.api.reads.plans import make_plan
from certgraph.api.reads.scalars import parse_global_id
from certgraph.api.reads.selection import Selection, select
from certgraph.api.reads.shapes import Shape
from certgraph.api.reads.sql_plans import GivenArguments
from certgraph.api.reads.statements import Statement, compile_level, compile_select
from certgraph.api.reads.unread_pages import Unread
from certgraph.api.remembered import Remembered
from certgraph.api.replicas import Replica
from certgraph.problems import Problem

PLANS = 50_000_000
"""Bytes of plans that are remembered, by a measured rule: a fixed part, and so much for the SQL."""

_PLAN_BYTES = 10_000
_BYTES_A_CHARACTER = 10

MAX_IDS = 100
MAX_FILTER = 100


@dataclass(slots=True)
class Compiled:
    """What remains of a plan when it is compiled: its SQL as text, no expressions.

    Attributes:
        statement: Reads the rows.
        shape: What becomes of them, see `Plan`.
        complete: The same as generated code.
    """

    statement: Statement
    shape: Shape
    complete: Callable[[Run, Sequence[Any]], Any]

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return _PLAN_BYTES + _BYTES_A_CHARACTER * self.statement.length


class Incomplete(Exception):
    """Generated code cannot complete this; graphql-core can, with its errors."""


@dataclass(slots=True)
class Fetched:
    """The rows of a field, for either completion."""

    parts: Sequence[tuple[Compiled, list[Any]]]
    run: Run
    places: Sequence[tuple[int, int] | None] | None
    is_list: bool

    def json(self) -> Any:
        """Return it JSON-ready.

        Raises:
            Incomplete: A page below has arguments that are refused.
            Exception: What a computed value raises, or a null out of place.
        """
        if self.run.failures:
            raise Incomplete
        made = [compiled.complete(self.run, rows) for compiled, rows in self.parts]
        return self._placed(made)

    def records(self) -> Any:
        """Return it for graphql-core."""
        made = [c.shape.value((rows,), self.run) for c, rows in self.parts]
        return self._placed(made)

    def _placed(self, made: Sequence[Any]) -> Any:
        if self.places is None:
            return made[0]
        found = [None if p is None else made[p[0]].get(p[1]) for p in self.places]
        return found if self.is_list else found[0]


@dataclass(slots=True)
class Reading:
    """A field of an operation, ready to be read.

    Attributes:
        selection: What it asks for.
        pages: Its connections: slot, name, declaration.
        structure: What its plans are remembered under, with role and given arguments.
        name: Parent type and field, which cursors are bound to.
    """

    selection: Selection
    pages: Sequence[tuple[int, str, Page]]
    structure: tuple[Any, ...]
    name: str

    @property
    def fields(self) -> int:
        """How many fields it has."""
        return self.selection.fields


class Reader:
    """Reads fields of one schema from one database.

    Args:
        pool: Connections.
        replica: Where it is read for who sends no token, if not there.
    """

    def __init__(self, pool: ReadPool, replica: Replica | None = None) -> None:
        self._pool = pool
        self._replica = replica
        self._plans: Remembered[tuple[Any, ...], Compiled] = Remembered(PLANS, lambda one: one.size)

    def reading(
        self,
        operation: Operation,
        parent: GraphQLObjectType,
        path: tuple[str, ...],
        nodes: Sequence[FieldNode],
        variables: VariableValues,
    ) -> Reading:
        """Return one field of an operation, at a path of response keys."""
        flags = tuple(variables.coerced.get(name) for name in operation.flags)
        key = (path, flags)
        known: Reading | None = operation.remembered.get(key)
        if known is None:
            named = dict(zip(operation.flags, flags, strict=True))
            selection = select(operation, parent, nodes, named)  # type: ignore[arg-type]
            name = f"{parent.name}.{nodes[0].name.value}"
            pages = [
                (index, slot.name, slot.declaration)
                for index, slot in enumerate(selection.slots)
                if isinstance(slot.declaration, Page)
            ]
            known = Reading(selection, pages, (operation.structure, path, flags), name)
            operation.remembered.put(key, known)
        return known

    async def fetch(
        self,
        reading: Reading,
        context: Context,
        variables: VariableValues,
        key: UUID | None = None,
        *,
        for_records: bool,
    ) -> Fetched | Unread:
        """Return the rows of a field.

        Args:
            reading: The field.
            context: The request's.
            variables: Coerced variables.
            key: Primary key of the object, for a field declared `by_key`.
            for_records: Whether graphql-core is to complete them.

        Raises:
            GraphQLError: Arguments are refused, or a statement took too long.
            Exception: What a page's check raises.
        """
        arguments = reading.selection.arguments(variables)
        for index, _, page in reading.pages:  # what says nothing is as if it were left out
            if arguments[index]["first"] is None:
                arguments[index]["first"] = page.size
            arguments[index]["after"] = arguments[index]["after"] or None
        run = Run(context, arguments)
        self._check_pages(reading, run)
        top = reading.selection.top
        if isinstance(top.declaration, Page) and top.slot in run.failures:
            raise run.failures[top.slot]
        refused = await self._checked(reading, run)
        if refused is not None:
            return refused
        try:
            if isinstance(reading.selection.top.declaration, ByGlobalId | ByKey):
                return await self._by_keys(reading, run, key, for_records=for_records)
            compiled = self._compiled(reading, run, None, for_records=for_records)
            pool = self._pool_for(reading, context)
            rows = await pool.run(lambda c: compiled.statement.rows(c, run))
            if isinstance(top.declaration, Page) and top.is_checked_twice():
                # what let the page be read may have changed meanwhile
                refused = await self._checked(reading, run)
                if refused is not None:
                    return refused
            return Fetched([(compiled, rows)], run, None, is_list=False)
        except ReadTimeout as error:
            raise _too_slow(run.context) from error

    @staticmethod
    async def _checked(reading: Reading, run: Run) -> Unread | None:
        """Return the page that a page's check speaks against; None to go on.

        Raises:
            GraphQLError: The reason is not asked for: an empty page would look like the end.
            Exception: What the check raises.
        """
        top = reading.selection.top
        declared = top.declaration
        if not isinstance(declared, Page) or declared.check is None or top.slot is None:
            return None
        place = run.places.get(top.slot)
        answer = await declared.check(run.context, run.arguments[top.slot], place)
        if answer is None:
            return None
        if not any(isinstance(one.declaration, Checked) for one in top.fields().values()):
            problem = Problem(code="answer.page_unread")
            raise top_error(problem, run.context.language, "RESYNC_REQUIRED")
        return Unread(answer, top, run)

    async def _by_keys(
        self, reading: Reading, run: Run, key: UUID | None, *, for_records: bool
    ) -> Fetched:
        """Return objects by their keys, each once however often it is asked for."""
        ids = self._ids(reading, run, key)
        wanted: dict[GraphQLObjectType, dict[UUID, int]] = {}
        for id_ in ids:
            if id_ is not None:
                keys = wanted.setdefault(id_[0], {})
                keys.setdefault(id_[1], len(keys))
        parts = []
        for type_, keys in wanted.items():
            compiled = self._compiled(reading, run, type_, for_records=for_records)
            read = partial(compiled.statement.rows, run=run, keys=[self._raw(list(keys))])
            parts.append((compiled, await self._pool_for(reading, run.context).run(read)))
        order = {type_: index for index, type_ in enumerate(wanted)}
        places = [None if id_ is None else (order[id_[0]], wanted[id_[0]][id_[1]]) for id_ in ids]
        top = reading.selection.top
        assert top.type is not None  # noqa: S101 - it is no __typename
        is_list = isinstance(get_nullable_type(top.type), GraphQLList)
        return Fetched(parts, run, places, is_list)

    def _pool_for(self, reading: Reading, context: Context) -> ReadPool | Replica:
        """Return where a field is read: of the public from the replica, but for what is looked up.

        Whoever may have written reads what they wrote, and a certificate's state is never old.
        """
        declared = reading.selection.top.declaration
        is_looked_up = isinstance(declared, Find) and declared.known
        is_of_payload = isinstance(declared, ByKey)
        if self._replica is None or context.caller or is_looked_up or is_of_payload:
            return self._pool
        return self._replica

    def _raw(self, keys: list[UUID]) -> list[Any]:
        """Return keys as the driver gives them."""
        return keys if self._pool.dialect.name == "postgresql" else [key.hex for key in keys]

    def _ids(
        self, reading: Reading, run: Run, key: UUID | None
    ) -> list[tuple[GraphQLObjectType, UUID] | None]:
        """Return type and key of each object asked for; None for what names none."""
        top = reading.selection.top
        if isinstance(top.declaration, ByKey):
            return [None if key is None else (top.object_type(), key)]
        assert isinstance(top.declaration, ByGlobalId)  # noqa: S101 - the caller asked
        assert top.slot is not None  # noqa: S101 - it takes ids
        given = run.arguments[top.slot][top.declaration.argument]
        texts = given if isinstance(given, list) else [given]
        if len(texts) > MAX_IDS:
            facts = {"count": len(texts), "limit": MAX_IDS}
            raise _bad_input(run.context, "answer.id_count", facts)
        found: list[tuple[GraphQLObjectType, UUID] | None] = []
        for text in texts:
            parsed = parse_global_id(str(text))
            type_ = None if parsed is None else reading.selection.types.get(parsed[0])
            found.append(None if type_ is None or parsed is None else (type_, parsed[1]))
        return found

    def _check_pages(self, reading: Reading, run: Run) -> None:
        """Note which pages have arguments that are out of their limits."""
        for index, name, declaration in reading.pages:
            arguments = run.arguments[index]
            try:
                _check_page(run.context, declaration, arguments)
                if arguments["after"] is not None:
                    ordered = declaration.in_order(arguments.get("orderBy"))
                    types = [column.type.python_type for column in ordered.order_by]
                    run.places[index] = place_after(run.context, name, arguments, types)
            except GraphQLError as error:
                run.failures[index] = error

    def _compiled(
        self,
        reading: Reading,
        run: Run,
        keyed: GraphQLObjectType | None,
        *,
        for_records: bool,
    ) -> Compiled:
        """Return the plan for this role and these arguments, made if it is new."""
        slots = reading.selection.slots
        given = tuple([_given(run, slot, one.fixed) for slot, one in enumerate(slots)])
        role = run.context.caller.role if run.context.caller else None
        for_records &= self._pool.dialect.name == "postgresql"  # others have one plan for both
        key = (reading.structure, keyed.name if keyed else None, role, given, for_records)
        known = self._plans.get(key)
        if known is None:
            plan = make_plan(
                reading.selection.top,
                keyed=keyed,
                name=reading.name,
                dialect=self._pool.dialect,
                role=role,
                given=given,
                for_records=for_records,
            )
            statement = compile_level(plan.level, self._pool.dialect)
            known = self._plans.put(key, Compiled(statement, plan.shape, plan.complete))
        return known


async def read_rows(context: Context, select: Select[Any]) -> list[Any]:
    """Return the rows of a statement of its own, as the driver gives them, within the time for one.

    Raises:
        GraphQLError: It took too long.
    """
    statement = compile_select(select, context.pool.dialect)
    try:
        return await context.pool.run(lambda c: statement.rows(c, Run(context, ())))
    except ReadTimeout as error:
        raise _too_slow(context) from error


def _too_slow(context: Context) -> GraphQLError:
    return top_error(Problem(code="answer.too_slow"), context.language, "TIMEOUT")


def _given(run: Run, slot: int, fixed: Sequence[str]) -> GivenArguments:
    """Return which arguments of a field are given, not null, and of use."""
    arguments = run.arguments[slot]
    if None not in arguments.values() and slot not in run.failures:
        names = frozenset(arguments)
    else:
        names = frozenset(
            name
            for name, value in arguments.items()
            if value is not None and not (name == "after" and slot in run.failures)
        )
    if not fixed:
        return GivenArguments(names)
    return GivenArguments(names, tuple([(n, _few(arguments[n])) for n in fixed if n in names]))


def _few(value: Any) -> Any:
    """Return a value as a plan holds it: of a list its members, each once, in one order."""
    return tuple(sorted(set(value))) if isinstance(value, list) else value


def _check_page(context: Context, declaration: Page, arguments: Mapping[str, Any]) -> None:
    """Refuse a page of no size, and filters that nothing can match. Raises `GraphQLError`."""
    first = arguments["first"]
    if not 1 <= first <= declaration.largest:
        facts = {"first": first, "limit": declaration.largest}
        raise _bad_input(context, "answer.page_size", facts)
    filters = (value for name, value in arguments.items() if name != "after")
    if any(isinstance(value, str) and len(value) > MAX_FILTER for value in filters):
        raise _bad_input(context, "answer.filter_length", {"limit": MAX_FILTER})


def _bad_input(context: Context, code: str, facts: Mapping[str, object]) -> GraphQLError:
    return top_error(Problem(code=code, facts=facts), context.language, "BAD_USER_INPUT")
