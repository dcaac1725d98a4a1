"""Note where much feedback is about one organization and one thing 反映集中."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from certgraph.calendar import instant_after, programme_day
from certgraph.database import Session
from certgraph.duties.findings import finding_row
from certgraph.duties.obligation_queries import note_findings
from certgraph.feedback import queries
from certgraph.parameters.queries import parameters_in_force
from certgraph.parameters.rules import PILOT, ParameterName
from certgraph.problems import Problem
from certgraph.randomness import Random

_LOOK_BACK = timedelta(days=400)
"""How far back a sweep looks; what was noted is not counted again."""


async def note_clusters(session: Session, now: datetime, random: Random) -> int:
    """Note of which evaluation organization as much was sent within some days as parameters say.

    At the moment of the text with which it is so much, whenever the sweep comes; what was counted
    is not counted again. Nothing follows by itself: a ground needs an order that was not met (E5).
    """
    today = programme_day(now)
    parameters = await parameters_in_force(session)
    least = parameters.number(ParameterName.FEEDBACK_CLUSTER_LEAST, today)
    days = parameters.number(ParameterName.FEEDBACK_CLUSTER_DAYS, today)
    until = now if PILOT.last_on is None else min(now, instant_after(PILOT.last_on))
    sent = await queries.sent_of_each(session, until - _LOOK_BACK, until, least)
    noted = await queries.clusters_noted(session)
    rows = []
    for (subject_id, category), moments in sent.items():
        last = noted.get((subject_id, category))
        new = [one for one in moments if last is None or one > last]
        for at in _clusters(new, least, timedelta(days=days)):
            facts = {"category": category, "count": least, "days": days}
            problem = Problem(code="finding.feedback_cluster", facts=facts)
            key = f"{category} {at.isoformat()}"
            rows.append(finding_row(random, at, problem, subject_id, key))
    return await note_findings(session, rows) if rows else 0


def _clusters(moments: Sequence[datetime], least: int, within: timedelta) -> Iterator[datetime]:
    """Yield when so many were sent within a time, each counted once."""
    first = 0
    while first + least <= len(moments):
        last = moments[first + least - 1]
        if last - moments[first] <= within:
            yield last
            first += least
        else:
            first += 1
