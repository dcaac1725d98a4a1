"""The walks of a certificate and of its credits, end to end, as their documents show them."""

import os
from pathlib import Path

import pytest

from certgraph.actions.parties import Role
from certgraph.api.reads.scalars import global_id
from certgraph.organizations.subjects import organization_named
from certgraph.organizations.tables import DivisionRow
from tests.server.parties import answered, parties_of
from tests.server.programme_kit import Programme

DOCS = Path(__file__).parents[3] / "docs"


async def compare(parties, name):
    """Walk through a document; with UPDATE_DOCS in the environment it is written anew."""
    text = (DOCS / name).read_text(encoding="utf-8")
    found = await answered(parties, text)
    if os.environ.get("UPDATE_DOCS"):  # noqa: TID251 - how a developer asks for it
        (DOCS / name).write_text(found, encoding="utf-8")
    else:
        assert found == text


@pytest.mark.parametrize("name", ["certificates.md", "credit-bank.md"])
async def test_the_walk_goes_as_the_document_shows_it(parties, name):
    await compare(parties, name)


async def test_a_year_of_an_institution_and_its_province_goes_as_the_document_shows_it(house):
    await Programme(house).add_parties()
    async with parties_of(house, OF_THE_PROGRAMME) as found:
        await compare(found, "programme.md")


async def test_an_exam_and_an_exit_go_as_the_document_shows_them(house):
    programme = Programme(house)
    await programme.add_parties()
    async with house.sessions.begin() as session:
        is_unit = {"is_exam_site_coverage_unit": True}
        session.add(DivisionRow(code="440100", name="广州市", kind="prefecture", **is_unit))
        await session.flush()
        (await organization_named(session, "PI-A")).division_code = "440100"
    row = await programme.take_part("PI-A", "2021-03-01", planned=60)
    async with parties_of(house, {**OF_THE_PROGRAMME, **OF_EXAMS}) as found:
        found.values["PARTICIPATION_ID"] = global_id("Participation", row.id)
        await compare(found, "exams.md")


OF_EXAMS = {
    "entrusted": (Role.ENTRUSTED_BODY, "EB-1", False),
    "second_ministry": (Role.MINISTRY, "MOE", False),
    "approver": (Role.APPROVER, "EO-001", False),
}
OF_THE_PROGRAMME = {
    "institution": (Role.PILOT_INSTITUTION, "PI-A", False),
    "province": (Role.PROVINCIAL_AUTHORITY, "PA-440000", False),
    "organization": (Role.EVALUATION_ORGANIZATION, "EO-001", False),
    "ministry": (Role.MINISTRY, "MOE", False),
}
