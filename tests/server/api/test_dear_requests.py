"""No request of 64 KB, by whoever sends no token, costs much: the dearest that a search finds."""

import json

import pytest
from graphql import (
    OverlappingFieldsCanBeMergedRule,
    build_schema,
    get_introspection_query,
    graphql_sync,
    parse,
    validate,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from certgraph.api.merging import MergeableFieldsRule
from certgraph.api.reads import aliases
from certgraph.api.schema import graphql_schema, make_schema
from tests.server.api import dear
from tests.server.api.machine import MOST_SECONDS, Machine

pytestmark = pytest.mark.http_alone

MOST_BYTES = 1_000_000


async def post(http, body):
    headers = {"Content-Type": "application/json"}
    return await http.post("/graphql", content=body.encode(), headers=headers)


async def cost(http, body, nonce, machine, most_turns, *, anew=False):
    """Return the processor time of a request, and its answer: see `Machine.cost`."""

    def ask(turn):
        return post(http, body.replace(dear.NONCE, f"N{nonce}x{turn}"))

    return await machine.cost(ask, most_turns, anew=anew)


async def test_the_dearest_request_costs_little_and_no_answer_is_large(public):
    schema, machine = graphql_schema(make_schema()), Machine()
    dear_ones, largest = {}, (0, "")
    for number, (name, body) in enumerate(dear.everything(schema)):
        seconds, response = await cost(public, body, number, machine, 3)
        assert response.status_code < 500, (name, response.text[:300])
        if seconds >= MOST_SECONDS:
            dear_ones[name] = (number, body)
        largest = max(largest, (len(response.content), name))
    assert number > 300
    # what was dear is looked at again, later: the machine's other work comes and goes
    again = {
        name: (await cost(public, body, f"{number}again", machine, 20, anew=True))[0]
        for name, (number, body) in dear_ones.items()
    }
    assert [(name, again[name]) for name in again if again[name] >= MOST_SECONDS] == []
    assert largest[0] < MOST_BYTES, largest


async def test_introspection_is_what_the_library_says_of_the_schema(public):
    schema = graphql_schema(make_schema())
    options = {"descriptions": True, "specified_by_url": True, "input_value_deprecation": True}
    query = get_introspection_query(**options, schema_description=True)
    expected = graphql_sync(schema, query)
    assert expected.errors is None
    answer = (await post(public, json.dumps({"query": query}))).json()
    assert answer == {"data": expected.data}


BESIDE = {
    "{ __schema { queryType { ...T } } ...F } fragment T on __Type { name } "
    'fragment F on Query { __typename policyRule(id: "R39") { id } }': {
        "__schema": {"queryType": {"name": "Query"}},
        "__typename": "Query",
        "policyRule": {"id": "R39"},
    },
    "query ($n: String!, $d: Boolean!) { __type(name: $n) { name description @skip(if: $d) "
    'kind } organization(code: "EO-001") { code } }': {
        "__type": {"name": "CertificateState", "kind": "ENUM"},
        "organization": {"code": "EO-001"},
    },
    '{ a: __type(name: "Nobody") { name } certificateTypes(first: 0) { nodes { id } } }': {
        "a": None,
        "certificateTypes": None,
    },
}


@pytest.mark.parametrize("query", BESIDE)
async def test_introspection_goes_beside_anything_else(public, query):
    values = {"n": "CertificateState", "d": True}
    answer = (await post(public, json.dumps({"query": query, "variables": values}))).json()
    assert answer["data"] == BESIDE[query]


MERGING = build_schema("""
  interface I { a: Int b: [I!]! c(x: Int, o: O): String d: I }
  input O { p: Int q: Int }
  type A implements I { a: Int b: [I!]! c(x: Int, o: O): String d: I e: Int! f: A }
  type B implements I { a: Int b: [I!]! c(x: Int, o: O): String d: I e: Int f: [B] }
  union U = A | B
  type Query { i: I u: U a: A }
""")
LEAVES = ["a", "e", "a: e", "e: a", "c", "c(x: 1)", "c(x: 2)", "c(o: {p: 1 q: 2})"]
LEAVES += ["c(o: {q: 2 p: 1})"]


def selections(level, *spreads):
    """Draw what may stand between two braces, valid or not."""
    leaf = st.sampled_from([*LEAVES, *(f"...{name}" for name in spreads)])
    if level == 0:
        return st.lists(leaf, min_size=1, max_size=3).map(" ".join)
    below = selections(level - 1, *spreads)
    field = st.tuples(st.sampled_from(["b", "d", "f", "x: b", "x: d", "b: d"]), below)
    kinds = ["... on A", "... on B", "... on I", "...", "... on U"]
    nested = st.one_of(field, st.tuples(st.sampled_from(kinds), below))
    one = st.one_of(leaf, nested.map(lambda drawn: f"{drawn[0]} {{ {drawn[1]} }}"))
    return st.lists(one, min_size=1, max_size=4).map(" ".join)


@settings(max_examples=600, deadline=None, derandomize=True)
@given(selections(3, "F", "G"), selections(2, "G"), selections(1))
def test_fields_merge_where_the_library_says_that_they_do(root, first, second):
    text = (
        f"{{ i {{ {root} }} u {{ ... on A {{ {first} }} ...F }} a {{ {second} ...G }} }} "
        f"fragment F on I {{ {first} }} fragment G on A {{ {second} }}"
    )
    document = parse(text)
    ours = validate(MERGING, document, [MergeableFieldsRule])
    theirs = validate(MERGING, document, [OverlappingFieldsCanBeMergedRule])
    assert bool(ours) == bool(theirs), (text, ours, theirs)


async def test_planning_the_same_again_keeps_nothing_more(public):
    schema = graphql_schema(make_schema())
    bodies = [body for name, body in dear.everything(schema) if name.startswith(("wide", "deep"))]

    async def kept_after(nonce):
        for number, body in enumerate(bodies):
            # a comment would be the same document: another alias is another plan
            text = body.replace("{ nodes {", f"{{ pageInfo {{ n{nonce}: hasNextPage }} nodes {{")
            await post(public, text.replace(dear.NONCE, f"K{nonce}x{number}"))
        return sum(1 + len(one.remembered) for kept in aliases.shared.values() for one in kept)

    once = await kept_after(1)
    assert once > 500
    assert await kept_after(2) == once
