"""Announce certificate types, register standards, publish versions that never change again."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from certgraph.actions.acting import Act
from certgraph.actions.declaring import action
from certgraph.actions.parties import ANY, ON_BEHALF, Role
from certgraph.calendar import programme_day
from certgraph.database import Session, insert_rows
from certgraph.organizations.rules import day_problems
from certgraph.organizations.subjects import organization_named
from certgraph.problems import Problem, refusal, reject_if
from certgraph.randomness import new_id
from certgraph.standards import queries
from certgraph.standards.rules import (
    CertificateTypeState,
    LearningOutcomeDraft,
    Level,
    StandardContentDraft,
    content_problems,
    outcome_problems,
)
from certgraph.standards.subjects import certificate_type_coded
from certgraph.standards.tables import (
    CertificateLevelRow,
    CertificateTypeOrganizationRow,
    CertificateTypeRow,
    LearningOutcomeRow,
    StandardContentRow,
    StandardRow,
    StandardVersionMajorRow,
    StandardVersionRow,
)
from certgraph.text import text_problems


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateTypeDraft:
    """A certificate type as announced.

    Attributes:
        code: Its code in the catalogue, 1 to 40 characters.
        name: Its name, 1 to 64 characters.
        levels: All of it, or a part.
        announced_on: Day of its announcement 公布日.
        organization_codes: The evaluation organizations behind it; at least one.
    """

    code: str
    name: str
    levels: Sequence[Level]
    announced_on: date
    organization_codes: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardVersionDraft:
    """A version to publish.

    Attributes:
        standard_code: Code of the standard.
        version: Such as `2021` or `2.0`, 1 to 40 characters.
        published_on: Not in the future.
        source: Where its text is published.
        content: Work areas, tasks and skill requirements of all levels.
        outcomes: Learning outcomes.
        major_edition: Edition of the catalogue that `major_codes` belong to.
        major_codes: Majors it is meant for.
    """

    standard_code: str
    version: str
    published_on: date
    source: str
    content: Sequence[StandardContentDraft] = ()
    outcomes: Sequence[LearningOutcomeDraft] = ()
    major_edition: str | None = None
    major_codes: Sequence[str] = ()


_MAY = {Role.MINISTRY: ANY, Role.ENTRUSTED_BODY: ANY, Role.OPERATOR: ON_BEHALF}


@action(
    "certificateTypeAnnounce",
    may=_MAY,
    returns="certificate_type",
    once=True,
    refuses=(
        "certificate_type.code_taken",
        "certificate_type.levels",
        "certificate_type.name_taken",
        "certificate_type.no_organization",
        "organization.not_found",
    ),
)
async def announce_certificate_type(act: Act, draft: CertificateTypeDraft) -> CertificateTypeRow:
    """Announce a certificate type.

    Raises:
        Rejected: Code or name taken, no organization, an unknown one, or levels outside 1 to 3.
    """
    session = act.session
    organizations = [
        await organization_named(session, code, "organization_codes", str(index))
        for index, code in enumerate(draft.organization_codes)
    ]
    problems = text_problems(draft.code, 40, "code") + text_problems(draft.name, 64, "name")
    if await queries.certificate_type_by_code(session, draft.code):
        facts = {"code": draft.code}
        problems.append(Problem(code="certificate_type.code_taken", path=("code",), facts=facts))
    if await queries.certificate_type_by_name(session, draft.name):
        facts = {"name": draft.name}
        problems.append(Problem(code="certificate_type.name_taken", path=("name",), facts=facts))
    problems += day_problems(draft.announced_on, "announced_on")
    if not draft.levels or not set(draft.levels) <= {1, 2, 3}:
        problems.append(Problem(code="certificate_type.levels", path=("levels",)))
    if not organizations:
        problems.append(
            Problem(code="certificate_type.no_organization", path=("organization_codes",))
        )
    reject_if(problems)
    row = CertificateTypeRow(
        id=new_id(act.random),
        code=draft.code,
        name=draft.name,
        announced_on=draft.announced_on,
        state=CertificateTypeState.ANNOUNCED,
    )
    session.add(row)
    await session.flush()  # the rows below refer to it
    session.add_all(
        CertificateTypeOrganizationRow(certificate_type_id=row.id, organization_id=organization.id)
        for organization in organizations
    )
    session.add_all(
        CertificateLevelRow(id=new_id(act.random), certificate_type_id=row.id, level=level)
        for level in sorted(set(draft.levels))
    )
    return row


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardDraft:
    """A standard of a certificate type.

    Attributes:
        code: Its code, 1 to 40 characters.
        name: Its name, 1 to 64 characters.
        certificate_type_code: Of which certificate type.
    """

    code: str
    name: str
    certificate_type_code: str


@action(
    "standardRegister",
    may=_MAY,
    returns="standard",
    once=True,
    refuses=("certificate_type.not_found", "standard.code_taken"),
)
async def register_standard(act: Act, draft: StandardDraft) -> StandardRow:
    """Register a standard of a certificate type; its versions are published one by one.

    Raises:
        Rejected: Code taken, or type unknown.
    """
    problems = text_problems(draft.code, 40, "code") + text_problems(draft.name, 64, "name")
    if await queries.standard_by_code(act.session, draft.code):
        facts = {"code": draft.code}
        problems.append(Problem(code="standard.code_taken", path=("code",), facts=facts))
    reject_if(problems)
    certificate_type = await certificate_type_coded(
        act.session, draft.certificate_type_code, "certificate_type_code"
    )
    row = StandardRow(
        id=new_id(act.random),
        code=draft.code,
        name=draft.name,
        certificate_type_id=certificate_type.id,
    )
    act.session.add(row)
    return row


async def _draft_problems(
    session: Session,
    draft: StandardVersionDraft,
    versions: Sequence[StandardVersionRow],
    today: date,
) -> tuple[list[Problem], list[UUID]]:
    """Return what is wrong with a draft, and the ids of its majors."""
    problems = text_problems(draft.version, 40, "version")
    problems += text_problems(draft.source, 500, "source")
    problems += content_problems(draft.content) + outcome_problems(draft.outcomes)
    if any(version.version == draft.version for version in versions):
        facts = {"code": draft.standard_code, "version": draft.version}
        problems.append(Problem(code="standard.version_published", path=("version",), facts=facts))
    if draft.published_on > today:
        facts = {"day": draft.published_on.isoformat()}
        problems.append(
            Problem(code="standard.published_in_future", path=("published_on",), facts=facts)
        )
    majors = await queries.majors_by_code(session, draft.major_edition or "", draft.major_codes)
    problems += [
        Problem(
            code="major.unknown",
            path=("major_codes", str(index)),
            facts={"code": code, "edition": draft.major_edition},
        )
        for index, code in enumerate(draft.major_codes)
        if code not in majors
    ]
    return problems, [major.id for rows in majors.values() for major in rows]


async def standard_version_problems(
    session: Session, draft: StandardVersionDraft, today: date
) -> list[Problem]:
    """List what speaks against publishing a version."""
    standard = await queries.standard_by_code(session, draft.standard_code)
    if standard is None:
        facts = {"code": draft.standard_code}
        return [Problem(code="standard.not_found", path=("standard_code",), facts=facts)]
    versions = (await queries.versions_by_standard_ids(session, [standard.id]))[standard.id]
    problems, _ = await _draft_problems(session, draft, versions, today)
    return problems


def _content_sha256(draft: StandardVersionDraft) -> str:
    content = [[item.level, item.code, item.text] for item in draft.content]
    outcomes = sorted([item.level, item.number, item.name] for item in draft.outcomes)
    majors = [draft.major_edition, sorted(draft.major_codes)]
    canonical = json.dumps([content, outcomes, majors], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


@action(
    "standardVersionPublish",
    may=_MAY,
    returns="standard_version",
    once=True,
    refuses=(
        "major.unknown",
        "standard.code_malformed",
        "standard.code_repeated",
        "standard.level",
        "standard.not_found",
        "standard.outcome_number",
        "standard.parent_missing",
        "standard.published_in_future",
        "standard.version_published",
    ),
)
async def publish_standard_version(act: Act, draft: StandardVersionDraft) -> StandardVersionRow:
    """Publish a version of a standard; from now on nothing of it changes.

    Raises:
        Rejected: Standard unknown, version already published, content with wrong codes, majors
            unknown, or a day in the future.

    Source: rule R19 (a standard is kept improving, version by version).
    """
    session = act.session
    # 1. The standard, its versions, and what speaks against this one.
    standard = await queries.standard_by_code(session, draft.standard_code)
    if standard is None:
        raise refusal("standard.not_found", "standard_code", code=draft.standard_code)
    versions = (await queries.versions_by_standard_ids(session, [standard.id]))[standard.id]
    problems, major_ids = await _draft_problems(session, draft, versions, programme_day(act.now))
    reject_if(problems)
    # 2. The version, after the newest.
    row = StandardVersionRow(
        id=new_id(act.random),
        standard_id=standard.id,
        version=draft.version,
        published_on=draft.published_on,
        supersedes_id=versions[-1].id if versions else None,
        source=draft.source,
        content_sha256=_content_sha256(draft),
        recorded_at=act.now,
    )
    session.add(row)
    await session.flush()  # the rows below refer to it
    # 3. Its content, learning outcomes and majors.
    await _insert_content(act, draft, row.id, major_ids)
    return row


async def _insert_content(
    act: Act, draft: StandardVersionDraft, version_id: UUID, major_ids: Sequence[UUID]
) -> None:
    session, version = act.session, {"standard_version_id": version_id}
    content = [
        {
            "id": new_id(act.random),
            "level": item.level,
            "code": item.code,
            "parent_code": item.code.rpartition(".")[0],
            "position": position,
            "text": item.text,
            **version,
        }
        for position, item in enumerate(draft.content)
    ]
    outcomes = [
        {
            "id": new_id(act.random),
            "level": item.level,
            "number": item.number,
            "name": item.name,
            **version,
        }
        for item in draft.outcomes
    ]
    majors = [{"major_id": major_id, **version} for major_id in major_ids]
    await insert_rows(session, StandardContentRow, content)
    await insert_rows(session, LearningOutcomeRow, outcomes)
    await insert_rows(session, StandardVersionMajorRow, majors)


ACTIONS = (announce_certificate_type, register_standard, publish_standard_version)
