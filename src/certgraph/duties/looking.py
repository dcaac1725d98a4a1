# ruff: noqa: ANN401 - a body of any kind
"""What must be looked up before a filing can be judged."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from certgraph.actions.acting import Act
from certgraph.calendar import programme_day
from certgraph.duties import queries
from certgraph.duties.bodies import filed
from certgraph.duties.kinds.declaring import Circumstances, Filed, Kind, Party
from certgraph.organizations import queries as organization_queries
from certgraph.organizations.rules import AppointmentFunction, OrganizationKind, level_problems
from certgraph.organizations.tables import AppointmentRow, OrganizationRow
from certgraph.parameters.queries import parameters_in_force
from certgraph.participation.queries import spans_by_institution
from certgraph.problems import Problem
from certgraph.standards.queries import certificate_type_by_code
from certgraph.standards.subjects import known_levels

SCOPE = ("level", "first_on", "last_on", "starts_at")
"""Fields of a body that are kept in columns of the same name."""


def _named(kind: Kind[Any], body: Any) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Yield field, path and code of each organization that a body names."""
    for name in kind.parties:
        value = getattr(body, name)
        if isinstance(value, str):
            yield name, (name,), value
        elif value is not None:
            for place, code in enumerate(value):
                yield name, (name, str(place)), code


async def facts_of(
    act: Act,
    kind: Kind[Any],
    filer: OrganizationRow,
    body: Any,
    *,
    revised_id: UUID | None,
    itself_id: UUID | None = None,
) -> tuple[Circumstances, list[Problem]]:
    """Return what is known for judging a body, and what of it is not known."""
    session = act.session
    # 1. The organizations: who files, and whom the body names.
    named = list(_named(kind, body))
    rows = await organization_queries.organizations_coded(session, {code for *_, code in named})
    ids = {filer.id, *(row.id for row in rows.values())}
    kinds = await organization_queries.kinds_by_organization_ids(session, ids)
    supervisors = await organization_queries.supervisors_of(session, ids)
    parties = {row.code: _party(row, kinds, supervisors) for row in (*rows.values(), filer)}
    problems = []
    for name, path, code in named:
        wanted, party = kind.parties[name], parties.get(code)
        if party is None:
            facts: dict[str, object] = {"code": code}
            problems.append(Problem(code="organization.not_found", path=path, facts=facts))
        elif wanted is not None and wanted not in party.kinds:
            facts = {"name": party.name, "kind": wanted}
            problems.append(Problem(code="filing.other_kind", path=path, facts=facts))
    # 2. Columns that it has besides, and the filings that the body names.
    scope, unknown = await _scope_of(act, kind, body, parties)
    filings, missing = await _filings_of(act, kind, body)
    # 3. Days of taking part, and the person that the body names.
    spans = await spans_by_institution(session, [filer.id])
    responsible = await _responsible(act, filer.id, getattr(body, "responsible_id", None))
    return (
        Circumstances(
            now=act.now,
            filer=parties[filer.code],
            parties=parties,
            parameters=await parameters_in_force(session),
            spans=spans.get(filer.id, ()),
            responsible_id=responsible or None,
            filings=filings,
            scope=scope,
            revised_id=revised_id,
            itself_id=itself_id,
        ),
        problems + unknown + missing,
    )


async def _filings_of(
    act: Act, kind: Kind[Any], body: Any
) -> tuple[dict[str, Filed], list[Problem]]:
    """Return the filings that a body names, and those that are not of the kind they must be of."""
    found, problems = {}, []
    for name, wanted in kind.filings.items():
        id_ = getattr(body, name)
        if id_ is None:
            continue
        row = await queries.filing_in_effect(act.session, id_, wanted)
        if row is None:
            facts: dict[str, object] = {"id": str(id_), "kind": wanted}
            problems.append(Problem(code="filing.none_in_effect", path=(name,), facts=facts))
        else:
            found[name] = await filed(act.session, row)
    return found, problems


def _party(
    row: OrganizationRow,
    kinds: Mapping[UUID, set[OrganizationKind]],
    supervisors: Mapping[UUID, UUID | None],
) -> Party:
    of_kind = frozenset(kinds[row.id])
    is_institution = OrganizationKind.PILOT_INSTITUTION in of_kind
    supervisor_id = supervisors.get(row.id) if is_institution else None
    return Party(row.id, row.code, row.name, of_kind, supervisor_id, row.division_code)


async def _responsible(act: Act, filer_id: UUID, appointment_id: UUID | None) -> UUID | None:
    """Return an appointment if it is the filer's, for that function, and in force; else None."""
    if appointment_id is None:
        return None
    row = await act.session.get(AppointmentRow, appointment_id)
    today = programme_day(act.now)
    is_theirs = (
        row is not None
        and row.organization_id == filer_id
        and row.function is AppointmentFunction.RESPONSIBLE
        and row.first_on <= today
        and (row.last_on is None or today <= row.last_on)
    )
    return appointment_id if is_theirs else None


async def _scope_of(
    act: Act, kind: Kind[Any], body: Any, parties: Mapping[str, Party]
) -> tuple[dict[str, Any], list[Problem]]:
    """Return the columns that a filing has besides, and what of them is not known."""
    fields = {one.name for one in dataclasses.fields(body)}
    scope = {name: getattr(body, name) for name in SCOPE if name in fields}
    problems = []
    code = getattr(body, "certificate_type_code", None)
    if code is not None:
        type_ = await certificate_type_by_code(act.session, code)
        if type_ is None:
            path = ("certificate_type_code",)
            shown = {"code": code}
            problems.append(Problem(code="certificate_type.not_found", path=path, facts=shown))
        else:
            scope["certificate_type_id"] = type_.id
            levels = await known_levels(act.session, type_.id)
            if scope.get("level") is not None:
                found = level_problems([scope["level"]], levels, type_.name)
                problems += [Problem(code=p.code, path=("level",), facts=p.facts) for p in found]
    subject = parties.get(getattr(body, kind.subject, ""))
    if subject is not None:
        scope["subject_id"] = subject.id
    return scope, problems
