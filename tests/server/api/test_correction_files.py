"""Corrections from a table over HTTP: all are tried, then done; the table says what became of it."""

import csv
import io

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from certgraph.actions.parties import Role
from certgraph.certificates.reissuing.correcting import Corrector, Result
from certgraph.certificates.reissuing.reading import read_corrections
from certgraph.certificates.signing.batches import IssueStep
from certgraph.certificates.states.actions import revoke_certificate
from certgraph.identity_documents import DocumentType
from tests.server.batch_kit import xlsx
from tests.server.stages import stage

TITLES = ("证书编号", "姓名", "有效期至", "备注")
DOCUMENT = {"document_type": DocumentType.RESIDENT_ID, "document_number": "110101200001010010"}


@stage
async def certified(house):
    await house.issue(*(house.candidate(number=f"C-{n}", holder_name=f"张{n}") for n in "一二三"))


@pytest.fixture
def office(certified, client):
    return client


def table(*rows, titles=TITLES, kind="xlsx"):
    if kind == "xlsx":
        return xlsx([dict(zip(titles, row, strict=False)) for row in rows], titles)
    return "\n".join(",".join(row) for row in (titles, *rows)).encode("gbk")


async def post(office, data, *, role="issuer", language="en", **parameters):
    parameters = {"reason": "name misspelt", **parameters}
    headers = {"Accept-Language": language}
    if role:
        headers["Authorization"] = f"Bearer {office.tokens[role]}"
    return await office.http.post("/corrections", params=parameters, content=data, headers=headers)


def rows_of(response):
    if response.headers["content-type"].startswith("text/csv"):
        return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))
    return (
        CalamineWorkbook.from_filelike(io.BytesIO(response.content))
        .get_sheet_by_index(0)
        .to_python()
    )


STATES = "{ certificates { nodes { number holderName state supersedes { number state } } } }"


async def states(office):
    nodes = (await office.data(STATES, role="issuer"))["certificates"]["nodes"]
    return {node["number"]: node["state"] for node in nodes}


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
async def test_a_table_is_tried_then_corrected_and_comes_back_with_the_new_numbers(office, kind):
    data = table(("C-一", "张壹", "", "x"), ("c-二", "", "2030-01-01", "y"), kind=kind)
    tried = await post(office, data)
    assert tried.status_code == 200
    assert [row[-1] for row in rows_of(tried)] == ["result", "possible", "possible"]
    assert set((await states(office)).values()) == {"ISSUED"}
    done = await post(office, data, trial="false")
    assert done.status_code == 201
    head, first, second = rows_of(done)
    assert head[:4] == list(TITLES)
    assert head[4:] == ["Result", "What to do", "New number", "result"]
    assert first[4] == second[4] == "Corrected"
    found = await states(office)
    assert (found["C-一"], found["C-二"], found["C-三"]) == ("SUPERSEDED", "SUPERSEDED", "ISSUED")
    assert found[first[6]] == found[second[6]] == "ISSUED"
    again = await post(office, data, trial="false")  # as after a broken connection
    assert (again.status_code, rows_of(again)) == (201, rows_of(done))
    assert len(await states(office)) == 5


async def test_nothing_is_done_while_anything_is_wrong_and_each_row_says_what(office):
    await office.house.perform(revoke_certificate, number="C-三", reason="test")
    rows = [
        ("C-一", "张壹", ""),
        ("C-二", "张二", ""),
        ("C-二", "张贰", ""),
        ("C-三", "张叁", ""),
        ("NOPE", "张某", ""),
        ("", "张某", ""),
        ("C-9", "张?", "next year"),
    ]
    response = await post(office, table(*rows), trial="false", language="zh-CN")
    assert response.status_code == 422
    assert [tuple(row[4:]) for row in rows_of(response)[1:]] == [
        ("未办理", "其他行有误，全部未办理。", "", "not_done"),
        ("有误", "对证书 C-二 的更正没有任何改动，请至少填写一项新内容。", "", "refused"),
        ("有误", "证书编号：证书编号与第 3 行重复。", "", "refused"),
        ("有误", "证书 C-三 的状态为 已撤销，不能变为 已更正并被取代。", "", "refused"),
        ("有误", "未找到证书 NOPE，请检查编号。", "", "refused"),
        ("有误", "证书编号：此单元格必填。", "", "refused"),
        (
            "有误",
            "有效期至：日期无效。请按 2026-11-20、2026/11/20、20261120 或 2026年11月20日 填写。",
            "",
            "refused",
        ),
    ]
    assert "SUPERSEDED" not in (await states(office)).values()


async def test_what_another_did_meanwhile_refuses_its_row_alone(office):
    data = table(("C-一", "张壹", ""), ("C-二", "张贰", ""))
    await post(office, table(("C-一", "张乙", "")), trial="false")
    response = await post(office, data, trial="false")
    assert [row[-1] for row in rows_of(response)[1:]] == ["refused", "not_done"]
    assert (await states(office))["C-二"] == "ISSUED"


async def test_a_document_is_corrected_and_never_in_the_answer(office):
    titles = ("证书编号", "身份证号码")
    response = await post(
        office, table(("C-一", DOCUMENT["document_number"]), titles=titles), trial="false"
    )
    (row,) = rows_of(response)[1:]
    assert row[-1] == "corrected"
    wrong = await post(office, table(("C-二", "110101200001010011"), titles=titles))
    assert rows_of(wrong)[1][2:4] == [
        "Wrong",
        "The check digit of this number (GB 11643) is wrong: compare it with the document.",
    ]


@pytest.mark.parametrize(
    ("data", "parameters", "role", "status", "code"),
    [
        (table(("C-一", "x", "")), {}, None, 401, "access.token_required"),
        (table(("C-一", "x", "")), {}, "approver", 403, "access.role"),
        (table(("C-一", "x", "")), {"reason": ""}, "issuer", 422, "request.parameter_missing"),
        (table(("C-一", "x", "")), {"trial": "2"}, "issuer", 422, "request.parameter_value"),
        (table(("C-一", "x", "")), {"dryRun": "1"}, "issuer", 422, "request.parameter_unknown"),
        (table(("C-一",), titles=("证书编号", "学号")), {}, "issuer", 422, "sheet.no_header"),
        (table(("C-一", "1"), titles=("证书编号", "等级")), {}, "issuer", 422, "correction.nothing_new"),
        (table(), {}, "issuer", 422, "sheet.no_rows"),
        (table(*[("C-一", "x", "")] * 501), {}, "issuer", 422, "correction.too_many_rows"),
        (b"%PDF-1.7", {}, "issuer", 422, "sheet.unknown_kind"),
    ],
)  # fmt: skip
async def test_what_is_no_table_of_corrections_is_refused(
    office, data, parameters, role, status, code
):
    response = await post(office, data, role=role, **parameters)
    assert response.status_code == status
    assert [one["code"] for one in response.json()["errors"]] == [code]


async def test_anothers_certificates_are_like_unknown_ones(office):
    response = await post(office, table(("C-一", "张壹", "")), role="other")
    assert rows_of(response)[1][5] == "There is no certificate C-一 here. Check the number."


async def test_the_office_corrects_with_a_document_alone(office):
    data = table(("C-一", "张壹", ""))
    assert (await post(office, data, role="admin", trial="false")).status_code == 422
    done = await post(office, data, role="admin", trial="false", document="letter 1")
    assert done.status_code == 201


async def test_the_payload_of_one_correction_has_both_certificates(office):
    query = """mutation { certificateReissue(input: {idempotencyKey: "k", number: "C-一",
        holderName: "张壹", reason: "name"}) { certificate { holderName state supersedes { number } }
        superseded { number holderName state } errors { code } } }"""
    assert (await office.data(query, role="issuer"))["certificateReissue"] == {
        "certificate": {"holderName": "张壹", "state": "ISSUED", "supersedes": {"number": "C-一"}},
        "superseded": {"number": "C-一", "holderName": "张一", "state": "SUPERSEDED"},
        "errors": [],
    }


@pytest.mark.parametrize("when", [IssueStep.DRAFTS_COMMITTED, IssueStep.BATCH_SIGNED])
async def test_a_correction_that_was_killed_before_its_signature_goes_on(office, when):
    data = table(("C-一", "张壹", ""), ("C-二", "张贰", ""))
    asked, house = read_corrections(data), office.house

    class Killed(BaseException):
        pass

    def kill(step, _count):
        if step is when:
            raise Killed

    actor = await house.actor(Role.EVALUATION_ORGANIZATION, "EO-001")
    killed = Corrector(house.environment(observe=kill), actor, "names", None)
    with pytest.raises(Killed):
        await killed.correct(asked, data, is_trial=False)
    drafts = [row for row in (await states(office)).values() if row == "DRAFT"]
    assert len(drafts) == 1
    again = Corrector(house.environment(), actor, "names", None)
    results = await again.correct(asked, data, is_trial=False)
    assert {one.result for one in results.values()} == {Result.CORRECTED}
    assert sorted((await states(office)).values()) == [*["ISSUED"] * 3, *["SUPERSEDED"] * 2]


async def test_an_end_is_not_taken_away_and_merged_cells_are_named(office):
    kept = await post(office, table(("C-一", "张壹", "长期")), language="zh-CN")
    assert rows_of(kept)[1][5].startswith("有效期至：更正不能取消有效期，空白表示不变。")
    merged = await post(office, merged_table())
    assert [row[-1] for row in rows_of(merged)[1:]] == ["refused", "possible"]
    assert "merged here" in rows_of(merged)[1][4]


def merged_table():
    """Return a workbook in which one day is merged over two rows."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for column, title in enumerate(TITLES[:3]):
            sheet.write_string(0, column, title)
        for row, number in enumerate(("C-一", "C-二"), 1):
            sheet.write_string(row, 0, number)
            sheet.write_string(row, 1, f"新{number}".replace("-", ""))
        sheet.merge_range(1, 2, 2, 2, "2030-01-01")
    return out.getvalue()
