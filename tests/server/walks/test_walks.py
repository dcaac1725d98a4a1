"""The walks of a certificate and of its credits, end to end, as their documents show them."""

import os
from pathlib import Path

import pytest

from tests.server.parties import answered

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize("name", ["certificates.md", "credit-bank.md"])
async def test_the_walk_goes_as_the_document_shows_it(parties, name):
    """With UPDATE_DOCS in the environment the document is written anew."""
    text = (DOCS / name).read_text(encoding="utf-8")
    found = await answered(parties, text)
    if os.environ.get("UPDATE_DOCS"):  # noqa: TID251 - how a developer asks for it
        (DOCS / name).write_text(found, encoding="utf-8")
    else:
        assert found == text
