"""Trainings of teachers and assessors, and the experts that are sent to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from certgraph.actions.parties import ON_BEHALF, OWN, Role
from certgraph.calendar import programme_day
from certgraph.duties.kinds.declaring import Circumstances, Flag, Kind
from certgraph.duties.kinds.values import (
    MOST_FEN,
    below,
    item_problems,
    line_problems,
    text_of_problems,
    whole_problems,
)
from certgraph.duties.labels import normal_form
from certgraph.duties.rules import FilingKind
from certgraph.organizations.rules import OrganizationKind
from certgraph.parameters.rules import ParameterName, no_new_work_problems
from certgraph.problems import Problem


class TrainingMode(StrEnum):
    """How a training is held: 线上, 线下, 线上线下相结合."""

    ONLINE = "online"
    ON_SITE = "on_site"
    MIXED = "mixed"


class FeeKind(StrEnum):
    """What a fee of a training is for.

    The last two are named so that they can be refused: rule R11.
    """

    TUITION = "tuition"
    MATERIALS = "materials"
    BOARD = "board"
    OTHER = "other"
    TRAINER_CERTIFICATION = "trainer_certification"
    ASSESSOR_CERTIFICATION = "assessor_certification"


_REFUSED_FEES = {FeeKind.TRAINER_CERTIFICATION, FeeKind.ASSESSOR_CERTIFICATION}


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeItemDraft:
    """A fee of a training.

    Attributes:
        kind: What it is for.
        name: As it is called.
        amount_fen: How much, in fen.
    """

    kind: FeeKind
    name: str
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainerDraft:
    """A trainer.

    Attributes:
        name: Chinese name.
        is_from_industry: Whether an expert from industry or an enterprise.
        reviewed_on: Day on which the qualification was reviewed; null: not yet.
    """

    name: str
    is_from_industry: bool
    reviewed_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TeacherTrainingBody:
    """A training of teachers or assessors of institutions.

    Attributes:
        title: Its title.
        certificate_type_code: For which certificate type.
        mode: How it is held.
        enrolment_opens_on: First day of enrolment.
        starts_at: When it begins.
        host_code: Code of the institution where it is held; null: at none.
        programme: What is taught.
        fees: What it costs; empty: nothing.
        is_voluntary: Whether it is declared that whoever takes part does so of their own will.
        trainers: Who teaches.
        is_in_improvement_plan: Whether it is part of the plan to improve the quality of teachers
            (职业院校教师素质提高计划).
    """

    title: str
    certificate_type_code: str
    mode: TrainingMode
    enrolment_opens_on: date
    starts_at: datetime
    programme: str
    trainers: Sequence[TrainerDraft]
    host_code: str | None = None
    fees: Sequence[FeeItemDraft] = ()
    is_voluntary: bool = False
    is_in_improvement_plan: bool = False


def _is_certification_fee(fee: FeeItemDraft) -> bool:
    """Tell whether a fee is for the certification of trainers or assessors, whatever its kind."""
    name = normal_form(fee.name)
    is_named_so = ("培训师" in name or "考评员" in name) and ("认证" in name or "考核" in name)
    return fee.kind in _REFUSED_FEES or is_named_so


def _fee_problems(body: TeacherTrainingBody) -> list[Problem]:
    problems = item_problems(len(body.fees), "fees", most=50)
    for place, fee in enumerate(body.fees):
        path = ("fees", str(place))
        problems += below(line_problems(fee, "name"), *path)
        problems += whole_problems(fee.amount_fen, MOST_FEN, *path, "amount_fen")
        if _is_certification_fee(fee):
            facts = {"name": fee.name}
            problems.append(Problem(code="training.certification_fee", path=path, facts=facts))
    if sum(fee.amount_fen for fee in body.fees) > 0 and not body.is_voluntary:
        problems.append(Problem(code="training.not_voluntary", path=("is_voluntary",)))
    return problems


def _trainer_problems(body: TeacherTrainingBody, facts: Circumstances) -> list[Problem]:
    """List what is wrong with who teaches. Persons are counted, not hours. Source: rule R13."""
    problems = item_problems(len(body.trainers), "trainers", most=500)
    for place, trainer in enumerate(body.trainers):
        path = ("trainers", str(place))
        problems += below(line_problems(trainer, "name", longest=64), *path)
        if trainer.reviewed_on is None or trainer.reviewed_on > facts.today:
            code = "training.trainer_unreviewed"
            problems.append(Problem(code=code, path=path, facts={"name": trainer.name}))
    wanted = facts.parameters.number(ParameterName.TRAINERS_INDUSTRY_PERCENT, facts.today)
    industry = sum(trainer.is_from_industry for trainer in body.trainers)
    if not body.trainers or 100 * industry < wanted * len(body.trainers):
        shown = {"industry": industry, "all": len(body.trainers), "percent": wanted}
        problems.append(Problem(code="training.industry_share", path=("trainers",), facts=shown))
    return problems


def _problems(body: TeacherTrainingBody, facts: Circumstances) -> list[Problem]:
    problems = line_problems(body, "title") + text_of_problems(body, "programme")
    if OrganizationKind.EVALUATION_ORGANIZATION in facts.filer.kinds:
        problems += no_new_work_problems(facts.parameters, facts.today, "starts_at")
    if body.enrolment_opens_on <= facts.today:
        shown = {"day": body.enrolment_opens_on.isoformat()}
        path = ("enrolment_opens_on",)
        problems.append(Problem(code="training.not_published_before", path=path, facts=shown))
    if programme_day(body.starts_at) < body.enrolment_opens_on:
        problems.append(Problem(code="training.begins_before_enrolment", path=("starts_at",)))
    return problems + _fee_problems(body) + _trainer_problems(body, facts)


TEACHER_TRAINING = Kind(
    name=FilingKind.TEACHER_TRAINING,
    body=TeacherTrainingBody,
    said="Publish a training of teachers or assessors: programme, fees and trainers, before "
    "enrolment opens.",
    may={
        Role.EVALUATION_ORGANIZATION: OWN,
        Role.PROVINCIAL_AUTHORITY: OWN,
        Role.OPERATOR: ON_BEHALF,
    },
    rule="R09",
    parties={"host_code": None},
    problems=_problems,
    is_public=True,
    refuses=(
        "regime.no_new_work",
        "training.begins_before_enrolment",
        "training.certification_fee",
        "training.industry_share",
        "training.not_published_before",
        "training.not_voluntary",
        "training.trainer_unreviewed",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpertDispatchBody:
    """Experts that an evaluation organization sends to a training of an authority.

    Attributes:
        training: Title of the training.
        subject_code: Code of the authority that organizes it.
        starts_at: When it begins.
        experts: How many experts are sent.
        fee_fen: Fee of one expert for a day, in fen.
        standard_fen: The fee that the standard in force allows, in fen.
        standard: The document that states the standard.
    """

    training: str
    subject_code: str
    starts_at: datetime
    experts: int
    fee_fen: int
    standard_fen: int
    standard: str


def _dispatch_problems(body: ExpertDispatchBody, _facts: Circumstances) -> list[Problem]:
    return [
        *line_problems(body, "training", "standard"),
        *whole_problems(body.experts, 1_000, "experts", least=1),
        *whole_problems(body.fee_fen, MOST_FEN, "fee_fen"),
        *whole_problems(body.standard_fen, MOST_FEN, "standard_fen"),
    ]


def _dispatch_flags(body: ExpertDispatchBody, _facts: Circumstances) -> list[Flag]:
    if body.fee_fen <= body.standard_fen:
        return []
    facts = {"fee": body.fee_fen, "standard": body.standard_fen, "document": body.standard}
    return [Flag(Problem(code="finding.expert_fee", facts=facts))]


EXPERT_DISPATCH = Kind(
    name=FilingKind.EXPERT_DISPATCH,
    body=ExpertDispatchBody,
    said="Report experts that are sent to an authority's training, and what they cost. A fee above "
    "the standard is noted.",
    may={Role.EVALUATION_ORGANIZATION: OWN, Role.OPERATOR: ON_BEHALF},
    rule="R08",
    parties={"subject_code": None},
    problems=_dispatch_problems,
    flags=_dispatch_flags,
)
