"""Checks of many certificates over HTTP: QR texts, numbers with names, CSV and XLSX."""

import csv
import hashlib
import io
import tempfile
from datetime import UTC, date, datetime

import pytest
from PIL import Image
from python_calamine import CalamineWorkbook

from certgraph.actions.parties import Role
from certgraph.certificates.checks import asking
from certgraph.certificates.qr_image import draw_qr
from certgraph.certificates.states.actions import register_certificate, revoke_certificate
from certgraph.organizations.rules import OrganizationState
from certgraph.organizations.tokens import create_token
from certgraph.scanning import apart
from certgraph.scanning.apart import kind_of
from certgraph.supervision.organization_states import change_issuer_state
from tests.server.batch_kit import xlsx
from tests.server.trust.test_lists import new_list, published


@pytest.fixture
async def issued(client):
    """Three certificates of which the second is revoked; all published."""
    house = client.house
    rows = await house.issue(*(house.candidate(holder_name=f"张{n}") for n in range(3)))
    for row in rows:
        await house.perform(register_certificate, number=row.number)
    await house.perform(revoke_certificate, number=rows[1].number, reason="test")
    await new_list(house)
    await published(house)
    return rows


async def check(client, body, role="verifier", language="en", **headers):
    token = {"Authorization": f"Bearer {client.tokens[role]}"} if role else {}
    given = {**token, "Accept-Language": language, **headers}
    return await client.http.post("/checks", content=body, headers=given)


def rows_of(answer):
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


async def test_numbers_and_names_get_their_verdicts_behind_them(client, issued):
    numbers = [row.number for row in issued]
    lines = [
        "备注,证书编号,姓名",
        f"a,{numbers[0]},张0",
        f"b,{numbers[1].lower()},张1",
        f"c,{numbers[2].replace('-', '')},张2",
        f"d,{numbers[0]},李四",
        "e,NOPE,张0",
        "=1+1,,",
    ]
    answer = await check(client, "\n".join(lines).encode("gbk"))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    head, *rows = rows_of(answer)
    assert head[:5] == ["备注", "证书编号", "姓名", "Result", "Advice"]
    assert [row[-1] for row in rows] == [
        "valid",
        "revoked",
        "valid",
        "not_found",
        "not_found",
        "nothing_asked",
    ]
    assert rows[0][5:7] == [numbers[0], "张0"]
    assert rows[3][5:7] == ["", ""]
    assert rows[5][0] == "'=1+1"


async def test_qr_texts_are_checked_wherever_they_are_in_a_row(client, issued):
    texts = [await client.house.qr_text(row) for row in issued]
    forged = texts[0][:-9] + "123456789"
    rows = [{"姓名": "x", "准考证号": f"证书：{text}"} for text in (*texts, forged)]
    answer = await check(client, xlsx(rows), language="zh-CN")
    assert answer.headers["content-type"].endswith("spreadsheetml.sheet")
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    head, *found = book.get_sheet_by_index(0).to_python()
    assert head[8:10] == ["核验结果", "说明"]
    assert [row[-1] for row in found] == ["valid", "revoked", "valid", "invalid"]
    assert [row[8] for row in found][:2] == ["证书有效（已联网核验）", "证书已被撤销"]


async def test_a_list_of_qr_texts_needs_no_header(client, issued):
    texts = [await client.house.qr_text(row) for row in issued]
    head, *rows = rows_of(await check(client, "\n".join(texts).encode()))
    assert head == ["", "Result", "Advice", *head[3:]]
    assert [row[-1] for row in rows] == ["valid", "revoked", "valid"]


@pytest.mark.parametrize(
    ("role", "body", "status", "code"),
    [
        (None, b"x", 401, "access.token_required"),
        ("issuer", b"x", 403, "access.role"),
        ("verifier", b"", 422, "sheet.empty"),
        ("verifier", b"{\\rtf1}", 422, "sheet.unknown_kind"),
        ("verifier", "姓名,等级\n张,1\n".encode(), 422, "check.nothing_asked"),
        ("verifier", bytes(17 * 1024 * 1024), 413, "sheet.too_large"),
    ],
)
async def test_what_cannot_be_checked_is_refused(client, role, body, status, code):
    answer = await check(client, body, role)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code)


async def test_too_many_rows_and_no_trust_data_are_refused(client, monkeypatch):
    body = "证书编号,姓名\nA,张\nB,李\n".encode()
    assert (await check(client, body)).status_code == 503
    monkeypatch.setattr(asking, "MAX_ROWS", 1)
    assert (await check(client, body)).json()["errors"][0]["code"] == "check.too_many_rows"


async def test_a_form_is_refused_with_how_to_send_the_file(client):
    answer = await check(client, b"--x", **{"Content-Type": "multipart/form-data; boundary=x"})
    assert answer.json()["errors"][0]["code"] == "sheet.not_a_file"


async def test_a_receipt_says_as_of_when_and_nothing_of_whom(client, issued):
    lines = [
        "证书编号,姓名",
        *(f"{row.number},{row.holder_name}" for row in issued),
        "NOPE,张0",
    ]
    answer = await check(client, "\n".join(lines).encode())
    head, *rows = rows_of(answer)
    assert head[-3:] == ["Receipt", "reason", "verdict"]
    (code,) = {row[-3] for row in rows}
    assert answer.headers["receipt"] == f"https://verify.example.cn/checks/{code}"
    found = (await client.http.get(f"/checks/{code.lower().replace('0', 'o')}")).json()
    assert found == {
        "code": code,
        "checkedAt": "2026-11-23T04:00:00+00:00",
        "trustListSequence": 1,
        "rowCount": 4,
        "verdicts": {"not_found": 1, "revoked": 1, "valid": 2},
        "sha256": hashlib.sha256(answer.content).hexdigest(),
    }
    page = await client.http.get(f"/checks/{code}?lang=zh", headers={"Accept": "text/html"})
    assert page.status_code == 200
    for said in (code, "2026-11-23 12:00", "第 1 版", "<dt>已撤销</dt><dd>1</dd>", found["sha256"]):
        assert said in page.text
    assert issued[0].number not in page.text
    again = await check(client, "\n".join(lines).encode())
    assert again.headers["receipt"] != answer.headers["receipt"]  # each check has its own
    query = "{ auditEntries(first: 3) { nodes { action actingAs reason } } }"
    first, second, before = (await client.data(query, role="admin"))["auditEntries"]["nodes"]
    entry = {"action": "certificatesChecked", "actingAs": "VERIFIER"}
    assert first == second == {**entry, "reason": "4 rows in a table"}
    assert before["action"] != "certificatesChecked"


@pytest.mark.parametrize("code", ["7K4M-0000-0000-0000", "x", "%00", "x" * 300])
async def test_there_is_no_receipt_of_what_was_not_checked(client, code):
    answer = await client.http.get(f"/checks/{code}")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, "check.no_receipt")
    page = await client.http.get(f"/checks/{code}?lang=zh", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert "没有该编号的回执" in page.text


def scan_of(*texts, kind="PDF"):
    """Return a scan with a page for each text; None: a blank page."""
    pages = []
    for text in texts:
        page = Image.new("RGB", (1240, 1754), "white")
        if text:
            page.paste(Image.open(io.BytesIO(draw_qr(text).png)).resize((500, 500)), (100, 100))
        pages.append(page)
    out = io.BytesIO()
    more = (
        {}
        if kind in ("PNG", "JPEG")
        else {"save_all": True, "append_images": pages[1:], "compression": "tiff_deflate"}
    )
    pages[0].save(out, kind, **more)
    return out.getvalue()


NO_CODE = (
    "No certificate code found – Capture the whole code, sharp and well lit; scan at 300 dpi; or "
    "look it up by number and name."
)


@pytest.mark.parametrize("kind", ["PDF", "TIFF"])
async def test_the_pages_of_a_scan_are_checked(client, issued, kind):
    texts = [await client.house.qr_text(row) for row in issued[:2]]
    answer = await check(client, scan_of(texts[0], None, texts[1], kind=kind))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    head, *rows = rows_of(answer)
    assert head[:4] == ["Page", "Remark", "Result", "Advice"]
    assert [(row[0], row[1], row[-1]) for row in rows] == [
        ("1", "", "valid"),
        ("2", NO_CODE, "unreadable"),
        ("3", "", "revoked"),
    ]
    assert rows[0][4:6] == [issued[0].number, "张0"]
    receipt = (await client.http.get(f"/checks/{rows[0][-3]}")).json()
    assert receipt["verdicts"] == {"revoked": 1, "unreadable": 1, "valid": 1}


@pytest.mark.parametrize(
    ("data", "remark"),
    [
        (b"%PDF-1.7 and nothing more", "文件已损坏，或与扩展名不符。"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "不是可读取的图片、PDF 或文本。"),
        (
            scan_of(None, kind="PNG"),
            "未发现证书二维码 – 请完整拍入二维码，保持清晰、光线充足；扫描请用 300 dpi；或按证书编号和姓名查询。",
        ),
    ],
    ids=["damaged", "no picture", "blank"],
)
async def test_a_scan_that_cannot_be_read_says_why(client, issued, data, remark):
    answer = await check(client, data, language="zh-CN")
    ((page, said, title, *_, word),) = rows_of(answer)[1:]
    assert (page, said, title, word) == ("1", remark, "未能读取", "unreadable")


async def test_a_row_with_two_codes_is_answered_by_none_of_them(client, issued):
    """A good one does not cover a bad one beside it."""
    texts = [await client.house.qr_text(row) for row in issued[:2]]
    rows = [
        {"姓名": texts[0], "准考证号": texts[1]},
        {"姓名": f"{texts[0]} {texts[1]}"},
        {"姓名": texts[0], "准考证号": texts[0]},
    ]
    answer = await check(client, xlsx(rows))
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    words = [row[-1] for row in book.get_sheet_by_index(0).to_python()[1:]]
    assert words == ["several_codes", "several_codes", "valid"]


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"BM\xe7\xbc\x96,\xe5\xa7\x93", None),
        ("BM编号,姓名\n1,张\n".encode(), None),
        (b"BM\x36\x00\x0c\x00\0\0\0\0\x36", ".bmp"),
        (b"\n %PDF-1.7", ".pdf"),
        (b"RIFF\0\0\0\0WEBP", ".webp"),
        (b"RIFF\0\0\0\0WAVE", None),
        (b"PK\x03\x04", None),
    ],
)
def test_a_scan_is_known_by_its_beginning(data, kind):
    assert kind_of(data) == kind


async def test_no_scan_is_left_behind(client, issued, tmp_path, monkeypatch):
    folder = tmp_path / "scans"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setattr(apart, "SECONDS", 0.01)
    answer = await check(client, scan_of(None))
    ((_, said, *_, word),) = rows_of(answer)[1:]
    assert (said, word) == (
        "it takes too long to read: save it with fewer pixels, or take a screenshot of the code.",
        "unreadable",
    )
    assert list(folder.iterdir()) == []


async def test_the_day_of_a_status_is_chinas(client):
    """Published at midnight and a half in China, still the day before by UTC."""
    house = client.house
    house.now = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)
    (row,) = await house.issue(house.candidate(holder_name="张零"))
    await new_list(house)
    await published(house)
    given = {"name": "at night", "role": Role.VERIFIER}
    _, client.tokens["verifier"] = await house.perform(create_token, **given)
    answer = await check(client, f"证书编号,姓名\n{row.number},张零\n".encode())
    head, found = rows_of(answer)
    assert found[head.index("Status as of")] == "2026-11-24"
    assert "as of 2026-11-24" in found[head.index("Advice")]


async def test_what_is_not_entered_yet_says_until_when_and_an_issuer_that_left_since_when(client):
    """The register's own reasons are in a column of words that are the same in all languages."""
    house = client.house
    (row,) = await house.issue(house.candidate(holder_name="张零"))
    left = {"organization_code": "EO-001", "state": OrganizationState.EXITED}
    await house.perform(change_issuer_state, since=date(2026, 11, 22), **left)
    await new_list(house)
    await published(house)
    other = await house.qr_text(row)
    asked = f"证书编号,姓名\n{row.number},张零\nX,\n{other},\n"
    head, found, nothing, again = rows_of(await check(client, asked.encode()))
    columns = [head.index(one) for one in ("Enter by", "reason", "verdict")]
    assert [found[n] for n in columns] == ["2026-11-11", "", "valid"]
    assert found[head.index("Advice")].endswith(
        "Note: the issuer left the programme on 2026-11-22; what it issued before stays valid. "
        "Note: it is not entered on the platform yet; it is due on 2026-11-11."
    )
    assert [again[n] for n in columns] == ["2026-11-11", "", "valid"]
    assert [nothing[n] for n in columns] == ["", "", "nothing_asked"]
    async with house.sessions.begin() as session:
        held = await session.get_one(type(row), row.id)
        held.number_key = f"{row.number_key}9"
    _, _, _, unknown = rows_of(await check(client, asked.encode()))
    assert [unknown[n] for n in columns] == ["", "not_in_register", "unconfirmed"]
