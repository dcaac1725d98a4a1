"""A dry run says everything that speaks against an action, and does nothing."""

import pytest

from certgraph.actions.parties import Role
from certgraph.certificates.signing.actions import issue_certificates
from certgraph.problems import Rejected

TABLES = ("issue_runs", "certificates", "audit_entries", "idempotency_keys")


async def counts(house):
    return [await house.count(table) for table in TABLES]


async def test_a_dry_run_leaves_nothing_and_uses_up_no_key(house):
    actor = await house.actor(Role.EVALUATION_ORGANIZATION, "EO-001")
    given = {
        "actor": actor,
        "organization_code": "EO-001",
        "idempotency_key": "one",
        "candidates": [house.candidate(holder_name=f"张{n}") for n in range(3)],
    }
    before = await counts(house)
    assert await house.perform(issue_certificates, dry_run=True, **given) is None
    assert await counts(house) == before
    run = await house.perform(issue_certificates, **given)
    assert run.certificate_count == 3
    assert await house.perform(issue_certificates, dry_run=True, **given) is None
    assert await house.count("certificates") == 3


async def test_a_dry_run_names_every_reason(house):
    actor = await house.actor(Role.EVALUATION_ORGANIZATION, "EO-001")
    with pytest.raises(Rejected) as caught:
        await house.perform(
            issue_certificates,
            actor=actor,
            dry_run=True,
            organization_code="EO-001",
            candidates=[house.candidate(holder_name=""), house.candidate(standard_version="1999")],
        )
    assert [problem.path[:2] for problem in caught.value.problems] == [
        ("candidates", "0"),
        ("candidates", "1"),
    ]
    assert await house.count("certificates") == 0


async def test_a_dry_run_with_a_key_that_was_used_says_what_speaks_against_it(house):
    given = {
        "actor": await house.actor(Role.EVALUATION_ORGANIZATION, "EO-001"),
        "organization_code": "EO-001",
        "idempotency_key": "one",
    }
    await house.perform(issue_certificates, candidates=[house.candidate()], **given)
    wrong = [house.candidate(holder_name="")]
    with pytest.raises(Rejected) as caught:
        await house.perform(issue_certificates, dry_run=True, candidates=wrong, **given)
    assert [problem.path[0] for problem in caught.value.problems] == ["candidates"]


async def test_a_dry_run_of_one_is_asked_for_by_mutation_too(client):
    query = """mutation ($dry: Boolean!) { certificateIssue(input: {idempotencyKey: "k",
      organizationCode: "EO-001", dryRun: $dry, candidate: {holderName: "张三", level: ELEMENTARY,
      standardCode: "STD-1", standardVersion: "2020", issuedOn: "2026-11-02"}}) {
      certificate { number } run { id } errors { code } } }"""
    nothing = {"certificate": None, "run": None, "errors": []}
    data = await client.data(query, {"dry": True}, role="issuer")
    assert data["certificateIssue"] == nothing
    assert await client.house.count("certificates") == 0
    data = await client.data(query, {"dry": False}, role="issuer")
    assert data["certificateIssue"]["certificate"]["number"]
