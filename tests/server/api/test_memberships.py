"""Memberships: what people who sign in may act as, and that one person stays one."""

from dataclasses import replace
from datetime import timedelta
from random import Random

from sqlalchemy import text

from certgraph.actions.parties import Role
from certgraph.certificates.batches.actions import approve_batch, submit_batch
from certgraph.organizations.sessions import PersonSession, person_of
from certgraph.organizations.tokens import revoke_token
from certgraph.rechecking.rules import FaultKind
from certgraph.sealing import Keyring
from tests.server.api.test_limits import left as points_left
from tests.server.batch_kit import Desk, person
from tests.server.certificates.test_batches import refused
from tests.server.conftest import NOW
from tests.server.rechecking_kit import faults_of
from tests.server.sign_in_kit import COOKIE, entries, known_as, office, provider

__all__ = ["office", "provider"]

ERASE = """mutation ($number: String!) {
  certificateHolderErase(input: {number: $number, reason: "the holder asks"}) {
    waitsAs { id } errors { ... on UserError { code } } } }"""
CONFIRM = """mutation ($id: ID!) { pendingActionConfirm(input: {id: $id}) {
  pendingAction { state } errors { __typename ... on UserError { code message } } } }"""
WITHDRAW = """mutation ($id: ID!) { pendingActionWithdraw(input: {id: $id}) {
  errors { ... on UserError { code } } } }"""


async def operator(office, browser, sub):
    """Sign in as somebody of the programme's office."""
    return await office.member(browser, sub, role=Role.OPERATOR, code=None)


async def asked_to_erase(office, browser):
    """Return wang's membership of the office, and what waits for a second person since they asked."""
    (row,) = await office.house.issue()
    membership = await operator(office, browser, "wang")
    answer = (await office.ask(browser, ERASE, {"number": row.number})).json()["data"]
    return membership, answer["certificateHolderErase"]["waitsAs"]


async def test_a_membership_that_is_revoked_opens_nothing_and_another_may_be_chosen(office):
    async with office.browser() as browser:
        first = await office.member(browser, "wang")
        second, invitation = await office.invited(role=Role.APPROVER, code="EO-001")
        await browser.post("/account/accept", data={"invitation": invitation})
        assert (await office.viewer(browser))["role"] == "APPROVER"
        await office.house.perform(revoke_token, token_id=second.id)
        office.app.server.callers.clear()
        answer = await office.ask(browser, "{ viewer { role } }")
        assert answer.status_code == 401
        answer = await browser.post("/account/act", data={"id": str(second.id)})
        assert answer.status_code == 404
        answer = await browser.post("/account/act", data={"id": str(first.id)})
        assert answer.status_code == 303
        assert (await office.viewer(browser))["role"] == "EVALUATION_ORGANIZATION"


async def test_nobody_acts_as_what_another_accepted(office):
    async with office.browser() as browser, office.browser() as other:
        row = await office.member(browser, "wang")
        await office.sign_in(other, "sun")
        answer = await other.post("/account/act", data={"id": str(row.id)})
        assert answer.status_code == 404
        # Nor with a session of their own that names it.
        keyring, person = (
            office.house.keyring,
            person_of(office.house.keyring, office.provider.issuer, "sun"),
        )
        now = office.clock()
        made = PersonSession.begun(Random(7), person, now, now).acting_as(row.id)
        answer = await office.ask(
            other, "{ viewer { role } }", Cookie=f"{COOKIE}={made.text(keyring)}"
        )
        assert answer.status_code == 401


async def test_an_invitation_is_accepted_by_one_person_within_seven_days(office):
    async with office.browser() as browser, office.browser() as other:
        await office.sign_in(browser, "wang")
        await office.sign_in(other, "sun")
        _, late = await office.invited(ago=timedelta(days=7))
        _, in_time = await office.invited(ago=timedelta(days=7) - timedelta(minutes=5))
        _, invitation = await office.invited()

        async def accepted(who, text):
            answer = await who.post("/account/accept", data={"invitation": text})
            return answer.status_code, "cannot be accepted" in answer.text

        assert await accepted(browser, invitation) == (303, False)
        assert await accepted(browser, invitation) == (303, False)  # it is theirs already
        assert await accepted(other, invitation) == (422, True)
        assert await accepted(other, "cgi_" + "a" * 52) == (422, True)
        assert await accepted(other, "") == (422, True)
        row, revoked = await office.invited()
        await office.house.perform(revoke_token, token_id=row.id)
        assert await accepted(other, revoked) == (422, True)
        assert await accepted(other, late) == (422, True)
        assert await accepted(other, in_time) == (303, False)


async def test_wrong_invitations_cost_the_address(office):
    async with office.browser() as browser:
        await office.sign_in(browser, "wang")
        left = []
        for _ in range(2):
            answer = await browser.post("/account/accept", data={"invitation": "cgi_wrong"})
            left.append(points_left(answer))
        assert left[0] - left[1] == 11


async def test_one_person_is_not_the_second_whatever_they_act_as(office):
    async with office.browser() as browser, office.browser() as other:
        _, pending = await asked_to_erase(office, browser)
        await operator(office, browser, "wang")  # another membership of theirs
        answer = (await office.ask(browser, CONFIRM, pending)).json()["data"]
        assert answer["pendingActionConfirm"]["errors"] == [
            {
                "__typename": "ForbiddenError",
                "code": "pending.same_person",
                "message": answer["pendingActionConfirm"]["errors"][0]["message"],
            }
        ]
        await operator(office, other, "sun")
        answer = (await office.ask(other, CONFIRM, pending)).json()["data"]
        assert answer["pendingActionConfirm"] == {
            "pendingAction": {"state": "CONFIRMED"},
            "errors": [],
        }
        assert await entries(office.house, "pendingActionConfirm") == [
            (known_as(office, "sun"), "operator")
        ]


async def test_what_somebody_asked_for_is_not_done_once_they_are_no_longer_that(office):
    async with office.browser() as browser, office.browser() as other:
        membership, pending = await asked_to_erase(office, browser)
        await office.house.perform(revoke_token, token_id=membership.id)
        await operator(office, other, "sun")
        answer = (await office.ask(other, CONFIRM, pending)).json()["data"]
        assert [one["code"] for one in answer["pendingActionConfirm"]["errors"]] == [
            "pending.asker_gone"
        ]


async def test_to_confirm_one_must_have_signed_in_within_ten_minutes(office):
    async with office.browser() as browser, office.browser() as other:
        _, pending = await asked_to_erase(office, browser)
        membership = await operator(office, other, "sun")
        await office.member(other, "sun")
        await other.post("/account/act", data={"id": str(membership.id)})
        now = office.clock()
        person = person_of(office.house.keyring, office.provider.issuer, "sun")
        signed_in = now - timedelta(minutes=10, seconds=1)
        old = PersonSession.begun(Random(8), person, signed_in, signed_in)
        kept = {"Cookie": f"{COOKIE}={old.acting_as(membership.id).text(office.house.keyring)}"}
        answer = (await office.ask(other, CONFIRM, pending, **kept)).json()["data"]
        assert answer["pendingActionConfirm"] == {
            "pendingAction": None,
            "errors": [
                {
                    "__typename": "ForbiddenError",
                    "code": "access.sign_in_again",
                    "message": "This needs a sign-in within the last 10 minutes. Sign in again, then "
                    "repeat it.",
                }
            ],
        }
        answer = await office.sign_in(other, "sun", "?again=1&return=/portal")
        assert answer.headers["location"] == "../portal"  # as what they acted before
        answer = (await office.ask(other, CONFIRM, pending)).json()["data"]
        assert answer["pendingActionConfirm"]["errors"] == []


PERSON_TO = "UPDATE api_tokens SET person = :p WHERE invited_until IS NOT NULL"


async def test_an_insider_who_gives_a_membership_to_another_is_named_and_opens_nothing(office):
    house = office.house
    async with office.browser() as browser, office.browser() as other:
        row = await office.member(browser, "wang")
        await office.sign_in(other, "sun")
        person = person_of(house.keyring, office.provider.issuer, "sun")
        async with house.sessions.begin() as session:
            await session.execute(text(PERSON_TO), {"p": person})
        assert "You have no membership yet." in (await other.get("/account")).text
        assert [
            (one.kind, one.subject, one.detail) for one in await faults_of(house)
        ] == [
            (FaultKind.TOKEN, str(row.id), "not as it was made; it opens nothing"),
            (FaultKind.TOKEN, str(row.id), "its person is not who accepted it, by the audit trail"),
        ]  # fmt: skip


async def test_an_invitation_that_was_accepted_and_is_put_back_is_named(office):
    house = office.house
    row, invitation = await office.invited()
    state = text("SELECT mac FROM api_tokens WHERE invited_until IS NOT NULL")
    async with house.sessions() as session:
        mac = await session.scalar(state)
    async with office.browser() as browser:
        await office.sign_in(browser, "wang")
        await browser.post("/account/accept", data={"invitation": invitation})
    async with house.sessions.begin() as session:
        statement = PERSON_TO.replace(":p", "NULL")
        await session.execute(text(statement.replace("SET", "SET mac = :m,")), {"m": mac})
    assert [(one.subject, one.detail) for one in await faults_of(house)] == [
        (str(row.id), "its person is not who accepted it, by the audit trail")
    ]


async def test_what_somebody_asked_for_as_one_they_neither_see_nor_withdraw_as_another(office):
    async with office.browser() as browser:
        membership, pending = await asked_to_erase(office, browser)
        listed = "{ pendingActions { nodes { id } } auditEntries { nodes { action } } }"
        assert (await office.ask(browser, listed)).json()["data"]["pendingActions"]["nodes"]
        await office.member(browser, "wang", code="EO-002")
        found = (await office.ask(browser, listed)).json()["data"]
        assert found["pendingActions"]["nodes"] == []
        assert not [e for e in found["auditEntries"]["nodes"] if "Erase" in e["action"]]
        answer = (await office.ask(browser, WITHDRAW, pending)).json()["data"]
        assert answer["pendingActionWithdraw"]["errors"] == [{"code": "pending.not_found"}]
        await browser.post("/account/act", data={"id": str(membership.id)})
        answer = (await office.ask(browser, WITHDRAW, pending)).json()["data"]
        assert answer["pendingActionWithdraw"]["errors"] == []


async def test_one_person_is_not_officer_and_approver_of_one_batch(house):
    desk = Desk(house)
    officer, approver = await desk.officer(), await desk.approver()
    wang, sun = (replace(officer, name=f"person {n}", person=bytes([n])) for n in (1, 2))

    def approves(who, batch):
        actor = replace(approver, name=who.name, person=who.person)
        return house.perform(approve_batch, actor=actor, batch_id=batch.id, digest=batch.digest)

    trial = await desk.upload([person(1)], is_trial=True)  # by the desk's officer
    await house.perform(submit_batch, actor=wang, batch_id=trial.id)
    await desk.upload([person(1)])  # again, by the desk's officer: who handed it in stays
    await desk.work()
    batch = await desk.batch(trial.id)
    assert await refused(approves(wang, batch)) == ["pending.same_person"]
    assert await refused(approves(officer, batch)) == ["pending.same_person"]
    await approves(sun, batch)


TOKENS = """query ($good: Boolean) { apiTokens(isGood: $good) {
  nodes { name kind person invitedUntil } } }"""


async def test_an_organization_lists_its_memberships_with_who_accepted_them(office, client_tokens):
    async with office.browser() as browser:
        await office.invited()
        await office.member(browser, "wang")
        answer = await office.ask(browser, TOKENS)
        nodes = answer.json()["data"]["apiTokens"]["nodes"]
        mine = [one for one in nodes if one["kind"] == "MEMBERSHIP"]
        assert [one["person"] for one in mine] == [known_as(office, "wang"), None]
        assert all(one["invitedUntil"] for one in mine)
        assert {one["kind"] for one in nodes if one not in mine} == {"SECRET"}
        good = (await office.ask(browser, TOKENS, {"good": True})).json()["data"]["apiTokens"]
        assert [one["person"] for one in good["nodes"] if one["kind"] == "MEMBERSHIP"] == [
            known_as(office, "wang")
        ]


def test_a_session_opens_while_both_master_keys_are_here_and_not_by_another():
    before, after = Keyring(bytes(range(32))), bytes(range(100, 132))
    both = Keyring(bytes(range(32)), next_key=after)
    made = PersonSession.begun(Random(1), bytes(range(16)), NOW, NOW)
    assert PersonSession.opened(both, made.text(before), NOW) == made
    both.follow(*both.next_in_force())
    assert PersonSession.opened(both, made.text(before), NOW) == made
    assert PersonSession.opened(both, made.text(both), NOW) == made
    assert PersonSession.opened(Keyring(after), made.text(before), NOW) is None
    assert PersonSession.opened(Keyring(after), made.text(both), NOW) == made
