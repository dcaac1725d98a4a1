"""The last second of everything that ends counts, and the next does not."""

from datetime import date, datetime, timedelta, timezone

import pytest

from certgraph.credential import days
from certgraph.credential.trust_bundle import CLOCK_TOLERANCE, UntrustedBundle, open_trust_bundle
from certgraph.credential.verification import Verdict, verify
from tests.credential import kit

AT = days.to_instant(kit.NOW)


@pytest.mark.parametrize(
    ("later", "verdict"), [(0, Verdict.VALID), (1, Verdict.EXPIRED)], ids=["last second", "next"]
)
def test_a_certificate_is_valid_in_the_last_second_of_its_last_day(later, verdict):
    text = kit.qr_text(kit.claims(expires_at=AT))
    trust = kit.open_bundle(kit.bundle())
    assert verify(text, trust, now=kit.NOW + timedelta(seconds=later)).verdict is verdict


@pytest.mark.parametrize(("later", "reason"), [(0, None), (1, "expired")])
def test_a_trust_list_is_taken_in_its_last_second(later, reason):
    data = kit.bundle(kit.trust_list(expires_at=AT))
    assert refused(data, kit.NOW + timedelta(seconds=later)) == reason


@pytest.mark.parametrize(("ahead", "reason"), [(0, None), (1, "not_yet_valid")])
def test_a_trust_list_may_be_ahead_of_this_clock_by_the_tolerance(ahead, reason):
    data = kit.bundle(kit.trust_list(issued_at=AT + CLOCK_TOLERANCE + ahead))
    assert refused(data, kit.NOW) == reason


@pytest.mark.parametrize(("later", "verdict"), [(0, Verdict.VALID), (1, Verdict.UNCONFIRMED)])
def test_a_held_trust_list_names_who_may_issue_until_its_last_second(later, verdict):
    trust = kit.open_bundle(kit.bundle(kit.trust_list(expires_at=AT)))
    result = verify(kit.qr_text(), trust, now=kit.NOW + timedelta(seconds=later))
    assert result.verdict is verdict


@pytest.mark.parametrize(("behind", "verdict"), [(0, Verdict.VALID), (1, Verdict.UNCONFIRMED)])
def test_a_clock_behind_the_trust_list_is_taken_up_to_the_tolerance(behind, verdict):
    trust = kit.open_bundle(kit.bundle(kit.trust_list(issued_at=AT)))
    now = kit.NOW - timedelta(seconds=CLOCK_TOLERANCE + behind)
    claims = kit.claims(issued_at=AT - 30 * 86_400)
    assert verify(kit.qr_text(claims), trust, now=now).verdict is verdict


def refused(data, now):
    """Return why a bundle is refused; None where it is taken."""
    try:
        open_trust_bundle(data, kit.ROOT_KEYS, now=now)
    except UntrustedBundle as error:
        return error.reason
    return None


CHINA = timezone(timedelta(hours=8))


@pytest.mark.parametrize("day", [date(1970, 1, 2), date(2026, 11, 23), date(2100, 12, 31)])
def test_days_begin_and_end_by_the_clock_of_china(day):
    midnight = datetime(day.year, day.month, day.day, tzinfo=CHINA)
    number = days.to_day(day)
    assert days.to_date(number) == day
    assert days.first_second(number) == midnight.timestamp()
    assert days.last_second(number) == midnight.timestamp() + 86_399
    assert days.day_of(days.first_second(number)) == number
    assert days.day_of(days.last_second(number)) == number
    assert days.day_of(days.last_second(number) + 1) == number + 1
    assert days.day_of(days.first_second(number) - 1) == number - 1
