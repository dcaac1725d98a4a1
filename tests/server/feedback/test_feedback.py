"""What anybody tells the programme, without a name; who answers, and who reads it."""

from datetime import date

import pytest
from sqlalchemy import select

from certgraph.actions.parties import Actor, Role
from certgraph.duties.findings import sentence
from certgraph.duties.tables import FindingRow, ObligationRow
from certgraph.feedback.actions import answer_feedback, submit_feedback
from certgraph.feedback.rules import MOST_AN_HOUR, FeedbackCategory
from certgraph.parameters.actions import set_parameter
from certgraph.parameters.rules import ParameterName
from certgraph.problems import Rejected
from tests.server.parties import parties_of
from tests.server.programme_kit import china

ANYBODY = Actor("public", Role.PUBLIC)
TELL = """mutation { feedbackSubmit(input: {idempotencyKey: "k", category: FEES,
  text: "收费过高\\n请核查", subjectCode: "EO-001"}) {
  feedback { id } trackingToken errors { code } } }"""
STATUS = '{ feedbackStatus(trackingToken: "%s") { text answer answeredAt isPublished } }'


async def test_anybody_tells_something_and_finds_the_answer_by_the_token(programme):
    ministry = {"ministry": (Role.MINISTRY, "MOE", False)}
    async with parties_of(programme.house, ministry) as asking:
        told = await asking.done("public", TELL)
        token = told["trackingToken"]
        assert told["feedback"] is None  # nobody reads it yet who has not the token
        assert (await asking.done("public", TELL))["trackingToken"] is None
        status = await asking.data("public", STATUS % token)
        assert status["feedbackStatus"] == {
            "text": "收费过高\n请核查",
            "answer": None,
            "answeredAt": None,
            "isPublished": False,
        }
        assert await asking.data("public", STATUS % "cgf_0") == {"feedbackStatus": None}
        everybodys = "{ feedback { nodes { id text answer } } }"
        assert await asking.data("public", everybodys) == {"feedback": {"nodes": []}}
        ((row,),) = [
            found["nodes"] for found in (await asking.data("ministry", everybodys)).values()
        ]
        answer = (
            f'mutation {{ feedbackAnswer(input: {{id: "{row["id"]}", answer: "已责令整改", '
            "isPublished: true}) { feedback { answer } errors { code rule { id } } } }"
        )
        await asking.done("ministry", answer)
        assert await asking.refused("ministry", answer) == [("feedback.answered", None)]
        status = (await asking.data("public", STATUS % token))["feedbackStatus"]
        assert (status["answer"], status["isPublished"]) == ("已责令整改", True)
        shown = (await asking.data("public", everybodys))["feedback"]["nodes"]
        assert [one["answer"] for one in shown] == ["已责令整改"]


async def owed(house):
    async with house.sessions() as session:
        rows = await session.scalars(select(ObligationRow).order_by(ObligationRow.opened_at))
        return [(one.rule_id, one.due_on, one.met_at is not None) for one in rows]


async def test_an_answer_is_owed_with_a_day_only_where_a_parameter_says_so(programme):
    house = programme.house
    given = {"category": FeedbackCategory.EXAMS, "text": "考场秩序混乱"}
    at = house.environment(now=china("2021-09-28 09:00"))
    row, _ = await house.perform(submit_feedback, actor=ANYBODY, environment=at, **given)
    days = {"value": "5", "first_on": date(2021, 9, 28), "basis": "文件"}
    name = {"name": ParameterName.FEEDBACK_ANSWER_DAYS}
    await house.perform(set_parameter, environment=at, **name, **days)
    at = house.environment(now=china("2021-09-28 10:00"))
    await house.perform(submit_feedback, actor=ANYBODY, environment=at, **given)
    await house.perform(answer_feedback, environment=at, id=row.id, answer="谢谢")
    # 29 and 30 September, 8, 9 and 11 October are working days
    assert await owed(house) == [("R52", None, True), ("R52", date(2021, 10, 11), False)]


async def test_nobody_fills_the_table(programme):
    house = programme.house
    given = {"category": FeedbackCategory.OTHER, "text": "x"}
    for _ in range(MOST_AN_HOUR):
        await house.perform(submit_feedback, actor=ANYBODY, **given)
    with pytest.raises(Rejected) as caught:
        await house.perform(submit_feedback, actor=ANYBODY, **given)
    assert [one.code for one in caught.value.problems] == ["feedback.too_much"]
    later = house.environment(now=house.now.replace(hour=house.now.hour + 2))
    await house.perform(submit_feedback, actor=ANYBODY, environment=later, **given)


@pytest.mark.parametrize("text", ["", " \n ", "x" * 4_001, "a\u202eb", "a\x00b"])
async def test_a_text_is_one_that_can_be_read(house, text):
    given = {"category": FeedbackCategory.OTHER, "text": text}
    with pytest.raises(Rejected) as caught:
        await house.perform(submit_feedback, actor=ANYBODY, **given)
    assert [one.path for one in caught.value.problems] == [("text",)]


async def told(house, at, times, **changes):
    given = {"category": FeedbackCategory.FEES, "text": "收费过高", "subject_code": "EO-001"}
    environment = house.environment(now=china(at))
    for _ in range(times):
        await house.perform(
            submit_feedback, actor=ANYBODY, environment=environment, **{**given, **changes}
        )


async def clusters(programme):
    async with programme.house.sessions() as session:
        rows = await session.scalars(select(FindingRow).where(FindingRow.rule_id == "E5"))
        return [sentence(one.code, one.facts, "zh") for one in rows]


async def test_much_feedback_of_one_thing_is_noted_and_not_counted_again(programme):
    await told(programme.house, "2021-08-01 09:00", 1)  # more than 30 days before the others
    await told(programme.house, "2021-09-20 09:00", 4)
    await told(programme.house, "2021-09-20 09:00", 1, category=FeedbackCategory.EXAMS)
    await told(programme.house, "2021-09-20 09:00", 1, subject_code="EO-002")
    for other in (None, "PI-A"):  # of nobody, and of no evaluation organization
        await told(programme.house, "2021-09-20 09:00", 9, subject_code=other)
    assert (await programme.sweep("2021-10-08 09:00")).found == 0
    assert await clusters(programme) == []
    await told(programme.house, "2021-10-08 10:00", 1)
    assert (await programme.sweep("2021-10-08 11:00")).found == 1
    assert await clusters(programme) == ["30 日内收到“收费”类反映 5 条。"]
    await told(programme.house, "2021-10-08 12:00", 4)
    assert (await programme.sweep("2021-11-01 11:00")).found == 0
    await told(programme.house, "2021-11-01 12:00", 1)
    assert (await programme.sweep("2021-11-01 13:00")).found == 1


async def test_a_sweep_that_comes_late_notes_it_at_the_same_moment(programme):
    await told(programme.house, "2021-09-20 09:00", 4)
    await told(programme.house, "2021-09-21 10:00", 1)
    assert (await programme.sweep("2022-01-10 09:00")).found == 1
    async with programme.house.sessions() as session:
        (row,) = await session.scalars(select(FindingRow).where(FindingRow.rule_id == "E5"))
    assert row.found_at == china("2021-09-21 10:00")


async def test_after_the_pilot_nothing_is_noted(programme):
    await told(programme.house, "2025-12-31 23:59", 4)
    await told(programme.house, "2026-01-01 00:00", 9)
    assert (await programme.sweep("2026-01-02 09:00")).found == 0


async def test_how_much_is_noted_is_a_parameter(programme):
    for name, value in (("LEAST", "2"), ("DAYS", "1")):
        await programme.house.perform(
            set_parameter,
            name=ParameterName[f"FEEDBACK_CLUSTER_{name}"],
            value=value,
            first_on=date(2021, 9, 1),
            basis="文件",
        )
    await told(programme.house, "2021-09-20 09:00", 1)
    await told(programme.house, "2021-09-21 09:30", 1)
    assert (await programme.sweep("2021-09-21 10:00")).found == 0
    await told(programme.house, "2021-09-21 10:00", 1)
    assert (await programme.sweep("2021-09-21 10:30")).found == 1
