"""Versions of a standard: what was published stays as it is, and others come beside it."""

from datetime import date

import pytest

from certgraph.problems import Rejected
from certgraph.standards.actions import publish_standard_version
from certgraph.standards.rules import LearningOutcomeDraft, StandardContentDraft

CONTENT = [
    StandardContentDraft(level=1, code="1", text="建模"),
    StandardContentDraft(level=1, code="1.1", text="建墙"),
    StandardContentDraft(level=1, code="1.1.1", text="能建墙"),
]


async def publish(house, version):
    return await house.perform(
        publish_standard_version,
        standard_code="STD-1",
        version=version,
        published_on=date(2022, 1, 1),
        source="made up for tests",
        content=CONTENT,
        outcomes=[LearningOutcomeDraft(level=1, number=1, name="另一成果")],
    )


async def test_a_published_version_never_changes(house):
    with pytest.raises(Rejected) as caught:
        await publish(house, "2020")
    assert [one.code for one in caught.value.problems] == ["standard.version_published"]
    row = await publish(house, "2022")
    assert (row.version, row.published_on) == ("2022", date(2022, 1, 1))
    assert await house.count("standard_versions") == 2
