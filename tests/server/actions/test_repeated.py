"""A request that creates something happens once, however often and from where it is sent."""

import asyncio

import pytest

from certgraph.actions.parties import Actor, Role
from certgraph.actions.performing import perform
from certgraph.organizations.actions import register_organization
from certgraph.organizations.rules import OrganizationKind
from certgraph.problems import Rejected

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
    assert all(one in (["organization.code_taken"], ["access.busy"]) for one in refused)
    if len(set(actors)) == 1:
        assert all(one == ["access.busy"] for one in refused)
    assert await house.count("organizations WHERE code = 'X-1'") == 1
