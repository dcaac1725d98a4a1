"""Weekly reports as they are owed, come, are missed and waived; and the rates of them."""

import asyncio
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from certgraph.actions.parties import Role
from certgraph.all_duties import sweep_all
from certgraph.certificates.states.actions import register_certificate
from certgraph.duties import obligation_queries
from certgraph.duties.findings import sentence
from certgraph.duties.rules import ObligationBasis, ObligationKind
from certgraph.duties.tables import FindingRow, ObligationRow
from certgraph.duties.waiving import waive_obligation
from certgraph.parameters.actions import set_parameter, set_provincial_parameter
from certgraph.parameters.rules import ParameterName
from certgraph.participation.actions import end_participation
from certgraph.problems import Rejected
from certgraph.randomness import new_id
from tests.server import credit_kit
from tests.server.parties import parties_of
from tests.server.programme_kit import china


def day(text):
    return date.fromisoformat(text)


async def weekly(programme):
    statement = (
        select(ObligationRow)
        .where(ObligationRow.kind == ObligationKind.WEEKLY_REPORT)
        .order_by(ObligationRow.first_on)
    )
    async with programme.house.sessions() as session:
        return list(await session.scalars(statement))


async def findings(programme):
    async with programme.house.sessions() as session:
        rows = await session.scalars(select(FindingRow).order_by(FindingRow.found_at))
        return [(one.rule_id, one.found_at, sentence(one.code, one.facts, "zh")) for one in rows]


W1_FINDING = (
    "I1",
    china("2021-10-11 00:00"),
    "连续 3 周未按期填报周报：2021-09-20、2021-09-27、2021-10-04。",
)


@pytest.mark.parametrize("swept_at", ["2021-10-11 00:00", "2021-10-13 03:00"])
async def test_w1_three_weeks_are_missed_whenever_the_sweep_comes(programme, swept_at):
    row = await programme.take_part("PI-A", "2021-09-06")
    await programme.report("PI-A", "2021-09-13", "2021-09-19 23:30")
    assert (await programme.sweep("2021-10-10 23:59")).found == 0
    assert (await programme.sweep(swept_at)).found == 1
    assert await findings(programme) == [W1_FINDING]
    assert row.active_on == day("2021-09-06")
    assert (await programme.sweep("2021-10-13 04:00")).found == 0


@pytest.mark.parametrize(
    ("at", "expected"),
    [("2021-10-10 23:59:59", []), ("2021-10-11 00:00", [W1_FINDING])],
    ids=["W2", "W3"],
)
async def test_a_report_is_in_time_by_a_second_or_late(programme, at, expected):
    await programme.take_part("PI-A", "2021-09-06")
    await programme.report("PI-A", "2021-09-13", "2021-09-19 23:30")
    await programme.sweep("2021-10-05 09:00")
    await programme.report("PI-A", "2021-10-04", at)
    await programme.sweep("2021-10-11 09:00")
    assert await findings(programme) == expected
    last = next(row for row in await weekly(programme) if row.first_on == day("2021-10-04"))
    assert (last.met_at == china(at), last.met_at >= last.due_before) == (True, bool(expected))


async def test_w7_an_exemption_of_the_province_leaves_nothing_owed(programme):
    given = {
        "name": ParameterName.REPORT_IS_EXEMPT,
        "value": "yes",
        "first_on": day("2022-01-15"),
        "last_on": day("2022-02-20"),
        "basis": "寒假安排",
    }
    await programme.do("2021-12-20 09:00", "PA-440000", set_provincial_parameter, **given)
    await programme.take_part("PI-A", "2022-01-03")
    await programme.sweep("2022-03-01 09:00")
    owed = [row.first_on for row in await weekly(programme)]
    assert owed == [day("2022-01-10"), day("2022-02-21"), day("2022-02-28")]


async def test_an_exemption_that_comes_later_waives_what_was_opened_before(programme):
    await programme.take_part("PI-A", "2022-01-03")
    await programme.report("PI-A", "2022-01-10", "2022-01-14 09:00")
    for monday in ("17", "24"):
        await programme.sweep(f"2022-01-{monday} 09:00")
    given = {
        "name": ParameterName.REPORT_IS_EXEMPT,
        "value": "yes",
        "first_on": day("2022-01-15"),
        "last_on": day("2022-02-20"),
        "basis": "寒假安排",
    }
    await programme.do("2022-01-25 09:00", "PA-440000", set_provincial_parameter, **given)
    await programme.sweep("2022-02-28 09:00")
    assert await findings(programme) == []
    waived = [row.first_on for row in await weekly(programme) if row.waived_at]
    assert waived == [day("2022-01-17"), day("2022-01-24")]


async def set_for_guangdong(programme, at, name, value, first_on, last_on=None):
    last = day(last_on) if last_on else None
    given = {"name": name, "value": value, "first_on": day(first_on), "last_on": last}
    await programme.do(at, "PA-440000", set_provincial_parameter, **given, basis="文件")


async def sweep_daily(programme, first_on, days):
    for number in range(days):
        await programme.sweep(f"{day(first_on) + timedelta(days=number)} 00:30")


@pytest.mark.parametrize("is_daily", [True, False], ids=["swept daily", "swept late"])
async def test_grace_that_is_given_meanwhile_moves_what_is_not_due_and_what_is_found(
    programme, is_daily
):
    """W38 and W39 are missed; grace is given for W40 while it runs, and nothing comes any more."""
    await programme.take_part("PI-A", "2021-09-06")
    await programme.report("PI-A", "2021-09-13", "2021-09-19 23:30")
    if is_daily:
        await sweep_daily(programme, "2021-09-20", 16)
    given = (ParameterName.REPORT_GRACE_DAYS, "3", "2021-10-04")
    await set_for_guangdong(programme, "2021-10-06 09:00", *given)
    if is_daily:
        await sweep_daily(programme, "2021-10-07", 30)
    await programme.sweep("2021-11-10 09:00")
    assert [(rule, at) for rule, at, _ in await findings(programme)] == [
        ("I1", china("2021-10-14 00:00"))
    ]


async def test_an_exemption_waives_what_was_judged_before_it_too(programme):
    await programme.take_part("PI-A", "2021-09-06")
    await programme.report("PI-A", "2021-09-13", "2021-09-19 23:30")
    await programme.sweep("2021-09-27 00:01")
    given = (ParameterName.REPORT_IS_EXEMPT, "yes", "2021-09-20", "2021-10-03")
    await set_for_guangdong(programme, "2021-09-27 09:00", *given)
    await programme.sweep("2021-09-27 09:01")
    waived = [row.first_on for row in await weekly(programme) if row.waived_at]
    assert waived == [day("2021-09-20"), day("2021-09-27")]


async def test_a_waiver_between_the_moment_and_the_sweep_takes_no_finding_away(programme):
    await programme.take_part("PI-A", "2021-09-06")
    await programme.report("PI-A", "2021-09-13", "2021-09-19 23:30")
    await programme.sweep("2021-10-08 09:00")
    third = next(row for row in await weekly(programme) if row.first_on == day("2021-10-04"))
    given = {"id": third.id, "reason": "补免"}
    await programme.do("2021-10-12 09:00", "PA-440000", waive_obligation, **given)
    await programme.sweep("2021-10-13 09:00")
    assert await findings(programme) == [W1_FINDING]


async def test_what_comes_to_be_owed_in_the_middle_of_a_week_is_opened_then(programme):
    house = programme.house
    given = {"name": ParameterName.REPORT_FIRST_IS_EXEMPT, "value": "no", "basis": "文件"}
    at = house.environment(now=china("2021-09-01 09:00"))
    await house.perform(set_parameter, environment=at, first_on=day("2021-09-01"), **given)
    await programme.sweep("2021-09-06 09:00")
    await programme.take_part("PI-A", "2021-09-08")
    await programme.sweep("2021-09-09 09:00")
    assert [row.first_on for row in await weekly(programme)] == [day("2021-09-06")]


async def test_a_report_that_came_while_its_obligation_was_opened_meets_it(programme):
    """The report saw no obligation yet, and the sweep no report: the next one finds both."""
    await programme.take_part("PI-A", "2021-09-06")
    await programme.report("PI-A", "2021-09-13", "2021-09-13 00:10")
    await programme.sweep("2021-09-13 00:10")
    async with programme.house.sessions.begin() as session:
        await session.execute(update(ObligationRow).values(met_at=None, met_by_id=None))
    await programme.sweep("2021-09-20 00:10")
    first = (await weekly(programme))[0]
    assert first.met_at == china("2021-09-13 00:10")


STATES = "{ obligations(kind: WEEKLY_REPORT) { nodes { firstOn state } } }"


async def test_the_state_of_what_is_owed_is_derived_from_the_time_of_asking(programme):
    house = programme.house
    await programme.take_part("PI-A", "2021-09-06")
    await programme.sweep("2021-09-13 08:00")
    asked = {
        "2021-09-16 23:59": "AHEAD",
        "2021-09-17 00:00": "DUE_SOON",  # the last day is two days away
        "2021-09-19 23:59": "DUE_SOON",
        "2021-09-20 00:00": "OVERDUE",
    }
    async with parties_of(house, {"own": (Role.PILOT_INSTITUTION, "PI-A", False)}) as asking:
        for at, state in asked.items():
            house.now = china(at)
            (shown,) = (await asking.data("own", STATES))["obligations"]["nodes"]
            assert shown["state"] == state, at
        await programme.report("PI-A", "2021-09-13", "2021-09-20 00:00")
        (shown,) = (await asking.data("own", STATES))["obligations"]["nodes"]
        assert shown["state"] == "MET_LATE"


PAGE = """query ($after: String, $from: Date, $to: Date) {
  obligations(first: 2, after: $after, dueFrom: $from, dueTo: $to) {
    nodes { dueOn } pageInfo { endCursor hasNextPage } } }"""


async def pages(asking, **given):
    """Return the last days of all that is owed, page by page."""
    found, after, is_more = [], None, True
    while is_more:
        shown = (await asking.data("own", PAGE, {"after": after, **given}))["obligations"]
        found += [node["dueOn"] for node in shown["nodes"]]
        after, is_more = shown["pageInfo"]["endCursor"], shown["pageInfo"]["hasNextPage"]
    return found


async def test_what_has_no_last_day_comes_last_and_is_on_its_page(programme):
    """On both databases, which have nulls first or last."""
    house = programme.house
    actor = await house.actor(Role.PILOT_INSTITUTION, "PI-A")
    days = ["2021-09-19", None, "2021-10-10", None, None, "2021-09-26", "2021-10-03"]
    rows = [
        {
            "id": new_id(house.random),
            "kind": ObligationKind.FEEDBACK_ANSWER,
            "rule_id": "R52",
            "debtor_id": actor.organization_id,
            "key": str(number),
            "opened_at": house.now,
            "due_on": None if text is None else day(text),
            "basis": ObligationBasis.EVENT,
        }
        for number, text in enumerate(days)
    ]
    async with house.sessions.begin() as session:
        await obligation_queries.open_obligations(session, rows)
    dated = ["2021-09-19", "2021-09-26", "2021-10-03", "2021-10-10"]
    async with parties_of(house, {"own": (Role.PILOT_INSTITUTION, "PI-A", False)}) as asking:
        assert await pages(asking) == [*dated, None, None, None]
        assert await pages(asking, **{"from": "2021-09-26"}) == dated[1:]
        assert await pages(asking, to="9999-12-31") == dated
        assert await pages(asking, to="2021-10-03", **{"from": "2021-09-20"}) == dated[1:3]


async def test_a_report_is_not_revised_into_another_week(programme):
    await programme.take_part("PI-A", "2021-09-06")
    row = await programme.report("PI-A", "2021-09-13", "2021-09-17 09:00")
    given = {"first_on": day("2021-09-20"), "progress": "另一周", "revises": row.id}
    with pytest.raises(Rejected) as caught:
        await programme.submit("2021-09-22 09:00", "PI-A", "weekly_report", **given)
    assert [one.code for one in caught.value.problems] == ["filing.other_place"]


async def rates(programme, first_on, last_on, **by):
    async with programme.house.sessions() as session:
        lines = await obligation_queries.reporting_rates(session, day(first_on), day(last_on), **by)
    return [(line.period, line.expected, line.received, line.on_time) for line in lines]


async def test_w13_a_finding_stays_and_the_rate_says_what_came_and_what_came_in_time(programme):
    await programme.take_part("PI-A", "2021-09-06")
    await programme.report("PI-A", "2021-09-13", "2021-09-19 23:30")
    await programme.sweep("2021-10-11 00:00")
    for monday in ("2021-09-20", "2021-09-27", "2021-10-04"):
        await programme.report("PI-A", monday, "2021-10-12 09:00")
    await programme.report("PI-A", "2021-10-11", "2021-10-17 20:00")
    await programme.sweep("2021-10-20 09:00")
    assert await findings(programme) == [W1_FINDING]
    assert await rates(programme, "2021-09-06", "2021-10-17") == [(None, 5, 5, 2)]
    by_period = await rates(programme, "2021-09-27", "2021-10-04", by_period=True)
    assert sorted(by_period) == [(day("2021-09-27"), 1, 1, 0), (day("2021-10-04"), 1, 1, 0)]


async def test_w15_one_report_a_week_is_owed_however_many_certificates_are_piloted(programme):
    await programme.take_part("PI-A", "2021-09-06")
    await programme.take_part("PI-A", "2021-09-06", level=2)
    await programme.sweep("2021-09-27 09:00")
    owed = [row.first_on for row in await weekly(programme)]
    assert owed == [day("2021-09-13"), day("2021-09-20"), day("2021-09-27")]


async def test_x15_sibling_who_ends_owes_the_week_in_which_it_did_and_no_later_one(programme):
    row = await programme.take_part("PI-A", "2021-10-11")
    await programme.do("2021-11-01 09:00", "PI-A", end_participation, id=row.id)
    await programme.sweep("2021-12-01 09:00")
    owed = [row.first_on for row in await weekly(programme)]
    assert owed == [day("2021-10-18"), day("2021-10-25"), day("2021-11-01")]


@pytest.mark.parametrize(
    ("first_on", "at", "code"),
    [
        ("2021-09-14", "2021-09-19 09:00", "report.no_period"),  # a Tuesday
        ("2021-08-30", "2021-09-19 09:00", "report.no_period"),  # before it took part
        ("2021-09-20", "2021-09-19 23:59", "filing.day_to_come"),
    ],
)
async def test_a_report_is_of_a_period_of_its_own_that_has_begun(programme, first_on, at, code):
    await programme.take_part("PI-A", "2021-09-06")
    with pytest.raises(Rejected) as caught:
        await programme.report("PI-A", first_on, at)
    assert [one.code for one in caught.value.problems] == [code]


async def test_a_second_report_of_a_week_revises_the_first_and_the_first_keeps_its_time(programme):
    await programme.take_part("PI-A", "2021-09-06")
    row = await programme.report("PI-A", "2021-09-13", "2021-09-17 09:00")
    with pytest.raises(Rejected) as caught:
        await programme.report("PI-A", "2021-09-13", "2021-09-18 09:00")
    assert [one.code for one in caught.value.problems] == ["filing.second"]
    given = {"first_on": day("2021-09-13"), "progress": "补充", "revises": row.id}
    await programme.submit("2021-09-30 09:00", "PI-A", "weekly_report", **given)
    await programme.sweep("2021-10-01 09:00")
    (first,) = [one for one in await weekly(programme) if one.met_at]
    assert first.met_at == china("2021-09-17 09:00")


async def test_an_authority_waives_what_its_institutions_owe_and_a_waived_week_is_no_miss(
    programme,
):
    await programme.take_part("PI-A", "2021-09-06")
    await programme.report("PI-A", "2021-09-13", "2021-09-19 23:30")
    await programme.sweep("2021-09-28 09:00")
    owed = await weekly(programme)
    second = next(row for row in owed if row.first_on == day("2021-09-27"))
    given = {"id": second.id, "reason": "台风停课"}
    with pytest.raises(Rejected) as caught:
        await programme.do("2021-09-29 09:00", "PA-430000", waive_obligation, **given)
    assert [one.code for one in caught.value.problems] == ["obligation.not_found"]
    await programme.do("2021-09-29 09:00", "PA-440000", waive_obligation, **given)
    await programme.sweep("2021-10-12 09:00")
    assert await findings(programme) == []
    with pytest.raises(Rejected) as caught:
        await programme.do("2021-09-30 09:00", "PA-440000", waive_obligation, **given)
    assert [one.code for one in caught.value.problems] == ["obligation.waived"]


async def test_two_sweeps_at_once_do_nothing_twice(programme):
    await programme.take_part("PI-A", "2021-09-06")
    await programme.take_part("PI-B", "2021-09-06", authority="PA-430000")
    now, house = china("2021-11-01 09:00"), programme.house
    swept = await asyncio.gather(
        *(sweep_all(house.sessions, now=now, random=house.random) for _ in range(3))
    )
    rows = await weekly(programme)
    assert len(rows) == len({(row.debtor_id, row.first_on) for row in rows}) == 16
    assert len(await findings(programme)) == 2
    assert sum(one.found for one in swept) >= 2


async def test_r39_a_run_is_owed_until_the_last_of_its_certificates_is_entered(house):
    rows = await house.issue(house.candidate(), house.candidate(holder_name="李示例"))
    await sweep_all(house.sessions, now=house.now, random=house.random)

    async def owed():
        async with house.sessions() as session:
            statement = select(ObligationRow).where(
                ObligationRow.kind == ObligationKind.REGISTRATION
            )
            return (await session.scalars(statement)).one()

    found = await owed()
    assert (found.rule_id, found.due_on, found.met_at) == ("R39", rows[0].registration_due_on, None)
    for place, row in enumerate(rows):
        await house.perform(register_certificate, number=row.number)
        await sweep_all(house.sessions, now=house.now, random=house.random)
        assert ((await owed()).met_at is not None) == (place == 1)


async def test_r41_what_is_owed_to_the_credit_bank_is_met_by_the_proposal(house):
    await sweep_all(house.sessions, now=house.now, random=house.random)

    async def owed():
        async with house.sessions() as session:
            statement = select(ObligationRow).where(
                ObligationRow.kind == ObligationKind.CREDIT_PROPOSAL, ObligationRow.level == 1
            )
            return (await session.scalars(statement)).one()

    found = await owed()
    assert (found.rule_id, found.due_on, found.met_at) == ("R41", day("2019-05-16"), None)
    await credit_kit.publish_rule(house)
    await credit_kit.recognized(house)
    await sweep_all(house.sessions, now=house.now, random=house.random)
    assert (await owed()).met_at is not None
