# ruff: noqa: ANN401 - a resolver
"""Running an operation: whole from its plans where it can be, else by graphql-core over them.

graphql-core also completes what the generated code gave up on: it reads again, by plans whose rows
hold every value, and meets the same error at its place.
"""

import inspect
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from uuid import UUID

from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLUnionType,
)
from graphql import execute as graphql_execute
from graphql.execution.executor_throwing_on_incremental import ExecutorThrowingOnIncremental
from graphql.execution.values import VariableValues

from certgraph.api.connections import Unavailable
from certgraph.api.context import Context
from certgraph.api.reads.declarations import ByGlobalId, ByKey, Find, Page
from certgraph.api.reads.documents import Operation
from certgraph.api.reads.introspection import ROOTS, Introspection
from certgraph.api.reads.plain import Waiting
from certgraph.api.reads.reader import Incomplete, Reader, Reading
from certgraph.api.reads.selection import STRAWBERRY, declaration_of, source_of
from certgraph.api.reads.shapes import Record
from certgraph.database import is_unavailable

logger = logging.getLogger(__name__)

_ROOTS = (Page, Find, ByGlobalId)


@dataclass(slots=True)
class Execution:
    """An operation that is running: what its resolvers need besides the request's context.

    `refused` are root fields that are known to fail: their arguments, or a statement's time.
    `introspected` are root fields that describe the schema, as JSON.
    """

    operation: Operation
    variables: VariableValues
    reader: Reader
    context: Context
    refused: dict[str, GraphQLError] = field(default_factory=dict)
    introspected: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Answer:
    """What an operation gives.

    Attributes:
        data: JSON-ready; None where there is none.
        errors: As graphql-core makes them.
        ran: Whether it ran: the variables were good.
    """

    data: Mapping[str, Any] | None
    errors: list[GraphQLError]
    ran: bool = True


async def run(
    operation: Operation,
    reader: Reader,
    context: Context,
    given: Mapping[str, Any],
    *,
    variables: VariableValues | None = None,
    planned: bool = True,
) -> Answer:
    """Run an operation.

    Args:
        operation: The operation.
        reader: Reads what is declared.
        context: The request's.
        given: Values of its variables as they came.
        variables: The same, coerced; they are coerced here if None.
        planned: Whether generated code may complete it; graphql-core does otherwise.

    Raises:
        Unavailable: The database is away, or has no connection free.
    """
    # 1. Variables, and what introspection asks for.
    if variables is None:
        coerced = operation.variables.coerced(given)
        if isinstance(coerced, list):
            return Answer(None, coerced, ran=False)
        variables = coerced
    execution = context.execution = Execution(operation, variables, reader, context)
    if operation.introspects:
        try:
            execution.introspected = _introspected(execution)
        except GraphQLError as error:
            return Answer(None, [error], ran=False)
    # 2. Generated code completes what is planned.
    defect = None
    if planned and not operation.is_mutation:
        try:
            data = await _planned(execution)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - graphql-core meets it again, and says where
            defect = error
        else:
            if data is not None:
                return Answer(data, [])
    # 3. graphql-core does the rest, and says where an error is.
    result = await _by_graphql_core(operation, context, given)
    if defect is not None and not result.errors:
        logger.error("graphql-core completed what generated code did not", exc_info=defect)
    return Answer(result.data, list(result.errors or ()))


async def _by_graphql_core(
    operation: Operation, context: Context, given: Mapping[str, Any]
) -> ExecutionResult:
    """Run an operation field by field. Raises `Unavailable` where the database is away."""
    result = graphql_execute(
        operation.schema,
        operation.document,
        context_value=context,
        variable_values=dict(given),
        operation_name=operation.node.name.value if operation.node.name else None,
        executor_class=_Executor,
    )
    if inspect.isawaitable(result):
        result = await result
    assert isinstance(result, ExecutionResult)  # noqa: S101 - nothing is incremental
    for failed in result.errors or ():
        if isinstance(failed.original_error, Exception) and is_away(failed.original_error):
            raise Unavailable(str(failed.original_error)) from failed.original_error
    return result


def is_away(error: Exception) -> bool:
    """Tell whether an error says that the database is away, not that something is wrong."""
    return isinstance(error, Unavailable) or is_unavailable(error)


class _Executor(ExecutorThrowingOnIncremental):
    """graphql-core's, with the introspection that is made already."""

    def execute_field(self, parent_type: GraphQLObjectType, *rest: Any) -> Any:
        if parent_type is self.schema.query_type:
            path = rest[2]
            introspected = self.context_value.execution.introspected
            if path.prev is None and path.key in introspected:
                return introspected[path.key]
        return super().execute_field(parent_type, *rest)


def _introspected(execution: Execution) -> dict[str, Any]:
    """Return the root fields that describe the schema. Raises `GraphQLError`."""
    operation, variables = execution.operation, execution.variables
    flags = {name: bool(variables.coerced.get(name)) for name in operation.flags}
    roots = operation.fields(operation.root_type, [operation.node.selection_set], flags)
    describe = _introspection_of(operation.schema)
    return {
        name: describe.answer(operation, nodes, variables)
        for name, nodes in roots.items()
        if nodes[0].name.value in ROOTS
    }


@lru_cache(maxsize=8)
def _introspection_of(schema: GraphQLSchema) -> Introspection:
    return Introspection(schema)


async def _planned(execution: Execution) -> dict[str, Any] | None:
    """Return the whole answer; None where a field is none of ours, or refused.

    Raises:
        Exception: What a statement or a computed value raises, or a null out of place.
    """
    operation, variables = execution.operation, execution.variables
    key = tuple([variables.coerced.get(name) for name in operation.flags])
    readings = operation.remembered.get(key)
    if readings is None:
        readings = operation.remembered.put(key, _readings(execution, key))
    if not readings:
        return None
    data: dict[str, Any] = {}
    for name, reading in readings.items():
        if reading is None:
            data[name] = execution.introspected.get(name, operation.root_type.name)
            continue
        try:
            found = await execution.reader.fetch(
                reading, execution.context, variables, for_records=False
            )
            data[name] = found.json()
        except GraphQLError as error:
            execution.refused[name] = error
            return None
        except Incomplete:
            return None
        except Waiting:
            operation.remembered.put(key, {})  # the next request need not try
            return None
    return data


def _readings(execution: Execution, flags: Sequence[object]) -> dict[str, Reading | None]:
    """Return what each root field reads; None for `__typename` and introspection.

    Empty where one is none of ours.
    """
    operation = execution.operation
    if not all(isinstance(flag, bool) for flag in flags):
        return {}
    named = dict(zip(operation.flags, flags, strict=True))
    sets = [operation.node.selection_set]
    roots = operation.fields(operation.root_type, sets, named)  # type: ignore[arg-type]
    if not all(_is_ours(operation, nodes[0].name.value) for nodes in roots.values()):
        return {}
    return {
        name: None
        if nodes[0].name.value.startswith("__")
        else execution.reader.reading(
            operation, operation.root_type, (name,), nodes, execution.variables
        )
        for name, nodes in roots.items()
    }


def _is_ours(operation: Operation, name: str) -> bool:
    if name.startswith("__"):
        return True
    found = operation.root_type.fields.get(name)
    return found is not None and isinstance(declaration_of(found), _ROOTS)


async def _resolve_root(
    _source: object, info: GraphQLResolveInfo[Context], **_arguments: object
) -> Any:
    """Resolve a root field from its plan."""
    execution: Execution = info.context.execution
    name = info.path.key
    assert isinstance(name, str)  # noqa: S101 - a root field is in no list
    if name in execution.refused:
        raise execution.refused[name]
    return await _records(execution, info, (name,), None)


async def _resolve_by_key(source: Any, info: GraphQLResolveInfo[Context]) -> Any:
    """Resolve an object of a payload from its plan."""
    declaration = declaration_of(info.parent_type.fields[info.field_name])
    assert isinstance(declaration, ByKey)  # noqa: S101 - see `attach`
    key = getattr(source, declaration.attribute)
    if key is None:
        return None
    execution: Execution = info.context.execution
    return await _records(execution, info, tuple(map(str, info.path.as_list())), key)


async def _records(
    execution: Execution, info: GraphQLResolveInfo[Context], path: tuple[str, ...], key: UUID | None
) -> Any:
    reading = execution.reader.reading(
        execution.operation, info.parent_type, path, info.field_nodes, execution.variables
    )
    found = await execution.reader.fetch(
        reading, execution.context, execution.variables, key, for_records=True
    )
    return found.records()


def _resolve_below(source: Any, info: GraphQLResolveInfo[Context], **_arguments: object) -> Any:
    """Resolve a field below: from its record, or of a plain object that has the same type."""
    if isinstance(source, Record):
        return source.resolve(str(info.path.key))
    return getattr(
        source, info.parent_type.fields[info.field_name].extensions[STRAWBERRY].python_name
    )


def _type_of(value: Any, _info: object, _type: object) -> str | None:
    """Return the type of an object behind an interface or a union."""
    if isinstance(value, Record):
        return value.type_name
    definition = getattr(value, "__strawberry_definition__", None)
    return None if definition is None else str(definition.name)


class Undeclared(TypeError):
    """A field of a type that is read declares nothing."""


def attach(schema: GraphQLSchema) -> None:
    """Let the declared fields of a schema resolve from plans.

    Raises:
        Undeclared: A type of a table has a field that a plan could not read.
    """
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLInterfaceType) and type_.name == "Node":
            type_.resolve_type = _type_of
        if isinstance(type_, GraphQLUnionType):
            type_.resolve_type = _type_of
        if not isinstance(type_, GraphQLObjectType):
            continue
        is_read = source_of(type_) is not None
        if is_read:
            type_.is_type_of = None
        for name, field_ in type_.fields.items():
            declaration = declaration_of(field_)
            if isinstance(declaration, _ROOTS) and type_ is schema.query_type:
                field_.resolve = _resolve_root
            elif isinstance(declaration, ByKey):
                field_.resolve = _resolve_by_key
            elif declaration is not None or (is_read and name == "id"):
                field_.resolve = _resolve_below
            elif is_read:
                raise Undeclared(f"{type_.name}.{name} declares nothing to read")
