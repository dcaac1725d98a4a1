"""Which weekly reports are owed, and when too many are missed: the worked examples, by their ids.

Days and moments are those of China.
"""

from datetime import date, timedelta
from uuid import UUID

import pytest

from certgraph.calendar import instant_after, is_working_day
from certgraph.duties.weeks import Judged, missed_runs, periods
from certgraph.parameters.rules import ParameterName, Parameters, Setting
from certgraph.participation.rules import Span, joined, span_of
from tests.server.programme_kit import china

GUANGDONG = UUID(int=44)


def day(text):
    return date.fromisoformat(text)


def week(text):
    """Return the Monday of a week such as 2021-W38."""
    year, number = text.split("-W")
    return date.fromisocalendar(int(year), int(number), 1)


def setting(name, value, first_on, last_on=None):
    last = day(last_on) if last_on else None
    return Setting(name, GUANGDONG, value, day(first_on), last, china("2019-12-01 09:00"), "文件")


def found(start, end, missing, now, *, settings=(), late=None, always=True):
    """Return (moment, Mondays) of each finding; what is not missing came on its last evening."""
    parameters = Parameters(settings)
    spans = [Span(day(start), day(end))]
    holds = {"holds": lambda _day: True} if always else {}
    known = list(periods(spans, parameters, GUANGDONG, day(now), **holds))
    missed = {week(one) for one in missing}
    received = {
        one.first_on: instant_after(one.last_on) - timedelta(hours=1)
        for one in known
        if one.first_on not in missed
    }
    received |= {week(one): china(at) for one, at in (late or {}).items()}
    runs = missed_runs(judged(known, received), lambda _day: 3, china(f"{now} 00:00"))
    return [(run.found_at, list(run.first_days)) for run in runs]


def judged(known, received):
    """Return what is owed, with when it came."""
    return [
        Judged(one.first_on, one.weeks, one.spell, one.due_before, received.get(one.first_on))
        for one in known
        if one.is_owed
    ]


def finding(at, *weeks):
    return [(china(at), [week(one) for one in weeks])]


W1 = {"start": "2021-09-06", "end": "2021-12-31", "missing": ["2021-W38", "2021-W39", "2021-W40"]}
W5 = {"start": "2021-12-27", "end": "2022-12-31", "missing": ["2022-W03", "2022-W04", "2022-W06"]}
HOLIDAYS = setting(ParameterName.REPORT_IS_EXEMPT, "yes", "2022-01-15", "2022-02-20")
EVERY_TWO_WEEKS = setting(ParameterName.REPORT_WEEKS, "2", "2023-02-20")
A_DAY_OF_GRACE = setting(ParameterName.REPORT_GRACE_DAYS, "1", "2021-09-01")

EXAMPLES = {
    "W1": (W1, "2021-10-18", finding("2021-10-11 00:00", *W1["missing"])),
    "W1 sibling: a day before its moment": (W1, "2021-10-10", []),
    "W2": (W1 | {"late": {"2021-W40": "2021-10-10 23:59:59"}}, "2021-10-18", []),
    "W3": (
        W1 | {"late": {"2021-W40": "2021-10-11 00:00"}},
        "2021-10-18",
        finding("2021-10-11 00:00", *W1["missing"]),
    ),
    "W4 sibling: grace moves the moment": (
        W1 | {"settings": [A_DAY_OF_GRACE], "late": {"2021-W40": "2021-10-11 23:59"}},
        "2021-10-18",
        [],
    ),
    "W5": (W5, "2022-03-01", finding("2022-02-14 00:00", *W5["missing"])),
    "W6": (W5 | {"late": {"2022-W03": "2022-01-25 10:00"}}, "2022-02-14", []),
    "W7": (W5 | {"settings": [HOLIDAYS]}, "2022-03-01", []),
    "W9, after two weeks": (
        {
            "start": "2023-02-20",
            "end": "2023-12-31",
            "missing": ["2023-W10"],
            "settings": [EVERY_TWO_WEEKS],
        },
        "2023-03-20",
        [],
    ),
    "W9": (
        {
            "start": "2023-02-20",
            "end": "2023-12-31",
            "missing": ["2023-W10", "2023-W12"],
            "settings": [EVERY_TWO_WEEKS],
        },
        "2023-04-10",
        finding("2023-04-03 00:00", "2023-W10", "2023-W12"),
    ),
    "W11": (
        {
            "start": "2023-12-25",
            "end": "2024-12-31",
            "missing": ["2024-W06", "2024-W07", "2024-W08"],
        },
        "2024-03-01",
        finding("2024-02-26 00:00", "2024-W06", "2024-W07", "2024-W08"),
    ),
    "W12": (
        {
            "start": "2025-12-22",
            "end": "2026-12-31",
            "missing": ["2026-W07", "2026-W09", "2026-W10"],
        },
        "2026-03-16",
        finding("2026-03-09 00:00", "2026-W07", "2026-W09", "2026-W10"),
    ),
    "W12, as the regime has it: nothing is owed": (
        {
            "start": "2025-12-22",
            "end": "2026-12-31",
            "missing": ["2026-W07", "2026-W09", "2026-W10"],
            "always": False,
        },
        "2026-03-16",
        [],
    ),
    "a run goes on without a second finding": (
        W1 | {"missing": [*W1["missing"], "2021-W41", "2021-W42"]},
        "2021-11-01",
        finding("2021-10-11 00:00", *W1["missing"]),
    ),
    "a week that falls due after the one behind it counts once it is due": (
        W1
        | {
            "settings": [
                setting(ParameterName.REPORT_GRACE_DAYS, "14", "2021-09-27", "2021-10-03"),
            ],
        },
        "2021-11-01",
        finding("2021-10-18 00:00", *W1["missing"]),
    ),
    "a week that came breaks the run": (
        W1 | {"missing": ["2021-W38", "2021-W39", "2021-W41", "2021-W42"]},
        "2021-11-08",
        [],
    ),
    "the first period is not owed, so that it counts nowhere": (
        W1 | {"missing": ["2021-W36", "2021-W37", "2021-W38"]},
        "2021-10-04",
        [],
    ),
}


@pytest.mark.parametrize(("given", "now", "expected"), EXAMPLES.values(), ids=EXAMPLES)
def test_missed_reports_are_noted_at_the_moment_at_which_they_become_too_many(given, now, expected):
    assert found(**given, now=now) == expected


def owed(spans, until, settings=()):
    known = periods(spans, Parameters(settings), GUANGDONG, day(until))
    return [one.first_on for one in known if one.is_owed]


def test_w16_the_week_in_which_the_year_ends_is_owed_and_the_next_is_not():
    spans = [span_of(day("2021-12-13"), 2021, None)]
    assert owed(spans, "2022-02-01") == [week("2021-W51"), week("2021-W52")]


def test_g7_in_the_regime_after_the_pilot_no_report_is_owed():
    spans = [Span(day("2025-12-15"), day("2026-12-31"))]
    assert owed(spans, "2026-02-01") == [week("2025-W52"), week("2026-W01")]


def test_who_takes_part_again_after_a_pause_has_a_first_period_again():
    spans = [
        span_of(day("2020-12-07"), 2020, None),
        span_of(day("2021-03-10"), 2021, day("2021-03-28")),
    ]
    weeks = ["2020-W51", "2020-W52", "2020-W53", "2021-W11", "2021-W12"]
    assert owed(spans, "2021-04-30") == [week(one) for one in weeks]


def test_a_run_does_not_cross_a_pause():
    spans = [
        span_of(day("2020-09-07"), 2020, day("2020-10-04")),
        span_of(day("2021-03-01"), 2021, None),
    ]
    known = list(periods(spans, Parameters(), GUANGDONG, day("2021-03-15")))
    owed_weeks = [one.first_on for one in known if one.is_owed]
    assert owed_weeks[-2:] == [week("2021-W10"), week("2021-W11")]
    received = {one.first_on: instant_after(one.first_on) for one in known[:2]}  # but not of two
    now = china("2021-03-15 00:00")
    runs = missed_runs(judged(known, received), lambda _day: 3, now)
    assert list(runs) == []


@pytest.mark.parametrize(
    ("again", "first_owed"),
    [("2021-10-06", "2021-W40"), ("2021-10-10", "2021-W41"), ("2021-10-11", "2021-W42")],
)
def test_a_pause_of_a_whole_week_begins_anew_and_a_shorter_one_does_not(again, first_owed):
    """10 October is a Sunday, and no working day of its week is left."""
    spans = [span_of(day("2021-09-06"), 2021, day("2021-10-03")), span_of(day(again), 2021, None)]
    after = [one for one in owed(spans, "2021-10-31") if one > day("2021-10-03")]
    assert after[0] == week(first_owed)


def test_a_year_that_follows_at_once_has_no_first_period():
    spans = joined([span_of(day("2020-12-07"), 2020, None), span_of(day("2021-01-01"), 2021, None)])
    assert spans == [Span(day("2020-12-07"), day("2021-12-31"))]
    assert owed(spans, "2021-01-04")[-2:] == [week("2020-W53"), week("2021-W01")]


def test_only_three_weeks_since_the_programme_began_have_no_working_day():
    monday, without = day("2019-11-18"), []
    while monday <= day("2026-12-21"):
        if not any(is_working_day(monday + timedelta(days=n)) for n in range(7)):
            without.append(monday)
        monday += timedelta(days=7)
    assert without == [week("2020-W05"), week("2022-W05"), week("2026-W08")]
