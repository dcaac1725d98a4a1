"""What plans ask the database; the application, for who sends no token."""

from contextlib import contextmanager
from random import Random

import httpx2
import pytest

from certgraph.api.app import make_app
from certgraph.api.reads.statements import Statement
from certgraph.standards.catalogue_import import import_catalogue
from tests.server.standards.test_catalogue import clear
from tests.server.trust.test_lists import new_list, published


@contextmanager
def counted_statements():
    """Collect the statements that plans run."""
    statements, rows = [], Statement.rows

    async def counting(statement, connection, run, keys=()):
        statements.append(statement.text)
        return await rows(statement, connection, run, keys)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Statement, "rows", counting)
        yield statements


@pytest.fixture
async def public(house):
    """The application over the whole catalogue, for who sends no token."""
    await new_list(house)
    await published(house)
    await clear(house)
    await house.perform(import_catalogue)
    app = make_app(house.settings, clock=lambda: house.now, random=Random(5), publishing=False)
    transport = httpx2.ASGITransport(app, raise_app_exceptions=True)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as http:
        yield http
    await app.server.close()
