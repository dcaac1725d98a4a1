"""Each request has an id, in its answer and in what is logged; a line of it names nobody."""

import io
import json
import logging
import re

import pytest
from sqlalchemy import text

from certgraph.cli.logs import configure_logs
from certgraph.settings import LogFormat

pytestmark = pytest.mark.http_alone

HOLDER = "张三"
LIST = {"query": "{ organizations { nodes { code } } }"}


@pytest.fixture
def logged(house):
    """What is logged from here on, as lines; all loggers are as before at the end."""
    root, access = logging.getLogger(), logging.getLogger("certgraph.access")
    before = root.handlers[:], root.level, access.level

    def begin(**changes):
        configure_logs(house.settings.model_copy(update=changes))
        stream = io.StringIO()
        root.handlers[0].setStream(stream)
        return lambda: stream.getvalue().splitlines()

    yield begin
    root.handlers[:], root.level = before[:2]
    access.setLevel(before[2])


@pytest.mark.parametrize(
    ("given", "is_kept"),
    [
        ("abc-1.2_X", True),
        ("a" * 64, True),
        ("a" * 65, False),
        ("a b", False),
        ("a\\n", False),
        ("", False),
    ],
)
@pytest.mark.parametrize("path", ["/livez", "/nowhere", "/credit-bank/changes.jsonl.gz"])
async def test_an_id_that_is_none_is_replaced(client, path, given, is_kept):
    answer = await client.http.get(path, headers={"X-Request-ID": given})
    found = answer.headers.get_list("x-request-id")
    assert len(found) == 1
    assert (found == [given]) == is_kept
    assert is_kept or re.fullmatch("[0-9a-f]{16}", found[0])


async def test_each_answer_of_the_graph_has_an_id_of_its_own(client):
    answers = [await client.http.post("/graphql", json=LIST) for _ in range(2)]
    first, second = (one.headers["x-request-id"] for one in answers)
    assert first != second


async def test_a_line_of_a_request_names_nobody(client, logged):
    lines = logged(log_format=LogFormat.JSON, access_log=True)
    secret, key = "s3cret-of-a-link", "00000000-0000-0000-0000-00000000000A"
    await client.http.post("/graphql?operationName=张三", json=LIST)
    await client.http.get(f"/h/l/{secret}?name=张三", headers={"X-Request-ID": "one"})
    await client.http.get(f"/batches/{key}/problems")
    await client.http.get(f"/h/c/{key}.pdf")
    await client.http.get(f"/unknown/{secret}")
    found = [json.loads(line) for line in lines()]
    assert [(one["method"], one["path"], one["status"]) for one in found] == [
        ("POST", "/graphql", 200),
        ("GET", "/h/l/{secret}", 404),
        ("GET", "/batches/{id}/problems", 401),
        ("GET", "/h/c/{id:uuid}.pdf", 403),
        ("GET", "-", 404),
    ]
    assert found[1]["request_id"] == "one"
    assert {frozenset(one) for one in found} == {
        frozenset(
            (
                *("event", "level", "logger", "timestamp", "request_id"),
                *("method", "path", "status", "milliseconds"),
            )
        )
    }
    whole = "\n".join(lines())
    assert not any(one in whole for one in (secret, key, "张三"))


@pytest.mark.parametrize("form", LogFormat)
async def test_a_defect_is_logged_with_the_id_of_its_request(client, house, logged, form):
    async with house.sessions.begin() as session:
        await session.execute(text("DROP TABLE feedback"))
    lines = logged(log_format=form)
    query = {"query": "{ feedback { nodes { id } } }"}
    headers = {"X-Request-ID": "of-a-defect", "Authorization": f"Bearer {client.tokens['admin']}"}
    answer = await client.http.post("/graphql", json=query, headers=headers)
    assert answer.headers["x-request-id"] == "of-a-defect"
    assert answer.json()["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    first = lines()[0]
    assert "of-a-defect" in first
    if form is LogFormat.JSON:
        found = json.loads(first)
        assert (found["level"], found["request_id"]) == ("error", "of-a-defect")
        assert "feedback" in found["exception"]


async def test_a_line_for_people_has_the_status_as_a_number(client, logged):
    lines = logged(access_log=True)
    await client.http.get("/catalogue")
    assert lines()[0].endswith("status=200")


async def test_requests_are_not_logged_unless_that_is_asked_for(client, logged):
    lines = logged()
    await client.http.get("/livez")
    assert lines() == []


@pytest.mark.parametrize("form", LogFormat)
async def test_a_defect_is_logged_with_its_place_and_without_the_values_there(logged, form):
    lines = logged(log_format=form)

    def fail(holder_name):
        message = "a defect"
        raise RuntimeError(message)

    try:
        fail(HOLDER)
    except RuntimeError:
        logging.getLogger("certgraph.api").exception("a request failed")
    said = "\n".join(lines())
    assert "a defect" in said
    assert "in fail" in said
    assert "张三" not in said
    assert "\\u5f20" not in said
    assert len(said) < 4_000
