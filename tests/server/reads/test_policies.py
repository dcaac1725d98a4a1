"""Nobody is shown a certificate that is not theirs to see, whatever they ask and however."""

import re

import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from certgraph.api.reads.declarations import everybody
from certgraph.api.reads.execution import run
from certgraph.api.reads.scalars import global_id
from certgraph.api.reads.selection import STRAWBERRY
from certgraph.api.schema import fields_with_code, make_schema
from certgraph.certificates.tables import CertificateRow
from certgraph.organizations.tables import OrganizationRow
from tests.server.reads.documents import CORPUS, Drawing
from tests.server.reads.world import NAMES, ROLES

REVEALING = {
    "Certificate": "number holderName id",
    "AchievedOutcome": "certificate { number id }",
    "IssueRun": "id certificates { number } toSign { certificateId }",
    "CertificateBatch": "fileName run { id }",
    "HolderLink": "certificate { number id }",
    "HolderRequest": "text certificate { number id }",
    "LearningOutcomeRecord": "certificateNumber learner { name }",
    "LearningOutcomeChange": "certificateNumber record learner { name }",
    "CreditRecord": "outcomeRecord { certificateNumber }",
    "ConversionApplication": "certificateNumber applied: outcomeRecord { certificateNumber }",
    "AuditEntry": "subjectId",
}
"""What tells whose row it is; fields of one name and other types have aliases."""

MINE = {"one": ("EO-001", NAMES["one"]), "two": ("EO-002", NAMES["two"])}
NUMBERS_OF = re.compile(r"EO-00[12](?=-\d)")


@pytest.fixture(scope="module")
def owners(world, runner):
    """Whose each certificate and run is, by global id."""

    async def read():
        found = {}
        statement = select(
            OrganizationRow.code, CertificateRow.id, CertificateRow.issue_run_id
        ).join_from(CertificateRow, OrganizationRow)
        async with world.house.sessions() as session:
            for code, certificate, issue_run in await session.execute(statement):
                found[global_id("Certificate", certificate)] = found[str(certificate)] = code
                found[global_id("IssueRun", issue_run)] = found[str(issue_run)] = code
        return found

    found = runner.run(read())
    assert len(found) == 2 * (24 + 6)
    return found


def owners_in(value, owners):
    """Return whose certificates and runs an answer shows: by number, by name, by id."""
    match value:
        case dict():
            return set().union(*(owners_in(item, owners) for item in value.values()))
        case list():
            return set().union(*(owners_in(item, owners) for item in value))
        case str():
            by_name = {code for code, name in MINE.values() if value.startswith(name)}
            return by_name | set(NUMBERS_OF.findall(value)) | {owners.get(value)} - {None}
        case _:
            return set()


@pytest.fixture(scope="module")
def reader(world):
    """One for all callers, as in a server."""
    return world.reader()


def seen(world, runner, reader, owners, text, variables, role, *, planned):
    """Return whose certificates a document shows, besides the one that it names itself."""
    (operation,) = world.documents().operations(text).values()
    context = world.context(role)
    answer = runner.run(run(operation, reader, context, variables, planned=planned))
    data = orjson.loads(orjson.dumps(answer.data))
    errors = " ".join(error.message for error in answer.errors)
    assert not NUMBERS_OF.search(errors)
    for key, found in (data or {}).items():
        if found and key.rpartition("_")[2] == "certificate":  # what is printed on it, they hold
            data[key] = {k: v for k, v in found.items() if isinstance(v, dict | list)}
    return owners_in(data or {}, owners)


MAY_SEE = {
    None: set(),
    "verifier": set(),
    "one": {"EO-001"},
    "two": {"EO-002"},
    "credit_bank": {"EO-001", "EO-002"},
    "records_only": {"EO-001", "EO-002"},
    "admin": {"EO-001", "EO-002"},
    "institution": {"EO-001"},  # of which it converts credits
    "authority": {"EO-001"},
}
READ_IN_FULL = ("one", "credit_bank", "records_only", "admin")
"""Who reads the whole of a certificate of EO-001."""


@pytest.mark.parametrize("planned", [True, False], ids=["generated code", "graphql-core"])
def test_no_document_shows_what_the_policy_excludes(
    world, runner, reader, owners, ids, cursors, planned
):
    shown = dict.fromkeys(ROLES, False)

    @settings(
        max_examples=120,
        phases=[Phase.generate],
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(random=st.randoms(use_true_random=False))
    def no_document_shows(random):
        drawing = Drawing(world.schema, random.choice, ids, cursors, always=REVEALING)
        text, variables = drawing.document()
        for role in random.sample(ROLES, len(ROLES)):
            found = seen(world, runner, reader, owners, text, variables, role, planned=planned)
            assert found <= MAY_SEE[role], (text, variables, role)
            shown[role] |= bool(found)

    no_document_shows()
    reached = {role for role in ROLES if shown[role]}
    assert {"one", "two", "credit_bank", "records_only", "admin"} <= reached


@pytest.mark.parametrize("role", ROLES)
def test_who_names_a_certificate_sees_what_is_printed_on_it(world, runner, role):
    text = """query ($name: String!) { certificate(number: "EO-001-4", holderName: $name) {
      number holderNameMasked outcomes { creditsTenths } holderName qrCode { text }
      changes { reason } supersededBy { number } } }"""
    (operation,) = world.documents().operations(text).values()
    context = world.context(role)
    answer = runner.run(run(operation, world.reader(), context, {"name": "张甲4"}))
    shown = orjson.loads(orjson.dumps(answer.data))["certificate"]
    assert shown["number"] == "EO-001-4"
    assert shown["holderNameMasked"] == ("" if role == "records_only" else "张**")
    assert shown["outcomes"] == []
    may = role in READ_IN_FULL
    of_holder = [shown["holderName"], shown["qrCode"]]
    guarded = [shown["changes"], shown["supersededBy"]]
    assert [bool(value) for value in guarded] == [may] * 2
    assert [bool(value) for value in of_holder] == [may and role != "records_only"] * 2


@pytest.mark.parametrize("role", ROLES)
def test_the_issuer_and_the_programme_alone_see_the_organizations_own_reference(
    world, runner, role
):
    text = """{ certificate(number: "EO-001-1", holderName: "张甲1") { reference }
      certificates(reference: "exam EO-001-1") { nodes { number reference } } }"""
    (operation,) = world.documents().operations(text).values()
    answer = runner.run(run(operation, world.reader(), world.context(role), {}))
    shown = orjson.loads(orjson.dumps(answer.data))
    expected = "exam EO-001-1" if role in ("one", "admin") else None
    assert shown["certificate"] == {"reference": expected}
    listed = [{"number": "EO-001-1", "reference": expected}] if role in READ_IN_FULL else []
    assert (shown["certificates"] or {"nodes": []})["nodes"] == listed


def test_no_document_names_a_holder_to_who_reads_records_only(world, runner, ids, cursors):
    always = {"Certificate": "holderName qrCode { text }", "Learner": "name documentNumber"}
    shown = {"records_only": 0, "credit_bank": 0}

    @settings(
        max_examples=160,
        phases=[Phase.generate],
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(random=st.randoms(use_true_random=False))
    def no_document_names(random):
        text, variables = Drawing(world.schema, random.choice, ids, cursors, always).document()
        (operation,) = world.documents().operations(text).values()
        for role in shown:
            answer = runner.run(run(operation, world.reader(), world.context(role), variables))
            answered = orjson.dumps(answer.data).decode()
            shown[role] += any(name in answered for name in NAMES.values()) or "/v#" in answered

    no_document_names()
    assert shown["records_only"] == 0
    assert shown["credit_bank"] > 5  # documents reach what may be seen


def test_the_written_documents_show_what_may_be_seen_and_nothing_else(
    world, runner, reader, owners, ids
):
    shown = {role: set() for role in ROLES}
    for role in ROLES:
        for text, variables in CORPUS.values():
            given = {k: ids if v in ("ALL", "RUNS") else v for k, v in variables.items()}
            for planned in (True, False):
                found = seen(world, runner, reader, owners, text, given, role, planned=planned)
                assert found <= MAY_SEE[role], (text, role)
                shown[role] |= found
    assert shown == MAY_SEE


NOT_FOR_THE_PUBLIC = {
    "creditReconciliation": 'creditReconciliation(firstOn: "2026-11-01", lastOn: "2026-11-02") '
    "{ registeredOn }",
    "certificateCounts": "certificateCounts { state count }",
    "conversionApplicationCounts": "conversionApplicationCounts { state count }",
    "creditProposalCounts": "creditProposalCounts { state count }",
    "learningOutcomeRecordCounts": "learningOutcomeRecordCounts { state count }",
    "examShares": "examShares(year: 2026) { enrolled }",
    "participationTotals": "participationTotals { institutions }",
    "reportingRates": 'reportingRates(firstOn: "2026-01-01", lastOn: "2026-12-31") { expected }',
    "siteCoverage": 'siteCoverage(certificateTypeCode: "CT-001") { unplaced }',
}


def test_every_field_that_reads_by_itself_declares_who_may(world):
    """Every other one has no request to look at: it shows what its parent holds."""
    declared = dict(fields_with_code(make_schema()))
    for name, type_ in world.schema.type_map.items():
        for field_name, field in getattr(type_, "fields", {}).items():
            definition = field.extensions.get(STRAWBERRY)
            if declared.get(f"{name}.{field_name}", everybody) is None:
                assert name != "Query"
                assert definition.base_resolver.info_parameter is None
    restricted = {
        name.removeprefix("Query.")
        for name, policy in declared.items()
        if policy is not None and policy(None) is False
    }
    assert restricted == set(NOT_FOR_THE_PUBLIC)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", NOT_FOR_THE_PUBLIC)
def test_a_field_that_reads_by_itself_answers_whom_it_declares(world, runner, name, role):
    policy = dict(fields_with_code(make_schema()))[f"Query.{name}"]
    context = world.context(role)
    (operation,) = world.documents().operations(f"{{ {NOT_FOR_THE_PUBLIC[name]} }}").values()
    answer = runner.run(run(operation, world.reader(), context, {}, planned=True))
    shown = orjson.loads(orjson.dumps(answer.data))
    may = policy(context.caller.role if context.caller else None) is not False
    assert bool(shown and shown[name] is not None) is may, (shown, answer.errors)
