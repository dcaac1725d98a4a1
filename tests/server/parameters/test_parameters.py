"""Dated values: who sets them, which holds, and what follows for issuing."""

from datetime import date

import pytest

from certgraph.parameters.actions import set_parameter, set_provincial_parameter
from certgraph.parameters.queries import parameters_in_force
from certgraph.parameters.rules import DEFINITIONS, ParameterName
from certgraph.problems import Rejected
from tests.server.programme_kit import china


def day(text):
    return date.fromisoformat(text)


async def set_for(programme, code, name, value, first_on, last_on=None, at="2020-01-02 09:00"):
    last = day(last_on) if last_on else None
    given = {"name": name, "value": value, "first_on": day(first_on), "last_on": last}
    action = set_provincial_parameter if code.startswith("PA") else set_parameter
    return await programme.do(at, code, action, **given, basis="文件")


async def in_force(programme):
    async with programme.house.sessions() as session:
        return await parameters_in_force(session)


async def test_a_provinces_own_is_before_the_programmes_a_later_one_before_an_earlier(programme):
    weeks = ParameterName.REPORT_WEEKS
    await set_for(programme, "MOE", weeks, "2", "2021-01-01")
    row = await set_for(programme, "PA-440000", weeks, "4", "2021-03-01", "2021-06-30")
    await set_for(programme, "MOE", weeks, "3", "2021-09-01")
    await set_for(programme, "MOE", weeks, "5", "2021-09-01", at="2020-01-03 09:00")
    found = await in_force(programme)
    authority_id = row.organization_id
    for text, expected in {
        "2020-12-31": (1, 1),
        "2021-01-01": (2, 2),
        "2021-03-01": (2, 4),
        "2021-06-30": (2, 4),
        "2021-07-01": (2, 2),
        "2021-09-01": (5, 5),
    }.items():
        own = found.number(weeks, day(text), authority_id)
        assert (found.number(weeks, day(text)), own) == expected, text


async def test_a_yes_holds_on_its_days_alone_and_for_its_province_alone(programme):
    name = ParameterName.REPORT_IS_EXEMPT
    row = await set_for(programme, "PA-440000", name, "yes", "2021-02-01", "2021-02-28")
    found = await in_force(programme)
    for text, expected in {"2021-01-31": False, "2021-02-01": True, "2021-03-01": False}.items():
        assert found.is_so(name, day(text), row.organization_id) is expected, text
        assert found.is_so(name, day(text)) is False


@pytest.mark.parametrize(
    ("code", "name", "value", "expected"),
    [
        ("MOE", ParameterName.REPORT_WEEKS, "0", ["parameter.value"]),
        ("MOE", ParameterName.REPORT_WEEKS, "9", ["parameter.value"]),
        ("MOE", ParameterName.REPORT_WEEKS, "１", ["parameter.value"]),
        ("MOE", ParameterName.REPORT_WEEKS, "1.0", ["parameter.value"]),
        ("MOE", ParameterName.REPORT_IS_EXEMPT, "true", ["parameter.value"]),
        ("MOE", ParameterName.HANDOVER_NOTICE_ON, "20250915", ["parameter.value"]),
        ("PA-440000", ParameterName.REPORT_MISSED_WEEKS, "2", ["parameter.not_provincial"]),
        (
            "PA-440000",
            ParameterName.COMPLETES_UNTIL,
            "x",
            ["parameter.not_provincial", "parameter.value"],
        ),
        ("PA-440000", ParameterName.REPORT_GRACE_DAYS, "14", []),
    ],
)
async def test_a_value_is_one_of_its_parameter(programme, code, name, value, expected):
    if not expected:
        await set_for(programme, code, name, value, "2021-01-01")
        return
    with pytest.raises(Rejected) as caught:
        await set_for(programme, code, name, value, "2021-01-01")
    assert [one.code for one in caught.value.problems] == expected


async def test_a_period_does_not_end_before_it_begins_and_its_document_is_named(programme):
    given = (ParameterName.REPORT_IS_EXEMPT, "yes", "2021-02-01", "2021-01-31")
    with pytest.raises(Rejected) as caught:
        await set_for(programme, "PA-440000", *given)
    assert [one.code for one in caught.value.problems] == ["period.ends_before_it_begins"]


async def test_g4_no_certificate_is_dated_after_the_last_day_of_the_regime(house):
    """The house has a later day, made up; with the regime's own, 2026 is too late."""
    given = {"name": ParameterName.COMPLETES_UNTIL, "basis": "人社厅函〔2025〕154号"}
    first_on = day("2020-01-02")
    await house.perform(set_parameter, value="2025-12-31", first_on=first_on, **given)
    for refused in ("2026-01-01", "2026-01-05"):
        with pytest.raises(Rejected) as caught:
            await house.issue(house.candidate(issued_on=day(refused)))
        (problem,) = caught.value.problems
        assert (problem.code, problem.path[-1], problem.rule_id) == (
            "issue.after_regime",
            "issued_on",
            "S18",
        )
    await house.issue(house.candidate(issued_on=day("2025-12-31")), key="in time")
    later = {"value": "2026-02-28", "first_on": day("2026-01-01"), "basis": "示例文件"}
    await house.perform(set_parameter, name=ParameterName.COMPLETES_UNTIL, **later)
    await house.issue(house.candidate(issued_on=day("2026-02-28")), key="later")
    with pytest.raises(Rejected):
        await house.issue(house.candidate(issued_on=day("2026-03-01")), key="too late")


def test_every_parameter_is_defined_and_has_the_value_of_the_sentence_where_one_says_it():
    assert set(DEFINITIONS) == set(ParameterName)
    assert DEFINITIONS[ParameterName.TRAINERS_INDUSTRY_PERCENT].default == 40
    assert DEFINITIONS[ParameterName.REPORT_MISSED_WEEKS].default == 3
    assert DEFINITIONS[ParameterName.COMPLETES_UNTIL].default == day("2025-12-31")
    assert DEFINITIONS[ParameterName.HANDOVER_NOTICE_ON].default is None
    assert china("2020-01-02 09:00").hour == 1
