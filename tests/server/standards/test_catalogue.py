"""The real catalogue comes in whole, once, and leaves unknown what no source gives."""

from sqlalchemy import select, text

from certgraph.organizations.queries import organization_by_code
from certgraph.organizations.rules import OrganizationKind, OrganizationState
from certgraph.organizations.tables import OrganizationKindRow
from certgraph.standards.catalogue_import import import_catalogue
from certgraph.standards.queries import certificate_type_by_name, levels_by_type_ids
from certgraph.standards.tables import CertificateTypeOrganizationRow


async def clear(house):
    tables = (
        "audit_entries",
        "audit_heads",
        "idempotency_keys",
        "certificate_type_organizations",
        "certificate_levels",
        "entitlements",
        "learning_outcomes",
        "standard_contents",
        "standard_versions",
        "standards",
        "certificate_types",
        "signing_keys",
        "organization_state_changes",
        "organization_kinds",
        "organizations",
    )
    async with house.sessions.begin() as session:
        for table in tables:
            await session.execute(text(f"DELETE FROM {table}"))  # noqa: S608


async def run(house):
    counts = await house.perform(import_catalogue)
    return {count.kind: (count.rows, count.added) for count in counts}


async def test_the_catalogue_is_imported_once_however_often_it_is_run(house):
    await clear(house)
    assert await run(house) == {
        "divisions": (408, 408),
        "organizations": (108, 108),
        "batches": (4, 4),
        "certificate_types": (86, 86),
        "certificate_levels": (112, 112),
        "known_work_areas": (52, 52),
        "majors": (1935, 1935),
    }
    assert {added for _, added in (await run(house)).values()} == {0}


async def test_the_catalogue_says_what_sources_say_and_no_more(house):
    await clear(house)
    await run(house)
    async with house.sessions() as session:
        bim = await certificate_type_by_name(session, "建筑信息模型（BIM）")
        levels = (await levels_by_type_ids(session, [bim.id]))[bim.id]
        assert [row.level for row in levels] == [1, 2, 3]
        assert levels[0].platform_id == "1156042065046441985"
        assert bim.announced_on is None  # the sources give a month only
        assert bim.batch_number == 1
        behind = select(CertificateTypeOrganizationRow).where(
            CertificateTypeOrganizationRow.certificate_type_id == bim.id
        )
        assert len((await session.scalars(behind)).all()) == 1
        organization = await organization_by_code(session, "EO-001")
        assert organization.uscc is None
        assert organization.state is OrganizationState.SELECTED
        assert organization.state_since is None
        kinds = select(OrganizationKindRow.kind).where(
            OrganizationKindRow.organization_id == organization.id
        )
        assert (await session.scalars(kinds)).all() == [OrganizationKind.EVALUATION_ORGANIZATION]
        evaluation = (
            "SELECT count(*) FROM organization_kinds WHERE kind = 'evaluation_organization'"
        )
        assert await session.scalar(text(evaluation)) == 70
        # nothing may be issued on the strength of the catalogue alone
        assert await session.scalar(text("SELECT count(*) FROM entitlements")) == 0
