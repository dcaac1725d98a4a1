"""certgraph credit-bank pull: a mirror that goes on, starts again, and does not take what is wrong."""

import json
import re
from datetime import timedelta

import httpx2
import pytest
from joserfc.jwk import OKPKey
from sqlalchemy import text

from certgraph.actions.parties import Role
from certgraph.certificates.rules import CertificateState
from certgraph.cli.credit_bank import Client, PullError, pull
from certgraph.cli.mirror import Mirror, MirrorError
from certgraph.cli.signing_in import Bearer, SignsIn
from certgraph.database import create_engine
from certgraph.organizations.tokens import create_token, revoke_token
from tests.server.conftest import HOST
from tests.server.credit_bank.test_feed import change, erase, issue, register
from tests.server.credit_kit import follow_all
from tests.server.parties import asking

URL = "http://test"


@pytest.fixture
async def bank(worthy, worth_tokens):
    async with asking(worthy, worth_tokens) as found:
        yield found


@pytest.fixture
def mirror_url(database_url, templates, tmp_path):
    """An empty database of the same kind as the credit bank's."""
    if database_url.startswith("sqlite"):
        yield f"sqlite:///{tmp_path}/mirror.sqlite3"
        return
    name = re.search(r"test_\d+", database_url)[0]
    templates.execute(f"CREATE DATABASE mirror_of_{name}")
    yield database_url.replace(name, f"mirror_of_{name}")
    templates.drop(f"mirror_of_{name}")


@pytest.fixture
async def mirror(bank, mirror_url):
    engine = create_engine(mirror_url)
    found = Mirror(engine, URL)
    found.engine = engine
    await found.open(bank.house.now)
    yield found
    await engine.dispose()


async def pull_all(bank, mirror, size=2, party="credit-bank"):
    await pull(
        Client(bank.http, URL, Bearer(bank.tokens[party])), mirror, size=size, follow_seconds=None
    )


async def rows(mirror, columns="certificate_number, kind, reason, version, sequence"):
    statement = f"SELECT {columns} FROM mirror_records ORDER BY 1"
    async with mirror.engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(statement))]


async def test_it_goes_on_where_it_stopped(bank, mirror, capsys):
    house = bank.house
    numbers = await issue(house, 5)
    await register(house, *numbers[:3])
    await pull_all(bank, mirror)
    assert capsys.readouterr().out == "3 changes pulled; 3 records held\n"
    await register(house, *numbers[3:])
    await change(house, numbers[0], CertificateState.REVOKED)
    await pull_all(bank, mirror)
    assert capsys.readouterr().out == "3 changes pulled; 4 records held\n"
    assert await rows(mirror) == sorted(
        [
            (numbers[0], "TOMBSTONE", "REVOKED", 2, 6),
            *(
                (number, "UPSERT", "REGISTERED", 1, place)
                for place, number in enumerate(numbers[1:], 2)
            ),
        ]
    )
    await pull_all(bank, mirror)
    assert capsys.readouterr().out == "0 changes pulled; 4 records held\n"


async def test_learners_come_with_the_scope_and_go_with_the_tombstone(bank, mirror):
    house = bank.house
    numbers = await issue(house, 2)
    await register(house, *numbers)
    await pull_all(bank, mirror)
    learners = dict(await rows(mirror, "certificate_number, learner"))
    assert json.loads(learners[numbers[0]])["name"] == "张0"
    assert await erase(bank, numbers[0]) == []
    await pull_all(bank, mirror)
    learners = dict(await rows(mirror, "certificate_number, learner"))
    assert learners[numbers[0]] is None
    assert "张1" in learners[numbers[1]]


async def test_after_a_new_epoch_it_drops_what_is_not_stated_again(bank, mirror, capsys):
    house = bank.house
    numbers = await issue(house, 4)
    await register(house, *numbers)
    await pull_all(bank, mirror)
    async with mirror.engine.begin() as connection:  # a record that the platform no longer has
        await connection.execute(
            text(
                "INSERT INTO mirror_records SELECT 'LOST', epoch, 99, kind, reason, version, "
                "credits_tenths, sha256, record, learner FROM mirror_records WHERE sequence = 1"
            )
        )
    await bank.done(
        "admin",
        'mutation { outcomeFeedRestart(input: {reason: "test"}) { errors { __typename } } }',
    )
    capsys.readouterr()
    await pull_all(bank, mirror)
    assert "starting again: NEW_EPOCH" in capsys.readouterr().err
    assert {number: reason for number, _, reason, _, _ in await rows(mirror)} == dict.fromkeys(
        numbers, "REPEATED"
    )
    assert len({epoch for (epoch,) in await rows(mirror, "epoch")}) == 1


async def test_epochs_may_begin_faster_than_it_starts_again(bank, mirror):
    house = bank.house
    await register(house, *await issue(house, 2))
    await pull_all(bank, mirror)
    restart = 'mutation { outcomeFeedRestart(input: {reason: "test"}) { errors { __typename } } }'
    await bank.done("admin", restart)
    await mirror.start_again("AN-EPOCH-THAT"[:13], house.now)  # of which nothing was ever seen
    await bank.done("admin", restart)
    await pull_all(bank, mirror)
    assert [row[2] for row in await rows(mirror)] == ["REPEATED", "REPEATED"]
    assert len({epoch for (epoch,) in await rows(mirror, "epoch")}) == 1


class Altering(Client):
    """A client whose platform alters what it says."""

    def __init__(self, *arguments, alter):
        super().__init__(*arguments)
        self.alter = alter

    async def page(self, first, after):
        page = await super().page(first, after)
        self.alter(page["nodes"])
        return page


def swap(changes):
    changes.reverse()


def skip(changes):
    del changes[0]


def alter(changes):
    changes[1]["record"] = changes[1]["record"].replace("30", "99")


def other_epoch(changes):
    changes[1]["epoch"] = "ELSEWHERE"


@pytest.mark.parametrize(
    ("change_", "message"),
    [
        (swap, "change 1 of epoch .* was to come, the feed gave 2"),
        (skip, "change 1 of epoch .* was to come, the feed gave 2"),
        (alter, "change 2 of epoch .* is not what its hash says"),
        (other_epoch, "change 2 of epoch .* was to come, the feed gave 2 of ELSEWHERE"),
    ],
)
async def test_it_takes_nothing_of_a_page_that_is_wrong(bank, mirror, change_, message):
    house = bank.house
    await register(house, *await issue(house, 2))
    await follow_all(house)
    client = Altering(bank.http, URL, Bearer(bank.tokens["credit-bank"]), alter=change_)
    with pytest.raises(MirrorError, match=message):
        await pull(client, mirror, size=10, follow_seconds=None)
    assert await rows(mirror) == []
    await pull_all(bank, mirror)
    assert len(await rows(mirror)) == 2


async def test_a_page_that_another_process_wrote_is_not_written_again(bank, mirror):
    house = bank.house
    await register(house, *await issue(house, 2))
    client = Client(bank.http, URL, Bearer(bank.tokens["credit-bank"]))
    page = await client.page(10, None)
    given = (None, page["nodes"], page["pageInfo"]["endCursor"])
    assert await mirror.take(*given, is_last=True, now=house.now) is True
    assert await mirror.take(*given, is_last=True, now=house.now) is False


async def test_a_mirror_is_of_one_platform_and_not_in_it(bank, mirror):
    with pytest.raises(MirrorError, match="a platform's own database"):
        await Mirror(bank.house.engine, URL).open(bank.house.now)
    await Mirror(mirror.engine, "http://elsewhere").open(bank.house.now)  # nothing was taken yet
    await pull_all(bank, mirror)
    with pytest.raises(MirrorError, match=f"this is a mirror of {URL}"):
        await Mirror(mirror.engine, "http://elsewhere").open(bank.house.now)


@pytest.mark.parametrize(
    ("token", "message"),
    [
        ("organization", "As EVALUATION_ORGANIZATION this may not"),
        ("", "token is unknown"),
    ],
)
async def test_what_the_platform_refuses_is_shown(bank, mirror, token, message):
    client = Client(bank.http, URL, Bearer(bank.tokens.get(token, "cgt_wrong")))
    with pytest.raises(PullError, match=message):
        await pull(client, mirror, size=10, follow_seconds=None)


class Unsteady(httpx2.AsyncBaseTransport):
    """A platform behind something that answers otherwise at first, or not at all."""

    def __init__(self, bank, answers):
        self.bank, self.answers = bank, list(answers)

    async def handle_async_request(self, request):
        if not self.answers:
            return await self.bank.http._transport.handle_async_request(request)
        answer = self.answers.pop(0)
        if answer is None:
            raise httpx2.ConnectError("refused")
        status, headers = answer
        return httpx2.Response(status, headers=headers)


@pytest.fixture
def waited(monkeypatch):
    """Seconds that a client waited; they pass at once."""
    seconds = []

    async def sleep(time):
        seconds.append(time)

    monkeypatch.setattr("certgraph.cli.credit_bank.asyncio.sleep", sleep)
    return seconds


@pytest.mark.parametrize(
    ("answers", "waits"),
    [
        ([(429, {"Retry-After": "40"})], [0, 40]),
        ([(429, {}), (503, {"Retry-After": "5"}), (502, {})], [0, 1, 5, 4]),
        ([(408, {}), None, (500, {"Retry-After": "Thu, 26 Nov 2026 00:00:00 GMT"})], [0, 1, 2, 4]),
        ([(429, {"Retry-After": "99999"})], [0, 300]),
    ],
)
async def test_a_platform_that_is_busy_is_asked_again_when_it_says(
    bank, mirror, waited, answers, waits
):
    house = bank.house
    await register(house, *await issue(house, 2))
    await follow_all(house)
    async with httpx2.AsyncClient(transport=Unsteady(bank, answers), base_url=URL) as http:
        client = Client(http, URL, Bearer(bank.tokens["credit-bank"]))
        await pull(client, mirror, size=10, follow_seconds=None)
    assert waited == waits
    assert len(await rows(mirror)) == 2


@pytest.fixture
async def signs_in(bank):
    """A client with a key of its own, and how it signs in."""
    key = OKPKey.generate_key("Ed25519", {"kid": "one"})
    keys = json.dumps({"keys": [key.as_dict(private=False)]})
    draft = {"name": "mirror", "role": Role.CREDIT_BANK, "reads_learners": True}
    row, _ = await bank.house.perform(create_token, **draft, keys=keys)
    found = SignsIn(f"https://{HOST}", str(row.id), key, clock=lambda: bank.house.now)
    found.row = row
    return found


async def test_a_client_signs_in_by_itself_and_again_when_its_token_ends(bank, mirror, signs_in):
    house, client = bank.house, Client(bank.http, URL, signs_in)
    for count in (1, 2):
        await register(house, *await issue(house, 1, level=count))
        await follow_all(house)
        await pull(client, mirror, size=10, follow_seconds=None)
        assert len(await rows(mirror)) == count
        house.now += timedelta(seconds=601)
    await house.perform(revoke_token, token_id=signs_in.row.id)
    said = "it does not sign this client in: The client is unknown, revoked or expired"
    with pytest.raises(PullError, match=said):
        await client.page(10, None)


async def test_a_platform_that_cannot_sign_in_at_this_moment_is_asked_again(
    bank, mirror, waited, signs_in
):
    answers = [(503, {}), (429, {}), None]
    async with httpx2.AsyncClient(transport=Unsteady(bank, answers), base_url=URL) as http:
        await pull(Client(http, URL, signs_in), mirror, size=10, follow_seconds=None)
    assert waited == [0, 1, 2, 4]


async def test_what_does_not_sign_in_and_is_no_platform_is_named(bank, signs_in):
    async with httpx2.AsyncClient(transport=Unsteady(bank, [(404, {})]), base_url=URL) as http:
        with pytest.raises(PullError, match="it answers 404 where clients sign in"):
            await Client(http, URL, signs_in).page(10, None)


async def test_a_mirror_that_follows_waits_for_the_platform_as_long_as_it_takes(
    bank, mirror, waited
):
    house = bank.house
    await register(house, *await issue(house, 2))
    await follow_all(house)
    away = [None] * 500
    async with httpx2.AsyncClient(transport=Unsteady(bank, away), base_url=URL) as http:
        client = Client(http, URL, Bearer(bank.tokens["credit-bank"]), for_ever=True)
        page = await client.page(10, None)
    assert len(page["nodes"]) == 2
    assert waited == [0, 1, 2, 4, 8, 16, *[32] * 495]
    async with httpx2.AsyncClient(transport=Unsteady(bank, away), base_url=URL) as http:
        client = Client(http, URL, Bearer(bank.tokens["credit-bank"]))
        with pytest.raises(PullError, match="run the command again to go on"):
            await client.page(10, None)
