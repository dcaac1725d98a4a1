"""The provider that says who signs in: what of it is believed, and what an odd one brings about."""

import json
from base64 import urlsafe_b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar

import pytest
from joserfc import jws
from joserfc.jwk import OctKey, RSAKey

from certgraph.api.http.provider import METADATA, NotSignedIn, who_signed_in
from certgraph.settings import Settings, SettingsError
from tests.server.api.test_limits import left as points_left
from tests.server.conftest import NOW
from tests.server.sign_in_kit import SECRET, office, provider, stated, with_settings

pytestmark = pytest.mark.http_alone

__all__ = ["office", "provider"]


async def test_a_provider_that_is_away_is_said_and_nobody_signs_in(office, caplog):
    async with with_settings(office, sign_in_issuer="http://localhost:9") as browser:
        for _ in range(2):
            answer = await browser.get("/account/sign-in")
            assert answer.status_code == 503
            assert "does not answer" in answer.text
        assert (await browser.get("/account?done=signed_out")).status_code == 200
    said = [one.getMessage() for one in caplog.records if one.name == "certgraph.sign_in"]
    assert len(said) == 1  # it is not asked again at once
    assert "http://localhost:9 cannot be used: ConnectError" in said[0]


async def test_a_provider_that_states_another_issuer_is_not_used(office, caplog):
    other = office.provider.issuer.replace("localhost", "127.0.0.1") + "/"
    async with with_settings(office, sign_in_issuer=other) as browser:
        assert (await browser.get("/account/sign-in")).status_code == 503
    assert "it states the issuer 'http://127.0.0.1:" in caplog.text


ODD = {
    "no object": "[]",
    "no JSON": "{",
    "nested": "[" * 100_000,
    "no issuer": "{}",
    "no addresses": '{"issuer": "%s"}',
    "addresses of another kind": '{"issuer": "%s", "authorization_endpoint": 5}',
    "an address that leads nowhere": '{"issuer": "%s", "authorization_endpoint": "http://[::1",'
    '"token_endpoint": "http://localhost/t", "jwks_uri": "http://localhost/j"}',
    "a script": '{"issuer": "%s", "authorization_endpoint": "http://localhost/a", "token_endpoint":'
    '"http://localhost/t", "jwks_uri": "http://localhost/j",'
    '"end_session_endpoint": "javascript:alert(1)"}',
}


@pytest.fixture
def odd_provider():
    """A server that answers each path with whatever a test wants, by GET and by POST."""

    class Answering(BaseHTTPRequestHandler):
        answers: ClassVar = {}

        def do_GET(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = self.answers.get(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write((body or "").encode())

        do_POST = do_GET  # noqa: N815 - the library's name

        def log_message(self, *_given):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        Thread(target=server.serve_forever).start()
        Answering.answers = {}
        yield f"http://localhost:{server.server_port}", Answering.answers
        server.shutdown()


@pytest.mark.parametrize("what", ODD)
async def test_a_provider_that_is_odd_is_not_used_and_said_to_be_away(office, odd_provider, what):
    issuer, answers = odd_provider
    answers[METADATA] = ODD[what].replace("%s", issuer)
    async with with_settings(office, sign_in_issuer=issuer) as browser:
        assert (await browser.get("/account/sign-in")).status_code == 503
        assert (await browser.get("/account?done=signed_out")).status_code == 200


def described(issuer, **more):
    """Return what a provider says of itself."""
    names = {"authorization_endpoint": "/a", "token_endpoint": "/t", "jwks_uri": "/j"}
    addresses = {name: issuer + path for name, path in names.items()}
    return json.dumps({"issuer": issuer, **addresses, **more})


async def test_what_a_provider_says_besides_is_of_no_use(office, odd_provider):
    issuer, answers = odd_provider
    besides = {"client_id": "x", "scope": "all", "headers": 5, "end_session_endpoint": None}
    answers[METADATA] = described(issuer, **besides)
    async with with_settings(office, sign_in_issuer=issuer) as browser:
        asked = stated((await browser.get("/account/sign-in")).headers["location"])
        assert (asked["client_id"], asked["scope"]) == ("certgraph", "openid")
        assert (await browser.get("/account?done=signed_out")).status_code == 200


KEY, OTHER_KEY = (RSAKey.generate_key(2048, {"kid": "1"}) for _ in range(2))
BY_SECRET = OctKey.import_key(SECRET)


@pytest.mark.parametrize(
    ("changes", "header", "key", "status"),
    [
        ({}, {"alg": "RS256", "kid": "1"}, KEY, 303),
        ({}, {"alg": "PS256", "kid": "1"}, KEY, 303),
        ({}, {"alg": "RS256", "kid": "1"}, OTHER_KEY, 403),
        ({}, {"alg": "HS256"}, BY_SECRET, 403),
        ({}, {"alg": "none"}, None, 403),
        ({"sub": 7}, {"alg": "RS256", "kid": "1"}, KEY, 403),
        ({"sub": ""}, {"alg": "RS256", "kid": "1"}, KEY, 403),
        ({"aud": "another", "azp": "certgraph"}, {"alg": "RS256", "kid": "1"}, KEY, 403),
        ({"auth_time": True}, {"alg": "RS256", "kid": "1"}, KEY, 403),
    ],
    ids=["good", "PSS", "another key", "by the secret", "unsigned", "a number", "nobody",
         "for another", "no time"],
)  # fmt: skip
async def test_a_token_that_the_provider_did_not_sign_so_signs_nobody_in(
    office, odd_provider, changes, header, key, status
):
    issuer, answers = odd_provider
    offered = ["RS256", "PS256", "HS256", "none"]
    answers[METADATA] = described(issuer, id_token_signing_alg_values_supported=offered)
    answers["/j"] = json.dumps({"keys": [KEY.as_dict(private=False)]})
    async with with_settings(office, sign_in_issuer=issuer) as browser:
        asked = stated((await browser.get("/account/sign-in")).headers["location"])
        now = int(office.clock().timestamp())
        claims = {"iss": issuer, "aud": "certgraph", "sub": "zhou", "nonce": asked["nonce"],
                  "iat": now, "exp": now + 60, "auth_time": now, **changes}  # fmt: skip
        part = (urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=")
                for one in (header, claims))  # fmt: skip
        token = f"{'.'.join(part)}." if key is None else jws.serialize_compact(
            header, json.dumps(claims), key, algorithms=[header["alg"]]
        )  # fmt: skip
        given = {"access_token": "x", "token_type": "Bearer", "id_token": token}
        answers["/t"] = json.dumps(given)
        answer = await browser.get(f"/account/signed-in?code=c&state={asked['state']}")
        assert answer.status_code == status


async def test_a_service_that_the_provider_does_not_know_is_said_to_the_operator(
    office, odd_provider, caplog
):
    issuer, answers = odd_provider
    answers[METADATA] = described(issuer)
    answers["/t"] = json.dumps({"error": "invalid_client", "error_description": "of a person"})
    async with with_settings(office, sign_in_issuer=issuer) as browser:
        asked = stated((await browser.get("/account/sign-in")).headers["location"])
        answer = await browser.get(f"/account/signed-in?code=c&state={asked['state']}")
        assert answer.status_code == 503
    said = [one.getMessage() for one in caplog.records if one.name == "certgraph.sign_in"]
    assert said == [f"the provider {issuer} cannot be used: OAuthError: invalid_client"]


async def test_who_fails_to_sign_in_pays_for_it(office):
    async with office.browser() as browser:
        left = [points_left(await office.sign_in(browser, None)) for _ in range(2)]
        assert left[0] - left[1] == 12  # the failure, and two requests


async def test_the_kind_of_authentication_that_is_asked_for_is_looked_at(office):
    async with with_settings(office, sign_in_acr_values="mfa hwk") as browser:
        for place in ("", "?again=1"):
            url = (await browser.get(f"/account/sign-in{place}")).headers["location"]
            assert stated(url)["acr_values"] == "mfa hwk"
            for acr, status in ((None, 403), ("pwd", 403), ("mfa hwk", 403), ("hwk", 303)):
                await office.provider.states("li", **({} if acr is None else {"acr": acr}))
                url = (await browser.get(f"/account/sign-in{place}")).headers["location"]
                back = await office.provider.confirms(url, "li")
                assert (await browser.get(back)).status_code == status, (place, acr)


@pytest.mark.parametrize("subject", [None, "", 7, ["wang"]], ids=str)
def test_a_token_that_names_nobody_signs_nobody_in(subject):
    with pytest.raises(NotSignedIn):
        who_signed_in({"sub": subject, "auth_time": NOW.timestamp()}, since=NOW, now=NOW)


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
