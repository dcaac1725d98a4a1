"""Candidates and results of exams as spreadsheets over HTTP."""

import csv
import io

import pytest
from sqlalchemy import select

from certgraph.actions.parties import Role
from certgraph.api.relay import global_id
from certgraph.assessment.tables import ExamRegistrationRow
from tests.server.batch_kit import resident_number, xlsx
from tests.server.parties import parties_of
from tests.server.programme_kit import china

OF_EXAMS = {
    "institution": (Role.PILOT_INSTITUTION, "PI-A", False),
    "organization": (Role.EVALUATION_ORGANIZATION, "EO-001", False),
    "other": (Role.EVALUATION_ORGANIZATION, "EO-002", False),
    "province": (Role.PROVINCIAL_AUTHORITY, "PA-440000", False),
}
TITLES = ("姓名", "证件号码")


def people(*rows):
    return xlsx([dict(zip(TITLES, row, strict=True)) for row in rows], TITLES)


PEOPLE = people(("张示例", resident_number(1)), ("李示例", resident_number(2)))


class Desk:
    def __init__(self, exams, asking):
        self.exams, self.asking = exams, asking
        self.path = f"/exam-plans/{global_id('ExamPlan', exams.plan.id)}"
        part = global_id("Participation", exams.participation.id)
        self.of_students = {"key": "1", "participation": part, "declaredOn": "2021-08-30"}

    async def send(self, method, party, what, data=None, path=None, **said):
        headers = {"Authorization": f"Bearer {self.asking.tokens[party]}", "Accept-Language": "en"}
        url = f"{path or self.path}/{what}"
        return await self.asking.http.request(
            method, url, params=said, content=data, headers=headers
        )

    async def register(self, data=PEOPLE, party="institution", **said):
        given = {**self.of_students, **said}
        given = {name: value for name, value in given.items() if value is not None}
        answer = await self.send("POST", party, "registrations", data, **given)
        return answer.status_code, answer.json()

    async def rows(self):
        async with self.exams.programme.house.sessions() as session:
            found = select(ExamRegistrationRow).order_by(ExamRegistrationRow.position)
            return list(await session.scalars(found))


@pytest.fixture
async def desk(exams, programme):
    await exams.publish()
    programme.house.now = china("2021-09-10 09:00")
    async with parties_of(programme.house, OF_EXAMS) as asking:
        yield Desk(exams, asking)


async def test_a_class_is_tried_then_registered_once(desk):
    assert await desk.register() == (200, {"count": 2, "isTrial": True})
    assert await desk.rows() == []
    for _ in range(2):
        assert await desk.register(trial="false") == (201, {"count": 2, "isTrial": False})
    rows = await desk.rows()
    assert [(one.holder_name, one.payer, one.kind) for one in rows] == [
        ("张示例", "institution", "student"),
        ("李示例", "institution", "student"),
    ]


async def test_what_is_wrong_is_named_in_its_cell(desk):
    data = people(("张示例", resident_number(1)), ("李？", "123"))
    status, answer = await desk.register(data)
    assert (status, answer["count"]) == (422, 2)
    assert [
        (one["row"], one["column"], one["title"], one["code"]) for one in answer["problems"]
    ] == [
        (3, 1, "姓名", "text.no_name"),
        (3, 2, "证件号码", "issue.document_length"),
    ]
    assert "123" not in answer["problems"][1]["shown"]


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ({"key": None}, 422, "request.parameter_missing"),
        ({"kind": "NOBODY"}, 422, "request.parameter_value"),
        ({"payer": "x"}, 422, "request.parameter_value"),
        ({"declaredOn": "30.8."}, 422, "request.parameter_value"),
        ({"trial": "perhaps"}, 422, "request.parameter_value"),
        ({"more": "x"}, 422, "request.parameter_unknown"),
        ({"party": "province"}, 403, "access.role"),
    ],
)
async def test_what_cannot_be_asked(desk, said, status, code):
    found, answer = await desk.register(**said)
    assert (found, answer["errors"][0]["code"]) == (status, code)


async def test_students_without_a_declaration_are_refused_row_by_row(desk):
    status, answer = await desk.register(declaredOn=None)
    assert (status, answer["count"]) == (422, 2)
    assert {one["code"] for one in answer["problems"]} == {"registration.not_voluntary"}


async def test_an_unknown_plan_and_anothers_answer_the_same(desk):
    nowhere = "/exam-plans/nothing"
    for path, party in ((nowhere, "organization"), (None, "other")):
        for method in ("GET", "POST"):
            answer = await desk.send(method, party, "results", b"x", path)
            assert (answer.status_code, answer.json()["errors"][0]["code"]) == (
                404,
                "plan.not_found",
            )


async def test_results_are_filled_into_the_table_of_the_plan(desk):
    await desk.register(trial="false")
    desk.exams.programme.house.now = china("2021-11-22 09:00")
    answer = await desk.send("GET", "organization", "results")
    assert answer.headers["content-disposition"] == 'attachment; filename="results-20211120.csv"'
    (header, *rows) = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert header == ["考核报名编号", "姓名", "理论", "实操"]
    assert [row[1] for row in rows] == ["张示例", "李示例"]
    rows[0][2:], rows[1][2:] = ["72", "81.5"], ["缺考", ""]
    filled = io.StringIO()
    csv.writer(filled).writerows([header, *rows])
    data = filled.getvalue().encode("gb18030")
    answer = await desk.send("POST", "organization", "results", data, trial="false")
    assert (answer.status_code, answer.json()) == (201, {"count": 2, "isTrial": False})
    found = [(one.state.value, one.total_hundredths) for one in await desk.rows()]
    assert found == [("passed", 7770), ("absent", None)]


@pytest.mark.parametrize(
    ("marks", "problems"),
    [
        (("101", "50"), [(2, 3, "result.marks")]),
        (("50", "50.25"), [(2, 4, "sheet.no_marks")]),
        (("", "x"), [(2, 3, "sheet.no_marks"), (2, 4, "sheet.no_marks")]),
        (("1e9999999", "-1"), [(2, 3, "sheet.no_marks"), (2, 4, "sheet.no_marks")]),
        (("NaN", "50.50"), [(2, 3, "sheet.no_marks")]),
    ],
)
async def test_marks_that_are_none_are_named_in_their_cell(desk, marks, problems):
    await desk.register(trial="false")
    desk.exams.programme.house.now = china("2021-11-22 09:00")
    (first, _) = await desk.rows()
    text = "考核报名编号,姓名,理论,实操\n" + ",".join((str(first.id), "张示例", *marks))
    answer = await desk.send("POST", "organization", "results", text.encode())
    found = [(one["row"], one["column"], one["code"]) for one in answer.json()["problems"]]
    assert (answer.status_code, found) == (422, problems)


async def test_each_part_of_the_scheme_has_a_column(desk):
    await desk.register(trial="false")
    desk.exams.programme.house.now = china("2021-11-22 09:00")
    answer = await desk.send("POST", "organization", "results", "考核报名编号,理论\n1,2".encode())
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["code"]) == (422, "sheet.part_missing")
    text = "考核报名编号,理论,实操\n1,2,3"
    answer = await desk.send("POST", "organization", "results", text.encode())
    (problem,) = answer.json()["problems"]
    assert (problem["row"], problem["code"]) == (2, "sheet.no_key")
