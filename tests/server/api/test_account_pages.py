"""People sign in by a provider of OpenID Connect, and act as what they were invited to."""

from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import text

from certgraph.actions.parties import Role
from certgraph.api.app import make_app
from certgraph.api.http.provider import NotSignedIn, who_signed_in
from certgraph.organizations.people import PersonSession, person_of
from certgraph.organizations.tokens import revoke_token
from certgraph.rechecking.rules import FaultKind
from certgraph.settings import Settings, SettingsError
from tests.server.api.test_limits import left as points_left
from tests.server.conftest import KEYRING, NOW
from tests.server.rechecking_kit import faults_of
from tests.server.sign_in_kit import office, provider, stated

__all__ = ["office", "provider"]

COOKIE = "__Host-certgraph-session"
ERASE = """mutation ($number: String!) {
  certificateHolderErase(input: {number: $number, reason: "the holder asks"}) {
    waitsAs { id } errors { ... on UserError { code } } } }"""
CONFIRM = """mutation ($id: ID!) { pendingActionConfirm(input: {id: $id}) {
  pendingAction { state } errors { __typename ... on UserError { code message } } } }"""


async def entries(house, action):
    async with house.sessions() as session:
        found = await session.execute(
            text("SELECT actor, acting_as FROM audit_entries WHERE action = :a ORDER BY sequence"),
            {"a": action},
        )
        return [tuple(one) for one in found]


async def operator(office, browser, sub):
    """Sign in as somebody of the programme's office."""
    return await office.member(browser, sub, role=Role.OPERATOR, code=None)


def known_as(office, sub):
    return f"person {person_of(office.house.keyring, office.provider.issuer, sub).hex()}"


async def test_who_was_invited_signs_in_accepts_and_acts_as_that(office):
    async with office.browser() as browser:
        assert await office.viewer(browser) is None
        answer = await office.sign_in(browser, "wang")
        assert (answer.status_code, answer.headers["location"]) == (303, "../account?lang=en")
        page = await browser.get("/account")
        assert "You may act as nothing yet." in page.text
        assert await office.viewer(browser) is None  # signed in, and nothing yet

        row, invitation = await office.invited()
        answer = await browser.post("/account/accept", data={"invitation": f" {invitation} "})
        assert answer.status_code == 303
        assert await office.viewer(browser) == {
            "role": "EVALUATION_ORGANIZATION",
            "organization": {"code": "EO-001"},
            "person": known_as(office, "wang"),
        }
        page = await browser.get("/account", params={"lang": "zh"})
        assert "培训评价组织" in page.text
        assert "当前身份" in page.text
        assert await entries(office.house, "membershipAccept") == [
            (known_as(office, "wang"), "public")
        ]
    async with office.browser() as other:  # another day: it is known
        answer = await office.sign_in(other, "wang", "?return=/portal")
        assert answer.headers["location"] == "../portal"
        assert (await office.viewer(other))["organization"] == {"code": "EO-001"}
    assert await faults_of(office.house) == []
    del row


async def test_the_provider_is_asked_as_the_specification_says(office):
    async with office.browser() as browser:
        asked = stated(await office.sent(browser, "?lang=zh"))
        assert {name: asked[name] for name in asked if name not in ("state", "nonce")} == {
            "client_id": "certgraph",
            "code_challenge": asked["code_challenge"],
            "code_challenge_method": "S256",
            "max_age": "28800",
            "redirect_uri": f"{office.url}/account/signed-in",
            "response_type": "code",
            "scope": "openid",
            "ui_locales": "zh-CN zh en",
        }
        again = stated(await office.sent(browser, "?again=1"))
        assert (again["prompt"], again["max_age"]) == ("login", "0")
        assert len({asked["state"], again["state"], asked["nonce"], again["nonce"]}) == 4


async def test_an_answer_that_this_browser_did_not_ask_for_signs_nobody_in(office):
    async with office.browser() as mine, office.browser() as other:
        back = await office.provider.confirms(await office.sent(mine), "wang")
        for browser, address in (
            (other, back),  # somebody sends another's browser here
            (mine, back.replace("state=", "state=x")),
            (mine, back.partition("?")[0]),
        ):
            answer = await browser.get(address)
            assert answer.status_code == 403
            assert "did not begin in this browser" in answer.text
            assert COOKIE not in answer.cookies
        office.clock.later = timedelta(minutes=10)
        assert (await mine.get(back)).status_code == 403
        office.clock.later = timedelta(0)
        assert (await mine.get(back)).status_code == 303
        assert (await mine.get(back)).status_code == 403  # once


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://another.example"},
        {"aud": "another"},
        {"aud": ["certgraph", "another"], "azp": "another"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": 1},
        {"iat": 4_102_444_800},
        {"auth_time": None},
        {"auth_time": "today"},
        {"auth_time": 10**30},
        {"auth_time": -(10**30)},
        {"at_hash": "another"},
    ],
    ids=str,
)
async def test_a_token_that_does_not_say_who_it_is_signs_nobody_in(office, claims):
    await office.provider.states("zhao", **claims)
    async with office.browser() as browser:
        answer = await office.sign_in(browser, "zhao")
        assert answer.status_code == 403, answer.headers
        assert "You are not signed in" in answer.text
        assert COOKIE not in answer.cookies


@pytest.mark.parametrize("subject", [None, "", 7, ["wang"]], ids=str)
def test_a_token_that_names_nobody_signs_nobody_in(subject):
    with pytest.raises(NotSignedIn):
        who_signed_in("https://id.example", {"sub": subject, "auth_time": 1}, None)


async def test_who_cancels_at_the_provider_is_not_signed_in_and_may_try_again(office):
    async with office.browser() as browser:
        answer = await office.sign_in(browser, None)
        assert answer.status_code == 403
        assert "account?lang=en" in answer.text
        assert (await office.sign_in(browser, "wang")).status_code == 303


async def test_who_is_to_sign_in_again_is_not_taken_as_they_are(office):
    long_ago = int((office.clock() - timedelta(hours=1)).timestamp())
    await office.provider.states("qian", auth_time=long_ago)  # it did not ask them
    async with office.browser() as browser:
        assert (await office.sign_in(browser, "qian")).status_code == 303
        assert (await office.sign_in(browser, "qian", "?again=1")).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://other.example"},
        {"Origin": "null"},
        {},
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_another_sites_page_does_nothing_with_a_session(office, method, headers):
    async with office.browser() as browser:
        await office.member(browser, "wang")
        del browser.headers["Sec-Fetch-Site"]
        query = {"query": "{ viewer { role } }"}
        how = {"params": query} if method == "GET" else {"json": query}
        answer = await browser.request(method, "/graphql", headers=headers, **how)
        assert answer.status_code == 403
        assert answer.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        own = {"Origin": office.url}
        answer = await browser.request(method, "/graphql", headers=own, **how)
        assert answer.json()["data"]["viewer"] == {"role": "EVALUATION_ORGANIZATION"}


async def test_forms_of_other_sites_change_nothing(office):
    async with office.browser() as browser:
        row = await office.member(browser, "wang")
        for path in ("act", "accept", "sign-out"):
            answer = await browser.post(
                f"/account/{path}",
                data={"id": str(row.id), "invitation": "x"},
                headers={"Sec-Fetch-Site": "cross-site"},
            )
            assert answer.status_code == 403, path
        assert (await office.viewer(browser))["role"] == "EVALUATION_ORGANIZATION"


async def test_a_session_is_no_bearer_token_and_an_invitation_neither(office):
    async with office.browser() as browser:
        await office.member(browser, "wang")
        _, invitation = await office.invited()
        for value in (browser.cookies[COOKIE], invitation):
            async with office.browser() as other:
                answer = await office.ask(
                    other, "{ viewer { role } }", Authorization=f"Bearer {value}"
                )
                assert answer.status_code == 401


async def test_a_session_that_is_altered_is_refused_and_one_that_is_over_is_nobodys(office):
    async with office.browser() as browser:
        await office.member(browser, "wang")
        session = browser.cookies[COOKIE]
        for place in (6, 30, 60, 90, 120):
            other = session[:place] + ("A" if session[place] != "A" else "B") + session[place + 1 :]
            answer = await office.ask(browser, "{ viewer { role } }", Cookie=f"{COOKIE}={other}")
            assert answer.status_code == 401, place
        age = next(iter(browser.cookies.jar)).expires - office.clock().timestamp()
        assert 8 * 3600 - 60 < age <= 8 * 3600
        office.clock.later = timedelta(hours=8)
        answer = await office.ask(browser, "{ viewer { role } }")
        assert answer.status_code == 401
        assert "signed out" in answer.json()["errors"][0]["message"]
        assert "Sign in" in (await browser.get("/account")).text


async def test_a_session_that_was_ended_is_ended_for_whoever_kept_it_on_every_server(office):
    elsewhere = make_app(
        office.app.server.settings, clock=office.clock, random=Random(6), publishing=False
    )
    try:
        async with office.browser() as browser, office.browser(elsewhere) as copy:
            await office.member(browser, "wang")
            session = browser.cookies[COOKIE]
            copied = {"Cookie": f"{COOKIE}={session}"}
            answer = await office.ask(copy, "{ viewer { role } }", **copied)
            assert answer.json()["data"]["viewer"] == {"role": "EVALUATION_ORGANIZATION"}
            answer = await browser.post("/account/sign-out")
            assert answer.headers["location"] == "../account?done=signed_out&lang=en"
            assert COOKIE not in browser.cookies
            page = await browser.get("/account?done=signed_out")
            assert f"{office.provider.issuer}/oauth2/end_session?client_id=certgraph" in page.text
            assert (await office.ask(browser, "{ viewer { role } }", **copied)).status_code == 401
            office.clock.later = timedelta(seconds=1)
            assert (await office.ask(copy, "{ viewer { role } }", **copied)).status_code == 401
            assert "Sign in" in (await copy.get("/account", headers=copied)).text
    finally:
        await elsewhere.server.close()


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
        _, late = await office.invited()
        _, invitation = await office.invited()

        async def accepted(who, text):
            answer = await who.post("/account/accept", data={"invitation": text})
            return answer.status_code, "cannot be accepted" in answer.text

        assert await accepted(browser, invitation) == (303, False)
        assert await accepted(browser, invitation) == (303, False)  # it is theirs already
        assert await accepted(other, invitation) == (422, True)
        assert await accepted(other, "cgi_" + "a" * 52) == (422, True)
        assert await accepted(other, "") == (422, True)
        token = await office.house.perform(revoke_token, token_id=(await office.invited())[0].id)
        assert token.person is None
        office.clock.later = timedelta(days=7)
        await office.sign_in(other, "sun")
        assert await accepted(other, late) == (422, True)


async def test_wrong_invitations_cost_the_address(office):
    async with office.browser() as browser:
        await office.sign_in(browser, "wang")
        left = []
        for _ in range(2):
            answer = await browser.post("/account/accept", data={"invitation": "cgi_wrong"})
            left.append(points_left(answer))
        assert left[0] - left[1] == 11


async def test_one_person_is_not_the_second_whatever_they_act_as(office):
    (row,) = await office.house.issue()
    async with office.browser() as browser, office.browser() as other:
        await operator(office, browser, "wang")
        answer = (await office.ask(browser, ERASE, {"number": row.number})).json()["data"]
        pending = answer["certificateHolderErase"]["waitsAs"]
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
    (row,) = await office.house.issue()
    async with office.browser() as browser, office.browser() as other:
        membership = await operator(office, browser, "wang")
        answer = (await office.ask(browser, ERASE, {"number": row.number})).json()["data"]
        pending = answer["certificateHolderErase"]["waitsAs"]
        await office.house.perform(revoke_token, token_id=membership.id)
        await operator(office, other, "sun")
        answer = (await office.ask(other, CONFIRM, pending)).json()["data"]
        assert [one["code"] for one in answer["pendingActionConfirm"]["errors"]] == [
            "pending.asker_gone"
        ]


async def test_to_confirm_one_must_have_signed_in_within_ten_minutes(office):
    (row,) = await office.house.issue()
    async with office.browser() as browser, office.browser() as other:
        await operator(office, browser, "wang")
        answer = (await office.ask(browser, ERASE, {"number": row.number})).json()["data"]
        pending = answer["certificateHolderErase"]["waitsAs"]
        membership = await operator(office, other, "sun")
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
                    "message": "Sign in again for this: you did so more than 10 minutes ago.",
                }
            ],
        }
        answer = await office.sign_in(other, "sun", "?again=1&return=/portal")
        assert answer.headers["location"] == "../portal"  # as what they acted before
        answer = (await office.ask(other, CONFIRM, pending)).json()["data"]
        assert answer["pendingActionConfirm"]["errors"] == []


@pytest.mark.parametrize(
    "place",
    ["//evil.example", "/\\evil.example", "https://evil.example", "/a\\b", "/\t/evil", "portal",
     "/" + "a" * 500, "/门户"],
)  # fmt: skip
async def test_nobody_is_led_to_another_site(office, place):
    async with office.browser() as browser:
        await office.member(browser, "wang")
        begin = await browser.get("/account/sign-in", params={"return": place})
        back = await office.provider.confirms(begin.headers["location"], "wang")
        answer = await browser.get(back)
        assert answer.headers["location"] == "../account?lang=en&done=acting"


async def test_where_somebody_came_from_is_kept_until_they_have_chosen(office):
    async with office.browser() as browser:
        first = await office.member(browser, "wang")
        await office.member(browser, "wang", role=Role.APPROVER)
    async with office.browser() as browser:
        answer = await office.sign_in(browser, "wang", "?return=/portal%3Fa=1%26b=2")
        place = answer.headers["location"]
        assert place == "../account?lang=en&return=%2Fportal%3Fa%3D1%26b%3D2"
        page = await browser.get(f"/account{place.removeprefix('../account')}")
        assert 'name="return" value="/portal?a=1&amp;b=2"' in page.text
        chosen = {"id": str(first.id), "return": "/portal?a=1&b=2"}
        answer = await browser.post("/account/act", data=chosen)
        assert answer.headers["location"] == "../portal?a=1&b=2"


async def test_a_provider_that_is_away_is_said_and_nobody_signs_in(house, tmp_path, office):
    secret = tmp_path / "other"
    secret.write_text("s")
    secret.chmod(0o600)
    settings = office.app.server.settings.model_copy(
        update={"sign_in_issuer": "http://localhost:9", "sign_in_secret_file": secret}
    )
    app = make_app(settings, clock=office.clock, random=Random(5), publishing=False)
    try:
        async with office.browser(app) as browser:
            answer = await browser.get("/account/sign-in")
            assert answer.status_code == 409
            assert "does not answer" in answer.text
            assert (await browser.get("/account")).status_code == 200
    finally:
        await app.server.close()


async def test_a_provider_that_states_another_issuer_is_not_asked(office, house):
    settings = office.app.server.settings
    other = office.provider.issuer.replace("localhost", "127.0.0.1")
    app = make_app(
        settings.model_copy(update={"sign_in_issuer": other + "/"}),
        clock=office.clock,
        random=Random(5),
        publishing=False,
    )
    try:
        async with office.browser(app) as browser:
            assert (await browser.get("/account/sign-in")).status_code == 409
    finally:
        await app.server.close()


async def test_without_a_provider_there_is_no_such_page(client):
    assert (await client.http.get("/account")).status_code == 404


PERSON_TO = "UPDATE api_tokens SET person = :p WHERE invited_until IS NOT NULL"


async def test_an_insider_who_gives_a_membership_to_another_is_named_and_opens_nothing(office):
    house = office.house
    async with office.browser() as browser, office.browser() as other:
        row = await office.member(browser, "wang")
        await office.sign_in(other, "sun")
        person = person_of(house.keyring, office.provider.issuer, "sun")
        async with house.sessions.begin() as session:
            await session.execute(text(PERSON_TO), {"p": person})
        assert "You may act as nothing yet." in (await other.get("/account")).text
        assert [
            (one.kind, one.subject, one.detail) for one in await faults_of(house)
        ] == [
            (FaultKind.TOKEN, str(row.id), "not as it was made; it opens nothing"),
            (FaultKind.TOKEN, str(row.id), "another accepted it, by the audit trail"),
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
        statement = f"{PERSON_TO.replace(':p', 'NULL')}"
        await session.execute(text(statement.replace("SET", "SET mac = :m,")), {"m": mac})
    assert [(one.subject, one.detail) for one in await faults_of(house)] == [
        (str(row.id), "another accepted it, by the audit trail")
    ]


def test_a_session_is_the_same_for_everybody_who_has_the_key():
    made = PersonSession.begun(Random(1), bytes(range(16)), NOW, NOW)
    text_ = made.text(KEYRING)
    assert len(text_) == 132
    assert PersonSession.opened(KEYRING, text_, NOW) == made
    assert PersonSession.opened(KEYRING, text_, NOW + timedelta(hours=8)) is None


GIVEN = {"database_url": "sqlite:///x", "public_host": "x", "sign_in_issuer": "https://id.example"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "set all three, or none"),
        ({"sign_in_client_id": "c"}, "set all three, or none"),
        ({"sign_in_issuer": "http://id.example"}, "expected https://HOST"),
        ({"sign_in_issuer": "https://id.example?x"}, "expected https://HOST"),
        ({"sign_in_issuer": "id.example"}, "expected https://HOST"),
        ({"sign_in_client_id": "c", "sign_in_secret_file": "empty"}, "is empty"),
        ({"sign_in_client_id": "c", "sign_in_secret_file": "none"}, "cannot be read"),
        ({"sign_in_client_id": "c", "sign_in_secret_file": "open"}, "everybody on this machine"),
        ({"sign_in_acr_values": "a\nb"}, "SIGN_IN_ACR_VALUES"),
    ],
    ids=str,
)
def test_half_of_a_provider_and_a_secret_that_is_none_are_refused(tmp_path, changes, said):
    for name, content, mode in (("empty", "", 0o600), ("open", "s", 0o644)):
        (tmp_path / name).write_text(content)
        (tmp_path / name).chmod(mode)
    given = {f"CERTGRAPH_{k.upper()}": v for k, v in {**GIVEN, **changes}.items()}
    if "sign_in_secret_file" in changes:
        given["CERTGRAPH_SIGN_IN_SECRET_FILE"] = str(tmp_path / changes["sign_in_secret_file"])
    with pytest.raises(SettingsError, match=said):
        Settings.from_environ(given).provider()
