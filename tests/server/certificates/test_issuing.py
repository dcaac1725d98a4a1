"""Issuing: all or none, once, and only what every verifier accepts."""

import asyncio
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import text

from certgraph.certificates import status_queries
from certgraph.certificates.drafts.status_allocation import allocate_status_entries
from certgraph.certificates.rules import CertificateState, HolderBinding
from certgraph.certificates.signing.actions import issue_certificates
from certgraph.certificates.tables import StatusListRow
from certgraph.credential.claims import Outcome
from certgraph.identity_documents import DocumentType
from certgraph.organizations.keys import create_register_key, retire_key
from certgraph.organizations.queries import signing_keys
from certgraph.organizations.rules import KeyPurpose, OrganizationState
from certgraph.organizations.subjects import organization_named
from certgraph.policy import policy_rules
from certgraph.problems import Rejected
from certgraph.sealing import Keyring
from certgraph.supervision.organization_states import change_issuer_state
from tests.server.conftest import MASTER_KEY


async def refused(house, *candidates, **fields):
    """Return (code, path) of every problem, and check that nothing was recorded."""
    with pytest.raises(Rejected) as caught:
        await house.issue(*candidates, **fields)
    assert await house.count("certificates") == 0
    assert await house.count("issue_runs") == 0
    return [(problem.code, ".".join(problem.path)) for problem in caught.value.problems]


async def test_issues_a_certificate_that_is_signed_and_due_for_registration(house):
    (row,) = await house.issue()
    assert row.state is CertificateState.ISSUED
    assert len(row.signature) == 64
    assert len(row.number) == 14
    assert row.registration_due_on == date(2026, 11, 11)
    assert row.holder_name == "张示例"


async def test_issues_many_at_once_in_their_order(house):
    rows = await house.issue(*(house.candidate(holder_name=f"张{n}") for n in range(1_203)))
    assert [row.holder_name for row in rows] == [f"张{n}" for n in range(1_203)]
    assert {row.state for row in rows} == {CertificateState.ISSUED}
    assert len({row.number for row in rows}) == 1_203
    assert len({(row.status_list_id, row.status_index) for row in rows}) == 1_203


BAD = [
    ({"holder_name": ""}, "text.length", "holder_name"),
    ({"holder_name": "张\u200b例"}, "text.character", "holder_name"),
    ({"holder_name": "张" * 65}, "text.length", "holder_name"),
    ({"holder_name": " 张"}, "text.space_at_an_end", "holder_name"),
    ({"holder_name": "张\u0007"}, "text.character", "holder_name"),
    ({"holder_name": "\ue000"}, "text.character", "holder_name"),
    ({"holder_name": "张\u3000例"}, "text.character", "holder_name"),
    ({"number": ""}, "text.length", "number"),
    ({"number": "N" * 41}, "text.length", "number"),
    ({"number": "\ufdfa" * 40}, "text.length", "number"),
    ({"reference": ""}, "text.length", "reference"),
    ({"reference": "a\u202e"}, "text.character", "reference"),
    ({"issued_on": date(9999, 12, 31)}, "day.out_of_range", "issued_on"),
    ({"expires_on": date(9999, 12, 31)}, "day.out_of_range", "expires_on"),
    (
        {"outcomes": (Outcome(number=1, text="x", credits_tenths=1),)},
        "issue.outcome_ambiguous",
        "outcomes.0",
    ),
    ({"number": "A\u202eB"}, "text.character", "number"),
    ({"level": 3}, "issue.not_entitled", "level"),
    ({"level": 0}, "issue.not_entitled", "level"),
    ({"standard_code": "STD-9"}, "standard.not_found", "standard_code"),
    ({"standard_version": "2021"}, "standard.version_not_found", "standard_version"),
    ({"issued_on": date(2026, 11, 24)}, "issue.in_the_future", "issued_on"),
    ({"expires_on": date(2026, 11, 1)}, "period.ends_before_it_begins", "expires_on"),
    ({"outcomes": (Outcome(number=6, credits_tenths=1),)}, "issue.outcome_unknown", "outcomes.0"),
    ({"outcomes": (Outcome(text="", credits_tenths=1),)}, "text.length", "outcomes"),
    ({"outcomes": (Outcome(number=1, credits_tenths=10_001),)}, "issue.claims", "outcomes"),
    ({"outcomes": (Outcome(number=1, credits_tenths=-1),)}, "issue.claims", "outcomes"),
    (
        {"outcomes": tuple(Outcome(number=n, credits_tenths=1) for n in (2, 1))},
        "issue.claims",
        "outcomes",
    ),
    (
        {"outcomes": (Outcome(number=1, credits_tenths=1), Outcome(text="x", credits_tenths=1))},
        "issue.claims",
        "outcomes",
    ),
    (
        {
            "outcomes": tuple(
                Outcome(text=f"很长的学习成果名称第{n}项", credits_tenths=1) for n in range(9)
            )
        },
        "issue.too_large",
        "outcomes",
    ),
    ({"document_number": "110105"}, "issue.document_incomplete", "document_number"),
    ({"document_type": DocumentType.PASSPORT}, "issue.document_incomplete", "document_number"),
    (
        {"document_type": DocumentType.PASSPORT, "document_number": "E1"},
        "issue.document_length",
        "document_number",
    ),
    ({"holder_binding": HolderBinding.TAG}, "issue.binding_without_document", "holder_binding"),
]


async def test_refuses_before_signing_whatever_a_verifier_would_refuse(house):
    for changes, code, field in BAD:
        found = await refused(house, house.candidate(**changes))
        assert (code, f"candidates.0.{field}") in found, changes


async def test_names_exactly_the_bad_rows_of_a_batch(house):
    candidates = [house.candidate(holder_name=f"张{n}") for n in range(60)]
    candidates[7] = replace(candidates[7], holder_name="")
    candidates[59] = replace(candidates[59], level=3, expires_on=date(2000, 1, 1))
    assert await refused(house, *candidates) == [
        ("text.length", "candidates.7.holder_name"),
        ("issue.not_entitled", "candidates.59.level"),
        ("period.ends_before_it_begins", "candidates.59.expires_on"),
    ]


@pytest.mark.parametrize(
    ("state", "code", "rule_id"),
    [
        (OrganizationState.RECTIFYING, "issue.organization_not_active", None),
        (OrganizationState.EXITED, "issue.exited", "R53"),
        (OrganizationState.HANDED_OVER, "issue.handed_over", "S18"),
    ],
)
async def test_only_an_active_organization_issues_and_the_rule_is_quoted(
    house, state, code, rule_id
):
    await house.perform(
        change_issuer_state, organization_code="EO-001", state=state, since=date(2026, 11, 1)
    )
    with pytest.raises(Rejected) as caught:
        await house.issue()
    (problem,) = caught.value.problems
    assert (problem.code, problem.rule_id) == (code, rule_id)
    assert rule_id is None or policy_rules()[rule_id].sentence
    # nor does it go on under the days before
    earlier = house.candidate(issued_on=date(2026, 10, 31))
    assert await refused(house, earlier, key="earlier") == [
        (code, "candidates.0.organization_code")
    ]


async def test_another_organization_issues_nothing_without_leave_and_key(house):
    found = await refused(house, organization_code="EO-002")
    assert found == [("key.none_valid", "")]
    assert await refused(house, organization_code="EO-999") == [
        ("organization.not_found", "organization_code")
    ]


async def test_the_same_request_again_gives_the_same_certificates(house):
    first = await house.issue(house.candidate(reference="exam 1, 007"))
    again = await house.issue(house.candidate(reference="exam 1, 007"))
    assert [row.number for row in again] == [row.number for row in first]
    assert await house.count("certificates") == 1


async def test_the_same_key_with_other_content_is_a_conflict(house):
    await house.issue()
    with pytest.raises(Rejected, match="run 1 was used for another request"):
        await house.issue(house.candidate(holder_name="李"))
    assert await house.count("certificates") == 1


async def test_a_candidate_is_certified_once_whatever_the_key(house):
    (first,) = await house.issue(house.candidate(reference="exam 1, 007"))
    with pytest.raises(Rejected) as caught:
        await house.issue(house.candidate(reference="exam 1, 007"), key="run 2")
    assert caught.value.problems[0].message() == (
        f"exam 1, 007 is certified already, with number {first.number}. "
        "To change it, correct that certificate."
    )
    twice = [house.candidate(reference="exam 2, 001")] * 2
    with pytest.raises(Rejected, match="is there twice"):
        await house.issue(*twice, key="run 3")


@pytest.mark.parametrize("number", ["X-2026-1", "x-2026-1", "Ｘ-2026-1", "X -2026-1"])
async def test_a_number_is_used_once_however_it_is_written(house, number):
    await house.issue(house.candidate(number="X-2026-1"))
    with pytest.raises(Rejected, match="is taken"):
        await house.issue(house.candidate(number=number), key="run 2")


async def test_fifty_parallel_identical_requests_issue_one_certificate(house):
    given = {
        "organization_code": "EO-001",
        "idempotency_key": "run 1",
        "candidates": [house.candidate(reference="exam 1, 007")],
    }
    runs = await asyncio.gather(*(house.perform(issue_certificates, **given) for _ in range(50)))
    assert len({run.id for run in runs}) == 1
    assert await house.count("certificates") == 1


async def test_document_numbers_are_sealed_and_found_by_a_keyed_hash(house):
    candidate = house.candidate(
        document_type=DocumentType.PASSPORT,
        document_number="e 1234 5678",
        holder_binding=HolderBinding.MASKED_DOCUMENT,
    )
    (row,) = await house.issue(candidate)
    assert b"12345678" not in row.document_sealed
    assert house.keyring.open_document(row.document_sealed, row.id.bytes) == "E12345678"
    assert row.document_lookup == house.keyring.document_lookup("passport", "E12345678")
    async with house.sessions() as session:
        stored = (await session.execute(text("SELECT * FROM certificates"))).one()
    assert "12345678" not in repr(stored)


async def test_status_lists_roll_over_and_never_give_an_index_twice(house):
    async with house.sessions.begin() as session:
        organization = await organization_named(session, "EO-001")
        allocated = []
        for count in (5, 20, 1, 14):
            allocated += await allocate_status_entries(
                session, organization.id, count, random=house.random, size=8
            )
    places = [(row.number, index) for row, index in allocated]
    assert sorted(places) == [(number, index) for number in range(5) for index in range(8)]
    assert places[:8] != sorted(places[:8])


async def test_issuing_goes_on_in_a_new_list_when_one_is_full(house):
    await house.issue()
    async with house.sessions.begin() as session:
        organization = await organization_named(session, "EO-001")
        status_list = await status_queries.open_status_list(session, organization.id)
        status_list.used = status_list.size - 1
    rows = await house.issue(
        *(house.candidate(holder_name=f"张{n}") for n in range(3)), key="run 2"
    )
    async with house.sessions() as session:
        numbers = [
            (await session.get_one(StatusListRow, row.status_list_id)).number for row in rows
        ]
    assert numbers == [0, 1, 1]


async def test_nothing_is_stored_when_a_fresh_signature_does_not_verify(house, monkeypatch):
    from certgraph.certificates.signing import batches as signing
    from certgraph.credential.signature import PrivateKeySigner

    class Broken(PrivateKeySigner):
        def sign(self, message):
            return super().sign(message + b"!")

    real = signing.open_signer

    def broken(*arguments):
        return Broken(real(*arguments)._private_key)

    monkeypatch.setattr(signing, "open_signer", broken)
    with pytest.raises(Rejected, match="1 of 1 signatures do not verify") as caught:
        await house.issue()
    assert [problem.code for problem in caught.value.problems] == ["self_check.failed"]
    async with house.sessions() as session:
        states = await session.scalars(text("SELECT state FROM certificates"))
        assert list(states) == ["draft"]
    # the key mended, the same request goes on where it stopped
    monkeypatch.setattr(signing, "open_signer", real)
    (row,) = await house.issue()
    assert row.state is CertificateState.ISSUED


async def test_a_draft_with_a_signature_cannot_be_stored(house):
    await house.issue()
    async with house.sessions() as session:
        with pytest.raises(Exception, match=r"ck_certificates_signed|CHECK"):
            await session.execute(text("UPDATE certificates SET state = 'draft'"))


async def test_without_the_registers_key_nothing_is_recorded(house):
    without = Keyring(MASTER_KEY)
    with pytest.raises(Rejected, match="CERTGRAPH_REGISTER_KEY_FILE"):
        await house.run(house.request(), keyring=lambda: without)
    other = Keyring(MASTER_KEY, bytes(32))
    with pytest.raises(Rejected, match="not sealed under this master key"):
        await house.run(house.request(), keyring=lambda: other)
    assert await house.count("issue_runs") == 0


async def test_a_certificate_is_countersigned_by_the_register_key_of_its_day(house):
    (old,) = await house.issue(house.candidate(issued_on=date(2026, 11, 1)), key="old")
    async with house.sessions() as session:
        (first,) = await signing_keys(session, KeyPurpose.REGISTER)
    await house.perform(retire_key, kid=first.kid, last_on=date(2026, 11, 15))
    await house.perform(create_register_key, first_on=date(2026, 11, 16))
    early, late = (
        house.candidate(issued_on=date(2026, 11, day), holder_name=f"张{day}") for day in (15, 16)
    )
    rows = await house.issue(early, late, key="both")
    assert old.register_key_id == rows[0].register_key_id == first.id
    assert rows[1].register_key_id not in (None, first.id)
