"""What the cells of an XLSX file do not say: hidden rows, errors, formulas without a result.

Read from its XML before its cells are: a file that claims to be larger than it is is refused here.
"""

import io
import posixpath
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from xml.parsers import expat

_MAX_UNPACKED = 600 * 1024 * 1024
"""Bytes of all parts, as the archive states them; reading stops there whatever it states."""

_STEP = 1 << 20
_LONGEST_TAG = 1 << 20
"""Bytes of a tag or a comment, beside the piece in which it begins."""

_MAX_TEXT = 100_000_000
"""Characters of all cells together, each shared text as often as it is there."""

_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384
_ADDRESS = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


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
        parts = archive.namelist()
        if "xl/workbook.xml" not in parts or "content.xml" in parts:
            raise NoWorkbook("OpenDocument" if "content.xml" in parts else "ZIP")
        names, targets, shared = _Names(), _Targets(), _Shared()
        _walk(archive, "xl/workbook.xml", names.start)
        _walk(archive, "xl/_rels/workbook.xml.rels", targets.start)
        paths = {name: targets.path(relation) for name, relation in names.found.items()}
        if targets.shared in parts:
            _walk(archive, targets.shared, shared.start, shared.end, shared.text)
        found: dict[str, Parts] = {}
        for name, path in paths.items():
            if path not in parts:
                raise ValueError("a sheet is missing")
            cells = _Cells(shared.lengths)
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
                if size - parser.CurrentByteIndex > _LONGEST_TAG:  # read anew with each piece
                    raise ValueError("a tag of its XML does not end")
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
            name = attributes.get("name", "")
            if name in self.found:
                raise ValueError("two sheets have one name")
            self.found[name] = relation


class _Targets:
    """Relation → the part of the archive that it is."""

    def __init__(self) -> None:
        self._found: dict[str, str] = {}
        self.shared = "xl/sharedStrings.xml"

    def start(self, element: str, attributes: dict[str, str]) -> None:
        if _local(element) == "Relationship":
            target = attributes.get("Target", "")
            path = posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")
            self._found[attributes.get("Id", "")] = path
            if attributes.get("Type", "").endswith("/sharedStrings"):
                self.shared = path

    def path(self, relation: str) -> str:
        """Return the part of a relation; empty where there is none."""
        return self._found.get(relation, "")


class _Shared:
    """Lengths of the texts that cells share."""

    def __init__(self) -> None:
        self.lengths: list[int] = []
        self._length = 0

    def start(self, element: str, attributes: dict[str, str]) -> None:
        del attributes
        if _local(element) == "si":
            self._length = 0

    def text(self, text: str) -> None:
        self._length += len(text)

    def end(self, element: str) -> None:
        if _local(element) == "si":
            self.lengths.append(self._length)


class _Cells:
    """One look through the cells of a sheet; where each is, is said by its own address."""

    def __init__(self, shared: Sequence[int]) -> None:
        self.parts = Parts()
        self._shared = shared
        self._characters = 0
        self._row = self._column = 0
        self._kind = ""
        self._has_formula = self._has_value = self._in_value = False
        self._value = ""

    def start(self, element: str, attributes: dict[str, str]) -> None:
        name = _local(element)
        if name == "c":
            self._begin_cell(attributes)
        elif name == "row":
            self._row = int(attributes.get("r", self._row + 1))
            self._column = 0
            if not 1 <= self._row <= _LAST_ROW:
                raise ValueError("a row is beyond the last")
            height = attributes.get("ht", "1")
            if attributes.get("hidden") in ("1", "true") or not float(height) > 0:
                self.parts.hidden_rows.add(self._row)
        elif name == "v":
            self._has_value = self._in_value = True
        elif name == "is":
            self._has_value = True
        elif name == "f":
            self._has_formula = True

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        address = attributes.get("r")
        self._column += 1
        if address is not None:
            self._column = self._column_of(address)
        if not 1 <= self._column <= _LAST_COLUMN:
            raise ValueError("a column is beyond the last")
        self._kind = attributes.get("t", "")
        self._has_formula = self._has_value = False
        self._value = ""

    def _column_of(self, address: str) -> int:
        found = _ADDRESS.fullmatch(address)
        if found is None or int(found[2]) != self._row:
            raise ValueError("a cell is not where it says")
        number = 0
        for letter in found[1]:
            number = number * 26 + ord(letter) - 64
        return number

    def text(self, text: str) -> None:
        self._characters += len(text)
        if self._in_value and self._kind in ("e", "s"):
            self._value += text
        if self._characters > _MAX_TEXT:
            raise ValueError("its cells hold too much")

    def end(self, element: str) -> None:
        name = _local(element)
        if name == "v":
            self._in_value = False
        elif name == "c":
            self._end_cell()

    def _end_cell(self) -> None:
        if self._kind == "s" and self._value.strip().isdigit():
            index = int(self._value)
            self._characters += self._shared[index] if index < len(self._shared) else 0
            if self._characters > _MAX_TEXT:
                raise ValueError("its cells hold too much")
        if self._kind == "e" or (self._has_formula and not self._has_value):
            self.parts.errors[self._row, self._column] = self._value
        if self._has_value or self._has_formula:
            self.parts.last_row = max(self.parts.last_row, self._row)
            self.parts.last_column = max(self.parts.last_column, self._column)
