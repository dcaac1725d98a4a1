"""Where exams are held: exam sites, agreed by organization and province, and training bases."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from certgraph.actions.acting import Act
from certgraph.actions.declaring import KeyOf
from certgraph.actions.parties import ON_BEHALF, OWN, Role
from certgraph.duties.kinds.declaring import Circumstances, Consent, Kind
from certgraph.duties.kinds.values import line_problems, text_of_problems, whole_problems
from certgraph.duties.rules import ConsentStep, FilingKind, FilingState
from certgraph.duties.tables import FilingRow
from certgraph.organizations.queries import restricted_on
from certgraph.organizations.rules import OrganizationKind, RestrictionKind
from certgraph.participation.queries import takes_part
from certgraph.problems import Problem

_MOST_SEATS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamSiteBody:
    """An exam site 考核站点 of a certificate at a pilot institution.

    Attributes:
        certificate_type_code: For which certificate type.
        evaluation_organization_code: Code of the evaluation organization; it agrees.
        platform_body_code: Code of the entrusted body that keeps the platform; it files the site.
        conditions_id: The published conditions that the institution has compared itself with.
        name: What the site is called.
        address: Where it is.
        seats: How many candidates it holds at a time.
        self_check: How it meets the conditions.
    """

    certificate_type_code: str
    evaluation_organization_code: str
    platform_body_code: str
    conditions_id: Annotated[UUID, KeyOf(FilingRow)]
    name: str
    address: str
    seats: int
    self_check: str


def _problems(body: ExamSiteBody, facts: Circumstances) -> list[Problem]:
    problems = line_problems(body, "name", "address") + text_of_problems(body, "self_check")
    problems += whole_problems(body.seats, _MOST_SEATS, "seats", least=1)
    organization = facts.parties[body.evaluation_organization_code]
    conditions, path = facts.filings["conditions_id"], ("conditions_id",)
    type_id = facts.scope.get("certificate_type_id")
    if (conditions.filer_id, conditions.scope["certificate_type_id"]) != (organization.id, type_id):
        shown: dict[str, object] = {"name": organization.name}
        problems.append(Problem(code="site.conditions_of_another", path=path, facts=shown))
    elif conditions.state is not FilingState.EFFECTIVE:
        shown = {"title": conditions.body.title}
        problems.append(Problem(code="site.conditions_superseded", path=path, facts=shown))
    if facts.filer.supervisor_id is None:
        shown = {"name": facts.filer.name}
        problems.append(Problem(code="site.no_authority", path=(), facts=shown))
    return problems


async def _check(act: Act, body: ExamSiteBody, facts: Circumstances) -> list[Problem]:
    """List why an institution may not apply: it does not take part (R25), or a decision says so."""
    type_id, problems = facts.scope["certificate_type_id"], []
    if not await takes_part(act.session, facts.filer.id, type_id, facts.today):
        shown = {"name": facts.filer.name, "code": body.certificate_type_code}
        path = ("certificate_type_code",)
        problems.append(Problem(code="site.not_taking_part", path=path, facts=shown))
    organization = facts.parties[body.evaluation_organization_code]
    for party, path in (
        (organization, ("evaluation_organization_code",)),
        (facts.filer, ("organization_code",)),
    ):
        given = (party.id, RestrictionKind.SITES, type_id, facts.today)
        restriction = await restricted_on(act.session, *given)
        if restriction is None:
            continue
        last = restriction.last_on
        shown = {
            "first": restriction.first_on.isoformat(),
            "last": last.isoformat() if last else "…",
            "reason": restriction.reason,
        }
        shown["name"] = party.name
        problems.append(Problem(code="site.restricted", path=path, facts=shown))
    return problems


def _consents(body: ExamSiteBody, facts: Circumstances) -> list[Consent]:
    authority_id = facts.filer.supervisor_id
    assert authority_id is not None  # noqa: S101 - else it is refused
    return [
        Consent(ConsentStep.AGREEMENT, facts.parties[body.evaluation_organization_code].id),
        Consent(ConsentStep.AGREEMENT, authority_id),
        Consent(ConsentStep.FILING, authority_id),
        Consent(ConsentStep.FILING, facts.parties[body.platform_body_code].id),
    ]


async def _begin(_act: Act, row: FilingRow, _body: ExamSiteBody, facts: Circumstances) -> None:
    row.first_on = facts.today


EXAM_SITE = Kind(
    name=FilingKind.EXAM_SITE,
    body=ExamSiteBody,
    said="Apply to be an exam site of a certificate, by published conditions. The evaluation "
    "organization and the province agree, in any order; then the province and the platform file "
    "it. Before all four no exam is planned there.",
    may={Role.PILOT_INSTITUTION: OWN, Role.OPERATOR: ON_BEHALF},
    rule="R25",
    parties={
        "evaluation_organization_code": OrganizationKind.EVALUATION_ORGANIZATION,
        "platform_body_code": OrganizationKind.ENTRUSTED_BODY,
    },
    subject="evaluation_organization_code",
    filings={"conditions_id": FilingKind.SITE_CONDITIONS},
    problems=_problems,
    check=_check,
    consents=_consents,
    effect=_begin,
    is_public=True,
    one_for=("certificate_type_id", "subject_id"),
    refuses=(
        "site.conditions_of_another",
        "site.conditions_superseded",
        "site.no_authority",
        "site.not_taking_part",
        "site.restricted",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingBaseBody:
    """A training base 实训基地 that supports exam sites.

    Attributes:
        name: What it is called.
        address: Where it is.
        equipment: What it has.
        certificate_type_code: For which certificate type; null: for several.
        site_id: The exam site that it supports; null: none yet.
    """

    name: str
    address: str
    equipment: str
    certificate_type_code: str | None = None
    site_id: Annotated[UUID | None, KeyOf(FilingRow)] = None


def _base_problems(body: TrainingBaseBody, _facts: Circumstances) -> list[Problem]:
    return line_problems(body, "name", "address") + text_of_problems(body, "equipment")


TRAINING_BASE = Kind(
    name=FilingKind.TRAINING_BASE,
    body=TrainingBaseBody,
    said="Report a training base that supports exam sites (rule R29).",
    may={Role.PILOT_INSTITUTION: OWN, Role.PROVINCIAL_AUTHORITY: OWN, Role.OPERATOR: ON_BEHALF},
    filings={"site_id": FilingKind.EXAM_SITE},
    problems=_base_problems,
    is_public=True,
)
