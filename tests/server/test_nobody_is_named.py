"""One person's whole way through the platform: what names them while they are there, and after.

Everything is looked through: each column of each table, opened where it is sealed (but inputs of
actions that wait, which ended ones no longer have), the lines of the log, the metrics, the trail.
"""

import io
import json
import logging
from collections import defaultdict
from datetime import timedelta

import pytest
from prometheus_client import generate_latest
from sqlalchemy import text

from certgraph.actions.confirming import confirm
from certgraph.actions.parties import Actor, Role
from certgraph.actions.performing import perform
from certgraph.certificates.batches.actions import register_batch
from certgraph.certificates.states.actions import erase_holder, revoke_certificate
from certgraph.cli.logs import configure_logs
from certgraph.database import Base
from certgraph.retention.actions import expire_personal_data
from certgraph.sealing import CannotOpen
from certgraph.settings import LogFormat
from tests.server import credit_kit
from tests.server.api.test_check_files import check
from tests.server.api.test_holder_pages import DOCUMENT, enter, link_of, mine, post
from tests.server.api.test_metrics import measured
from tests.server.batch_kit import Desk, person, resident_number, xlsx
from tests.server.trust.test_lists import new_list, published

__all__ = ["measured"]

NAME, NUMBER = "欧阳夏丹示例", resident_number(77)
OTHER = "李雷示例"
LATER = {"files_days": 30, "ended_days": 180, "candidates_days": 1_095}


@pytest.fixture
def logged(house):
    """Everything that is logged, as JSON, with a line for each request."""
    root, access = logging.getLogger(), logging.getLogger("certgraph.access")
    before = root.handlers[:], root.level, access.level
    changes = {"log_format": LogFormat.JSON, "access_log": True}
    configure_logs(house.settings.model_copy(update=changes))
    stream = io.StringIO()
    root.handlers[0].setStream(stream)
    yield stream
    root.handlers[:], root.level = before[:2]
    access.setLevel(before[2])


async def whole_way(client):
    """Let a person go the whole way; return the number of their certificate."""
    house, http = client.house, client.http
    http.base_url = "https://verify.example.cn"
    await credit_kit.add_institution(house)
    await credit_kit.publish_rule(house)
    await credit_kit.recognized(house)
    # 1. From a trial with a mistake to a registered certificate.
    cells = {"姓名": NAME, "证件号码": NUMBER}
    desk = Desk(house)
    await desk.upload([person(1, **cells, 等级="四级"), person(2, 姓名=OTHER)], is_trial=True)
    await desk.work()
    batch = await desk.validated([person(1, **cells), person(2, 姓名=OTHER)])
    await desk.approve(batch)
    await desk.work()
    await house.perform(register_batch, actor=await desk.officer(), batch_id=batch.id)
    async with house.sessions() as session:
        query = "SELECT number FROM certificates WHERE holder_name = :name"
        number = await session.scalar(text(query), {"name": NAME})
    await new_list(house)
    await published(house)
    await credit_kit.follow_all(house)
    await credit_kit.answer(house, number)
    # 2. Looked up by everybody: rightly, wrongly, by those who may and may not.
    ask = "query ($n: String!, $h: String!) { certificate(number: $n, holderName: $h) { number } }"
    for name in (NAME, OTHER):
        given = {"n": number, "h": name}
        await http.post("/graphql", json={"query": ask, "variables": given})
        await http.get("/graphql", params={"query": ask, "variables": json.dumps(given)})
        await http.post("/v", data={"number": number, "name": name, "lang": "zh"})
    named = f'"{NAME}"'
    listed = f"{{ certificates(holderName: {named}) {{ nodes {{ holderName documentNumber }} }} }}"
    for role in ("issuer", "other", "verifier", "admin"):
        await client.ask(listed, role=role)
    await client.ask(f"{{ nonsense(name: {named}) {{ x }} }}")
    await check(client, xlsx([{"编号": number, "姓名": NAME}], titles=("编号", "姓名")))
    learners = {"Authorization": f"Bearer {client.tokens['credit_bank']}"}
    await http.get("/credit-bank/changes.jsonl.gz", headers=learners)
    # 3. The holder: a link, the page, what is shared, what is asked for, all of it as a file.
    path = await link_of(client, number)
    await http.get(path)
    await post(client, path)
    await post(client, "/h/leave")
    await enter(client, number, NAME, DOCUMENT)  # a wrong document
    await enter(client, number, NAME, NUMBER)
    assert (await mine(client)).status_code == 200
    await http.get("/h/data.json")
    await post(client, "/h/ask", number=number, kind="erasure", text=f"我是{NAME}，请删除")
    return number


async def everything(house):
    """Return table and column → all that is in it, as bytes; what is sealed is opened."""
    found = defaultdict(bytes)
    async with house.sessions() as session:
        for table in Base.metadata.sorted_tables:
            for row in (await session.execute(table.select())).mappings():
                for column, value in row.items():
                    found[table.name, column] += b"\n" + _plain(house, row, column, value)
    return found


def _plain(house, row, column, value):
    if not isinstance(value, bytes):
        return str(value).encode()
    keyring, key = house.keyring, row.get("id")
    openers = {
        "document_sealed": lambda: keyring.open_document(value, key.bytes).encode(),
        "sealed_text": lambda: keyring.open_request(value, key.bytes).encode(),
        "sealed_contact": lambda: keyring.open_contact(value, key.bytes).encode(),
        "sealed_file": lambda: b"file " + keyring.open_batch(value, key.bytes + b"file"),
        "sealed_report": lambda: keyring.open_batch(value, key.bytes + b"report"),
    }
    try:
        return value if column not in openers else openers[column]()
    except CannotOpen:
        return pytest.fail(f"{column} cannot be opened")


def where(found, *wanted):
    """Return the tables and columns that hold one of these."""
    return {key for key, content in found.items() if any(one in content for one in wanted)}


async def test_no_log_no_metric_and_no_trail_names_a_person_whatever_they_do(measured, logged):
    number = await whole_way(measured)
    await measured.house.perform(revoke_certificate, number=number, reason="替考")
    written = logged.getvalue()
    assert written.count('"path"') > 20
    counted = generate_latest(measured.metrics.registry).decode()
    assert "certgraph_requests_total" in counted
    found = await everything(measured.house)
    trail = b"".join(
        value for key, value in found.items() if key[0] in ("audit_entries", "audit_heads")
    )
    assert trail.count(b"certificate") > 3
    for text_ in (written, counted, trail.decode("utf-8", "replace")):
        for secret in (NAME, NUMBER, DOCUMENT, NAME.encode("unicode_escape").decode(), OTHER):
            assert secret not in text_
    # where they are, and nowhere else
    assert where(found, NAME.encode(), NUMBER.encode()) == {
        ("certificates", "document_sealed"),
        ("certificates", "holder_name"),
        ("certificates", "holder_name_key"),
        ("certificates", "payload"),
        ("holder_requests", "sealed_text"),
    }
    assert where(found, b"file PK") == {("certificate_batches", "sealed_file")}


async def test_after_an_erasure_nothing_says_who_it_was(measured, logged):
    house = measured.house
    number = await whole_way(measured)
    async with house.sessions() as session:
        query = "SELECT document_lookup, signature, payload FROM certificates WHERE number = :n"
        lookup, signature, payload = (await session.execute(text(query), {"n": number})).one()
    first, second = (Actor(name, Role.OPERATOR) for name in ("first", "second"))
    given = {"number": number, "reason": "the holder asks"}
    outcome = await perform(erase_holder, house.environment(), first, given)
    await perform(confirm, house.environment(), second, {"id": outcome.pending.id})
    await credit_kit.follow_all(house)
    house.now += timedelta(minutes=5)
    await published(house, house.now)
    secrets = (NAME.encode(), NUMBER.encode(), bytes(lookup), bytes(signature), bytes(payload))
    assert where(await everything(house), *secrets) == set()
    assert where(await everything(house), OTHER.encode())  # the other one is still there
    # what was uploaded and not submitted goes by its time
    assert where(await everything(house), b"file PK") == {("certificate_batches", "sealed_file")}
    later = house.environment(now=house.now + timedelta(days=31))
    await house.perform(expire_personal_data, environment=later, **LATER, reason="t")
    assert where(await everything(house), b"file PK") == set()
    for secret in (NAME, NUMBER):
        assert secret not in logged.getvalue()
