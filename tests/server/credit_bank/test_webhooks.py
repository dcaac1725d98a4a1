"""Notification: thin, signed, tried again, only where the operator allows."""

import asyncio
import base64
import hmac
import json
import socket
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from certgraph.api import background
from certgraph.api.background import Work, notify_forever, post_message
from certgraph.credit_bank.feed.webhooks import RETRY_AFTER, notify, signature
from tests.server.credit_bank.test_feed import issue, register
from tests.server.credit_kit import follow_all
from tests.server.parties import asking
from tests.waiting import LONG, until_async

REGISTER = """mutation ($url: String!) { feedWebhookRegister(input: {url: $url}) {
  webhook { id url sequence } secret errors { ... on UserError { code message } } } }"""
SHOWN = "{ feedWebhooks { nodes { url sequence failures nextAttemptAt lastError endedAt } } }"


@pytest.fixture
def listener():
    """A host that keeps what it is sent, and answers what it is asked to."""
    received = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            received.append((dict(self.headers.items()), body))
            self.send_response(server.status)
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.end_headers()

        def log_message(self, *_arguments):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.status = 204
    server.received = received
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def silent():
    """A host that takes connections and answers nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
async def bank(worthy, worth_tokens, listener, silent, monkeypatch):
    host = f"127.0.0.1:{listener.server_port}"
    hosts = f"bank.example.cn, {host}, {silent}"
    settings = worthy.settings.model_copy(update={"webhook_hosts": hosts})
    monkeypatch.setattr(type(worthy), "settings", settings)
    async with asking(worthy, worth_tokens) as found:
        found.url = f"http://{host}/feed"
        yield found


async def tell(bank):
    return await notify(bank.house.sessions, bank.house.keyring, post_message, now=bank.house.now)


async def shown(bank):
    ((webhook,),) = [(await bank.data("credit-bank", SHOWN))["feedWebhooks"]["nodes"]]
    return webhook


def test_the_signature_is_that_of_the_specification():
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    message_id, body = "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}'
    expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert signature(secret, message_id, 1614265330, body) == expected


async def test_a_change_is_sent_once_thin_and_signed(bank, listener):
    house = bank.house
    payload = await bank.done("credit-bank", REGISTER, {"url": bank.url})
    assert await tell(bank) == 0  # nothing has happened since
    await register(house, *await issue(house, 2))
    await follow_all(house)
    assert await tell(bank) == 1
    assert await tell(bank) == 0
    ((headers, body),) = listener.received
    content = json.loads(body)
    assert content["type"] == "learning_outcomes.changed"
    assert content["data"].keys() == {"epoch", "sequence"}
    assert content["data"]["sequence"] == 2
    named = {name.lower(): value for name, value in headers.items()}
    assert named["webhook-id"] == f"feed_{content['data']['epoch']}_2"
    assert named["webhook-timestamp"] == str(int(house.now.timestamp()))
    secret = base64.b64decode(payload["secret"].removeprefix("whsec_"))
    signed = f"{named['webhook-id']}.{named['webhook-timestamp']}.".encode() + body
    made = base64.b64encode(hmac.digest(secret, signed, "sha256")).decode()
    assert named["webhook-signature"] == f"v1,{made}"
    assert (await shown(bank))["sequence"] == 2


@pytest.mark.parametrize(
    ("status", "error"), [(500, "it answers 500"), (302, "it answers 302"), (404, "it answers 404")]
)
async def test_what_is_not_taken_is_tried_again_later_and_later(bank, listener, status, error):
    house = bank.house
    await bank.done("credit-bank", REGISTER, {"url": bank.url})
    await register(house, *await issue(house, 1))
    await follow_all(house)
    listener.status = status
    start = house.now
    for failures, wait in enumerate(RETRY_AFTER[:3], 1):
        assert await tell(bank) == 0
        assert await shown(bank) == {
            "url": bank.url,
            "sequence": 0,
            "failures": failures,
            "nextAttemptAt": (house.now + wait).isoformat(),
            "lastError": error,
            "endedAt": None,
        }
        house.now += wait - timedelta(seconds=1)
        assert await tell(bank) == 0
        assert len(listener.received) == failures  # not yet
        house.now += timedelta(seconds=1)
    assert house.now > start
    assert len({headers["webhook-id"] for headers, _ in listener.received}) == 1
    listener.status = 200
    assert await tell(bank) == 1
    found = await shown(bank)
    assert (found["sequence"], found["failures"], found["lastError"]) == (1, 0, None)


async def test_a_host_that_is_away_is_tried_again_and_one_that_is_gone_is_not(bank, listener):
    house = bank.house
    await bank.done("credit-bank", REGISTER, {"url": bank.url})
    await register(house, *await issue(house, 1))
    await follow_all(house)

    async def away(_message):
        return 0, "connection refused"

    assert await notify(house.sessions, house.keyring, away, now=house.now) == 0
    assert (await shown(bank))["lastError"] == "connection refused"
    house.now += timedelta(seconds=10)
    listener.status = 410
    assert await tell(bank) == 0
    assert (await shown(bank))["endedAt"] == house.now.isoformat()
    house.now += timedelta(days=30)
    assert await tell(bank) == 0
    assert len(listener.received) == 1


async def test_what_one_address_does_costs_only_itself(bank, listener):
    house = bank.house
    await bank.done("credit-bank", REGISTER, {"url": "https://bank.example.cn/"})
    await bank.done("credit-bank", REGISTER, {"url": bank.url})
    await register(house, *await issue(house, 1))
    await follow_all(house)

    async def post(message):
        if message.url != bank.url:
            raise ValueError("odd")
        return await post_message(message)

    assert await notify(house.sessions, house.keyring, post, now=house.now) == 1
    shown_ = (await bank.data("credit-bank", SHOWN))["feedWebhooks"]["nodes"]
    assert sorted((w["sequence"], w["lastError"]) for w in shown_) == [
        (0, "ValueError: odd"),
        (1, None),
    ]


async def heard(bank):
    """Return address → up to where it has heard."""
    found = (await bank.data("credit-bank", SHOWN))["feedWebhooks"]["nodes"]
    return {one["url"]: one["sequence"] for one in found}


async def test_who_never_answers_keeps_nobody_else_waiting(bank, listener, silent, monkeypatch):
    monkeypatch.setattr(background, "_POST_SECONDS", 10 * LONG)
    house = bank.house
    for url in (f"http://{silent}/", bank.url):
        await bank.done("credit-bank", REGISTER, {"url": url})
    work = Work(
        settings=house.settings,
        keyring=house.keyring,
        sessions=house.sessions,
        reads=house.sessions,
        random=house.random,
        clock=lambda: house.now,
    )
    task = asyncio.create_task(notify_forever(work))
    for times in (1, 2):
        await register(house, *await issue(house, 1, level=times))
        await follow_all(house)

        async def has_heard(times=times):
            return (await heard(bank))[bank.url] == times

        await until_async(has_heard)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [json.loads(body)["data"]["sequence"] for _, body in listener.received] == [1, 2]


async def test_a_process_that_dies_in_between_leaves_it_to_the_next(bank, listener):
    house = bank.house
    await bank.done("credit-bank", REGISTER, {"url": bank.url})
    await register(house, *await issue(house, 1))
    await follow_all(house)

    async def die(_message):
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await notify(house.sessions, house.keyring, die, now=house.now)
    assert await tell(bank) == 0  # somebody has it
    house.now += timedelta(seconds=60)
    assert await tell(bank) == 1


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://bank.example.cn/feed", None),
        ("http://bank.example.cn/feed", "it is not https"),
        ("https://other.example.cn/feed", "other.example.cn is none of CERTGRAPH_WEBHOOK_HOSTS"),
        (
            "https://bank.example.cn:8443/",
            "bank.example.cn:8443 is none of CERTGRAPH_WEBHOOK_HOSTS",
        ),
        (
            "https://user@bank.example.cn/",
            "it is too long, or holds a user, a fragment or an odd character",
        ),
        (
            "https://bank.example.cn/" + "x" * 500,
            "it is too long, or holds a user, a fragment or an odd character",
        ),
        (
            "https://:pw@bank.example.cn/",
            "it is too long, or holds a user, a fragment or an odd character",
        ),
        (
            "https://bank.example.cn/\x01",
            "it is too long, or holds a user, a fragment or an odd character",
        ),
        ("https://bank.example.cn:443/in", None),
        (
            "https://bank.example.cn:444/in",
            "bank.example.cn:444 is none of CERTGRAPH_WEBHOOK_HOSTS",
        ),
        ("https://[", "it is no address"),
        ("", " is none of CERTGRAPH_WEBHOOK_HOSTS"),
    ],
)
async def test_only_hosts_that_the_operator_allows(bank, url, reason):
    payload = (await bank.data("credit-bank", REGISTER, {"url": url}))["feedWebhookRegister"]
    if reason is None:
        assert payload["errors"] == []
        assert payload["secret"].startswith("whsec_")
        return
    ((error,),) = [payload["errors"]]
    assert error["code"] == "webhook.address"
    assert error["message"].endswith(f"at most 500 characters: {reason}.")
    assert payload["secret"] is None


async def test_webhooks_are_the_credit_banks(bank):
    await bank.done("credit-bank", REGISTER, {"url": bank.url})
    for party in ("public", "organization"):
        assert (await bank.data(party, SHOWN))["feedWebhooks"]["nodes"] == []
        payload = (await bank.data(party, REGISTER, {"url": bank.url}))["feedWebhookRegister"]
        assert payload["errors"][0]["code"].startswith("access.")
    ((webhook,),) = [
        (await bank.data("credit-bank", "{ feedWebhooks { nodes { id } } }"))["feedWebhooks"][
            "nodes"
        ]
    ]
    end = "mutation ($id: ID!) { feedWebhookEnd(input: {id: $id}) { webhook { endedAt } errors { ... on UserError { code rule { id } } } } }"
    assert (await bank.refused("organization", end, webhook))[0][0] == "access.role"
    ended = await bank.done("credit-bank", end, webhook)
    assert ended["webhook"] == {"endedAt": bank.house.now.isoformat()}
    assert await bank.refused("credit-bank", end, {"id": "nothing"}) == [
        ("webhook.not_found", None)
    ]
