"""Deadlines in civil days of China: working days, and the corresponding day of the next month."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

import chinese_calendar

CHINA = timezone(timedelta(hours=8), "UTC+8")


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day of a period.

    Attributes:
        due_on: Last day, inclusive.
        is_provisional: The State Council's calendar for a year involved was not known; weekends
            and holidays of fixed dates were counted. The day is computed again once it is known,
            and until then nobody is late by it.
    """

    due_on: date
    is_provisional: bool = False


_WRITTEN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def written_day(text: str) -> date:
    """Return the day that a text names as YYYY-MM-DD; ISO 8601's other spellings are refused.

    Raises:
        ValueError: It is none.
    """
    if not _WRITTEN.fullmatch(text):
        message = f"{text!r} is no day as YYYY-MM-DD"
        raise ValueError(message)
    return date.fromisoformat(text)


def programme_day(instant: datetime) -> date:
    """Return the civil day in China of an aware instant."""
    return instant.astimezone(CHINA).date()


_FIXED_HOLIDAYS = {(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)}
"""Days of rest in any year (全国年节及纪念日放假办法, 2024, article 2); the others follow the lunar
calendar, and working days are moved by a notice each year."""


def first_instant(day: date) -> datetime:
    """Return the first instant of a civil day in China; of the very first day, that of UTC."""
    if day == date.min:  # it begins in China when in UTC there is no day yet
        return datetime.min.replace(tzinfo=UTC)
    return datetime(day.year, day.month, day.day, tzinfo=CHINA)


def instant_after(day: date) -> datetime:
    """Return the first instant after a civil day in China; of the very last day, its last."""
    if day == date.max:
        return datetime.max.replace(tzinfo=CHINA)
    return first_instant(day + timedelta(days=1))


@lru_cache(maxsize=10_000)
def _is_working_day(day: date) -> tuple[bool, bool]:
    """Return whether `day` is a working day, and whether that is a guess."""
    try:
        return chinese_calendar.is_workday(day), False
    except NotImplementedError:
        return day.weekday() < 5 and (day.month, day.day) not in _FIXED_HOLIDAYS, True


def is_working_day(day: date) -> bool:
    """Tell whether a day is a working day; of a year without a calendar as far as is known."""
    return _is_working_day(day)[0]


def working_days_after(day: date, count: int) -> Deadline:
    """Return the last of so many working days after a day, which is itself not counted."""
    counted, is_provisional = 0, False
    while counted < count:
        day += timedelta(days=1)
        is_worked, is_guess = _is_working_day(day)
        counted += is_worked
        is_provisional |= is_guess
    return Deadline(day, is_provisional)


def next_month_deadline(start: date) -> Deadline:
    """Return the last day of the month that begins with `start`.

    The same day of the next month, or that month's last day if it has none; where that is a day of
    rest, the next working day.

    Source: rule R41; Civil Code, articles 202 and 203.
    """
    year, month = (start.year + 1, 1) if start.month == 12 else (start.year, start.month + 1)
    day = date(year, month, min(start.day, monthrange(year, month)[1]))
    while True:
        is_working_day, is_guess = _is_working_day(day)
        if is_working_day:
            return Deadline(day, is_guess)
        day += timedelta(days=1)
