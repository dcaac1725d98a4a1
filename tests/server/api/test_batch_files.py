"""Batches over HTTP: upload, progress, faults, marked workbooks, templates; and by mutations."""

import csv
import io
import zipfile
from datetime import timedelta
from uuid import UUID

import pypdfium2
import pytest
import zxingcpp
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from certgraph.actions.parties import Role
from certgraph.actions.tables import AuditEntryRow
from certgraph.api.http import batch_files
from certgraph.api.reads.scalars import global_id
from certgraph.certificates.states.actions import revoke_certificate
from tests.server.batch_kit import Desk, person, xlsx

QR = zxingcpp.BarcodeFormat.QRCode

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Office:
    """An organization's program."""

    def __init__(self, client):
        self.client = client
        self.desk = Desk(client.house)

    def headers(self, role, language="en", **more):
        token = {"Authorization": f"Bearer {self.client.tokens[role]}"} if role else {}
        return {**token, "Accept-Language": language, **more}

    async def upload(self, file, role="issuer", **parameters):
        parameters = {"organization": "EO-001", "name": "成绩.xlsx", **parameters}
        return await self.client.http.post(
            "/batches", params=parameters, content=file, headers=self.headers(role)
        )

    async def get(self, path, role="issuer", language="en", **headers):
        return await self.client.http.get(path, headers=self.headers(role, language, **headers))

    async def change(self, name, role, id_, **given):
        query = f"""mutation ($i: {name[0].upper()}{name[1:]}Input!) {{
            {name}(input: $i) {{ errors {{ code path }} batch {{ state signedCount }} }} }}"""
        found = await self.client.data(query, {"i": {"batchId": id_, **given}}, role=role)
        return found[name]


@pytest.fixture
def office(client):
    return Office(client)


async def test_a_batch_is_uploaded_followed_approved_and_registered(office):
    uploaded = await office.upload(xlsx([person(n) for n in range(3)]), trial="false")
    assert uploaded.status_code == 201
    place, id_ = uploaded.headers["location"], uploaded.json()["id"]
    first = await office.get(place)
    assert (first.json()["state"], first.json()["checkedAt"]) == ("DRAFT", None)
    etag = first.headers["etag"]
    assert (await office.get(place, **{"If-None-Match": etag})).status_code == 304
    await office.desk.work()
    then = await office.get(place, **{"If-None-Match": etag})
    said = then.json()
    assert then.status_code == 200
    assert (said["state"], said["candidateCount"], said["problemCount"]) == ("VALIDATED", 3, 0)
    approved = await office.change(
        "certificateBatchApprove", "approver", id_, digest=said["digest"]
    )
    assert approved == {"errors": [], "batch": {"state": "APPROVED", "signedCount": 0}}
    await office.desk.work()
    assert (await office.get(place)).json()["signedCount"] == 3
    registered = await office.change("certificateBatchRegister", "issuer", id_)
    assert registered["batch"]["state"] == "REGISTERED"
    assert (await office.get(place)).json()["registeredCount"] == 3
    again = await office.change("certificateBatchRegister", "issuer", id_)
    assert again["errors"] == []


async def test_the_graph_has_batches_for_who_may_read_them(office):
    await office.upload(xlsx([person(1)]), trial="false")
    await office.desk.work()
    query = """{ certificateBatches(states: [VALIDATED]) { nodes { id fileName uploadedBy isTrial
        halted candidateCount organization { code } run { certificateCount } } } }"""
    for role, count in (("issuer", 1), ("approver", 1), ("admin", 1), ("other", 0), (None, 0)):
        nodes = (await office.client.data(query, role=role))["certificateBatches"]["nodes"]
        assert len(nodes) == count
    shown = (await office.client.data(query, role="issuer"))["certificateBatches"]["nodes"][0]
    assert shown.pop("id")
    assert shown.pop("uploadedBy").startswith("token ")
    assert shown == {
        "fileName": "成绩.xlsx",
        "isTrial": False,
        "halted": None,
        "candidateCount": 1,
        "organization": {"code": "EO-001"},
        "run": {"certificateCount": 1},
    }


async def test_faults_are_listed_in_the_callers_language_and_marked_in_a_workbook(office):
    rows = [person(1), person(2, 等级="四级", 姓名="欧阳示例", 证件号码="1.1E+17")]
    place = (await office.upload(xlsx(rows))).headers["location"]
    early = await office.get(f"{place}/problems")
    assert (early.status_code, early.headers["retry-after"]) == (503, "2")
    await office.desk.work()
    english, chinese = [
        (await office.get(f"{place}/problems", language=language)).json()
        for language in ("en", "zh-CN")
    ]
    assert english["count"] == 2
    assert english["problems"][1] == {
        "row": 3,
        "column": 6,
        "cell": "F3",
        "title": "等级",
        "shown": "四级",
        "code": "sheet.level",
        "message": "Write the level as 初级, 中级, 高级 or 1, 2, 3.",
        "rule": None,
    }
    assert chinese["problems"][1]["message"] == "等级请填写初级、中级、高级，或 1、2、3。"
    marked = await office.get(f"{place}/problems.xlsx", language="zh-CN")
    assert (marked.status_code, marked.headers["content-type"]) == (200, XLSX)
    assert marked.headers["cache-control"] == "no-store"
    book = CalamineWorkbook.from_filelike(io.BytesIO(marked.content))
    assert book.sheet_names == ["名单", "问题清单"]
    async with office.desk.house.sessions() as session:
        entry = await session.scalar(
            select(AuditEntryRow).order_by(AuditEntryRow.sequence.desc()).limit(1)
        )
    assert (entry.action, entry.subject, entry.reason, entry.acting_as) == (
        "learnersRead",
        "certificate_batches",
        "2 candidates in a file",
        Role.EVALUATION_ORGANIZATION,
    )
    halts = await office.get(place)
    assert halts.json()["state"] == "DRAFT"


async def test_once_its_drafts_are_recorded_the_file_is_no_longer_kept(office):
    place = (await office.upload(xlsx([person(1)]), trial="false")).headers["location"]
    await office.desk.work()
    found = await office.get(f"{place}/problems.xlsx")
    assert (found.status_code, found.json()["errors"][0]["code"]) == (404, "batch.no_file")
    assert (await office.get(f"{place}/problems")).json()["problems"] == []


async def test_another_organizations_batch_answers_like_an_unknown_one(office):
    place = (await office.upload(xlsx([person(1)]))).headers["location"]
    unknown = "/batches/00000000-0000-0000-0000-000000000009"
    for path in ("", "/problems", "/problems.xlsx"):
        foreign = await office.get(place + path, role="other")
        nobody = await office.get(unknown + path, role="other")
        assert foreign.status_code == nobody.status_code == 404
        assert foreign.json()["errors"][0]["code"] == "batch.not_found"
    assert (await office.get(place, role=None)).status_code == 401
    assert (await office.get(place, role="verifier")).status_code == 403
    for malformed in ("x", "Q2VydGlmaWNhdGU6MA==", global_id("Certificate", UUID(int=9))):
        refused = await office.get(f"/batches/{malformed}")
        assert refused.json()["errors"][0]["code"] == "batch.not_found"


@pytest.mark.parametrize(
    ("role", "file", "parameters", "status", "code"),
    [
        (None, b"x", {}, 401, "access.token_required"),
        ("verifier", b"x", {}, 403, "access.role"),
        ("approver", b"x", {}, 403, "access.role"),
        ("issuer", b"x", {"organization": "EO-002"}, 403, "access.other_organization"),
        ("admin", b"x", {}, 422, "access.document_required"),
        ("issuer", b"", {}, 422, "sheet.empty"),
        ("issuer", b"x", {"trial": "maybe"}, 422, "request.parameter_value"),
        ("issuer", b"x", {"colour": "red"}, 422, "request.parameter_unknown"),
        ("issuer", b"x", {"organization": ""}, 422, "request.parameter_missing"),
        ("issuer", b"x", {"name": "a\nb"}, 422, "text.character"),
        ("issuer", bytes(33 * 1024 * 1024), {}, 413, "sheet.too_large"),
    ],
)
async def test_what_is_wrong_with_an_upload_is_said_and_nothing_is_kept(
    office, role, file, parameters, status, code
):
    found = await office.upload(file, role, **parameters)
    assert (found.status_code, found.json()["errors"][0]["code"]) == (status, code)
    assert await office.client.house.count("certificate_batches") == 0


async def test_the_office_uploads_on_behalf_with_a_document_and_a_reason(office):
    given = {"document": "成绩单 2026-11-20", "reason": "on its behalf"}
    found = await office.upload(xlsx([person(1)]), "admin", **given)
    assert found.status_code == 201


async def test_a_body_in_chunks_is_stopped_at_the_limit(office, monkeypatch):
    monkeypatch.setattr(batch_files, "MAX_FILE_BYTES", 1_000)

    async def chunks():
        for _ in range(100):
            yield bytes(100)

    found = await office.client.http.post(
        "/batches?organization=EO-001", content=chunks(), headers=office.headers("issuer")
    )
    assert (found.status_code, found.json()["errors"][0]["code"]) == (
        413,
        "PAYLOAD_TOO_LARGE",
    )


async def test_a_wrong_token_is_refused_and_a_wrong_method_too(office):
    found = await office.client.http.post("/batches", headers={"Authorization": "Bearer cgt_x"})
    assert found.status_code == 401
    assert (await office.client.http.put("/batches")).status_code == 405


async def test_templates_are_public_and_name_what_is_certified(office):
    found = await office.get("/batches/template.xlsx?certificateType=CT-001&level=初级", role=None)
    assert (found.status_code, found.headers["content-type"]) == (200, XLSX)
    book = CalamineWorkbook.from_filelike(io.BytesIO(found.content))
    assert book.get_sheet_by_index(1).to_python()[0][0] == "建筑信息模型（BIM）"
    plain = await office.get("/batches/template.csv", role=None)
    assert plain.content.decode("utf-8-sig").startswith("姓名,证件类型,证件号码,")
    for query, status in (("", 422), ("?certificateType=NOPE", 404)):
        assert (await office.get(f"/batches/template.xlsx{query}")).status_code == status
    wrong = await office.get("/batches/template.xlsx?certificateType=CT-001&level=特级")
    assert wrong.status_code == 422


async def test_a_batch_is_found_by_its_global_id(office):
    id_ = (await office.upload(xlsx([person(1)]))).json()["id"]
    query = "query ($id: ID!) { node(id: $id) { ... on CertificateBatch { state problemCount } } }"
    found = await office.client.data(query, {"id": id_}, role="issuer")
    assert found == {"node": {"state": "DRAFT", "problemCount": None}}
    assert (await office.client.data(query, {"id": id_}, role="other")) == {"node": None}
    assert (await office.get(f"/batches/{id_}")).json()["id"] == id_


async def issued(office, count=3):
    """Return where a batch is, of which all is signed, and the numbers of its certificates."""
    uploaded = await office.upload(xlsx([person(n) for n in range(count)]), trial="false")
    place = uploaded.headers["location"]
    await office.desk.work()
    digest = (await office.get(place)).json()["digest"]
    approval = {"digest": digest}
    await office.change("certificateBatchApprove", "approver", uploaded.json()["id"], **approval)
    await office.desk.work()
    query = "{ certificates(states: [ISSUED]) { nodes { number } } }"
    found = await office.client.data(query, role="issuer")
    return place, [node["number"] for node in found["certificates"]["nodes"]]


def codes_on(pdf):
    with pypdfium2.PdfDocument(pdf) as document:
        pages = [page.render(scale=2).to_pil() for page in document]
    return [code.text for page in pages for code in zxingcpp.read_barcodes(page, formats=QR)]


async def test_a_batch_is_printed_as_one_pdf_or_an_archive(office):
    place, numbers = await issued(office)
    one = await office.get(f"{place}/certificates.pdf")
    assert (one.status_code, one.headers["content-type"]) == (200, "application/pdf")
    assert one.headers["cache-control"] == "no-store"
    texts = codes_on(one.content)
    assert len(set(texts)) == 3
    several = await office.get(f"{place}/certificates.zip", role="approver")
    with zipfile.ZipFile(io.BytesIO(several.content)) as archive:
        assert sorted(archive.namelist()) == sorted(f"{number}.pdf" for number in numbers)
        again = [codes_on(archive.read(name))[0] for name in archive.namelist()]
    assert sorted(again) == sorted(texts)


async def test_some_certificates_are_printed_by_their_numbers(office):
    _, numbers = await issued(office)
    path = "/certificates.pdf?" + "&".join(f"number={number}" for number in numbers[:2])
    assert len(codes_on((await office.get(path)).content)) == 2
    for role, status in (("other", 404), ("verifier", 403), (None, 401)):
        refused = await office.get(path, role=role)
        assert refused.status_code == status
    unknown = await office.get(f"{path}&number=NOPE")
    assert [one["code"] for one in unknown.json()["errors"]] == ["certificate.not_found"]
    assert (await office.get("/certificates.pdf")).json()["errors"][0]["code"] == "print.no_number"
    many = "/certificates.pdf?" + "&".join(["number=x"] * 501)
    assert (await office.get(many)).json()["errors"][0]["code"] == "print.too_many"


async def test_nothing_is_printed_before_it_is_issued_or_once_it_is_revoked(office):
    uploaded = await office.upload(xlsx([person(9)]), trial="false")
    for kind in ("pdf", "zip"):
        early = await office.get(f"{uploaded.headers['location']}/certificates.{kind}")
        assert (early.status_code, early.json()["errors"][0]["code"]) == (409, "batch.not_issued")
    await office.desk.work()
    place, numbers = await issued(office)
    await office.client.house.perform(revoke_certificate, number=numbers[0], reason="test")
    assert len(codes_on((await office.get(f"{place}/certificates.pdf")).content)) == 2
    path = f"/certificates.pdf?number={numbers[0]}"
    refused = await office.get(path, language="zh-CN")
    assert refused.json()["errors"][0]["message"] == f"证书 {numbers[0]} 已撤销，不予打印。"
    several = await office.get(f"{place}/certificates.zip")
    with zipfile.ZipFile(io.BytesIO(several.content)) as archive:
        assert f"{numbers[0]}.pdf" not in archive.namelist()
        assert len(archive.namelist()) == 2


async def test_the_holders_of_a_batch_get_links_from_one_table(office):
    place, numbers = await issued(office)
    await office.client.house.perform(revoke_certificate, number=numbers[0], reason="test")
    path = f"{place}/holder-links.csv"

    async def post(role, **parameters):
        headers = office.headers(role)
        return await office.client.http.post(path, params=parameters, headers=headers)

    made = await post("issuer", days=7)
    assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
    head, *rows = list(csv.reader(io.StringIO(made.content.decode("utf-8-sig"))))
    assert head == ["证书编号", "姓名", "链接", "有效至"]
    assert sorted(row[0] for row in rows) == sorted(numbers[1:])
    assert {row[3] for row in rows} == {"2026-11-30 12:00"}
    links = {row[0]: row[2].removeprefix("https://verify.example.cn") for row in rows}
    assert len(set(links.values())) == 2
    for link in links.values():
        assert (await office.client.http.get(link)).status_code == 200
    await post("issuer")  # new ones end those before
    assert (await office.client.http.get(links[numbers[1]])).status_code == 409
    for role, status in (("other", 404), ("approver", 403), ("admin", 403), (None, 401)):
        assert (await post(role)).status_code == status
    for days in ("0", "91", "x", "9" * 5000, "00000000003099999", "-7"):
        refused = await post("issuer", days=days)
        assert [one["code"] for one in refused.json()["errors"]] == ["holder.days"]


async def test_batches_are_listed_newest_first_each_to_its_own(office):
    places = []
    for n in range(3):
        office.client.house.now += timedelta(minutes=1)
        uploaded = await office.upload(xlsx([person(n)]), name=f"{n}.xlsx")
        places.append(uploaded.json()["batch"])
    listed = (await office.get("/batches", role="approver")).json()["batches"]
    assert [one["batch"] for one in listed] == places[::-1]
    assert [one["fileName"] for one in listed] == ["2.xlsx", "1.xlsx", "0.xlsx"]
    first = (await office.get("/batches?first=1", role="admin")).json()["batches"]
    assert [one["batch"] for one in first] == places[-1:]
    assert (await office.get("/batches", role="other")).json() == {"batches": []}
    for role, status in (("verifier", 403), (None, 401)):
        assert (await office.get("/batches", role=role)).status_code == status
    for wrong in ("0", "201", "x", "9" * 5000):
        refused = await office.get(f"/batches?first={wrong}")
        assert [one["code"] for one in refused.json()["errors"]] == ["request.parameter_value"]
