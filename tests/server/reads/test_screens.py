"""Twenty screens of four applications: each is one request of allowed cost, with its answer.

The documents are in `tests/server/screens`, beside what they answer on the world of these tests;
`UPDATE_DOCS=1 pytest tests/server/reads/test_screens.py -k sqlite` writes the answers anew.
"""

import json
import os
import re
from pathlib import Path

import orjson
import pytest
from sqlalchemy import select

from certgraph.api.document_limits import MAX_COST, cost_of
from certgraph.api.reads.execution import run
from certgraph.api.relay import global_id
from certgraph.api.schema import make_documents, make_schema
from certgraph.certificates.tables import CertificateRow
from certgraph.credit_bank.proposals.tables import CreditProposalRow
from certgraph.credit_bank.rules import ProposalState

FOLDER = Path(__file__).parents[1] / "screens"
SCREENS = sorted(file.stem for file in FOLDER.glob("*.graphql"))
VARIABLES = {
    "account": "XX-EO-001-0", "after": None, "code": "CT-001", "day": "2026-11-23",
    "due": "2027-12-31", "first": 3, "from": "2026-11-01", "holder": "张甲1", "major": "4401",
    "name": "张甲2", "number": "eo-001-1", "reference": "exam EO-001-6",
    "school": "SCH-100", "to": "2026-11-24",
    "states": ["ISSUED", "REGISTERED", "SUSPENDED"],
}  # fmt: skip
OTHERWISE = {
    "catalogue_list": {"name": "证书"},
    "catalogue_organization": {"code": "EO-001"},
    "school_measure_form": {"name": "BIM"},
}
SOURCE = re.compile(r"^# who: (\w+)\n")
NEVER_THE_SAME = {"id", "kid", "sha256", "listedAt", "registeredAt", "cursor", "endCursor"}
"""Made of random keys, or of when the tests ran."""


@pytest.fixture(scope="module")
def ids(world, runner):
    """The objects that screens open by their ids."""

    async def read():
        async with world.house.sessions() as session:
            certificate = await session.scalar(
                select(CertificateRow.id).where(CertificateRow.number == "EO-001-4")
            )
            proposal = await session.scalar(
                select(CreditProposalRow.id).where(
                    CreditProposalRow.state == ProposalState.SUBMITTED
                )
            )
        return {
            "issuer_detail": global_id("Certificate", certificate),
            "bank_review": global_id("CreditProposal", proposal),
        }

    return runner.run(read())


def settled(value):
    """Return an answer without what is another at each run; that it is there stays."""
    if isinstance(value, list):
        return [settled(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: "…" if key in NEVER_THE_SAME and item is not None else settled(item)
        for key, item in value.items()
    }


@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_is_one_request_with_this_answer(world, runner, ids, screen):
    text = (FOLDER / f"{screen}.graphql").read_text("utf-8")
    who = SOURCE.match(text)[1]
    documents = make_documents(make_schema(), introspection=False)
    operations = documents.operations(text)
    assert isinstance(operations, dict), [error.message for error in operations]
    (operation,) = operations.values()
    given = {**VARIABLES, **OTHERWISE.get(screen, {}), "id": ids.get(screen)}
    named = {one.variable.name.value for one in operation.node.variable_definitions or ()}
    variables = {name: given[name] for name in named}
    assert cost_of(operation, variables) <= MAX_COST
    context = world.context(None if who == "public" else who)
    found = runner.run(run(operation, world.reader(), context, variables))
    assert not found.errors
    data = settled(orjson.loads(orjson.dumps(found.data)))
    file = FOLDER / f"{screen}.json"
    if os.environ.get("UPDATE_DOCS"):  # noqa: TID251 - of whoever writes them
        file.write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", "utf-8")
    assert data == json.loads(file.read_text("utf-8"))
    assert any(data.values())


def test_there_are_twenty_screens_of_four_applications():
    assert len(SCREENS) == 20
    assert {name.partition("_")[0] for name in SCREENS} == {"catalogue", "issuer", "school", "bank"}
