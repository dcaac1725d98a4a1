"""Dear requests wait for their turn; little ones, and those with a token, do not wait behind them."""

import asyncio
import time
from types import SimpleNamespace

import pytest

from certgraph.api.http import gates
from certgraph.api.http.gates import Gate

SCHEMA = "{ __schema { types { name fields { name description } } } }"
LARGE = "{ certificates(first: 100) { nodes { outcomes { text } } } }"
NEW = "query Q%d { __typename }\n#" + "x" * 5_000
LITTLE = "{ organizations(first: 2) { nodes { code } } }"


async def test_dear_work_leaves_others_half_of_the_time():
    gate, began = Gate(1), []

    async def work():
        async with gate.entered():
            began.append(time.monotonic())
            await asyncio.sleep(0.1)

    await asyncio.gather(work(), work())
    assert began[1] - began[0] >= 0.19


async def test_work_that_a_stalled_machine_made_long_does_not_send_the_next_one_away(monkeypatch):
    monkeypatch.setattr(gates, "LONGEST_PAUSE", 0.05)
    clock = iter((0.0, 3_600.0, 3_600.0, 3_600.0))
    monkeypatch.setattr(gates, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    gate = Gate(1)
    async with gate.entered():
        pass
    async with gate.entered():
        pass


@pytest.mark.parametrize("dear", [SCHEMA, LARGE, NEW])
async def test_who_waits_too_long_for_a_turn_is_sent_away_and_nobody_else(
    client, monkeypatch, dear
):
    monkeypatch.setattr(gates, "LONGEST_PAUSE", 0.1)
    for known in {LITTLE, SCHEMA, LARGE}:
        await client.data(known)
    await asyncio.sleep(0.3)  # until every place is free again
    monkeypatch.setattr(gates, "WAIT_SECONDS", 0.0001)
    many = [client.ask(dear.replace("%d", f"{number}")) for number in range(20)]
    others = [client.ask(LITTLE), client.ask(dear.replace("%d", "20"), role="admin")]
    answers = await asyncio.gather(*many, *others)
    refused = [answer for answer in answers[:20] if answer.status_code == 503]
    assert 0 < len(refused) < 20
    assert {answer.headers["retry-after"] for answer in refused} == {"2"}
    (error,) = refused[0].json()["errors"]
    assert error["extensions"]["code"] == "UNAVAILABLE"
    assert error["message"] == "Too many requests of this size at once. Send it again in a moment."
    assert [answer.status_code for answer in answers[20:]] == [200, 200]
