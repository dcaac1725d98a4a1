"""What institutions tell of their own work: cohorts, workload, consortia, programme plans."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated

from certgraph.actions.parties import ON_BEHALF, OWN, Role
from certgraph.duties.kinds.declaring import Circumstances, Consent, Kind
from certgraph.duties.kinds.values import (
    MOST_FEN,
    item_problems,
    line_problems,
    past_problems,
    text_of_problems,
    whole_problems,
)
from certgraph.duties.rules import ConsentStep, FilingKind
from certgraph.organizations.rules import OrganizationKind, period_problems
from certgraph.problems import Problem
from certgraph.standards.rules import CertificateLevel

_MAY = {Role.PILOT_INSTITUTION: OWN, Role.OPERATOR: ON_BEHALF}
_MOST_PEOPLE = 100_000


class CohortGroup(StrEnum):
    """For whom a subsidised training is: 职工, 就业重点群体, 贫困劳动力."""

    STAFF = "staff"
    KEY_GROUPS = "key_groups"
    POOR_LABOUR = "poor_labour"


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortBody:
    """A subsidised training (补贴性培训) for others than students.

    Attributes:
        certificate_type_code: For which certificate type.
        group: For whom.
        people: How many take part.
        first_on: First day.
        last_on: Last day.
        subsidy_fen: The subsidy, in fen; 0: none.
    """

    certificate_type_code: str
    group: CohortGroup
    people: int
    first_on: date
    last_on: date
    subsidy_fen: int = 0


def _cohort_problems(body: CohortBody, _facts: Circumstances) -> list[Problem]:
    return [
        *whole_problems(body.people, _MOST_PEOPLE, "people", least=1),
        *whole_problems(body.subsidy_fen, MOST_FEN, "subsidy_fen"),
        *period_problems(body.first_on, body.last_on, "last_on"),
    ]


COHORT = Kind(
    name=FilingKind.COHORT,
    body=CohortBody,
    said="Report a subsidised training for staff, key groups or poor labour (rule R14).",
    may=_MAY,
    problems=_cohort_problems,
    is_public=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadBody:
    """How an institution counts its teachers' trainings as teaching (工作量折算).

    Attributes:
        first_on: First day of the period.
        last_on: Last day of the period.
        ratio_percent: Percent of an hour of training that count as an hour of teaching.
        teachers: For how many teachers.
        document_number: Number of the institution's document that says so.
        integration: How trainings are joined with teachers, materials and methods; null: not said.
    """

    first_on: date
    last_on: date
    ratio_percent: int
    teachers: int
    document_number: str
    integration: str | None = None


def _workload_problems(body: WorkloadBody, _facts: Circumstances) -> list[Problem]:
    return [
        *period_problems(body.first_on, body.last_on, "last_on"),
        *whole_problems(body.ratio_percent, 1_000, "ratio_percent"),
        *whole_problems(body.teachers, _MOST_PEOPLE, "teachers"),
        *line_problems(body, "document_number"),
        *text_of_problems(body, "integration"),
    ]


WORKLOAD = Kind(
    name=FilingKind.WORKLOAD,
    body=WorkloadBody,
    said="Report how trainings count in the workload of teachers (rule R16).",
    may=_MAY,
    after_the_end=True,
    problems=_workload_problems,
    one_for=("first_on", "last_on"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsortiumBody:
    """Institutions that train together for a certificate (培训联合体).

    Attributes:
        certificate_type_code: For which certificate type.
        name: Its name.
        member_codes: Codes of the other institutions; each agrees.
        arrangement: How teachers are shared.
    """

    certificate_type_code: str
    name: str
    member_codes: Sequence[str]
    arrangement: str


def _consortium_problems(body: ConsortiumBody, facts: Circumstances) -> list[Problem]:
    problems = line_problems(body, "name") + text_of_problems(body, "arrangement")
    problems += item_problems(len(body.member_codes), "member_codes", least=1, most=100)
    is_repeated = len(set(body.member_codes)) < len(body.member_codes)
    if is_repeated or facts.filer.code in body.member_codes:
        problems.append(Problem(code="filing.named_twice", path=("member_codes",)))
    return problems


def _members(body: ConsortiumBody, facts: Circumstances) -> list[Consent]:
    return [Consent(ConsentStep.AGREEMENT, facts.parties[code].id) for code in body.member_codes]


CONSORTIUM = Kind(
    name=FilingKind.CONSORTIUM,
    body=ConsortiumBody,
    said="Form a consortium of institutions that train together; each member agrees.",
    may=_MAY,
    rule="R17",
    parties={"member_codes": OrganizationKind.PILOT_INSTITUTION},
    problems=_consortium_problems,
    consents=_members,
    is_public=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammePlanBody:
    """A programme plan 专业人才培养方案 that was adapted to the exam of a certificate.

    Attributes:
        certificate_type_code: To which certificate type.
        level: To which level; null: to several.
        major_code: Code of the major.
        title: Title of the plan.
        adopted_on: Day on which the institution adopted it.
        changes: What was changed.
    """

    certificate_type_code: str
    major_code: str
    title: str
    adopted_on: date
    changes: str
    level: Annotated[int, CertificateLevel] | None = None


def _plan_problems(body: ProgrammePlanBody, facts: Circumstances) -> list[Problem]:
    return [
        *line_problems(body, "major_code", "title"),
        *text_of_problems(body, "changes"),
        *past_problems(body.adopted_on, facts.today, "adopted_on"),
    ]


PROGRAMME_PLAN = Kind(
    name=FilingKind.PROGRAMME_PLAN,
    body=ProgrammePlanBody,
    said="Publish a programme plan that was adapted to the exam of a certificate (rule R44).",
    may=_MAY,
    problems=_plan_problems,
    is_public=True,
)
