"""Small requests that would cost much, or go round a limit, are refused or cost little."""

import time

import pytest

from tests.server.api.test_limits import asking, left

pytestmark = pytest.mark.http_alone

ONE = "{ __typename }"
ALWAYS = "{ viewer { role } }"


async def least_of_turns(ask):
    """Return an answer, and the least processor time of some turns, each with another number.

    Others on the machine make single turns dearer.
    """
    seconds = []
    for turn in range(5):
        start = time.process_time()
        answer = await ask(turn)
        seconds.append(time.process_time() - start)
    return answer, min(seconds)


MANY = "a," * 37_000


@pytest.mark.parametrize(
    ("path", "header", "value"),
    [
        ("/graphql?query={__typename}", "Accept", MANY),
        ("/graphql?query={__typename}", "Accept", "*/*;" + "charset=utf-8;" * 5_000),
        ("/graphql?query={__typename}", "Accept-Encoding", MANY),
        ("/graphql?query={__typename}", "Accept-Language", MANY),
        ("/graphql?query={__typename}", "If-None-Match", MANY),
        ("/v", "Accept-Language", MANY),
        ("/", "Accept", MANY),
        ("/trust/bundle.cgtrust", "If-None-Match", MANY),
    ],
)
async def test_a_long_header_costs_little(client, path, header, value):
    await client.http.get(path)
    answer, seconds = await least_of_turns(
        lambda turn: client.http.get(path, headers={header: f"{value}{path}{turn}"})
    )
    assert answer.status_code in (200, 307, 404, 406)
    assert seconds < 0.1


async def test_a_long_content_type_is_none_of_ours(client):
    content_type = "application/json;" + "charset=utf-8;" * 5_000
    answer, seconds = await least_of_turns(
        lambda turn: client.http.post(
            "/graphql", content=b"{}", headers={"Content-Type": f"{content_type}n={turn}"}
        )
    )
    assert answer.status_code == 415
    assert seconds < 0.1


@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize("accept", ["x/y", "text/html", "application/json"])
async def test_a_wrong_token_pays_whatever_else_is_asked(client, method, accept):
    headers = {"Authorization": "x", "Accept": accept}
    async with asking(client, graphiql=True) as (http, _):
        answer = await http.request(method, "/graphql?query={__typename}", headers=headers)
        assert (answer.status_code, left(answer)) == (401, 200 - 10)


CERTIFICATES = """query ($c: [SignedCertificateInput!]!) {
  registerEntries(certificates: $c) { state } }"""
EMPTY = {"number": "", "sha256": ""}


async def test_very_many_values_are_refused_before_they_are_looked_at(client):
    await client.ask(CERTIFICATES, {"c": [EMPTY]})
    answer, seconds = await least_of_turns(
        lambda turn: client.ask(CERTIFICATES, {"c": [EMPTY] * (2_500 + turn)})
    )
    (error,) = answer.json()["errors"]
    assert error["message"] == "Without a token the variables hold at most 1500 values."
    assert (answer.status_code, error["extensions"]["code"]) == (400, "BAD_REQUEST")
    assert seconds < 0.05


@pytest.mark.parametrize(("count", "is_taken"), [(1_498, True), (1_499, False)])
async def test_the_values_of_the_public_are_counted_with_keys_and_lists(client, count, is_taken):
    """The variables themselves are one."""
    body = {"query": ONE, "variables": {f"v{number}": [] for number in range(count // 2)}}
    body["variables"] |= {"odd": 1} if count % 2 else {}
    answer = await client.http.post("/graphql", json=body)
    size = 1 + 2 * len(body["variables"])
    assert (answer.status_code == 200) == (size <= 1_500) == is_taken
    by_token = await client.ask(ONE, body["variables"], role="issuer")
    assert by_token.status_code == 200


@pytest.mark.parametrize(("count", "is_taken"), [(20, True), (21, False)])
async def test_a_document_has_twenty_operations_at_most(client, count, is_taken):
    document = " ".join(f"query Q{number} {ONE}" for number in range(count))
    body = {"query": document, "operationName": "Q3"}
    answer = await client.http.post("/graphql", json=body)
    if is_taken:
        assert answer.json() == {"data": {"__typename": "Query"}}
    else:
        said = "The document asks for 21 operations; 20 are allowed."
        assert [error["message"] for error in answer.json()["errors"]] == [said]


async def test_a_document_of_many_operations_costs_little(client):
    def many(turn):
        document = " ".join(f"query Q{number}T{turn} {ONE}" for number in range(199))
        return client.http.post("/graphql", json={"query": document})

    answer, seconds = await least_of_turns(many)
    assert answer.json()["errors"]
    assert seconds < 0.05


@pytest.mark.parametrize("path", ["/v", "/catalogue", "/graphql", "/", "/livez"])
async def test_an_address_has_six_hundred_fields_at_most(client, path):
    allowed = await client.http.get(path + "?" + "&".join(["query={__typename}"] * 600))
    assert allowed.status_code in (200, 307)
    refused = await client.http.get(path + "?" + "&".join(["%61=%ff"] * 601))
    assert (refused.status_code, "more than 600 fields" in refused.text) == (400, True)


async def test_a_form_of_many_fields_is_refused_in_our_words(client):
    answer = await client.http.post("/v", data={f"f{number}": "x" for number in range(101)})
    assert (answer.status_code, answer.text) == (400, "The form has more than 100 fields.\n")


BODIES = {
    b'{"query": "{__typename}", "variables": {"x": ' + b"1" * 21 + b"}}": (
        "The JSON cannot be read: a number has more than 20 digits."
    ),
    b'{"query": "{__typename}", "variables": {"x": ' + b"1" * 5_000 + b"}}": (
        "The JSON cannot be read: a number has more than 20 digits."
    ),
    b'{"query": "\xff"}': "The JSON is not in UTF-8: see byte 11.",
}


@pytest.mark.parametrize("body", BODIES)
async def test_what_is_wrong_with_a_body_is_said_in_our_words(client, body):
    headers = {"Content-Type": "application/json"}
    answer = await client.http.post("/graphql", content=body, headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["message"]) == (400, BODIES[body])


FIELDS = [
    "auditEntries(doneFrom: $d) { nodes { id } }",
    "auditEntries(doneTo: $d) { nodes { id } }",
    "conversionApplications(submittedFrom: $d) { nodes { id } }",
    "conversionApplications(submittedTo: $d) { nodes { id } }",
]


@pytest.mark.parametrize("day", ["0001-01-01", "0001-01-02", "9999-12-30", "9999-12-31"])
@pytest.mark.parametrize("role", [None, "admin"])
async def test_a_list_may_begin_and_end_with_any_day(client, role, day):
    query = "query ($d: Date) { " + " ".join(f"f{n}: {one}" for n, one in enumerate(FIELDS)) + " }"
    found = await client.data(query, {"d": day}, role=role)
    is_early = day < "2000"
    has_any = [bool(found[f"f{n}"]["nodes"]) for n in range(4)]
    assert has_any == [role == "admin" and is_early, role == "admin" and not is_early, False, False]


@pytest.mark.parametrize("path", ["/trust/bundle.cgtrust%0a", "/trust/bun%0adle.cgtrust"])
async def test_a_published_file_has_one_name(client, path):
    answer = await client.http.get(path)
    assert (answer.status_code, answer.text.strip()) == (404, "Not published here.")


async def test_a_parameter_that_is_unknown_or_missing_is_named(client):
    headers = {"Authorization": f"Bearer {client.tokens['issuer']}"}
    answers = [
        await client.http.get("/batches?organization=nope", headers=headers),
        await client.http.get("/batches/template.xlsx", headers=headers),
    ]
    assert [(one.status_code, one.json()["errors"][0]["code"]) for one in answers] == [
        (422, "request.parameter_unknown"),
        (422, "request.parameter_missing"),
    ]
