"""Making a case; and cases that open by themselves: too many missed reports. Nobody exits by it."""

from datetime import datetime
from uuid import UUID

from certgraph.calendar import programme_day
from certgraph.database import Session, insert_unless_there
from certgraph.organizations.tables import OrganizationRow
from certgraph.problems import Rejected
from certgraph.randomness import Random, new_id, random_token
from certgraph.supervision import queries
from certgraph.supervision.preconditions import MISSED, decider_of
from certgraph.supervision.rules import CaseEntryKind, CaseState
from certgraph.supervision.tables import CaseEntryRow, CaseRow


def new_case(
    random: Random,
    now: datetime,
    subject_id: UUID,
    decider_id: UUID,
    *,
    opener_id: UUID | None = None,
    finding_id: UUID | None = None,
) -> CaseRow:
    """Return a case that is opened, without an entry yet."""
    return CaseRow(
        id=new_id(random),
        number=f"{programme_day(now):%Y%m%d}-{random_token(random, 6)}",
        subject_id=subject_id,
        decider_id=decider_id,
        opener_id=opener_id,
        state=CaseState.OPENED,
        finding_id=finding_id,
        opened_at=now,
    )


async def open_from_findings(session: Session, now: datetime, random: Random) -> int:
    """Open a case with its province for each institution that missed too many reports.

    Source: rule I1.
    """
    opened = 0
    for finding in await queries.findings_without_case(session, MISSED):
        subject = await session.get_one(OrganizationRow, finding.subject_id)
        try:
            decider = await decider_of(session, subject)
        except Rejected:  # no province is registered for it: the finding stays
            continue
        case = new_case(random, now, subject.id, decider.id, finding_id=finding.id)
        columns = {one.key: getattr(case, one.key) for one in CaseRow.__table__.columns}
        await insert_unless_there(session, CaseRow, [columns])
        if await session.get(CaseRow, case.id) is None:  # another sweep was faster
            continue
        session.add(
            CaseEntryRow(
                id=new_id(random),
                case_id=case.id,
                kind=CaseEntryKind.FINDING,
                state=case.state,
                finding_id=finding.id,
                text="",
                recorded_by="sweep",
                recorded_at=now,
            )
        )
        opened += 1
    return opened
