"""What plans cost: statements, memory; and what they share."""

import asyncio

import orjson
import pytest

from certgraph.api.reads.execution import run
from tests.server.api.conftest import counted_statements
from tests.server.reads.reference import Reference
from tests.server.reads.test_differential import answers
from tests.server.reads.world import ROLES


async def answer(world, reader, documents, text, variables=None, role="admin", language="en"):
    (operation,) = documents.operations(text).values()
    return await run(operation, reader, world.context(role, language), variables or {})


def in_json(found):
    """Return the data of an answer; what PostgreSQL wrote is in it as bytes."""
    return orjson.loads(orjson.dumps(found.data))


def counted(world, runner, text, variables=None):
    """Return how many statements a document costs; a second time, when it is known, as many."""
    reader, documents = world.reader(), world.documents()
    costs = []
    for _ in range(2):
        with counted_statements() as statements:
            found = runner.run(answer(world, reader, documents, text, variables))
        assert not found.errors
        costs.append(len(statements))
    first, second = costs
    assert first == second
    return first


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ('{ organization(code: "EO-001") { code name } }', 0),
        (
            """{ certificate(number: "EO-001-4", holderName: "张甲4") { organization { name }
             standardVersion { standard { certificateType { name } } } } }""",
            0,
        ),
        ("{ organizations { nodes { code kinds keys { kid } } } }", 2),
        (
            """{ organizations { nodes { certificateTypes { nodes { certificates { nodes { number
             outcomes { text } } } } } } } }""",
            3,
        ),
        ("{ certificates(first: 50) { nodes { number outcomes { number } } } }", 1),
        ("{ organizations { nodes { code certificateTypeCount certificateCount } } }", 0),
        ('{ a: organizations { nodes { code } } b: organization(code: "EO-001") { kinds } }', 1),
    ],
)
def test_a_field_costs_one_statement_and_on_sqlite_one_more_for_each_list_below(
    world, runner, text, levels
):
    roots = 2 if text.startswith("{ a:") else 1
    below = 0 if world.house.url.startswith("postgresql") else levels
    assert counted(world, runner, text) == roots + below


def test_lists_without_parents_cost_nothing(world, runner):
    text = '{ organizations(nameContains: "nobody") { nodes { kinds keys { kid } } } }'
    assert counted(world, runner, text) == 1


@pytest.mark.parametrize(
    ("field", "table", "reader_of_it"),
    [
        ("registrations { dueSoon overdue late }", "certificates", "one"),
        ("stateChanges { reason }", "organization_state_changes", "institution"),
    ],
)
def test_what_a_role_never_reads_is_not_asked_of_the_database(
    world, runner, field, table, reader_of_it
):
    asked = {}
    for role in (None, reader_of_it):
        text = f"{{ organizations(first: 100) {{ nodes {{ code {field} }} }} }}"
        with counted_statements() as statements:
            found = runner.run(answer(world, world.reader(), world.documents(), text, role=role))
        assert not found.errors
        asked[role] = table in " ".join(statements)
    assert asked == {None: False, reader_of_it: True}


def test_nodes_cost_one_statement_for_each_type(world, runner, ids):
    text = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    types = world.schema.get_possible_types(world.schema.type_map["Node"])
    assert counted(world, runner, text, {"ids": [*ids, *ids[:20]]}) == len(types)


def test_documents_that_differ_in_literals_alone_share_a_plan(world, runner):
    reader, documents = world.reader(), world.documents()
    for n in range(30):
        text = f'{{ organizations(first: {n + 1}, divisionCode: "{n}") {{ nodes {{ code }} }} }}'
        runner.run(answer(world, reader, documents, text))
    assert len(reader._plans) == 1
    for text in (
        '{ organizations(first: 1, divisionCode: "1", kind: EMPLOYER) { nodes { code } } }',
        '{ organizations(first: 1, divisionCode: "1") { nodes { name } } }',
        '{ other: organizations(first: 1, divisionCode: "1") { nodes { code } } }',
        "query ($d: String) { organizations(first: 1, divisionCode: $d) { nodes { code } } }",
    ):
        before = len(reader._plans)
        runner.run(answer(world, reader, documents, text))
        assert len(reader._plans) == before + 1


def test_what_is_remembered_is_bounded_whatever_comes_once(world, runner, monkeypatch):
    monkeypatch.setattr("certgraph.api.reads.reader.PLANS", 300_000)
    monkeypatch.setattr("certgraph.api.reads.documents.REMEMBERED_TOKENS", 400)
    reader, documents = world.reader(), world.documents()

    def text(n):
        return f'{{ a{n}: organization(code: "EO-001") {{ code }} }}'

    async def many():
        for n in range(100):
            if n % 10 == 0:  # in use all the time
                await answer(world, reader, documents, text("used"))
            found = await answer(world, reader, documents, text(n))
            assert in_json(found) == {f"a{n}": {"code": "EO-001"}}

    runner.run(many())
    assert sum(plan.size for plan in reader._plans._new.values()) <= 300_000
    assert 5 < len(reader._plans) < 30
    assert documents.known(text(0)) is None
    assert documents.known(text(99)) is not None
    assert documents.known(text("used")) is not None


def test_flags_in_every_combination_do_not_fill_the_memory(world, runner):
    flags = "abcdefgh"
    head = ", ".join(f"${flag}: Boolean!" for flag in flags)
    fields = " ".join(f"{flag}: name @include(if: ${flag})" for flag in flags)
    text = f'query ({head}) {{ organization(code: "EO-001") {{ code {fields} }} }}'
    reader, documents = world.reader(), world.documents()

    async def many():
        for n in range(256):
            values = {flag: bool(n >> place & 1) for place, flag in enumerate(flags)}
            found = await answer(world, reader, documents, text, values)
            asked = {flag for flag, value in values.items() if value}
            assert set(in_json(found)["organization"]) == {"code"} | asked

    runner.run(many())
    (operation,) = documents.operations(text).values()
    assert 10 < len(operation.remembered) < 80


def test_one_reader_answers_everybody_at_once_as_it_answers_each_alone(world, runner):
    text = """query ($number: String!, $name: String!) {
      certificates(first: 3) { nodes { number holderName } pageInfo { endCursor } }
      certificate(number: $number, holderName: $name) { holderName qrCode { text } } }"""
    asked = [
        (role, language, {"number": f"EO-00{n}-1", "name": name})
        for role in ROLES
        for language in ("en", "zh-CN")
        for n, name in ((1, "张甲1"), (2, "李乙1"), (2, "张甲1"))
    ]

    async def alone():
        return [
            await answer(world, world.reader(), world.documents(), text, variables, role, language)
            for role, language, variables in asked
        ]

    async def together():
        reader, documents = world.reader(), world.documents()
        everybody = [
            answer(world, reader, documents, text, variables, role, language)
            for role, language, variables in asked
        ]
        return await asyncio.gather(*everybody)

    expected = [in_json(found) for found in runner.run(alone())]
    assert len({str(found) for found in expected}) > len(ROLES)
    assert [in_json(found) for found in runner.run(together())] == expected


def widest(depth):
    """A document whose rows have more columns than a function of PostgreSQL takes arguments."""
    organization = """organization { id code name nameEn platformName uscc divisionCode state
      stateSince source }"""
    fields = f"""id number holderName holderNameMasked level state issuedOn expiresOn
      registrationDueOn registeredAt isRegisteredLate {organization}
      certificateType {{ id code name batchNumber announcedOn state }}"""
    text = fields
    for _ in range(depth):
        text = f"{fields} supersededBy {{ {text} }}"
    return f"{{ organizations {{ nodes {{ certificates {{ nodes {{ {text} }} }} }} }} }}"


def test_rows_too_wide_for_an_aggregate_are_read_by_a_statement_of_their_own(world, runner):
    found = runner.run(answers(world, Reference(world), widest(9), {}, "admin"))
    assert found[0] == found[1] == found[2]
    assert counted(world, runner, widest(9)) == 2
    narrow = 1 if world.house.url.startswith("postgresql") else 2
    assert counted(world, runner, widest(0)) == narrow
