"""Files that are written once and never over another."""

import os
from pathlib import Path

from certgraph.cli.verify_words import say


class CeremonyError(ValueError):
    """A step of the ceremony that cannot be done; says why."""


class NotWritten(CeremonyError):
    """A file that is not written; says why, in English unless asked otherwise."""

    def __init__(self, key: str, **facts: object) -> None:
        self._key, self._facts = key, facts
        super().__init__(self.said("en"))

    def said(self, language: str) -> str:
        """Return the message in `zh` or `en`."""
        return say(language, self._key, **self._facts)


def write_new(file: Path, content: bytes, *, secret: bool = False) -> None:
    """Write a file that must not exist yet. Raises `NotWritten`."""
    mode = 0o600 if secret else 0o644
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as out:
            out.write(content)
    except FileExistsError:
        raise NotWritten("file_exists", file=file) from None
    except OSError as error:
        raise NotWritten("held_cannot_write", file=file, why=error.strerror) from None
