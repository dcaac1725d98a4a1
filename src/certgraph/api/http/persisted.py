# ruff: noqa: ANN401 - JSON
"""Persisted documents: an operator's file of documents that are asked for by their hash alone.

Source: GraphQL over HTTP, appendix A. The file is what clients' tools make: JSON of hash → document
(graphql-codegen, Relay, with SHA-256), or Apollo's manifest of operations.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from certgraph.settings import SettingsError
from certgraph.verify_page.page import REGISTER_QUERY

PREFIX = "sha256:"

MAX_FILE = 8_000_000
"""Bytes of a file; it is kept in memory."""

_HASH = re.compile(r"(?:sha256:)?([0-9a-f]{64})")


class PersistedDocuments:
    """Documents by their hash: those of a file, and what the verify page asks."""

    def __init__(self, texts: Mapping[str, str] | None = None) -> None:
        own = {_hash_of(REGISTER_QUERY): REGISTER_QUERY}
        self._texts = {**(texts or {}), **own}
        self._known = frozenset(self._texts.values())

    @classmethod
    def read(cls, file: Path | None) -> Self:
        """Return what a file holds; our own alone where none is named.

        Raises:
            SettingsError: It cannot be read, has another form, or a hash is not its document's.
        """
        if file is None:
            return cls()
        try:
            if file.stat().st_size > MAX_FILE:
                raise SettingsError(f"{file} is larger than {MAX_FILE // 1_000_000} MB")
            content = json.loads(file.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError, RecursionError) as error:
            message = f"the persisted documents cannot be read from {file}: {error}"
            raise SettingsError(message) from None
        return cls(dict(_checked(id_, text, file) for id_, text in _pairs(content, file)))

    def text(self, id_: str) -> str | None:
        """Return the document with an id, 64 hex digits after `sha256:` or not; None if unknown."""
        return self._texts.get(id_.removeprefix(PREFIX))

    def __contains__(self, text: str) -> bool:
        """Tell whether a document is one of these, to the letter."""
        return text in self._known

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Yield hash and document of each."""
        return iter(self._texts.items())


def _pairs(content: Any, file: Path) -> Iterator[tuple[Any, Any]]:
    """Yield id and document of each, of either form. Raises `SettingsError`."""
    if isinstance(content, dict) and "operations" not in content:
        yield from content.items()
        return
    operations = content["operations"] if isinstance(content, dict) else None
    if not isinstance(operations, list) or not all(isinstance(one, dict) for one in operations):
        raise SettingsError(
            f"{file} holds no persisted documents: it must be a JSON object of hash and document, "
            "or Apollo's manifest with a list of operations"
        )
    for one in operations:
        yield one.get("id"), one.get("body")


def _checked(id_: Any, text: Any, file: Path) -> tuple[str, str]:
    """Return hash and document. Raises `SettingsError` where they do not belong together."""
    found = _HASH.fullmatch(id_) if isinstance(id_, str) else None
    if found is None or not isinstance(text, str):
        raise SettingsError(
            f"{file}: {id_!r} is no SHA-256 hash of a document (64 hex digits); "
            "let the tool that makes the file use SHA-256"
        )
    if _hash_of(text) != found[1]:
        raise SettingsError(f"{file}: the document under {id_} has another hash")
    return found[1], text


def _hash_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
