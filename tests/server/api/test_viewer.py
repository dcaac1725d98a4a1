"""Who calls, what its organization has and owes: what a portal asks first."""

from datetime import date, timedelta

import pytest

from certgraph.actions.parties import Role
from certgraph.calendar import first_instant
from certgraph.certificates.states.actions import (
    register_certificate,
    suspend_certificate,
)
from certgraph.organizations.keys import possession_message, register_held_key
from certgraph.organizations.rules import OrganizationState
from certgraph.organizations.tokens import create_token, revoke_token
from certgraph.standards.actions import announce_certificate_type
from certgraph.supervision.organization_states import change_issuer_state
from tests.server.trust.test_lists import root

VIEWER = """{ viewer { name role scopes expiresAt mutations organization { code
  entitlements(holdsOn: "2026-11-23") { level firstOn lastOn certificateType { code } } } } }"""


async def test_a_viewer_learns_who_it_is_and_what_it_may_issue(client):
    found = (await client.data(VIEWER, role="issuer"))["viewer"]
    assert (found["name"], found["role"], found["scopes"]) == (
        "issuer",
        "EVALUATION_ORGANIZATION",
        [],
    )
    assert found["expiresAt"] == "2026-11-24T04:00:00+00:00"
    assert {"certificateIssue", "certificateRevoke"} <= set(found["mutations"])
    assert "entitlementGrant" not in found["mutations"]
    organization = found["organization"]
    assert organization["code"] == "EO-001"
    assert [(e["certificateType"]["code"], e["level"]) for e in organization["entitlements"]] == [
        ("CT-001", "ELEMENTARY"),
        ("CT-001", "INTERMEDIATE"),
    ]


@pytest.mark.parametrize(
    ("role", "scopes"), [("credit_bank", ["READ_LEARNERS"]), ("admin", []), ("verifier", [])]
)
async def test_each_token_is_its_own_viewer(client, role, scopes):
    found = (await client.data(VIEWER, role=role))["viewer"]
    assert (found["name"], found["scopes"], found["organization"]) == (role, scopes, None)


async def test_without_a_token_there_is_no_viewer(client):
    assert await client.data(VIEWER) == {"viewer": None}


async def test_tokens_are_listed_to_their_organization_and_to_the_office(client):
    row, _ = await client.house.perform(
        create_token, name="old", role=Role.EVALUATION_ORGANIZATION, organization_code="EO-001"
    )
    await client.house.perform(revoke_token, token_id=row.id)
    tokens = "{ apiTokens(%s) { nodes { name role organization { code } revokedAt } } }"

    async def names(filters, role):
        found = await client.data(tokens.replace("(%s)", filters), role=role)
        return {node["name"] for node in found["apiTokens"]["nodes"]}

    assert await names("", "issuer") == {"issuer", "approver", "old"}
    assert await names("(isGood: true)", "issuer") == {"issuer", "approver"}
    assert await names('(organizationCode: "EO-001")', "other") == set()
    assert await names("(isGood: false)", "admin") == {"old"}
    assert {"admin", "issuer", "other", "verifier"} <= await names("", "admin")
    assert await names("", None) == await names("", "verifier") == set()


async def test_runs_that_wait_for_the_organizations_own_key_are_found(client):
    house = client.house
    await house.issue(key="signed")
    own = root("held elsewhere")
    await house.perform(
        register_held_key,
        environment=house.environment(now=first_instant(date(2026, 11, 1))),
        organization_code="EO-001",
        public_key=own.public_key,
        proof=own.sign(possession_message("EO-001", own.public_key)),
        first_on=date(2026, 11, 1),
    )
    await house.issue(house.candidate(), house.candidate(), key="waits")
    query = """{ issueRuns(waitsForSignature: %s) { nodes {
      certificateCount waitingCount reason key { custody } organization { code } } } }"""
    waiting = await client.data(query.replace("%s", "true"), role="issuer")
    assert waiting["issueRuns"]["nodes"] == [
        {
            "certificateCount": 2,
            "waitingCount": 2,
            "reason": "",
            "key": {"custody": "ORGANIZATION"},
            "organization": {"code": "EO-001"},
        }
    ]
    others = await client.data(query.replace("%s", "true"), role="other")
    assert others["issueRuns"]["nodes"] == []


async def test_a_certificate_is_found_by_its_number_or_its_holder_alone(client):
    house = client.house
    first, second = await house.issue(
        house.candidate(holder_name="张三"), house.candidate(holder_name="李四")
    )
    query = "{ certificates(%s) { nodes { number } } }"

    async def numbers(filters, role="issuer"):
        found = await client.data(query.replace("%s", filters), role=role)
        return [node["number"] for node in found["certificates"]["nodes"]]

    assert await numbers(f'number: "{first.number.lower()}"') == [first.number]
    assert await numbers('holderName: "李 四"') == [second.number]
    assert await numbers('holderName: "李四"', "other") == []
    await house.perform(register_certificate, number=first.number)
    assert await numbers("states: [REGISTERED, SUSPENDED]") == [first.number]
    assert await numbers("states: []") == []
    due = second.registration_due_on.isoformat()
    assert await numbers(f'registrationDueTo: "{due}"') == [second.number]
    assert await numbers('registrationDueTo: "2026-01-01"') == []


async def test_a_certificate_leads_to_its_run_its_record_and_what_it_corrects(client):
    house = client.house
    (row,) = await house.issue()
    await house.perform(register_certificate, number=row.number)
    house.now += timedelta(minutes=1)
    await house.perform(suspend_certificate, number=row.number, reason="exam under review")
    query = f"""{{ certificates(number: "{row.number}") {{ nodes {{
      issueRun {{ certificates {{ number }} }} supersedes {{ number }}
      changes {{ state reason changedBy }} }} }} }}"""
    (found,) = (await client.data(query, role="issuer"))["certificates"]["nodes"]
    assert found["issueRun"] == {"certificates": [{"number": row.number}]}
    assert found["supersedes"] is None
    assert [(c["state"], c["reason"]) for c in found["changes"]][-1] == (
        "SUSPENDED",
        "exam under review",
    )
    assert all(c["changedBy"] for c in found["changes"])


async def test_changes_of_an_organizations_state_name_reason_and_actor_to_whom_they_concern(client):
    client.house.now += timedelta(minutes=1)
    await client.house.perform(
        change_issuer_state,
        organization_code="EO-001",
        state=OrganizationState.RECTIFYING,
        since=client.house.now.date(),
    )
    query = '{ organization(code: "EO-001") { stateChanges { state reason changedBy } } }'
    for role in ("issuer", "admin"):
        changes = (await client.data(query, role=role))["organization"]["stateChanges"]
        assert changes[-1] == {
            "state": "RECTIFYING",
            "reason": "test",
            "changedBy": "test",
        }
    for role in ("other", "verifier", None):
        assert (await client.data(query, role=role))["organization"]["stateChanges"] == []


async def test_one_page_that_is_refused_leaves_the_rest_of_the_document(client):
    query = '{ certificateTypes(after: "stale") { nodes { code } } organization(code: "EO-001") { code } }'
    content = (await client.ask(query)).json()
    assert content["data"] == {"certificateTypes": None, "organization": {"code": "EO-001"}}
    assert [error["path"] for error in content["errors"]] == [["certificateTypes"]]


async def test_types_are_listed_newest_first_and_their_cursors_are_of_that_order(client):
    house = client.house
    for number, day in ((1, date(2020, 1, 16)), (2, date(2021, 3, 1)), (3, date(2020, 6, 1))):
        await house.perform(
            announce_certificate_type,
            code=f"NEW-{number}",
            name=f"新证书{number}",
            levels=[1],
            announced_on=day,
            organization_codes=["EO-001"],
        )
    query = """query ($after: String, $order: CertificateTypeOrder) { certificateTypes(
      first: 2, after: $after, orderBy: $order) { nodes { code } pageInfo { endCursor } } }"""

    async def page(after=None, order="NEWEST"):
        found = (await client.data(query, {"after": after, "order": order}))["certificateTypes"]
        return [node["code"] for node in found["nodes"]], found["pageInfo"]["endCursor"]

    first, cursor = await page()
    second, _ = await page(cursor)
    assert (first, second[0]) == (["NEW-2", "NEW-3"], "NEW-1")
    assert (await page(order="CODE"))[0] == (await page(order=None))[0] == ["CT-001", "NEW-1"]
    refused = (await client.ask(query, {"after": cursor, "order": "CODE"})).json()
    assert [one["extensions"]["code"] for one in refused["errors"]] == ["BAD_USER_INPUT"]
