"""The example of docs/actions.md is what the engine makes of it; printed docs are up to date."""

import importlib.util
import re
from pathlib import Path

import pytest
import strawberry
from strawberry.schema.config import StrawberryConfig

from certgraph.actions import printed_matrix
from certgraph.actions.acting import Act
from certgraph.actions.declaring import action
from certgraph.actions.parties import ANY, ON_BEHALF, OVER, Role
from certgraph.api.errors import ConflictError
from certgraph.api.scalars import SCALARS
from certgraph.api.schema import Query
from certgraph.api.writes.fields import mutations
from certgraph.organizations.actions import register_organization
from certgraph.organizations.rules import OrganizationKind
from certgraph.organizations.subjects import ORGANIZATION
from certgraph.organizations.tables import OrganizationRow
from certgraph.problems import Rejected, reject_if
from certgraph.text import text_problems
from tests.server.conftest import database, house, postgres, templates

__all__ = ["database", "house", "postgres", "templates"]

TOP = Path(__file__).parents[2]
PAGE = (TOP / "docs/actions.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def example():
    """Return the action that the example declares."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    given = {
        **{one.__name__: one for one in (Act, action, OrganizationRow, reject_if, text_problems)},
        "ANY": ANY,
        "ON_BEHALF": ON_BEHALF,
        "OVER": OVER,
        "ORGANIZATION": ORGANIZATION,
        "Role": Role,
        "Annotated": __import__("typing").Annotated,
        "__name__": "example",
    }
    exec(compile(code, "docs/actions.md", "exec"), given)  # noqa: S102 - the page's own example
    return given["rename_organization"]


def test_the_graph_is_what_the_example_shows(example):
    (shown,) = re.findall(r"```graphql\n(.*?)```", PAGE, re.DOTALL)
    schema = strawberry.Schema(
        query=Query,
        mutation=mutations([example]),
        types=[ConflictError],
        config=StrawberryConfig(sort_schema=True, scalar_map=SCALARS),
    )
    printed = schema.as_str()
    first, second = shown.strip().split('\n\n"""What `organizationRename` gives')
    assert first in printed
    assert second in printed


def test_the_matrix_is_what_the_example_shows(example):
    assert printed_matrix.access_matrix([example]) in PAGE


@pytest.mark.parametrize(("name", "problem"), [("新名称", None), ("", "text.length")])
async def test_the_example_works(example, house, name, problem):
    kinds = [OrganizationKind.EVALUATION_ORGANIZATION]
    await house.perform(register_organization, code="EO-009", name="旧名称", kinds=kinds)
    given = {"organization_code": "EO-009", "name": name}
    if problem is None:
        assert (await house.perform(example, **given)).name == name
        return
    with pytest.raises(Rejected) as caught:
        await house.perform(example, **given)
    assert [one.code for one in caught.value.problems] == [problem]


def test_the_printed_documents_are_what_the_code_says():
    """`make docs` writes them."""
    spec = importlib.util.spec_from_file_location("printed", TOP / "scripts/printed_docs.py")
    printed = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(printed)
    for file, text in printed.documents().items():
        assert file.read_text(encoding="utf-8") == text, file.name


def test_every_module_of_the_engine_is_in_the_table():
    modules = {file.stem for file in (TOP / "src/certgraph/actions").glob("*.py")}
    named = set(re.findall(r"^\| `(\w+)` \| ", PAGE.split("## Performing")[0], re.MULTILINE))
    assert modules - {"__init__", "queries", "tables", "pending_states"} == named
