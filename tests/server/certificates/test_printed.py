"""Printed certificates: what is on a page, what it reads back as, and what is never printed."""

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest
import qrcode
import zxingcpp
from PIL import Image
from qrcode.constants import ERROR_CORRECT_M
from qrcode.image.pil import PilImage
from qrcode.util import MODE_8BIT_BYTE, MODE_NUMBER, QRData

from certgraph.certificates.printed import printing
from certgraph.certificates.printed.fonts import (
    FontError,
    families,
    printable_characters,
    unprintable,
)
from certgraph.certificates.printed.printing import Printable, Printer, PrintFault
from certgraph.certificates.printed.reading_back import check_pages
from certgraph.certificates.printed.selecting import archive, printables, printed
from certgraph.certificates.qr_image import (
    MASK,
    MAX_VERSION,
    MIN_PRINT_MM,
    MODULE_MM,
    QUIET_ZONE,
    QrTooLarge,
    draw_qr,
    print_qr,
)
from certgraph.certificates.states.actions import register_certificate, revoke_certificate
from certgraph.credential.claims import Outcome
from certgraph.database import make_read_sessions
from certgraph.problems import Rejected
from tests.credential import kit
from tests.server.batch_kit import Desk, person
from tests.server.conftest import HOST

QR = zxingcpp.BarcodeFormat.QRCode

UYGHUR = "阿卜杜热合曼·买买提依明·托合提尼亚孜·阿布都克热木·麦麦提敏·艾合麦提江"
LONG_TITLE = "粮农食品安全评价与智能新能源汽车检测维修建筑工程识图综合应用职业技能等级证书名称四十"

OUTCOMES = (Outcome(number=2, credits_tenths=15), Outcome(text="建模", credits_tenths=20))


def printable(number="BIM2-8FKQ-0001", issuer="测试组织", **fields):
    claims = kit.claims(number=number, **fields)
    return Printable(
        claims=claims,
        qr_text=kit.qr_text(claims),
        issuer=issuer,
        issuer_code="EO-001",
        certificate_type_code="CT-001",
        outcomes={n: f"能够完成成果{n}" for n in range(1, 6)},
    )


def text_of(pdf, page=0):
    with pypdfium2.PdfDocument(pdf) as document:
        return "".join(document[page].get_textpage().get_text_bounded().split())


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"holder_name": "张示例"}, ["张示例", "2026年11月2日", "BIM2-8FKQ-0001", "测试组织"]),
        ({"holder_name": UYGHUR}, [UYGHUR]),
        ({"holder_name": "𠀋𬭼㐂"}, ["𠀋𬭼㐂"]),
        ({"certificate_name": LONG_TITLE}, [LONG_TITLE]),
        ({"level": 1}, ["初级", "elementary"]),
        ({"level": 2}, ["中级", "intermediate"]),
        ({"level": 3}, ["高级", "advanced"]),
        ({"masked_document": "**************1234"}, ["**************1234"]),
        ({"expires_at": 1_893_427_199}, ["有效期至", "2029年12月31日"]),
        (
            {
                "outcomes": (
                    Outcome(number=2, credits_tenths=15),
                    Outcome(text="建模", credits_tenths=20),
                )
            },
            ["能够完成成果2（1.5学分）；建模（2学分）"],
        ),
        ({"issuer": "甲研究院、乙科技有限公司"}, ["甲研究院、乙科技有限公司"]),
    ],
)
def test_a_page_says_what_was_signed_and_its_code_reads(fields, shown):
    issuer = {"issuer": fields.pop("issuer")} if "issuer" in fields else {}
    one = printable(**fields, **issuer)
    pdf = Printer().pdf([one])
    check_pages(pdf, [one])
    said = text_of(pdf)
    for text in ("职业技能等级证书", "VOCATIONALSKILL-LEVELCERTIFICATE", *shown):
        assert text in said


def test_the_same_content_is_the_same_bytes_and_archivable():
    pages = [printable(f"N-{n}") for n in range(3)]
    pdf = Printer().pdf(pages)
    assert Printer().pdf(pages) == pdf
    assert b"pdfaid:part>2<" in pdf
    assert b"pdfaid:conformance>B<" in pdf
    assert b"/FontFile" in pdf
    assert b"/Encrypt" not in pdf
    check_pages(pdf, pages)


@pytest.mark.parametrize("outcomes", [(), kit.FIVE_OUTCOMES])
def test_the_code_is_drawn_large_enough_for_a_phone(outcomes):
    text = kit.qr_text(kit.claims(outcomes=outcomes))
    svg, width = print_qr(text)
    drawn = draw_qr(text)
    modules = 17 + 4 * drawn.version
    module = width / (modules + 2 * QUIET_ZONE)
    assert width == drawn.print_mm
    assert module * modules >= MIN_PRINT_MM - 0.1
    assert module >= MODULE_MM - 0.01
    assert f'viewBox="0 0 {modules + 8} {modules + 8}"' in svg


def test_a_page_printed_and_scanned_at_200_dpi_reads():
    one = printable(outcomes=kit.FIVE_OUTCOMES)
    with pypdfium2.PdfDocument(Printer().pdf([one])) as document:
        picture = document[0].render(scale=200 / 72, grayscale=True).to_pil()
    (code,) = zxingcpp.read_barcodes(picture, formats=QR)
    assert code.text == one.qr_text


def test_a_character_that_no_font_has_is_named():
    characters = printable_characters(None)
    assert unprintable("张示例·AZaz0", characters) == []
    (problem,) = unprintable("张\U00020000", characters, "holder_name")
    assert (problem.code, problem.facts["place"]) == ("print.character", 2)
    assert "U+20000" in problem.message()
    with pytest.raises(PrintFault, match="does not print"):
        Printer().pdf([printable(holder_name="张\U00020000")])


async def test_a_batch_with_a_name_that_cannot_be_printed_is_refused_before_anything(house):
    batch = await Desk(house).validated([person(1), person(2, 姓名="张\U00020000")])
    report = await Desk(house).report(batch.id)
    assert [(one.cell, one.code) for one in report.entries] == [("A3", "print.character")]


@pytest.fixture
def folder(tmp_path):
    """An installation's own layout, seal and fonts."""
    seal = Image.new("RGBA", (300, 300), (200, 0, 0, 255))
    seal.save(tmp_path / "EO-001.png")
    (tmp_path / "CT-002.typ").write_text(
        "#let d = json(bytes(sys.inputs.data))\n"
        '#set document(title: "x", date: datetime(year: 2026, month: 1, day: 1))\n'
        "#set text(font: d.fonts)\n"
        "#for c in d.certificates [#c.name #c.number #place(bottom + right, "
        'image(bytes(c.qr.svg), format: "svg", width: c.qr.mm * 1mm, alt: "QR"))]',
        "utf-8",
    )
    return tmp_path


def test_a_seal_is_printed_off_the_code(folder):
    one = printable()
    pdf = Printer(folder).pdf([one])
    check_pages(pdf, [one])
    with pypdfium2.PdfDocument(pdf) as document:
        picture = document[0].render(scale=1).to_pil().convert("RGB")
    red = [
        (x, y)
        for x in range(0, picture.width, 4)
        for y in range(0, picture.height, 4)
        if picture.getpixel((x, y)) == (200, 0, 0)
    ]
    assert len(red) > 500
    assert min(x for x, _ in red) > picture.width / 2


def test_a_certificate_type_may_have_a_layout_of_its_own(folder):

    one = replace(printable(), certificate_type_code="CT-002")
    printer = Printer(folder)
    pdf = printer.pdf([one])
    check_pages(pdf, [one])
    assert "职业技能等级证书" not in text_of(pdf)
    (folder / "CT-003.typ").write_text("#panic()", "utf-8")
    with pytest.raises(PrintFault, match=r"CT-003\.typ does not print"):
        printer.pdf([replace(one, certificate_type_code="CT-003")])


def test_a_page_that_does_not_read_back_is_never_given_out(folder, monkeypatch):
    one, other = printable("N-1"), printable("N-2", holder_name="李四")
    pdf = Printer().pdf([one])
    with pytest.raises(PrintFault, match="2 certificates became 1 pages"):
        check_pages(pdf, [one, other])
    with pytest.raises(PrintFault, match="does not read from its page"):
        check_pages(pdf, [other])
    (folder / "CT-001.typ").write_text(
        (folder / "CT-002.typ").read_text("utf-8").replace("#c.name ", ""), "utf-8"
    )
    with pytest.raises(Rejected, match="does not show “张示例”"):
        printed(Printer(folder), [one])
    monkeypatch.setattr(printing, "MOST_PAGES", 1)
    with pytest.raises(PrintFault):
        Printer().pdf([one, other])


def test_a_font_of_the_installation_is_used_and_a_broken_one_named(folder):
    assert families(folder) == ["Noto Serif CJK SC"]
    (folder / "broken.otf").write_bytes(b"no font")
    with pytest.raises(FontError, match=r"broken\.otf is no font"):
        printable_characters(folder)


async def test_what_is_a_draft_or_no_longer_valid_is_not_printed(house):
    rows = await house.issue(*(house.candidate(holder_name=f"张{n}") for n in range(3)))
    await house.perform(register_certificate, number=rows[1].number)
    await house.perform(revoke_certificate, number=rows[2].number, reason="test")
    async with house.sessions() as session:
        rows = [await session.get_one(type(row), row.id) for row in rows]
        pages = await printables(session, rows[:2], HOST)
        with pytest.raises(Rejected) as caught:
            await printables(session, rows, HOST)
    assert [one.facts["number"] for one in caught.value.problems] == [rows[2].number]
    check_pages(printed(Printer(), pages), pages)
    assert pages[0].qr_text == await house.qr_text(rows[0])


async def test_an_archive_has_a_file_for_each_valid_certificate(house):
    rows = await house.issue(*(house.candidate(holder_name=f"张{n}") for n in range(4)))
    await house.perform(revoke_certificate, number=rows[1].number, reason="test")
    reads = make_read_sessions(house.engine)
    parts = [part async for part in archive(reads, Printer(), rows[0].issue_run_id, HOST)]
    with zipfile.ZipFile(io.BytesIO(b"".join(parts))) as archived:
        assert archived.testzip() is None
        names = archived.namelist()
        texts = [text_of(archived.read(name)) for name in names]
    assert names == [f"{row.number}.pdf" for row in rows if row.number != rows[1].number]
    assert [next(n for n in range(4) if f"张{n}" in text) for text in texts] == [0, 2, 3]


def test_a_code_has_the_version_that_the_library_finds_by_trying():
    """The smallest that holds it; and nothing else of the symbol differs."""
    for count in range(100, 1_400, 33):
        text = f"https://verify.example.cn/v#{'7' * count}"
        url, _, digits = text.partition("#")
        expected = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=4, mask_pattern=MASK)
        expected.add_data(QRData(f"{url}#".encode(), mode=MODE_8BIT_BYTE))
        expected.add_data(QRData(digits.encode(), mode=MODE_NUMBER))
        expected.make(fit=True)
        if expected.version > MAX_VERSION:
            with pytest.raises(QrTooLarge):
                draw_qr(text)
        else:
            drawn = draw_qr(text)
            assert drawn.version == expected.version
            out = io.BytesIO()
            expected.make_image(image_factory=PilImage).save(out, format="PNG")
            assert drawn.png == out.getvalue()


def test_types_of_different_layouts_are_not_printed_as_one_file(tmp_path):
    (tmp_path / "CT-002.typ").write_bytes(
        Path(printing.__file__).with_name("layout.typ").read_bytes()
    )
    one, other = printable(), replace(printable(), certificate_type_code="CT-002")
    with pytest.raises(Rejected) as caught:
        printed(Printer(tmp_path), [one, other])
    assert [problem.code for problem in caught.value.problems] == ["print.several_layouts"]
    assert printed(Printer(), [one, other]).startswith(b"%PDF")
