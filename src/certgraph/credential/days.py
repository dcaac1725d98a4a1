"""Civil days in China as whole numbers, shared by issuer and verifier so that edges agree.

A *day* is the number of civil days since 1970-01-01 in UTC+8, the programme's only time zone. A
certificate carries instants: issue is the first second of its day, expiry the last second of its
last valid day (`docs/credential-format.md`, section 2).
"""

from datetime import UTC, date, datetime

SECONDS_A_DAY = 86_400
_OFFSET = 8 * 3_600
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()

LAST_INSTANT = 253_402_271_999
"""9999-12-31T23:59:59+08:00, the last instant a certificate may name."""


def day_of(instant: int) -> int:
    """Return the day in UTC+8 on which `instant` (seconds since 1970) is."""
    return (instant + _OFFSET) // SECONDS_A_DAY


def first_second(day: int) -> int:
    """Return 00:00:00 +08:00 of `day`, in seconds since 1970."""
    return day * SECONDS_A_DAY - _OFFSET


def last_second(day: int) -> int:
    """Return 23:59:59 +08:00 of `day`, in seconds since 1970."""
    return first_second(day + 1) - 1


def to_day(value: date) -> int:
    """Return the day number of a civil date in China."""
    return value.toordinal() - _EPOCH_ORDINAL


def to_date(day: int) -> date:
    """Return the civil date of a day number."""
    return date.fromordinal(day + _EPOCH_ORDINAL)


def to_instant(value: datetime) -> int:
    """Return whole seconds since 1970 of an aware datetime.

    Raises:
        ValueError: `value` has no time zone; a guess would move certificates by a day.
    """
    if value.tzinfo is None:
        message = "the time has no time zone; pass an aware datetime, e.g. datetime.now(UTC)"
        raise ValueError(message)
    return int(value.timestamp())


def to_datetime(instant: int) -> datetime:
    """Return the aware datetime (UTC) of seconds since 1970."""
    return datetime.fromtimestamp(instant, UTC)
