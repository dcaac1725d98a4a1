"""What the declarations mean, read in the plainest way: one small statement a field and object.

No joins, no batches, no aggregates, no plans: pages are whole lists, cut in Python. It shares the
declarations, global ids and the signature of cursors with what it judges, and nothing else.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLObjectType,
    execute,
    get_named_type,
)
from sqlalchemy import and_, select
from sqlalchemy.sql import visitors

from certgraph.api.reads.arguments import Argument, Run
from certgraph.api.reads.cursors import cursor_maker, place_after
from certgraph.api.reads.declarations import (
    ByGlobalId,
    Checked,
    Column,
    Computed,
    Find,
    Many,
    One,
    Page,
    Part,
    Source,
)
from certgraph.api.reads.scalars import global_id, parse_global_id
from certgraph.api.reads.selection import STRAWBERRY, declaration_of, source_of
from certgraph.api.schema import graphql_schema, make_schema


@dataclass
class Ref:
    """An object: its type, and the row it is."""

    type_name: str
    source: Source
    key: tuple[Any, ...]


class Reference:
    """Answers documents over a world."""

    def __init__(self, world):
        self.world = world
        self.context = None
        self.role = None
        self.lock = asyncio.Lock()
        self.schema = graphql_schema(make_schema.__wrapped__())
        for type_ in self.schema.type_map.values():
            if type_.name == "Node":
                type_.resolve_type = lambda value, _info, _type: value.type_name
            if isinstance(type_, GraphQLObjectType):
                self._attach(type_)

    def _attach(self, type_):
        source = source_of(type_)
        for name, field in type_.fields.items():
            declaration = declaration_of(field)
            if declaration is not None and (source or type_ is self.schema.query_type):
                field.resolve = self._resolver(type_, name, field, declaration)
            elif source and name == "id":
                field.resolve = lambda ref, _info: global_id(ref.type_name, ref.key[0])
            elif isinstance(declaration, Checked):
                field.resolve = lambda made, _info: made["checked"]
            elif isinstance(declaration, Part):
                field.resolve = lambda made, _info, part=declaration.name: made[part]

    def _resolver(self, type_, name, field, declaration):
        async def resolve(ref, _info, **arguments):
            return await self.value(f"{type_.name}.{name}", ref, field, declaration, arguments)

        return resolve

    async def answer(self, operation, variables, role):
        self.context = self.world.context(role)
        self.role = self.context.caller.role if self.context.caller else None
        result = execute(
            self.schema, operation.document, context_value=self.context, variable_values=variables
        )
        return await result if asyncio.iscoroutine(result) else result

    async def rows(self, statement):
        given = (a for a in visitors.iterate(statement) if isinstance(a, Argument))
        values = {argument.key: argument.value_of(Run(self.context, [])) for argument in given}
        if values:
            statement = statement.params(values)
        async with self.lock, self.world.house.engine.connect() as connection:
            return (await connection.execute(statement)).all()

    async def allowed(self, ref):
        policy = ref.source.readable(self.role)
        if isinstance(policy, bool):
            return policy
        return bool(await self.rows(select(1).where(is_row(ref), policy)))

    async def refs(self, type_, source, *conditions, order_by=(), with_policy=True):
        """Return what meets conditions, in order, as far as the policy allows."""
        keys = select(*source.table.primary_key.columns).where(*conditions).order_by(*order_by)
        found = [Ref(type_.name, source, tuple(row)) for row in await self.rows(keys)]
        return [ref for ref in found if not with_policy or await self.allowed(ref)]

    async def columns(self, ref, *columns):
        (row,) = await self.rows(select(*columns).select_from(ref.source.table).where(is_row(ref)))
        return row

    async def value(self, name, ref, field, declaration, arguments):
        if getattr(declaration, "guarded", False) and not await self.allowed(ref):
            return [] if isinstance(declaration, Many) else None
        type_ = get_named_type(field.type)
        match declaration:
            case Column(expression=expression):
                return (await self.columns(ref, expression))[0]
            case Computed(columns=columns, function=function, with_context=with_context):
                values = await self.columns(ref, *columns)
                return function(*([self.context] if with_context else []), *values)
            case One(join=join):
                there = await self.refs(type_, source_of(type_), *await self.joined(ref, join))
                return there[0] if there else None
            case Many(value=value) if value is not None:
                statement = select(value).where(*await self.joined(ref, declaration.join))
                rows = await self.rows(statement.order_by(*declaration.order_by))
                return [row[0] for row in rows]
            case Many(join=join, order_by=order_by, conditions=body, with_parent=with_parent):
                conditions = await self.joined(ref, join) + conditions_of(body, field, arguments)
                return await self.refs(
                    type_,
                    source_of(type_),
                    *conditions,
                    order_by=order_by,
                    with_policy=not with_parent,
                )
            case Page():
                return await self.page(name, ref, field, declaration, arguments)
            case Find(conditions=body, known=known):
                conditions = conditions_of(body, field, arguments)
                found = await self.refs(type_, source_of(type_), *conditions, with_policy=not known)
                return found[0] if found else None
            case ByGlobalId(argument=argument):
                return await self.nodes(arguments[argument])
        raise AssertionError(declaration)

    async def joined(self, ref, join):
        """Return the conditions that a row belongs to a parent."""
        values = await self.columns(ref, *join.parent)
        if any(value is None for value in values):
            return [select(1).where(join.target[0].is_(None), join.target[0].is_not(None)).exists()]
        near = [target == value for target, value in zip(join.target, values, strict=True)]
        if join.through is None:
            return near
        ((target, link),) = join.far
        linked = [row[0] for row in await self.rows(select(link).where(*near))]
        return [target.in_(linked)]

    async def page(self, name, ref, field, declaration, arguments):
        first, after = arguments["first"], arguments["after"]
        declaration = declaration.in_order(arguments.get("orderBy"))
        if not 1 <= first <= declaration.largest:
            raise GraphQLError(f"`first` is {first}; ask for 1 to {declaration.largest}.")
        if any(isinstance(v, str) and len(v) > 100 for k, v in arguments.items() if k != "after"):
            raise GraphQLError("A filter takes at most 100 characters.")
        type_ = get_named_type(get_named_type(field.type).fields["nodes"].type)
        source = source_of(type_)
        if declaration.check is not None:
            types = [column.type.python_type for column in declaration.order_by]
            place = None if after is None else place_after(self.context, name, arguments, types)
            assert await declaration.check(self.context, arguments, place) is None
        conditions = conditions_of(declaration.conditions, field, arguments)
        if declaration.join is not None:
            conditions += await self.joined(ref, declaration.join)
        order = [c.desc() if declaration.descending else c for c in declaration.order_by]
        refs = await self.refs(type_, source, *conditions, order_by=order, with_policy=False)
        make = cursor_maker(self.context, name, arguments)
        cursors = [make(list(await self.columns(r, *declaration.order_by))) for r in refs]
        start = 0
        if after is not None:
            if after not in cursors:
                raise GraphQLError(
                    "The cursor is not one of this list with these filters. Use an endCursor of "
                    "it, or leave `after` out to start again."
                )
            start = cursors.index(after) + 1
        found = [
            (ref, cursor)
            for ref, cursor in zip(refs[start:], cursors[start:], strict=True)
            if await self.allowed(ref)
        ]
        more = len(found) > first
        refs, cursors = [ref for ref, _ in found[:first]], [made for _, made in found[:first]]
        return {
            "checked": None,
            "nodes": refs,
            "edges": [{"node": r, "cursor": c} for r, c in zip(refs, cursors, strict=True)],
            "pageInfo": {
                "hasNextPage": more,
                "hasPreviousPage": after is not None,
                "startCursor": cursors[0] if cursors else None,
                "endCursor": cursors[-1] if cursors else None,
            },
        }

    async def nodes(self, given):
        texts = given if isinstance(given, list) else [given]
        if len(texts) > 100:
            raise GraphQLError(f"`ids` holds {len(texts)}; ask for at most 100.")
        found = []
        for text in texts:
            name, key = parse_global_id(text) or ("", None)
            type_ = self.schema.type_map.get(name)
            source = source_of(type_) if isinstance(type_, GraphQLObjectType) else None
            is_node = source and any(i.name == "Node" for i in type_.interfaces)
            refs = []
            if is_node:
                (primary,) = source.table.primary_key.columns
                refs = await self.refs(type_, source, primary == key)
            found.append(refs[0] if refs else None)
        return found if isinstance(given, list) else found[0]


def is_row(ref):
    columns = ref.source.table.primary_key.columns
    return and_(*(c == value for c, value in zip(columns, ref.key, strict=True)))


def conditions_of(body, field, arguments):
    """Return what the body of a declaration yields for plain values."""
    if body is None:
        return []
    named = {
        argument.extensions[STRAWBERRY].python_name: arguments.get(name)
        for name, argument in field.args.items()
    }
    named = {
        name: value for name, value in named.items() if name not in ("first", "after", "order_by")
    }
    return list(body(**named))
