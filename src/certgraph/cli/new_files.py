"""Files that are written once and never over another."""

import os
from pathlib import Path


class CeremonyError(ValueError):
    """A step of the ceremony that cannot be done; says why."""


def write_new(file: Path, content: bytes, *, secret: bool = False) -> None:
    """Write a file that must not exist yet. Raises `CeremonyError`."""
    mode = 0o600 if secret else 0o644
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as out:
            out.write(content)
    except FileExistsError:
        raise CeremonyError(f"{file} exists already and is not overwritten") from None
    except OSError as error:
        raise CeremonyError(f"{file} cannot be written: {error.strerror}") from None
