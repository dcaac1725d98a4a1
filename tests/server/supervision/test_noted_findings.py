"""What people note of an organization or institution, under the rule that it is about."""

import pytest

from certgraph.duties.findings import sentence
from certgraph.duties.rules import FilingKind, FindingSeverity
from certgraph.duties.tables import FindingRow
from certgraph.problems import Rejected
from certgraph.supervision.actions import open_case
from certgraph.supervision.noting import note_finding
from certgraph.supervision.tables import CaseEntryRow
from tests.server.case_kit import reasons, rows_of
from tests.server.programme_kit import china

AT = "2021-09-01 09:00"


async def noted(programme, code, **changes):
    given = {"subject_code": "PI-A", "rule_id": "I2", "text": "组织违规培训", **changes}
    return await programme.do(AT, code, note_finding, **given)


async def test_what_a_province_saw_is_noted_and_a_case_rests_on_it(programme):
    row = await noted(programme, "PA-440000", severity=FindingSeverity.BREACH)
    assert (row.rule_id, row.severity, row.found_at) == ("I2", FindingSeverity.BREACH, china(AT))
    assert (row.noted_by, row.filing_id) == ("test provincial_authority", None)
    assert [sentence(row.code, row.facts, one) for one in ("zh", "en")] == ["组织违规培训"] * 2
    given = {"subject_code": "PI-A", "text": "立案", "finding_ids": [row.id]}
    await programme.do(AT, "PA-440000", open_case, **given)
    entries = [one.finding_id for one in await rows_of(programme, CaseEntryRow)]
    assert row.id in entries


async def test_the_same_is_noted_as_often_as_it_is_seen(programme):
    await noted(programme, "PA-440000")
    await noted(programme, "PA-440000")
    assert len(await rows_of(programme, FindingRow)) == 2


@pytest.mark.parametrize(
    ("code", "changes", "expected"),
    [
        ("PA-430000", {}, ["finding.of_another_province"]),
        ("PA-430000", {"subject_code": "EO-001", "rule_id": "R30"}, []),
        ("MOE", {}, []),
        ("EB-1", {}, []),
        ("MOE", {"subject_code": "MOE"}, ["case.of_oneself"]),
        ("MOE", {"rule_id": "R99"}, ["finding.unknown_rule"]),
        ("MOE", {"rule_id": "S13"}, ["finding.unknown_rule"]),  # one school's practice
        ("MOE", {"rule_id": "S18"}, []),
        ("MOE", {"text": " "}, ["text.length"]),
        ("MOE", {"subject_code": "PI-Z"}, ["organization.not_found"]),
    ],
)
async def test_who_notes_what_of_whom(programme, code, changes, expected):
    if not expected:
        await noted(programme, code, **changes)
        return
    with pytest.raises(Rejected) as caught:
        await noted(programme, code, **changes)
    assert [one for one, _ in reasons(caught)] == expected
    assert await rows_of(programme, FindingRow) == []


async def test_a_filing_that_a_finding_names_is_the_subjects(programme):
    await programme.take_part("PI-A", "2021-03-01")
    filing = await programme.report("PI-A", "2021-08-23", "2021-08-27 09:00")
    row = await noted(programme, "PA-440000", filing_id=filing.id)
    assert row.filing_id == filing.id
    assert filing.kind is FilingKind.WEEKLY_REPORT
    with pytest.raises(Rejected) as caught:
        await noted(programme, "MOE", filing_id=filing.id, subject_code="EO-001", rule_id="R30")
    assert reasons(caught) == [("finding.filing_of_another", None)]
