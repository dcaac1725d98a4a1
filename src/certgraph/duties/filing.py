# ruff: noqa: ANN401 - a body of any kind
"""Hand in and revise filings: an action a kind."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from certgraph.actions.acting import Act
from certgraph.actions.declaring import Action, KeyOf, action
from certgraph.actions.inputs import plain
from certgraph.actions.parties import Role
from certgraph.calendar import programme_day
from certgraph.duties import obligation_queries, queries
from certgraph.duties.effects import owe_what_is_due, record_step, take_effect
from certgraph.duties.kinds import KINDS
from certgraph.duties.kinds.declaring import Circumstances, Consent, Kind
from certgraph.duties.looking import facts_of
from certgraph.duties.rules import (
    FilingKind,
    FilingState,
    ObligationKind,
)
from certgraph.duties.tables import ConsentRow, FilingRow, FilingVersionRow
from certgraph.organizations.rules import OrganizationKind, day_problems
from certgraph.organizations.subjects import ORGANIZATION
from certgraph.organizations.tables import OrganizationRow
from certgraph.parameters.rules import ended_problems
from certgraph.problems import Problem, refusal, reject_if
from certgraph.randomness import new_id

Revised = Annotated[UUID | None, KeyOf(FilingRow), "The filing whose place it takes; null: none."]


def submission(kind: Kind[Any]) -> Action[Any, FilingRow]:
    """Return the action by which a kind of filing is handed in."""

    async def submit(
        act: Act, organization: OrganizationRow, body: Any, *, revises: Revised = None
    ) -> FilingRow:
        return await _submit(act, kind, organization, body, revises)

    submit.__doc__ = f"{kind.said}\n\nRaises:\n    Rejected: What speaks against it."
    submit.__annotations__ |= {"body": kind.body}
    word = "".join(part.capitalize() for part in kind.name.value.split("_"))
    return action(
        f"{word[:1].lower()}{word[1:]}Submit",
        may=kind.may,
        rule=kind.rule,
        about=ORGANIZATION,
        returns="filing",
        once=True,
        dry_run=True,
        refuses=(*_OF_EVERY_KIND, *kind.refuses),
    )(submit)


_OF_EVERY_KIND = (
    "certificate_type.not_found",
    "filing.day_to_come",
    "filing.filer_kind",
    "filing.named_twice",
    "filing.none_in_effect",
    "filing.not_found",
    "filing.number",
    "filing.other_kind",
    "filing.other_place",
    "filing.over",
    "filing.revised_already",
    "filing.second",
    "regime.closed",
    "regime.not_begun",
)


async def _submit(
    act: Act, kind: Kind[Any], filer: OrganizationRow, body: Any, revises: UUID | None
) -> FilingRow:
    # 1. Whose place it takes.
    session = act.session
    revised = None if revises is None else await queries.filing_by_id(session, revises)
    if revises is not None and (
        revised is None or revised.organization_id != filer.id or revised.kind is not kind.name
    ):
        raise refusal("filing.not_found", "revises", id=str(revises))
    # 2. What speaks against it; what of it is unknown makes the rest impossible to judge.
    reject_if(_moment_problems(body))
    facts, problems = await facts_of(act, kind, filer, body, revised_id=revises)
    scope = facts.scope
    problems += _filer_problems(kind, facts)
    problems += _regime_problems(scope) or _end_problems(kind, facts)
    if not problems:
        problems = kind.problems(body, facts)
        problems += await kind.check(act, body, facts) if kind.check else []
    problems += await _place_problems(act, kind, filer, scope, revised)
    reject_if(problems)
    # 3. Its next version, or a filing of its own.
    if revised is not None and revised.state is not FilingState.EFFECTIVE:
        row = revised
        row.version += 1
    else:
        row = FilingRow(
            id=new_id(act.random),
            kind=kind.name,
            organization_id=filer.id,
            version=1,
            is_public=kind.is_public,
            revises_id=revised.id if revised else None,
        )
    for name, value in scope.items():
        setattr(row, name, value)
    row.submitted_at = act.now
    row.state = FilingState.SUBMITTED
    session.add(row)
    await session.flush()  # the rows below refer to it
    _keep_version(act, row, body)
    record_step(act, row, FilingState.SUBMITTED)
    # 4. Who is asked, what is owed because of it, and what of it was owed.
    needed = _ask(act, row, kind.consents(body, facts))
    await owe_what_is_due(act, row, kind.dues(body, facts), scope)
    if kind.name is FilingKind.WEEKLY_REPORT:
        weekly, key = ObligationKind.WEEKLY_REPORT, str(row.first_on)
        await obligation_queries.meet(session, weekly, filer.id, key, row.id, act.now)
    if not needed:
        await take_effect(act, row, kind, body, facts)
    return row


def _moment_problems(body: Any) -> list[Problem]:
    """List days and moments of a body that no calendar here knows: before 2000, after 2199."""
    problems = []
    for one in dataclasses.fields(body):
        value = getattr(body, one.name)
        if isinstance(value, date):  # a datetime is one, too
            day = date(value.year, value.month, value.day)
            problems += day_problems(day, one.name)
    return problems


def _filer_problems(kind: Kind[Any], facts: Circumstances) -> list[Problem]:
    """List why an organization does not hand in a kind, whoever records it for it."""
    kinds = {OrganizationKind(role.value) for role in kind.may if role is not Role.OPERATOR}
    if kinds & facts.filer.kinds:
        return []
    shown = {"name": facts.filer.name, "kinds": tuple(sorted(kinds))}
    return [Problem(code="filing.filer_kind", path=("organization_code",), facts=shown)]


def _regime_problems(scope: Mapping[str, Any]) -> list[Problem]:
    """List why what a filing announces or reports is not of the pilot: it begins after it.

    Source: rule S15.
    """
    if scope.get("starts_at") is not None:
        return ended_problems(programme_day(scope["starts_at"]), "starts_at")
    first_on = scope.get("first_on")
    return [] if first_on is None else ended_problems(first_on, "first_on")


def _end_problems(kind: Kind[Any], facts: Circumstances) -> list[Problem]:
    """List why a kind is no longer handed in: the pilot is over. Source: rule S15."""
    return [] if kind.after_the_end else ended_problems(facts.today)


async def _place_problems(
    act: Act,
    kind: Kind[Any],
    filer: OrganizationRow,
    scope: Mapping[str, Any],
    revised: FilingRow | None,
) -> list[Problem]:
    """List why a filing cannot take this place: another has it, or what it revises is over."""
    if revised is not None and revised.state not in (
        FilingState.SUBMITTED,
        FilingState.RETURNED,
        FilingState.EFFECTIVE,
    ):
        facts = {"state": revised.state}
        return [Problem(code="filing.over", path=("revises",), facts=facts)]
    if revised is not None and await queries.is_revised(act.session, revised.id):
        return [Problem(code="filing.revised_already", path=("revises",))]
    if kind.one_for is None:
        return []
    columns = {name: scope.get(name) for name in kind.one_for}
    if revised is not None:
        before = {name: getattr(revised, name) for name in kind.one_for}
        if before != columns:
            place: dict[str, object] = {"before": "–".join(str(value) for value in before.values())}
            return [Problem(code="filing.other_place", path=("revises",), facts=place)]
    of_filer = {"organization_id": filer.id, **columns}
    live = await queries.live_filings(act.session, kind.name, of_filer)
    others = [one for one in live if revised is None or one.id != revised.id]
    return [Problem(code="filing.second")] if others else []


def _keep_version(act: Act, row: FilingRow, body: Any) -> None:
    stated = json.dumps(plain(body), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    act.session.add(
        FilingVersionRow(
            id=new_id(act.random),
            filing_id=row.id,
            kind=row.kind,
            number=row.version,
            body=stated,
            sha256=hashlib.sha256(stated.encode()).hexdigest(),
            submitted_by=act.by,
            submitted_at=act.now,
        )
    )


def _ask(act: Act, row: FilingRow, consents: Sequence[Consent]) -> bool:
    """Ask for each yes; return whether one is needed."""
    for one in consents:
        act.session.add(
            ConsentRow(
                id=new_id(act.random),
                filing_id=row.id,
                version=row.version,
                organization_id=one.organization_id,
                step=one.step,
                is_needed=one.is_needed,
                asked_at=act.now,
            )
        )
    return any(one.is_needed for one in consents)


SUBMISSIONS = {kind.name: submission(kind) for kind in KINDS.values()}
ACTIONS = tuple(SUBMISSIONS.values())
