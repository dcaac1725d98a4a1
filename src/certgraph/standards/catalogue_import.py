"""The real catalogue, shipped with the package, into the database; as often as one likes.

Types, organizations, levels, batches, divisions, majors and work areas as public sources give
them (`catalogue/*.csv`, each row with its source). What no source gives stays empty. A second run
changes nothing; an organization's state and anything entered by hand is never overwritten.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files
from typing import Any
from uuid import UUID

from certgraph.actions.acting import Act
from certgraph.actions.declaring import action
from certgraph.actions.parties import ANY, Role
from certgraph.database import Base, Session, ids_by_code, insert_missing, insert_rows
from certgraph.organizations.rules import OrganizationKind, OrganizationState
from certgraph.organizations.tables import (
    DivisionRow,
    OrganizationKindRow,
    OrganizationRow,
    OrganizationStateChangeRow,
)
from certgraph.randomness import Random, new_id
from certgraph.standards.rules import CertificateTypeState
from certgraph.standards.tables import (
    BatchRow,
    CertificateLevelRow,
    CertificateTypeOrganizationRow,
    CertificateTypeRow,
    KnownWorkAreaRow,
    MajorRow,
)

_CATALOGUE = files("certgraph.standards").joinpath("catalogue")


@dataclass(frozen=True, slots=True)
class ImportCount:
    """How many rows of one kind the catalogue holds, and how many were new."""

    kind: str
    rows: int
    added: int


def _rows(name: str) -> Iterator[dict[str, str | None]]:
    """Yield the rows of a catalogue file; empty cells are None."""
    text = _CATALOGUE.joinpath(name).read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        yield {key: value or None for key, value in row.items()}


async def _add_missing(
    session: Session, table: type[Base], key: Sequence[str], rows: Sequence[dict[str, Any]]
) -> ImportCount:
    """Insert the rows whose `key` columns the table does not hold yet."""
    added = await insert_missing(session, table, key, rows)
    return ImportCount(table.__tablename__, len(rows), added)


@action("catalogueImport", may={Role.OPERATOR: ANY}, returns="counts", in_graph=False)
async def import_catalogue(act: Act) -> list[ImportCount]:
    """Add what the database lacks of the catalogue."""
    session, now, random = act.session, act.now, act.random
    return [
        await _import_divisions(session),
        await _import_organizations(session, act.by, now=now, random=random),
        await _import_batches(session),
        *await _import_certificate_types(session, random=random),
        await _import_majors(session, random=random),
    ]


async def _import_divisions(session: Session) -> ImportCount:
    rows = [
        {
            "code": row["code"],
            "name": row["name"],
            "kind": row["subkind"] or row["kind"],
            "parent_code": row["parent_code"],
            "is_exam_site_coverage_unit": row["is_exam_site_coverage_unit"] == "1",
        }
        for row in _rows("divisions.csv")
    ]
    return await _add_missing(session, DivisionRow, ["code"], rows)


async def _import_organizations(
    session: Session, by: str, *, now: datetime, random: Random
) -> ImportCount:
    present = await ids_by_code(session, OrganizationRow)
    sources = list(_rows("organizations.csv"))
    rows: list[dict[str, Any]] = [
        {
            "id": new_id(random),
            "code": row["code"],
            "name": row["name"],
            "platform_name": row["platform_name"],
            "uscc": row["uscc"],
            "division_code": row["division_code"],
            "state": OrganizationState.SELECTED,
            "state_since": None,
            "source": row["source"],
            "note": row["note"],
        }
        for row in sources
        if row["code"] not in present
    ]
    kinds = {row["code"]: OrganizationKind((row["kind"] or "").lower()) for row in sources}
    await insert_rows(session, OrganizationRow, rows)
    await insert_rows(
        session,
        OrganizationKindRow,
        [{"organization_id": row["id"], "kind": kinds[row["code"]]} for row in rows],
    )
    await insert_rows(
        session,
        OrganizationStateChangeRow,
        [
            {
                "id": new_id(random),
                "organization_id": row["id"],
                "state": row["state"],
                "since": None,
                "reason": "imported from the catalogue",
                "changed_by": by,
                "recorded_at": now,
            }
            for row in rows
        ],
    )
    return ImportCount("organizations", len(sources), len(rows))


def _int_or_none(text: str | None) -> int | None:
    return int(text) if text else None


async def _import_batches(session: Session) -> ImportCount:
    rows = [
        {
            "number": int(row["batch"] or 0),
            "certificates": _int_or_none(row["certificates"]),
            "organizations": _int_or_none(row["evaluation_orgs_in_batch"]),
            "published": row["published"],
            "basis": row["basis"],
        }
        for row in _rows("batches.csv")
    ]
    return await _add_missing(session, BatchRow, ["number"], rows)


async def _import_certificate_types(session: Session, *, random: Random) -> list[ImportCount]:
    """Add kinds of certificates, whose they are, their levels, and known work areas of these."""
    sources = list(_rows("certificate_types.csv"))
    types = [
        {
            "id": new_id(random),
            "code": row["code"],
            "name": row["name"],
            "batch_number": _int_or_none(row["batch"]),
            "batch_basis": row["batch_basis"],
            "announced_on": None,
            "state": CertificateTypeState.ANNOUNCED,
            "source": row["source"],
            "note": row["note"],
        }
        for row in sources
    ]
    added = [await _add_missing(session, CertificateTypeRow, ["code"], types)]
    type_ids = await ids_by_code(session, CertificateTypeRow)
    organization_ids = await ids_by_code(session, OrganizationRow)
    owners = [
        {
            "certificate_type_id": type_ids[row["code"]],
            "organization_id": organization_ids[row["organization_code"]],
        }
        for row in sources
    ]
    key = ["certificate_type_id", "organization_id"]
    await _add_missing(session, CertificateTypeOrganizationRow, key, owners)
    return [*added, *await _import_levels(session, type_ids, random=random)]


async def _import_levels(
    session: Session, type_ids: Mapping[str | None, UUID], *, random: Random
) -> list[ImportCount]:
    levels = [
        {
            "id": new_id(random),
            "certificate_type_id": type_ids[row["certificate_type_code"]],
            "level": int(row["level"] or 0),
            "platform_id": row["platform_id"],
            "platform_state_on": date.fromisoformat(row["platform_state_on"] or ""),
            "source": row["source"],
        }
        for row in _rows("certificate_levels.csv")
    ]
    work_areas = [
        {
            "certificate_type_id": type_ids[row["certificate_type_code"]],
            "level": int(row["level"] or 0),
            "position": int(row["position"] or 0),
            "name": row["name"],
            "source": row["source"],
        }
        for row in _rows("work_areas.csv")
    ]
    key = ["certificate_type_id", "level"]
    return [
        await _add_missing(session, CertificateLevelRow, key, levels),
        await _add_missing(session, KnownWorkAreaRow, [*key, "position"], work_areas),
    ]


async def _import_majors(session: Session, *, random: Random) -> ImportCount:
    rows = [
        {
            "id": new_id(random),
            "edition": row["catalogue"],
            "level": row["level"],
            "code": row["code"],
            "name": row["name"],
            "category_code": row["category_code"],
            "category_name": row["category_name"],
        }
        for name in ("majors_vocational.csv", "majors_undergraduate.csv")
        for row in _rows(name)
    ]
    return await _add_missing(session, MajorRow, ["edition", "level", "code"], rows)


ACTIONS = (import_catalogue,)
