"""People sign in by a provider of OpenID Connect, and act as what they were invited to."""

from datetime import timedelta
from random import Random

import pytest

from certgraph.actions.parties import Role
from certgraph.api.app import make_app
from certgraph.organizations.sessions import PersonSession
from certgraph.organizations.tokens import create_token
from tests.server.conftest import KEYRING, NOW
from tests.server.rechecking_kit import faults_of
from tests.server.sign_in_kit import (
    COOKIE,
    SAME_SITE,
    entries,
    known_as,
    office,
    provider,
    stated,
    with_settings,
)

pytestmark = pytest.mark.http_alone

__all__ = ["office", "provider"]


async def test_who_was_invited_signs_in_accepts_and_acts_as_that(office):
    async with office.browser() as browser:
        assert await office.viewer(browser) is None
        answer = await office.sign_in(browser, "wang")
        assert (answer.status_code, answer.headers["location"]) == (303, "../account?lang=en")
        page = await browser.get("/account")
        assert "You have no membership yet." in page.text
        assert await office.viewer(browser) is None  # signed in, and nothing yet

        _, invitation = await office.invited()
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
        {"aud": "another", "azp": "certgraph"},
        {"aud": ["certgraph", "another"], "azp": "another"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": 1},
        {"iat": 4_102_444_800},
        {"auth_time": None},
        {"auth_time": 1},
        {"auth_time": 4_102_444_800},
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


async def test_who_cancels_at_the_provider_is_not_signed_in_and_may_try_again(office):
    async with office.browser() as browser:
        answer = await office.sign_in(browser, None)
        assert answer.status_code == 403
        assert "or you did not confirm it. Try again." in answer.text
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
        {"Origin": "https://verify.example.cn:8443"},
        {"Origin": "http://verify.example.cn"},
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


async def test_forms_of_other_sites_or_of_nobody_knows_where_change_nothing(office):
    async with office.browser() as browser:
        row = await office.member(browser, "wang")
        del browser.headers["Sec-Fetch-Site"]
        form = {"id": str(row.id), "invitation": "x"}
        other_port = {"Origin": f"{office.url}:8443"}
        for path in ("act", "accept", "sign-out"):
            for headers in ({"Sec-Fetch-Site": "cross-site"}, other_port, {}):
                answer = await browser.post(f"/account/{path}", data=form, headers=headers)
                assert answer.status_code == 403, (path, headers)
        browser.headers.update(SAME_SITE)
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


async def test_a_session_that_is_altered_is_refused_and_so_is_one_that_is_over(office):
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
        assert "has ended. Sign in at /account" in answer.json()["errors"][0]["message"]
        assert "Sign out" not in (await browser.get("/account")).text


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
            assert (await office.viewer(browser))["role"] == "EVALUATION_ORGANIZATION"
            answer = await browser.post("/account/sign-out")
            assert answer.headers["location"] == "../account?done=signed_out&lang=en"
            assert COOKIE not in browser.cookies
            page = await browser.get("/account?done=signed_out")
            assert f"{office.provider.issuer}/oauth2/end_session?client_id=certgraph" in page.text
            assert (await office.ask(browser, "{ viewer { role } }", **copied)).status_code == 401
            office.clock.later = timedelta(seconds=1)
            assert (await office.ask(copy, "{ viewer { role } }", **copied)).status_code == 401
            assert "Sign out" not in (await copy.get("/account", headers=copied)).text
    finally:
        await elsewhere.server.close()


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


LOOKS_THE_SAME = ("\xa0", "\x85", "\x1c", "\x1f", "\u3000")


@pytest.mark.parametrize("space", LOOKS_THE_SAME, ids=ascii)
async def test_a_cookie_whose_name_only_looks_the_same_is_none(office, space):
    async with office.browser() as browser, office.browser() as other:
        await office.member(browser, "wang")
        await office.member(other, "sun", code="EO-002")
        mine, theirs = browser.cookies[COOKIE], other.cookies[COOKIE]
        both = f"{COOKIE}={mine}; {space}{COOKIE}={theirs}".encode()
        query = {"query": "{ viewer { organization { code } } }"}
        answer = await browser.post("/graphql", json=query, headers=[(b"cookie", both)])
        assert answer.json()["data"]["viewer"] == {"organization": {"code": "EO-001"}}
        for two in (f"{COOKIE}={mine}; {COOKIE}={theirs}", f"{space}{COOKIE}={theirs}"):
            answer = await browser.post("/graphql", json=query, headers=[(b"cookie", two.encode())])
            assert answer.json()["data"]["viewer"] is None
            page = await browser.get("/account", headers=[(b"cookie", two.encode())])
            assert "Sign out" not in page.text


async def test_a_token_in_the_cookie_is_no_session(office):
    _, token = await office.house.perform(
        create_token,
        environment=office.house.environment(now=office.clock()),
        name="HR",
        role=Role.VERIFIER,
    )
    async with office.browser() as browser:
        kept = {"Cookie": f"{COOKIE}={token}"}
        assert (await office.ask(browser, "{ viewer { role } }", **kept)).status_code == 401
        sent = {"Authorization": f"Bearer {token}"}
        assert (await office.ask(browser, "{ viewer { role } }", **sent)).status_code == 200


@pytest.mark.parametrize("cookie", [f"{COOKIE}=", f"x={COOKIE}", f"{COOKIE}X=1"])
async def test_a_cookie_that_is_no_session_takes_nobody_out_of_the_limit(office, cookie):
    async with with_settings(office, public_points_per_minute=200) as browser:
        statuses = []
        for _ in range(210):
            answer = await office.ask(browser, "{ __typename }", Cookie=cookie)
            statuses.append(answer.status_code)
        assert (statuses[:150], statuses[-1]) == ([200] * 150, 429)


async def test_what_another_site_tries_with_a_session_costs_the_address(office):
    async with with_settings(office, public_points_per_minute=200) as browser:
        tried = {"Cookie": f"{COOKIE}=cgs_any", "Sec-Fetch-Site": "cross-site"}
        answers = [await office.ask(browser, "{ __typename }", **tried) for _ in range(21)]
        assert [one.status_code for one in answers] == [403] * 20 + [429]


async def test_the_page_of_graphiql_is_the_same_whoever_comes_and_counts(office):
    async with with_settings(office, public_points_per_minute=200) as browser:
        of_page = {"Accept": "text/html", "Cookie": f"{COOKIE}=cgs_over"}
        from_elsewhere = {**of_page, "Sec-Fetch-Site": "cross-site"}
        statuses = [
            (await browser.get("/graphql", headers=from_elsewhere)).status_code for _ in range(201)
        ]
        assert (set(statuses[:200]), statuses[-1]) == ({200}, 429)


async def test_who_is_nothing_yet_counts_as_their_address(office):
    async with with_settings(office, public_points_per_minute=200) as browser:
        url = (await browser.get("/account/sign-in")).headers["location"]
        await browser.get(await office.provider.confirms(url, "wang"))
        answers = [await office.ask(browser, "{ __typename }") for _ in range(210)]
        assert answers[-1].status_code == 429


async def test_signing_in_again_ends_the_session_before(office):
    async with office.browser() as browser:
        await office.member(browser, "wang")
        before = {"Cookie": f"{COOKIE}={browser.cookies[COOKIE]}"}
        assert (await office.ask(browser, "{ viewer { role } }", **before)).status_code == 200
        await office.sign_in(browser, "wang", "?again=1")
        assert (await office.ask(browser, "{ viewer { role } }", **before)).status_code == 401
        assert (await office.viewer(browser))["role"] == "EVALUATION_ORGANIZATION"


async def test_the_cookie_is_kept_from_scripts_and_from_other_hosts(office):
    async with office.browser() as browser:
        answer = await office.sign_in(browser, "wang")
        said = [one for one in answer.headers.get_list("set-cookie") if one.startswith(COOKIE)]
        kept = said[0].partition("; ")[2].lower().split("; ")
        assert {"httponly", "secure", "path=/", "samesite=lax"} <= set(kept)
        assert not any(one.startswith("domain") for one in kept)


async def test_without_a_provider_there_is_no_such_page(client):
    assert (await client.http.get("/account")).status_code == 404


def test_a_session_is_the_same_for_everybody_who_has_the_key():
    made = PersonSession.begun(Random(1), bytes(range(16)), NOW, NOW)
    text_ = made.text(KEYRING)
    assert len(text_) == 132
    assert PersonSession.opened(KEYRING, text_, NOW) == made
    assert PersonSession.opened(KEYRING, text_, NOW + timedelta(hours=8)) is None
