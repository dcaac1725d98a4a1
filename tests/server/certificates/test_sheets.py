"""Spreadsheets as offices hand them in: what is read, what is refused, and where."""

import io
import zipfile
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from certgraph.certificates.batches.reports import marks_of, report_of
from certgraph.certificates.rules import HolderBinding
from certgraph.certificates.sheets.columns import COLUMNS
from certgraph.certificates.sheets.marking import marked_workbook
from certgraph.certificates.sheets.reading import read_candidates
from certgraph.certificates.sheets.templates import choices_of, csv_template, xlsx_template
from certgraph.credential.claims import Outcome
from certgraph.identity_documents import DocumentType
from certgraph.problems import Rejected
from tests.server.batch_kit import Desk, person, resident_number, xlsx

ALL_TITLES = tuple(column.title for column in COLUMNS)
HEAD = "姓名,标准代码,标准版本,等级,颁发日期"
ROW = "张示例,STD-1,2020,初级,2026-11-02"


def one(data, **given):
    reading = read_candidates(data, given)
    assert reading.faults == []
    (candidate,) = reading.candidates
    return candidate


def refused(data, **given):
    with pytest.raises(Rejected) as caught:
        read_candidates(data, given)
    return [problem.code for problem in caught.value.problems]


def workbook(fill) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        fill(book)
    return out.getvalue()


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le-sig", "utf-16-be-sig"]
)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_is_read_in_any_encoding_and_with_any_separator(encoding, separator):
    text = f"{HEAD}\r\n{ROW}\r\n".replace(",", separator)
    if encoding.endswith("-sig") and encoding.startswith("utf-16"):
        data = ("\ufeff" + text).encode(encoding.removesuffix("-sig"))
    else:
        data = text.encode(encoding)
    assert one(data).holder_name == "张示例"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-11-20", date(2026, 11, 20)),
        ("2026/11/20", date(2026, 11, 20)),
        ("2026/1/2", date(2026, 1, 2)),
        ("2026.11.20", date(2026, 11, 20)),
        ("20261120", date(2026, 11, 20)),
        ("2026/11/20 0:00", date(2026, 11, 20)),
        ("2026-11-20 00:00:00", date(2026, 11, 20)),
        ("2026年11月20日", date(2026, 11, 20)),
        ("２０２６年１月２日", date(2026, 1, 2)),
        (" 2026-11-20\u3000", date(2026, 11, 20)),
        (46346, date(2026, 11, 20)),
        (20261120, date(2026, 11, 20)),
    ],
)
def test_a_day_is_read_as_offices_write_it(written, read):
    assert one(xlsx([person(1, 颁发日期=written)])).issued_on == read


@pytest.mark.parametrize(
    "written",
    [
        "20.11.2026",
        "2026-11-20 09:30",
        "11/20/2026",
        "26-11-20",
        "2026-13-01",
        "2026-02-30",
        3,
        46346.5,
        "x",
    ],
)
def test_what_is_no_day_without_doubt_is_refused(written):
    (fault,) = read_candidates(xlsx([person(1, 颁发日期=written)])).faults
    assert (fault.row, fault.column, fault.problem.code) == (2, 7, "sheet.day")


def test_cells_of_days_are_days_and_times_of_day_are_refused():
    def fill(book):
        sheet, day = book.add_worksheet(), book.add_format({"num_format": "yyyy/m/d"})
        sheet.write_row(0, 0, HEAD.split(","))
        for row, serial in enumerate((46328, 46328.4), 1):
            sheet.write_row(row, 0, ROW.split(",")[:4])
            sheet.write_number(row, 4, serial, day)

    reading = read_candidates(workbook(fill))
    assert reading.candidates[0].issued_on == date(2026, 11, 2)
    assert [(one.row, one.problem.code) for one in reading.faults] == [(3, "sheet.day_with_time")]


@pytest.mark.parametrize(
    ("changes", "field", "read"),
    [
        ({"等级": 1}, "level", 1),
        ({"等级": "２"}, "level", 2),
        ({"等级": " 高级 "}, "level", 3),
        ({"等级": "中 级"}, "level", 2),
        ({"等级": "Intermediate"}, "level", 2),
        ({"标准代码": "ＳＴＤ－１"}, "standard_code", "STD-1"),
        ({"标准版本": 2020}, "standard_version", "2020"),
        ({"准考证号": 2026110001}, "reference", "2026110001"),
        ({"证件号码": " 11010519491231002x\u00a0"}, "document_number", "11010519491231002x"),
        ({"证件类型": "身份证"}, "document_type", DocumentType.RESIDENT_ID),
        ({"证件类型": "护照", "证件号码": "Ｅ１２３"}, "document_number", "E123"),
        ({"证件核验方式": "核对证件号码"}, "holder_binding", HolderBinding.TAG),
        ({"姓名": "\u3000张示例\t"}, "holder_name", "张示例"),
        ({"姓名": "𠀀𬭼"}, "holder_name", "𠀀𬭼"),
        (
            {"学习成果": "1=1.5；２＝1\n建模=0.5"},
            "outcomes",
            (
                Outcome(number=1, credits_tenths=15),
                Outcome(number=2, credits_tenths=10),
                Outcome(text="建模", credits_tenths=5),
            ),
        ),
    ],
)
def test_width_blanks_and_words_of_a_cell_make_no_difference(changes, field, read):
    assert getattr(one(xlsx([person(1, **changes)], ALL_TITLES)), field) == read


def test_text_marks_of_spreadsheets_are_no_content():
    data = f'{HEAD},证件类型,证件号码,准考证号\n{ROW},护照,"=""E0012345""",\'0012\n'.encode()
    candidate = one(data)
    assert (candidate.document_number, candidate.reference) == ("E0012345", "0012")


@pytest.mark.parametrize(
    "names",
    [
        "考生姓名 标准编号 版本 级别 发证日期",
        "holder_name standard_code standard_version level issued_on",
        "Name 标准代码* 标准版本（必填） 证书等级 发证时间",
        "姓\u3000名 标准代码 标准版本: 等级 颁发日期",
    ],
)
def test_columns_are_known_by_the_names_that_offices_use(names):
    data = ",".join(names.split(" ")) + f"\n{ROW}\n"
    assert one(data.encode()).standard_code == "STD-1"


def test_the_order_of_columns_and_others_between_make_no_difference():
    data = "序号,颁发日期,学校,等级,标准版本,标准代码,姓名\n1,2026-11-02,某校,1,2020,STD-1,张示例\n"
    reading = read_candidates(data.encode())
    assert reading.header.unused == ["序号", "学校"]
    assert reading.candidates[0].holder_name == "张示例"


def test_a_title_and_a_header_of_two_rows_are_read():
    def fill(book):
        sheet = book.add_worksheet()
        sheet.merge_range(0, 0, 0, 5, "2026年第一次考试成绩汇总表")
        sheet.merge_range(1, 0, 2, 0, "姓名")
        sheet.merge_range(1, 1, 1, 2, "标准")
        sheet.write_row(2, 1, ["标准代码", "标准版本"])
        sheet.merge_range(1, 3, 2, 3, "等级")
        sheet.merge_range(1, 4, 2, 4, "颁发日期")
        sheet.write_row(3, 0, ROW.split(","))

    reading = read_candidates(workbook(fill))
    assert (reading.header.row, reading.faults) == (3, [])
    assert reading.candidates[0].standard_version == "2020"


def test_a_column_of_resident_numbers_says_of_which_document_they_are():
    data = f"{HEAD},身份证号\n{ROW},{resident_number(1)}\n{ROW},\n"
    reading = read_candidates(data.encode())
    assert [c.document_type for c in reading.candidates] == [DocumentType.RESIDENT_ID, None]


def test_what_holds_for_all_may_be_stated_once():
    given = {"standard_code": "STD-1", "standard_version": "2020", "level": "中级"}
    candidate = one("姓名,发证日期\n张示例,2026-11-02\n".encode(), **given)
    assert (candidate.standard_code, candidate.level) == ("STD-1", 2)


def test_hidden_sheets_and_sheets_of_notes_are_passed_over():
    def fill(book):
        sheet = book.add_worksheet("名单")
        sheet.write_row(0, 0, HEAD.split(","))
        sheet.write_row(1, 0, ROW.split(","))
        book.add_worksheet("说明").write_row(0, 0, ["姓名", "请按证件填写"])
        hidden = book.add_worksheet("旧")
        hidden.write_row(0, 0, HEAD.split(","))
        hidden.hide()

    assert one(workbook(fill)).holder_name == "张示例"


def test_blank_rows_count_for_nothing():
    reading = read_candidates(f"\n\n{HEAD}\n\n{ROW}\n ,\u3000,,,\n{ROW}\n".encode())
    assert [row.number for row in reading.rows] == [5, 7]


def two_sheets(book):
    for name in ("一班", "二班"):
        book.add_worksheet(name).write_row(0, 0, HEAD.split(","))


def far_away(book):
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEAD.split(","))
    sheet.write_string(1_048_575, 16_383, "x")


ENTITIES = (
    "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'a'>]>"
    "<workbook xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'>&a;</workbook>"
)


def archive(parts) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return out.getvalue()


def with_entities() -> bytes:
    return archive({"xl/workbook.xml": ENTITIES, "xl/_rels/workbook.xml.rels": "<x/>"})


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "sheet.empty"),
        (b" \n\n", "sheet.empty"),
        (b"%PDF-1.7", "sheet.unknown_kind"),
        (b"\x89PNG\r\n", "sheet.unknown_kind"),
        (b"a\0b\0c", "sheet.unknown_kind"),
        (b"PK\x03\x04 no archive", "sheet.damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "sheet.damaged"),
        (with_entities(), "sheet.damaged"),
        (f"{HEAD}\n".encode() + b"\xff\xff\xff", "sheet.encoding"),
        ("姓名，标准代码，等级\n".encode(), "sheet.chinese_commas"),
        (f'{HEAD}\n"{ROW}\n'.encode(), "sheet.quote"),
        (f"{HEAD}\n\n".encode(), "sheet.no_rows"),
        (archive({"mimetype": "", "content.xml": ""}), "sheet.unknown_kind"),
        (archive({"word/document.xml": ""}), "sheet.unknown_kind"),
        ("甲,乙\n1,2\n".encode(), "sheet.no_header"),
        (b"a" * (33 * 1024 * 1024), "sheet.too_large"),
        (workbook(two_sheets), "sheet.several"),
        (workbook(far_away), "sheet.too_many_cells"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_table_of_candidates_is_refused_as_a_whole(data, code):
    assert refused(data) == [code]


@pytest.mark.parametrize(
    ("head", "codes"),
    [
        ("姓名,标准代码,等级,颁发日期", ["sheet.column_missing"]),
        ("姓名,等级", ["sheet.column_missing"] * 3),
        (f"{HEAD},考生姓名", ["sheet.column_twice"]),
        (f"{HEAD},证件号玛", ["sheet.column_unclear"]),
        (f"{HEAD},身份证号吗", ["sheet.column_unclear"]),
        (f"{HEAD},有效期止", ["sheet.column_unclear"]),
        (f"{HEAD},refrence", ["sheet.column_unclear"]),
        ("姓名,标准代码,标准版本,等级,颁发日其", ["sheet.column_unclear"]),
        (f"{HEAD},document_nubmer", []),
    ],
)
def test_columns_that_are_missing_twice_or_nearly_one_are_refused(head, codes):
    data = f"{head}\n{ROW},x\n".encode()
    if codes:
        assert refused(data) == codes
    else:  # two letters are exchanged: no single error; it is named as not read
        assert read_candidates(data).header.unused == ["document_nubmer"]


NUMBER = resident_number(99)
MISTAKES = [
    ({"姓名": None}, "姓名", "sheet.missing"),
    ({"姓名": "张\n示例"}, "姓名", "text.character"),
    ({"姓名": "张\u200b示例"}, "姓名", "text.character"),
    ({"姓名": "张" * 65}, "姓名", "text.length"),
    ({"姓名": "⼯示例"}, "姓名", "text.look_alike"),
    ({"姓名": "123"}, "姓名", "text.no_letter"),
    ({"姓名": "王?"}, "姓名", "text.no_name"),
    ({"姓名": "张*三"}, "姓名", "text.no_name"),
    ({"姓名": "李四（补考）"}, "姓名", "text.no_name"),
    ({"姓名": "=张示例"}, "姓名", "sheet.formula_as_text"),
    ({"姓名": "#N/A"}, "姓名", "sheet.error_value"),
    ({"姓名": 123456789012345678}, "姓名", "sheet.number_rounded"),
    ({"证件号码": 110105194912310020}, "证件号码", "sheet.number_rounded"),
    ({"证件号码": "1.10105E+17"}, "证件号码", "issue.document_spreadsheet"),
    ({"证件号码": NUMBER[:17]}, "证件号码", "issue.document_shape"),
    ({"证件号码": NUMBER[:6] + "19901331" + NUMBER[14:]}, "证件号码", "issue.document_birth"),
    ({"证件号码": NUMBER[:17] + "X"}, "证件号码", "issue.document_check_digit"),
    ({"证件号码": NUMBER[:15] + "000"}, "证件号码", "issue.document_digits_lost"),
    ({"证件号码": "'" + NUMBER[:16] + "\u00d7"}, "证件号码", "issue.document_character"),
    ({"证件号码": "12"}, "证件号码", "issue.document_length"),
    ({"证件号码": None}, "证件号码", "issue.document_incomplete"),
    ({"证件类型": "学生证"}, "证件类型", "sheet.choice"),
    ({"证件类型": None}, "证件号码", "issue.document_incomplete"),
    ({"标准代码": None}, "标准代码", "sheet.missing"),
    ({"标准代码": "STD-9"}, "标准代码", "standard.not_found"),
    ({"标准版本": "1999"}, "标准版本", "standard.version_not_found"),
    ({"等级": "四级"}, "等级", "sheet.level"),
    ({"等级": None}, "等级", "sheet.missing"),
    ({"等级": "高级"}, "等级", "issue.not_entitled"),
    ({"颁发日期": "二〇二六年"}, "颁发日期", "sheet.day"),
    ({"颁发日期": None}, "颁发日期", "sheet.missing"),
    ({"颁发日期": "2026-12-24"}, "颁发日期", "issue.in_the_future"),
    ({"有效期至": "2026-11-01"}, "有效期至", "period.ends_before_it_begins"),
    ({"有效期至": "永久"}, "有效期至", "sheet.no_end"),
    ({"准考证号": "张\u0007"}, "准考证号", "text.character"),
    ({"准考证号": "x" * 201}, "准考证号", "text.length"),
    ({"学习成果": "1:2"}, "学习成果", "sheet.outcomes"),
    ({"学习成果": "9=1"}, "学习成果", "issue.outcome_unknown"),
    (
        {"学习成果": "; ".join(f"{'成果' * 16}{n}=1" for n in range(6))},
        "学习成果",
        "issue.too_large",
    ),
    ({"证件核验方式": "胶水"}, "证件核验方式", "sheet.choice"),
    (
        {"证件核验方式": "核对证件号码", "证件类型": None, "证件号码": None},
        "证件核验方式",
        "issue.binding_without_document",
    ),
    ({"证书编号": "x" * 41}, "证书编号", "text.length"),
    ({"证件号码": resident_number(0)}, "证件号码", "batch.person_twice"),
]


async def looked(desk, data):
    batch = await desk.validated(data, is_trial=True)
    return await desk.report(batch.id)


@pytest.fixture
def desk(house):
    return Desk(house)


async def test_each_of_forty_kinds_of_mistakes_is_one_message_in_its_cell(desk):
    rows = [person(n, **changes) for n, (changes, _, _) in enumerate(MISTAKES)]
    report = await looked(desk, xlsx(rows, ALL_TITLES))
    found = {entry.row: [] for entry in report.entries}
    for entry in report.entries:
        found[entry.row].append((entry.title, entry.code))
    expected = {
        row: (ALL_TITLES.index(title) + 1, title, code)
        for row, (_, title, code) in enumerate(MISTAKES, 2)
    }
    assert len(MISTAKES) == 43
    assert found == {row: [(title, code)] for row, (_, title, code) in expected.items()}
    for entry in report.entries:
        column, title, _ = expected[entry.row]
        assert (entry.column, entry.title) == (column, title)
        assert entry.cell == f"{'ABCDEFGHIJKL'[column - 1]}{entry.row}"
        assert entry.en.isascii() or entry.en != entry.zh
        assert any("\u4e00" <= character <= "\u9fff" for character in entry.zh)
    assert NUMBER not in str(report)


async def test_a_marked_workbook_uploaded_unchanged_is_refused_again_for_the_same(desk):
    data = xlsx([person(n, **changes) for n, (changes, _, _) in enumerate(MISTAKES)], ALL_TITLES)
    before = await looked(desk, data)
    reading = read_candidates(data)
    marked = marked_workbook(reading.sheet, reading.header, marks_of(before, "zh"), "zh")
    after = await looked(desk, marked)
    assert [(one.cell, one.code) for one in after.entries] == [
        (one.cell, one.code) for one in before.entries
    ]
    assert list(after.unused) == list(before.unused) == []


async def test_a_marked_workbook_says_beside_each_row_and_in_a_list_what_is_wrong(desk):
    data = f"成绩,,,,\n{HEAD}\n{ROW}\n张,STD-1,2020,四级,x\n".encode()
    report = await looked(desk, data)
    reading = read_candidates(data)
    for language, name, word in (("zh", "问题清单", "等级请填写"), ("en", "Problems", "Write the")):
        marks = marks_of(report, language)
        marked = marked_workbook(reading.sheet, reading.header, marks, language)
        book = CalamineWorkbook.from_filelike(io.BytesIO(marked))
        table, listed = (book.get_sheet_by_name(one).to_python() for one in book.sheet_names)
        assert book.sheet_names[1] == name
        assert table[1][5] == {"zh": "问题", "en": "Problems"}[language]
        assert [bool(row[5]) for row in table] == [False, True, False, True]
        assert word in table[3][5]
        assert [row[0] for row in listed[1:]] == ["D4", "E4"]


def odd_cells(book):
    sheet = book.add_worksheet("名单")
    sheet.write_row(0, 0, [*HEAD.split(","), "准考证号"])
    for row in range(1, 7):
        sheet.write_row(row, 0, [*ROW.split(","), *([f"K{row}"] if row != 5 else [])])
    sheet.write_formula(1, 0, "=A99", None, "")
    sheet.write_formula(2, 1, "=NA()", None, "#N/A")
    sheet.set_row(3, None, None, {"hidden": True})
    sheet.merge_range(4, 5, 5, 5, "K5")
    sheet.write_string(6, 9, "制表人")
    sheet.write_boolean(6, 0, boolean=True)


async def test_what_a_spreadsheet_hides_is_refused_and_stays_so_in_the_marked_one(desk):
    data = workbook(odd_cells)
    report = await looked(desk, data)
    expected = [
        ("A2", "sheet.missing"),
        ("B3", "sheet.error_value"),
        ("4", "sheet.hidden_row"),
        ("F5", "sheet.merged"),
        ("7", "sheet.surplus"),
        ("A7", "sheet.not_text"),
    ]
    assert [(one.cell, one.code) for one in report.entries] == expected
    reading = read_candidates(data)
    marked = marked_workbook(reading.sheet, reading.header, marks_of(report, "en"), "en")
    again = {one.code for one in (await looked(desk, marked)).entries}
    assert {code for _, code in expected} - {"sheet.surplus"} <= again


def test_an_old_workbook_says_what_is_hidden_merged_and_an_error():
    data = Path(__file__).with_name("odd.xls").read_bytes()
    reading = read_candidates(data)
    found = [(fault.row, fault.column, fault.problem.code) for fault in reading.faults]
    assert sorted(found, key=str) == [
        (2, 6, "sheet.error_value"),
        (3, 5, "sheet.error_value"),
        (4, None, "sheet.hidden_row"),
        (5, 6, "sheet.merged"),
    ]
    assert reading.candidates[3].issued_on == date(2026, 11, 2)


@pytest.mark.parametrize("place", [0, 100, 600, 1_500, 3_000])
def test_a_damaged_old_workbook_is_refused_whatever_is_damaged(place):
    data = bytearray(Path(__file__).with_name("odd.xls").read_bytes())
    for offset in range(512 + place, min(len(data), 560 + place)):
        data[offset] ^= 0xFF
    try:
        found = [candidate.standard_code for candidate in read_candidates(bytes(data)).candidates]
    except Rejected as rejected:
        found = [problem.code for problem in rejected.problems]
    assert {one.partition(".")[0] for one in found} <= {"sheet", "STD-1", ""}


def two_rows_and_others(book):
    sheet = book.add_worksheet()
    for column, name in enumerate(["序号", *HEAD.split(",")]):
        sheet.merge_range(0, column, 1, column, name)
    sheet.merge_range(0, 6, 0, 7, "成绩")
    sheet.write_row(1, 6, ["理论", "实操"])
    sheet.merge_range(0, 8, 1, 8, "备注")
    sheet.write_row(2, 0, ["1", *ROW.split(","), "88", "90", "补考"])


def test_a_header_of_two_rows_of_which_only_some_are_split_is_read():
    reading = read_candidates(workbook(two_rows_and_others))
    assert (reading.header.row, reading.faults, len(reading.candidates)) == (2, [], 1)
    assert reading.header.unused == ["序号", "理论", "实操", "备注"]


def test_a_total_a_signature_and_the_header_again_are_one_fault_each():
    rows = [ROW, HEAD, "合计,,,,1人", "制表人：李,,,,", ROW]
    reading = read_candidates("\n".join([HEAD, *rows]).encode())
    assert [(fault.row, fault.column, fault.problem.code) for fault in reading.faults] == [
        (3, None, "sheet.no_candidate"),
        (4, None, "sheet.no_candidate"),
        (5, None, "sheet.no_candidate"),
    ]


def test_what_holds_for_all_is_refused_where_there_is_such_a_column():
    data = f"{HEAD}\n{ROW}\n".encode()
    assert refused(data, level="1", issued_on="2026-11-02") == ["sheet.column_and_given"] * 2


async def test_what_is_beside_the_table_is_refused_in_the_marked_workbook_too(desk):
    data = f"{HEAD}\n{ROW},,note\n".encode()
    reading = read_candidates(data)
    report = report_of(reading.faults)
    assert [one.code for one in report.entries] == ["sheet.surplus"]
    for language in ("zh", "en"):
        marks = marks_of(report, language)
        again = read_candidates(marked_workbook(reading.sheet, reading.header, marks, language))
        assert [fault.problem.code for fault in again.faults] == ["sheet.surplus"]


async def test_a_template_is_filled_in_and_read_back(house):
    async with house.sessions() as session:
        name, choices = await choices_of(session, "CT-001")
        assert choices == {
            "standard_code": ["STD-1"],
            "standard_version": ["2020"],
            "level": ["初级", "中级"],
        }
        assert (await choices_of(session, "CT-001", "2"))[1]["level"] == ["中级"]
        with pytest.raises(Rejected):
            await choices_of(session, "CT-001", "高级")
        with pytest.raises(Rejected):
            await choices_of(session, "CT-999")
    template = xlsx_template(name, choices)
    book = CalamineWorkbook.from_filelike(io.BytesIO(template))
    titles, *rest = book.get_sheet_by_index(0).to_python()
    assert [title.rstrip("*") for title in titles] == list(ALL_TITLES)
    assert rest == []
    assert refused(template) == ["sheet.no_rows"]
    with zipfile.ZipFile(io.BytesIO(template)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert '"初级,中级"' in sheet
    filled = csv_template().decode("utf-8-sig") + f"张示例,,,STD-1,2020,初级,2026-11-02{',' * 5}\n"
    assert one(filled.encode()).holder_name == "张示例"
