"""Note where much feedback is about one organization and one thing 反映集中."""

from datetime import datetime, timedelta

from certgraph.calendar import programme_day
from certgraph.database import Session
from certgraph.duties.findings import finding_row
from certgraph.duties.obligation_queries import note_findings
from certgraph.feedback import queries
from certgraph.parameters.queries import parameters_in_force
from certgraph.parameters.rules import ParameterName
from certgraph.problems import Problem
from certgraph.randomness import Random


async def note_clusters(session: Session, now: datetime, random: Random) -> int:
    """Note of whom as much was sent within some days as parameters say; once a month and category.

    Nothing follows by itself: a ground needs an order that was not met (rule E5).
    """
    today = programme_day(now)
    parameters = await parameters_in_force(session)
    least = parameters.number(ParameterName.FEEDBACK_CLUSTER_LEAST, today)
    days = parameters.number(ParameterName.FEEDBACK_CLUSTER_DAYS, today)
    found = await queries.clusters(session, now - timedelta(days=days), least)
    rows = [
        finding_row(
            random,
            now,
            Problem(
                code="finding.feedback_cluster",
                facts={"category": category, "count": count, "days": days},
            ),
            subject_id,
            f"{category} {today:%Y-%m}",
        )
        for subject_id, category, count in found
    ]
    return await note_findings(session, rows) if rows else 0
