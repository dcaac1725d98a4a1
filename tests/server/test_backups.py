"""The database is put back to a moment: a base backup, the archived log, and what verifiers saw."""

import asyncio
import os
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from certgraph.actions.trail import check_trail
from certgraph.certificates.rules import CertificateState
from certgraph.cli.migrations import check_revision, migrate
from certgraph.credential.trust_bundle import open_trust_bundle
from certgraph.credential.verification import Verdict, verify
from certgraph.transparency.recovering import recover_log
from certgraph.trust.restoring import take_as_floor
from tests.server.api.test_outages import over
from tests.server.certificates.test_states import change
from tests.server.clusters import Cluster
from tests.server.conftest import open_house
from tests.server.rechecking_kit import faults_of
from tests.server.transparency.test_log import follow
from tests.server.trust.test_lists import ROOT_KEYS, new_list, published
from tests.waiting import until

pytestmark = pytest.mark.skipif(os.name == "nt", reason="PostgreSQL's archive by cp")
MOMENT = "before the mistake"


@pytest.fixture
def cluster():
    """A server that archives its log as docs/operating.md says."""
    folder = Path(tempfile.mkdtemp(prefix="certgraph-backup-"))
    found = Cluster(folder)
    found.data.mkdir()
    found.archive.mkdir()
    found.begin()
    found.own(folder, found.archive)
    with (found.data / "postgresql.auto.conf").open("a") as settings:
        settings.write("archive_mode = on\n")
        settings.write(
            f"archive_command = 'test ! -f {found.archive}/%f && cp %p {found.archive}/%f'\n"
        )
    found.end()
    found.begin()
    yield found
    found.end()
    shutil.rmtree(folder)


def test_a_database_is_put_back_to_a_moment_and_goes_on(cluster):
    asyncio.run(furnished(cluster.url))
    cluster.back_up_to(cluster.folder / "backup", "--wal-method=none")
    before = asyncio.run(later(cluster.url))
    cluster.ask(f"SELECT pg_create_restore_point('{MOMENT}');")
    lost = asyncio.run(latest(cluster.url))
    cluster.server.psql("DELETE FROM certificate_changes;")  # the mistake
    archived(cluster)
    put_back(cluster)
    asyncio.run(goes_on(cluster.url, before, lost))


async def furnished(url):
    house = open_house(url)
    await migrate(house.engine)
    await house.furnish()
    await new_list(house)
    await house.issue(*[house.candidate(holder_name=f"甲{n}") for n in range(3)], key="first")
    await published(house)
    await house.engine.dispose()


async def later(url):
    """Do what the archived log alone holds; return the texts that verifiers have seen."""
    house = open_house(url, seed=2)
    kept, revoked = await house.issue(
        house.candidate(holder_name="乙"), house.candidate(holder_name="丙"), key="second"
    )
    await change(house, revoked.number, CertificateState.REVOKED)
    await published(house)
    texts = [await house.qr_text(row) for row in (kept, revoked)]
    await house.engine.dispose()
    return texts


async def latest(url):
    """Do what is lost by going back; return the text, the bundle, and the log as published."""
    house = open_house(url, seed=3)
    (row,) = await house.issue(house.candidate(holder_name="丁"), key="third")
    first = await house.qr_text(row)
    await change(house, row.number, CertificateState.REVOKED)
    house.now += timedelta(minutes=5)
    _, bundle = await published(house, house.now)
    async with over(url, house.now) as http:
        _, found = await follow(SimpleNamespace(http=http, house=house))
    await house.engine.dispose()
    return first, bundle, b"".join(entry for _, entry in found)


def archived(cluster):
    """Wait until all of the log is in the archive."""
    name = cluster.ask("SELECT pg_walfile_name(pg_switch_wal());")
    until((cluster.archive / name).exists)
    until(lambda: cluster.ask("SELECT last_archived_wal FROM pg_stat_archiver;") >= name)


def put_back(cluster):
    """Put the backup in the place of the files, and let the server replay the log to the moment."""
    cluster.end()
    shutil.rmtree(cluster.data)
    (cluster.folder / "backup").rename(cluster.data)
    cluster.forget_the_server_before()
    with (cluster.data / "postgresql.auto.conf").open("a") as settings:
        settings.write("archive_mode = off\n")
        settings.write(f"restore_command = 'cp {cluster.archive}/%f %p'\n")
        settings.write(f"recovery_target_name = '{MOMENT}'\n")
        settings.write("recovery_target_action = promote\n")
    (cluster.data / "recovery.signal").touch()
    cluster.begin()
    until(lambda: cluster.ask("SELECT pg_is_in_recovery();") == "f")


async def goes_on(url, before, lost):
    """Do as docs/operating.md says after a restore; nothing revoked is valid, nothing is lost."""
    house = open_house(url, seed=4)
    house.now += timedelta(minutes=6)
    gone, bundle, entries = lost
    await check_revision(house.engine)
    assert await house.count("certificates") == 5
    restored = await house.perform(take_as_floor, bundle=bundle)
    assert (restored.unknown, restored.changed) == (1, ())
    recovered = await house.perform(recover_log, entries=entries)
    assert (recovered.size, recovered.without) == (6, 1)
    _, bundle = await published(house, house.now)
    trust = open_trust_bundle(bundle, ROOT_KEYS, now=house.now)
    verdicts = [verify(one, trust, now=house.now).verdict for one in (*before, gone)]
    assert verdicts == [Verdict.VALID, Verdict.REVOKED, Verdict.REVOKED]
    async with house.sessions() as session:
        count, broken = await check_trail(session, house.keyring)
    assert broken is None
    assert count > 0
    known = [("log", "", "entry 5 is of no certificate of the register")]  # the one that is lost
    assert [tuple(one) for one in await faults_of(house)] == known
    (row,) = await house.issue(house.candidate(holder_name="戊"), key="fourth")
    await published(house, house.now)
    assert [tuple(one) for one in await faults_of(house)] == known
    assert row.state is CertificateState.ISSUED
    await house.engine.dispose()
