"""Every cell of the access matrix: who may not is refused before anything is read or changed."""

from dataclasses import replace
from datetime import timedelta
from itertools import product
from random import Random
from uuid import UUID

import pytest

from certgraph.actions.acting import Environment
from certgraph.actions.authority import STEP_UP
from certgraph.actions.confirming import PENDING
from certgraph.actions.declaring import extras_of
from certgraph.actions.parties import OF_ONE_ORGANIZATION, WITH_TOKENS, Actor, Relation, Role
from certgraph.actions.performing import perform
from certgraph.all_actions import ALL_ACTIONS
from certgraph.assessment.rules import CandidateKind, ExamPlanState, ExamRegistrationState
from certgraph.assessment.subjects import EXAM_PLAN, EXAM_REGISTRATION
from certgraph.assessment.tables import ExamPlanRow, ExamRegistrationRow
from certgraph.certificates.batches.subjects import BATCH
from certgraph.certificates.holders.requests import file_holder_request
from certgraph.certificates.holders.rules import HolderRequestKind
from certgraph.certificates.holders.sending import create_holder_links
from certgraph.certificates.holders.sharing import create_sharing_link
from certgraph.certificates.holders.subjects import HOLDER_LINK, HOLDER_REQUEST, SHARING_LINK
from certgraph.certificates.states.actions import register_certificate
from certgraph.certificates.subjects import CERTIFICATE, RUN
from certgraph.credit_bank.conversion.subjects import APPLICATION
from certgraph.credit_bank.proposals.subjects import PROPOSAL
from certgraph.duties.kinds.materials import Payer
from certgraph.duties.rules import (
    ConsentStep,
    FilingKind,
    FilingState,
    ObligationBasis,
    ObligationKind,
)
from certgraph.duties.subjects import FILING, OBLIGATION
from certgraph.duties.tables import ConsentRow, FilingRow, ObligationRow
from certgraph.identity_documents import DocumentType
from certgraph.organizations.rules import (
    AppointmentFunction,
    OrganizationState,
)
from certgraph.organizations.subjects import APPOINTMENT, KEY, ORGANIZATION, organization_named
from certgraph.organizations.tables import AppointmentRow
from certgraph.organizations.tokens import create_token, revoke_token
from certgraph.participation.rules import ParticipationState
from certgraph.participation.subjects import PARTICIPATION
from certgraph.participation.tables import ParticipationRow
from certgraph.problems import Rejected
from certgraph.standards.subjects import certificate_type_coded
from certgraph.supervision.organization_states import change_issuer_state
from certgraph.supervision.rules import CaseState
from certgraph.supervision.subjects import CASE
from certgraph.supervision.tables import CaseRow
from tests.server import credit_kit
from tests.server.actions.inputs import fingerprint, given_for
from tests.server.batch_kit import Desk, person
from tests.server.conftest import NOW, TODAY
from tests.server.parties import register_every_kind
from tests.server.stages import stage

DENIED = [(one, role) for one in ALL_ACTIONS for role in (None, *Role) if role not in one.may]
BOUND = [
    (one, role)
    for one in ALL_ACTIONS
    for role, grant in one.may.items()
    if grant.relation is not Relation.ANY and one.about is not None
]
NOWHERE = "NOPE"


def named(cell):
    action, role = cell
    return f"{action.name}-{role.value if role else 'public'}"


class NoSessions:
    """A database that must not be asked."""

    def begin(self):
        raise AssertionError("something was read")


NOTHING = Environment(
    sessions=NoSessions(), parties=None, now=NOW, random=Random(1), keyring=NoSessions
)


@pytest.mark.parametrize("cell", DENIED, ids=named)
async def test_who_may_not_is_refused_before_anything_is_read(cell):
    action, role = cell
    actor = Actor("test", role, UUID(int=1))
    with pytest.raises(Rejected) as caught:
        await perform(action, NOTHING, actor, given_for(action))
    (problem,) = caught.value.problems
    assert problem.kind == "forbidden"
    if role is None:
        assert problem.code == "access.token_required"
    else:
        assert (problem.code, problem.rule_id) == ("access.role", action.rule)
        assert problem.facts == {"role": role, "needed": tuple(action.may)}


@pytest.mark.parametrize(
    "cell",
    [(one, role) for one in ALL_ACTIONS if one.step_up for role in one.may],
    ids=named,
)
async def test_who_must_step_up_and_signed_in_long_ago_is_refused_before_anything_is_read(cell):
    action, role = cell
    actor = Actor("test", role, UUID(int=1), signed_in_at=NOW - STEP_UP)
    with pytest.raises(Rejected) as caught:
        await perform(action, NOTHING, actor, given_for(action))
    assert [one.code for one in caught.value.problems] == ["access.sign_in_again"]
    lately = replace(actor, signed_in_at=NOW - STEP_UP + timedelta(seconds=1))
    with pytest.raises(AssertionError, match="something was read"):
        await perform(action, NOTHING, lately, given_for(action))


def test_to_approve_to_sign_and_to_make_keys_and_tokens_one_must_step_up():
    assert {one.name for one in ALL_ACTIONS if one.step_up} == {
        "apiTokenCreate",
        "apiTokenKeysReplace",
        "caseDecide",
        "certificateBatchApprove",
        "certificateBatchResume",
        "certificateIssue",
        "certificateIssueMany",
        "certificateReissue",
        "certificateSignaturesSubmit",
        "conversionApprove",
        "issuerKeyCreate",
        "issuerKeyRegister",
        "pendingActionConfirm",
    }


@stage
async def one_of_each(house):
    """Table of a subject → what names one that is EO-001's and PI-001's."""
    await register_every_kind(house)
    (row,) = await house.issue()
    async with house.sessions() as session:
        key = await KEY.find(session, (await session.get_one(KEY.row, row.signing_key_id)).kid)
    await credit_kit.publish_rule(house)
    await credit_kit.recognized(house)
    await house.perform(register_certificate, number=row.number)
    await credit_kit.follow_all(house)
    await credit_kit.answer(house, row.number)
    await credit_kit.publish_measure(house, ("KC-1", 20))
    application = await credit_kit.apply(house, row.number, "KC-1")
    proposal = await credit_kit.draft(house)
    found = {
        ORGANIZATION: "EO-001",
        KEY: key.kid,
        CERTIFICATE: row.number,
        RUN: row.issue_run_id,
        PROPOSAL: proposal,
        APPLICATION: application.id,
        BATCH: (await Desk(house).upload([person(1)], is_trial=True)).id,
        **await of_a_holder(house, row),
        **await of_the_programme(house),
    }
    return {subject.row.__tablename__: name for subject, name in found.items()}


SUBJECTS = (
    *(ORGANIZATION, KEY, APPOINTMENT, CERTIFICATE, RUN, BATCH),
    *(HOLDER_LINK, SHARING_LINK, HOLDER_REQUEST, PROPOSAL, APPLICATION),
    *(FILING, PARTICIPATION, OBLIGATION, EXAM_PLAN, EXAM_REGISTRATION, CASE),
)


@pytest.fixture
def world(one_of_each):
    """Subject → what names one of `one_of_each`."""
    return {one: one_of_each[one.row.__tablename__] for one in SUBJECTS}


async def of_the_programme(house):
    """Return subject → what names one of each role's organization, on which all others answer."""
    owners = {
        role: (await house.actor(role, code)).organization_id for role, code in INSIDERS.items()
    }
    institution_id = owners[Role.PILOT_INSTITUTION]
    ids = {role: UUID(int=100 + n) for n, role in enumerate(owners)}
    one = UUID(int=99)
    async with house.sessions.begin() as session:
        type_ = await certificate_type_coded(session, "CT-001")
        for role, owner in owners.items():
            session.add(
                AppointmentRow(
                    id=ids[role],
                    organization_id=owner,
                    function=AppointmentFunction.CONTACT,
                    person_name="李示例",
                    is_principal=False,
                    first_on=TODAY,
                    made_by="test",
                    made_at=NOW,
                )
            )
            session.add(
                FilingRow(
                    id=ids[role],
                    kind=FilingKind.COHORT,
                    organization_id=owner,
                    state=FilingState.SUBMITTED,
                    version=1,
                    is_public=False,
                    submitted_at=NOW,
                )
            )
        await session.flush()
        session.add_all(
            ConsentRow(
                id=UUID(int=1_000 * n + m),
                filing_id=ids[role],
                version=1,
                organization_id=asked,
                step=ConsentStep.AGREEMENT,
                is_needed=True,
                asked_at=NOW,
            )
            for n, role in enumerate(owners, start=1)
            for m, asked in enumerate(sorted(set(owners.values())))
        )
        session.add(
            ParticipationRow(
                id=one,
                institution_id=institution_id,
                certificate_type_id=type_.id,
                level=1,
                year=2026,
                state=ParticipationState.APPLIED,
                planned=1,
                applied_at=NOW,
            )
        )
        session.add_all(
            ObligationRow(
                id=id_,
                kind=ObligationKind.WEEKLY_REPORT,
                rule_id="R05",
                debtor_id=debtor_id,
                key="1",
                opened_at=NOW,
                basis=ObligationBasis.RULE,
            )
            for id_, debtor_id in (
                (one, institution_id),
                (UUID(int=98), owners[Role.EVALUATION_ORGANIZATION]),
            )
        )
    of_exams = await of_exams_and_cases(house, type_.id, owners, ids)
    owed = dict.fromkeys(Role, one) | {Role.EVALUATION_ORGANIZATION: UUID(int=98)}
    return {APPOINTMENT: ids, FILING: ids, PARTICIPATION: one, OBLIGATION: owed, **of_exams}


async def of_exams_and_cases(house, type_id, owners, ids):
    """Return subject → what names a plan of EO-001, a registration of each, a case for all."""
    issuer, school = owners[Role.EVALUATION_ORGANIZATION], owners[Role.PILOT_INSTITUTION]
    filing = ids[Role.EVALUATION_ORGANIZATION]
    one = UUID(int=99)
    async with house.sessions.begin() as session:
        session.add(
            ExamPlanRow(
                id=one,
                organization_id=issuer,
                certificate_type_id=type_id,
                level=1,
                authority_id=owners[Role.PROVINCIAL_AUTHORITY],
                scheme_id=filing,
                site_id=filing,
                activity_id=filing,
                fee_id=filing,
                registration_opens_at=NOW,
                registration_closes_at=NOW,
                starts_at=NOW + timedelta(days=1),
                ends_at=NOW + timedelta(days=2),
                capacity=1,
                state=ExamPlanState.PUBLISHED,
                published_at=NOW,
            )
        )
        await session.flush()
        session.add_all(
            ExamRegistrationRow(
                id=UUID(int=200 + n),
                plan_id=one,
                position=n,
                organization_id=owner,
                kind=CandidateKind.SOCIAL,
                holder_name="李示例",
                document_type=DocumentType.PASSPORT,
                payer=Payer.OTHER,
                state=ExamRegistrationState.REGISTERED,
                registered_at=NOW,
            )
            for n, owner in enumerate((issuer, school))
        )
        session.add_all(
            CaseRow(
                id=UUID(int=300 + n),
                number=str(n),
                subject_id=owner,
                decider_id=owner,
                state=CaseState.OPENED,
                opened_at=NOW,
            )
            for n, owner in enumerate(owners.values())
        )
    registrations = {
        Role.EVALUATION_ORGANIZATION: UUID(int=200),
        Role.PILOT_INSTITUTION: UUID(int=201),
        Role.OPERATOR: UUID(int=200),
    }
    cases = {role: UUID(int=300 + n) for n, role in enumerate(owners)}
    cases[Role.OPERATOR] = UUID(int=300)
    return {EXAM_PLAN: one, EXAM_REGISTRATION: registrations, CASE: cases}


async def of_a_holder(house, row):
    """Return subject → what names one that concerns a certificate's holder."""
    issuer = await house.actor(Role.EVALUATION_ORGANIZATION, "EO-001")
    holder = Actor("holder", Role.HOLDER, certificate_ids=frozenset({row.id}))
    (link,) = await house.perform(create_holder_links, actor=issuer, numbers=[row.number])
    given = {"actor": holder, "numbers": [row.number], "days": 7}
    share = await house.perform(create_sharing_link, **given)
    given = {"actor": holder, "number": row.number, "kind": HolderRequestKind.CORRECTION}
    request = await house.perform(file_holder_request, text="a name", **given)
    return {HOLDER_LINK: link.id, SHARING_LINK: share.id, HOLDER_REQUEST: request.id}


async def acting(house, world, role, codes):
    """Return who acts in a role: for an organization, or as the holder of what there is."""
    if role is not Role.HOLDER:
        return await house.actor(role, codes.get(role))
    async with house.sessions() as session:
        row = await CERTIFICATE.find(session, world[CERTIFICATE])
    mine = frozenset({row.id} if codes is INSIDERS else {UUID(int=9)})
    return Actor("holder", role, certificate_ids=mine)


STRANGERS = {
    Role.EVALUATION_ORGANIZATION: "EO-002",
    Role.APPROVER: "EO-002",
    Role.PILOT_INSTITUTION: "PI-002",
    Role.PROVINCIAL_AUTHORITY: "PA-2",
}
UNKNOWN = {str: NOWHERE, UUID: UUID(int=9), bytes: b"unknown!"}
INSIDERS = {
    Role.MINISTRY: "MOE",
    Role.ENTRUSTED_BODY: "EB-1",
    Role.PROVINCIAL_AUTHORITY: "PA-1",
    Role.EVALUATION_ORGANIZATION: "EO-001",
    Role.APPROVER: "EO-001",
    Role.PILOT_INSTITUTION: "PI-001",
    Role.CREDIT_BANK: "CB-1",
}


def subject_of(action, role, world):
    """Return what names the subject that an insider of a role may act on."""
    if action.about is ORGANIZATION and role is Role.PROVINCIAL_AUTHORITY:
        is_over = action.may[role].relation is Relation.OVER
        return "PI-001" if is_over else INSIDERS[role]
    if action.about is ORGANIZATION and action.may[role].relation is Relation.OWN:
        return INSIDERS[role]
    found = world.get(action.about)
    return found.get(role, UUID(int=100)) if isinstance(found, dict) else found


async def refusal_of(house, action, actor, given):
    """Return what a request is refused for, without what it named."""
    with pytest.raises(Rejected) as caught:
        await perform(action, house.environment(), actor, given)
    shown = given[action.about.key]
    shown = shown.hex() if isinstance(shown, bytes) else shown
    return [
        (
            one.code,
            one.path,
            one.message().replace(str(shown), "…"),
            one.message("zh").replace(str(shown), "…"),
        )
        for one in caught.value.problems
    ]


async def test_anothers_answers_exactly_like_an_unknown_one(house, world):
    """Of every action that is bound to a relation, for every role; and nothing is changed."""
    before = await fingerprint(house)
    assert {id(action.about) for action, _ in BOUND} == {id(one) for one in (*world, PENDING)}
    for action, role in BOUND:
        if action.about is PENDING:  # bound to who asked and who may confirm, see test_pending
            continue
        actor = await acting(house, world, role, STRANGERS)
        key = action.about.key
        theirs = given_for(action, **{key: subject_of(action, role, world)})
        unknown = given_for(action, **{key: UNKNOWN[extras_of(action.about.type)[0]]})
        found = await refusal_of(house, action, actor, theirs)
        assert found == await refusal_of(house, action, actor, unknown), named((action, role))
        assert [code for code, *_ in found] == [action.about.foreign or action.about.missing]
    assert await fingerprint(house) == before


async def test_what_the_matrix_allows_is_never_refused_for_want_of_authority(house, world):
    """Every allowed cell: it is done, or refused for what its made-up input says."""
    asked = set()
    for action in ALL_ACTIONS:
        for role in action.may:
            actor = await acting(house, world, role, INSIDERS)
            given = given_for(action)
            if action.about is not None:
                unknown = UNKNOWN[extras_of(action.about.type)[0]]
                given[action.about.key] = subject_of(action, role, world) or unknown
            try:
                await perform(action, house.environment(), actor, given)
            except Rejected as rejected:
                codes = {one.code for one in rejected.problems}
            else:
                codes = set()
            is_known = action.about in world or action.about is None
            denials = {one for one in codes if one.startswith("access.")}
            assert denials == set(), (action.name, role, codes)
            assert not is_known or action.about is None or action.about.missing not in codes
            asked.add((action.name, role))
    assert len(asked) == sum(len(action.may) for action in ALL_ACTIONS)


LEFT = {
    Role.EVALUATION_ORGANIZATION: {
        "caseRepresent",
        "examPlanWithdraw",
        "examRegistrationWithdraw",
        "certificateBatchRegister",
        "certificateRegister",
        "certificateRegisterMany",
        "certificateSignaturesSubmit",
        "obligationMeet",
        "holderLinkRevoke",
        "holderLinksCreate",
        "holderRequestAnswer",
        "issuerKeyRetire",
        "issuerKeyDeclareCompromised",
    },
    Role.PILOT_INSTITUTION: {"caseRepresent", "examRegistrationWithdraw"},
    Role.APPROVER: {"certificateBatchApprove"},
}
"""Role → what an organization still may after it has left; of other roles nothing."""


ORDER = (OrganizationState.AGREED, OrganizationState.ACTIVE)


async def come_into(house, code, state):
    """Let an organization come into a state, through the states before it."""
    async with house.sessions() as session:
        found = (await organization_named(session, code, "code")).state
    path = [*ORDER[ORDER.index(found) + 1 if found in ORDER else 0 :], state]
    for one in path:
        await house.perform(change_issuer_state, organization_code=code, state=one, since=TODAY)


@pytest.mark.parametrize("role", INSIDERS)
async def test_who_is_under_rectification_may_all_that_its_role_may(house, world, role):
    """Whom a case puts under rectification still acts; what it may not do, restrictions say."""
    await come_into(house, INSIDERS[role], OrganizationState.RECTIFYING)
    for action in ALL_ACTIONS:
        if role not in action.may:
            continue
        given = given_for(action)
        if action.about is not None:
            unknown = UNKNOWN[extras_of(action.about.type)[0]]
            given[action.about.key] = subject_of(action, role, world) or unknown
        actor = await house.actor(role, INSIDERS[role])
        try:
            await perform(action, house.environment(), actor, given)
        except Rejected as rejected:
            codes = {one.code for one in rejected.problems}
            denied = {"organization.has_exited", "organization.has_handed_over"}
            assert not codes & denied, (action.name, codes)
            assert not any(one.startswith("access.") for one in codes), (action.name, codes)


@pytest.mark.parametrize(
    ("role", "state"),
    [
        (role, state)
        for role in INSIDERS
        for state in (OrganizationState.EXITED, OrganizationState.HANDED_OVER)
    ],
)
async def test_who_has_left_does_nothing_but_what_the_matrix_leaves(house, world, role, state):
    code = INSIDERS[role]
    await come_into(house, code, state)
    actor = await house.actor(role, code)
    before = await fingerprint(house)
    expected = {
        OrganizationState.EXITED: "organization.has_exited",
        OrganizationState.HANDED_OVER: "organization.has_handed_over",
    }[state]
    left = set()
    for action in ALL_ACTIONS:
        if role not in action.may:
            continue
        if action.after_leaving:
            left.add(action.name)
            continue
        given = given_for(action)
        if action.about is not None:
            unknown = UNKNOWN[extras_of(action.about.type)[0]]
            given[action.about.key] = subject_of(action, role, world) or unknown
        with pytest.raises(Rejected) as caught:
            await perform(action, house.environment(), actor, given)
        assert [one.code for one in caught.value.problems] == [expected], action.name
    assert left == LEFT.get(role, set())
    assert await fingerprint(house) == before


ON_BEHALF = [
    one for one in ALL_ACTIONS if Role.OPERATOR in one.may and one.may[Role.OPERATOR].on_behalf
]


async def test_the_office_records_nothing_without_a_document_and_a_reason(house):
    before = await fingerprint(house)
    for action, missing in product(ON_BEHALF, ("document", "reason")):
        given = given_for(action)
        if action.about is ORGANIZATION:
            given["organization_code"] = "EO-001"
        given[missing] = None
        actor = Actor("test", Role.OPERATOR)
        with pytest.raises(Rejected) as caught:
            await perform(action, house.environment(), actor, given)
        codes = [one.code for one in caught.value.problems]
        is_found = action.about in (None, ORGANIZATION)
        expected = f"access.{missing}_required" if is_found else action.about.missing
        assert expected in codes, action.name
    assert await fingerprint(house) == before


async def test_a_token_that_is_no_longer_good_performs_no_action(client, world):
    """Unknown, expired, revoked, of every role: each is answered 401, and nothing is changed."""
    house = client.house
    earlier = house.environment(now=house.now - timedelta(days=3))
    bad = {"unknown": "cgt_" + "0" * 52}
    for role in WITH_TOKENS:
        code = INSIDERS[role] if role in OF_ONE_ORGANIZATION else None
        given = {"name": "x", "role": role, "organization_code": code, "lifetime_days": 1}
        row, bad[f"revoked {role}"] = await house.perform(create_token, **given)
        await house.perform(revoke_token, token_id=row.id)
        _, bad[f"expired {role}"] = await house.perform(create_token, environment=earlier, **given)
    client.tokens |= bad
    before = await fingerprint(house)
    for action in ALL_ACTIONS:
        if not action.in_graph:
            continue
        name = action.name[:1].upper() + action.name[1:]
        query = (
            f"mutation ($i: {name}Input!) {{ {action.name}(input: $i) {{ errors {{ code }} }} }}"
        )
        for token in bad:
            response = await client.ask(query, {"i": {}}, role=token)
            assert response.status_code == 401, (action.name, token)
            (error,) = response.json()["errors"]
            assert error["extensions"]["code"] == "UNAUTHENTICATED"
    assert await fingerprint(house) == before
