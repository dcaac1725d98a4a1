"""Cells as values of a candidate. What is wrong is named, with its place; nothing is mended.

Widths of digits and letters, blanks around, and the ways to write a day make no difference. A
number that a spreadsheet has rounded is refused: nobody can know the digits that were lost.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from certgraph.certificates.rules import (
    HolderBinding,
    expected_tenths,
    masked_document,
    masked_name,
)
from certgraph.certificates.sheets.columns import BY_NAME, Header
from certgraph.certificates.sheets.files import Cell
from certgraph.credential.claims import Outcome
from certgraph.identity_documents import DocumentType
from certgraph.problems import Problem

_BLANKS = " \t\r\n\u00a0\u3000\u200b\ufeff"
_EXACT = 10**15
"""Numbers below it are exact in a spreadsheet."""

_EPOCH, _SERIALS = date(1899, 12, 30), range(32_874, 73_051)
"""Day 0 of a spreadsheet, and the serial numbers of 1990 to 2099."""

_DAY = re.compile(
    r"(\d{4})(?:[-/.](\d{1,2})[-/.](\d{1,2})|年(\d{1,2})月(\d{1,2})日?|(\d\d)(\d\d))"
    r"(?: 0?0:00(?::00)?)?"  # midnight, as databases write a day
)
_NO_END = {"长期", "长期有效", "永久", "永久有效", "无", "-", "—", "/"}
_SHOWN = 40
_ERRORS = {"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"}
"""As CSV has what a spreadsheet shows in place of a value."""

LEVELS = {"初级": 1, "中级": 2, "高级": 3}
DOCUMENT_TYPES = {
    "居民身份证": DocumentType.RESIDENT_ID,
    "港澳台居民居住证": DocumentType.HK_MACAO_TAIWAN_RESIDENCE_PERMIT,
    "外国人永久居留身份证": DocumentType.FOREIGNER_PERMANENT_RESIDENCE,
    "护照": DocumentType.PASSPORT,
}
BINDINGS = {
    "不绑定": HolderBinding.NONE,
    "核对证件号码": HolderBinding.TAG,
    "显示末四位": HolderBinding.MASKED_DOCUMENT,
}
_DOCUMENTS = DOCUMENT_TYPES | {
    "身份证": DocumentType.RESIDENT_ID,
    "二代身份证": DocumentType.RESIDENT_ID,
    **{kind.value: kind for kind in DocumentType},
}
_BINDINGS = BINDINGS | {kind.value: kind for kind in HolderBinding}
_LEVELS = LEVELS | {"1": 1, "2": 2, "3": 3, "初": 1, "中": 2, "高": 3}
_LEVELS |= {"elementary": 1, "intermediate": 2, "advanced": 3}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a cell, or with a row.

    Attributes:
        row: Number of the row, as the spreadsheet counts.
        column: Number of the column from 1; None: the row as a whole.
        name: The column's name, as the file writes it; empty for a row.
        problem: What is wrong; its path is empty.
        shown: What the cell holds: names and document numbers masked, 40 characters at most.
    """

    row: int
    column: int | None
    name: str
    problem: Problem
    shown: str = ""


class Row:
    """The cells of one row, converted one by one; faults are collected.

    A cell that the spreadsheet itself calls wrong is named for that, and for nothing else.
    """

    def __init__(
        self,
        number: int,
        cells: Sequence[Cell],
        header: Header,
        given: Mapping[str, str],
        errors: Mapping[tuple[int, int], str],
    ) -> None:
        self.number = number
        self.faults: list[Fault] = []
        self._cells = cells
        self._header = header
        self._given = given
        self._errors = errors

    @property
    def is_no_candidate(self) -> bool:
        """Whether the row was found to be something else than a candidate."""
        return any(one.problem.code == "sheet.no_candidate" for one in self.faults)

    def fault(self, name: str | None, code: str, **facts: object) -> None:
        """Record what is wrong with a column's cell; with the row, where `name` is None."""
        self.faults.append(self.as_fault(name, Problem(code=code, facts=facts)))

    def as_fault(self, name: str | None, problem: Problem) -> Fault:
        """Return a problem of a column's cell with its place; of the row where there is none."""
        column = self._header.columns.get(name or "")
        title = self._header.titles.get(column or 0, BY_NAME[name].title if name else "")
        return Fault(self.number, column, title, problem, self._shown(name))

    def cell_at(self, column: int) -> Cell:
        """Return the cell of a column, by its number from 1."""
        return self._cells[column - 1] if column <= len(self._cells) else None

    def in_column(self, column: int, problem: Problem) -> Fault:
        """Return what is wrong with a cell of a column that is of no candidate."""
        shown = str(self.cell_at(column) or "")[:_SHOWN]
        return Fault(self.number, column, self._header.titles.get(column, ""), problem, shown)

    def _shown(self, name: str | None) -> str:
        if name is None:
            return ""
        text = _text(self._cell(name)) or ""
        if name == "document_number":
            return masked_document(text)[-_SHOWN:] if text else ""
        return masked_name(text)[:_SHOWN] if name == "holder_name" else text[:_SHOWN]

    def _cell(self, name: str) -> Cell:
        column = self._header.columns.get(name)
        if column is None:
            return self._given.get(name)
        return self._cells[column - 1] if column <= len(self._cells) else None

    def _is_error(self, name: str) -> bool:
        place = (self.number, self._header.columns.get(name, 0))
        if place not in self._errors:
            return False
        said = self._errors[place]
        if all(one.column != place[1] for one in self.faults):
            if said:
                self.fault(name, "sheet.error_value", value=said)
            else:
                self.fault(name, "sheet.formula_without_result")
        return True

    def text(self, name: str, *, is_required: bool = False) -> str | None:
        """Return a cell without blanks around it; None where it is empty, or wrong."""
        if self._is_error(name):
            return None
        cell = self._cell(name)
        if isinstance(cell, bool | date | time | timedelta):
            self.fault(name, "sheet.not_text")
            return None
        text = _text(cell)
        if text is None:
            if isinstance(cell, int | float):
                self.fault(name, "sheet.number_rounded")
            elif is_required:
                self.fault(name, "sheet.missing")
            return None
        if text in _ERRORS:
            self.fault(name, "sheet.error_value", value=text)
            return None
        if isinstance(cell, str) and _is_formula(text):
            self.fault(name, "sheet.formula_as_text")
            return None
        return text

    def code(self, name: str, *, is_required: bool = False) -> str | None:
        """Return a text in which the width of digits and letters makes no difference."""
        text = self.text(name, is_required=is_required)
        plain = None if text is None else unicodedata.normalize("NFKC", text)
        if plain != text and plain is not None and _is_formula(plain):
            self.fault(name, "sheet.formula_as_text")
            return None
        return plain

    def key(self, name: str) -> UUID | None:
        """Return a cell as a key that was given out here; None where it is empty, or none."""
        text = self.code(name)
        try:
            return None if text is None else UUID(text)
        except ValueError:
            self.fault(name, "sheet.no_key", value=text)
            return None

    def day(self, name: str, *, is_required: bool = False) -> date | None:
        """Return a cell as a day; None where it is empty, or none."""
        if self._is_error(name):
            return None
        cell = self._cell(name)
        if isinstance(cell, datetime):
            if (cell.hour, cell.minute, cell.second) == (0, 0, 0):
                return cell.date()
            self.fault(name, "sheet.day_with_time")
            return None
        if isinstance(cell, date):
            return cell
        serial = cell if isinstance(cell, int | float) and abs(cell) < _EXACT else 0
        if serial == int(serial) and int(serial) in _SERIALS:
            return _EPOCH + timedelta(days=int(serial))
        text = self.text_of(name)
        if text is None:
            if is_required:
                self.fault(name, "sheet.missing")
            return None
        day = _day(unicodedata.normalize("NFKC", text))
        if day is None:
            has_end = name != "expires_on" or text not in _NO_END
            self.fault(name, "sheet.day" if has_end else "sheet.no_end")
        return day

    def level(self) -> int:
        """Return the level, by its number or its Chinese name; 0 where it is none."""
        text = self.code("level", is_required=True)
        level = _LEVELS.get("".join((text or "").lower().split()), 0)
        if text is not None and not level:
            self.fault("level", "sheet.level")
        return level

    def document_type(self) -> DocumentType | None:
        """Return the kind of identity document: of its own column, or as the number's says."""
        text = self.code("document_type")
        if text is None:
            return self._header.document_type if self.text_of("document_number") else None
        if text not in _DOCUMENTS:
            self.fault("document_type", "sheet.choice", choices="、".join(DOCUMENT_TYPES))
        return _DOCUMENTS.get(text)

    def text_of(self, name: str) -> str | None:
        """Return what a cell holds, without a word on what is wrong with it."""
        cell = self._cell(name)
        return _text(cell) or ("?" if isinstance(cell, int | float) else None)

    def binding(self) -> HolderBinding:
        """Return how the certificate is tied to the document."""
        text = self.code("holder_binding")
        if text is not None and text not in _BINDINGS:
            self.fault("holder_binding", "sheet.choice", choices="、".join(BINDINGS))
        return _BINDINGS.get(text or "", HolderBinding.NONE)

    def outcomes(self) -> tuple[Outcome, ...]:
        """Return outcomes written as `1=2.5; 2=1` or `text=2.5; text=1`."""
        outcomes = []
        for part in re.split("[;；\n]", self.text("outcomes") or ""):
            if not part.strip(_BLANKS):
                continue
            name, equals, credit = _outcome(part)
            tenths = expected_tenths(unicodedata.normalize("NFKC", credit))
            if not equals or tenths is None:
                self.fault("outcomes", "sheet.outcomes", part=part.strip(_BLANKS)[:_SHOWN])
            elif (digits := unicodedata.normalize("NFKC", name)).isdecimal() and len(digits) < 10:
                outcomes.append(Outcome(number=int(digits), credits_tenths=tenths))
            else:
                outcomes.append(Outcome(text=name, credits_tenths=tenths))
        return tuple(outcomes)


def _is_formula(text: str) -> bool:
    return text[:1] in ("=", "+", "@") and len(text) > 1


def _outcome(part: str) -> tuple[str, str, str]:
    name, equals, credit = part.replace("＝", "=").rpartition("=")
    return name.strip(_BLANKS), equals, credit.strip(_BLANKS)


def _text(cell: Cell) -> str | None:
    """Return what a cell says; None where it is empty, or a number that is not exact."""
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        is_exact = abs(cell) < _EXACT and cell == int(cell)
        return str(int(cell)) if is_exact else None
    if isinstance(cell, datetime):
        return cell.isoformat(" ", "minutes")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell).strip(_BLANKS) or None if cell is not None else None


def _day(text: str) -> date | None:
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    year, *rest = (part for part in found.groups() if part is not None)
    try:
        return date(int(year), int(rest[0]), int(rest[1]))
    except ValueError:
        return None
