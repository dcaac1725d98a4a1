"""How the programme is watched: monitoring points, what they observe, evaluations."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from certgraph.actions.acting import Act
from certgraph.actions.parties import ON_BEHALF, OWN, Role
from certgraph.duties import obligation_queries, queries
from certgraph.duties.findings import finding_row
from certgraph.duties.kinds.declaring import Circumstances, Kind
from certgraph.duties.kinds.values import (
    line_problems,
    past_problems,
    text_of_problems,
    whole_problems,
)
from certgraph.duties.rules import FilingKind
from certgraph.duties.tables import FilingRow
from certgraph.organizations.rules import OrganizationKind, period_problems
from certgraph.parameters.rules import ParameterName
from certgraph.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringPointBody:
    """An institution at which a certificate is watched 监测点.

    Attributes:
        institution_code: Code of the institution.
        certificate_type_code: Of which certificate type.
        first_on: First day.
        last_on: Last day; null: until another takes its place.
    """

    institution_code: str
    certificate_type_code: str
    first_on: date
    last_on: date | None = None


def _point_problems(body: MonitoringPointBody, facts: Circumstances) -> list[Problem]:
    problems = period_problems(body.first_on, body.last_on, "last_on")
    institution = facts.parties[body.institution_code]
    is_authority = OrganizationKind.PROVINCIAL_AUTHORITY in facts.filer.kinds
    if is_authority and institution.supervisor_id != facts.filer.id:
        shown = {"name": institution.name, "authority": facts.filer.name}
        path = ("institution_code",)
        problems.append(Problem(code="order.not_supervised", path=path, facts=shown))
    return problems


async def _count_points(
    act: Act, row: FilingRow, _body: MonitoringPointBody, facts: Circumstances
) -> None:
    """Note that a certificate has too few or too many national points. Source: rule R49.

    They are counted as of the first day of the point, or today where that is earlier.
    """
    if OrganizationKind.MINISTRY not in facts.filer.kinds:
        return
    day = max(facts.today, row.first_on or facts.today)
    place = {
        "certificate_type_id": facts.scope["certificate_type_id"],
        "organization_id": facts.filer.id,
    }
    await act.session.flush()  # this one counts, too
    points = await queries.in_force(
        act.session, FilingKind.MONITORING_POINT, queries.in_force_on(day), **place
    )
    count = len({one.subject_id for one in points})
    most = facts.parameters.number(ParameterName.MONITORING_POINTS_MOST, day)
    if count > most:
        shown = {"count": count, "most": most, "day": day.isoformat()}
        found = Problem(code="finding.monitoring_points", facts=shown)
        noted = finding_row(
            act.random, act.now, found, facts.filer.id, str(row.id), filing_id=row.id
        )
        await obligation_queries.note_findings(act.session, [noted])


MONITORING_POINT = Kind(
    name=FilingKind.MONITORING_POINT,
    body=MonitoringPointBody,
    said="Make an institution a monitoring point of a certificate: of the ministry, or of a "
    "province (rule R50). More national ones than the programme's number are noted.",
    may={Role.MINISTRY: OWN, Role.PROVINCIAL_AUTHORITY: OWN, Role.OPERATOR: ON_BEHALF},
    rule="R49",
    parties={"institution_code": OrganizationKind.PILOT_INSTITUTION},
    subject="institution_code",
    problems=_point_problems,
    effect=_count_points,
    is_public=True,
    one_for=("subject_id", "certificate_type_id"),
    refuses=("order.not_supervised",),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservationBody:
    """What a monitoring point has observed.

    Attributes:
        certificate_type_code: Of which certificate type.
        observed_on: On which day.
        text: What, and what the institution thinks of it.
    """

    certificate_type_code: str
    observed_on: date
    text: str


def _observation_problems(body: ObservationBody, facts: Circumstances) -> list[Problem]:
    return [
        *text_of_problems(body, "text"),
        *past_problems(body.observed_on, facts.today, "observed_on"),
    ]


async def _observation_check(
    act: Act, body: ObservationBody, facts: Circumstances
) -> list[Problem]:
    """List why an institution does not observe: it was no monitoring point that day, R49."""
    place = {
        "certificate_type_id": facts.scope["certificate_type_id"],
        "subject_id": facts.filer.id,
    }
    on_day = queries.in_force_on(body.observed_on)
    if await queries.in_force(act.session, FilingKind.MONITORING_POINT, on_day, **place):
        return []
    shown = {"name": facts.filer.name, "day": body.observed_on.isoformat()}
    return [Problem(code="observation.no_point", path=("observed_on",), facts=shown)]


OBSERVATION = Kind(
    name=FilingKind.OBSERVATION,
    body=ObservationBody,
    said="Report what a monitoring point has observed of a certificate.",
    may={Role.PILOT_INSTITUTION: OWN, Role.OPERATOR: ON_BEHALF},
    rule="R49",
    problems=_observation_problems,
    check=_observation_check,
    refuses=("observation.no_point",),
)


class EvaluationKind(StrEnum):
    """Whose evaluation it is: 绩效自评, 省级评价, 第三方评价."""

    SELF = "self"
    PROVINCIAL = "provincial"
    THIRD_PARTY = "third_party"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationBody:
    """An evaluation of an evaluation organization or an institution in a year.

    Attributes:
        evaluation: Whose it is.
        subject_code: Code of whom it evaluates.
        year: Of which year.
        result: Its result, in a line.
        text: Its text.
        third_party: Name of the third party; null where there is none.
        commissioner_code: Code of the provincial authority that commissioned the third party;
            null where there is none.
    """

    evaluation: EvaluationKind
    subject_code: str
    year: int
    result: str
    text: str
    third_party: str | None = None
    commissioner_code: str | None = None


_EVALUATED = {OrganizationKind.EVALUATION_ORGANIZATION, OrganizationKind.PILOT_INSTITUTION}


def _evaluation_problems(body: EvaluationBody, facts: Circumstances) -> list[Problem]:
    problems = line_problems(body, "result", "third_party") + text_of_problems(body, "text")
    problems += whole_problems(body.year, facts.today.year, "year", least=2019)
    subject = facts.parties[body.subject_code]
    if not subject.kinds & _EVALUATED:
        shown: dict[str, object] = {"name": subject.name, "kind": tuple(sorted(_EVALUATED))}
        problems.append(Problem(code="filing.other_kind", path=("subject_code",), facts=shown))
    is_own = subject.id == facts.filer.id
    if is_own is not (body.evaluation is EvaluationKind.SELF):
        problems.append(Problem(code="evaluation.whose", path=("evaluation",)))
    elif body.evaluation is not EvaluationKind.SELF:
        problems += _province_problems(body, facts)
    return problems


def _province_problems(body: EvaluationBody, facts: Circumstances) -> list[Problem]:
    """List why an evaluation is not a province's, or not commissioned by one. Source: rule R51."""
    if body.evaluation is EvaluationKind.PROVINCIAL:
        by, path = facts.filer, ("organization_code",)
    elif body.commissioner_code is None or body.third_party is None:
        path = ("commissioner_code",) if body.commissioner_code is None else ("third_party",)
        return [Problem(code="evaluation.no_commissioner", path=path)]
    else:
        by, path = facts.parties[body.commissioner_code], ("commissioner_code",)
    is_authority = OrganizationKind.PROVINCIAL_AUTHORITY in by.kinds
    shown = {"name": by.name}
    if not is_authority or not (by.division_code or "").endswith("0000"):
        return [Problem(code="evaluation.not_provincial", path=path, facts=shown)]
    if by.id != facts.filer.id:
        return [Problem(code="evaluation.not_by_commissioner", path=path, facts=shown)]
    return []


EVALUATION = Kind(
    name=FilingKind.EVALUATION,
    body=EvaluationBody,
    said="Report an evaluation: of oneself, of a province, or of a third party that a province has "
    "commissioned.",
    may={
        Role.EVALUATION_ORGANIZATION: OWN,
        Role.PILOT_INSTITUTION: OWN,
        Role.PROVINCIAL_AUTHORITY: OWN,
        Role.OPERATOR: ON_BEHALF,
    },
    rule="R51",
    parties={"subject_code": None, "commissioner_code": None},
    after_the_end=True,
    problems=_evaluation_problems,
    refuses=(
        "evaluation.no_commissioner",
        "evaluation.not_by_commissioner",
        "evaluation.not_provincial",
        "evaluation.whose",
    ),
)
