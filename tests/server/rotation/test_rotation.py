"""Another master key: everything is sealed anew; ended anywhere it goes on; hashes stay."""

import asyncio
import pickle
import re
from collections import Counter
from contextlib import aclosing

import httpx2
import pytest
from sqlalchemy import LargeBinary, select, text

from certgraph.actions.confirming import confirm
from certgraph.actions.parties import Actor, Role
from certgraph.actions.performing import perform
from certgraph.actions.tables import PendingActionRow
from certgraph.actions.trail import check_trail
from certgraph.api import background
from certgraph.api.app import make_app
from certgraph.certificates.holders.links import Purpose, key_in, secret_of
from certgraph.certificates.signing.batches import sign_batch
from certgraph.certificates.tables import CertificateRow, IssueRunRow
from certgraph.database import Base
from certgraph.organizations.signers import WrongMasterKey, check_master_key, knows_master_key
from certgraph.organizations.tokens import actor_of
from certgraph.problems import Rejected
from certgraph.rotation.actions import replace_master_key
from certgraph.rotation.queries import page_of, put_in_place
from certgraph.rotation.sealing_anew import KINDS, seal_anew
from certgraph.sealing import CannotOpen, Keyring
from tests.server.batch_kit import resident_number
from tests.server.conftest import MASTER_KEY, REGISTER_KEY
from tests.server.rechecking_kit import faults_of
from tests.server.sealed_kit import NOBODYS
from tests.waiting import LONG, until_async

NEXT, NEXT_REGISTER, THIRD = bytes(range(64, 96)), bytes(range(96, 128)), bytes(range(128, 160))
SEALED = re.compile(r"sealed|(^|_)mac$")


def both():
    """Return a keyring while both keys are being replaced."""
    return Keyring(MASTER_KEY, REGISTER_KEY, next_key=NEXT, next_register_key=NEXT_REGISTER)


async def issued(house, number):
    """Issue a certificate to a person with a document."""
    person = house.candidate(document_number=resident_number(number), **NOBODYS)
    return await house.issue(person, key=f"person {number}")


async def put_in_force(house, keyring):
    """Put the next master key in force, and let the house use it."""
    async with house.sessions.begin() as session:
        await check_master_key(session, keyring)
    house.keyring = keyring
    await house.perform(replace_master_key, reason="who knew it has left")
    async with house.sessions() as session:
        await knows_master_key(session, keyring)


async def all_sealed_anew(house, keyring):
    return [progress async for progress in seal_anew(house.sessions, keyring)][-1]


async def opened_by(house, keyring):
    """Return how many of each kind a keyring opens, and how many it does not."""
    opened, closed = Counter(), Counter()
    async with house.sessions() as session:
        for kind in KINDS:
            for row in await page_of(session, kind.columns, None, 100):
                try:
                    kind.anew(keyring, row)
                except CannotOpen:
                    closed[kind.name] += 1
                else:
                    opened[kind.name] += 1
    return opened, closed


async def test_everything_is_sealed_anew_and_the_key_before_opens_nothing(sealed):
    await put_in_force(sealed, both())
    progress = await all_sealed_anew(sealed, sealed.keyring)
    assert progress.faults == []
    assert dict(progress.changed) == {
        "private keys": progress.changed["private keys"],
        "tokens": 1,
        "inputs of pending actions": 1,
        "drafts of certificates": 1,
        "document numbers": 3,
        "document numbers of candidates": 2,
        "requests of holders": 1,
        "contacts": progress.changed["contacts"],
        "webhook secrets": 1,
        "uploaded files": 1,
        "reports on files": 1,
    }
    assert all(progress.changed[kind.name] for kind in KINDS)
    assert not (await all_sealed_anew(sealed, sealed.keyring)).changed.total()
    new, before = Keyring(NEXT, NEXT_REGISTER), Keyring(MASTER_KEY, REGISTER_KEY)
    async with sealed.sessions() as session:
        assert await knows_master_key(session, new)
        with pytest.raises(WrongMasterKey):
            await knows_master_key(session, before)
    assert await opened_by(sealed, new) == (progress.changed, Counter())
    assert await opened_by(sealed, before) == (Counter(), progress.changed)


async def test_with_the_new_key_alone_all_goes_on(sealed):
    before = sealed.keyring
    await put_in_force(sealed, both())
    await all_sealed_anew(sealed, sealed.keyring)
    sealed.keyring = new = Keyring(NEXT, NEXT_REGISTER)
    async with sealed.sessions() as session:
        await knows_master_key(session, new)
        assert (await check_trail(session, new))[1] is None
        assert (await actor_of(session, new, sealed.token, now=sealed.now)).role is Role.OPERATOR
        pending = await session.scalar(select(PendingActionRow.id))
        run = await session.scalar(select(IssueRunRow).where(IssueRunRow.id == draft_run()))
    assert [one for one in await faults_of(sealed) if one.kind != "log"] == []
    # what is hashed is found as before
    lookup = ("RESIDENT_ID", resident_number(1))
    assert new.document_lookup(*lookup) == before.document_lookup(*lookup)
    secret = secret_of(before, Purpose.LINK, pending)
    assert key_in(new, Purpose.LINK, secret) == pending
    assert new.cursor_key == before.cursor_key
    # the draft is signed, the pending action is done, another certificate is issued
    async with sealed.sessions.begin() as session:
        assert await sign_batch(session, sealed.environment(), run) == 1
    await perform(confirm, sealed.environment(), Actor("second", Role.OPERATOR), {"id": pending})
    await issued(sealed, 5)
    assert [one for one in await faults_of(sealed) if one.kind != "log"] == []
    await put_in_force(sealed, Keyring(NEXT, NEXT_REGISTER, next_key=THIRD))
    await all_sealed_anew(sealed, sealed.keyring)
    assert Keyring(THIRD).document_lookup(*lookup) != before.document_lookup(*lookup)
    third = Keyring(THIRD)
    async with sealed.sessions() as session:
        await knows_master_key(session, third)
        assert (await check_trail(session, third))[1] is None
    assert third.document_lookup(*lookup) == before.document_lookup(*lookup)


def draft_run():
    """Return the run that has a draft, as a subquery."""
    draft = select(CertificateRow.issue_run_id).where(CertificateRow.signature.is_(None))
    return draft.scalar_subquery()


@pytest.mark.parametrize("pages", [1, 2, 4, 6, 9])
async def test_ended_anywhere_both_keys_read_and_the_next_run_goes_on(sealed, pages):
    await put_in_force(sealed, both())
    steps = seal_anew(sealed.sessions, sealed.keyring)
    async with aclosing(steps):
        for _ in range(pages):
            first = await anext(steps)
    done = Counter(first.changed)
    assert [one for one in await faults_of(sealed) if one.kind != "log"] == []
    rest = (await all_sealed_anew(sealed, both_in_force(sealed))).changed
    assert done.total() > 0
    assert not set(+done) & set(+rest)
    assert set(+done) | set(+rest) == {kind.name for kind in KINDS}


def both_in_force(house):
    """Return what another process has that begins now."""
    return pickle.loads(pickle.dumps(house.keyring))  # noqa: S301 - of this test


async def test_a_server_that_does_not_know_yet_seals_what_all_can_open(sealed):
    late = both()  # it has both, and did not look since
    await put_in_force(sealed, both())
    await all_sealed_anew(sealed, sealed.keyring)
    sealed.keyring = late
    (row,) = await issued(sealed, 7)
    assert Keyring(MASTER_KEY).open_document(row.document_sealed, row.id.bytes)
    async with sealed.sessions() as session:
        await knows_master_key(session, late)
    assert late.is_next_in_force
    changed = (await all_sealed_anew(sealed, late)).changed
    assert +changed == Counter({"document numbers": 1})


async def test_a_server_that_has_both_keys_follows_without_a_restart(house, tmp_path, monkeypatch):
    monkeypatch.setattr(background, "LOOK_SECONDS", 0.05)
    file = tmp_path / "next.key"
    file.write_text(NEXT.hex())
    file.chmod(0o600)
    settings = house.settings.model_copy(update={"next_master_key_file": file})
    app = make_app(settings, clock=lambda: house.now, random=house.random, publishing=False)
    async with app.router.lifespan_context(app):
        async with house.sessions.begin() as session:
            await check_master_key(session, app.server.keyring)
        assert not app.server.keyring.is_next_in_force
        await put_in_force(house, settings.keyring())

        async def follows():
            return app.server.keyring.is_next_in_force

        await until_async(follows)


async def test_a_server_that_was_forgotten_ends_and_seals_nothing_more(house, monkeypatch):
    monkeypatch.setattr(background, "LOOK_SECONDS", 0.05)
    ended = asyncio.Event()
    monkeypatch.setattr(background.signal, "raise_signal", lambda _signal: ended.set())
    settings = house.settings
    app = make_app(settings, clock=lambda: house.now, random=house.random, publishing=False)
    async with app.router.lifespan_context(app):
        await put_in_force(house, both())
        async with asyncio.timeout(LONG):
            await ended.wait()


async def test_nothing_is_answered_until_the_database_says_which_key_is_in_force(house):
    app = make_app(house.settings, clock=lambda: house.now, random=house.random, publishing=False)
    transport = httpx2.ASGITransport(app)
    app.server.key_is_known = known = asyncio.Event()
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as http:
        paths = ("/graphql?query={viewer{role}}", "/v", "/h", "/livez")
        assert [(await http.get(one)).status_code for one in paths] == [503, 503, 503, 200]
        known.set()
        assert [(await http.get(one)).status_code for one in paths] == [200] * 4
    await app.server.close()


async def test_a_server_does_nothing_by_itself_before_it_knows_which_key_is_in_force(house):
    settings, sessions = house.settings, house.sessions
    given = {"reads": sessions, "random": house.random, "clock": lambda: house.now}
    work = background.Work(settings=settings, keyring=house.keyring, sessions=sessions, **given)
    done = []

    async def one(work):
        done.append(work.key_is_known.is_set())

    for is_stopped in (False, True):
        work.key_is_known.clear()
        task = asyncio.create_task(background.once_key_is_known(work, one))
        await asyncio.sleep(0)
        assert not done
        (work.stopping if is_stopped else work.key_is_known).set()
        await task
        assert done == ([] if is_stopped else [True])
        done.clear()


async def test_a_server_that_has_another_key_does_not_start(sealed):
    await put_in_force(sealed, both())
    app = make_app(sealed.settings, clock=lambda: sealed.now, random=sealed.random)
    with pytest.raises(WrongMasterKey, match="the master key is not the one"):
        async with app.router.lifespan_context(app):
            pass
    await app.server.close()


EDITS = [
    ("tokens", "UPDATE api_tokens SET name = 'x'"),
    ("drafts of certificates", "UPDATE certificates SET draft_mac = substr(payload, 1, 32)"),
    ("document numbers", "UPDATE certificates SET document_sealed = signature"),
    ("contacts", "UPDATE appointments SET sealed_contact = substr(sealed_contact, 2)"),
]


@pytest.mark.parametrize(("kind", "edit"), EDITS, ids=[kind for kind, _ in EDITS])
async def test_what_no_key_opens_is_named_and_left_as_it_is(sealed, kind, edit):
    async with sealed.sessions.begin() as session:
        await session.execute(text(edit + " WHERE " + WHERE.get(kind, "1 = 1")))
    await put_in_force(sealed, both())
    before = await values_of(sealed, kind)
    progress = await all_sealed_anew(sealed, sealed.keyring)
    assert {name for name, _ in progress.faults} == {kind}
    assert {key for _, key in progress.faults} <= {key for key, _ in before}
    bad = {key for _, key in progress.faults}
    unchanged = [one for one in before if one[0] in bad]
    assert [one for one in await values_of(sealed, kind) if one[0] in bad] == unchanged


WHERE = {
    "drafts of certificates": "signature IS NULL",
    "document numbers": "document_sealed IS NOT NULL",
}


async def values_of(house, name):
    (kind,) = [one for one in KINDS if one.name == name]
    async with house.sessions() as session:
        rows = await page_of(session, kind.columns, None, 100)
        return [(row[0], bytes(row[1])) for row in rows]


async def test_edited_keys_of_hashes_are_refused(sealed):
    await put_in_force(sealed, both())
    async with sealed.sessions.begin() as session:
        await session.execute(text("UPDATE master_key_checks SET sealed_hash_keys = mac"))
    async with sealed.sessions() as session:
        with pytest.raises(WrongMasterKey):
            await knows_master_key(session, Keyring(NEXT))


async def test_without_a_next_key_nothing_is_replaced(house):
    with pytest.raises(Rejected) as caught:
        await house.perform(replace_master_key, reason="t")
    assert [one.code for one in caught.value.problems] == ["key.no_next_key"]


async def test_who_replaced_the_master_key_and_why_is_in_the_trail(sealed):
    await put_in_force(sealed, both())
    await put_in_force(sealed, both())  # again: nothing changes
    async with sealed.sessions() as session:
        query = "SELECT reason FROM audit_entries WHERE action = 'masterKeyReplace'"
        found = list(await session.scalars(text(query)))
    assert found == ["who knew it has left"] * 2


def test_no_sealed_column_is_forgotten():
    known = {(kind.columns[1].class_.__tablename__, kind.columns[1].key) for kind in KINDS}
    columns = {
        (table.name, column.name)
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary) and SEALED.search(column.name)
    }
    assert (
        columns - {("master_key_checks", "mac"), ("master_key_checks", "sealed_hash_keys")} == known
    )


@pytest.mark.parametrize("same", [{"next_key": MASTER_KEY}, {"next_register_key": REGISTER_KEY}])
def test_the_next_key_is_another(same):
    with pytest.raises(ValueError, match="two are the same"):
        Keyring(MASTER_KEY, REGISTER_KEY, **same)


async def test_what_was_changed_meanwhile_is_not_put_back(sealed):
    (contacts,) = [kind for kind in KINDS if kind.name == "contacts"]
    (key, value), *_ = await values_of(sealed, "contacts")
    async with sealed.sessions.begin() as session:
        await put_in_place(session, contacts.columns[1], [(key, b"as it was read", b"new")])
    assert (key, value) in await values_of(sealed, "contacts")
    async with sealed.sessions.begin() as session:
        await put_in_place(session, contacts.columns[1], [(key, value, b"new")])
    assert (key, b"new") in await values_of(sealed, "contacts")
