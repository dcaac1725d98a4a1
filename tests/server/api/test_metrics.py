"""What Prometheus reads: requests by their routes, operations, and how things are."""

from datetime import timedelta
from random import Random

import httpx2
import pytest
from prometheus_client import generate_latest

from certgraph.api.app import make_app
from certgraph.api.background import Work, look
from certgraph.api.metrics import Metrics
from certgraph.certificates.states.actions import register_certificate
from tests.server.trust.test_lists import new_list, published


@pytest.fixture
async def measured(client):
    """A server that counts, the client that asks it, and what it has counted."""
    settings = client.house.settings.model_copy(update={"metrics_address": "127.0.0.1:9464"})
    app = make_app(settings, clock=lambda: client.house.now, random=Random(5), publishing=False)
    transport = httpx2.ASGITransport(app, raise_app_exceptions=True)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as http:
        client.http, client.metrics = http, app.metrics
        yield client
    await app.server.close()


def figure(metrics, name, **labels):
    return metrics.registry.get_sample_value(f"certgraph_{name}", labels)


async def test_requests_are_counted_by_route_method_and_status(measured):
    for path in ("/catalogue", "/batches/no-such", "/nowhere", "/s/" + "x" * 20):
        await measured.http.get(path)
    await measured.http.request("BREW", "/catalogue")
    await measured.ask('{ policyRule(id: "R39") { id } }')
    seen = {
        tuple(sample.labels[key] for key in ("method", "path", "status")): sample.value
        for metric in measured.metrics.registry.collect()
        for sample in metric.samples
        if sample.name == "certgraph_requests_total"
    }
    assert seen[("GET", "/catalogue", "200")] == 1
    assert seen[("GET", "/batches/{id}", "401")] == 1
    assert seen[("GET", "-", "404")] == 1
    assert seen[("POST", "/graphql", "200")] == 1
    assert [key[0] for key in seen if key[1] == "/catalogue"] == ["GET", "other"]
    counted = figure(measured.metrics, "request_seconds_count", path="/graphql")
    assert counted == 1


async def test_operations_are_counted_by_kind_and_outcome(measured):
    await measured.ask('{ policyRule(id: "R39") { id } }')
    await measured.ask("{ certificateTypes(first: 0) { nodes { id } } }")
    (row,) = await measured.house.issue()
    suspend = """mutation ($n: String!) { certificateSuspend(input: {number: $n, reason: "r"}) {
      certificate { state } } }"""
    await measured.data(suspend, {"n": row.number}, role="issuer")
    operations = "graphql_operations_total"
    assert figure(measured.metrics, operations, kind="query", outcome="ok") == 1
    assert figure(measured.metrics, operations, kind="query", outcome="errors") == 1
    assert figure(measured.metrics, operations, kind="certificateSuspend", outcome="ok") == 1


async def looked(house, metrics, now):
    work = Work(
        settings=house.settings,
        keyring=house.keyring,
        sessions=house.sessions,
        reads=house.sessions,
        random=house.random,
        clock=lambda: now,
    )
    await look(work, metrics)
    assert figure(metrics, "looked_timestamp_seconds") == now.timestamp()


async def test_how_things_are_is_read_from_the_database(house):
    metrics = Metrics()
    await looked(house, metrics, house.now)
    assert figure(metrics, "published_timestamp_seconds") == 0
    first, second = await house.issue(house.candidate(), house.candidate(holder_name="李"))
    await house.perform(register_certificate, number=first.number)
    later = house.now + timedelta(days=30)
    await looked(house, metrics, later)
    assert figure(metrics, "feed_waiting_changes") == 1
    assert figure(metrics, "log_waiting_certificates") == 2
    assert figure(metrics, "registrations_overdue") == 1
    assert second.registration_due_on < later.date()
    await new_list(house)
    await published(house)
    await looked(house, metrics, later + timedelta(seconds=1))
    assert figure(metrics, "published_timestamp_seconds") == house.now.timestamp()
    ends = house.now + timedelta(days=180)
    assert figure(metrics, "trust_list_end_timestamp_seconds") == pytest.approx(
        ends.timestamp(), abs=86_400
    )
    assert figure(metrics, "log_waiting_certificates") == 0
    assert figure(metrics, "obligations_overdue") >= 0


async def test_no_metric_says_who_asked_or_what_for(measured):
    (row,) = await measured.house.issue(measured.house.candidate(holder_name="欧阳示例"))
    secret = measured.tokens["issuer"]
    document = "query ($n: String!) { certificate(number: $n) { holderName } }"
    await measured.ask(document, {"n": row.number}, role="issuer")
    await measured.http.get(f"/v?number={row.number}&name=欧阳示例")
    await measured.http.get(f"/h/l/{secret}")
    text = generate_latest(measured.metrics.registry).decode()
    assert "certgraph_requests_total" in text
    for said in (row.number, "欧阳", secret, "127.0.0.1"):
        assert said not in text
