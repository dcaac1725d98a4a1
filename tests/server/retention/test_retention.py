"""Personal data that served its purpose is deleted on its day, not before, and nothing else."""

import asyncio
from dataclasses import asdict
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from certgraph.actions.confirming import confirm
from certgraph.actions.parties import Actor, Role
from certgraph.actions.performing import perform
from certgraph.actions.tables import PendingActionRow
from certgraph.api.background import Work, expire_forever
from certgraph.assessment.rules import ExamPlanState
from certgraph.assessment.tables import ExamPlanRow, ExamRegistrationRow
from certgraph.certificates.batches.rules import BatchState
from certgraph.certificates.batches.tables import BatchRow
from certgraph.certificates.holders.requests import answer_holder_request
from certgraph.certificates.holders.rules import HolderRequestState
from certgraph.certificates.holders.sending import create_holder_links
from certgraph.certificates.holders.sharing import create_sharing_link
from certgraph.certificates.holders.tables import HolderLinkRow, HolderRequestRow, SharingLinkRow
from certgraph.certificates.tables import CertificateRow
from certgraph.database import make_read_sessions
from certgraph.organizations.appointments import end_appointment
from certgraph.organizations.tables import AppointmentRow
from certgraph.problems import Rejected
from certgraph.retention import queries
from certgraph.retention.actions import expire_personal_data
from certgraph.retention.queries import is_anything_over
from certgraph.retention.rules import Kept, Over
from certgraph.settings import Settings, SettingsError
from tests.server.rechecking_kit import faults_of
from tests.waiting import until_async

KEPT = Kept(files_days=30, ended_days=180, candidates_days=1_095)
NOTHING = {what.value: 0 for what in Over}


@pytest.fixture
async def ended(sealed):
    """A house in which all that can end has ended today, or ends by itself."""
    house = sealed
    issuer = await house.actor(Role.EVALUATION_ORGANIZATION, "EO-001")
    (link,) = await house.perform(create_holder_links, actor=issuer, numbers=[house.asked_about])
    house.link_ends = (link.expires_at - house.now).days
    ids = frozenset({link.certificate_id})
    holder = Actor("holder", Role.HOLDER, certificate_ids=ids)
    given = {"numbers": [house.asked_about], "days": 7}
    await house.perform(create_sharing_link, actor=holder, **given)
    async with house.sessions() as session:
        request = await session.scalar(select(HolderRequestRow.id))
        appointments = list(
            await session.scalars(
                select(AppointmentRow.id).where(AppointmentRow.sealed_contact.is_not(None))
            )
        )
    given = {"request_id": request, "state": HolderRequestState.DECLINED, "answer": "not so"}
    await house.perform(answer_holder_request, actor=issuer, **given)
    house.contacts = len(appointments)
    for id_ in appointments:
        await house.perform(end_appointment, id=id_, last_on=house.now.date())
    return house


async def expire(house, days, **changes):
    """Delete what is over so many days later; return the counts that are not 0."""
    environment = house.environment(now=house.now + timedelta(days=days))
    given = {**asdict(KEPT), "reason": "t", **changes}
    counts = await house.perform(expire_personal_data, environment=environment, **given)
    assert set(counts) == set(NOTHING)
    return {name: count for name, count in counts.items() if count}


async def value(house, column):
    async with house.sessions() as session:
        return list(await session.scalars(select(column).order_by(column.class_.id)))


async def test_each_goes_on_its_day_and_not_the_day_before(ended):
    found = {}
    for days in range(29, 220):
        for name, count in (await expire(ended, days)).items():
            found.setdefault(name, []).append((days, count))
    assert found == {
        "files of candidates": [(31, 1)],
        "inputs of pending actions": [(7 + 181, 1)],
        "requests of holders": [(181, 1)],
        "links of holders": [(ended.link_ends + 181, 1)],
        "what holders shared": [(7 + 181, 1)],
        "contacts": [(181, ended.contacts)],
    }
    assert await value(ended, BatchRow.state) == [BatchState.CANCELLED]
    assert await value(ended, BatchRow.sealed_file) == [None]
    assert await value(ended, PendingActionRow.sealed_input) == [b""]
    assert await value(ended, HolderRequestRow.answer) == [""]
    assert await value(ended, HolderLinkRow.id) == []
    assert await value(ended, SharingLinkRow.id) == []
    assert set(await value(ended, AppointmentRow.sealed_contact)) == {None}
    assert [one for one in await faults_of(ended) if one.kind != "log"] == []


@pytest.mark.parametrize("state", [ExamPlanState.CLOSED, ExamPlanState.WITHDRAWN])
async def test_who_took_an_exam_and_got_no_certificate_is_erased_three_years_later(sealed, state):
    (plan,) = await value(sealed, ExamPlanRow.id)
    later = (await value(sealed, ExamPlanRow.ends_at))[0] + timedelta(days=1_095)
    days = (later - sealed.now) // timedelta(days=1)
    rows = await value(sealed, ExamRegistrationRow.id)
    certified, other = rows
    assert "candidates without a certificate" not in await expire(sealed, days + 1)  # not over
    async with sealed.sessions.begin() as session:
        await session.execute(update(ExamPlanRow).values(state=state))
        of_one = update(CertificateRow).where(CertificateRow.number == sealed.asked_about)
        await session.execute(of_one.values(exam_registration_id=certified))
    assert "candidates without a certificate" not in await expire(sealed, days)
    assert (await expire(sealed, days + 1))["candidates without a certificate"] == 1
    async with sealed.sessions() as session:
        gone = await session.get_one(ExamRegistrationRow, other)
        kept = await session.get_one(ExamRegistrationRow, certified)
    assert (gone.holder_name, gone.document_sealed, gone.document_lookup) == ("", None, None)
    assert gone.plan_id == plan
    assert kept.holder_name
    assert kept.document_sealed


async def test_a_file_that_was_submitted_stays_until_it_is_looked_at(sealed):
    not_yet = {"is_trial": False, "checked_at": None}
    async with sealed.sessions.begin() as session:
        await session.execute(update(BatchRow).values(**not_yet))
    assert await expire(sealed, 100) == {}
    looked_at = sealed.now + timedelta(days=20)
    async with sealed.sessions.begin() as session:
        await session.execute(update(BatchRow).values(checked_at=looked_at))
    assert await expire(sealed, 50) == {}
    assert await expire(sealed, 51) == {"files of candidates": 1}


async def test_what_is_submitted_meanwhile_is_not_cancelled(sealed):
    later = sealed.now + timedelta(days=31)
    async with sealed.sessions.begin() as session:
        ids = await queries.ids_over(session, Over.FILES, KEPT, later)
        await session.execute(update(BatchRow).values(state=BatchState.VALIDATED))
        await queries.delete_over(session, Over.FILES, ids, KEPT, by="t", now=later)
    assert len(ids) == 1
    assert await value(sealed, BatchRow.state) == [BatchState.VALIDATED]


async def test_a_file_that_is_being_looked_at_stays(sealed):
    until = sealed.now + timedelta(days=60)
    async with sealed.sessions.begin() as session:
        await session.execute(update(BatchRow).values(lease_until=until))
    assert await expire(sealed, 59) == {}
    assert await expire(sealed, 61) == {"files of candidates": 1}


async def test_what_is_deleted_is_in_the_trail_and_nothing_leaves_no_entry(ended):
    work = Work(
        settings=ended.settings,
        keyring=ended.keyring,
        sessions=ended.sessions,
        reads=make_read_sessions(ended.engine),
        random=ended.random,
        clock=lambda: ended.now + timedelta(days=31),
    )
    task = asyncio.create_task(expire_forever(work))

    async def is_done():
        async with ended.sessions() as session:
            return not await is_anything_over(session, KEPT, work.clock())

    await until_async(is_done)
    work.stopping.set()
    await task
    query = "SELECT actor, reason FROM audit_entries WHERE action = 'personalDataExpire'"
    async with ended.sessions() as session:
        found = [tuple(one) for one in await session.execute(text(query))]
    assert found == [("service", "the time to keep it is over")]


async def test_more_than_a_thousand_are_deleted_part_by_part(ended, monkeypatch):
    monkeypatch.setattr(queries.ids_over, "__defaults__", (1,))
    counts = []
    while found := await expire(ended, 182):
        counts.append(found.get("contacts", 0))
    assert counts == [1] * ended.contacts


@pytest.mark.parametrize(
    ("name", "days", "said"),
    [
        ("files_days", 0, "0 days cannot be set here: at least 1, at most 366."),
        ("ended_days", 29, "29 days cannot be set here: at least 30, at most 3660."),
        ("candidates_days", 179, "179 days cannot be set here: at least 180, at most 36500."),
    ],
)
async def test_a_time_that_is_too_short_is_refused(house, name, days, said):
    with pytest.raises(Rejected) as caught:
        await expire(house, 0, **{name: days})
    ((problem,),) = [caught.value.problems]
    assert (problem.path, problem.message("en")) == ((name,), said)
    environ = {"CERTGRAPH_DATABASE_URL": "sqlite:///x", "CERTGRAPH_PUBLIC_HOST": "x"}
    with pytest.raises(SettingsError, match=f"CERTGRAPH_KEEP_{name.upper()}"):
        Settings.from_environ({**environ, f"CERTGRAPH_KEEP_{name.upper()}": str(days)})


async def test_who_confirms_rejects_or_withdraws_leaves_no_input(ended):
    (pending,) = await value(ended, PendingActionRow.id)
    await perform(confirm, ended.environment(), Actor("second", Role.OPERATOR), {"id": pending})
    assert await value(ended, PendingActionRow.sealed_input) == [b""]
    digests = await value(ended, PendingActionRow.input_digest)
    assert [len(one) for one in digests] == [64]
