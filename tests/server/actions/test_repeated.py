"""A request that creates something happens once, however often and from where it is sent."""

import asyncio

import pytest

from certgraph.actions.parties import Actor, Role
from certgraph.actions.performing import perform
from certgraph.certificates.rules import CertificateState
from certgraph.certificates.states.actions import (
    lift_suspension,
    register_certificate,
    register_certificates,
    revoke_certificate,
    suspend_certificate,
)
from certgraph.entitlements.actions import grant_entitlement
from certgraph.organizations.actions import register_organization
from certgraph.organizations.rules import OrganizationKind
from certgraph.problems import Rejected
from tests.server.conftest import TODAY

OFFICE, OTHER = Actor("one", Role.OPERATOR), Actor("other", Role.OPERATOR)


def given(**changes):
    return {
        "idempotency_key": "k",
        "code": "X-1",
        "name": "某单位",
        "kinds": [OrganizationKind.EMPLOYER],
        "document": "a document",
        "reason": "test",
        **changes,
    }


async def asked(house, actor=OFFICE, **changes):
    """Return the id of what was made, or the codes of the refusal."""
    try:
        outcome = await perform(register_organization, house.environment(), actor, given(**changes))
    except Rejected as rejected:
        return [one.code for one in rejected.problems]
    return outcome.results[0].id


async def test_the_same_key_with_the_same_input_answers_the_same(house):
    first = await asked(house)
    before = await house.count("audit_entries")
    assert await asked(house) == first
    assert await house.count("audit_entries") == before  # nothing was done again
    assert await asked(house, name="另一单位") == ["idempotency.conflict"]


async def test_who_acts_on_behalf_may_say_why_in_other_words(house):
    first = await asked(house)
    assert await asked(house, document="another", reason="as said before") == first


async def test_a_key_is_its_callers_own(house):
    assert not isinstance(await asked(house), list)
    assert await asked(house, OTHER) == ["organization.code_taken"]


@pytest.mark.parametrize("actors", [[OFFICE] * 6, [OFFICE, OTHER] * 3], ids=["one", "two"])
async def test_at_the_same_moment_it_is_made_once(house, actors):
    found = await asyncio.gather(*(asked(house, actor) for actor in actors))
    made = {one for one in found if not isinstance(one, list)}
    refused = [one for one in found if isinstance(one, list)]
    assert len(made) == 1
    assert all(one == ["organization.code_taken"] for one in refused)
    assert len(refused) == (0 if len(set(actors)) == 1 else 3)
    assert await house.count("organizations WHERE code = 'X-1'") == 1


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_twins_of_one_request_all_answer_like_the_first(house):
    """Also where what the first one made speaks against the others."""
    said = {"organization_code": "EO-002", "certificate_type_code": "CT-001", "levels": [1]}
    period = {"first_on": TODAY, "idempotency_key": "k", "document": "d", "reason": "r"}
    twins = (
        perform(grant_entitlement, house.environment(), OFFICE, {**said, **period})
        for _ in range(6)
    )
    found = await asyncio.gather(*twins)
    assert {tuple(row.id for row in one.results) for one in found} == {
        tuple(row.id for row in found[0].results)
    }
    assert await house.count("entitlements WHERE first_on = '2026-11-23'") == 1


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_the_same_certificates_in_any_order_wait_for_one_another(house):
    people = [house.candidate(holder_name=f"张{n}", reference=str(n)) for n in range(12)]
    numbers = [row.number for row in await house.issue(*people)]
    orders = [numbers, numbers[::-1], numbers[6:] + numbers[:6]] * 2

    async def registered(order):
        try:
            await house.perform(register_certificates, numbers=order)
        except Rejected as rejected:
            return {one.code for one in rejected.problems}
        return set()

    assert await asyncio.gather(*map(registered, orders)) == [set()] * 6
    assert await house.count("certificate_changes WHERE state = 'registered'") == 12


@pytest.mark.parametrize(
    ("action", "begins", "ends", "said"),
    [
        (register_certificate, [], "registered", {}),
        (suspend_certificate, [], "suspended", {"reason": "exam under review"}),
        (revoke_certificate, [], "revoked", {"reason": "cheated"}),
        (lift_suspension, [suspend_certificate], "issued", {"reason": "cleared"}),
    ],
)
async def test_a_change_of_state_that_is_asked_for_again_is_done_already(
    house, action, begins, ends, said
):
    (row,) = await house.issue()
    for before in begins:
        await house.perform(before, number=row.number, reason="x")
    first = await house.perform(action, number=row.number, **said)
    counts = [await house.count(table) for table in ("certificate_changes", "audit_entries")]
    again = await house.perform(action, number=row.number, expected_state=row.state, **said)
    assert (first.id, again.id, again.state) == (row.id, row.id, ends)
    for table, count in zip(("certificate_changes", "audit_entries"), counts, strict=True):
        assert await house.count(table) == count


async def test_who_saw_another_state_changes_nothing(house):
    (row,) = await house.issue()
    await house.perform(suspend_certificate, number=row.number, reason="exam under review")
    with pytest.raises(Rejected) as caught:
        await house.perform(
            revoke_certificate,
            number=row.number,
            reason="cheated",
            expected_state=CertificateState.REGISTERED,
        )
    (problem,) = caught.value.problems
    assert (problem.code, problem.path) == ("access.other_state", ("expected_state",))
    said = "It is suspended, not registered as you saw it; nothing was done. Look at it again."
    assert problem.message() == said
    assert await house.count("certificates WHERE state = 'suspended'") == 1
