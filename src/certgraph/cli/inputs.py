"""What an employer names on the command line: texts, files, folders, patterns, standard input."""

import glob
import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from certgraph.cli.verify_words import say
from certgraph.credential.found_codes import find_codes
from certgraph.scanning.scans import PASTED, Scan, Unread, standard_input, text_scans

_SYSTEM_FILES = {"__macosx", "thumbs.db", "desktop.ini", "ehthumbs.db", "icon\r"}
_IS_CODE = re.compile(r"[0-9A-Za-z_-]{100,}|://").search
"""In texts of other codes, or of one that is cut; all others name files."""

_DIGITS = re.compile("([0-9]+)")


class NoSuchInput(ValueError):
    """An argument that is neither a QR text nor a file, folder or pattern that exists."""

    def __init__(self, key: str, **facts: object) -> None:
        self._key, self._facts = key, facts
        super().__init__(self.said("en"))

    def said(self, language: str) -> str:
        """Return the message in `zh` or `en`."""
        return say(language, self._key, **self._facts)


@dataclass(slots=True)
class Inputs:
    """What is to be verified, in order, and which hidden files of the system are not.

    Attributes:
        entries: Codes, and files to read.
        passed_over: Files that the system keeps for itself, as `.DS_Store` and `._scan.jpg`.
    """

    entries: list[Scan | Path] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)


def collect(arguments: Iterable[str], *, output: Path | None = None) -> Inputs:
    """Return everything that the arguments name, but not a file that is written to.

    Raises:
        NoSuchInput: Says which argument leads nowhere, or that all are empty.
    """
    inputs = Inputs()
    for argument in arguments:
        if argument == "-":
            if sys.stdin is None:
                raise NoSuchInput("given_closed")
            scans = list(standard_input(sys.stdin))
            inputs.entries += [scan for scan in scans if scan.unread is not Unread.EMPTY]
        elif find_codes(argument).codes:
            inputs.entries += text_scans(argument, PASTED)
        else:
            inputs.entries += _named(argument, inputs.passed_over)
    inputs.entries = [entry for entry in inputs.entries if not _is_written(entry, output)]
    if not inputs.entries:
        raise NoSuchInput("given_nothing")
    return inputs


def _named(argument: str, passed_over: list[str]) -> Iterable[Scan | Path]:
    """Return what an argument without a certificate's code names; texts of other codes, too."""
    if not argument.strip():
        raise NoSuchInput("given_empty")
    try:
        path = Path(argument)
        if path.is_dir():
            found = list(_in_folder(argument, passed_over))
            if not found:
                raise NoSuchInput("given_no_files", name=argument)
            return found
        if path.exists():
            return [path]
        matches = sorted(glob.glob(argument, recursive=True), key=natural)  # noqa: PTH207 - patterns may be absolute
    except (OSError, ValueError) as error:
        if isinstance(error, NoSuchInput):
            raise
        matches = []
    if matches:
        return [entry for match in matches for entry in _found(match, passed_over)]
    if _IS_CODE(argument):
        return text_scans(argument, PASTED)
    shown = argument if len(argument) <= 80 else argument[:77] + "…"
    raise NoSuchInput("given_unknown", name=repr(shown))


def _found(path: str, passed_over: list[str]) -> Iterable[Scan | Path]:
    return _in_folder(path, passed_over) if Path(path).is_dir() else [Path(path)]


def natural(name: str) -> list[tuple[int, int | str]]:
    """Return a key by which names are in the order of people: 2 before 10."""
    return [
        (0, int(part)) if part.isdecimal() and len(part) < 20 else (1, part.casefold())
        for part in _DIGITS.split(name)
        if part
    ]


def _in_folder(folder: str, passed_over: list[str]) -> Iterator[Scan | Path]:
    """Yield every file below a folder."""
    problems: list[OSError] = []
    seen = {os.path.realpath(folder)}
    for place, folders, names in os.walk(folder, onerror=problems.append, followlinks=True):
        folders.sort(key=natural)
        folders[:] = [
            name
            for name in folders
            if not _is_hidden(name, passed_over, place) and _is_new(Path(place, name), seen)
        ]
        for name in sorted(names, key=natural):
            path = Path(place, name)
            if not _is_hidden(name, passed_over, place):
                yield path
        yield from (Scan(str(one.filename), unread=Unread.NOT_ALLOWED) for one in problems)
        problems.clear()
    yield from (Scan(str(one.filename), unread=Unread.NOT_ALLOWED) for one in problems)


def _is_new(folder: Path, seen: set[str]) -> bool:
    """Tell whether a folder was not walked before: links may lead in a circle."""
    real = os.path.realpath(folder)
    if real in seen:
        return False
    seen.add(real)
    return True


def _is_hidden(name: str, passed_over: list[str], place: str) -> bool:
    hidden = name.startswith((".", "~$")) or name.lower() in _SYSTEM_FILES
    if hidden:
        passed_over.append(str(Path(place, name)))
    return hidden


def _is_written(entry: Scan | Path, output: Path | None) -> bool:
    """Tell whether a file is standard output, or the table that is written beside."""
    if not isinstance(entry, Path):
        return False
    try:
        status = entry.stat()
        if stat.S_ISREG(status.st_mode) and os.path.samestat(status, os.fstat(1)):
            return True
        return output is not None and os.path.samestat(status, output.stat())
    except OSError:
        return False
