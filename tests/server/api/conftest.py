"""What plans ask the database."""

from contextlib import contextmanager

import pytest

from certgraph.api.reads.statements import Statement


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
