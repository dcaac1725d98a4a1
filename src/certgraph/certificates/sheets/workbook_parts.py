"""What the cells of an XLSX file do not say: hidden rows, errors, formulas without a result.

Read from its XML before its cells are: a file that claims to be larger than it is is refused here.
"""

import io
import posixpath
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

_MAX_UNPACKED = 600 * 1024 * 1024
"""Bytes of all parts, as the archive states them; reading stops there whatever it states."""

_STEP = 1 << 20
_COLUMN_LETTERS = 3


@dataclass(slots=True)
class Parts:
    """Of one sheet. Rows and columns are counted from 1; 0: none has a value."""

    hidden_rows: set[int] = field(default_factory=set)
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    last_row: int = 0
    last_column: int = 0


class NoWorkbook(ValueError):
    """An archive of something else; says of what, as far as it is known."""


def parts_of(data: bytes) -> Mapping[str, Parts]:
    """Return the parts of each sheet, by its name.

    Raises:
        NoWorkbook: It is no XLSX.
        ValueError: It unpacks to too much, or is damaged.
        zipfile.BadZipFile, KeyError: It is damaged.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(one.file_size for one in archive.infolist()) > _MAX_UNPACKED:
            raise ValueError("it unpacks to too much")
        if "xl/workbook.xml" not in archive.namelist():
            is_open = "mimetype" in archive.namelist() and "content.xml" in archive.namelist()
            raise NoWorkbook("OpenDocument" if is_open else "ZIP")
        names, targets = _Names(), _Targets()
        _walk(archive, "xl/workbook.xml", names.start)
        _walk(archive, "xl/_rels/workbook.xml.rels", targets.start)
        found: dict[str, Parts] = {}
        for name, relation in names.found.items():
            target = targets.found.get(relation, "")
            path = posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")
            if "worksheets/" in path:
                cells = _Cells()
                _walk(archive, path, cells.start, cells.end, cells.text)
                found[name] = cells.parts
        return found


def _walk(
    archive: zipfile.ZipFile,
    name: str,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> None:
    parser = expat.ParserCreate(namespace_separator="}")
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.EntityDeclHandler = _refuse_entity
    size = 0
    try:
        with archive.open(name) as part:
            while piece := part.read(_STEP):
                size += len(piece)
                if size > _MAX_UNPACKED:
                    raise ValueError("it unpacks to too much")
                parser.Parse(piece, False)  # noqa: FBT003 - expat's own
            parser.Parse(b"", True)  # noqa: FBT003 - expat's own
    except expat.ExpatError as error:
        raise ValueError(str(error)) from None


def _refuse_entity(*_: object) -> None:
    raise ValueError("its XML declares entities")


def _local(name: str) -> str:
    return name.rpartition("}")[2]


class _Names:
    """Names of sheets, and the relation under which each is found."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}

    def start(self, element: str, attributes: dict[str, str]) -> None:
        if _local(element) == "sheet":
            relation = next((v for k, v in attributes.items() if _local(k) == "id"), "")
            self.found[attributes.get("name", "")] = relation


class _Targets:
    """Relation → the part of the archive that it is."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}

    def start(self, element: str, attributes: dict[str, str]) -> None:
        if _local(element) == "Relationship":
            self.found[attributes.get("Id", "")] = attributes.get("Target", "")


class _Cells:
    """One look through the cells of a sheet."""

    def __init__(self) -> None:
        self.parts = Parts()
        self._row = self._column = 0
        self._is_error = self._has_formula = self._has_value = False
        self._in_value = False
        self._value = ""

    def start(self, element: str, attributes: dict[str, str]) -> None:
        name = _local(element)
        if name == "c":
            self._begin_cell(attributes)
        elif name == "row":
            self._row = int(attributes.get("r", self._row + 1))
            self._column = 0
            if attributes.get("hidden") in ("1", "true"):
                self.parts.hidden_rows.add(self._row)
        elif name == "v":
            self._has_value = self._in_value = True
        elif name == "is":
            self._has_value = True
        elif name == "f":
            self._has_formula = True

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        self._column = _column(attributes.get("r", "")) or self._column + 1
        self._is_error = attributes.get("t") == "e"
        self._has_formula = self._has_value = False
        self._value = ""

    def text(self, text: str) -> None:
        if self._in_value and self._is_error:
            self._value += text

    def end(self, element: str) -> None:
        name = _local(element)
        if name == "v":
            self._in_value = False
        elif name == "c":
            place = (self._row, self._column)
            if self._is_error or (self._has_formula and not self._has_value):
                self.parts.errors[place] = self._value
            if self._has_value or self._has_formula:
                self.parts.last_row = max(self.parts.last_row, self._row)
                self.parts.last_column = max(self.parts.last_column, self._column)


def _column(reference: str) -> int:
    """Return the number of the column that a reference such as `AB12` names; 0 where none."""
    number = 0
    for letter in reference[:_COLUMN_LETTERS]:
        if not "A" <= letter <= "Z":
            break
        number = number * 26 + ord(letter) - 64
    return number
