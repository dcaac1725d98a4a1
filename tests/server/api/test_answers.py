"""What every answer over HTTP says to a program: status, code, language, type; and what it may ask."""

import gzip
import json

import pytest

from certgraph.api.app import make_app
from certgraph.api.http.negotiation import (
    preferred_language,
    prefers_html,
    response_type,
    takes_gzip,
)

pytestmark = pytest.mark.http_alone

GRAPHQL = {"Accept": "application/graphql-response+json"}
REGISTER = 'mutation { certificateRegister(input: {number: "1"}) { errors { __typename } } }'


CODES = [
    ("{", {}, 400, "GRAPHQL_PARSE_FAILED"),
    (
        "{ certificates(first: 111111111111111111111) { nodes { id } } }",
        {},
        400,
        "GRAPHQL_PARSE_FAILED",
    ),
    ("{" + "a " * 1_001 + "}", {}, 400, "GRAPHQL_PARSE_FAILED"),
    ("{ a(b: " + "[" * 900, {}, 400, "GRAPHQL_PARSE_FAILED"),
    ("{ nope }", {}, 400, "GRAPHQL_VALIDATION_FAILED"),
    ("{ organizations(first: 1.5) { nodes { id } } }", {}, 400, "GRAPHQL_VALIDATION_FAILED"),
    ("query ($c: String!) { organization(code: $c) { id } }", {}, 400, "BAD_USER_INPUT"),
    (
        "query ($k: OrganizationKind) { organizations(kind: $k) { nodes { id } } }",
        {"k": "X"},
        400,
        "BAD_USER_INPUT",
    ),
    (
        "query ($d: Date) { certificates(issuedFrom: $d) { nodes { id } } }",
        {"d": "20240101"},
        400,
        "BAD_USER_INPUT",
    ),
    (
        "query ($d: Date) { certificates(issuedFrom: $d) { nodes { id } } }",
        {"d": "2024-W01-1"},
        400,
        "BAD_USER_INPUT",
    ),
    (
        '{ certificates(issuedFrom: "20240101") { nodes { id } } }',
        {},
        400,
        "GRAPHQL_VALIDATION_FAILED",
    ),
    ("{ organizations(first: 0) { nodes { id } } }", {}, 200, "BAD_USER_INPUT"),
    ("{ learningOutcomeChanges { __typename } }", {}, 200, "UNAUTHENTICATED"),
    ("query A { __typename } query B { __typename }", {}, 400, "OPERATION_RESOLUTION_FAILURE"),
]


@pytest.mark.parametrize(("query", "variables", "status", "code"), CODES)
async def test_every_error_has_a_code(client, query, variables, status, code):
    body = {"query": query, "variables": variables}
    answer = await client.http.post("/graphql", json=body, headers=GRAPHQL)
    assert answer.status_code == status
    for error in answer.json()["errors"]:
        assert error["extensions"]["code"] == code


TRANSPORT = [
    ({"headers": {"Authorization": "Bearer cgt_wrong"}}, 401, "UNAUTHENTICATED"),
    ({"method": "DELETE"}, 405, "METHOD_NOT_ALLOWED"),
    ({"headers": {"Accept": "image/png"}}, 406, "NOT_ACCEPTABLE"),
    ({"content": b" " * 70_000}, 413, "PAYLOAD_TOO_LARGE"),
    ({"headers": {"Content-Type": "text/plain"}}, 415, "UNSUPPORTED_MEDIA_TYPE"),
    (
        {
            "content": gzip.compress(b'{"query": "{ __typename }"}'),
            "headers": {"Content-Encoding": "gzip"},
        },
        415,
        "UNSUPPORTED_MEDIA_TYPE",
    ),
    ({"content": b"{"}, 400, "BAD_REQUEST"),
]


@pytest.mark.parametrize(("asked", "status", "code"), TRANSPORT)
async def test_a_request_that_does_not_run_says_why_in_its_code(client, asked, status, code):
    headers = {"Content-Type": "application/json", **asked.get("headers", {})}
    content = asked.get("content", b'{"query": "{ __typename }"}')
    method = asked.get("method", "POST")
    answer = await client.http.request(method, "/graphql", content=content, headers=headers)
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["extensions"]) == (status, {"code": code})


async def test_a_mutation_by_get_and_one_by_head_do_not_run(client):
    for method in ("GET", "HEAD"):
        answer = await client.http.request(method, "/graphql", params={"query": REGISTER})
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_clients_of_persisted_queries_learn_to_send_the_document(client):
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": "a" * 64}}
    expected = {
        "errors": [
            {
                "message": "PersistedQueryNotSupported",
                "extensions": {"code": "PERSISTED_QUERY_NOT_SUPPORTED"},
            }
        ]
    }
    for answer in (
        await client.http.post("/graphql", json={"extensions": extensions}),
        await client.http.get("/graphql", params={"extensions": json.dumps(extensions)}),
    ):
        assert (answer.status_code, answer.json()) == (200, expected)
    whole = {"query": "{ __typename }", "extensions": extensions}
    assert (await client.http.post("/graphql", json=whole)).json() == {
        "data": {"__typename": "Query"}
    }


async def test_head_answers_as_get_without_a_body(client):
    asked = {"params": {"query": "{ __typename }"}, "headers": {"X-Request-ID": "one"}}
    get = await client.http.get("/graphql", **asked)
    head = await client.http.head("/graphql", **asked)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers == get.headers


async def test_a_byte_order_mark_and_a_slash_at_the_end_do_no_harm(client):
    body = b"\xef\xbb\xbf" + b'{"query": "{ __typename }"}'
    answer = await client.http.post(
        "/graphql/", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.json() == {"data": {"__typename": "Query"}}


async def test_who_sends_a_token_may_send_what_the_schema_promises(client):
    outcomes = [{"number": n, "creditsTenths": 10} for n in range(1, 6)]
    candidate = {
        "holderName": "张示例",
        "standardCode": "STD-1",
        "standardVersion": "2020",
        "level": "ELEMENTARY",
        "issuedOn": "2026-11-02",
        "outcomes": outcomes,
    }
    candidates = [{**candidate, "reference": f"R-{n:036}" + "x" * 100} for n in range(200)]
    query = """mutation ($i: CertificateIssueManyInput!) { certificateIssueMany(input: $i) {
      run { certificates { number } } errors { ... on UserError { code message path } } } }"""
    given = {"i": {"organizationCode": "EO-001", "idempotencyKey": "k", "candidates": candidates}}
    assert len(json.dumps({"query": query, "variables": given})) > 64 * 1024
    found = (await client.data(query, given, role="issuer"))["certificateIssueMany"]
    assert found["errors"] == []
    assert len(found["run"]["certificates"]) == 200
    answer = await client.ask(query, given)
    assert answer.status_code == 413
    assert "Requests with a token may have 512 KB" in answer.json()["errors"][0]["message"]


COSTS = [
    (
        "query ($i: ID!) { node(id: $i) { ... on Organization { certificates(first: 20) { nodes { number } } } } }",
        {"i": "x"},
    ),
    (
        "query ($i: ID!) { node(id: $i) { ... on Certificate { number qrCode { svg } } } }",
        {"i": "x"},
    ),
    (
        "query ($i: ID!) { node(id: $i) { ... on CreditProposal { versions { units { name covers { code } } } } } }",
        {"i": "x"},
    ),
    (
        "query ($i: [ID!]!) { nodes(ids: $i) { ... on Organization { certificates(first: 100) { nodes { number } } } } }",
        {"i": ["x"] * 19},
    ),
    (
        "query ($f: Int = 5, $g: Int = 5) { organizations(first: $f) { nodes { certificateTypes(first: $g) { nodes { code } } } } }",
        {},
    ),
    (
        "query ($f: Int) { organizations(first: $f) { nodes { certificateTypes(first: 50) { nodes { code } } } } }",
        {"f": None},
    ),
    (
        "query ($w: Boolean!) { organizations(first: 100) { nodes { code certificateTypes(first: 100) @include(if: $w) { nodes { code } } } } }",
        {"w": False},
    ),
    (
        "{ ...A ...B ...C ...D ...E ...F __typename t: __typename } "
        + " ".join(
            f"fragment {f} on Query {{ organizations(first: 100) {{ nodes {{ code {x} }} }} }}"
            for f, x in zip("ABCDEF", ("name", "state", "id", "kinds", "code", "name"), strict=True)
        ),
        {},
    ),
]


@pytest.mark.parametrize(("query", "variables"), COSTS)
async def test_a_request_counts_for_what_it_asks_with_its_variables(client, query, variables):
    assert (await client.data(query, variables)) is not None


@pytest.mark.parametrize(
    ("query", "variables", "objects"),
    [
        (COSTS[3][0], {"i": ["x"] * 20}, 2_020),
        (COSTS[4][0], {"f": 50, "g": 50}, 2_550),
        (COSTS[5][0], {"f": 100}, 5_100),
        (COSTS[6][0], {"w": True}, 10_100),
        (
            "{ organizations(first: 2147483647) { nodes { certificates(first: 20) { nodes { id } } } } }",
            {},
            2_100,
        ),
    ],
)
async def test_a_request_for_too_much_is_refused_by_the_same_count(
    client, query, variables, objects
):
    (error,) = (await client.ask(query, variables)).json()["errors"]
    assert error["message"] == f"The document asks for {objects} objects; 2000 are allowed."


async def test_nothing_given_is_as_if_it_were_left_out(client):
    query = "query ($f: Int, $a: String) { organizations(first: $f, after: $a) { nodes { code } } }"
    expected = {"organizations": {"nodes": [{"code": "EO-001"}, {"code": "EO-002"}]}}
    for variables in ({}, {"f": None, "a": None}, {"a": ""}):
        assert await client.data(query, variables) == expected
    literal = 'query { organizations(first: null, after: "") { nodes { code } } }'
    assert await client.data(literal) == expected


async def test_numbers_in_texts_comments_and_names_are_no_numbers(client):
    digits = "1" * 40
    query = f'''{{ # {digits}
      a{digits}: organization(code: """{digits}""") {{ code }} b: organization(code: "{digits}") {{ code }} }}'''
    assert await client.data(query) == {f"a{digits}": None, "b": None}


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("", "zh"),
        ("*", "zh"),
        ("fr", "en"),
        ("fr, zh;q=0.5, en;q=0.8", "en"),
        ("zh;q=0, en", "en"),
        ("en;q=0.9, zh-CN", "zh"),
        ("zh-TW, en", "zh"),
        ("en;q=x, zh;q=0.1", "zh"),
    ],
)
def test_the_language_that_is_wanted_most(accept, language):
    assert preferred_language(accept) == language


@pytest.mark.parametrize(
    ("accept", "media_type", "is_page"),
    [
        ("", "application/json", False),
        ("*/*", "application/json", False),
        ("application/graphql-response+json;q=0, application/json", "application/json", False),
        (
            "application/json;q=0.5, application/graphql-response+json",
            "application/graphql-response+json",
            False,
        ),
        (
            "application/graphql-response+json, application/json;q=0.9",
            "application/graphql-response+json",
            False,
        ),
        ("image/png, */*;q=0", None, False),
        ("text/html;q=0.1, application/json", "application/json", False),
        ("text/html, application/xml;q=0.9, */*;q=0.8", "application/json", True),
    ],
)
def test_the_media_type_that_is_wanted_most(accept, media_type, is_page):
    assert (response_type(accept), prefers_html(accept)) == (media_type, is_page)


@pytest.mark.parametrize(
    ("accept", "takes"),
    [("*", True), ("gzip;q=0, *", False), ("br, *;q=0", False), ("GZIP;q=0.1", True)],
)
def test_compression_that_is_taken(accept, takes):
    assert takes_gzip(accept.encode()) is takes


PREFLIGHT = {
    "Origin": "https://portal.example.edu.cn",
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type,accept-language",
}


async def test_no_page_of_another_site_may_ask_unless_it_is_named(client):
    answer = await client.http.options("/graphql", headers=PREFLIGHT)
    assert (answer.status_code, answer.headers.get("access-control-allow-origin")) == (405, None)
    settings = client.house.settings.model_copy(
        update={"cors_origins": "https://portal.example.edu.cn, https://other.example"}
    )
    app = make_app(
        settings, clock=lambda: client.house.now, random=client.house.random, publishing=False
    )
    client.http._transport.app = app
    answer = await client.http.options("/graphql", headers=PREFLIGHT)
    assert answer.headers["access-control-allow-origin"] == PREFLIGHT["Origin"]
    assert answer.headers["access-control-max-age"] == "86400"
    for origin, allowed in (
        (PREFLIGHT["Origin"], PREFLIGHT["Origin"]),
        ("https://evil.example", None),
    ):
        answer = await client.http.post(
            "/graphql", json={"query": "{ __typename }"}, headers={"Origin": origin}
        )
        assert answer.json() == {"data": {"__typename": "Query"}}
        assert answer.headers.get("access-control-allow-origin") == allowed
    await app.server.close()


async def test_files_go_out_compressed_once_and_keep_their_validators(client):
    plain = await client.http.get("/v", headers={"Accept-Encoding": "identity"})
    packed = await client.http.get("/v", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in packed.headers["vary"].lower()
    assert packed.text == plain.text
    assert packed.headers["etag"] != plain.headers["etag"]
    for found in (plain, packed):
        again = await client.http.get(
            "/v",
            headers={
                "If-None-Match": found.headers["etag"],
                "Accept-Encoding": "gzip" if found is packed else "identity",
            },
        )
        assert (again.status_code, again.content) == (304, b"")
