"""GraphQL over HTTP: what is no request is a 400 with a sentence, never a 500, and nothing runs."""

import json

import pytest
from graphql import get_introspection_query

from certgraph.problems import Problem
from tests.server.trust.test_lists import new_list, published

pytestmark = pytest.mark.http_alone

QUERY = '{ policyRule(id: "R39") { id } }'


BODIES = [
    (b"", 400),
    (b"null", 400),
    (b"3", 400),
    (b'"x"', 400),
    (b"[]", 400),
    (b'[{"query": "{ __typename }"}]', 400),
    (b"{}", 400),
    (b'{"query": ""}', 400),
    (b'{"query": " "}', 400),
    (b'{"query": "{organization(code:\\"\\u005cu0000\\"){code}}"}', 400),
    (b'{"query": 3}', 400),
    (b'{"query": null}', 400),
    (b'{"query": "{ __typename }", "variables": 3}', 400),
    (b'{"query": "{ __typename }", "variables": []}', 400),
    (b'{"query": "{ __typename }", "operationName": 3}', 400),
    (b'{"query": "{ __typename }", "extensions": 3}', 400),
    (b'{"query": "{ __typename }", "query": "{ __typename }"}', 400),
    (b'{"query": "{ __typename }", "variables": {"a": NaN}}', 400),
    (b'{"query": "\xff"}', 400),
    (b'{"query": "{ organization(code: \\"\\u0000\\") { id } }"}', 400),
    (b'{"query": "{ organization(code: \\"\\\\u{0}\\") { id } }"}', 400),
    (
        b'{"query": "query ($c: String!) { organization(code: $c) { id } }", '
        b'"variables": {"c": "\\ud800"}}',
        400,
    ),
    (b'{"query": "{ __typename }"', 400),
    (b'{"a":' * 20_000, 413),
    (b"[" * 30_000, 400),
    (b'{"query": "' + b" " * 65_536 + b'"}', 413),
]


async def test_a_body_that_is_no_request_is_refused_with_a_sentence(client):
    for body, status in BODIES:
        response = await client.http.post(
            "/graphql", content=body, headers={"Content-Type": "application/json"}
        )
        assert response.status_code == status, body[:60]
        content = response.json()
        assert "data" not in content
        assert content["errors"][0]["message"].endswith(".")


CONTENT_TYPES = (
    "text/plain",
    "text/plain,application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json; charset=utf-16",
    "application/jsonx",
    "",
)


async def test_media_types_are_compared_exactly(client):
    for content_type in CONTENT_TYPES:
        response = await client.http.post(
            "/graphql",
            content=json.dumps({"query": QUERY}),
            headers={"Content-Type": content_type},
        )
        assert response.status_code == 415, content_type


async def test_chunks_do_not_escape_the_limit(client):
    async def chunks():
        for _ in range(70):
            yield b" " * 1_024

    response = await client.http.post(
        "/graphql", content=chunks(), headers={"Content-Type": "application/json"}
    )
    assert response.status_code == 413


async def test_mutations_do_not_run_by_get(client):
    mutation = 'mutation { certificateRegister(input: {number: "1"}) { errors { __typename } } }'
    response = await client.http.get("/graphql", params={"query": mutation})
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


async def test_a_wrong_token_is_refused_and_not_taken_for_the_public(client):
    for value in ("Bearer cgt_wrong", "Basic abc", "Bearer", ""):
        response = await client.http.post(
            "/graphql", json={"query": QUERY}, headers={"Authorization": value}
        )
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == 'Bearer error="invalid_token"'


async def test_answers_are_not_kept_by_caches(client):
    response = await client.ask(QUERY)
    assert response.headers["cache-control"] == "no-store"
    assert response.json() == {"data": {"policyRule": {"id": "R39"}}}


def chain(length):
    """A chain of fragments, each spreading the next twice: 2^length fields when walked naively."""
    parts = ["{ ...F0 ...F0 }"]
    parts += [f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(length)]
    return " ".join([*parts, f"fragment F{length} on Query {{ __typename }}"])


HOSTILE = [
    (chain(28), "536870912 fields; 500 are allowed"),
    (chain(40), "41 fragments; 30 are allowed"),
    ("{" + " ".join(f"a{n}: __typename" for n in range(16)) + "}", "aliases; 15 are allowed"),
    (
        "{" + " ".join(f'a{n}: organization(code: "x") {{ id }}' for n in range(11)) + "}",
        "11 root fields; 10 are allowed",
    ),
    ("{" + " __typename" * 501 + "}", "501 fields; 500 are allowed"),
    ("{" + "\n" * 2_000 + "__typename }", "2001 lines; 2000 are allowed"),
    ("{ __schema " + "{ types" * 21 + " { name }" + " }" * 21 + " }", "levels of introspection"),
    (
        "{ certificateTypes(batchNumber: " + "1" * 5_000 + ") { nodes { id } } }",
        "a number of more than 20 digits",
    ),
    ("query ($n: Int = " + "1" * 5_000 + ") { __typename }", "a number of more than 20 digits"),
    (
        "{ standards { nodes"
        + " { certificateType { standards" * 6
        + " { id }"
        + " } }" * 6
        + " } }",
        "levels of fields; 12 are allowed",
    ),
    (
        "{ certificateTypes(first: 100) { nodes { standards { versions { workAreas { code } } } "
        "organizations { keys { kid } } levels { level } } edges { node { standards { versions "
        "{ workAreas { workTasks { code } } learningOutcomes { number } majors { code } } } "
        "organizations { keys { kid } kinds } levels { level } } } } }",
        "24400 objects",
    ),
    (
        'mutation { a: certificateRegister(input: {number: "1"}) { errors { __typename } } '
        'b: certificateRegister(input: {number: "2"}) { errors { __typename } } }',
        "2 mutations; 1 is allowed",
    ),
    ("fragment A on Query { ...A } { ...A }", "Cannot spread fragment 'A' within itself"),
    ("{" + " __typename" * 1_000 + "}", "token"),
    (
        '{ nodes(ids: ["x"]) { ... on Certificate { outcomes { certificate { outcomes { text } } } } } }',
        "The list Certificate.outcomes is below itself; ask for it once on a path.",
    ),
    (
        """{ standards { nodes { versions { standard { ...S } } } } }
        fragment S on Standard { versions { version } }""",
        "The list Standard.versions is below itself",
    ),
    (
        "{ certificates(first: 100) { nodes { qrCode { svg } } } }",
        "The document asks for 2100 objects; 2000 are allowed.",
    ),
    (
        '{ #"\r organizations(first: 111111111111111111111) #"\r { nodes { id } } }',
        "a number of more than 20 digits",
    ),
]


async def test_documents_beyond_the_limits_are_refused_before_they_run(client):
    for query, message in HOSTILE:
        response = await client.http.post(
            "/graphql",
            json={"query": query},
            headers={"Accept": "application/graphql-response+json"},
        )
        content = response.json()
        assert response.status_code == 400, query[:80]
        assert message in " ".join(error["message"] for error in content["errors"])
        assert "data" not in content


@pytest.mark.parametrize(
    "flag",
    ["@skip(#c\n if: $x)", "@ #skip\n skip(if #\n : $x)", "@skip(if: $x) @include(if: true)"],
)
async def test_comments_do_not_hide_what_is_skipped(client, flag):
    query = f"""query ($x: Boolean!) {{ organizations(first: 1) {{
      nodes {{ code name {flag} }} }} }}"""
    for x in (True, False):
        (found,) = (await client.data(query, {"x": x}))["organizations"]["nodes"]
        assert set(found) == ({"code"} if x else {"code", "name"})


async def test_of_two_operations_each_has_its_own_flags(client):
    query = """query A($x: Boolean!) { organizations { nodes { code @skip(if: $x) name } } }
      query B { organizations(first: 1) { nodes { code } } }"""
    response = await client.http.post("/graphql", json={"query": query, "operationName": "B"})
    assert response.json() == {"data": {"organizations": {"nodes": [{"code": "EO-001"}]}}}


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("gzip", "gzip"),
        ("br;q=1.0, gzip;q=0.8", "gzip"),
        ("gzip;q=0", None),
        ("gzip; q=0.0, br", None),
        ("xgzip", None),
        ("", None),
    ],
)
async def test_answers_are_compressed_for_who_takes_gzip(client, accepted, expected):
    found = await client.http.post(
        "/graphql",
        json={"query": "{ __schema { types { name description } } }"},
        headers={"Accept-Encoding": accepted},
    )
    assert found.headers.get("content-encoding") == expected
    assert found.json()["data"]["__schema"]["types"]


async def test_tools_may_ask_for_the_whole_schema_and_no_more(client):
    options = {"descriptions": True, "specified_by_url": True, "input_value_deprecation": True}
    found = await client.data(get_introspection_query(**options))
    assert "Certificate" in {t["name"] for t in found["__schema"]["types"]}
    deep = "{ __schema { types" + " { fields { type" * 4 + " { name }" + " } }" * 4 + " } }"
    response = await client.ask(deep)
    assert "introspection depth" in response.json()["errors"][0]["message"]


async def test_pages_have_limits(client):
    for first in (0, -1, 101):
        response = await client.ask(f"{{ organizations(first: {first}) {{ nodes {{ id }} }} }}")
        (error,) = response.json()["errors"]
        assert error["message"] == f"`first` is {first}; ask for 1 to 100."
        assert error["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    ("document", "code", "facts"),
    [
        (
            "{ organizations(first: 0) { nodes { id } } }",
            "answer.page_size",
            {"first": 0, "limit": 100},
        ),
        ('{ organizations(after: "x") { nodes { id } } }', "answer.cursor", {}),
        (
            f'{{ organizations(nameContains: "{"x" * 101}") {{ nodes {{ id }} }} }}',
            "answer.filter_length",
            {"limit": 100},
        ),
        (
            f"{{ nodes(ids: {['x'] * 101}) {{ id }} }}",
            "answer.id_count",
            {"count": 101, "limit": 100},
        ),
        ('{ verification(qrText: "x") { title } }', "verification.no_trust_list", {}),
        (
            "{ registerEntries(certificates: ["
            + f'{{number: "N", sha256: "{"0" * 64}"}}, ' * 101
            + "]) { state } }",
            "verification.entry_count",
            {"count": 101, "limit": 100},
        ),
        (
            '{ creditReconciliation(firstOn: "2026-01-01", lastOn: "2026-01-02") { agrees } }',
            "access.token_required",
            {},
        ),
    ],
)
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_errors_beside_data_are_in_the_callers_language(
    client, document, code, facts, language
):
    """One answer has one language: that of its other sentences."""
    document = document.replace("'", '"')
    (error,) = (await client.ask(document, language=language)).json()["errors"]
    assert error["message"] == Problem(code=code, facts=facts).message(language)


async def test_published_files_are_static_and_cacheable(client):
    assert (await client.http.get("/trust/bundle.cgtrust")).status_code == 404
    await client.house.issue()
    await new_list(client.house)
    _, bundle = await published(client.house)
    response = await client.http.get("/trust/bundle.cgtrust")
    assert response.content == bundle
    assert response.headers["cache-control"] == "public, max-age=300"
    assert response.headers["access-control-allow-origin"] == "*"
    again = await client.http.get(
        "/trust/bundle.cgtrust", headers={"If-None-Match": response.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    status = await client.http.get("/status/EO-001/0.cwt")
    assert status.headers["content-type"] == "application/statuslist+cwt"
    assert (await client.http.get("/status/EO-001/1.cwt")).status_code == 404
    assert (await client.http.get("/trust/../settings.env")).status_code == 404


async def test_graphiql_comes_from_our_own_files_alone(client):
    page = await client.http.get("/graphql", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert "https://" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for name in ("graphiql.js", "graphiql.css", "react.js", "react-dom.js", "page.js", "page.css"):
        assert f'"graphiql/{name}"' in page.text
        assert (await client.http.get(f"/graphiql/{name}")).status_code == 200
    assert (await client.http.get("/graphiql/..%2Fapp.py")).status_code == 404


async def test_odd_paths_and_filters_are_refused_like_any_other(client):
    for path in ("/graphiql/" + "a" * 5_000, "/trust/%00", "/status/a/%00", "/status/a/x.cwt"):
        assert (await client.http.get(path)).status_code == 404
    response = await client.ask(
        f'{{ organizations(nameContains: "{"a" * 50_000}") {{ nodes {{ id }} }} }}'
    )
    assert "at most 100 characters" in response.json()["errors"][0]["message"]
    for days in (0, -1, 367, 2_147_483_647, -2_147_483_648):
        query = f"""mutation {{ apiTokenCreate(input: {{ idempotencyKey: "k {days}", name: "x", role: VERIFIER, document: "d", reason: "r",
          lifetimeDays: {days} }}) {{ token errors {{ ... on UserError {{ code }} }} }} }}"""
        found = (await client.data(query, role="admin"))["apiTokenCreate"]
        assert found == {"token": None, "errors": [{"code": "token.lifetime"}]}


async def test_long_digits_inside_a_text_are_a_text(client):
    response = await client.ask('{ verification(qrText: "' + "1" * 900 + '") { verdict } }')
    assert response.json()["errors"][0]["extensions"]["code"] == "TRUST_DATA_MISSING"
