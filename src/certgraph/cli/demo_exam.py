# ruff: noqa: ANN401 - what an action takes
"""The demo's exam, from its scheme to certificates in 2025."""

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from certgraph.actions.parties import Actor, Role
from certgraph.assessment.planning import publish_plan
from certgraph.assessment.registering import ExamRegistrationDraft, record_registrations
from certgraph.assessment.results import (
    ExamResultDraft,
    announce_results,
    close_plan,
    record_results,
)
from certgraph.assessment.rules import CandidateKind
from certgraph.assessment.tables import ExamRegistrationRow
from certgraph.calendar import CHINA
from certgraph.certificates.batches import queries
from certgraph.certificates.batches.actions import approve_batch, register_batch
from certgraph.certificates.batches.filling import fill_batch
from certgraph.certificates.batches.workers import Worker
from certgraph.certificates.batches.working import work_once
from certgraph.cli.demo_batch import print_run, resident_number
from certgraph.cli.demo_credits import INSTITUTION
from certgraph.cli.demo_data import BY_DEMO, VERSION
from certgraph.cli.runtime import Runtime
from certgraph.duties.answering import answer_filing
from certgraph.duties.filing import SUBMISSIONS
from certgraph.duties.kinds.activities import ActivityKind
from certgraph.duties.kinds.costs import CostBearer, CostItemDraft, CostItemKind
from certgraph.duties.kinds.materials import Payer
from certgraph.duties.kinds.schemes import ExamMode, ExamPartDraft
from certgraph.duties.rules import ConsentAnswer, ConsentStep, FilingKind
from certgraph.duties.tables import FilingRow
from certgraph.identity_documents import DocumentType
from certgraph.organizations.actions import register_organization
from certgraph.organizations.appointments import make_appointment
from certgraph.organizations.rules import (
    AppointmentFunction,
    OrganizationKind,
)
from certgraph.organizations.subjects import organization_named
from certgraph.participation.actions import (
    activate_participation,
    apply_to_take_part,
    file_participation,
)

_ORGANIZATION, _PROVINCE, _BODY = "EO-001", "PA-110000", "DEMO-BODY"
_TYPE = {"certificate_type_code": "CT-001", "level": 1}
_STUDENTS = ("韩示例", "杨示例", "朱示例", "秦示例")
_AGREE, _FILE = ConsentStep.AGREEMENT, ConsentStep.FILING
_MARKS = ((860, 790), (590, 640), (450, 980), None)


def at(day: str, hour: int = 9) -> datetime:
    """Return an instant of a day (YYYY-MM-DD) in China."""
    year, month, of_month = map(int, day.split("-"))
    return datetime(year, month, of_month, hour, tzinfo=CHINA)


class Office:
    """The programme's office, which records on a day what others would have done."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def record(self, day: str, action: Any, **given: Any) -> Any:
        """Record an action at nine in the morning of a day in China."""
        runtime = replace(self._runtime, now=at(day))
        return await runtime.perform(action, **given, **BY_DEMO)

    async def submit(self, day: str, code: str, kind: FilingKind, **body: Any) -> FilingRow:
        """Record that an organization handed something in."""
        given = {"organization_code": code, **body}
        row: FilingRow = await self.record(day, SUBMISSIONS[kind], **given)
        return row

    async def answer(self, day: str, row: FilingRow, *steps: tuple[str, ConsentStep]) -> None:
        """Record that others say yes to it."""
        yes = ConsentAnswer.AGREED
        for code, step in steps:
            given = {"id": row.id, "step": step, "answer": yes, "organization_code": code}
            await self.record(day, answer_filing, **given)


async def hold_exam(runtime: Runtime, folder: Path) -> tuple[int, int]:
    """Take an exam from its scheme to issued certificates; return how many took it, and passed."""
    office = Office(runtime)
    kinds = [OrganizationKind.ENTRUSTED_BODY]
    given: dict[str, Any] = {"code": _BODY, "name": "示例受委托机构（演示）", "kinds": kinds}
    await runtime.perform(register_organization, **given, **BY_DEMO)
    participation_id = await _taking_part(office)
    plan = await office.record(
        "2025-04-01",
        publish_plan,
        organization_code=_ORGANIZATION,
        **_TYPE,
        **await _scheme_and_site(office),
        activity_id=await _activity(office),
        registration_opens_at=at("2025-05-01", 0),
        registration_closes_at=at("2025-06-01", 0),
        starts_at=at("2025-06-14", 9),
        ends_at=at("2025-06-14", 13),
        capacity=80,
    )
    rows = await _examined(office, plan.id, participation_id)
    await _certified(runtime, plan.id, folder)
    return len(rows), sum(row.state.value == "passed" for row in rows)


async def _taking_part(office: Office) -> UUID:
    """Let the institution take part in 2025; return its participation."""
    people = {}
    for function in (AppointmentFunction.LEAD, AppointmentFunction.CONTACT):
        row = await office.record(
            "2025-02-10",
            make_appointment,
            organization_code=INSTITUTION,
            function=function,
            person_name="何示例",
            is_principal=function is AppointmentFunction.LEAD,
            first_on=date(2025, 2, 10),
        )
        people[f"{function.value}_id"] = row.id
    given = {"organization_code": INSTITUTION, **_TYPE, "year": 2025, "planned": 40}
    part = await office.record("2025-02-11", apply_to_take_part, **given)
    await office.record("2025-02-20", file_participation, id=part.id)
    await office.record("2025-02-24", activate_participation, id=part.id, **people)
    id_: UUID = part.id
    return id_


async def _scheme_and_site(office: Office) -> dict[str, UUID]:
    """Bring scheme and site into effect, and what the exam may cost."""
    theory, practice = ExamMode.COMPUTER, ExamMode.PRACTICE
    parts = [
        ExamPartDraft(name="理论", mode=theory, full_marks=100, weight_percent=40, pass_marks=50),
        ExamPartDraft(name="实操", mode=practice, full_marks=100, weight_percent=60),
    ]
    scheme = await office.submit(
        "2025-03-03",
        _ORGANIZATION,
        FilingKind.ASSESSMENT_SCHEME,
        **_TYPE,
        title="考核方案（演示）",
        text="理论与实操，百分制。",
        minutes=240,
        parts=parts,
        pass_percent=60,
        mock_platform_url="https://mock.example.cn/bim",
    )
    conditions = await office.submit(
        "2025-03-03",
        _ORGANIZATION,
        FilingKind.SITE_CONDITIONS,
        certificate_type_code="CT-001",
        title="考核站点条件（演示）",
        items=["机位不少于 40 个", "独立的考务室"],
    )
    site = await office.submit(
        "2025-03-10",
        INSTITUTION,
        FilingKind.EXAM_SITE,
        certificate_type_code="CT-001",
        evaluation_organization_code=_ORGANIZATION,
        platform_body_code=_BODY,
        conditions_id=conditions.id,
        name="示例职业学院考核站点（演示）",
        address="北京市示例路 1 号",
        seats=80,
        self_check="逐项对照，均已具备",
    )
    steps = ((_ORGANIZATION, _AGREE), (_PROVINCE, _AGREE), (_PROVINCE, _FILE), (_BODY, _FILE))
    await office.answer("2025-03-17", site, *steps)
    await _fee(office)
    return {"scheme_id": scheme.id, "site_id": site.id}


async def _activity(office: Office) -> UUID:
    """Let the province file the exam as an activity in it."""
    activity = await office.submit(
        "2025-03-18",
        _ORGANIZATION,
        FilingKind.ACTIVITY,
        activity=ActivityKind.EXAM,
        title="建筑信息模型（初级）考核（演示）",
        starts_at=at("2025-06-14", 8),
        ends_at=at("2025-06-14", 18),
        authority_codes=[_PROVINCE],
        **_TYPE,
    )
    await office.answer("2025-03-20", activity, (_PROVINCE, _FILE))
    return activity.id


async def _fee(office: Office) -> None:
    """Bring account, cap and fee into effect."""
    staff = CostItemDraft(
        kind=CostItemKind.STAFF, bearer=CostBearer.SITE, amount_fen=29_000, basis="演示"
    )
    by_computer = {**_TYPE, "mode": ExamMode.COMPUTER}
    kind = FilingKind.COST_ACCOUNT
    account = await office.submit("2025-03-18", _ORGANIZATION, kind, **by_computer, items=[staff])
    await office.submit(
        "2025-03-18",
        _BODY,
        FilingKind.COST_CAP,
        **by_computer,
        amount_fen=30_000,
        first_on=date(2025, 3, 18),
        document_number="演示〔2025〕1号",
    )
    fee = await office.submit(
        "2025-03-19",
        _ORGANIZATION,
        FilingKind.FEE_STANDARD,
        **by_computer,
        authority_code=_PROVINCE,
        institution_codes=[INSTITUTION],
        account_id=account.id,
        amount_fen=29_000,
        first_on=date(2025, 3, 20),
    )
    steps = ((_PROVINCE, _AGREE), (INSTITUTION, _AGREE), (_PROVINCE, ConsentStep.VERIFICATION))
    await office.answer("2025-03-20", fee, *steps)


async def _examined(
    office: Office, plan_id: UUID, participation_id: UUID
) -> list[ExamRegistrationRow]:
    """Register students, record their marks, and close the plan after its public notice."""
    drafts = [
        ExamRegistrationDraft(
            kind=CandidateKind.STUDENT,
            holder_name=name,
            document_type=DocumentType.RESIDENT_ID,
            document_number=resident_number(100 + place),
            payer=Payer.INSTITUTION,
            participation_id=participation_id,
            declared_voluntary_on=date(2025, 4, 20),
        )
        for place, name in enumerate(_STUDENTS)
    ]
    given: dict[str, Any] = {"id": plan_id, "registrations": drafts}
    _, rows = await office.record("2025-05-06", record_registrations, **given)
    results = [
        ExamResultDraft(registration_id=row.id, marks_tenths=marks or (), is_absent=not marks)
        for row, marks in zip(rows, _MARKS, strict=True)
    ]
    given = {"id": plan_id, "results": results}
    _, rows = await office.record("2025-06-20", record_results, **given)
    last_on = date(2025, 6, 27)
    await office.record("2025-06-20", announce_results, id=plan_id, last_on=last_on)
    await office.record("2025-06-28", close_plan, id=plan_id)
    return list(rows)


async def _certified(runtime: Runtime, plan_id: UUID, folder: Path) -> None:
    """Certify who passed: a batch of the plan, approved by another person; and print it."""
    batch = await runtime.perform(
        fill_batch,
        id=plan_id,
        standard_code="DEMO-BIM",
        standard_version=VERSION,
        issued_on=runtime.today,
        **BY_DEMO,
    )
    worker = Worker(runtime.environment(), runtime.reads, lambda: runtime.now)
    await work_once(worker)
    async with runtime.reads() as session:
        checked = await queries.batch_with_file(session, batch.id)
        organization = await organization_named(session, _ORGANIZATION)
    assert checked is not None  # noqa: S101 - it was made above
    approver = Actor("demo approver", Role.APPROVER, organization.id)
    digest = checked.digest or ""
    await runtime.perform(approve_batch, actor=approver, batch_id=batch.id, digest=digest)
    await work_once(worker)
    batch = await runtime.perform(register_batch, batch_id=batch.id, **BY_DEMO)
    assert batch.issue_run_id is not None  # noqa: S101 - it is issued
    await print_run(runtime, batch.issue_run_id, folder / "exam/certificates.pdf")
