"""Mutations: everything refused is data with its rule, nothing is done twice or by strangers."""

import asyncio

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ISSUE = """mutation ($input: CertificateIssueInput!) { certificateIssue(input: $input) {
  certificate { number state holderName qrCode { text } } run { id toSign { certificateId message } }
  errors { __typename ... on UserError { code message path rule { id sentence source } } } } }"""


def issue_input(**changes):
    candidate = {
        "holderName": "张示例",
        "standardCode": "STD-1",
        "standardVersion": "2020",
        "level": "ELEMENTARY",
        "issuedOn": "2026-11-02",
        **changes,
    }
    return {
        "input": {
            "idempotencyKey": "key 1",
            "organizationCode": "EO-001",
            "candidate": candidate,
        }
    }


async def test_issues_once_however_often_the_request_is_sent(client):
    answers = await asyncio.gather(
        *(client.data(ISSUE, issue_input(), role="issuer") for _ in range(8))
    )
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["certificateIssue"]["errors"] == []
    assert answers[0]["certificateIssue"]["certificate"]["state"] == "ISSUED"
    assert await client.house.count("certificates") == 1


async def test_names_every_problem_with_its_place_and_records_nothing(client):
    changes = {"holderName": "", "level": "ADVANCED", "issuedOn": "2026-12-24"}
    data = await client.data(ISSUE, issue_input(**changes), role="issuer")
    errors = data["certificateIssue"]["errors"]
    assert data["certificateIssue"]["certificate"] is None
    assert [(e["__typename"], e["code"], e["path"]) for e in errors] == [
        ("ConflictError", "issue.not_entitled", ["candidate", "level"]),
        ("InvalidInputError", "issue.in_the_future", ["candidate", "issuedOn"]),
        ("InvalidInputError", "text.length", ["candidate", "holderName"]),
    ]
    assert [error["rule"] for error in errors] == [
        None
    ] * 3  # limits of ours and of the entitlement
    assert await client.house.count("certificates") == 0


async def test_messages_come_in_the_readers_language(client):
    data = await client.data(ISSUE, issue_input(), role=None, language="zh-CN,zh;q=0.9")
    (error,) = data["certificateIssue"]["errors"]
    assert error["message"] == (
        "此操作需要令牌（请求头 Authorization: Bearer cgt_…），或在 /account 登录后办理。"
    )


@pytest.mark.parametrize(
    ("role", "code"),
    [
        (None, "access.token_required"),
        ("verifier", "access.role"),
        ("credit_bank", "access.role"),
        ("other", "access.other_organization"),
    ],
)
async def test_only_the_organization_or_the_admin_issues(client, role, code):
    data = await client.data(ISSUE, issue_input(), role=role)
    (error,) = data["certificateIssue"]["errors"]
    assert (error["__typename"], error["code"]) == ("ForbiddenError", code)
    assert await client.house.count("certificates") == 0


async def test_many_are_issued_in_one_call_all_or_none(client):
    query = """mutation ($input: CertificateIssueManyInput!) { certificateIssueMany(input: $input) {
      run { certificates { holderName } toSign { message } }
      errors { ... on UserError { code path } } } }"""
    candidates = [issue_input(holderName=n)["input"]["candidate"] for n in ("甲", "乙", "")]
    asked = {"idempotencyKey": "k", "organizationCode": "EO-001", "candidates": candidates}
    asked |= {"document": "一封公函", "reason": "x"}
    data = (await client.data(query, {"input": asked}, role="admin"))["certificateIssueMany"]
    assert data["errors"] == [{"code": "text.length", "path": ["candidates", "2", "holderName"]}]
    asked["candidates"] = candidates[:2]
    data = (await client.data(query, {"input": asked}, role="admin"))["certificateIssueMany"]
    assert [c["holderName"] for c in data["run"]["certificates"]] == ["甲", "乙"]
    asked["candidates"] = candidates[:1] * 201
    asked["idempotencyKey"] = "k2"
    data = (await client.data(query, {"input": asked}, role="admin"))["certificateIssueMany"]
    assert data["errors"] == [{"code": "issue.candidate_count", "path": ["candidates"]}]


CHANGE = """mutation ($number: String!, $reason: String!) {{
  {name}(input: {{number: $number, reason: $reason, document: "x"}}) {{ certificate {{ state }}
    errors {{ ... on UserError {{ code message }} }} }} }}"""


async def test_a_certificate_goes_through_its_states(client):
    (row,) = await client.house.issue()

    async def do(name, role="issuer"):
        query = CHANGE.format(name=name)
        data = await client.data(query, {"number": row.number, "reason": "x"}, role=role)
        return data[name]

    register = """mutation ($n: String!) { certificateRegister(input: {number: $n}) {
      certificate { state } } }"""
    data = await client.data(register, {"n": row.number}, role="issuer")
    assert data["certificateRegister"]["certificate"]["state"] == "REGISTERED"
    assert (await do("certificateSuspend"))["certificate"]["state"] == "SUSPENDED"
    assert (await do("certificateSuspensionLift"))["certificate"]["state"] == "REGISTERED"
    foreign = await do("certificateRevoke", role="other")
    assert foreign["errors"][0]["code"] == "certificate.not_found"
    assert (await do("certificateRevoke", role="admin"))["certificate"]["state"] == "REVOKED"
    refused = await do("certificateSuspend")
    assert refused["certificate"] == {"state": "REVOKED"}  # as it is, so that a cache is right
    assert (await do("certificateSuspend", role="other"))["certificate"] is None
    assert refused["errors"] == [
        {
            "code": "certificate.transition_refused",
            "message": f"Certificate {row.number} is revoked; it cannot become suspended.",
        }
    ]


async def test_who_acts_on_behalf_names_the_document_and_the_reason(client):
    (row,) = await client.house.issue()
    query = """mutation ($input: CertificateRegisterInput!) { certificateRegister(input: $input) {
      certificate { state } errors { __typename code path } } }"""
    given = {"number": row.number}
    data = await client.data(query, {"input": given}, role="admin")
    assert data["certificateRegister"] == {
        "certificate": {"state": "ISSUED"},
        "errors": [
            {
                "__typename": "InvalidInputError",
                "code": f"access.{name}_required",
                "path": [name],
            }
            for name in ("document", "reason")
        ],
    }
    given |= {"document": "一封公函", "reason": "x"}
    data = await client.data(query, {"input": given}, role="admin")
    assert data["certificateRegister"] == {"certificate": {"state": "REGISTERED"}, "errors": []}


async def test_a_correction_is_a_new_certificate(client):
    (row,) = await client.house.issue()
    query = """mutation ($input: CertificateReissueInput!) { certificateReissue(input: $input) {
      certificate { number holderName state } errors { ... on UserError { code } } } }"""
    asked = {"idempotencyKey": "c", "number": row.number, "reason": "name", "holderName": "章示例"}
    data = await client.data(query, {"input": asked}, role="issuer")
    new = data["certificateReissue"]["certificate"]
    assert (new["holderName"], new["state"]) == ("章示例", "ISSUED")
    lookup = """query ($n: String!) { certificate(number: $n, holderName: "张示例") {
      state supersededBy { number } } }"""
    old = (await client.data(lookup, {"n": row.number}, role="admin"))["certificate"]
    assert old == {"state": "SUPERSEDED", "supersededBy": {"number": new["number"]}}


async def test_the_whole_way_of_an_organization_that_holds_its_key(client):
    # the admin registers a new organization, which signs its agreement and becomes active
    admin = {"role": "admin"}
    register = """mutation ($input: OrganizationRegisterInput!) { organizationRegister(input: $input)
      { organization { code state } errors { ... on UserError { code path } } } }"""
    asked = {
        "idempotencyKey": "o",
        "code": "EO-100",
        "name": "新组织",
        "kinds": ["EVALUATION_ORGANIZATION"],
        "uscc": "91110105MA0000000Y",
        "document": "x",
        "reason": "x",
    }
    for _ in range(2):
        data = await client.data(register, {"input": asked}, **admin)
        assert data["organizationRegister"]["organization"] == {
            "code": "EO-100",
            "state": "SELECTED",
        }
    state = """mutation ($state: OrganizationState!) { organizationStateChange(input: {
      organizationCode: "EO-100", state: $state, since: "2026-11-23", reason: "x", document: "x" })
      { organization { state } errors { ... on UserError { code rule { id } } } } }"""
    data = await client.data(state, {"state": "ACTIVE"}, **admin)
    assert data["organizationStateChange"]["errors"] == [
        {"code": "organization.agreement_missing", "rule": {"id": "R46"}}
    ]
    for name in ("AGREED", "ACTIVE"):
        await client.data(state, {"state": name}, **admin)
    # a certificate type of its own, with a standard
    steps = """mutation {{ {name}(input: {{ idempotencyKey: "k", document: "x", reason: "x",
      {fields} }}) {{ errors {{ ... on UserError {{ code message path }} }} }} }}"""
    for name, fields in (
        (
            "certificateTypeAnnounce",
            'code: "CT-100", name: "新证书", levels: [ELEMENTARY], announcedOn: "2026-11-01", '
            'organizationCodes: ["EO-100"]',
        ),
        ("standardRegister", 'code: "STD-100", name: "新标准", certificateTypeCode: "CT-100"'),
        (
            "standardVersionPublish",
            'standardCode: "STD-100", version: "1", publishedOn: "2026-11-20", source: "x", '
            'content: [{level: ELEMENTARY, code: "1", text: "某"}], '
            'outcomes: [{level: ELEMENTARY, number: 1, name: "某"}]',
        ),
    ):
        key = f"k {name}"
        query = steps.format(name=name, fields=fields).replace('"k"', f'"{key}"')
        assert (await client.data(query, **admin))[name]["errors"] == []
    grant = """mutation { entitlementGrant(input: { idempotencyKey: "grant 1",
      organizationCode: "EO-100", certificateTypeCode: "CT-100", levels: [ELEMENTARY],
      firstOn: "2026-11-23", document: "x", reason: "x" })
      { errors { ... on UserError { code } } } }"""
    assert (await client.data(grant, **admin))["entitlementGrant"]["errors"] == []
    assert (await client.data(grant, **admin))["entitlementGrant"]["errors"] == []
    other = grant.replace("grant 1", "grant 2")
    again = (await client.data(other, **admin))["entitlementGrant"]["errors"]
    assert again == [{"code": "entitlement.overlaps"}]
    # its token, and the key it holds
    token = """mutation { apiTokenCreate(input: { idempotencyKey: "token 1", name: "t", document: "d", reason: "r",
      role: EVALUATION_ORGANIZATION, organizationCode: "EO-100" })
      { token apiToken { id } errors { ... on UserError { code } } } }"""
    made = (await client.data(token, **admin))["apiTokenCreate"]
    client.tokens["new"] = made["token"]
    repeated = (await client.data(token, **admin))["apiTokenCreate"]
    assert repeated == {**made, "token": None}  # one token, shown once
    held = Ed25519PrivateKey.from_private_bytes(b"n" * 32)
    public_key = held.public_key().public_bytes_raw().hex()
    challenge = await client.data(
        'query ($k: String!) { issuerKeyChallenge(organizationCode: "EO-100", publicKey: $k) }',
        {"k": public_key},
    )
    proof = held.sign(bytes.fromhex(challenge["issuerKeyChallenge"])).hex()
    key = """mutation ($k: String!, $p: String!) { issuerKeyRegister(input: { idempotencyKey: "k",
      organizationCode: "EO-100", publicKey: $k, proof: $p, firstOn: "2026-11-23" })
      { issuerKey { kid custody } errors { ... on UserError { code } } } }"""
    data = await client.data(key, {"k": public_key, "p": proof}, role="new")
    assert data["issuerKeyRegister"]["issuerKey"]["custody"] == "ORGANIZATION"
    # it asks for a certificate, signs the bytes it is given, and hands the signature back
    candidate = issue_input(standardCode="STD-100", standardVersion="1", issuedOn="2026-11-23")[
        "input"
    ]["candidate"]
    asked = {"idempotencyKey": "r", "organizationCode": "EO-100", "candidate": candidate}
    data = (await client.data(ISSUE, {"input": asked}, role="new"))["certificateIssue"]
    assert data["certificate"]["state"] == "DRAFT"
    (waiting,) = data["run"]["toSign"]
    submit = """mutation ($run: ID!, $id: ID!, $s: String!) { certificateSignaturesSubmit(input: {
      runId: $run, signatures: [{ certificateId: $id, signature: $s }] })
      { run { certificates { state } toSign { message } }
        errors { ... on UserError { code path } } } }"""
    wrong = {"run": data["run"]["id"], "id": waiting["certificateId"], "s": "00"}
    refused = await client.data(submit, wrong, role="new")
    assert refused["certificateSignaturesSubmit"]["errors"] == [
        {"code": "certificate.signature_wrong", "path": ["signatures", "0"]}
    ]
    right = {**wrong, "s": held.sign(bytes.fromhex(waiting["message"])).hex()}
    foreign = await client.data(submit, right, role="other")
    assert foreign["certificateSignaturesSubmit"]["errors"][0]["code"] == "issue_run.not_found"
    done = (await client.data(submit, right, role="new"))["certificateSignaturesSubmit"]
    assert done["run"] == {"certificates": [{"state": "ISSUED"}], "toSign": []}
    # the token is revoked, and no longer one
    revoke = """mutation ($id: ID!) { apiTokenRevoke(input: {tokenId: $id}) {
      apiToken { revokedAt } } }"""
    data = await client.data(revoke, {"id": made["apiToken"]["id"]}, **admin)
    assert data["apiTokenRevoke"]["apiToken"]["revokedAt"] is not None
    assert (await client.ask("{ __typename }", role="new")).status_code == 401


ADMIN_ONLY = [
    'organizationRegister(input: {idempotencyKey: "k", code: "X", name: "X", kinds: [EMPLOYER], '
    'document: "x", reason: "x"})',
    'organizationStateChange(input: {organizationCode: "EO-001", state: EXITED, '
    'since: "2026-11-23", document: "x", reason: "x"})',
    'entitlementGrant(input: {idempotencyKey: "k", organizationCode: "EO-001", '
    'certificateTypeCode: "CT-001", levels: [ELEMENTARY], firstOn: "2010-01-01", '
    'lastOn: "2010-01-02", document: "x", reason: "x"})',
    'entitlementEnd(input: {organizationCode: "EO-001", certificateTypeCode: "CT-001", '
    'levels: [ELEMENTARY], lastOn: "2026-11-23", document: "x", reason: "x"})',
    'issuerKeyCreate(input: {idempotencyKey: "k", organizationCode: "EO-001", '
    'firstOn: "2026-11-23"})',
    'certificateTypeAnnounce(input: {idempotencyKey: "k", code: "X", name: "X", '
    'levels: [ADVANCED], announcedOn: "2026-11-23", organizationCodes: ["EO-001"], '
    'document: "x", reason: "x"})',
    'standardRegister(input: {idempotencyKey: "k", code: "X", name: "X", '
    'certificateTypeCode: "CT-001", document: "x", reason: "x"})',
    'standardVersionPublish(input: {idempotencyKey: "k", standardCode: "STD-1", version: "9", '
    'publishedOn: "2026-11-23", source: "x", document: "x", reason: "x"})',
    'apiTokenCreate(input: {idempotencyKey: "k", name: "x", role: VERIFIER, document: "d", '
    'reason: "r"})',
]


async def test_parallel_requests_with_one_key_make_one_token_that_works(client):
    query = """mutation { apiTokenCreate(input: {
      idempotencyKey: "k", name: "t", role: VERIFIER, document: "d", reason: "r"}) {
      token apiToken { id } errors { __typename } } }"""
    answers = await asyncio.gather(*(client.data(query, role="admin") for _ in range(20)))
    made = [answer["apiTokenCreate"] for answer in answers]
    (token,) = [one["token"] for one in made if one["token"] is not None]
    assert len({one["apiToken"]["id"] for one in made if not one["errors"]}) == 1
    assert all(one["errors"] in ([], [{"__typename": "ConflictError"}]) for one in made)
    client.tokens["made"] = token
    await client.data("{ __typename }", role="made")


@pytest.mark.parametrize("call", ADMIN_ONLY, ids=lambda call: call.partition("(")[0])
async def test_the_programmes_own_mutations_are_its_offices_alone(client, call):
    name = call.partition("(")[0]
    query = f"mutation {{ {call} {{ errors {{ ... on UserError {{ code }} }} }} }}"
    before = [await client.house.count(t) for t in ("organizations", "standards", "api_tokens")]
    for role in (None, "issuer", "other", "verifier", "credit_bank"):
        codes = [e["code"] for e in (await client.data(query, role=role))[name]["errors"]]
        assert codes == ["access.role" if role else "access.token_required"]
    after = [await client.house.count(t) for t in ("organizations", "standards", "api_tokens")]
    assert after == before
    assert (await client.data(query, role="admin"))[name]["errors"] == []


async def test_a_key_is_retired_and_declared_compromised_by_its_own_organization(client):
    data = await client.data('{ organization(code: "EO-001") { keys { kid } } }')
    kid = data["organization"]["keys"][0]["kid"]
    for name, field, value in (
        ("issuerKeyRetire", "lastOn", "2026-11-22"),
        ("issuerKeyDeclareCompromised", "since", "2026-11-20"),
    ):
        query = f"""mutation {{ {name}(input: {{ kid: "{kid}", {field}: "{value}" }})
          {{ issuerKey {{ lastOn compromisedOn }} errors {{ ... on UserError {{ code }} }} }} }}"""
        foreign = (await client.data(query, role="other"))[name]
        assert foreign["errors"] == [{"code": "key.not_found"}]
        own = (await client.data(query, role="issuer"))[name]
        assert own["errors"] == []
        bad = query.replace(kid, "zz")
        assert (await client.data(bad, role="issuer"))[name]["errors"] == [
            {"code": "input.malformed"}
        ]
    assert own["issuerKey"] == {"lastOn": "2026-11-22", "compromisedOn": "2026-11-20"}


async def test_defects_are_masked_and_logged_without_the_document(client, caplog):
    from sqlalchemy import text

    async with client.house.sessions.begin() as session:
        await session.execute(text("DROP TABLE known_work_areas"))
    query = '{ certificateType(code: "CT-001") { levels { knownWorkAreas } } }'
    response = await client.ask(query)
    assert response.json()["errors"][0]["message"] == (
        "Something failed here. It is logged; try again later."
    )
    assert "known_work_areas" not in response.text
    assert "defect at" in caplog.text
    assert query not in caplog.text
