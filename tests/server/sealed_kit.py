"""A house that holds at least one of everything that is sealed: most of it says who somebody is."""

import pytest

from certgraph.actions.parties import Actor, Role
from certgraph.actions.performing import perform
from certgraph.certificates.holders.requests import file_holder_request
from certgraph.certificates.holders.rules import HolderRequestKind
from certgraph.certificates.signing.starting import start_run
from certgraph.certificates.states.actions import erase_holder
from certgraph.credit_bank.feed.webhooks import register_webhook
from certgraph.identity_documents import DocumentType
from certgraph.organizations.appointments import make_appointment
from certgraph.organizations.rules import AppointmentFunction
from certgraph.organizations.tokens import create_token
from tests.server.batch_kit import Desk, person, resident_number

NOBODYS = {"document_type": DocumentType.RESIDENT_ID}


@pytest.fixture
async def sealed(house, exams):
    """Such a house, with a `token`, and numbers of certificates: `asked_about`, `to_be_erased`."""
    await exams.publish()
    await exams.register(exams.student(1), exams.student(2))
    people = [house.candidate(document_number=resident_number(n), **NOBODYS) for n in (1, 2, 3)]
    row, other, _ = await house.issue(*people)
    async with house.sessions.begin() as session:
        draft = house.request(house.candidate(number="DRAFT-1"), key="drafted")
        await start_run(house.act(session), draft)
    _, token = await house.perform(create_token, name="t", role=Role.OPERATOR, lifetime_days=1)
    given = {"number": other.number, "reason": "the holder asks"}
    await perform(erase_holder, house.environment(), Actor("first", Role.OPERATOR), given)
    holder = Actor("holder", Role.HOLDER, certificate_ids=frozenset({row.id}))
    given = {"number": row.number, "kind": HolderRequestKind.CORRECTION, "text": "another name"}
    await house.perform(file_holder_request, actor=holder, **given)
    given = {
        "function": AppointmentFunction.CONTACT,
        "person_name": "李示例",
        "first_on": house.now.date(),
    }
    await house.perform(make_appointment, organization_code="EO-001", contact="020-1234", **given)
    hosts = house.environment(allowed_hosts=frozenset({"bank.example.cn"}))
    url = "https://bank.example.cn/feed"
    bank = Actor("bank", Role.CREDIT_BANK)
    await house.perform(register_webhook, actor=bank, environment=hosts, url=url)
    desk = Desk(house)
    await desk.upload([person(9, 姓名="")])
    await desk.work()
    house.token, house.asked_about, house.to_be_erased = str(token), row.number, other.number
    house.exams = exams
    return house
