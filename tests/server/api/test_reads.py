"""Reads: Relay, policies, verification, and the schema as a file."""

import base64
from pathlib import Path

import pytest

from certgraph.api.schema import schema_text
from tests.server.api.conftest import counted_statements
from tests.server.trust.test_lists import new_list, published

TOP = Path(__file__).parents[3]


def test_schema_graphql_is_the_schema_of_the_code():
    committed = (TOP / "schema.graphql").read_text(encoding="utf-8")
    assert committed == schema_text(), "run: make schema"


async def test_a_certificate_type_with_everything_below_it(client):
    data = await client.data(
        """{ certificateType(code: "CT-001") { name announcedOn batchNumber
          levels { level platformId knownWorkAreas } organizations { code kinds uscc }
          standards { code versions { version publishedOn source learningOutcomes { number }
            workAreas(level: ELEMENTARY) { code name workTasks { code name
              skillRequirements { code text } } } majors { code } } } } }"""
    )
    version = data["certificateType"]["standards"][0]["versions"][0]
    assert data["certificateType"]["name"] == "建筑信息模型（BIM）"
    assert data["certificateType"]["organizations"] == [
        {"code": "EO-001", "kinds": ["EVALUATION_ORGANIZATION"], "uscc": None}
    ]
    assert [level["level"] for level in data["certificateType"]["levels"]] == [
        "ELEMENTARY",
        "INTERMEDIATE",
    ]
    assert version["workAreas"] == [
        {
            "code": "1",
            "name": "建模",
            "workTasks": [
                {
                    "code": "1.1",
                    "name": "建墙",
                    "skillRequirements": [{"code": "1.1.1", "text": "能建墙"}],
                }
            ],
        }
    ]
    assert [o["number"] for o in version["learningOutcomes"]] == [1, 2, 3, 4, 5]


async def test_pages_follow_their_cursors_to_the_end(client):
    query = """query ($after: String) { organizations(first: 1, after: $after) {
      edges { cursor node { code } } nodes { code } pageInfo { hasNextPage endCursor } } }"""
    seen, after = [], None
    while True:
        page = (await client.data(query, {"after": after}))["organizations"]
        seen += [edge["node"]["code"] for edge in page["edges"]]
        assert page["edges"][-1]["cursor"] == page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert seen == ["EO-001", "EO-002"]


@pytest.mark.parametrize("cursor", ["x", "EO-001", base64.b64encode(b"EO-001").decode()])
async def test_cursors_cannot_be_made_up(client, cursor):
    response = await client.ask(
        "query ($after: String) { organizations(after: $after) { nodes { id } } }",
        {"after": cursor},
    )
    assert "not one of this list" in response.json()["errors"][0]["message"]


async def test_a_cursor_serves_its_own_list_and_filters_only(client):
    page = await client.data("{ organizations(first: 1) { pageInfo { endCursor } } }")
    cursor = page["organizations"]["pageInfo"]["endCursor"]
    for field in ("standards", 'organizations(nameContains: "测", ', "certificateTypes"):
        call = field if field.endswith(", ") else f"{field}("
        response = await client.ask(f'{{ {call}after: "{cursor}") {{ nodes {{ id }} }} }}')
        assert "not one of this list" in response.json()["errors"][0]["message"]


async def test_every_node_is_found_by_its_id_and_bad_ids_are_null(client):
    data = await client.data(
        """{ organization(code: "EO-001") { id keys { id } }
           certificateType(code: "CT-001") { id standards { id versions { id } } } }"""
    )
    standard = data["certificateType"]["standards"][0]
    ids = [
        data["organization"]["id"],
        data["organization"]["keys"][0]["id"],
        data["certificateType"]["id"],
        standard["id"],
        standard["versions"][0]["id"],
    ]
    bad = ["", "x", "T3JnYW5pemF0aW9uOjE=", base64.b64encode(b"Organization:" + b"0" * 32).decode()]
    found = await client.data(
        "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", {"ids": [*ids, *bad]}
    )
    assert [node and node["__typename"] for node in found["nodes"]] == [
        "Organization",
        "IssuerKey",
        "CertificateType",
        "Standard",
        "StandardVersion",
        None,
        None,
        None,
        None,
    ]
    assert [node["id"] for node in found["nodes"][:5]] == ids


CERTIFICATE = """query ($number: String!, $name: String!) {
  certificate(number: $number, holderName: $name) { id number holderName holderNameMasked state
    qrCode { version printMm } changes { state } organization { code } registrationDueOn } }"""


@pytest.mark.parametrize(
    ("role", "full"),
    [
        (None, False),
        ("verifier", False),
        ("other", False),
        ("issuer", True),
        ("admin", True),
        ("credit_bank", True),
    ],
)
async def test_who_reads_a_certificate_in_full(client, role, full):
    (row,) = await client.house.issue()
    asked = {"number": row.number, "name": "张示例"}
    found = (await client.data(CERTIFICATE, asked, role=role))["certificate"]
    assert found["holderName"] == ("张示例" if full else None)
    assert found["holderNameMasked"] == "张**"
    assert (found["qrCode"] is not None) is full
    node = await client.data(
        "query ($id: ID!) { node(id: $id) { id } }", {"id": found["id"]}, role=role
    )
    assert (node["node"] is not None) is full


async def test_a_wrong_name_answers_like_a_wrong_number(client):
    (row,) = await client.house.issue()
    for asked in (
        {"number": row.number, "name": "李四"},
        {"number": "0000-0000-0000", "name": "张示例"},
        {"number": "", "name": ""},
        {"number": "%'; --", "name": "_"},
    ):
        response = await client.ask(CERTIFICATE, asked, role="admin")
        assert response.json() == {"data": {"certificate": None}}


async def test_number_and_name_are_compared_without_width_and_spaces(client):
    (row,) = await client.house.issue(client.house.candidate(holder_name="Li Wei"))
    asked = {"number": f" {row.number.lower()} ", "name": "ＬｉWei"}
    assert (await client.data(CERTIFICATE, asked))["certificate"]["number"] == row.number


VERIFICATION = """query ($text: String!) { verification(qrText: $text) { verdict decisiveCheck
  reason title advice statusAsOf checks { check state } claims { number holderName issuerName } } }"""


async def test_the_service_verifies_as_an_employer_would(client):
    (row,) = await client.house.issue()
    response = await client.ask(VERIFICATION, {"text": "x"})
    assert response.json()["errors"][0]["extensions"]["code"] == "TRUST_DATA_MISSING"
    await new_list(client.house)
    await published(client.house)
    text = await client.house.qr_text(row)
    found = (await client.data(VERIFICATION, {"text": text}, language="zh-CN"))["verification"]
    assert (found["verdict"], found["title"]) == ("VALID", "证书有效（已联网核验）")
    assert found["claims"]["holderName"] == "张示例"
    assert {check["state"] for check in found["checks"]} == {"PASSED"}
    bad = (await client.data(VERIFICATION, {"text": text + "1"}))["verification"]
    assert (bad["verdict"], bad["claims"]) == ("NO_CERTIFICATE", None)
    pasted = f"张示例的证书：{text}&from=singlemessage"
    found = (await client.data(VERIFICATION, {"text": pasted}))["verification"]
    assert found["claims"]["holderName"] == "张示例"


async def test_lists_cost_a_fixed_number_of_statements(client):
    await client.house.issue()
    with counted_statements() as statements:
        await client.data("{ organizations { nodes { code kinds keys { kid } } } }")
    assert len(statements) == (1 if client.is_postgresql else 3)
