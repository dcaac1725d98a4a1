"""Versions of standards that an evaluation organization drafts, for others to publish."""

from collections.abc import Sequence
from dataclasses import dataclass

from certgraph.actions.acting import Act
from certgraph.actions.parties import ON_BEHALF, OWN, Role
from certgraph.calendar import programme_day
from certgraph.duties.kinds.declaring import Circumstances, Consent, Kind
from certgraph.duties.rules import ConsentStep, FilingKind
from certgraph.duties.tables import FilingRow
from certgraph.organizations.rules import OrganizationKind
from certgraph.problems import Problem
from certgraph.standards.actions import (
    StandardVersionDraft,
    publish_standard_version,
    standard_version_problems,
)
from certgraph.standards.queries import is_organization_of_type, standard_by_code
from certgraph.standards.rules import LearningOutcomeDraft, StandardContentDraft

_PUBLISHERS = {OrganizationKind.MINISTRY, OrganizationKind.ENTRUSTED_BODY}


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardVersionBody:
    """A version of a standard, as an evaluation organization drafts it.

    Attributes:
        publisher_code: Code of the ministry or the entrusted body that is to publish it.
        standard_code: Code of the standard.
        version: Such as `2021` or `2.0`, 1 to 40 characters.
        source: Where its text is published.
        content: Work areas, tasks and skill requirements of all levels.
        outcomes: Learning outcomes.
        major_edition: Edition of the catalogue that `majorCodes` belong to.
        major_codes: Majors it is meant for.
    """

    publisher_code: str
    standard_code: str
    version: str
    source: str
    content: Sequence[StandardContentDraft] = ()
    outcomes: Sequence[LearningOutcomeDraft] = ()
    major_edition: str | None = None
    major_codes: Sequence[str] = ()


def _draft(act: Act, body: StandardVersionBody) -> StandardVersionDraft:
    """Return what is published, today."""
    return StandardVersionDraft(
        standard_code=body.standard_code,
        version=body.version,
        published_on=programme_day(act.now),
        source=body.source,
        content=body.content,
        outcomes=body.outcomes,
        major_edition=body.major_edition,
        major_codes=body.major_codes,
    )


def _problems(body: StandardVersionBody, facts: Circumstances) -> list[Problem]:
    publisher = facts.parties[body.publisher_code]
    if publisher.kinds & _PUBLISHERS:
        return []
    shown = {"name": publisher.name, "kind": OrganizationKind.ENTRUSTED_BODY}
    return [Problem(code="filing.other_kind", path=("publisher_code",), facts=shown)]


async def _check(act: Act, body: StandardVersionBody, facts: Circumstances) -> list[Problem]:
    """List what speaks against the version: whose the standard is, and what is wrong with it."""
    standard = await standard_by_code(act.session, body.standard_code)
    if standard is not None and not await is_organization_of_type(
        act.session, facts.filer.id, standard.certificate_type_id
    ):
        shown = {"name": facts.filer.name, "code": body.standard_code}
        return [Problem(code="standard.of_another", path=("standard_code",), facts=shown)]
    return await standard_version_problems(act.session, _draft(act, body), programme_day(act.now))


async def _publish(
    act: Act, _row: FilingRow, body: StandardVersionBody, _facts: Circumstances
) -> None:
    act.touched.append(await publish_standard_version(act, _draft(act, body)))


def _consents(body: StandardVersionBody, facts: Circumstances) -> list[Consent]:
    return [Consent(ConsentStep.AGREEMENT, facts.parties[body.publisher_code].id)]


STANDARD_VERSION = Kind(
    name=FilingKind.STANDARD_VERSION,
    body=StandardVersionBody,
    said="Draft a version of a standard of the organization's own; with the yes of the ministry or "
    "the entrusted body it is published, that day.",
    may={Role.EVALUATION_ORGANIZATION: OWN, Role.OPERATOR: ON_BEHALF},
    rule="S07",
    parties={"publisher_code": None},
    problems=_problems,
    check=_check,
    consents=_consents,
    effect=_publish,
    is_public=True,
    refuses=(
        "standard.code_malformed",
        "standard.code_repeated",
        "standard.level",
        "standard.not_found",
        "standard.of_another",
        "standard.outcome_number",
        "standard.parent_missing",
        "standard.version_published",
    ),
)
