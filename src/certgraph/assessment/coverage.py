"""Where exam sites are, and where institutions are without one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from certgraph.assessment import queries
from certgraph.assessment.rules import unit_of
from certgraph.database import Session


@dataclass(frozen=True, slots=True)
class Unit:
    """A division that is to have a site of its own.

    Attributes:
        code: Code of the division.
        name: Its name.
        institutions: Institutions in it that take part in the certificate.
        sites: Exam sites in it.
    """

    code: str
    name: str
    institutions: int
    sites: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """How sites cover the places of a certificate's institutions on a day.

    Attributes:
        on: The day.
        units: Each division with institutions, by code.
        unplaced: Institutions of which no such division is known.
    """

    on: date
    units: list[Unit]
    unplaced: int

    @property
    def covered(self) -> int:
        """How many of the divisions have a site."""
        return sum(1 for unit in self.units if unit.sites)


async def coverage_on(
    session: Session,
    certificate_type_id: UUID,
    days: Sequence[date],
    authority_id: UUID | None = None,
) -> list[Coverage]:
    """Return how sites cover the institutions of a certificate on each of some days.

    A site is where its institution is: it uses its own premises (R37).

    Args:
        session: Session.
        certificate_type_id: Primary key of the certificate type.
        days: The days.
        authority_id: Institutions that this authority supervises; None: all.

    Source: rules R27 and R28.
    """
    names = await queries.coverage_units(session)
    return [
        _coverage(
            names,
            day,
            await queries.covered_institutions(session, certificate_type_id, day, authority_id),
        )
        for day in days
    ]


def _coverage(
    names: Mapping[str, str], day: date, places: Iterable[queries.CoveredInstitution]
) -> Coverage:
    counted: dict[str, list[int]] = {}
    unplaced = 0
    for place in places:
        unit = unit_of(place.division_code, frozenset(names)) if place.division_code else None
        if unit is None:
            unplaced += 1
            continue
        found = counted.setdefault(unit, [0, 0])
        found[0] += 1
        found[1] += place.has_site
    units = [Unit(code, names[code], *counts) for code, counts in sorted(counted.items())]
    return Coverage(day, units, unplaced)
