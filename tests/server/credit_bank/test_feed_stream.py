"""The feed as a file: the same changes, whole or seen not to be."""

import asyncio
import hashlib
import json
import zlib
from collections import Counter
from datetime import timedelta

import pytest

from certgraph.api.http import feed_stream
from certgraph.certificates.rules import CertificateState
from tests.server.credit_bank.test_feed import change, erase, issue, pull, register
from tests.server.parties import asking


@pytest.fixture
async def reader(worthy, worth_tokens, monkeypatch):
    monkeypatch.setattr(feed_stream, "PAGE", 2)
    async with asking(worthy, worth_tokens) as found:
        yield found


async def get(reader, party="credit-bank", **parameters):
    headers = {"Accept-Language": "en"}
    if party != "public":
        headers["Authorization"] = f"Bearer {reader.tokens[party]}"
    return await reader.http.get(
        "/credit-bank/changes.jsonl.gz", params=parameters, headers=headers
    )


def lines(response):
    """Return the lines of a whole file; check its end."""
    assert response.status_code == 200, response.text
    body = zlib.decompress(response.content, 31)
    before, _, last = body.removesuffix(b"\n").rpartition(b"\n")
    end = json.loads(last)["end"]
    written = before + b"\n" if before else b""
    assert end["sha256"] == hashlib.sha256(written).hexdigest()
    found = [json.loads(line) for line in before.splitlines()]
    changes = [line for line in found if "sequence" in line]
    assert end["rows"] == len(changes)
    return changes, [line["cursor"] for line in found if "cursor" in line], end


async def test_the_file_holds_what_the_pages_hold(reader):
    house = reader.house
    numbers = await issue(house, 4)
    await register(house, *numbers)
    await change(house, numbers[0], CertificateState.REVOKED)
    response = await get(reader)
    assert response.headers["content-type"] == "application/gzip"
    changes, cursors, end = lines(response)
    pages = (await pull(reader))["nodes"]
    assert [(c["sequence"], c["kind"], c["reason"], c["sha256"], c["record"]) for c in changes] == [
        (c["sequence"], c["kind"], c["reason"], c["sha256"], json.loads(c["record"])) for c in pages
    ]
    assert end["epoch"] == pages[0]["epoch"]
    assert end["cursor"] == cursors[-1] == (await pull(reader))["pageInfo"]["endCursor"]


async def test_a_stream_goes_on_from_any_cursor_of_file_or_page(reader):
    house = reader.house
    await register(house, *await issue(house, 5))
    _, cursors, end = lines(await get(reader))
    assert len(cursors) == 3
    for after, expected in zip(cursors, ([3, 4, 5], [5], []), strict=True):
        changes, _, _ = lines(await get(reader, after=after))
        assert [c["sequence"] for c in changes] == expected
    page = await pull(reader, first=1)
    changes, _, _ = lines(await get(reader, after=page["pageInfo"]["endCursor"]))
    assert [c["sequence"] for c in changes] == [2, 3, 4, 5]
    changes, cursors, again = lines(await get(reader, after=end["cursor"]))
    assert (changes, cursors, again["rows"], again["cursor"]) == ([], [], 0, end["cursor"])


async def test_a_cut_stream_does_not_look_whole_wherever_it_is_cut(reader):
    house = reader.house
    await register(house, *await issue(house, 5))
    body = zlib.decompress((await get(reader)).content, 31)
    assert is_whole(body)
    for length in range(len(body)):
        assert not is_whole(body[:length])
    lines_ = body.splitlines(keepends=True)
    for place in range(len(lines_) - 1):
        assert not is_whole(b"".join(lines_[:place] + lines_[place + 1 :]))


def is_whole(body):
    """Tell whether a file is whole, as the docs say how."""
    before, _, last = body.removesuffix(b"\n").rpartition(b"\n")
    try:
        end = json.loads(last)["end"]
    except (ValueError, KeyError):
        return False
    is_ended = body.endswith(b"\n")
    return is_ended and end["sha256"] == hashlib.sha256(before + b"\n").hexdigest()


async def test_an_epoch_that_begins_meanwhile_leaves_the_file_without_end(reader, monkeypatch):
    house = reader.house
    await register(house, *await issue(house, 3))
    await pull(reader)
    original = feed_stream._Stream._end

    async def end(self):
        restart = (
            'mutation { outcomeFeedRestart(input: {reason: "test"}) { errors { __typename } } }'
        )
        await reader.done("admin", restart)
        return await original(self)

    monkeypatch.setattr(feed_stream._Stream, "_end", end)
    body = zlib.decompress((await get(reader)).content, 31)
    assert json.loads(body.splitlines()[-1]) == {"resync": {"reason": "NEW_EPOCH"}}


async def test_learners_come_by_scope_and_by_asking(reader):
    house = reader.house
    numbers = await issue(house, 2)
    await register(house, *numbers)
    assert all("learner" not in c for c in lines(await get(reader))[0])
    changes, _, _ = lines(await get(reader, learners="true"))
    assert [c["learner"] for c in changes] == [
        {"name": "张0", "documentType": None, "documentNumber": None},
        {"name": "张1", "documentType": None, "documentNumber": None},
    ]
    assert await erase(reader, numbers[0]) == []
    changes, _, _ = lines(await get(reader, learners="true"))
    assert [c["learner"] and c["learner"]["name"] for c in changes] == [None, "张1", None]
    response = await get(reader, "records-only", learners="true")
    assert (response.status_code, response.json()["errors"][0]["message"]) == (
        403,
        "The token has no scope to read learners; leave `learners` out.",
    )


async def test_a_part_by_organization_and_day(reader):
    house = reader.house
    first = house.now.date().isoformat()
    await register(house, *await issue(house, 2))
    await pull(reader)
    house.now += timedelta(days=1)
    await register(house, *await issue(house, 1, issued_on=house.now.date()))
    changes, cursors, _ = lines(await get(reader, **{"from": first, "to": first}))
    assert [c["sequence"] for c in changes] == [1, 2]
    changes, _, _ = lines(await get(reader, **{"from": first, "to": first}, after=cursors[0]))
    assert changes == []
    changes, _, _ = lines(await get(reader, organization="EO-001", **{"from": "2026-11-24"}))
    assert [c["sequence"] for c in changes] == [3]
    assert lines(await get(reader, organization="EO-002"))[0] == []


@pytest.mark.parametrize(
    ("party", "parameters", "status", "message"),
    [
        ("public", {}, 401, "This needs a token, sent as Authorization: Bearer cgt_…"),
        ("organization", {}, 403, "As EVALUATION_ORGANIZATION this may not be done"),
        ("credit-bank", {"after": "x"}, 400, "The cursor is not one of this list"),
        ("credit-bank", {"learners": "yes"}, 400, "`learners` is true or false."),
        ("credit-bank", {"from": "yesterday"}, 400, "`from` is a day, such as 2026-11-23."),
        ("credit-bank", {"organization": "\0"}, 400, "A parameter takes at most 100 characters"),
        (
            "credit-bank",
            {"organization": "x" * 101},
            400,
            "A parameter takes at most 100 characters",
        ),
        ("credit-bank", {"form": "2026-01-01"}, 400, "Parameters are after, from"),
        ("credit-bank", {"from": ["2026-01-01", "2026-01-02"]}, 400, "Parameters are after, from"),
    ],
)
async def test_what_is_refused(reader, party, parameters, status, message):
    response = await get(reader, party, **parameters)
    assert response.status_code == status
    assert response.json()["errors"][0]["message"].startswith(message)


async def test_a_reader_that_must_start_again_is_refused_by_name(reader):
    house = reader.house
    await register(house, *await issue(house, 1))
    _, _, end = lines(await get(reader))
    await reader.done(
        "admin",
        'mutation { outcomeFeedRestart(input: {reason: "test"}) { errors { __typename } } }',
    )
    response = await get(reader, after=end["cursor"])
    assert response.status_code == 409
    (error,) = response.json()["errors"]
    assert error["extensions"]["reason"] == "NEW_EPOCH"
    assert error["extensions"]["epoch"] != end["epoch"]


async def test_the_feed_is_only_read(reader):
    response = await reader.http.post("/credit-bank/changes.jsonl.gz")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD")


async def test_its_head_alone_is_answered_as_it_would_be(reader):
    url = "/credit-bank/changes.jsonl.gz"
    headers = {"Authorization": f"Bearer {reader.tokens['credit-bank']}"}
    head = await reader.http.head(url, headers=headers)
    whole = await reader.http.get(url, headers=headers)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-disposition"] == whole.headers["content-disposition"]
    refused = await reader.http.head(url)
    assert (refused.status_code, refused.content) == (401, b"")


async def test_a_stream_ends_with_its_reader_and_gives_way_to_pages_when_there_are_many(reader):
    house = reader.house
    await register(house, *await issue(house, 9))
    await pull(reader)
    sent = []

    async def receive():
        if not sent:
            return {"type": "http.request", "body": b"", "more_body": False}
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)
        await asyncio.sleep(0)

    scope = {
        "type": "http",
        "method": "GET",
        "path": feed_stream.PATH,
        "query_string": b"",
        "headers": [(b"authorization", f"Bearer {reader.tokens['credit-bank']}".encode())],
    }
    app = reader.http._transport.app
    await app(scope, receive, send)
    assert all(message.get("more_body", True) for message in sent)  # it never came to its end
    assert len(sent) < 4
    server = app.server
    caller = await server.callers.caller(reader.tokens["credit-bank"], now=server.clock())
    for taken in ({"another": feed_stream.AT_ONCE}, {caller.name: 2}):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(feed_stream, "_SERVED", Counter(taken))
            response = await get(reader)
            assert (response.status_code, response.headers["retry-after"]) == (503, "10")
    assert len(lines(await get(reader))[0]) == 9
