"""The dearest requests that size, shape and field allow: a search over the schema, for the tests.

Each generator yields (name, method, body or query string). Names of what it asks for hold `NONCE`,
which whoever sends it replaces, so that nothing is remembered from before.
"""

import json

from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    get_introspection_query,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
)

from certgraph.api.document_limits import MAX_ALIASES, MAX_DEPTH
from certgraph.api.reads.declarations import Page
from certgraph.api.reads.selection import declaration_of

BODY = 64 * 1024
NONCE = "Nnn"
MARKS = "\u0334\u0345" * 12_000
"""Combining marks whose canonical order takes a sort."""


def post(query, variables=None):
    return json.dumps({"query": query, "variables": variables or {}}, ensure_ascii=False)


def everything(schema):
    """Yield every request of the search, named, as a body of at most 64 KB."""
    for name, query, values in [
        *texts(),
        *introspections(),
        *overlaps(),
        *wide(schema),
        *deep(schema),
        *variables(schema),
        *marks(schema),
    ]:
        yield name, fitting(query, values)
    objects = ",".join(f'"a{n}":{{}}' for n in range(6_000))
    yield "json objects", post(f"query {NONCE} {{ __typename }}")[:-2] + f"{{{objects}}}}}"
    yield "json escapes", '{"query": "' + "\\u0061" * 10_900 + '"}'


def fitting(query, values):
    """Return as much of a request as a body holds."""
    while len(body := post(query, values).encode()) > BODY:
        if values:
            values = {key: shorter(value) for key, value in values.items()}
        else:
            query = query[: len(query) * 9 // 10]
    return body.decode()


def shorter(value):
    if isinstance(value, dict):
        return {
            key: shorter(below)
            for key, below in list(value.items())[: max(1, len(value) * 9 // 10)]
        }
    return value[: max(1, len(value) * 9 // 10)] if isinstance(value, str | list) else value


def texts():
    """Documents that are hard to read."""
    yield "quotes without end", '{ a(b: "' + '\\"' * 16_000, None
    yield "quotes and numbers", "{ a(b: [" + '"" 1 ' * 490, None
    yield "block strings", '{ a(b: """' + "\n  x" * 12_000 + '""") }', None
    yield "a long block string", '{ a(b: """' + "\\" * 60_000 + '""") }', None
    yield "spaces", "{" + " " * 65_000 + "__typename }", None
    yield "commas", "{" + "," * 65_000 + "__typename }", None
    yield "lines", "{" + "\n" * 1_990 + " ".join(f"nope{n}" for n in range(600)) + "}", None
    yield "carriage returns", "{" + "\r" * 40_000 + "nope }", None
    yield "a comment", "{ #" + "x" * 65_000 + "\n __typename }", None
    yield "comments", "#\n" * 995 + "{ nope }", None
    yield "a name", "{ " + "n" * 65_000 + " }", None
    yield "names almost known", "{ " + " ".join(f"organizatiom{n}" for n in range(900)) + " }", None
    yield (
        "types almost known",
        " ".join(f"fragment F{n} on LearningOutcomeRecerd{n} {{ a }}" for n in range(29))
        + "{ ...F1 }",
        None,
    )
    yield "digits", "{ certificates(first: " + "1" * 65_000 + ") { nodes { id } } }", None
    yield "lists in lists", "{ a(b: " + "[" * 900, None
    yield "objects in objects", "{ a(b: " + "{a:" * 300, None
    yield "levels", "{a" * 490 + "}" * 490, None
    yield "operations", " ".join(f"query Q{n}{{__typename}}" for n in range(190)), None
    fragments = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(29))
    yield "a chain", f"query {NONCE} {{ ...F0 }} {fragments} fragment F29 on Query {{ a }}", None
    twice = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(29))
    yield "a doubling chain", f"{{ ...F0 }} {twice} fragment F29 on Query {{ __typename }}", None
    many = " ".join(f"query Q{n} {{ ...F }}" for n in range(100))
    usage = " ".join("organization(code: $c) { code }" for _ in range(40))
    yield "operations over a fragment", f"{many} fragment F on Query {{ {usage} }}", None
    yield "directives", "{ __typename " + "@include(if: true) " * 150 + "}", None
    yield (
        "arguments",
        "{ organization(" + " ".join(f"a{n}: 1" for n in range(300)) + ") { id } }",
        None,
    )
    yield (
        "variables",
        "query (" + " ".join(f"$a{n}: Int" for n in range(240)) + ") { __typename }",
        None,
    )


def introspections():
    """The schema, as often as aliases and fragments allow."""
    options = {"descriptions": True, "specified_by_url": True, "input_value_deprecation": True}
    full = get_introspection_query(**options).replace("IntrospectionQuery", NONCE)
    yield "introspection", full, None
    leaves = "kind name description specifiedByURL"
    for a, b, c in ((5, 5, 5), (3, 3, 3), (2, 7, 1), (1, 1, 13), (13, 1, 1)):
        inner = " ".join(f"c{n}: args {{ name type {{ {leaves} }} }}" for n in range(c))
        middle = " ".join(f"b{n}: fields {{ name {inner} }}" for n in range(b))
        text = " ".join(f"a{n}: types {{ name {middle} }}" for n in range(a))
        yield f"introspection {a}×{b}×{c}", f"query {NONCE} {{ __schema {{ {text} }} }}", None
    type_ = "kind name ofType { " * 5 + "name" + " }" * 5
    for spread in (2, 4, 5, 6, 7, 8):
        fields = " ".join(f"t{n}: type {{ ...T }}" for n in range(spread))
        yield (
            f"introspection by fragments {spread}",
            f"query {NONCE} {{ __schema {{ types {{ fields {{ args {{ {fields} }} {fields} }} "
            f"possibleTypes {{ fields {{ {fields} }} }} }} }} }} fragment T on __Type {{ {type_} }}",
            None,
        )
    below = "possibleTypes { interfaces { " * 4 + "name" + " } }" * 4
    yield (
        "introspection there and back",
        f"query {NONCE} {{ __schema {{ types {{ {below} }} }} }}",
        None,
    )
    same = " ".join(["fields { name description }"] * 180)
    yield "introspection repeated", f"query {NONCE} {{ __schema {{ types {{ {same} }} }} }}", None
    every = " ".join(f'a{n}: __type(name: "Query") {{ fields {{ name }} }}' for n in range(10))
    yield "types one by one", f"query {NONCE} {{ {every} }}", None


def overlaps():
    """Fields of one response key, as many as a document holds."""
    for outer, inner in ((1, 480), (6, 40), (20, 20), (60, 6), (120, 1)):
        for path in ("organizations { nodes", "certificateTypes { edges { node"):
            below = " ".join(["keys { kid }" if "org" in path else "code"] * inner)
            text = " ".join(f"{path} {{ {below} }}" + " }" * path.count("{") for _ in range(outer))
            yield f"overlap {outer}×{inner} {path}", f"query {NONCE} {{ {text} }}"[:60_000], None


def leaves(type_, most=60):
    """Return fields of an object that take no arguments, with what is below them once."""
    found = []
    for name, field in type_.fields.items():
        required = any(isinstance(a.type, GraphQLNonNull) for a in field.args.values())
        named = get_named_type(field.type)
        if required:
            continue
        if is_leaf_type(named):
            found.append(name)
        elif isinstance(named, GraphQLObjectType) and "nodes" not in named.fields:
            below = [
                n
                for n, f in named.fields.items()
                if is_leaf_type(get_named_type(f.type)) and not f.args
            ]
            found.append(f"{name} {{ {' '.join(below[:12])} }}" if below else "")
    return [one for one in found if one][:most]


def roots(schema):
    """Yield root fields that answer the public, with arguments and the type of their objects."""
    for name, field in schema.query_type.fields.items():
        named = get_named_type(field.type)
        if isinstance(named, GraphQLUnionType):
            continue
        arguments = [
            f"{argument}: {'1' if str(definition.type) == 'Int!' else json.dumps('EO-001')}"
            for argument, definition in field.args.items()
            if isinstance(definition.type, GraphQLNonNull)
            and get_named_type(definition.type).name in ("String", "ID", "Int")
        ]
        yield name, field, arguments, named


def wide(schema):
    """The largest pages of every list, with every field, and all aliases."""
    for name, field, arguments, named in roots(schema):
        if isinstance(declaration_of(field), Page):
            node = get_named_type(named.fields["nodes"].type)
            below = leaves(node) if isinstance(node, GraphQLObjectType) else ["id"]
            longest = " ".join(
                f"x{n}: {below[-1 - n % 3].split(' ')[0]}"
                for n in range(MAX_ALIASES)
                if "{" not in below[-1 - n % 3]
            )
            for size in (100, 60, 30, 20, 10):
                call = f"{name}(first: {size})"
                yield (
                    f"wide {name} {size}",
                    f"query {NONCE} {{ {call} {{ nodes {{ {' '.join(below)} {longest} }} edges {{ cursor node {{ {' '.join(below[:20])} }} }} }} }}",
                    None,
                )
        elif isinstance(named, GraphQLObjectType):
            call = f"{name}({', '.join(arguments)})" if arguments else name
            yield (
                f"wide {name}",
                f"query {NONCE} {{ {call} {{ {' '.join(leaves(named))} }} }}",
                None,
            )
    every = " ".join(
        f"{name}(first: 10) {{ nodes {{ {' '.join(leaves(get_named_type(named.fields['nodes'].type), 20))} }} }}"
        for name, field, _, named in list(roots(schema))
        if isinstance(declaration_of(field), Page)
        and isinstance(get_named_type(named.fields["nodes"].type), GraphQLObjectType)
    )
    yield "every list", f"query {NONCE} {{ {every} }}", None
    types = schema.get_possible_types(schema.type_map["Node"])
    inline = " ".join(f"... on {t.name} {{ {' '.join(leaves(t, 12))} }}" for t in types)
    yield "nodes of every type", f'query {NONCE} {{ nodes(ids: ["x"]) {{ id {inline} }} }}', None


def deep(schema):
    """Lists below lists, down to the deepest level."""

    def below(type_, level, seen):
        if level > MAX_DEPTH - 2:
            return "__typename"
        parts = []
        for name, field in type_.fields.items():
            named = get_named_type(field.type)
            if any(isinstance(a.type, GraphQLNonNull) for a in field.args.values()):
                continue
            if isinstance(named, GraphQLObjectType) and (type_.name, name) not in seen:
                call = f"{name}(first: 2)" if "first" in field.args else name
                parts.append(f"{call} {{ {below(named, level + 1, seen | {(type_.name, name)})} }}")
            if len(parts) == 1:
                break
        return " ".join(
            [
                *parts,
                *[n for n, f in type_.fields.items() if is_leaf_type(get_named_type(f.type))][:10],
            ]
        )

    for name, field, arguments, named in roots(schema):
        if isinstance(named, GraphQLObjectType):
            given = [*arguments, *(["first: 5"] if "first" in field.args else [])]
            call = f"{name}({', '.join(given)})" if given else name
            yield (
                f"deep {name}",
                f"query {NONCE} {{ {call} {{ {below(named, 1, frozenset())} }} }}",
                None,
            )


def variables(schema):
    """Values without number, of every input and list."""
    head = "\n" * 1_900
    yield (
        "ids",
        f"{head} query {NONCE}($ids: [ID!]!) {{ nodes(ids: $ids) {{ id }} }}",
        {"ids": ["x"] * 13_000},
    )
    yield (
        "wrong ids",
        f"{head} query {NONCE}($ids: [ID!]!) {{ nodes(ids: $ids) {{ id }} }}",
        {"ids": [{}] * 16_000},
    )
    for name, field in schema.mutation_type.fields.items():
        for argument, definition in field.args.items():
            of = get_nullable_type(definition.type)
            call = f"{head} mutation {NONCE}($v: {definition.type}) {{ {name}({argument}: $v) {{ __typename }} }}"
            if not hasattr(of, "fields"):
                continue
            yield f"wrong {name}", call, {"v": {f"n{n}": 1 for n in range(5_000)}}
            for key, below in of.fields.items():
                if isinstance(get_nullable_type(below.type), GraphQLList):
                    item = get_named_type(below.type)
                    one = dict.fromkeys(getattr(item, "fields", {}), "x")
                    for wrong in ({}, one, "x", None):
                        yield (
                            f"many {name}.{key} {wrong!r:.20}",
                            call,
                            {"v": {key: [wrong] * (1 if wrong is one else 9_000)}},
                        )
                if isinstance(get_named_type(below.type), GraphQLEnumType):
                    yield f"enum {name}.{key}", call, {"v": {key: "OPERATAR" * 1_900}}


def marks(schema):
    """Long texts in every argument of the public that takes one."""
    for name, field, _, named in roots(schema):
        texts = [
            a
            for a, d in field.args.items()
            if get_named_type(d.type).name in ("String", "ID")
            and not isinstance(get_nullable_type(d.type), GraphQLList)
        ]
        if not texts:
            continue
        head = ", ".join(f"${a}: {field.args[a].type}" for a in texts)
        call = ", ".join(f"{a}: ${a}" for a in texts)
        selection = " { __typename }" if not is_leaf_type(named) else ""
        if isinstance(named, GraphQLInterfaceType):
            selection = " { id }"
        for kind, text in (
            ("marks", MARKS),
            ("han", "㍿" * 16_000),
            ("digits", "1" * 60_000),
            ("url", "https://verify.example.cn/v#" + "1" * 50_000),
        ):
            share = len(text) // len(texts)
            yield (
                f"{kind} {name}",
                f"query {NONCE}({head}) {{ {name}({call}){selection} }}",
                dict.fromkeys(texts, text[:share]),
            )
