"""Documents that are asked for by their hash, and answers that a cache may keep."""

import hashlib
import json
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import httpx2
import pytest

from certgraph import verify_page
from certgraph.api.app import make_app
from certgraph.api.http.caching import SHARED_ROOTS
from certgraph.api.reads.documents import Documents
from certgraph.settings import SettingsError
from certgraph.verify_page.page import REGISTER_QUERY

pytestmark = pytest.mark.http_alone

NAMES = "query Names($first: Int) { organizations(first: $first) { nodes { code } } }"
VIEWER = "{ viewer { role } }"
TWO = "query One { __typename } query Two { organizations(first: 1) { nodes { code } } }"
MUTATION = 'mutation { certificateRegister(input: {number: "1"}) { errors { __typename } } }'
REFUSED = "{ noSuchField }"


def hash_of(text):
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def keeping(client, tmp_path):
    """Asks a server that keeps documents."""

    @asynccontextmanager
    async def make(content, **settings):
        file = tmp_path / "documents.json"
        text = content if isinstance(content, str) else json.dumps(content)
        file.write_text(text, encoding="utf-8")
        given = client.house.settings.model_copy(update={"documents_file": file, **settings})
        app = make_app(given, clock=lambda: client.house.now, random=Random(5), publishing=False)
        transport = httpx2.ASGITransport(app, raise_app_exceptions=True)
        try:
            async with httpx2.AsyncClient(transport=transport, base_url="http://test") as http:
                yield http
        finally:
            await app.server.close()

    return make


def kept(*texts):
    return {hash_of(text): text for text in texts}


APOLLO = {
    "format": "apollo-persisted-query-manifest",
    "version": 1,
    "operations": [{"id": hash_of(NAMES), "name": "Names", "type": "query", "body": NAMES}],
}


@pytest.mark.parametrize("content", [kept(NAMES), APOLLO, {f"sha256:{hash_of(NAMES)}": NAMES}])
async def test_a_document_is_asked_for_by_its_hash(keeping, content):
    expected = {"data": {"organizations": {"nodes": [{"code": "EO-001"}]}}}
    apollo = {"persistedQuery": {"version": 1, "sha256Hash": hash_of(NAMES)}}
    variables = {"first": 1}
    async with keeping(content) as http:
        for asked in (
            {"documentId": f"sha256:{hash_of(NAMES)}"},
            {"documentId": hash_of(NAMES)},
            {"extensions": apollo},
            {"query": NAMES, "extensions": apollo},
            {"query": NAMES, "documentId": None},
        ):
            answer = await http.post("/graphql", json={**asked, "variables": variables})
            assert (answer.status_code, answer.json()) == (200, expected)
        params = {"documentId": f"sha256:{hash_of(NAMES)}", "variables": '{"first":1}'}
        assert (await http.get("/graphql", params=params)).json() == expected


NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
WRONG = [
    ({"documentId": f"sha256:{'0' * 64}"}, 404, NOT_FOUND),
    ({"documentId": f"sha512:{hash_of(NAMES)}"}, 404, NOT_FOUND),
    ({"documentId": hash_of(NAMES).upper()}, 404, NOT_FOUND),
    ({"documentId": ""}, 404, NOT_FOUND),
    ({"documentId": 5}, 400, "BAD_REQUEST"),
    ({"documentId": {}, "query": NAMES}, 400, "BAD_REQUEST"),
    ({"documentId": hash_of(NAMES), "query": NAMES}, 400, "BAD_REQUEST"),
    ({"documentId": hash_of(TWO)}, 200, "OPERATION_RESOLUTION_FAILURE"),
    ({"documentId": hash_of(REFUSED)}, 200, "GRAPHQL_VALIDATION_FAILED"),
    (
        {"extensions": {"persistedQuery": {"sha256Hash": "0" * 64}}},
        200,
        "PERSISTED_QUERY_NOT_SUPPORTED",
    ),
    ({"extensions": {"persistedQuery": 1}}, 200, "PERSISTED_QUERY_NOT_SUPPORTED"),
    ({"documentId": None}, 400, "BAD_REQUEST"),
]


async def test_a_hash_that_names_nothing_says_so(keeping, caplog):
    async with keeping(kept(NAMES, TWO, REFUSED)) as http:
        for asked, status, code in WRONG:
            answer = await http.post("/graphql", json=asked)
            found = [error["extensions"]["code"] for error in answer.json()["errors"]]
            assert (answer.status_code, found) == (status, [code]), asked
        second = {"documentId": hash_of(TWO), "operationName": "Two"}
        answer = (await http.post("/graphql", json=second)).json()
        assert answer == {"data": {"organizations": {"nodes": [{"code": "EO-001"}]}}}
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"the persisted document sha256:{hash_of(REFUSED)} is refused: Cannot")


async def test_the_public_may_be_given_these_documents_alone(keeping, client):
    token = {"Authorization": f"Bearer {client.tokens['issuer']}"}
    async with keeping(kept(NAMES, MUTATION), public_documents_only=True) as http:
        refused = await http.post("/graphql", json={"query": VIEWER})
        assert (refused.status_code, refused.json()) == (
            403,
            {
                "errors": [
                    {
                        "message": "Without a token this server answers the documents that its "
                        "operator keeps, and no others: send `documentId`, or a token.",
                        "extensions": {"code": "PERSISTED_QUERY_ID_REQUIRED"},
                    }
                ]
            },
        )
        large = VIEWER + " " * 10_000
        assert (await http.post("/graphql", json={"query": large})).status_code == 403
        assert (await http.get("/graphql", params={"query": VIEWER})).status_code == 403
        for asked in ({"documentId": hash_of(NAMES)}, {"query": NAMES}):
            assert (await http.post("/graphql", json=asked)).status_code == 200
        answer = await http.post("/graphql", json={"query": VIEWER}, headers=token)
        assert answer.json() == {"data": {"viewer": {"role": "EVALUATION_ORGANIZATION"}}}
        by_get = {"documentId": hash_of(MUTATION)}
        assert (await http.get("/graphql", params=by_get, headers=token)).status_code == 405
        assert (await http.get("/catalogue")).status_code == 200
        page = {"query": REGISTER_QUERY, "variables": {"asked": []}}
        assert (await http.post("/graphql", json=page)).json() == {"data": {"registerEntries": []}}


def test_what_the_page_asks_the_register_is_what_is_kept_for_it():
    scripts = Path(verify_page.__file__).parent.glob("built/*.js")
    assert any(json.dumps(REGISTER_QUERY) in file.read_text("utf-8") for file in scripts)


async def test_documents_that_are_kept_are_read_once(keeping, monkeypatch):
    """However many others are read meanwhile."""
    async with keeping(kept(NAMES)) as http:
        monkeypatch.setattr(Documents, "read", None)
        monkeypatch.setattr(Documents, "known", None)
        answer = await http.post("/graphql", json={"documentId": hash_of(NAMES)})
        assert (answer.status_code, list(answer.json())) == (200, ["data"])


BAD_FILES = [
    ("{", "cannot be read"),
    ("[]", "holds no persisted documents"),
    ('{"operations": {}}', "holds no persisted documents"),
    ('{"operations": [1]}', "holds no persisted documents"),
    ({"d41d8cd98f00b204e9800998ecf8427e": NAMES}, "let the tool that makes the file use SHA-256"),
    ({hash_of(NAMES): 5}, "is no SHA-256 hash of a document"),
    ({hash_of(NAMES): NAMES + " "}, "has another hash"),
    ({hash_of(NAMES): "\ud800"}, "has another hash"),
    ({"operations": [{"id": hash_of(NAMES)}]}, "is no SHA-256 hash of a document"),
    ("[" * 100_000, "cannot be read"),
]


async def test_a_file_of_another_form_is_refused_at_the_start(keeping):
    for content, message in BAD_FILES:
        with pytest.raises(SettingsError, match=message):
            await keeping(content).__aenter__()


CACHED = "public, max-age=60"
PUBLIC = "{ organizations(first: 2) { nodes { code } } regimes { code } }"
OF_A_PERSON = 'query { certificate(number: "x", holderName: "x") { number } organizations(first: 1) { nodes { code } } }'
HIDDEN = "query ($all: Boolean!) { regimes { code } viewer @include(if: $all) { role } }"


async def test_what_is_for_everybody_may_be_kept_by_caches_and_is_not_sent_twice(client):
    first = await client.http.get("/graphql", params={"query": PUBLIC})
    assert (first.status_code, first.headers["cache-control"]) == (200, CACHED)
    assert (
        first.headers["vary"]
        == "Accept, Accept-Encoding, Accept-Language, Authorization, Cookie, Origin"
    )
    tag = first.headers["etag"]
    for known in (tag, tag.removeprefix("W/"), f'"x", {tag}', "*"):
        asked = {"params": {"query": PUBLIC}, "headers": {"If-None-Match": known}}
        again = await client.http.get("/graphql", **asked)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert "content-type" not in again.headers
    other = {"params": {"query": PUBLIC}, "headers": {"If-None-Match": '"x"'}}
    assert (await client.http.get("/graphql", **other)).content == first.content
    packed = {"params": {"query": PUBLIC}, "headers": {"Accept-Encoding": "gzip"}}
    assert (await client.http.get("/graphql", **packed)).headers["etag"] == tag


@pytest.mark.parametrize(
    ("asked", "role", "cache"),
    [
        ({"query": PUBLIC}, "issuer", "no-store"),
        ({"query": "{ viewer { role } }"}, None, "no-store"),
        ({"query": OF_A_PERSON}, None, "no-store"),
        ({"query": HIDDEN, "variables": '{"all": true}'}, None, "no-store"),
        ({"query": HIDDEN, "variables": '{"all": false}'}, None, CACHED),
        ({"query": "{ ...F } fragment F on Query { viewer { role } }"}, None, "no-store"),
        ({"query": "{ viewer: regimes { code } }"}, None, CACHED),
        ({"query": "{ __schema { queryType { name } } }"}, None, CACHED),
    ],
)
async def test_what_is_of_one_caller_or_person_is_kept_by_nobody(client, asked, role, cache):
    headers = {"Authorization": f"Bearer {client.tokens[role]}"} if role else {}
    answer = await client.http.get("/graphql", params=asked, headers=headers)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, cache)
    headers["If-None-Match"] = answer.headers["etag"]
    again = await client.http.get("/graphql", params=asked, headers=headers)
    assert (again.status_code, again.headers["cache-control"]) == (304, cache)


@pytest.mark.parametrize(
    "certificates",
    ['certificates(number: "1", holderName: "张三")', "certificates(holderName: $name)"],
)
async def test_no_cache_has_a_persons_name_in_its_keys(client, certificates):
    declared = "query ($name: String) " if "$" in certificates else ""
    document = f"{declared}{{ organizations(first: 1) {{ nodes {{ {certificates} "
    document += "{ nodes { number } } } } }"
    answer = await client.http.get("/graphql", params={"query": document})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")


async def test_no_cache_keeps_an_error_or_what_came_by_post(client):
    wrong = '{ organizations(first: 1, after: "x") { nodes { code } } }'
    for answer in (
        await client.http.get("/graphql", params={"query": "{ nope }"}),
        await client.http.get("/graphql", params={"query": wrong}),
        await client.http.post("/graphql", json={"query": PUBLIC}),
    ):
        assert answer.headers["cache-control"] == "no-store"
        assert "etag" not in answer.headers


def test_every_shared_root_is_one_of_the_schema(client):
    query = client.http._transport.app.server.answering._documents._schema.query_type
    assert {name for name in SHARED_ROOTS if not name.startswith("__")} <= set(query.fields)
