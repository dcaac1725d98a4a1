"""Who is late in entering certificates on the platform, to the instant: lists and counts (R39)."""

from datetime import UTC, date, datetime

import pytest

from certgraph.actions.parties import Role
from certgraph.certificates.states.actions import register_certificate, revoke_certificate
from certgraph.organizations.actions import register_organization
from certgraph.organizations.rules import OrganizationKind
from certgraph.organizations.tokens import create_token
from tests.server.stages import stage

LAST = datetime(2026, 11, 11, 15, 59, 59, 999_999, tzinfo=UTC)
"""The last instant for what was issued on 2026-11-02: midnight in China."""

LIST = """query ($r: RegistrationState) { certificates(registration: $r) {
    nodes { number registration isRegisteredLate } } }"""
COUNTS = "{ organizations { nodes { code registrations { dueSoon overdue late } } } }"


@stage
async def certificates(house):
    """One of each state, named by it; and one that was revoked before it was entered."""
    cases = {
        "overdue": date(2026, 11, 2),
        "in time": date(2026, 11, 2),
        "late": date(2026, 11, 2),
        "soon": date(2026, 11, 16),
        "today": date(2026, 11, 12),
        "ahead": date(2026, 11, 23),
        "revoked": date(2026, 11, 2),
    }
    people = [house.candidate(number=f"N-{name}", issued_on=day) for name, day in cases.items()]
    await house.issue(*people)
    for name, now in (
        ("in time", LAST),
        ("late", LAST.replace(hour=16, minute=0, second=0, microsecond=0)),
    ):
        environment = house.environment(now=now)
        await house.perform(register_certificate, environment=environment, number=f"N-{name}")
    await house.perform(revoke_certificate, number="N-revoked", reason="test")


@pytest.mark.parametrize(
    ("state", "numbers"),
    [
        ("AHEAD", {"N-ahead"}),
        ("DUE_SOON", {"N-soon", "N-today"}),
        ("OVERDUE", {"N-overdue"}),
        ("IN_TIME", {"N-in time"}),
        ("LATE", {"N-late"}),
        (
            None,
            {f"N-{n}" for n in ["ahead", "soon", "today", "overdue", "late", "revoked"]}
            | {"N-in time"},
        ),
    ],
)
async def test_a_list_has_those_whose_last_day_is_in_a_state(client, certificates, state, numbers):
    found = await client.data(LIST, {"r": state}, role="issuer")
    nodes = found["certificates"]["nodes"]
    assert {node["number"] for node in nodes} == numbers
    for node in nodes:
        assert state in (None, node["registration"])
        assert node["isRegisteredLate"] == (node["number"] == "N-late")
    revoked = [node["registration"] for node in nodes if node["number"] == "N-revoked"]
    assert revoked in ([], [None])


async def test_g8_nobody_is_late_by_a_provisional_day(client, house):
    """The calendar of 2027 is not out: holidays of fixed dates and weekends are counted."""
    house.now = datetime(2027, 3, 1, tzinfo=UTC)
    given = {"name": "in 2027", "role": Role.EVALUATION_ORGANIZATION}
    _, client.tokens["issuer"] = await house.perform(
        create_token, **given, organization_code="EO-001"
    )
    days = {n: date(2026, 12, n) for n in (22, 23, 24)}
    people = [house.candidate(number=f"N-{n}", issued_on=day) for n, day in days.items()]
    await house.issue(*people)
    found = await client.data(
        """{ certificates { nodes { number registration registrationDueOn
            registrationDueIsProvisional } } }""",
        role="issuer",
    )
    assert {
        node["number"]: (node["registrationDueOn"], node["registrationDueIsProvisional"])
        for node in found["certificates"]["nodes"]
    } == {
        "N-22": ("2026-12-31", False),
        "N-23": ("2027-01-04", True),
        "N-24": ("2027-01-05", True),
    }
    assert {n["number"]: n["registration"] for n in found["certificates"]["nodes"]} == {
        "N-22": "OVERDUE",
        "N-23": "DUE_SOON",
        "N-24": "DUE_SOON",
    }


async def test_counts_are_for_the_organization_and_who_supervises_it(client, house, certificates):
    await house.perform(
        register_organization, code="MOE", name="教育部", kinds=[OrganizationKind.MINISTRY]
    )
    _, client.tokens["ministry"] = await house.perform(
        create_token, name="ministry", role=Role.MINISTRY, organization_code="MOE"
    )
    counts, none = {"dueSoon": 2, "overdue": 1, "late": 1}, {"dueSoon": 0, "overdue": 0, "late": 0}
    for role, of_one, of_two in (
        ("admin", counts, none),
        ("ministry", counts, none),
        ("issuer", counts, None),
        ("approver", counts, None),
        ("other", None, none),
        ("credit_bank", None, None),
        ("verifier", None, None),
        (None, None, None),
    ):
        nodes = (await client.data(COUNTS, role=role))["organizations"]["nodes"]
        found = {node["code"]: node["registrations"] for node in nodes}
        assert (found["EO-001"], found["EO-002"]) == (of_one, of_two)
