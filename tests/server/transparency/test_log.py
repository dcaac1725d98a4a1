"""The log holds what was countersigned, is served as files, and whoever follows it finds edits."""

import asyncio
import json
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from certgraph.certificates.drafts.corrections import claims_of
from certgraph.certificates.register import content_digest
from certgraph.certificates.signing.starting import start_run
from certgraph.certificates.states.actions import erase_holder
from certgraph.certificates.tables import CertificateRow
from certgraph.credential.checkpoint import open_checkpoint
from certgraph.credential.qr_text import from_qr_text
from certgraph.credential.signature import kid_of, load_public_key
from certgraph.credential.trust_bundle import log_keys, open_trust_bundle
from certgraph.organizations.keys import create_log_key, declare_key_compromised, retire_key
from certgraph.organizations.queries import signing_keys
from certgraph.organizations.rules import KeyPurpose
from certgraph.problems import Rejected
from certgraph.transparency import queries
from certgraph.transparency.appending import open_edge
from certgraph.transparency.checking import Follower, LogFault, MalformedState, OwnList
from certgraph.transparency.proving import MalformedProof, check_proof
from certgraph.transparency.rechecking import recheck_log
from certgraph.transparency.tiles import entry_of, tile_path
from certgraph.trust import queries as trust_queries
from certgraph.trust.publication import BUNDLE_PATH, publish
from tests.server.conftest import TODAY
from tests.server.stages import stage
from tests.server.trust.test_lists import FRESHNESS, ROOT_KEYS, new_list, published

PROOF = """query ($one: SignedCertificateInput!) { inclusionProof(certificate: $one) {
  index size checkpoint file } }"""


async def issue(house, count, key):
    people = [
        house.candidate(holder_name=f"{key}{n}", reference=f"{key} {n}") for n in range(count)
    ]
    return await house.issue(*people, key=key)


@stage
async def two_heads(house):
    await issue(house, 3, "first")
    await new_list(house)
    await published(house)
    await issue(house, 260, "second")
    await published(house)


@pytest.fixture
def logged(two_heads, client):
    """Three certificates, then 260 more: two heads of the log."""
    return client


async def trust_of(house):
    _, body = await published(house)
    return open_trust_bundle(body, ROOT_KEYS, now=house.now)


async def head_of(client):
    answer = await client.http.get("/log/checkpoint")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    keys = log_keys((await trust_of(client.house)).trust_list)
    return open_checkpoint(answer.content, keys)


async def follow(client, follower=None):
    follower, head = follower or Follower(), await head_of(client)
    found = []
    for place, width in follower.bundles(head):
        answer = await client.http.get(f"/log/{tile_path(place, width)}")
        assert answer.status_code == 200
        found += follower.read(place, width, answer.content)
    follower.reach(head)
    return follower, found


async def test_every_signed_certificate_is_an_entry_by_the_hash_of_its_bytes(logged):
    house = logged.house
    _, found = await follow(logged)
    async with house.sessions() as session:
        (key,) = await signing_keys(session, KeyPurpose.ISSUER)
        rows = [row async for row, _ in queries.signed_certificates(session)]
    texts = {row.log_index: from_qr_text(await house.qr_text(row)) for row in rows}
    assert dict(found) == {i: entry_of(key.kid, signed) for i, signed in texts.items()}
    assert len(found) == 263
    assert sorted(texts)[:3] == [0, 1, 2]


async def test_the_bundle_carries_the_head_of_the_log(logged):
    assert (await trust_of(logged.house)).log_head == await head_of(logged)


async def test_nothing_is_appended_twice_and_a_head_without_change_stays(logged):
    before = (await logged.http.get("/log/checkpoint")).content
    done, _ = await published(logged.house)
    assert done.logged == 263
    assert (await logged.http.get("/log/checkpoint")).content == before


async def test_files_say_how_long_they_may_be_kept(logged):
    head = await logged.http.get("/log/checkpoint")
    tile = await logged.http.get("/log/tile/0/000")
    assert head.headers["cache-control"] == "public, max-age=5"
    assert tile.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert tile.headers["access-control-allow-origin"] == "*"
    assert len(tile.content) == 8_192
    earlier = await logged.http.get("/log/tile/0/000.p/3")
    assert earlier.content == tile.content[:96]
    for path in (
        "tile/0/000.p/300",
        "tile/0/001",
        "tile/0/001.p/8",
        "tile/0/002",
        "tile/x",
        "",
        "tile/0/../checkpoint",
    ):
        assert (await logged.http.get(f"/log/{path}")).status_code == 404


async def test_a_follower_goes_on_where_it_stopped(logged):
    follower, _ = await follow(logged)
    again = Follower.from_json(follower.to_json())
    await issue(logged.house, 5, "third")
    await published(logged.house)
    again, found = await follow(logged, again)
    assert [index for index, _ in found] == [263, 264, 265, 266, 267]
    assert again.edge.size == 268


@pytest.mark.parametrize(
    "change",
    [
        {"size": 262},
        {"root": "00" * 32},
        {"tiles": []},
        {"tiles": [[[0], 0, "00"]]},
        {"format": "x"},
        {"root": None},
        {"size": float("inf")},
    ],
)
async def test_a_damaged_state_is_refused(logged, change):
    follower, _ = await follow(logged)
    content = json.loads(follower.to_json()) | change
    with pytest.raises(MalformedState):
        Follower.from_json(json.dumps(content))


async def edit_tile(house, level, number, at, replacement):
    async with house.sessions.begin() as session:
        body = bytearray(await queries.tile(session, (level, number)))
        body[at : at + len(replacement)] = replacement
        await queries.put_tiles(session, {(level, number): bytes(body)})


async def test_an_altered_entry_is_found_by_who_reads_the_log(logged):
    await edit_tile(logged.house, -1, 0, 42 * 7 + 10, b"\0\0\0\0")
    with pytest.raises(LogFault, match="263 entries do not have the root that the head of 263"):
        await follow(logged)
    async with logged.house.sessions() as session:
        size, faults = await recheck_log(session)
    assert size == 263
    assert "do not have the root" in faults[0]


async def test_a_rewritten_entry_is_named_to_who_followed_before(logged):
    follower, _ = await follow(logged)
    await issue(logged.house, 1, "third")
    await published(logged.house)
    await edit_tile(logged.house, -1, 1, 42 * 2 + 10, b"\0\0\0\0")  # entry 258
    with pytest.raises(LogFault, match="entry 258 is another than it was: rewritten"):
        await follow(logged, follower)


async def test_a_shorter_log_and_a_fork_are_found(logged):
    follower, _ = await follow(logged)
    head = await head_of(logged)
    for other, words in (
        (checkpoint_like(head, size=262), "it has 262 entries; it had 263"),
        (checkpoint_like(head, root=bytes(32)), "two different logs of 263 entries: a fork"),
        (checkpoint_like(head, origin="y/log"), "the log is y/log; followed was x/log"),
    ):
        with pytest.raises(LogFault, match=words):
            list(follower.bundles(other))


def checkpoint_like(head, **changes):
    fields = {"origin": head.origin, "size": head.size, "root": head.root, **changes}
    return type(head)(**fields)


async def test_nothing_is_appended_to_an_edited_log_and_the_rest_goes_on(logged):
    house = logged.house
    await edit_tile(house, 0, 1, 3, b"\0\0\0\0")
    await issue(house, 1, "third")
    async with house.sessions() as session:
        with pytest.raises(Rejected, match="is not the log of 263 certificates that was publi"):
            await open_edge(session)
    done, _ = await published(house, house.now + timedelta(hours=6))
    assert (done.logged, done.renewed, done.is_log_sound) == (263, 1, False)
    assert (await head_of(logged)).size == 263


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (
            "UPDATE certificates SET log_index = 999 WHERE log_index = 5",
            [
                "entry 5 is of no certificate",
                "is not in the log, though the register says entry 999",
            ],
        ),
        (
            "UPDATE certificates SET countersignature = signature WHERE log_index = 260",
            ["entry 260 is not of certificate"],
        ),
        ("DELETE FROM log_tiles WHERE level = -1 AND number = 1", ["0 bytes are not 7 entries"]),
        ("UPDATE log_heads SET size = 262 WHERE size = 263", ["is not the one that was signed"]),
    ],
)
async def test_the_log_is_compared_with_the_register(logged, statement, words):
    async with logged.house.sessions.begin() as session:
        assert await recheck_log(session) == (263, [])
        await session.execute(text(statement))
    async with logged.house.sessions() as session:
        _, faults = await recheck_log(session)
    assert len(faults) == len(words)
    assert all(word in fault for word, fault in zip(words, faults, strict=True))


async def test_an_erased_certificate_stays_in_the_log_as_a_hash(logged):
    house = logged.house
    async with house.sessions.begin() as session:
        row, _ = await anext(queries.signed_certificates(session))
    async with house.sessions.begin() as session:
        row = await session.get_one(CertificateRow, row.id)
        await erase_holder(house.act(session, reason="asked"), row)
    async with house.sessions() as session:
        assert await recheck_log(session) == (263, [])


async def test_an_issuer_finds_what_it_does_not_know(logged):
    house = logged.house
    _, found = await follow(logged)
    digests = {entry[8:] for _, entry in found}
    stolen = next(iter(digests))
    async with house.sessions() as session:
        (key,) = await signing_keys(session, KeyPurpose.ISSUER)
    own = OwnList({kid_of(key.public_key)}, (digests - {stolen}) | {bytes(32)})
    own.look_at(found)
    assert [digest for _, digest in own.unknown] == [stolen]
    assert own.missing == [bytes(32)]
    others = OwnList({bytes(8)}, set())
    others.look_at(found)
    assert (others.unknown, others.missing) == ([], [])


async def test_a_certificate_is_proved_to_be_in_the_log(logged):
    house = logged.house
    async with house.sessions() as session:
        (key,) = await signing_keys(session, KeyPurpose.ISSUER)
        (log_key,) = await signing_keys(session, KeyPurpose.LOG)
        pairs = [pair async for pair in queries.signed_certificates(session)]
    keys = [load_public_key(log_key.public_key)]
    for row, _ in (pairs[0], pairs[-1]):
        signed = from_qr_text(await house.qr_text(row))
        asked = {"number": row.number, "sha256": content_digest(signed)}
        found = (await logged.data(PROOF, {"one": asked}))["inclusionProof"]
        assert (found["index"], found["size"]) == (row.log_index, 263)
        file = found["file"].encode()
        assert check_proof(file, entry_of(key.kid, signed), keys)[0] == row.log_index
        with pytest.raises(MalformedProof, match="not in the tree"):
            check_proof(file, entry_of(key.kid, signed + b"x"), keys)
        with pytest.raises(MalformedProof, match="no key of the log"):
            check_proof(file, entry_of(key.kid, signed), [])
        with pytest.raises(MalformedProof):
            check_proof(file.replace(b"index ", b"index 1"), entry_of(key.kid, signed), keys)
    for other in ({**asked, "sha256": "0" * 64}, {**asked, "number": "NEVER"}):
        assert (await logged.data(PROOF, {"one": other}))["inclusionProof"] is None


async def test_what_is_not_in_the_log_yet_is_not_proved(logged):
    (row,) = await issue(logged.house, 1, "late")
    signed = from_qr_text(await logged.house.qr_text(row))
    asked = {"number": claims_of(row).number, "sha256": content_digest(signed)}
    assert (await logged.data(PROOF, {"one": asked}))["inclusionProof"] is None


async def test_a_new_log_key_signs_the_same_log_anew_and_verifiers_go_on(logged):
    house = logged.house
    _, before = await published(house)
    held = open_trust_bundle(before, ROOT_KEYS, now=house.now)
    async with house.sessions() as session:
        (old,) = await signing_keys(session, KeyPurpose.LOG)
    await house.perform(create_log_key, first_on=TODAY)
    await house.perform(declare_key_compromised, kid=old.kid, since=TODAY)
    await new_list(house)
    done, body = await published(house)
    assert done.logged == 263
    trust = open_trust_bundle(body, ROOT_KEYS, now=house.now, held=held)
    assert trust.log_head == held.log_head
    assert trust.log_key != held.log_key


async def test_without_a_usable_log_key_revocations_go_on(logged):
    house = logged.house
    _, before = await published(house)
    held = open_trust_bundle(before, ROOT_KEYS, now=house.now)
    async with house.sessions() as session:
        (old,) = await signing_keys(session, KeyPurpose.LOG)
    await house.perform(retire_key, kid=old.kid, last_on=date(2026, 11, 22))
    await new_list(house)
    done, body = await published(house)
    assert "no key signs the log today" in done.warning
    kept = open_trust_bundle(body, ROOT_KEYS, now=house.now, held=held)
    assert kept.log_head == held.log_head
    await house.perform(declare_key_compromised, kid=old.kid, since=TODAY)
    await new_list(house)
    _, body = await published(house)
    assert open_trust_bundle(body, ROOT_KEYS, now=house.now, held=kept).log_head is None


async def test_the_log_keeps_its_name_when_the_host_changes(logged):
    house = logged.house
    _, before = await published(house)
    held = open_trust_bundle(before, ROOT_KEYS, now=house.now)
    await issue(house, 1, "third")
    async with house.sessions.begin() as session:
        await publish(
            session, house.keyring, base_url="https://y", now=house.now, freshness=FRESHNESS
        )
        body = (await trust_queries.published_file(session, BUNDLE_PATH)).body
    trust = open_trust_bundle(body, ROOT_KEYS, now=house.now, held=held)
    assert (trust.log_head.origin, trust.log_head.size) == ("x/log", 264)


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE certificates SET log_index = 999 WHERE state = 'draft'",
        "UPDATE certificates SET erased_at = issued_on WHERE state = 'draft'",
    ],
)
async def test_a_draft_that_would_stay_out_of_the_log_is_not_signed(logged, edit):
    house = logged.house
    request = house.request(house.candidate(holder_name="草稿"), key="draft")
    async with house.sessions.begin() as session:
        await start_run(house.act(session), request)
        await session.execute(text(edit))
    await house.run(request)
    statement = "SELECT count(*) FROM certificates WHERE holder_name = '草稿' AND signature IS NULL"
    async with house.sessions() as session:
        assert await session.scalar(text(statement)) == 1


async def test_two_servers_append_one_after_the_other(logged):
    house = logged.house
    await issue(house, 5, "third")

    async def once():
        async with house.sessions.begin() as session:
            await publish(
                session, house.keyring, base_url="https://x", now=house.now, freshness=FRESHNESS
            )

    await asyncio.gather(*(once() for _ in range(4)))
    async with house.sessions() as session:
        assert await recheck_log(session) == (268, [])
