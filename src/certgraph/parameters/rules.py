"""Which parameters there are, what a value of each may be, and which value holds on a day. Pure.

A value is never changed: one that begins later, or is recorded later for the same day, takes its
place. So a value with an end, such as school holidays, lies over one without and gives way to it
again afterwards.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from certgraph.calendar import written_day
from certgraph.policy import regimes
from certgraph.problems import Problem


class ParameterName(StrEnum):
    """A number, a day, or yes or no, that the programme's documents leave open."""

    REPORT_WEEKS = "report_weeks"
    REPORT_GRACE_DAYS = "report_grace_days"
    REPORT_FIRST_IS_EXEMPT = "report_first_is_exempt"
    REPORT_IS_EXEMPT = "report_is_exempt"
    REPORT_MISSED_WEEKS = "report_missed_weeks"
    ACTIVITY_LEAD_DAYS = "activity_lead_days"
    TRAINERS_INDUSTRY_PERCENT = "trainers_industry_percent"
    FEEDBACK_ANSWER_DAYS = "feedback_answer_days"
    FEEDBACK_CLUSTER_LEAST = "feedback_cluster_least"
    FEEDBACK_CLUSTER_DAYS = "feedback_cluster_days"
    MONITORING_POINTS_LEAST = "monitoring_points_least"
    MONITORING_POINTS_MOST = "monitoring_points_most"
    STUDENTS_PAY_NOTHING = "students_pay_nothing"
    TRUST_LIST_DAYS = "trust_list_days"
    HANDOVER_NOTICE_ON = "handover_notice_on"
    COMPLETES_UNTIL = "regime_completes_until"


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What a parameter is.

    Attributes:
        default: Value where nobody has set one; None: no value, and what asks for it is not done.
        type: Of its values: int, bool or date.
        least: Least value of a number.
        most: Largest value of a number.
        is_provincial: Whether an authority may set its own.
        rule: Rule that it completes.
    """

    default: int | bool | date | None
    type: type[int] | type[bool] | type[date]
    least: int = 0
    most: int = 0
    is_provincial: bool = False
    rule: str | None = None


PILOT = regimes()["PILOT"]
"""The regime of the rules that are kept here."""


def _number(
    default: int | None, least: int, most: int, rule: str, *, is_provincial: bool = False
) -> Definition:
    return Definition(
        default=default, type=int, least=least, most=most, is_provincial=is_provincial, rule=rule
    )


DEFINITIONS: Mapping[ParameterName, Definition] = {
    ParameterName.REPORT_WEEKS: _number(1, 1, 8, "R05", is_provincial=True),
    ParameterName.REPORT_GRACE_DAYS: _number(0, 0, 14, "R05", is_provincial=True),
    ParameterName.REPORT_FIRST_IS_EXEMPT: Definition(default=True, type=bool, rule="R05"),
    ParameterName.REPORT_IS_EXEMPT: Definition(
        default=False, type=bool, is_provincial=True, rule="R05"
    ),
    ParameterName.REPORT_MISSED_WEEKS: _number(3, 1, 52, "I1"),
    ParameterName.ACTIVITY_LEAD_DAYS: _number(0, 0, 60, "R03", is_provincial=True),
    ParameterName.TRAINERS_INDUSTRY_PERCENT: _number(40, 0, 100, "R13"),
    ParameterName.FEEDBACK_ANSWER_DAYS: _number(None, 1, 365, "R52"),
    ParameterName.FEEDBACK_CLUSTER_LEAST: _number(5, 2, 1_000, "E5"),
    ParameterName.FEEDBACK_CLUSTER_DAYS: _number(30, 1, 365, "E5"),
    ParameterName.MONITORING_POINTS_LEAST: _number(8, 0, 1_000, "R49"),
    ParameterName.MONITORING_POINTS_MOST: _number(12, 0, 1_000, "R49"),
    ParameterName.STUDENTS_PAY_NOTHING: Definition(
        default=False, type=bool, is_provincial=True, rule="S14"
    ),
    ParameterName.TRUST_LIST_DAYS: _number(3, 1, 60, "R53"),
    ParameterName.HANDOVER_NOTICE_ON: Definition(default=None, type=date, rule="S17"),
    ParameterName.COMPLETES_UNTIL: Definition(default=PILOT.completes_until, type=date, rule="S18"),
}


def ended_problems(day: date, *path: str) -> list[Problem]:
    """List why nothing of the pilot is begun on a day: it is over. Source: rule S15."""
    if PILOT.last_on is None or day <= PILOT.last_on:
        return []
    facts = {"day": day.isoformat(), "first": PILOT.first_on, "last": PILOT.last_on}
    return [Problem(code="regime.closed", path=path, facts=facts)]


def pilot_problems(day: date, *path: str) -> list[Problem]:
    """List why nothing of the pilot is begun on a day: it has not begun, or is over (rule S15)."""
    if PILOT.first_on is not None and day < PILOT.first_on:
        facts = {"day": day.isoformat(), "first": PILOT.first_on}
        return [Problem(code="regime.not_begun", path=path, facts=facts)]
    return ended_problems(day, *path)


_WORDS = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class Setting:
    """A value that somebody set.

    Attributes:
        name: Of which parameter.
        authority_id: The authority whose it is; None: the programme's.
        value: As written: a whole number, `yes` or `no`, a day.
        first_on: First day for which it holds.
        last_on: Last such day; None: until another takes its place.
        recorded_at: When it was set.
        basis: The document that it rests on.
    """

    name: ParameterName
    authority_id: UUID | None
    value: str
    first_on: date
    last_on: date | None
    recorded_at: datetime
    basis: str

    def holds_on(self, day: date) -> bool:
        """Tell whether it holds on a day, were it alone."""
        return self.first_on <= day and (self.last_on is None or day <= self.last_on)


def read_value(name: ParameterName, text: str) -> int | bool | date:
    """Return the value that a text writes.

    Raises:
        ValueError: It is none of this parameter.
    """
    defined = DEFINITIONS[name]
    if defined.type is bool:
        if text not in _WORDS:
            raise ValueError(text)
        return _WORDS[text]
    if defined.type is date:
        return written_day(text)
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else -1
    if not defined.least <= number <= defined.most:
        raise ValueError(text)
    return number


def value_problems(name: ParameterName, text: str, *, is_of_authority: bool) -> list[Problem]:
    """List why a value cannot be set: no value of it, or no parameter of an authority."""
    defined = DEFINITIONS[name]
    problems = []
    if is_of_authority and not defined.is_provincial:
        problems.append(Problem(code="parameter.not_provincial", path=("name",)))
    try:
        read_value(name, text)
    except ValueError:
        wanted = {bool: "yes, no", date: "YYYY-MM-DD"}.get(defined.type)
        facts = {"value": text[:40], "wanted": wanted or f"{defined.least}–{defined.most}"}
        problems.append(Problem(code="parameter.value", path=("value",), facts=facts))
    return problems


class Parameters:
    """The values in force, of the programme and of each authority."""

    def __init__(self, settings: Iterable[Setting] = ()) -> None:
        self._settings: dict[tuple[ParameterName, UUID | None], list[Setting]] = {}
        for one in sorted(settings, key=lambda one: (one.first_on, one.recorded_at), reverse=True):
            self._settings.setdefault((one.name, one.authority_id), []).append(one)

    def setting(
        self, name: ParameterName, day: date, authority_id: UUID | None = None
    ) -> Setting | None:
        """Return what was set for a day: by the authority, else by the programme; else None."""
        for owner in dict.fromkeys((authority_id, None)):
            for one in self._settings.get((name, owner), ()):
                if one.holds_on(day):
                    return one
        return None

    def _value(self, name: ParameterName, day: date, authority_id: UUID | None) -> object:
        found = self.setting(name, day, authority_id)
        return DEFINITIONS[name].default if found is None else read_value(name, found.value)

    def number(self, name: ParameterName, day: date, authority_id: UUID | None = None) -> int:
        """Return the number that holds on a day."""
        value = self._value(name, day, authority_id)
        assert isinstance(value, int)  # noqa: S101 - of a parameter with a default
        return value

    def number_if_set(self, name: ParameterName, day: date) -> int | None:
        """Return the number that holds on a day; None where there is none."""
        value = self._value(name, day, None)
        assert value is None or isinstance(value, int)  # noqa: S101 - of a number
        return value

    def is_so(self, name: ParameterName, day: date, authority_id: UUID | None = None) -> bool:
        """Tell whether it holds on a day."""
        return self._value(name, day, authority_id) is True

    def day(self, name: ParameterName, on: date) -> date | None:
        """Return the day that a parameter names, as set on a day; None where none is."""
        value = self._value(name, on, None)
        assert value is None or isinstance(value, date)  # noqa: S101 - of a day
        return value


def no_new_work_problems(parameters: Parameters, today: date, *path: str) -> list[Problem]:
    """List why an evaluation organization begins no new work: the notice of handover is out.

    The day of the notice is a parameter; while nobody has set it, nothing is refused.

    Source: rule S17.
    """
    notice_on = parameters.day(ParameterName.HANDOVER_NOTICE_ON, today)
    if notice_on is None or today < notice_on:
        return []
    facts = {"day": notice_on.isoformat()}
    return [Problem(code="regime.no_new_work", path=path, facts=facts)]
