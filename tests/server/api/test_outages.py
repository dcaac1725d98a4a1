"""With the database away, locked or silent: a 503 or a conflict in bounded time, never a 500."""

import asyncio
import logging
import socket
from contextlib import asynccontextmanager, suppress
from functools import partial
from random import Random

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from certgraph.actions.parties import Role
from certgraph.api import app as app_module
from certgraph.api import connections, trust_cache
from certgraph.api.app import make_app
from certgraph.api.background import (
    Work,
    follow_forever,
    keep_days,
    notify_forever,
    publish_forever,
    sweep_forever,
)
from certgraph.api.connections import ReadPool, Unavailable
from certgraph.api.http import health, outages
from certgraph.database import Waiting, create_engine, make_sessions
from certgraph.identity_documents import DocumentType
from certgraph.organizations.tokens import create_token
from certgraph.settings import Settings, SettingsError
from tests.server.api.test_oauth import claims_of, forged, registered, sign_in, signed
from tests.server.conftest import HOST, MASTER_KEY
from tests.server.trust.test_lists import new_list, published
from tests.waiting import LONG, until_async

SHORT = Waiting(connection=0.4, lock=0.4, statement=2)
only_postgresql = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
READ = "{ organizations { nodes { code } } }"
SIGNS_IN = {
    "grant_type": "client_credentials",
    "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    "client_assertion": forged({"alg": "EdDSA"}, {"sub": "0" * 32}),
}
REVOKE = """mutation { certificateRevoke(input: {number: "NOPE", document: "d", reason: "t"}) {
  errors { ... on UserError { code } } } }"""


@pytest.fixture
def impatient(monkeypatch):
    """Nothing is waited for long."""
    for name in ("_WRITES", "_LOOKUPS", "_OWN"):
        monkeypatch.setattr(app_module, name, SHORT)
    monkeypatch.setattr(connections, "WAIT_SECONDS", 0.4)
    monkeypatch.setattr(health, "READY_SECONDS", 1)


@pytest.fixture
def short_locks(monkeypatch):
    """No lock is waited for long; connections are."""
    waiting = Waiting(connection=LONG, lock=0.4, statement=LONG)
    monkeypatch.setattr(app_module, "_WRITES", waiting)


@asynccontextmanager
async def over(url, now):
    settings = Settings(database_url=url, master_key=MASTER_KEY.hex(), public_host=HOST)
    app = make_app(settings, clock=lambda: now, random=Random(5), publishing=False)
    transport = httpx2.ASGITransport(app, raise_app_exceptions=True)
    try:
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as http:
            yield http
    finally:
        await app.server.close()


async def everything(http):
    """Ask everything that a server answers; return the statuses."""
    token = {"Authorization": "Bearer cgt_x"}
    graphql = [
        await http.post("/graphql", json={"query": READ}),
        await http.post("/graphql", json={"query": READ}, headers=token),
        await http.post("/graphql", json={"query": '{ verification(qrText: "x") { verdict } }'}),
        await http.get("/credit-bank/changes.jsonl.gz", headers=token),
    ]
    for answer in graphql:
        assert answer.json()["errors"][0]["extensions"] == {"code": "UNAVAILABLE"}
        assert answer.headers["retry-after"] == "2"
    files = [
        await http.get("/trust/bundle.cgtrust"),
        await http.get("/readyz"),
        await http.post("/v", data={"number": "1", "name": "x"}),
        await http.post("/oauth/token", data=SIGNS_IN),
    ]
    return [answer.status_code for answer in (*graphql, *files)]


@pytest.fixture
def closed_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # no database is asked
async def test_a_database_that_is_away_is_a_503_and_one_line_of_log(
    house, impatient, closed_port, caplog, monkeypatch
):
    monkeypatch.setattr(outages, "_EVERY_SECONDS", 10 * LONG)
    url = f"postgresql://u:p@127.0.0.1:{closed_port}/d"
    async with over(url, house.now) as http:
        for _ in range(3):
            assert set(await everything(http)) == {503}
        assert (await http.get("/livez")).status_code == 200
        assert (await http.get("/v")).status_code == 200
    lines = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(lines) == 1
    assert lines[0].exc_info is None
    assert "the database cannot be used" in lines[0].getMessage()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # no database is asked
async def test_the_servers_own_work_says_so_in_one_line_too(house, closed_port, caplog):
    engine = create_engine(f"postgresql://u:p@127.0.0.1:{closed_port}/d")
    sessions = make_sessions(engine)
    work = Work(
        settings=house.settings,
        keyring=house.keyring,
        sessions=sessions,
        reads=sessions,
        random=house.random,
        clock=lambda: house.now,
    )
    await keep_days(work)
    loops = [
        asyncio.create_task(f(work)) for f in (publish_forever, follow_forever, notify_forever)
    ]

    async def warnings():
        return [record for record in caplog.records if record.levelno >= logging.WARNING]

    await until_async(warnings)
    await asyncio.sleep(1)  # nothing more is said
    for loop in loops:
        loop.cancel()
    await asyncio.gather(*loops, return_exceptions=True)
    await engine.dispose()
    (line,) = await warnings()
    assert line.exc_info is None
    assert "the database cannot be used" in line.getMessage()


async def test_a_server_that_ends_lets_its_own_work_end_and_cancels_none_of_it(house):
    work = Work(
        settings=house.settings,
        keyring=house.keyring,
        sessions=house.sessions,
        reads=house.sessions,
        random=house.random,
        clock=lambda: house.now,
    )
    forever = (publish_forever, follow_forever, sweep_forever, notify_forever)
    loops = [asyncio.create_task(one(work)) for one in forever]
    await asyncio.sleep(0.01)  # the first of its work is on its way
    assert not any(loop.done() for loop in loops)
    work.stopping.set()
    done, late = await asyncio.wait(loops, timeout=LONG)
    assert not late
    assert [loop.result() for loop in done] == [None] * 4


@asynccontextmanager
async def listening(*answers):
    """Listen as a database that says this and no more; return the port."""
    connections = []

    async def connected(reader, writer):
        connections.append(asyncio.current_task())
        with suppress(ConnectionError):
            for answer in answers:
                await reader.readexactly(8)
                writer.write(answer)
            await reader.read()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
    await asyncio.gather(*connections)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # no database is asked
async def test_a_database_that_is_silent_is_a_503_in_bounded_time(house, impatient):
    async with (
        listening() as port,
        over(f"postgresql://u:p@127.0.0.1:{port}/d?sslmode=disable", house.now) as http,
    ):
        async with asyncio.timeout(LONG):
            assert set(await everything(http)) == {503}


async def test_what_was_read_is_served_while_the_database_is_away(client, monkeypatch):
    await client.house.issue()
    await new_list(client.house)
    _, bundle = await published(client.house)
    assert (await client.http.get("/trust/bundle.cgtrust")).content == bundle

    async def away(*_):
        raise ConnectionRefusedError

    monkeypatch.setattr(trust_cache.queries, "published_etag", away)
    answer = await client.http.get("/trust/bundle.cgtrust")
    assert (answer.status_code, answer.content) == (200, bundle)
    assert (await client.http.get("/status/EO-001/0.cwt")).status_code == 503


async def waiting_for_locks(house, count):
    async with house.engine.connect() as connection:
        return await connection.scalar(text(WAITING_FOR_LOCKS)) == count


WAITING_FOR_LOCKS = """SELECT count(*) FROM pg_stat_activity
  WHERE datname = current_database() AND wait_event_type = 'Lock'"""


@only_postgresql
async def test_fifteen_waiting_writes_of_one_organization_are_nobody_elses_outage(
    house, monkeypatch
):
    waiting = Waiting(connection=2, lock=6, statement=LONG)
    monkeypatch.setattr(app_module, "_WRITES", waiting)
    (row,) = await house.issue()
    await new_list(house)
    await published(house)
    _, token = await house.perform(create_token, name="t", role=Role.OPERATOR, lifetime_days=1)
    revoke = f"""mutation {{ certificateRevoke(input: {{ number: "{row.number}", document: "d",
      reason: "t" }}) {{ certificate {{ state }} errors {{ ... on UserError {{ code }} }} }} }}"""
    headers = {"Authorization": f"Bearer {token}"}
    async with over(house.url, house.now) as http, house.engine.begin() as holder:
        await holder.execute(text("SELECT 1 FROM certificates FOR UPDATE"))
        writes = [
            asyncio.create_task(http.post("/graphql", json={"query": revoke}, headers=headers))
            for _ in range(16)
        ]
        await until_async(partial(waiting_for_locks, house, house.settings.write_connections))
        for path in ("/readyz", "/trust/bundle.cgtrust"):
            assert (await http.get(path)).status_code == 200
        answer = await http.post("/graphql", json={"query": READ}, headers=headers)
        assert answer.json()["data"]["organizations"]["nodes"]
        assert not all(write.done() for write in writes)  # nothing waited for their locks
        found = [await write for write in writes]
    for answer in found:
        content = answer.json()
        if answer.status_code == 503:
            assert content["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
        else:
            assert content["data"]["certificateRevoke"]["errors"] == [{"code": "access.busy"}]
    assert {answer.status_code for answer in found} == {200, 503}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_busy_file_of_sqlite_is_a_conflict(impatient, client):
    async with client.house.engine.connect() as holder:
        await holder.exec_driver_sql("SELECT 1")  # BEGIN IMMEDIATE
        data = await client.data(REVOKE, role="admin")
    assert data["certificateRevoke"]["errors"] == [{"code": "access.busy"}]


async def test_a_client_that_signs_in_meanwhile_is_asked_to_try_again(short_locks, client, caplog):
    client_id = await registered(client.house)
    async with client.house.engine.connect() as holder:
        statement = "LOCK TABLE client_assertions" if client.is_postgresql else "SELECT 1"
        await holder.exec_driver_sql(statement)
        answer = await sign_in(client, signed(claims_of(client, client_id)))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert answer.json()["error"] == "temporarily_unavailable"
    assert caplog.records == []


IN_HAND = {"number": "A-1", "name": "王小明", "document": "110101200001010010", "lang": "en"}


async def visited(client):
    return await client.http.post("/h", data=IN_HAND)


async def checked(client):
    headers = {"Authorization": f"Bearer {client.tokens['verifier']}"}
    table = "证书编号,姓名\nA-1,王小明\n"
    return await client.http.post("/checks", content=table.encode(), headers=headers)


@pytest.mark.parametrize(("asked", "status"), [(visited, 303), (checked, 200)])
async def test_who_reads_while_others_hold_the_trail_is_asked_to_try_again(
    short_locks, client, caplog, asked, status
):
    """Nothing is answered before its entry is in the trail; sent again, it is."""
    person = {"document_type": DocumentType.RESIDENT_ID, "document_number": IN_HAND["document"]}
    house = client.house
    await house.issue(house.candidate(number="A-1", holder_name=IN_HAND["name"], **person))
    await new_list(house)
    await published(house)
    entries = await house.count("audit_entries")
    async with house.engine.connect() as holder:
        statement = "LOCK TABLE audit_heads" if client.is_postgresql else "SELECT 1"
        await holder.exec_driver_sql(statement)
        answer = await asked(client)
    assert (answer.status_code, answer.headers.get("set-cookie")) == (503, None)
    assert caplog.records == []
    for table in ("holder_sessions", "check_receipts"):
        assert await house.count(table) == 0
    assert await house.count("audit_entries") == entries
    assert (await asked(client)).status_code == status
    assert await house.count("audit_entries") == entries + 1


@only_postgresql
async def test_the_first_write_after_the_database_ended_its_connections_succeeds(client):
    expected = {"certificateRevoke": {"errors": [{"code": "certificate.not_found"}]}}
    assert await client.data(REVOKE, role="admin") == expected
    async with client.house.engine.begin() as other:
        await other.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    assert await client.data(REVOKE, role="admin") == expected


@only_postgresql
async def test_a_server_that_became_a_replica_is_left(client):
    """After a failover the old primary may go on, for reading alone."""
    register = """mutation { organizationStateChange(input: {organizationCode: "EO-002",
      state: RECTIFYING, since: "2026-11-23", document: "d", reason: "t"})
      { errors { ... on UserError { code } } } }"""
    async with client.house.engine.begin() as other:
        name = (await other.execute(text("SELECT current_database()"))).scalar_one()
        await other.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
    body = {"query": register}
    headers = {"Authorization": f"Bearer {client.tokens['admin']}"}
    answer = await client.http.post("/graphql", json=body, headers=headers)
    assert answer.status_code == 503
    async with client.house.engine.connect() as other:
        await other.execute(text("SET default_transaction_read_only = off"))
        await other.execute(text(f"ALTER DATABASE {name} RESET default_transaction_read_only"))
        await other.commit()
    answer = await client.http.post("/graphql", json=body, headers=headers)
    assert answer.json()["data"]["organizationStateChange"]["errors"] == []


@only_postgresql
@pytest.mark.parametrize(
    "query",
    [
        "sslmode=disable",
        "sslmode=prefer",
        "application_name=certgraph%20test",
        "connect_timeout=10",
        "options=-c%20search_path%3Dpublic",
        "options=-c%20geqo%3Doff&application_name=x",
        "target_session_attrs=any",
        "target_session_attrs=read-write&sslmode=prefer",
        "channel_binding=prefer",
        "gssencmode=disable&keepalives=1&keepalives_idle=30",
        "client_encoding=utf8",
    ],
)
async def test_the_url_may_have_the_parameters_of_every_cloud(house, query):
    url = f"{make_url(house.url).set(query={}).render_as_string(hide_password=False)}?{query}"
    host = make_url(house.url).query
    url += "".join(f"&{name}={value}" for name, value in host.items())
    engine = create_engine(url)
    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT 1"))).scalar_one() == 1
    pool = ReadPool(engine, timeout=5)
    assert await pool.run(lambda c: c.fetch("SELECT 1", [])) == [(1,)]
    await pool.close()
    await engine.dispose()


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("channel_binding=require", "its driver knows no channel_binding=require"),
        ("pgbouncer=true", "pgbouncer is no parameter of PostgreSQL that certgraph knows"),
        ("connection_limit=5&pool_timeout=3", "connection_limit, pool_timeout is no parameter"),
        ("ssl_mode=require", "ssl_mode is no parameter of PostgreSQL"),
    ],
)
def test_a_parameter_of_a_url_that_is_not_known_is_a_sentence(query, message):
    with pytest.raises(ValueError, match=message):
        create_engine(f"postgresql://u@h/d?{query}")


async def test_tls_that_the_server_does_not_speak_is_not_left_out(closed_port):
    async with listening(b"N") as port:  # no TLS here
        engine = create_engine(f"postgresql://u:p@127.0.0.1:{port}/d?sslmode=require")
        pool = ReadPool(engine, timeout=1)
        with pytest.raises(Unavailable, match="SSL"):
            await pool.run(lambda c: c.fetch("SELECT 1", []))
        await engine.dispose()


LINES = "CERTGRAPH_DATABASE_URL=sqlite:///{dir}/x.sqlite3\nCERTGRAPH_PUBLIC_HOST=h\n"


@pytest.mark.parametrize("name", ["demo?1", "demo#1", "50% demo", "演示", "a b"])
async def test_a_folder_may_have_any_name_and_its_settings_a_byte_order_mark(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    (folder / "settings.env").write_text("\ufeff" + LINES, encoding="utf-8")
    settings = Settings.from_environ({}, folder)
    engine = create_engine(settings.database_url.get_secret_value())
    async with engine.connect() as connection:
        await connection.exec_driver_sql("SELECT 1")
    await engine.dispose()
    assert (folder / "x.sqlite3").exists()
    (folder / "settings.env").write_bytes(LINES.replace("=h", "=中").encode("gbk"))
    with pytest.raises(SettingsError, match="is not UTF-8"):
        Settings.from_environ({}, folder)


def test_a_service_of_our_name_in_kubernetes_is_no_setting():
    variables = {
        "CERTGRAPH_SERVICE_HOST": "10.0.0.1",
        "CERTGRAPH_SERVICE_PORT": "80",
        "CERTGRAPH_SERVICE_PORT_HTTP": "80",
        "CERTGRAPH_PORT": "tcp://10.0.0.1:80",
        "CERTGRAPH_PORT_80_TCP": "tcp://10.0.0.1:80",
        "CERTGRAPH_PORT_80_TCP_ADDR": "10.0.0.1",
        "CERTGRAPH_PORT_80_TCP_PORT": "80",
        "CERTGRAPH_PORT_80_TCP_PROTO": "tcp",
    }
    needed = {"CERTGRAPH_DATABASE_URL": "sqlite:///x", "CERTGRAPH_PUBLIC_HOST": "h"}
    assert Settings.from_environ({**needed, **variables}).public_host == "h"
    with pytest.raises(SettingsError, match="CERTGRAPH_PORTS is not a setting"):
        Settings.from_environ({**needed, "CERTGRAPH_PORTS": "1"})
