"""A small programme with something of everything: two issuers, drafts, corrections, changes."""

from dataclasses import dataclass
from datetime import date
from random import Random

from sqlalchemy import select, text

from certgraph.actions.parties import Actor, Role
from certgraph.api.callers import Callers
from certgraph.api.connections import ReadPool
from certgraph.api.context import Context
from certgraph.api.reads.documents import Documents, Limits
from certgraph.api.reads.reader import Reader
from certgraph.api.schema import graphql_schema, make_schema
from certgraph.api.trust_cache import TrustCache
from certgraph.assessment.rules import CandidateKind, ExamPlanState, ExamRegistrationState
from certgraph.assessment.tables import ExamPlanChangeRow, ExamPlanRow, ExamRegistrationRow
from certgraph.certificates.holders.requests import file_holder_request
from certgraph.certificates.holders.rules import HolderRequestKind
from certgraph.certificates.holders.sending import create_holder_links
from certgraph.certificates.signing.actions import reissue_certificate
from certgraph.certificates.states.actions import (
    erase_holder,
    register_certificate,
    revoke_certificate,
    suspend_certificate,
)
from certgraph.certificates.tables import CertificateRow
from certgraph.credential.claims import Outcome
from certgraph.database import make_read_sessions
from certgraph.duties.answering import answer_filing
from certgraph.duties.kinds.activities import ActivityKind
from certgraph.duties.kinds.materials import Payer
from certgraph.duties.rules import ConsentAnswer, ConsentStep, FilingKind
from certgraph.duties.tables import FilingRow, FindingRow
from certgraph.feedback.actions import answer_feedback, submit_feedback
from certgraph.feedback.rules import FeedbackCategory
from certgraph.identity_documents import DocumentType
from certgraph.organizations.actions import register_organization
from certgraph.organizations.keys import create_issuer_key
from certgraph.organizations.rules import (
    AppointmentFunction,
    OrganizationKind,
    OrganizationState,
    RestrictionKind,
)
from certgraph.organizations.subjects import organization_named
from certgraph.organizations.tables import OrganizationRow, RestrictionRow
from certgraph.organizations.tokens import create_token
from certgraph.parameters.actions import set_provincial_parameter
from certgraph.parameters.rules import ParameterName
from certgraph.participation.counting import report_count
from certgraph.participation.tables import ParticipationRow
from certgraph.randomness import new_id
from certgraph.standards.actions import publish_standard_version
from certgraph.standards.rules import (
    CertificateTypeState,
    LearningOutcomeDraft,
    StandardContentDraft,
)
from certgraph.standards.subjects import certificate_type_coded
from certgraph.standards.tables import (
    CertificateTypeRow,
    KnownWorkAreaRow,
    MajorRow,
    OccupationMappingRow,
    StandardVersionMajorRow,
    StandardVersionRow,
)
from certgraph.supervision.rules import CaseDecision, CaseEntryKind, CaseState, Ground
from certgraph.supervision.tables import CaseEntryRow, CaseRow
from tests.server.batch_kit import Desk, person
from tests.server.conftest import FIRST_DAY, FIRST_INSTANT, House
from tests.server.programme_kit import Programme, china
from tests.server.reads.credit_world import fill_credit_bank

PARTIES = {
    "admin": (Role.OPERATOR, None),
    "credit_bank": (Role.CREDIT_BANK, None),
    "records_only": (Role.CREDIT_BANK, None),
    "verifier": (Role.VERIFIER, None),
    "one": (Role.EVALUATION_ORGANIZATION, "EO-001"),
    "two": (Role.EVALUATION_ORGANIZATION, "EO-002"),
    "institution": (Role.PILOT_INSTITUTION, "SCH-100"),
    "authority": (Role.PROVINCIAL_AUTHORITY, "SUP-100"),
}
ROLES = (None, *PARTIES)
NAMES = {"one": "张甲", "two": "李乙"}
ASKED = {"EO-001": "张甲0，名字有误", "EO-002": "李乙0，名字有误"}
"""Every holder's name of an issuer begins so; whoever sees one more has seen the other's rows."""


@dataclass
class World:
    """The programme, with readers of it."""

    house: House
    callers: dict

    def __post_init__(self):
        self.pool = ReadPool(self.house.engine, timeout=20)

    @property
    def schema(self):
        return graphql_schema(make_schema())

    def documents(self) -> Documents:
        return Documents(self.schema, Limits(tokens=5_000))

    def reader(self) -> Reader:
        return Reader(self.pool)

    def context(self, role, language="en") -> Context:
        reads = make_read_sessions(self.house.engine)
        return Context(
            settings=self.house.settings,
            keyring=self.house.keyring,
            trust_cache=TrustCache(reads),
            sessions=self.house.sessions,
            reads=reads,
            pool=self.pool,
            callers=Callers(reads, self.house.keyring),
            caller=self.callers[role],
            now=self.house.now,
            random=Random(1),
            language=language,
        )


async def fill(house: House) -> dict:
    """Fill a furnished house; return name of a reader → who it is."""
    await house.entitle("EO-002")
    await house.perform(
        create_issuer_key,
        environment=house.environment(now=FIRST_INSTANT),
        organization_code="EO-002",
        first_on=FIRST_DAY,
    )
    await house.perform(
        publish_standard_version,
        standard_code="STD-1",
        version="2022",
        published_on=date(2022, 1, 1),
        source="made up for tests",
        content=[
            StandardContentDraft(level=level, code=code, text=f"{level}级 {code}")
            for level in (1, 2)
            for code in ("1", "1.1", "1.1.1", "1.1.2", "1.2", "2", "2.1", "2.1.1")
        ],
        outcomes=[LearningOutcomeDraft(level=2, number=n, name=f"新成果{n}") for n in range(1, 4)],
    )
    await _certificates(house)
    for code, name, first in (("EO-001", NAMES["one"], 0), ("EO-002", NAMES["two"], 2)):
        rows = [person(first + n, 姓名=f"{name}{n}") for n in range(2)]
        await Desk(house, code).validated(rows)
    async with house.sessions.begin() as session:
        await _catalogue(session, house)
    await fill_credit_bank(house)
    await house.perform(create_token, name="test", role=Role.VERIFIER)
    await house.perform(erase_holder, number="EO-001-5")  # waits for a second person
    await _supervise(house)
    for code in ASKED:
        await _of_holders(house, code)
    callers = {None: None}
    for name, (role, code) in PARTIES.items():
        scope = {"reads_learners": name == "credit_bank"}
        token, _ = await house.perform(
            create_token, name=name, role=role, organization_code=code, **scope
        )
        callers[name] = await house.actor(role, code, token_id=token.id, **scope)
    await _programme(house)
    await _exams(house)
    return callers


async def _programme(house: House) -> None:
    """Let the institution take part in the pilot, hand in this and that, and miss reports."""
    programme = Programme(house)
    lead_days = {"name": ParameterName.ACTIVITY_LEAD_DAYS, "value": "3", "basis": "文件"}
    given = {**lead_days, "first_on": date(2021, 1, 1)}
    await programme.do("2021-01-04 09:00", "SUP-100", set_provincial_parameter, **given)
    row = await programme.take_part("SCH-100", "2021-09-06", authority="SUP-100")
    count = {"planned": 60, "enrolled": 50, "examined": 40, "passed": 30}
    given = {"id": row.id, "as_of": date(2021, 9, 6), **count}
    await programme.do("2021-09-07 09:00", "SCH-100", report_count, **given)
    await programme.report("SCH-100", "2021-09-13", "2021-09-19 23:30")
    activity = {
        "activity": ActivityKind.EXAM,
        "title": "考核",
        "starts_at": china("2021-11-20 09:00"),
        "ends_at": china("2021-11-20 17:00"),
        "authority_codes": ["SUP-100"],
        "certificate_type_code": "CT-001",
        "level": 1,
    }
    row = await programme.submit("2021-09-20 09:00", "EO-001", FilingKind.ACTIVITY, **activity)
    given = {"id": row.id, "step": ConsentStep.FILING, "answer": ConsentAnswer.AGREED}
    await programme.do("2021-09-21 09:00", "SUP-100", answer_filing, **given)
    person = await programme.appoint("EO-002", AppointmentFunction.RESPONSIBLE)
    notice = {"title": "通知", "text": "请准时参加", "responsible_id": person.id}
    notice["reviewer_code"] = "SUP-100"
    await programme.submit("2021-09-20 09:00", "EO-002", FilingKind.NOTICE, **notice)
    await programme.sweep("2021-10-13 09:00")
    anybody = Actor("public", Role.PUBLIC)
    for told in ("收费过高", "谢谢"):
        given = {"category": FeedbackCategory.FEES, "text": told, "subject_code": "EO-001"}
        row, _ = await house.perform(submit_feedback, actor=anybody, **given)
    await house.perform(answer_feedback, id=row.id, answer="已核查", is_published=True)


async def _exams(house: House) -> None:
    """Plan an exam with who is registered for it, and let a case be decided and one be open."""
    async with house.sessions.begin() as session:
        activity = (
            await session.scalars(select(FilingRow).where(FilingRow.kind == FilingKind.ACTIVITY))
        ).one()
        participation = (await session.scalars(select(ParticipationRow))).one()
        authority = await organization_named(session, "SUP-100")
        other = await organization_named(session, "EO-002")
        plans = [
            ExamPlanRow(
                id=new_id(house.random),
                organization_id=activity.organization_id,
                certificate_type_id=participation.certificate_type_id,
                level=1,
                authority_id=authority.id,
                scheme_id=activity.id,
                site_id=activity.id,
                activity_id=activity.id,
                fee_id=activity.id,
                registration_opens_at=china(f"2021-{month:02}-01 00:00"),
                registration_closes_at=china(f"2021-{month:02}-20 00:00"),
                starts_at=china(f"2021-{month:02}-21 09:00"),
                ends_at=china(f"2021-{month:02}-21 12:00"),
                capacity=10,
                state=state,
                notice_first_on=date(2021, 12, 1) if state is ExamPlanState.CLOSED else None,
                published_at=china("2021-10-01 09:00"),
            )
            for month, state in ((10, ExamPlanState.CLOSED), (11, ExamPlanState.PUBLISHED))
        ]
        session.add_all(plans)
        await session.flush()
        session.add_all(
            ExamPlanChangeRow(
                id=new_id(house.random),
                plan_id=plan.id,
                state=plan.state,
                remarks="",
                changed_by="test",
                changed_at=plan.published_at,
            )
            for plan in plans
        )
        registrations = [
            ExamRegistrationRow(
                id=new_id(house.random),
                plan_id=plans[0].id,
                position=position,
                organization_id=organization_id,
                kind=kind,
                participation_id=part_id,
                holder_name=f"考生{position}",
                document_type=DocumentType.PASSPORT,
                document_lookup=bytes([position]) * 32,
                payer=Payer.INSTITUTION,
                amount_fen=30_000,
                state=state,
                registered_at=china("2021-10-02 09:00"),
                marks_tenths=marks,
                total_hundredths=6000 if marks else None,
            )
            for position, (organization_id, kind, part_id, state, marks) in enumerate(
                (
                    (
                        participation.institution_id,
                        CandidateKind.STUDENT,
                        participation.id,
                        ExamRegistrationState.PASSED,
                        "[600, 600]",
                    ),
                    (
                        activity.organization_id,
                        CandidateKind.SOCIAL,
                        None,
                        ExamRegistrationState.ABSENT,
                        None,
                    ),
                ),
                start=1,
            )
        ]
        session.add_all(registrations)
        await session.flush()
        certificate = (await session.scalars(select(CertificateRow).limit(1))).one()
        certificate.exam_registration_id = registrations[0].id
        finding = (await session.scalars(select(FindingRow).limit(1))).one()
        cases = [
            CaseRow(
                id=new_id(house.random),
                number=f"C-{n}",
                subject_id=other.id,
                decider_id=authority.id,
                state=state,
                opened_at=china("2021-10-05 09:00"),
                decision=CaseDecision.RECTIFY if state is CaseState.DECIDED else None,
                decided_on=date(2021, 10, 6) if state is CaseState.DECIDED else None,
            )
            for n, state in enumerate((CaseState.OPENED, CaseState.DECIDED))
        ]
        session.add_all(cases)
        await session.flush()
        session.add_all(
            CaseEntryRow(
                id=new_id(house.random),
                case_id=case.id,
                kind=kind,
                state=case.state,
                ground=Ground.E1 if kind is CaseEntryKind.GROUND else None,
                finding_id=finding.id if kind is CaseEntryKind.FINDING else None,
                text="查实",
                recorded_by="test",
                recorded_at=case.opened_at,
            )
            for case in cases
            for kind in (CaseEntryKind.FINDING, CaseEntryKind.GROUND)
        )
        session.add(
            RestrictionRow(
                id=new_id(house.random),
                organization_id=other.id,
                kind=RestrictionKind.ISSUING,
                first_on=date(2021, 10, 6),
                last_on=date(2021, 10, 7),
                case_id=cases[1].id,
                reason="整改",
                imposed_by="test",
                imposed_at=china("2021-10-06 09:00"),
            )
        )


async def _supervise(house: House) -> None:
    """Register the authority that supervises the institution."""
    kinds = [OrganizationKind.PROVINCIAL_AUTHORITY]
    row = await house.perform(register_organization, code="SUP-100", name="教育厅", kinds=kinds)
    async with house.sessions.begin() as session:
        (await organization_named(session, "SCH-100")).supervised_by_id = row.id


async def _catalogue(session, house: House) -> None:
    """Add what certificates do not need: majors, known work areas, and who has nothing."""
    versions = (await session.scalars(select(StandardVersionRow))).all()
    type_ = await certificate_type_coded(session, "CT-001", "certificate_type_code")
    for code in ("4401", "4402", "4403"):
        major = MajorRow(
            id=new_id(house.random),
            edition="2021",
            level="高职专科",
            code=code,
            name=f"专业{code}",
            category_code="44",
            category_name="土木建筑大类",
        )
        session.add(major)
        await session.flush()
        session.add(StandardVersionMajorRow(standard_version_id=versions[0].id, major_id=major.id))
    for level, position, name in ((1, 1, "建模"), (1, 0, "制图"), (2, 0, "协同")):
        session.add(
            KnownWorkAreaRow(
                certificate_type_id=type_.id,
                level=level,
                position=position,
                name=name,
                source="made up for tests",
            )
        )
    for level, position in ((2, 2), (2, 1), (1, 1)):
        session.add(
            OccupationMappingRow(
                id=new_id(house.random),
                certificate_type_id=type_.id,
                level=level,
                position=position,
                code=f"4-08-02-0{position}",
                name=f"职业{position}",
                skill_level=5 - level,
                source="made up for tests",
                recorded_at=house.now,
            )
        )
    for number in (8, 9):
        session.add(
            OrganizationRow(
                id=new_id(house.random),
                code=f"SCH-00{number}",
                name=f"学校_{number}%",
                state=OrganizationState.ACTIVE,
            )
        )
        session.add(
            CertificateTypeRow(
                id=new_id(house.random),
                code=f"CT-00{number}",
                name=f"证书{number}",
                state=CertificateTypeState.ANNOUNCED,
            )
        )


async def _of_holders(house: House, code: str) -> None:
    """Send an issuer's holder a link, and let the holder ask for something."""
    issuer = await house.actor(Role.EVALUATION_ORGANIZATION, code)
    (link,) = await house.perform(create_holder_links, actor=issuer, numbers=[f"{code}-0"])
    holder = Actor("holder", Role.HOLDER, certificate_ids=frozenset({link.certificate_id}))
    given = {"number": f"{code}-0", "kind": HolderRequestKind.CORRECTION, "text": ASKED[code]}
    await house.perform(file_holder_request, actor=holder, **given)


async def _certificates(house: House) -> None:
    for code, name in (("EO-001", NAMES["one"]), ("EO-002", NAMES["two"])):
        people = [
            house.candidate(
                holder_name=f"{name}{n}",
                level=1 + n % 2,
                standard_version="2022" if n % 3 else "2020",
                issued_on=date(2026, 11, 1 + n % 4),
                expires_on=date(2030, 1, 1) if n % 2 else None,
                outcomes=tuple(
                    Outcome(text=f'成果"{m}" \\', credits_tenths=5 * m) for m in range(1, n % 4)
                ),
                number=f"{code}-{n}",
                reference=f"exam {code}-{n}" if n % 4 else None,
            )
            for n in range(9)
        ]
        await house.issue(*people, key=f"run of {code}", organization_code=code)
        for number in (0, 1, 2, 3, 4, 6):
            await house.perform(register_certificate, number=f"{code}-{number}")
        await house.perform(suspend_certificate, number=f"{code}-2", reason="测试")
        await house.perform(revoke_certificate, number=f"{code}-3", reason="测试")
        await house.perform(
            reissue_certificate,
            number=f"{code}-4",
            idempotency_key=f"correct {code}",
            holder_name=f"{name}4改",
            reason="name",
        )
    async with house.sessions.begin() as session:  # drafts, as of a key that is held elsewhere
        await session.execute(
            text(
                "UPDATE certificates "
                "SET state = 'draft', signature = NULL, countersignature = NULL "
                "WHERE number IN ('EO-001-7', 'EO-002-7', 'EO-002-8')"
            )
        )
