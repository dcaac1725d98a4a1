"""A regime is closed when it is over: all are handed over, or none is (R56, S15, S18)."""

import asyncio
import signal
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from certgraph.actions.acting import Act
from certgraph.actions.parties import Role
from certgraph.certificates.run_queries import certificates_of_run
from certgraph.certificates.signing.actions import sign_run, start_run
from certgraph.certificates.tables import IssueRunRow
from certgraph.credential.days import to_date
from certgraph.credential.trust_bundle import open_trust_bundle
from certgraph.credential.verification import Verdict, verify
from certgraph.duties.rules import ObligationKind
from certgraph.duties.tables import ObligationRow
from certgraph.entitlements.tables import EntitlementRow
from certgraph.handover.closing import close_regime
from certgraph.organizations.actions import register_organization
from certgraph.organizations.rules import KeyPurpose, OrganizationKind, OrganizationState
from certgraph.organizations.tables import OrganizationRow, SigningKeyRow
from certgraph.parameters.actions import set_parameter
from certgraph.parameters.rules import ParameterName
from certgraph.problems import Rejected
from certgraph.standards.rules import CertificateTypeState
from certgraph.standards.tables import CertificateTypeRow
from certgraph.supervision.organization_states import change_issuer_state
from tests.server.case_kit import decided, reasons, verified
from tests.server.conftest import OFFICE, open_house
from tests.server.killing import die_before_commit, everything, in_a_child
from tests.server.programme_kit import Programme
from tests.server.trust.test_lists import ROOT_KEYS, new_list, published

LAST, FIRST = date(2026, 11, 22), date(2026, 11, 23)
"""The last day of what was begun, and the first on which nobody issues: the house's own today."""


async def rows_of(house, table):
    async with house.sessions() as session:
        return list(await session.scalars(select(table)))


@pytest.fixture
async def begun(house):
    """A house with a ministry, in which work goes on."""
    await house.perform(
        register_organization, code="MOE", name="教育部", kinds=[OrganizationKind.MINISTRY]
    )
    return house


@pytest.fixture
async def over(begun):
    """A house in which registered students were to be finished by yesterday."""
    await until(begun, LAST)
    return begun


async def until(house, day, **changes):
    given = {"name": ParameterName.COMPLETES_UNTIL, "value": day.isoformat(), "basis": "a notice"}
    environment = house.environment(**changes)
    await house.perform(set_parameter, environment=environment, first_on=FIRST, **given)


async def closed(house, regime="PILOT", **changes):
    ministry = await house.actor(Role.MINISTRY, "MOE")
    environment = house.environment(**changes)
    given = {"regime": regime, "reason": "移交"}
    return await house.perform(close_regime, actor=ministry, environment=environment, **given)


async def refused(house, regime="PILOT"):
    with pytest.raises(Rejected) as caught:
        await closed(house, regime)
    return reasons(caught)


async def test_g6_what_was_issued_stays_valid_and_the_handover_is_noted(begun):
    """A certificate of 2021, scanned in 2030."""
    (row,) = await begun.issue(begun.candidate(issued_on=date(2021, 6, 1)))
    await until(begun, date(2025, 12, 31))
    changed = await closed(begun)
    assert [one.code for one in changed] == ["EO-001", "EO-002"]
    scanned = datetime(2030, 6, 1, tzinfo=UTC)
    await new_list(begun, now=scanned)
    _, bundle = await published(begun, scanned)
    trust = open_trust_bundle(bundle, ROOT_KEYS, now=scanned)
    found = verify(await begun.qr_text(row), trust, now=scanned)
    assert found.verdict is Verdict.VALID
    issuer = found.issuer_key.organization
    assert (issuer.state.name, issuer.has_left) == ("HANDED_OVER", True)
    assert to_date(issuer.state_since) == date(2026, 1, 1)


async def test_one_trust_list_is_owed_for_all_that_are_handed_over(over):
    await closed(over)
    (owed,) = await rows_of(over, ObligationRow)
    assert (owed.kind, owed.rule_id, owed.due_on) == (
        ObligationKind.TRUST_LIST,
        "S15",
        date(2026, 11, 26),
    )
    assert await closed(over) == []
    await new_list(over, now=over.now + timedelta(hours=1))
    (owed,) = await rows_of(over, ObligationRow)
    assert owed.met_at == over.now + timedelta(hours=1)


async def test_all_that_rests_on_taking_part_ends_on_the_day_before(over):
    await closed(over)
    found = {(one.state, one.state_since) for one in await rows_of(over, OrganizationRow)}
    assert (OrganizationState.HANDED_OVER, FIRST) in found
    assert {one.last_on for one in await rows_of(over, EntitlementRow)} == {LAST}
    keys = await rows_of(over, SigningKeyRow)
    assert {k.last_on for k in keys if k.purpose is KeyPurpose.ISSUER} == {LAST}
    assert {k.last_on for k in keys if k.purpose is not KeyPurpose.ISSUER} == {None}
    states = {one.state for one in await rows_of(over, CertificateTypeRow)}
    assert states == {CertificateTypeState.HANDED_OVER}


async def test_a_regime_is_closed_when_it_is_over_and_no_other_is(over):
    await until(over, FIRST, now=over.now + timedelta(minutes=1))
    assert await refused(over) == [("regime.not_over", "S18")]
    for code in ("MOHRSS", "SCHOOL_PRACTICE", "NONE"):
        assert await refused(over, code) == [("regime.not_closed_here", None)]


async def close_until_killed(url):
    die_before_commit()
    await closed(open_house(url, seed=3))


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
async def test_a_closing_that_is_killed_before_its_end_did_nothing_and_is_done_again(over):
    before = await everything(over)
    ended = await asyncio.to_thread(in_a_child, close_until_killed, over.url)
    assert ended == -signal.SIGKILL
    assert await everything(over) == before
    assert [one.code for one in await closed(over)] == ["EO-001", "EO-002"]
    assert await everything(over) != before


async def test_all_are_handed_over_or_none(begun):
    await begun.issue(begun.candidate(issued_on=FIRST))
    await until(begun, LAST)
    assert await refused(begun) == [("organization.issued_since", None)]
    states = {one.state for one in await rows_of(begun, OrganizationRow)}
    assert OrganizationState.HANDED_OVER not in states
    assert {one.last_on for one in await rows_of(begun, EntitlementRow)} == {None}


@pytest.mark.parametrize(("issued_on", "is_signed"), [(LAST, True), (FIRST, False)])
async def test_drafts_in_time_are_signed_to_their_end_and_later_ones_hold_it_up(
    begun, issued_on, is_signed
):
    environment = begun.environment()
    async with begun.sessions.begin() as session:
        request = begun.request(begun.candidate(issued_on=issued_on))
        run_id = (await start_run(Act(session, OFFICE, environment), request)).id
    await until(begun, LAST)
    if not is_signed:
        assert await refused(begun) == [("regime.drafted_since", None)]
        return
    await closed(begun)
    async with begun.sessions() as session:
        run = await session.get_one(IssueRunRow, run_id)
    await sign_run(environment, run)
    async with begun.sessions() as session:
        (row,) = await certificates_of_run(session, run_id)
    assert row.signature is not None


async def test_nobody_issues_after_it(over):
    await closed(over)
    with pytest.raises(Rejected) as caught:
        await over.issue(over.candidate(issued_on=FIRST))
    assert ("issue.handed_over", "S18") in reasons(caught)


async def test_closed_once_more_it_hands_over_who_came_since(over):
    await closed(over)
    assert await closed(over) == []
    kinds = [OrganizationKind.EVALUATION_ORGANIZATION]
    await over.perform(register_organization, code="EO-009", name="后来的组织", kinds=kinds)
    assert [one.code for one in await closed(over)] == ["EO-009"]


async def test_nobody_is_handed_over_alone_but_from_a_document(over):
    given = {"organization_code": "EO-001", "since": FIRST, "reason": "移交"}
    given["state"] = OrganizationState.HANDED_OVER
    ministry = await over.actor(Role.MINISTRY, "MOE")
    with pytest.raises(Rejected) as caught:
        await over.perform(change_issuer_state, actor=ministry, **given)
    assert reasons(caught) == [("organization.handover_by_regime", "S15")]
    await over.perform(change_issuer_state, **given)
    found = {one.last_on for one in await rows_of(over, EntitlementRow)}
    assert found == {LAST}


async def test_who_is_to_leave_by_a_case_holds_it_up(over):
    programme = Programme(over)
    case = await verified(programme, "2026-11-23 12:10", "MOE", "EO-001")
    given = {"effective_on": date(2026, 12, 20)}
    await decided(programme, "2026-11-23 12:20", "MOE", case, **given)
    assert await refused(over) == [("organization.leaves", None)]
