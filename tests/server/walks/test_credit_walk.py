"""The credit's walk, end to end, as `docs/credit-bank.md` tells it."""

import os
from pathlib import Path

from tests.server.parties import told

DOCUMENT = Path(__file__).parents[3] / "docs/credit-bank.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")


async def test_the_walk_goes_as_the_document_tells_it(parties):
    """With UPDATE_DOCS in the environment the document is written anew."""
    found = await told(parties, TEXT)
    if os.environ.get("UPDATE_DOCS"):  # noqa: TID251 - how a developer asks for it
        DOCUMENT.write_text(found, encoding="utf-8")
    else:
        assert found == TEXT
