"""All that a plan of an exam rests on, in effect; and the walk of an exam."""

from datetime import date

import pytest

from certgraph.assessment.planning import publish_plan
from certgraph.assessment.registering import ExamRegistrationDraft, record_registrations
from certgraph.assessment.results import (
    ExamResultDraft,
    announce_results,
    close_plan,
    record_results,
)
from certgraph.assessment.rules import CandidateKind
from certgraph.duties.kinds.activities import ActivityKind
from certgraph.duties.kinds.costs import CostBearer, CostItemDraft, CostItemKind
from certgraph.duties.kinds.materials import Payer
from certgraph.duties.kinds.schemes import ExamMode, ExamPartDraft
from certgraph.duties.rules import ConsentStep, FilingKind
from certgraph.identity_documents import DocumentType
from tests.server.batch_kit import resident_number
from tests.server.programme_kit import Programme, china
from tests.server.stages import stage

AGREEMENT, FILING, VERIFICATION = (
    ConsentStep.AGREEMENT,
    ConsentStep.FILING,
    ConsentStep.VERIFICATION,
)
TYPE = {"certificate_type_code": "CT-001"}


class Exams:
    """An exam of CT-001 at level 1 in 广东, at 甲学院, on 2021-11-20; by steps."""

    def __init__(self, programme):
        self.programme = programme
        self.filings = {}

    async def submit(self, at, code, kind, **body):
        row = await self.programme.submit(at, code, kind, **body)
        self.filings[kind] = row
        return row

    async def answer(self, at, kind, *steps):
        """Let a filing be answered with yes, by these."""
        row = self.filings[kind]
        for code, step in steps:
            row = await self.programme.answer(at, code, row, step)
        self.filings[kind] = row
        return row

    async def prepare(self, *, site_steps=4, activity=True, fee=True, fee_fen=30_000):
        """Bring into effect what a plan rests on: scheme, site, activity, account and fee."""
        self.participation = await self.programme.take_part("PI-A", "2021-03-01")
        self.scheme = await self.submit(
            "2021-03-02 09:00",
            "EO-001",
            FilingKind.ASSESSMENT_SCHEME,
            **TYPE,
            level=1,
            title="考核方案（初级）",
            text="理论与实操",
            minutes=240,
            parts=[
                ExamPartDraft(
                    name="理论",
                    mode=ExamMode.COMPUTER,
                    full_marks=100,
                    weight_percent=40,
                    pass_marks=50,
                ),
                ExamPartDraft(
                    name="实操", mode=ExamMode.PRACTICE, full_marks=100, weight_percent=60
                ),
            ],
            pass_percent=60,
            mock_platform_url="https://mock.example.cn/bim",
        )
        conditions = await self.submit(
            "2021-03-02 09:00",
            "EO-001",
            FilingKind.SITE_CONDITIONS,
            **TYPE,
            title="站点条件",
            items=["机位 40 个"],
        )
        await self.submit(
            "2021-04-01 09:00",
            "PI-A",
            FilingKind.EXAM_SITE,
            **TYPE,
            evaluation_organization_code="EO-001",
            platform_body_code="EB-1",
            conditions_id=conditions.id,
            name="甲学院考核站点",
            address="广州市示例路 1 号",
            seats=80,
            self_check="均已具备",
        )
        steps = (
            ("EO-001", AGREEMENT),
            ("PA-440000", AGREEMENT),
            ("PA-440000", FILING),
            ("EB-1", FILING),
        )
        self.site = await self.answer("2021-04-10 09:00", FilingKind.EXAM_SITE, *steps[:site_steps])
        await self.submit(
            "2021-05-01 09:00",
            "EO-001",
            FilingKind.ACTIVITY,
            **TYPE,
            activity=ActivityKind.EXAM,
            title="建筑信息模型考核",
            starts_at=china("2021-11-20 08:00"),
            ends_at=china("2021-11-20 18:00"),
            authority_codes=["PA-440000", "PA-430000"],
        )
        if activity:
            await self.answer("2021-05-02 09:00", FilingKind.ACTIVITY, ("PA-440000", FILING))
        self.activity = self.filings[FilingKind.ACTIVITY]
        item = CostItemDraft(
            kind=CostItemKind.STAFF, bearer=CostBearer.SITE, amount_fen=30_000, basis="据实"
        )
        self.account = await self.submit(
            "2021-05-01 09:00",
            "EO-001",
            FilingKind.COST_ACCOUNT,
            **TYPE,
            level=1,
            mode=ExamMode.COMPUTER,
            items=[item],
        )
        if fee:
            await self.fee("2021-05-03 09:00", fee_fen, "2021-06-01")

    async def fee(self, at, amount_fen, first_on, **given):
        """Bring a fee of 广东 into effect."""
        await self.submit(
            at,
            "EO-001",
            FilingKind.FEE_STANDARD,
            **TYPE,
            level=1,
            mode=ExamMode.COMPUTER,
            authority_code="PA-440000",
            institution_codes=["PI-A"],
            account_id=self.account.id,
            amount_fen=amount_fen,
            first_on=date.fromisoformat(first_on),
            **given,
        )
        steps = (("PA-440000", AGREEMENT), ("PI-A", AGREEMENT), ("PA-440000", VERIFICATION))
        return await self.answer(at, FilingKind.FEE_STANDARD, *steps)

    async def cap(self, at, amount_fen, first_on, **given):
        return await self.submit(
            at,
            "EB-1",
            FilingKind.COST_CAP,
            **TYPE,
            level=1,
            mode=ExamMode.COMPUTER,
            amount_fen=amount_fen,
            first_on=date.fromisoformat(first_on),
            document_number="教职所〔2021〕1号",
            **given,
        )

    def drafted(self, **changes):
        return {
            **TYPE,
            "level": 1,
            "scheme_id": self.scheme.id,
            "site_id": self.site.id,
            "activity_id": self.activity.id,
            "registration_opens_at": china("2021-09-01 00:00"),
            "registration_closes_at": china("2021-10-01 00:00"),
            "starts_at": china("2021-11-20 09:00"),
            "ends_at": china("2021-11-20 13:00"),
            "capacity": 100,
            **changes,
        }

    async def publish(self, at="2021-08-01 09:00", **changes):
        given = self.drafted(**changes)
        self.plan = await self.programme.do(at, "EO-001", publish_plan, **given)
        return self.plan

    def student(self, number=1, **changes):
        return ExamRegistrationDraft(
            **{
                "kind": CandidateKind.STUDENT,
                "holder_name": f"学生{'甲乙丙丁戊己庚辛'[number % 8]}",
                "document_type": DocumentType.RESIDENT_ID,
                "document_number": resident_number(number),
                "payer": Payer.INSTITUTION,
                "participation_id": self.participation.id,
                "declared_voluntary_on": date(2021, 8, 30),
                **changes,
            }
        )

    async def register(self, *registrations, at="2021-09-10 09:00", code="PI-A"):
        given = {"id": self.plan.id, "registrations": registrations}
        _, rows = await self.programme.do(at, code, record_registrations, **given)
        return rows

    async def record(self, results, at="2021-11-22 09:00"):
        """Record results: registration → marks in tenths; None: did not come."""
        drafts = [
            ExamResultDraft(registration_id=row.id, is_absent=True)
            if marks is None
            else ExamResultDraft(registration_id=row.id, marks_tenths=marks)
            for row, marks in results
        ]
        given = {"id": self.plan.id, "results": drafts}
        _, rows = await self.programme.do(at, "EO-001", record_results, **given)
        return rows

    async def announce(self, last_on="2021-11-30", at="2021-11-23 09:00"):
        given = {"id": self.plan.id, "last_on": date.fromisoformat(last_on)}
        return await self.programme.do(at, "EO-001", announce_results, **given)

    async def close(self, at="2021-12-01 09:00"):
        return await self.programme.do(at, "EO-001", close_plan, id=self.plan.id)


@stage
async def programme_with_exams(house):
    """What is in effect for a plan to rest on; the parties of the programme are there before."""
    found = Exams(Programme(house))
    await found.prepare()
    return {name: value for name, value in vars(found).items() if name != "programme"}


@pytest.fixture
def exams(programme, programme_with_exams):
    """An exam that can be planned."""
    found = Exams(programme)
    vars(found).update(programme_with_exams)
    return found
