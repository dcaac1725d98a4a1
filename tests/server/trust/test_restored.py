"""After a restore nothing revoked is valid again, and no status entry is given out twice."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from certgraph.certificates.rules import CertificateState
from certgraph.certificates.tables import CertificateChangeRow, CertificateRow, StatusListRow
from certgraph.credential.trust_bundle import open_trust_bundle
from certgraph.credential.verification import Verdict, verify
from certgraph.problems import Rejected
from certgraph.trust.publication import check_clock
from certgraph.trust.restoring import take_as_floor
from certgraph.trust.tables import PublishedFileRow, TrustListRow
from tests.server.certificates.test_states import change
from tests.server.conftest import NOW
from tests.server.rechecking_kit import faults_of
from tests.server.trust.test_lists import ROOT_KEYS, new_list, published


async def verdict(house, bundle, text):
    trust = open_trust_bundle(bundle, ROOT_KEYS, now=house.now)
    return verify(text, trust, now=house.now).verdict


@pytest.fixture
async def lost(house):
    """A database that has forgotten: a revocation, a suspension, a certificate, a trust list."""
    rows = [(await house.issue(key=f"{n}"))[0] for n in range(4)]
    await new_list(house)
    await published(house)
    texts = [await house.qr_text(row) for row in rows]
    await change(house, rows[0].number, CertificateState.REVOKED)
    await change(house, rows[1].number, CertificateState.SUSPENDED)
    await change(house, rows[3].number, CertificateState.REVOKED)
    await new_list(house)
    house.now += timedelta(minutes=5)
    _, last = await published(house, house.now)
    async with house.sessions.begin() as session:
        for row in rows[:2]:
            (await session.get_one(CertificateRow, row.id)).state = CertificateState.ISSUED
        await session.execute(delete(CertificateChangeRow))
        gone = rows[3].id
        await session.execute(
            delete(CertificateRow.__table__.metadata.tables["certificate_outcomes"]).where(
                CertificateRow.__table__.metadata.tables["certificate_outcomes"].c.certificate_id
                == gone
            )
        )
        await session.execute(delete(CertificateRow).where(CertificateRow.id == gone))
        await session.execute(delete(TrustListRow).where(TrustListRow.sequence == 2))
        await session.execute(delete(PublishedFileRow))
        (one,) = (await session.scalars(select(StatusListRow))).all()
        one.used -= 1
    return rows, texts, last


async def test_what_was_published_last_is_the_floor(house, lost):
    rows, texts, last = lost
    done = await house.perform(take_as_floor, bundle=last)
    assert (done.trust_lists, done.status_lists, done.unknown) == (1, 1, 1)
    assert set(done.changed) == {rows[0].number, rows[1].number}
    house.now += timedelta(minutes=5)
    _, bundle = await published(house, house.now)
    open_trust_bundle(
        bundle, ROOT_KEYS, now=house.now, held=open_trust_bundle(last, ROOT_KEYS, now=house.now)
    )
    found = [await verdict(house, bundle, text) for text in texts]
    assert found == [Verdict.REVOKED, Verdict.SUSPENDED, Verdict.VALID, Verdict.REVOKED]
    (new,) = await house.issue(key="new")
    assert new.status_list_id != rows[0].status_list_id
    assert (await new_list(house)).sequence == 3


async def test_doing_it_twice_changes_nothing_more(house, lost):
    _, texts, last = lost
    for _ in range(2):
        done = await house.perform(take_as_floor, bundle=last)
    assert (done.trust_lists, done.changed) == (0, ())
    _, bundle = await published(house, house.now)
    assert await verdict(house, bundle, texts[3]) is Verdict.REVOKED


async def test_a_list_that_the_backup_does_not_have_has_no_certificates(house):
    (row,) = await house.issue()
    await change(house, row.number, CertificateState.REVOKED)
    await new_list(house)
    _, last = await published(house)
    async with house.sessions.begin() as session:
        for table in (CertificateChangeRow, CertificateRow, StatusListRow):
            await session.execute(delete(table))
    await house.perform(take_as_floor, bundle=last)
    assert "status-list" not in {one.kind for one in await faults_of(house)}


async def test_a_list_that_unrevokes_is_not_published(house):
    (row,) = await house.issue()
    await new_list(house)
    await change(house, row.number, CertificateState.REVOKED)
    await published(house)
    async with house.sessions.begin() as session:
        (await session.get_one(CertificateRow, row.id)).state = CertificateState.ISSUED
    with pytest.raises(Rejected, match=r"status/EO-001/0\.cwt would make 1 entries valid again"):
        await published(house, house.now + timedelta(hours=12))


async def test_a_bundle_of_strangers_is_no_floor(house, lost):
    _, _, last = lost
    with pytest.raises(Rejected, match="not accepted"):
        await house.perform(take_as_floor, bundle=last[:-1])


async def test_a_list_dated_ahead_is_renewed_as_soon_as_the_clock_is_right(house):
    (row,) = await house.issue()
    await new_list(house)
    text = await house.qr_text(row)
    await published(house, house.now + timedelta(days=2))
    done, bundle = await published(house, house.now)
    assert done.renewed == 1
    assert await verdict(house, bundle, text) is Verdict.VALID


async def test_an_ended_trust_list_does_not_stop_revocations(house):
    (row,) = await house.issue()
    await new_list(house)
    done, _ = await published(house)
    assert done.warning is None
    done, _ = await published(house, house.now + timedelta(days=151))
    assert done.warning.startswith("the trust list ends in 29 days")
    await change(house, row.number, CertificateState.REVOKED)
    later = house.now + timedelta(days=200)
    done, _ = await published(house, later)
    assert (done.renewed, done.bundle_changed) == (1, True)
    assert done.warning.startswith("the trust list has ended")


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_a_clock_that_differs_from_the_databases_publishes_nothing(house):
    async with house.sessions() as session:
        with pytest.raises(Rejected, match="seconds ahead of the database's"):
            await check_clock(session, NOW)
