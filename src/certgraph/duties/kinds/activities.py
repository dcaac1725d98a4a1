"""What is organized in a province: activities that are filed there, and invitations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from certgraph.actions.parties import ON_BEHALF, OWN, Role
from certgraph.calendar import programme_day
from certgraph.duties.kinds.declaring import Circumstances, Consent, Due, Kind
from certgraph.duties.kinds.values import (
    item_problems,
    line_problems,
    text_of_problems,
)
from certgraph.duties.rules import ConsentStep, FilingKind, ObligationBasis, ObligationKind
from certgraph.organizations.rules import OrganizationKind
from certgraph.parameters.rules import ParameterName, no_new_work_problems
from certgraph.problems import Problem
from certgraph.standards.rules import CertificateLevel


class ActivityKind(StrEnum):
    """What is organized: 标准宣贯, 师资培训, 考核, 会议, 其他活动."""

    STANDARD_BRIEFING = "standard_briefing"
    TEACHER_TRAINING = "teacher_training"
    EXAM = "exam"
    MEETING = "meeting"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityBody:
    """An activity that an evaluation organization organizes in one province or several.

    Attributes:
        activity: What is organized.
        title: Its title.
        starts_at: When it begins.
        ends_at: When it ends.
        authority_codes: Codes of the authorities in whose provinces it is; each files it.
        place: Where; null: online.
        certificate_type_code: For which certificate type; null: for several.
        level: At which level; null: at several.
        programme: What is planned; null: nothing more.
    """

    activity: ActivityKind
    title: str
    starts_at: datetime
    ends_at: datetime
    authority_codes: Sequence[str]
    place: str | None = None
    certificate_type_code: str | None = None
    level: Annotated[int, CertificateLevel] | None = None
    programme: str | None = None


def _lead_problems(body: ActivityBody, facts: Circumstances) -> list[Problem]:
    """List the provinces whose time before the start is not kept."""
    problems = []
    starts_on = programme_day(body.starts_at)
    for place, code in enumerate(body.authority_codes):
        party, name = facts.parties[code], ParameterName.ACTIVITY_LEAD_DAYS
        days = facts.parameters.number(name, facts.today, party.id)
        if facts.today > starts_on - timedelta(days=days):
            setting = facts.parameters.setting(name, facts.today, party.id)
            shown = {
                "name": party.name,
                "days": days,
                "basis": setting.basis if setting else "",
                "start": starts_on.isoformat(),
            }
            path = ("authority_codes", str(place))
            problems.append(Problem(code="activity.too_late", path=path, facts=shown))
    return problems


def _problems(body: ActivityBody, facts: Circumstances) -> list[Problem]:
    problems = line_problems(body, "title", "place") + text_of_problems(body, "programme")
    problems += item_problems(len(body.authority_codes), "authority_codes", least=1, most=40)
    if len(set(body.authority_codes)) < len(body.authority_codes):
        problems.append(Problem(code="filing.named_twice", path=("authority_codes",)))
    if body.ends_at < body.starts_at:
        problems.append(Problem(code="activity.ends_before", path=("ends_at",)))
    if body.activity is not ActivityKind.EXAM:
        problems += no_new_work_problems(facts.parameters, facts.today, "activity")
    if facts.now >= body.starts_at:
        problems.append(Problem(code="activity.has_begun", path=("starts_at",)))
    else:
        problems += _lead_problems(body, facts)
    return problems


def _consents(body: ActivityBody, facts: Circumstances) -> list[Consent]:
    return [Consent(ConsentStep.FILING, facts.parties[code].id) for code in body.authority_codes]


def _dues(body: ActivityBody, facts: Circumstances) -> list[Due]:
    return [
        Due(
            kind=ObligationKind.ACTIVITY_FILING,
            rule_id="R03",
            debtor_id=facts.filer.id,
            answer=consent,
            due_on=programme_day(body.starts_at - timedelta(microseconds=1)),
            due_before=body.starts_at,
            basis=ObligationBasis.EVENT,
        )
        for consent in _consents(body, facts)
    ]


ACTIVITY = Kind(
    name=FilingKind.ACTIVITY,
    body=ActivityBody,
    said="Hand in an activity to the authorities of the provinces it is in, before it begins; each "
    "of them files it.",
    may={Role.EVALUATION_ORGANIZATION: OWN, Role.OPERATOR: ON_BEHALF},
    rule="R03",
    parties={"authority_codes": OrganizationKind.PROVINCIAL_AUTHORITY},
    problems=_problems,
    consents=_consents,
    dues=_dues,
    is_public=True,
    refuses=(
        "activity.ends_before",
        "activity.has_begun",
        "activity.too_late",
        "certificate_type.level_unknown",
        "regime.no_new_work",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationBody:
    """A seminar or training of a province, to which it invites evaluation organizations.

    Attributes:
        title: Its title.
        starts_at: When it begins.
        place: Where; null: online.
        organization_codes: Codes of the evaluation organizations that are invited.
        programme: What is planned; null: nothing more.
    """

    title: str
    starts_at: datetime
    organization_codes: Sequence[str]
    place: str | None = None
    programme: str | None = None


def _invitation_problems(body: InvitationBody, facts: Circumstances) -> list[Problem]:
    problems = line_problems(body, "title", "place") + text_of_problems(body, "programme")
    problems += item_problems(len(body.organization_codes), "organization_codes", least=1)
    if len(set(body.organization_codes)) < len(body.organization_codes):
        problems.append(Problem(code="filing.named_twice", path=("organization_codes",)))
    if facts.now >= body.starts_at:
        problems.append(Problem(code="invitation.has_begun", path=("starts_at",)))
    return problems


def _invited(body: InvitationBody, facts: Circumstances) -> list[Consent]:
    return [
        Consent(ConsentStep.INVITATION, facts.parties[code].id, is_needed=False)
        for code in body.organization_codes
    ]


INVITATION = Kind(
    name=FilingKind.INVITATION,
    body=InvitationBody,
    said="Invite evaluation organizations to a seminar or training of the province; they answer "
    "(rule R04).",
    may={Role.PROVINCIAL_AUTHORITY: OWN, Role.OPERATOR: ON_BEHALF},
    parties={"organization_codes": OrganizationKind.EVALUATION_ORGANIZATION},
    problems=_invitation_problems,
    consents=_invited,
    refuses=("invitation.has_begun",),
)
