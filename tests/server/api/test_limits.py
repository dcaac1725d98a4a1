"""What an address or a token may ask for in a minute: counted by cost, said in every answer."""

import logging
import re
from contextlib import asynccontextmanager, nullcontext, suppress
from random import Random

import httpx2
import pytest

from certgraph.api import metering
from certgraph.api.app import make_app
from certgraph.api.counting import Counts, Memory
from certgraph.api.metering import Lookups, TooMuchAsked, address_of, points_of

pytestmark = pytest.mark.http_alone

ONE, OTHER = "1.2.3.4", "5.6.7.8"
SMALL = '{ policyRule(id: "R39") { id } }'
LARGE = "{ organizations(first: 100) { nodes { certificateTypes(first: 18) { nodes { id } } } } }"


@asynccontextmanager
async def asking(client, address=ONE, **settings):
    """Ask a server with limits of 200 and 400 points from an address."""
    given = {"public_points_per_minute": 200, "token_points_per_minute": 400, **settings}
    app = make_app(
        client.house.settings.model_copy(update=given),
        clock=lambda: client.house.now,
        random=Random(5),
        publishing=False,
    )

    def from_address(address):
        transport = httpx2.ASGITransport(app, client=(address, 1), raise_app_exceptions=True)
        return httpx2.AsyncClient(transport=transport, base_url="http://test")

    try:
        async with from_address(address) as http, from_address(OTHER) as other:
            yield http, other
    finally:
        await app.server.close()


def left(answer):
    """Return the points that an answer says are left."""
    assert answer.headers["ratelimit-policy"].startswith('"points";q=')
    return int(answer.headers["ratelimit"].partition("r=")[2].partition(";")[0])


async def ask(http, query, token=None):
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return await http.post("/graphql", json={"query": query}, headers=headers)


async def test_each_answer_says_what_it_cost_and_what_is_left(client):
    async with asking(client) as (http, other):
        first = await ask(http, SMALL)
        assert (first.status_code, left(first)) == (200, 200 - 1 - 10)  # its document is new
        assert first.headers["ratelimit-policy"] == '"points";q=200;w=60'
        again = await ask(http, SMALL)
        assert left(again) == 188
        cost = again.json()["extensions"]["cost"]
        by_get = await http.get("/graphql", params={"query": "{ viewer { role } }"})
        assert (left(by_get), list(by_get.json())) == (177, ["data"])  # so that it stays the same
        throttle = cost["throttleStatus"]
        assert cost["actualQueryCost"] == 1
        assert throttle == {
            "maximumAvailable": 200,
            "currentlyAvailable": 188,
            "restoreRate": pytest.approx(200 / 60),
        }
        assert left(await http.get("/v")) == 176
        assert left(await ask(other, SMALL)) == 199


async def test_what_an_answer_may_hold_counts(client):
    async with asking(client) as (http, _):
        answer = await ask(http, LARGE)
        objects = answer.json()["extensions"]["cost"]["requestedQueryCost"]
        assert objects == 100 * (1 + 18)
        assert left(answer) == 200 - 1 - 10 - points_of(objects) == 94
        refused = await ask(http, LARGE)
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        (error,) = refused.json()["errors"]
        assert error["extensions"] == {"code": "TOO_MANY_REQUESTS"}
        assert error["message"].startswith("Too much was asked for: this costs 95 of 200 points")
        assert (await ask(http, SMALL)).status_code == 200  # less is still there


async def test_an_address_with_nothing_left_is_refused_and_no_other(client):
    async with asking(client) as (http, other):
        answers = [await http.get("/catalogue") for _ in range(205)]
        assert [one.status_code for one in answers].count(200) == 200
        last = answers[-1]
        assert (last.status_code, left(last)) == (429, 0)
        page = await http.get("/v", headers={"Accept": "text/html"})
        assert page.text.startswith("Too much was asked for: this costs 1 of 200 points a minute.")
        assert page.headers["content-type"].startswith("text/plain")
        assert (await http.get("/livez")).status_code == 200
        assert (await other.get("/catalogue")).status_code == 200
        # who has a token is not held up by others at the same address
        assert (await ask(http, SMALL, client.tokens["issuer"])).status_code == 200


async def test_a_token_has_a_limit_of_its_own_wherever_it_comes_from(client):
    async with asking(client) as (http, other):
        token = client.tokens["verifier"]
        assert left(await ask(http, SMALL, token)) == 400 - 1 - 10
        assert left(await ask(other, SMALL, token)) == 388
        assert left(await ask(other, SMALL)) == 199
        files = {"Authorization": f"Bearer {token}"}
        assert left(await http.post("/checks", content=b"x", headers=files)) == 387


async def test_wrong_tokens_cost_the_address_and_a_token_on_a_page_saves_nothing(client):
    async with asking(client) as (http, _):
        answers = [await ask(http, SMALL, f"cgt_{n}") for n in range(21)]
        assert [one.status_code for one in answers] == [401] * 20 + [429]
        page = await http.get("/catalogue", headers={"Authorization": "Bearer cgt_x"})
        assert page.status_code == 429


async def test_what_looks_at_no_token_counts_for_the_address_that_sends_one(client):
    made_up = {"Authorization": "Bearer cgt_x"}
    async with asking(client) as (http, _):
        await http.get("/catalogue", headers=made_up)
        await http.delete("/batches", headers=made_up)
        assert left(await http.get("/v")) == 200 - 3


async def test_a_known_document_pays_once_also_where_it_is_large(client):
    large = SMALL + "#" * 5_000
    async with asking(client) as (http, _):
        assert [left(await ask(http, large)) for _ in range(3)] == [189, 188, 187]


async def test_the_path_of_a_counted_request_is_logged_by_its_route(client, caplog):
    caplog.set_level(logging.INFO, "certgraph.access")
    async with asking(client) as (http, _):
        await http.get("/h/l/secret")
    assert [one.path for one in caplog.records if one.name == "certgraph.access"] == [
        "/h/l/{secret}"
    ]


async def test_no_more_callers_are_remembered_than_there_is_room_for():
    memory = Memory(size=3)
    for n in (1, 2, 3, 1, 4):
        await memory.incr(f"{n}", 60, 10)
    assert [await memory.get(f"{n}") for n in (1, 2, 3, 4)] == [20, 0, 10, 10]
    assert await memory.incr("5", 0, 7) == 7
    assert await memory.get("5") == 0  # its minute is over
    assert await memory.reset() == 3


async def test_addresses_that_are_not_known_are_not_counted(client):
    for address in ("127.0.0.1", "10.0.0.7", "::1"):
        async with asking(client, address) as (http, _):
            answer = await ask(http, SMALL)
            assert "ratelimit" not in answer.headers
            assert "extensions" not in answer.json()


def scope(peer, *forwarded):
    headers = [(b"x-forwarded-for", one.encode()) for one in forwarded]
    return {"client": None if peer is None else (peer, 1), "headers": headers}


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "address"),
    [
        ("1.2.3.4", [], 0, "1.2.3.4"),
        ("1.2.3.4", ["5.6.7.8"], 0, "1.2.3.4"),
        ("10.0.0.1", ["5.6.7.8"], 0, None),
        ("10.0.0.1", ["5.6.7.8"], 1, "5.6.7.8"),
        ("10.0.0.1", ["9.9.9.9, 5.6.7.8"], 1, "5.6.7.8"),
        ("10.0.0.1", ["9.9.9.9", "5.6.7.8"], 1, "5.6.7.8"),
        ("10.0.0.1", ["9.9.9.9, 5.6.7.8, 10.0.0.2"], 2, "5.6.7.8"),
        ("10.0.0.1", ["5.6.7.8"], 2, "10.0.0.1"),
        ("10.0.0.1", ["no address"], 1, "10.0.0.1"),
        ("10.0.0.1", [], 1, "10.0.0.1"),
        ("10.0.0.1", ["2400:3200:1:2:3:4:5:6"], 1, "2400:3200:1:2::/64"),
        ("10.0.0.1", ["[2400:3200:1:2::9]"], 1, "2400:3200:1:2::/64"),
        ("::ffff:1.2.3.4", [], 0, "1.2.3.4"),
        (None, ["5.6.7.8"], 1, "5.6.7.8"),
        (None, [], 0, None),
        (None, [], 1, None),
    ],
)
def test_who_asks_is_who_the_outermost_of_our_proxies_names(peer, forwarded, proxies, address):
    assert address_of(scope(peer, *forwarded), proxies) == address


LOOK_UP = "query ($n: String!, $h: String!) { certificate(number: $n, holderName: $h) { number } }"
TWICE = """query ($n: String!) { a: certificate(number: $n, holderName: "甲") { number }
  b: certificate(number: $n, holderName: "乙") { number } }"""


async def looked_up(http, number, name, **options):
    body = {"query": LOOK_UP, "variables": {"n": number, "h": name}}
    return await http.post("/graphql", json=body, **options)


async def test_nobody_finds_out_by_trying_whose_a_number_is(client):
    (row,) = await client.house.issue()
    token = {"Authorization": f"Bearer {client.tokens['issuer']}"}
    async with asking(client, public_lookups_per_hour=5) as (http, other):
        # 1. Typed in any way, from any address, it is the same number; two in one request are two.
        for typed in (row.number, row.number.lower().replace("-", " ")):
            answer = await looked_up(http, typed, "张三丰")
            assert answer.json()["data"] == {"certificate": None}
        answer = await looked_up(other, row.number, row.holder_name)
        assert answer.json()["data"] == {"certificate": {"number": row.number}}
        body = {"query": TWICE, "variables": {"n": row.number}}
        assert (await http.post("/graphql", json=body)).status_code == 200
        # 2. Beyond, a right name is refused like a wrong one, here and on the page.
        for name in ("李四", row.holder_name):
            answer = await looked_up(other, row.number, name)
            (error,) = answer.json()["errors"]
            assert answer.status_code == 429
            assert 3_000 < int(answer.headers["retry-after"]) <= 3_600
            assert error["extensions"] == {"code": "TOO_MANY_REQUESTS"}
            said = (
                r"This number was looked up 5 times within an hour\. "
                r"Try again in [56]\d minutes, or check the QR code\."
            )
            assert re.fullmatch(said, error["message"])
            typed = {"number": row.number, "name": name, "lang": "zh"}
            page = await other.post("/v", data=typed)
            assert (page.status_code, "查询过于频繁" in page.text) == (429, True)
            assert 3_000 < int(page.headers["retry-after"]) <= 3_600
        for _ in range(7):  # a form that was sent empty is no look-up
            page = await other.post("/v", data={"number": " ", "name": "", "lang": "zh"})
            assert "查询过于频繁" not in page.text
        # 3. A number that names nothing is refused alike; others, and those with a token, are not.
        for _ in range(5):
            assert (await looked_up(http, "none", "甲")).status_code == 200
        assert (await looked_up(http, "none", "甲")).status_code == 429
        assert (await looked_up(http, "another", "甲")).status_code == 200
        answer = await looked_up(http, row.number, row.holder_name, headers=token)
        assert answer.json()["data"] == {"certificate": {"number": row.number}}


async def test_no_flood_of_numbers_makes_the_count_of_one_forgotten(client, monkeypatch):
    settings = client.house.settings.model_copy(update={"public_lookups_per_hour": 5})
    lookups, at = Lookups(settings, Counts()), 1_000.0
    monkeypatch.setattr(metering, "time", lambda: at)
    for _ in range(5):
        await lookups.count("A-1")
    for number in range(60_000):
        with suppress(TooMuchAsked):  # a few share the place of the one
            await lookups.count(f"N-{number}")
    for seconds, is_refused in ((0, True), (3_599, True), (3_600, False)):
        at = 1_000.0 + seconds
        with pytest.raises(TooMuchAsked) if is_refused else nullcontext():
            await lookups.count("a 1")


@pytest.mark.parametrize("variables", [{"n": None}, {"h": None}])
async def test_a_look_up_of_nothing_is_an_error_of_its_field(client, variables):
    query = """query ($n: String = "x", $h: String = "y") {
      certificate(number: $n, holderName: $h) { number } }"""
    answer = await client.ask(query, variables)
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["extensions"]["code"]) == (200, "BAD_USER_INPUT")


async def test_an_answer_that_caches_keep_says_nothing_of_what_one_has_left(client):
    async with asking(client) as (http, _):
        shared = await http.get("/graphql", params={"query": SMALL})
        own = await http.get("/graphql", params={"query": "{ viewer { role } }"})
        page = await http.get("/catalogue")
    assert shared.headers["cache-control"].startswith("public")
    assert page.headers["cache-control"].startswith("public")
    assert ["ratelimit" in one.headers for one in (shared, own, page)] == [False, True, False]
