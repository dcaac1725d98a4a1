"""Counts by state are what adding up the list by hand gives, for everybody who reads it."""

from collections import Counter

import orjson
import pytest

from certgraph.api.reads.execution import run
from tests.server.reads.world import ROLES

COUNTED = {
    "certificateCounts": "certificates",
    "learningOutcomeRecordCounts": "learningOutcomeRecords",
    "creditProposalCounts": "creditProposals",
    "conversionApplicationCounts": "conversionApplications",
}
OF_TYPE = '(certificateTypeCode: "CT-001")'


def answer(world, runner, role, text):
    (operation,) = world.documents().operations(f"{{ {text} }}").values()
    found = runner.run(run(operation, world.reader(), world.context(role), {}, planned=True))
    return orjson.loads(orjson.dumps(found.data)), found.errors


def listed(world, runner, role, name, filters):
    """Return how many are in each state, counted in the list itself, page by page."""
    found, after = Counter(), ""
    while True:
        given = ", ".join(filter(None, [filters.strip("()"), "first: 100", after]))
        text = f"{name}({given}) {{ nodes {{ state }} pageInfo {{ hasNextPage endCursor }} }}"
        data, errors = answer(world, runner, role, text)
        assert errors == []
        found.update(one["state"] for one in data[name]["nodes"])
        if not data[name]["pageInfo"]["hasNextPage"]:
            return found
        after = f'after: "{data[name]["pageInfo"]["endCursor"]}"'


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", COUNTED)
def test_counts_are_those_of_the_list(world, runner, name, role):
    every = ["", '(organizationCode: "EO-001")', '(organizationCode: "nobody")']
    if name == "certificateCounts":
        every += [OF_TYPE, '(issuedFrom: "2026-11-01", issuedTo: "2026-11-30")']
    if name == "conversionApplicationCounts":
        every += ['(organizationCode: "PI-001")']
    for filters in every:
        data, errors = answer(world, runner, role, f"{name}{filters} {{ state count }}")
        assert errors == []
        expected = listed(world, runner, role, COUNTED[name], filters)
        shown = data[name]
        assert (shown is None) <= (expected == Counter())
        assert {one["state"]: one["count"] for one in shown or ()} == dict(expected), filters


@pytest.mark.parametrize(("name", "role"), [(name, "admin") for name in COUNTED])
def test_there_is_something_to_count(world, runner, name, role):
    data, _ = answer(world, runner, role, f"{name} {{ state count }}")
    assert sum(one["count"] for one in data[name]) > 0
