"""Rosters as spreadsheets over HTTP: every fault in its cell, all or nothing, no number kept."""

import pytest

from certgraph.actions.parties import Role
from certgraph.api.relay import global_id
from certgraph.participation.counting import MOST_STUDENTS
from tests.server.batch_kit import xlsx
from tests.server.parties import parties_of
from tests.server.programme_kit import china

OF_ROSTERS = {
    "institution": (Role.PILOT_INSTITUTION, "PI-A", False),
    "other": (Role.PILOT_INSTITUTION, "PI-B", False),
    "province": (Role.PROVINCIAL_AUTHORITY, "PA-440000", False),
}
FIRST, SECOND = "11010519491231002X", "440524188001010014"


def table(*numbers, titles=("姓名", "证件号码")):
    return xlsx([dict(zip(titles, ("张示例", number), strict=False)) for number in numbers], titles)


@pytest.fixture
async def rosters(programme):
    row = await programme.take_part("PI-A", "2021-03-08")
    programme.house.now = china("2021-07-01 09:00")
    async with parties_of(programme.house, OF_ROSTERS) as asking:
        path = f"/participations/{global_id('Participation', row.id)}/roster"

        async def post(data, party="institution", **parameters):
            said = {"asOf": "2021-06-30", "key": "june", **parameters}
            headers = {"Authorization": f"Bearer {asking.tokens[party]}", "Accept-Language": "en"}
            at = said.pop("path", path)
            answer = await asking.http.post(at, params=said, content=data, headers=headers)
            return answer.status_code, answer.json()

        post.house = programme.house
        yield post


async def test_a_roster_is_tried_then_recorded_once(rosters):
    data = table(FIRST, SECOND)
    assert await rosters(data) == (200, {"enrolled": 2, "isTrial": True})
    assert await rosters.house.count("participation_counts") == 0
    recorded = (201, {"enrolled": 2, "isTrial": False})
    for _ in range(2):
        assert await rosters(data, trial="false", examined="2", passed="1") == recorded
    assert await rosters.house.count("participation_counts") == 1
    assert await rosters.house.count("roster_students") == 2
    status, answer = await rosters(table(FIRST), trial="false")
    assert (status, answer["errors"][0]["code"]) == (409, "idempotency.conflict")


@pytest.mark.parametrize("titles", [("证件号码",), ("学号", "证件号码")])
async def test_a_roster_needs_documents_and_nothing_else(rosters, titles):
    cells = [{titles[-1]: FIRST}, {titles[-1]: SECOND}]
    assert await rosters(xlsx(cells, titles)) == (200, {"enrolled": 2, "isTrial": True})


async def test_every_wrong_cell_is_named_with_its_place_and_nothing_is_recorded(rosters):
    status, answer = await rosters(table(FIRST, "110105194912310021", "", FIRST), trial="false")
    assert (status, answer["count"]) == (422, 1)
    (fault,) = answer["problems"]  # what is missing is of the file; the rest comes after
    assert (fault["row"], fault["column"], fault["code"]) == (4, 2, "sheet.missing")
    status, answer = await rosters(table(FIRST, "110105194912310021", FIRST), trial="false")
    found = [(one["row"], one["column"], one["code"]) for one in answer["problems"]]
    assert found == [
        (3, 2, "issue.document_check_digit"),
        (4, 2, "participation.student_twice"),
    ]
    assert answer["problems"][0]["shown"] == "**************0021"
    assert await rosters.house.count("participation_counts") == 0


@pytest.mark.parametrize(
    ("data", "given", "status", "code"),
    [
        (table(FIRST), {"party": "other"}, 404, "participation.not_found"),
        (table(FIRST), {"party": "province"}, 403, "access.role"),
        (table(FIRST), {"asOf": "30.6.2021"}, 422, "request.parameter_value"),
        (table(FIRST), {"asOf": "2021-07-02"}, 422, "participation.future_count"),
        (table(FIRST), {"passed": "-1"}, 422, "request.parameter_value"),
        (table(FIRST), {"examined": "2"}, 409, "participation.more_examined"),
        (table(FIRST), {"bogus": "1"}, 422, "request.parameter_unknown"),
        (table(FIRST), {"key": "\x00", "trial": "false"}, 422, "text.character"),
        (table(FIRST), {"path": "/participations/bad/roster"}, 404, "participation.not_found"),
        (table(FIRST, titles=("姓名", "学号")), {}, 422, "sheet.column_missing"),
        (b"", {}, 422, "sheet.empty"),
        (table(*[FIRST] * (MOST_STUDENTS + 1)), {}, 422, "participation.roster_size"),
    ],
)
async def test_what_is_no_roster_is_refused_whole(rosters, data, given, status, code):
    found, answer = await rosters(data, **given)
    assert (found, answer["errors"][0]["code"]) == (status, code)
    assert await rosters.house.count("participation_counts") == 0
