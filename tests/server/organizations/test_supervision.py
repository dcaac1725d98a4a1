"""Which authority supervises which institution, and what it may do there."""

import pytest

from certgraph.actions.parties import Role
from certgraph.organizations.actions import register_organization
from certgraph.organizations.queries import organizations_where, supervised_by, supervisor_of
from certgraph.organizations.rules import OrganizationKind, OrganizationState
from certgraph.organizations.subjects import organization_named
from certgraph.organizations.tables import DivisionRow, OrganizationRow
from certgraph.problems import Rejected
from certgraph.supervision.organization_states import change_issuer_state
from tests.server.conftest import TODAY

AUTHORITIES = {
    "PA-440000": "440000",
    "PA-440300": "440300",  # 深圳市, a city with an authority of its own
    "PA-650000": "650000",
    "PA-XPCC": "659000",  # the corps, with its cities
}
INSTITUTIONS = {
    "广州": ("440100", None, "PA-440000"),
    "广东": ("440000", None, "PA-440000"),
    "深圳": ("440300", None, "PA-440300"),
    "乌鲁木齐": ("650100", None, "PA-650000"),
    "石河子": ("659001", None, "PA-XPCC"),
    "兵团在乌鲁木齐": ("650100", "PA-XPCC", "PA-XPCC"),
    "无区划": (None, None, None),
    "北京": ("110000", None, None),
}
DIVISIONS = {"440100", "110000", "650100", "659001", *AUTHORITIES.values()}


@pytest.fixture
async def programme(house):
    async with house.sessions.begin() as session:
        session.add_all(
            DivisionRow(code=code, name=code, kind="x", is_exam_site_coverage_unit=False)
            for code in DIVISIONS
        )
    for code, division in AUTHORITIES.items():
        await add(house, code, OrganizationKind.PROVINCIAL_AUTHORITY, division)
    for code, (division, named, _) in INSTITUTIONS.items():
        await add(house, code, OrganizationKind.PILOT_INSTITUTION, division, supervised_by=named)
    return house


async def add(house, code, kind, division, **given):
    await house.perform(
        register_organization, code=code, name=code, kinds=[kind], division_code=division, **given
    )


async def test_the_authority_is_the_named_one_or_that_of_the_smallest_division(programme):
    async with programme.sessions() as session:
        codes = {row.id: row.code for row in await organizations_where(session)}
        found = {}
        for code in INSTITUTIONS:
            id_ = (await organization_named(session, code)).id
            found[code] = codes.get(await supervisor_of(session, id_))
        assert found == {code: authority for code, (_, _, authority) in INSTITUTIONS.items()}
        corps = (await organization_named(session, "PA-XPCC")).id
        mine = await organizations_where(session, OrganizationRow.id.in_(supervised_by(corps)))
        assert {row.code for row in mine} == {"石河子", "兵团在乌鲁木齐"}


async def test_an_evaluation_organization_has_no_provincial_authority(programme):
    await add(programme, "EO-440", OrganizationKind.EVALUATION_ORGANIZATION, "440100")
    async with programme.sessions() as session:
        id_ = (await organization_named(session, "EO-440")).id
        assert await supervisor_of(session, id_) is None
    with pytest.raises(Rejected) as caught:
        await move(programme, "PA-440000", "EO-440")
    assert [one.code for one in caught.value.problems] == ["access.other_organization"]


async def move(house, authority, code):
    actor = await house.actor(Role.PROVINCIAL_AUTHORITY, authority)
    return await house.perform(
        change_issuer_state,
        actor=actor,
        organization_code=code,
        state=OrganizationState.AGREED,
        since=TODAY,
        reason="agreed",
    )


async def test_an_authority_moves_its_own_institutions_and_no_other_provinces(programme):
    assert (await move(programme, "PA-440000", "广州")).state is OrganizationState.AGREED
    for authority in ("PA-440000", "PA-650000"):
        with pytest.raises(Rejected) as caught:
            await move(programme, authority, "深圳")
        assert [one.code for one in caught.value.problems] == ["access.other_organization"]


@pytest.mark.parametrize("named", ["NOPE", "EO-001"])
async def test_only_an_authority_can_be_named_as_one(programme, named):
    with pytest.raises(Rejected) as caught:
        await add(programme, "PI-9", OrganizationKind.PILOT_INSTITUTION, None, supervised_by=named)
    (problem,) = caught.value.problems
    assert (problem.code, problem.path) == ("organization.no_authority", ("supervised_by",))
