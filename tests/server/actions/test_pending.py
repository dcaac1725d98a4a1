"""What the matrix wants two people for: asked, confirmed, rejected, withdrawn, lapsed."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from certgraph.actions.confirming import confirm, reject, withdraw
from certgraph.actions.parties import WITH_TOKENS, Actor, Role
from certgraph.actions.performing import perform
from certgraph.certificates.states.actions import erase_holder
from certgraph.organizations.tokens import create_token, revoke_token
from certgraph.problems import Rejected
from tests.server.actions.inputs import fingerprint
from tests.server.stages import stage

FIRST, SECOND = Actor("first", Role.OPERATOR), Actor("second", Role.OPERATOR)


@stage
async def waiting(house):
    """Return a certificate, and the pending action that is to erase its holder."""
    (row,) = await house.issue()
    given = {"number": row.number, "reason": "the holder asks"}
    outcome = await perform(erase_holder, house.environment(), FIRST, given)
    assert outcome.results == [None]
    return row, outcome.pending


async def holder_of(house, row) -> str:
    async with house.sessions() as session:
        return await session.scalar(
            text("SELECT holder_name FROM certificates WHERE number = :n"), {"n": row.number}
        )


async def refused(house, action, actor, pending, **given):
    with pytest.raises(Rejected) as caught:
        await perform(action, house.environment(), actor, {"id": pending.id, **given})
    return [one.code for one in caught.value.problems]


async def test_nothing_is_done_before_another_person_confirms_it(house, waiting):
    row, pending = waiting
    assert (pending.action, pending.confirmer) == ("certificateHolderErase", Role.OPERATOR)
    assert await holder_of(house, row) == "张示例"
    await perform(confirm, house.environment(), SECOND, {"id": pending.id})
    assert await holder_of(house, row) == ""
    async with house.sessions() as session:
        entries = await session.execute(
            text(
                "SELECT action, actor, confirmed_by, reason FROM audit_entries "
                "ORDER BY sequence DESC LIMIT 2"
            )
        )
        assert [tuple(one) for one in entries] == [
            ("pendingActionConfirm", "second", None, ""),
            ("certificateHolderErase", "first", "second", "the holder asks"),
        ]


async def test_whoever_asked_cannot_confirm_it(house, waiting):
    _, pending = waiting
    before = await fingerprint(house)
    assert await refused(house, confirm, FIRST, pending) == ["pending.same_person"]
    assert await fingerprint(house) == before


@pytest.mark.parametrize("role", sorted({*WITH_TOKENS} - {Role.OPERATOR, Role.VERIFIER}))
async def test_who_has_no_part_in_it_does_not_learn_that_it_is_there(house, waiting, role):
    _, pending = waiting
    actor = Actor("third", role)
    assert await refused(house, confirm, actor, pending) == ["pending.not_found"]
    assert await refused(house, reject, actor, pending, remarks="no") == ["pending.not_found"]
    assert await refused(house, withdraw, actor, pending) == ["pending.not_found"]


async def test_it_is_rejected_with_remarks_or_withdrawn_by_who_asked(house, waiting):
    row, pending = waiting
    assert await refused(house, withdraw, SECOND, pending) == ["pending.not_asked_by_you"]
    assert await refused(house, reject, SECOND, pending, remarks="") == ["text.length"]
    given = {"id": pending.id, "remarks": "the holder did not sign"}
    outcome = await perform(reject, house.environment(), SECOND, given)
    assert (outcome.results[0].state, outcome.results[0].ended_by) == ("rejected", "second")
    for action, actor in ((confirm, SECOND), (withdraw, FIRST)):
        assert await refused(house, action, actor, pending) == ["pending.ended"]
    again = {"number": row.number, "reason": "the holder asks again"}
    pending = (await perform(erase_holder, house.environment(), FIRST, again)).pending
    outcome = await perform(withdraw, house.environment(), FIRST, {"id": pending.id})
    assert outcome.results[0].state == "withdrawn"
    assert await holder_of(house, row) == "张示例"


async def test_it_lapses_after_seven_days(house, waiting):
    row, pending = waiting
    last = house.environment(now=house.now + timedelta(days=7) - timedelta(seconds=1))
    after = replace(last, now=house.now + timedelta(days=7))
    with pytest.raises(Rejected, match="it is lapsed"):
        await perform(confirm, after, SECOND, {"id": pending.id})
    seen = await house.count("pending_actions WHERE state = 'waiting'")
    assert seen == 1  # what has lapsed is computed, and shown so
    await perform(confirm, last, SECOND, {"id": pending.id})
    assert await holder_of(house, row) == ""


async def test_it_is_bound_to_the_exact_input(house, waiting):
    """The input is sealed to its place: another's, put there, is not confirmed."""
    row, pending = waiting
    (other,) = await house.issue(house.candidate(holder_name="李四"), key="2")
    given = {"number": other.number, "reason": "the holder asks"}
    theirs = (await perform(erase_holder, house.environment(), FIRST, given)).pending
    stated = json.dumps({**given, "number": other.number}).encode()
    for sealed in (theirs.sealed_input, house.keyring.seal_input(stated, pending.bound())):
        async with house.sessions.begin() as session:
            (await session.merge(pending)).sealed_input = sealed
        assert await refused(house, confirm, SECOND, pending) == ["pending.altered"]
    assert await holder_of(house, other) == "李四"
    assert await holder_of(house, row) == "张示例"


BOUND = {
    "asked_by": "third",
    "reason": "another",
    "confirmer": Role.MINISTRY,
    "lapses_at": datetime(2030, 1, 1, tzinfo=UTC),
    "action": "certificateRevoke",
}


@pytest.mark.parametrize("field", BOUND)
async def test_who_asked_why_and_till_when_are_bound_too(house, waiting, field):
    """With the database alone nobody confirms for another, later, or for another reason."""
    row, pending = waiting
    async with house.sessions.begin() as session:
        setattr(await session.merge(pending), field, BOUND[field])
    role = Role.MINISTRY if field == "confirmer" else Role.OPERATOR
    assert await refused(house, confirm, Actor("second", role), pending) == ["pending.altered"]
    assert await holder_of(house, row) == "张示例"


async def test_who_asked_must_still_be_somebody(house):
    """A token that was revoked meanwhile asks for nothing."""
    (row,) = await house.issue()
    token, _ = await house.perform(create_token, name="x", role=Role.OPERATOR)
    actor = Actor(f"token {token.id}", Role.OPERATOR)
    given = {"number": row.number, "reason": "r"}
    pending = (await perform(erase_holder, house.environment(), actor, given)).pending
    await house.perform(revoke_token, token_id=token.id)
    assert await refused(house, confirm, SECOND, pending) == ["pending.asker_gone"]
    assert await holder_of(house, row) == "张示例"


async def test_no_token_of_the_office_makes_another_to_confirm_for_itself(house):
    said = {"document": "d", "reason": "r", "idempotency_key": "k"}
    given = {"name": "x", "role": Role.OPERATOR, **said}
    with pytest.raises(Rejected) as caught:
        await perform(create_token, house.environment(), FIRST, given)
    assert [one.code for one in caught.value.problems] == ["token.operator_by_hand"]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_asked_or_confirmed_at_the_same_moment_it_is_once(house):
    (row,) = await house.issue()
    given = {"number": row.number, "reason": "r"}
    asked = await asyncio.gather(
        *(perform(erase_holder, house.environment(), FIRST, given) for _ in range(4))
    )
    (id_,) = {one.pending.id for one in asked}
    assert await house.count("pending_actions") == 1

    async def confirmed(number):
        actor = Actor(f"second {number}", Role.OPERATOR)
        try:
            await perform(confirm, house.environment(), actor, {"id": id_})
        except Rejected as rejected:
            return [one.code for one in rejected.problems]
        return []

    found = sorted(await asyncio.gather(*map(confirmed, range(4))))
    assert found == [[], *[["pending.ended"]] * 3]


async def test_what_speaks_against_it_already_is_refused_to_who_asks(house, waiting):
    row, pending = waiting
    same = {"number": row.number, "reason": "the holder asks"}
    again = (await perform(erase_holder, house.environment(), FIRST, same)).pending
    assert again.id == pending.id  # asked twice by the same input, it waits once
    await perform(confirm, house.environment(), SECOND, {"id": pending.id})
    with pytest.raises(Rejected, match="was erased"):
        await perform(erase_holder, house.environment(), FIRST, same)
    assert await house.count("pending_actions") == 1


async def test_what_speaks_against_it_by_now_refuses_it(house, waiting):
    row, pending = waiting
    again = {"number": row.number, "reason": "twice"}
    second = (await perform(erase_holder, house.environment(), FIRST, again)).pending
    await perform(confirm, house.environment(), SECOND, {"id": pending.id})
    assert await refused(house, confirm, SECOND, second) == ["certificate.erased"]


async def test_the_graph_lists_what_waits_for_those_who_may_confirm(client):
    house = client.house
    (row,) = await house.issue()
    query = """mutation ($i: CertificateHolderEraseInput!) { certificateHolderErase(input: $i) {
      certificate { number } waitsAs { id state action askedAs } errors { code } } }"""
    given = {"i": {"number": row.number, "reason": "asked"}}
    asked = (await client.data(query, given, role="admin"))["certificateHolderErase"]
    assert asked["certificate"] is None
    assert asked["errors"] == []
    waits = asked["waitsAs"]
    assert (waits["state"], waits["action"]) == ("WAITING", "certificateHolderErase")
    listing = "{ pendingActions(state: WAITING) { nodes { id reason } } }"
    for role, seen in (("admin", [{"id": waits["id"], "reason": "asked"}]), ("issuer", [])):
        found = (await client.data(listing, role=role))["pendingActions"]["nodes"]
        assert found == seen
    confirming = """mutation ($i: PendingActionConfirmInput!) { pendingActionConfirm(input: $i) {
      pendingAction { state } errors { code message } } }"""
    mine = await client.data(confirming, {"i": {"id": waits["id"]}}, role="admin")
    assert [one["code"] for one in mine["pendingActionConfirm"]["errors"]] == [
        "pending.same_person"
    ]
