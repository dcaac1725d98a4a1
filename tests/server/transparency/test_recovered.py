"""After a restore the log goes on where it was published last, or not at all."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from certgraph.credential.trust_bundle import open_trust_bundle
from certgraph.problems import Rejected
from certgraph.transparency.checking import Follower
from certgraph.transparency.recovering import recover_log
from certgraph.trust.restoring import take_as_floor
from tests.server.transparency.test_log import follow, issue
from tests.server.trust.test_lists import ROOT_KEYS, new_list, published


@pytest.fixture
async def restored(client):
    """A log of 8 of which the database knows 3 again; its last bundle, and its entries."""
    house = client.house
    await issue(house, 3, "first")
    await new_list(house)
    await published(house)
    await issue(house, 5, "second")
    _, last = await published(house)
    follower, found = await follow(client)
    async with house.sessions.begin() as session:
        for statement in (
            "DELETE FROM log_heads WHERE size = 8",
            "DELETE FROM certificates WHERE log_index = 7",
            "UPDATE certificates SET log_index = NULL WHERE log_index >= 3",
            "DELETE FROM log_tiles",
        ):
            await session.execute(text(statement))
    return client, last, follower, b"".join(entry for _, entry in found)


async def test_nothing_is_appended_until_the_log_is_recovered_and_the_rest_is_published(restored):
    client, last, _, entries = restored
    house = client.house
    await house.perform(take_as_floor, bundle=last)
    house.now += timedelta(minutes=5)
    done, bundle = await published(house, house.now)
    assert (done.logged, done.is_log_sound) == (8, False)
    assert "certgraph log check, recover" in done.warning
    held = open_trust_bundle(last, ROOT_KEYS, now=house.now)
    assert open_trust_bundle(bundle, ROOT_KEYS, now=house.now, held=held).log_head == held.log_head
    recovered = await house.perform(recover_log, entries=entries)
    assert (recovered.size, recovered.without) == (8, 1)
    await issue(house, 2, "third")
    house.now += timedelta(minutes=5)
    done, bundle = await published(house, house.now)
    assert (done.logged, done.is_log_sound) == (10, True)
    open_trust_bundle(bundle, ROOT_KEYS, now=house.now, held=held)


async def test_who_followed_before_goes_on_after_it(restored):
    client, last, follower, entries = restored
    await client.house.perform(take_as_floor, bundle=last)
    await client.house.perform(recover_log, entries=entries)
    await issue(client.house, 1, "third")
    await published(client.house)
    _, found = await follow(client, Follower.from_json(follower.to_json()))
    assert [index for index, _ in found] == [8]


@pytest.mark.parametrize(
    "change", [lambda e: e[:-40], lambda e: e[:-1], lambda e: e + e[:40], lambda e: e[40:] + e[:40]]
)
async def test_other_entries_are_refused_and_change_nothing(restored, change):
    client, last, _, entries = restored
    await client.house.perform(take_as_floor, bundle=last)
    with pytest.raises(Rejected, match="are not those of the log of 8"):
        await client.house.perform(recover_log, entries=change(entries))
    assert await client.house.count("log_tiles") == 0


async def test_without_a_head_there_is_nothing_to_recover(client):
    with pytest.raises(Rejected, match="no head of a log"):
        await client.house.perform(recover_log, entries=b"")
