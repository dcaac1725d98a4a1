"""When a regime can be closed, and from which day on. Pure."""

from datetime import date, timedelta

from certgraph.parameters.rules import PILOT
from certgraph.policy import Regime, regimes
from certgraph.problems import Problem


def closing_problems(code: str, completes_until: date | None, today: date) -> list[Problem]:
    """List why a regime cannot be closed on a day.

    Args:
        code: Of the regime.
        completes_until: Last day on which what was begun in it may be completed.
        today: The day.

    Source: rules S15 and S18.
    """
    regime = regimes().get(code)
    if regime is None or regime.code != PILOT.code:
        facts = {"code": code, "known": PILOT.code}
        return [Problem(code="regime.not_closed_here", path=("regime",), facts=facts)]
    last = last_day(regime, completes_until)
    if today <= last:
        facts = {"last": last.isoformat()}
        return [Problem(code="regime.not_over", path=("regime",), facts=facts)]
    return []


def last_day(regime: Regime, completes_until: date | None) -> date:
    """Return the last day on which anything of a regime that ends is done."""
    return max(day for day in (regime.last_on, completes_until) if day is not None)


def handed_over_on(regime: Regime, completes_until: date | None) -> date:
    """Return the first day on which its organizations no longer issue."""
    return last_day(regime, completes_until) + timedelta(days=1)
