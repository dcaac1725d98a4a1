"""Clients sign in with a key of their own, and get a token for minutes: nobody else does."""

import asyncio
import base64
import hmac
import json
import re
import warnings
from datetime import timedelta

import pytest
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OctKey, OKPKey
from sqlalchemy import text

from certgraph.actions.parties import Role
from certgraph.api.relay import global_id
from certgraph.organizations.tokens import create_token, replace_keys, revoke_token
from certgraph.problems import Rejected
from tests.server.api.test_limits import asking, left
from tests.server.conftest import HOST

URL = f"https://{HOST}"
TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
VIEWER = "{ viewer { name role scopes expiresAt } }"
ED25519 = OKPKey.generate_key("Ed25519", {"kid": "one"})
P256 = ECKey.generate_key("P-256", {"kid": "two"})
OTHER = OKPKey.generate_key("Ed25519", {"kid": "one"})


def key_set(*keys, **members):
    return json.dumps({"keys": [{**key.as_dict(private=False), **members} for key in keys]})


async def registered(house, *keys, **given):
    """Return the id of a new client of the credit bank."""
    draft = {"name": "bank", "role": Role.CREDIT_BANK, "reads_learners": True, "lifetime_days": 30}
    row, token = await house.perform(
        create_token, **{**draft, **given}, keys=key_set(*(keys or (ED25519, P256)))
    )
    assert token is None
    return str(row.id)


def claims_of(client, client_id, **changed):
    now = int(client.house.now.timestamp())
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": URL,
        "exp": now + 60,
        "jti": f"{changed}",
        **changed,
    }
    return {name: value for name, value in claims.items() if value is not ...}


def signed(claims, key=ED25519, algorithm="EdDSA", **header):
    with warnings.catch_warnings():  # EdDSA is the older name of Ed25519
        warnings.simplefilter("ignore", SecurityWarning)
        return jwt.encode({"alg": algorithm, **header}, claims, key, algorithms=[algorithm])


async def sign_in(client, assertion, **changed):
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": TYPE,
        "client_assertion": assertion,
        **changed,
    }
    return await client.http.post("/oauth/token", data=form)


async def token_of(client, client_id, key=ED25519, algorithm="EdDSA", **changed):
    answer = await sign_in(client, signed(claims_of(client, client_id, **changed), key, algorithm))
    assert answer.status_code == 200, answer.text
    return answer.json()["access_token"]


async def asked(client, token):
    headers = {"Authorization": f"Bearer {token}"}
    return await client.http.post("/graphql", json={"query": VIEWER}, headers=headers)


@pytest.mark.parametrize(
    ("key", "algorithm", "header"),
    [(ED25519, "EdDSA", {}), (ED25519, "Ed25519", {"kid": "one"}), (P256, "ES256", {"kid": "two"})],
)
async def test_who_has_the_key_gets_a_token_for_ten_minutes(client, key, algorithm, header):
    client_id = await registered(client.house)
    answer = await sign_in(
        client,
        signed(claims_of(client, client_id), key, algorithm, **header),
        scope="read_learners",
    )
    content = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert re.fullmatch(r"cga_[A-Za-z0-9_-]{76}", content.pop("access_token"))
    assert (answer.status_code, content) == (
        200,
        {"token_type": "Bearer", "expires_in": 600, "scope": "read_learners"},
    )
    viewer = (await asked(client, answer.json()["access_token"])).json()["data"]["viewer"]
    assert viewer == {
        "name": "bank",
        "role": "CREDIT_BANK",
        "scopes": ["READ_LEARNERS"],
        "expiresAt": (client.house.now + timedelta(days=30)).isoformat(),
    }


async def test_a_token_ends_with_its_minutes_and_with_its_client(client):
    house = client.house
    client_id = await registered(house, lifetime_days=1)
    token = await token_of(client, client_id)
    house.now += timedelta(seconds=599)
    assert (await asked(client, token)).status_code == 200
    house.now += timedelta(seconds=1)
    assert (await asked(client, token)).status_code == 401
    house.now += timedelta(days=1) - timedelta(seconds=700)
    answer = await sign_in(client, signed(claims_of(client, client_id)))
    assert answer.json()["expires_in"] == 100


ENDS = {
    "revoked": lambda house, id_: house.perform(revoke_token, token_id=id_),
    "of other keys": lambda house, id_: house.perform(
        replace_keys, token_id=id_, keys=key_set(OTHER)
    ),
}


@pytest.mark.parametrize("how", ENDS)
async def test_a_token_of_a_client_that_is_revoked_or_has_other_keys_is_no_longer_good(client, how):
    house = client.house
    row, _ = await house.perform(
        create_token, name="n", role=Role.CREDIT_BANK, keys=key_set(ED25519)
    )
    token = await token_of(client, str(row.id))
    assert (await asked(client, token)).status_code == 200
    await ENDS[how](house, row.id)  # elsewhere: here it is known within a second
    house.now += timedelta(seconds=1)
    assert (await asked(client, token)).status_code == 401
    refused = await sign_in(client, signed(claims_of(client, str(row.id), jti="2")))
    assert refused.json()["error"] == "invalid_client"


REPLACE = """mutation ($id: ID!, $keys: String!, $d: String, $r: String) {
  apiTokenKeysReplace(input: {tokenId: $id, keys: $keys, document: $d, reason: $r}) {
    apiToken { keyIds } errors { ... on UserError { code } } } }"""


async def replaced(client, row, key, token):
    given = {"id": global_id("ApiToken", row.id), "keys": key_set(key), "d": "d", "r": "r"}
    client.tokens["office"] = token
    return (await client.data(REPLACE, given, role="office"))["apiTokenKeysReplace"]


async def test_the_office_gives_itself_no_other_key_and_others_theirs_at_once(client):
    """With a token it would be its own second person."""
    house, made = client.house, {}
    for role in (Role.OPERATOR, Role.CREDIT_BANK):
        made[role], _ = await house.perform(
            create_token, name="n", role=role, keys=key_set(ED25519)
        )
    office, bank = made.values()
    by_key, others = await token_of(client, str(office.id)), await token_of(client, str(bank.id))
    assert (await asked(client, others)).status_code == 200
    for token in (by_key, client.tokens["admin"]):
        answer = await replaced(client, office, P256, token)
        assert answer["errors"] == [{"code": "token.operator_by_hand"}]
    answer = await replaced(client, bank, P256, by_key)
    assert answer == {"apiToken": {"keyIds": ["two"]}, "errors": []}
    assert (await asked(client, others)).status_code == 401


SET_KEYS = {
    "of a client": "UPDATE api_tokens SET keys = :k",
    "of a token that is a secret": "UPDATE api_tokens SET keys = :k, keys_since = NULL",
    "of a secret, with a day": "UPDATE api_tokens SET keys = :k, keys_since = created_at",
}


@pytest.mark.parametrize("what", SET_KEYS)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_keys_that_somebody_writes_into_the_table_open_nothing(client, what):
    keys = key_set(ED25519) if what == "of a client" else None
    row, _ = await client.house.perform(create_token, name="n", role=Role.OPERATOR, keys=keys)
    async with client.house.sessions.begin() as session:
        await session.execute(text(SET_KEYS[what]), {"k": key_set(OTHER)})
    answer = await sign_in(client, signed(claims_of(client, str(row.id)), OTHER))
    assert answer.json()["error"] == "invalid_client"
    with pytest.raises(Rejected) as refused:
        await client.house.perform(replace_keys, token_id=row.id, keys=key_set(OTHER))
    assert [one.code for one in refused.value.problems] == ["token.ended"]


async def test_tokens_of_keys_of_before_do_not_come_back_with_them(client):
    house = client.house
    row, _ = await house.perform(create_token, name="n", role=Role.VERIFIER, keys=key_set(ED25519))
    token = await token_of(client, str(row.id))
    for key in (P256, ED25519):
        house.now += timedelta(seconds=2)
        await house.perform(replace_keys, token_id=row.id, keys=key_set(key))
    assert (await asked(client, token)).status_code == 401


async def test_a_secret_in_a_header_signs_nobody_in(client):
    client_id = await registered(client.house)
    assertion = signed(claims_of(client, client_id))
    form = {"grant_type": "client_credentials", "client_assertion": assertion}
    answer = await client.http.post("/oauth/token", data=form, auth=("a", "b"))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_keys_are_changed_without_a_gap(client):
    house = client.house
    client_id = await registered(house, P256)
    row, _ = await house.perform(create_token, name="n", role=Role.VERIFIER, keys=key_set(P256))
    both = await house.perform(replace_keys, token_id=row.id, keys=key_set(P256, ED25519))
    await token_of(client, str(both.id), P256, "ES256")
    await token_of(client, str(both.id), ED25519, "EdDSA", jti="2")
    assert (await sign_in(client, signed(claims_of(client, client_id)))).status_code == 400


async def test_a_client_that_is_edited_in_the_database_signs_nobody_in(client, caplog):
    client_id = await registered(client.house)
    token = await token_of(client, client_id)
    async with client.house.sessions.begin() as session:
        await session.execute(text("UPDATE api_tokens SET keys = :k"), {"k": key_set(OTHER)})
    assert (await asked(client, token)).status_code == 401
    for key in (ED25519, OTHER):
        answer = await sign_in(client, signed(claims_of(client, client_id, jti="2"), key))
        assert answer.status_code == 400
    said = f"token {client_id} is not as it was made: it is refused"
    assert [record.getMessage() for record in caplog.records] == [said] * 3


async def test_a_token_is_not_altered(client):
    client_id = await registered(client.house)
    token = await token_of(client, client_id)
    whole = base64.urlsafe_b64decode(token.removeprefix("cga_"))
    later = whole[:16] + (int.from_bytes(whole[16:25]) + 1).to_bytes(9) + whole[25:]
    others = [
        *(bytes([*whole[:at], whole[at] ^ 1, *whole[at + 1 :]]) for at in range(len(whole))),
        later,
        whole[:25],
        b"",
    ]
    altered = [f"cga_{base64.urlsafe_b64encode(one).decode()}" for one in others]
    altered += ["cga_", f"{token}=", f"{token[:40]} {token[40:]}", token.upper()]
    found = [(await asked(client, one)).status_code for one in altered]
    assert found == [401] * len(altered)


UNKNOWN = "The client is unknown, revoked or expired, or another signed."
JTI = "`jti` is to be a text of 1 to 128 characters."
EXP = r"`exp` is to be 1 to 300 s from now, \d+\."
CLAIMS = {
    "issued by another": ({"iss": "x"}, "`iss` and `sub` are both to be the client's id."),
    "without an issuer": ({"iss": ...}, "`iss` and `sub` are both to be the client's id."),
    "about another": ({"sub": "0" * 32}, UNKNOWN),
    "about nobody": ({"sub": "bank"}, UNKNOWN),
    "about no text": ({"sub": 1}, UNKNOWN),
    "for another": ({"aud": "https://other.cn"}, f"`aud` is to be {URL}, as one text."),
    "for several": ({"aud": [URL]}, f"`aud` is to be {URL}, as one text."),
    "for nobody": ({"aud": ...}, f"`aud` is to be {URL}, as one text."),
    "without an end": ({"exp": ...}, EXP),
    "that ended": ({"exp": 1_700_000_000}, EXP),
    "without end": ({"exp": float("inf")}, EXP),
    "with an end that is no number": ({"exp": float("nan")}, EXP),
    "with a very late end": ({"exp": 10**400}, EXP),
    "with an end in words": ({"exp": "soon"}, EXP),
    "that is true": ({"exp": True}, EXP),
    "of tomorrow": ({"nbf": 4_000_000_000}, r"`nbf` is to be an instant until now, \d+\."),
    "made tomorrow": ({"iat": 4_000_000_000}, r"`iat` is to be an instant until now, \d+\."),
    "without an id": ({"jti": ...}, JTI),
    "with an empty id": ({"jti": ""}, JTI),
    "with a number as id": ({"jti": 1}, JTI),
    "with a long id": ({"jti": "x" * 129}, JTI),
}


@pytest.mark.parametrize("what", CLAIMS)
async def test_an_assertion_is_refused_with_what_is_wrong(client, what):
    changed, said = CLAIMS[what]
    client_id = await registered(client.house)
    answer = await sign_in(client, signed(claims_of(client, client_id, **changed)))
    content = answer.json()
    assert (answer.status_code, content["error"]) == (400, "invalid_client")
    assert content["error_description"] == said or re.fullmatch(said, content["error_description"])


@pytest.mark.parametrize(("seconds", "status"), [(0, 400), (1, 200), (300, 200), (301, 400)])
async def test_an_assertion_ends_within_five_minutes(client, seconds, status):
    client_id = await registered(client.house)
    ends = int(client.house.now.timestamp()) + seconds
    answer = await sign_in(client, signed(claims_of(client, client_id, exp=ends)))
    assert answer.status_code == status


async def test_an_assertion_may_name_the_token_endpoint(client):
    client_id = await registered(client.house)
    assert await token_of(client, client_id, aud=f"{URL}/oauth/token")


def encoded(value):
    stated = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(stated).rstrip(b"=").decode()


def forged(header, claims, signature=b"\0" * 64):
    return f"{encoded(header)}.{encoded(claims)}.{encoded(signature)}"


def by_public_key(claims):
    """What whoever knows the public key signs with it as a secret."""
    start = f"{encoded({'alg': 'HS256'})}.{encoded(claims)}"
    key = key_set(ED25519).encode()
    return f"{start}.{encoded(hmac.digest(key, start.encode(), 'sha256'))}"


FORGED = {
    "by another key": lambda c: signed(c, OTHER),
    "by another key, with a kid": lambda c: signed(c, OTHER, kid="one"),
    "with a kid that nobody has": lambda c: signed(c, kid="three"),
    "with a kid of another key": lambda c: signed(c, kid="two"),
    "by nobody": lambda c: forged({"alg": "none"}, c, b""),
    "by zeros": lambda c: forged({"alg": "EdDSA"}, c),
    "by a secret that is public": by_public_key,
    "by a secret": lambda c: signed(c, OctKey.import_key("x" * 64), "HS256"),
    "with a header that nobody knows": lambda c: forged({"alg": "EdDSA", "crit": ["x"], "x": 1}, c),
    "not encoded": lambda c: forged({"alg": "EdDSA", "crit": ["b64"], "b64": False}, c),
    "with no algorithm": lambda c: forged({}, c),
    "of no claims": lambda _: forged({"alg": "EdDSA"}, b"x"),
    "of a list": lambda _: forged({"alg": "EdDSA"}, []),
    "of many lists": lambda _: forged({"alg": "EdDSA"}, b"[" * 4_000),
    "of no parts": lambda _: "x",
    "of five parts": lambda c: f"{signed(c)}.x.y",
    "with a list as header": lambda c: forged(["alg"], c),
    "with a text as header": lambda c: forged("alg", c),
    "with a list as kid": lambda c: forged({"alg": "EdDSA", "kid": ["one"]}, c),
    "in Chinese": lambda _: "证.书.x",
    "too long": lambda c: signed({**c, "x": "x" * 8_000}),
}


@pytest.mark.parametrize("how", FORGED)
async def test_what_no_key_of_the_client_signed_signs_nobody_in(client, how):
    client_id = await registered(client.house)
    answer = await sign_in(client, FORGED[how](claims_of(client, client_id)))
    assert (answer.status_code, answer.json()) == (
        400,
        {"error": "invalid_client", "error_description": UNKNOWN},
    )
    assert await client.house.count("client_assertions") == 0


async def test_a_token_that_is_a_secret_signs_nobody_in(client):
    row, _ = await client.house.perform(create_token, name="n", role=Role.VERIFIER)
    answer = await sign_in(client, signed(claims_of(client, str(row.id))))
    assert answer.json()["error_description"] == UNKNOWN


async def test_an_assertion_is_taken_once_however_many_send_it(client):
    house = client.house
    client_id, other = await registered(house), await registered(house)
    assertion = signed(claims_of(client, client_id, jti="same"))
    answers = await asyncio.gather(*(sign_in(client, assertion) for _ in range(8)))
    assert sorted(one.status_code for one in answers) == [200] + [400] * 7
    said = "This assertion was used; each is taken once. Sign another `jti`."
    assert {one.json().get("error_description") for one in answers} == {None, said}
    assert await token_of(client, other, jti="same")  # of another client


async def test_what_was_used_is_forgotten_when_it_ends(client):
    house = client.house
    client_id = await registered(house)
    await token_of(client, client_id)
    house.now += timedelta(seconds=90)
    await token_of(client, client_id, jti="2")
    assert await house.count("client_assertions") == 1


FORMS = {
    "another grant": (
        {"grant_type": "password"},
        400,
        "unsupported_grant_type",
        "grant_type is to be client_credentials.",
    ),
    "another kind of assertion": (
        {"client_assertion_type": "x"},
        400,
        "invalid_request",
        f"client_assertion_type is to be {TYPE}.",
    ),
    "a secret": (
        {"client_secret": "x"},
        400,
        "invalid_request",
        "Clients sign in by private_key_jwt: send client_assertion, and no secret.",
    ),
    "a scope it does not have": (
        {"scope": "read_learners admin"},
        400,
        "invalid_scope",
        "The client has these scopes: read_learners.",
    ),
    "another client": (
        {"client_id": "0" * 32},
        400,
        "invalid_client",
        "The client is unknown, revoked or expired, or another signed.",
    ),
    "a field twice": (
        {"scope": ["a", "b"]},
        400,
        "invalid_request",
        "A field is sent more than once.",
    ),
}


@pytest.mark.parametrize("what", FORMS)
async def test_a_request_that_asks_for_something_else_is_refused_as_the_standard_says(client, what):
    changed, status, code, said = FORMS[what]
    client_id = await registered(client.house)
    answer = await sign_in(client, signed(claims_of(client, client_id)), **changed)
    assert (answer.status_code, answer.json()) == (
        status,
        {"error": code, "error_description": said},
    )


async def test_what_is_no_form_is_refused(client):
    answers = [
        await client.http.post("/oauth/token", json={}),
        await client.http.post("/oauth/token", data={"x": "x" * 20_000}),
        await client.http.post("/oauth/token", data={"grant_type": "client_credentials"}),
        await client.http.get("/oauth/token"),
    ]
    assert [answer.status_code for answer in answers] == [400, 400, 400, 405]
    assert [answer.json()["error_description"] for answer in answers[:3]] == [
        "Send a form: Content-Type: application/x-www-form-urlencoded.",
        "The form is longer than its fields can be.",
        "client_assertion_type is missing.",
    ]


async def test_where_clients_sign_in_is_said_as_the_standard_says(client):
    answer = await client.http.get("/.well-known/oauth-authorization-server")
    assert answer.json() == {
        "issuer": URL,
        "token_endpoint": f"{URL}/oauth/token",
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["EdDSA", "Ed25519", "ES256"],
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
        "scopes_supported": ["read_learners"],
    }


async def test_who_tries_pays_for_it(client):
    async with asking(client) as (http, _):
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": TYPE,
            "client_assertion": "x",
        }
        answer = await http.post("/oauth/token", data=form)
        assert (answer.status_code, left(answer)) == (400, 200 - 1 - 10)
        for _ in range(17):
            await http.post("/oauth/token", data=form)
        answer = await http.post("/oauth/token", data=form)
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) > 0


def without(key, name):
    return {member: value for member, value in key.as_dict(private=False).items() if member != name}


PUBLIC = {**ED25519.as_dict(private=False)}
SETS = {
    "no JSON": "x",
    "a list": "[]",
    "no keys": '{"keys": []}',
    "nine keys": json.dumps({"keys": [{**PUBLIC, "kid": f"{n}"} for n in range(9)]}),
    "the same id twice": key_set(ED25519, OTHER),
    "no id": json.dumps({"keys": [without(ED25519, "kid")]}),
    "an empty id": key_set(ED25519, kid=""),
    "an id of many lines": key_set(ED25519, kid="a\nb"),
    "a long id": key_set(ED25519, kid="x" * 129),
    "a key for encryption": key_set(ED25519, use="enc"),
    "another algorithm": key_set(ED25519, alg="RS256"),
    "another curve": key_set(ECKey.generate_key("P-384", {"kid": "x"})),
    "a secret": json.dumps({"keys": [{"kty": "oct", "k": "AAAA", "kid": "x"}]}),
    "a point of small order": key_set(ED25519, x="A" * 43),
    "a short point": key_set(ED25519, x="AAAA"),
    "a point beside the curve": key_set(P256, y="A" * 43),
    "another kind": key_set(ED25519, kty="EC"),
    "a kind that is no text": key_set(ED25519, kty=1),
    "half a surrogate pair": key_set(ED25519, kid="\ud800"),
    "a key for other work": key_set(ED25519, key_ops=["encrypt"]),
    "a text": '{"keys": ["d"]}',
    "numbers": '{"keys": [1]}',
    "a list of names": '{"keys": [{"kty": "OKP", "crv": ["Ed25519"], "kid": "x", "x": "y"}]}',
    "many lists": '{"keys": ' + "[" * 5_000,
}


@pytest.mark.parametrize("what", SETS)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_keys_of_no_use_are_refused(house, what):
    with pytest.raises(Rejected) as refused:
        await house.perform(create_token, name="n", role=Role.VERIFIER, keys=SETS[what])
    (problem,) = refused.value.problems
    assert (problem.code, problem.path) == ("token.keys", ("keys",))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_private_key_is_refused_and_what_is_public_kept(house):
    private = json.dumps({"keys": [ED25519.as_dict(private=True)]})
    with pytest.raises(Rejected) as refused:
        await house.perform(create_token, name="n", role=Role.VERIFIER, keys=private)
    assert [one.code for one in refused.value.problems] == ["token.private_key"]
    row, _ = await house.perform(
        create_token, name="n", role=Role.VERIFIER, keys=key_set(ED25519, use="sig", note="mine")
    )
    assert json.loads(row.keys) == {
        "keys": [{"crv": "Ed25519", "kid": "one", "kty": "OKP", "x": PUBLIC["x"]}]
    }


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_token_that_is_a_secret_gets_no_keys(house):
    row, _ = await house.perform(create_token, name="n", role=Role.VERIFIER)
    with pytest.raises(Rejected) as refused:
        await house.perform(replace_keys, token_id=row.id, keys=key_set(ED25519))
    assert [one.code for one in refused.value.problems] == ["token.no_client"]
