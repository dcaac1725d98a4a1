"""What must be in effect before an exam is planned, and before somebody is registered for it."""

from datetime import date
from uuid import UUID

from certgraph.actions.acting import Act
from certgraph.assessment.tables import ExamPlanRow
from certgraph.calendar import programme_day
from certgraph.database import Session
from certgraph.duties import queries
from certgraph.duties.bodies import filed
from certgraph.duties.kinds.activities import ActivityKind
from certgraph.duties.kinds.declaring import Filed
from certgraph.duties.kinds.fees import lowest_cap_below
from certgraph.duties.kinds.schemes import AssessmentSchemeBody
from certgraph.duties.rules import ConsentAnswer, ConsentStep, FilingKind, FilingState
from certgraph.duties.tables import FilingRow
from certgraph.entitlements.queries import entitlements_of
from certgraph.organizations.queries import organization_names, restricted_on
from certgraph.organizations.rules import RestrictionKind
from certgraph.participation.queries import takes_part
from certgraph.problems import Problem
from certgraph.standards.tables import CertificateTypeRow


async def scheme_problems(
    act: Act, scheme_id: UUID, organization_id: UUID, type_id: UUID, level: int
) -> list[Problem]:
    """List why an exam has no scheme: none in effect, or another's. Source: rule R23."""
    row = await act.session.get(FilingRow, scheme_id)
    if (
        row is not None
        and row.kind is FilingKind.ASSESSMENT_SCHEME
        and row.state is FilingState.EFFECTIVE
        and (row.organization_id, row.certificate_type_id, row.level)
        == (organization_id, type_id, level)
    ):
        return []
    return [Problem(code="plan.no_scheme", path=("scheme_id",))]


async def site_problems(
    act: Act, site: FilingRow | None, organization_id: UUID, type_id: UUID, day: date
) -> list[Problem]:
    """List why an exam is not held at a site on a day; who has not said yes is named.

    Source: rule R26.
    """
    path = ("site_id",)
    if site is None or (site.subject_id, site.certificate_type_id) != (organization_id, type_id):
        return [Problem(code="plan.no_site", path=path)]
    if site.state not in (FilingState.EFFECTIVE, FilingState.SUBMITTED, FilingState.RETURNED):
        return [Problem(code="plan.site_superseded", path=path)]
    if site.state is not FilingState.EFFECTIVE:
        consents = await queries.consents_of(act.session, site)
        missing = [one for one in consents if one.answer is not ConsentAnswer.AGREED]
        names = await organization_names(act.session, {one.organization_id for one in missing})
        facts: dict[str, object] = {
            "names": tuple(names[one.organization_id] for one in missing),
            "steps": tuple(dict.fromkeys(one.step for one in missing)),
        }
        return [Problem(code="plan.site_not_in_effect", path=path, facts=facts)]
    if site.last_on is not None and site.last_on < day:
        facts = {"day": site.last_on.isoformat()}
        return [Problem(code="plan.site_has_ended", path=path, facts=facts)]
    if not await takes_part(act.session, site.organization_id, type_id, programme_day(act.now)):
        return [Problem(code="plan.site_not_taking_part", path=path)]
    return []


async def activity_problems(
    act: Act,
    activity: Filed | None,
    plan: ExamPlanRow,
    authority_name: str,
) -> list[Problem]:
    """List why an exam is not an activity that its province has filed. Source: rule R03."""
    path = ("activity_id",)
    wanted = (None, plan.certificate_type_id)
    if (
        activity is None
        or activity.filer_id != plan.organization_id
        or activity.body.activity is not ActivityKind.EXAM
        or activity.scope["certificate_type_id"] not in wanted
    ):
        return [Problem(code="plan.no_activity", path=path)]
    row = await act.session.get_one(FilingRow, activity.id)
    is_filed = any(
        one.organization_id == plan.authority_id
        and one.step is ConsentStep.FILING
        and one.answer is ConsentAnswer.AGREED
        for one in await queries.consents_of(act.session, row)
    )
    if not is_filed or row.state not in (FilingState.SUBMITTED, FilingState.EFFECTIVE):
        facts = {"authority": authority_name}
        return [Problem(code="plan.activity_not_filed", path=path, facts=facts)]
    if not activity.body.starts_at <= plan.starts_at < plan.ends_at <= activity.body.ends_at:
        return [Problem(code="plan.outside_activity", path=path)]
    return []


async def fee_on(act: Act, plan: ExamPlanRow, day: date) -> tuple[Filed | None, list[Problem]]:
    """Return the fee of a plan's province on a day, and why nobody is registered for it.

    There is none, or it is above the cap of that day.

    Source: rules R33 and S03.
    """
    place = {
        "certificate_type_id": plan.certificate_type_id,
        "level": plan.level,
        "subject_id": plan.authority_id,
    }
    on_day = queries.in_force_on(day)
    rows = await queries.in_force(act.session, FilingKind.FEE_STANDARD, on_day, **place)
    shown: dict[str, object] = {"day": day.isoformat()}
    if not rows:
        return None, [Problem(code="plan.no_fee", facts=shown)]
    fee = await filed(act.session, rows[-1])
    given = (plan.certificate_type_id, plan.level, fee.body.mode, day, day)
    cap = await lowest_cap_below(act.session, fee.body.amount_fen, *given)
    if cap is not None:
        shown |= {
            "fee": fee.body.amount_fen,
            "cap": cap.amount_fen,
            "document": cap.document_number,
        }
        return fee, [Problem(code="plan.fee_above_cap", facts=shown)]
    return fee, []


async def restriction_problems(
    act: Act, organization_id: UUID, type_id: UUID, day: date
) -> list[Problem]:
    """List why an organization takes no registrations on a day: a decision says so."""
    kind = RestrictionKind.REGISTRATIONS
    row = await restricted_on(act.session, organization_id, kind, type_id, day)
    if row is None:
        return []
    facts = {
        "first": row.first_on.isoformat(),
        "last": row.last_on.isoformat() if row.last_on else "…",
        "reason": row.reason,
    }
    return [Problem(code="plan.restricted", facts=facts)]


async def entitlement_problems(
    act: Act, organization_id: UUID, type_: CertificateTypeRow, level: int, day: date
) -> list[Problem]:
    """List why an organization does not examine for a certificate on a day: it may not issue it."""
    entitlements = await entitlements_of(act.session, organization_id, type_.id)
    if any(
        row.level == level and row.first_on <= day and (row.last_on is None or day <= row.last_on)
        for row in entitlements
    ):
        return []
    facts = {"certificate": type_.name, "level": level, "day": day.isoformat()}
    return [Problem(code="plan.not_entitled", path=("level",), facts=facts)]


async def scheme_of(session: Session, plan: ExamPlanRow) -> AssessmentSchemeBody:
    """Return the assessment scheme of a plan."""
    found = await filed(session, await session.get_one(FilingRow, plan.scheme_id))
    body: AssessmentSchemeBody = found.body
    return body
