"""Parties of the programme in the years of the pilot, and steps that tests need before theirs."""

from datetime import UTC, date, datetime

import pytest

from certgraph.actions.parties import Role
from certgraph.all_duties import sweep_all
from certgraph.calendar import CHINA
from certgraph.duties.answering import answer_filing
from certgraph.duties.filing import SUBMISSIONS
from certgraph.duties.kinds.agreements import ClauseDraft, ClauseKind
from certgraph.duties.rules import ConsentAnswer, FilingKind
from certgraph.organizations.actions import register_organization
from certgraph.organizations.appointments import make_appointment
from certgraph.organizations.rules import AppointmentFunction, OrganizationKind
from certgraph.organizations.tables import DivisionRow
from certgraph.participation.actions import (
    activate_participation,
    apply_to_take_part,
    file_participation,
)
from tests.server.stages import stage

PARTIES = {
    "PA-440000": ("广东省教育厅", OrganizationKind.PROVINCIAL_AUTHORITY, "440000"),
    "PA-430000": ("湖南省教育厅", OrganizationKind.PROVINCIAL_AUTHORITY, "430000"),
    "PA-330000": ("浙江省教育厅", OrganizationKind.PROVINCIAL_AUTHORITY, "330000"),
    "PA-320000": ("江苏省教育厅", OrganizationKind.PROVINCIAL_AUTHORITY, "320000"),
    "PA-410000": ("河南省教育厅", OrganizationKind.PROVINCIAL_AUTHORITY, "410000"),
    "PI-C": ("丙学院", OrganizationKind.PILOT_INSTITUTION, "410000"),
    "PI-A": ("甲学院", OrganizationKind.PILOT_INSTITUTION, "440000"),
    "PI-B": ("乙学院", OrganizationKind.PILOT_INSTITUTION, "430000"),
    "MOE": ("教育部", OrganizationKind.MINISTRY, None),
    "EB-1": ("受委托机构", OrganizationKind.ENTRUSTED_BODY, None),
}
"""Code → name, kind and division of those that the furnished house lacks."""

ROLE_OF = {
    "PA": Role.PROVINCIAL_AUTHORITY,
    "PI": Role.PILOT_INSTITUTION,
    "EO": Role.EVALUATION_ORGANIZATION,
    "MO": Role.MINISTRY,
    "EB": Role.ENTRUSTED_BODY,
    "SU": Role.PROVINCIAL_AUTHORITY,
    "SC": Role.PILOT_INSTITUTION,
}


def china(text: str) -> datetime:
    """Return the instant of a time in China, such as `2021-09-19 23:30`."""
    return datetime.fromisoformat(text).replace(tzinfo=CHINA).astimezone(UTC)


class Programme:
    """A house in the years of the pilot: everything is done at a time, by an organization."""

    def __init__(self, house):
        self.house = house

    async def add_parties(self):
        """Register those of `PARTIES`."""
        async with self.house.sessions.begin() as session:
            session.add_all(
                DivisionRow(code=code, name=code, kind="x", is_exam_site_coverage_unit=False)
                for code in {division for _, _, division in PARTIES.values()} - {None}
            )
        for code, (name, kind, division) in PARTIES.items():
            given = {"code": code, "name": name, "kinds": [kind], "division_code": division}
            await self.house.perform(register_organization, **given)

    async def do(self, at, code, action, **given):
        """Perform an action at a time in China, for an organization."""
        actor = await self.house.actor(ROLE_OF[code[:2]], code)
        environment = self.house.environment(now=china(at))
        names = {one.name for one in action.inputs}
        if "organization_code" in names:
            given.setdefault("organization_code", code)
        if "reason" in names:
            given.setdefault("reason", "test")
        return await self.house.perform(action, actor=actor, environment=environment, **given)

    async def submit(self, at, code, kind, **body):
        return await self.do(at, code, SUBMISSIONS[kind], **body)

    async def appoint(self, code, function, first_on="2019-12-01", **given):
        draft = {"function": function, "person_name": "李示例", **given}
        return await self.do(
            f"{first_on} 09:00",
            code,
            make_appointment,
            first_on=date.fromisoformat(first_on),
            **draft,
        )

    async def take_part(
        self, code, on, *, authority="PA-440000", type_code="CT-001", level=1, planned=100
    ):
        """Let an institution take part from a day on; return its participation."""
        lead = await self.appoint(code, AppointmentFunction.LEAD, is_principal=True)
        contact = await self.appoint(code, AppointmentFunction.CONTACT)
        day = date.fromisoformat(on)
        row = await self.do(
            f"{on} 08:00",
            code,
            apply_to_take_part,
            certificate_type_code=type_code,
            level=level,
            year=day.year,
            planned=planned,
        )
        await self.do(f"{on} 08:30", authority, file_participation, id=row.id)
        given = {"lead_id": lead.id, "contact_id": contact.id}
        return await self.do(f"{on} 09:00", code, activate_participation, id=row.id, **given)

    async def report(self, code, first_on, at):
        """Hand in the report of the period that begins on a day."""
        given = {"first_on": date.fromisoformat(first_on), "progress": "按计划推进"}
        return await self.submit(at, code, FilingKind.WEEKLY_REPORT, **given)

    async def answer(self, at, code, row, step, said=ConsentAnswer.AGREED, **given):
        """Say yes to a filing, or something else."""
        return await self.do(at, code, answer_filing, id=row.id, step=step, answer=said, **given)

    async def sweep(self, at):
        return await sweep_all(self.house.sessions, now=china(at), random=self.house.random)


CLAUSES = [ClauseDraft(kind=kind, text="按约定执行") for kind in ClauseKind]


@stage
async def programme_parties(house):
    await Programme(house).add_parties()


@pytest.fixture
def programme(programme_parties, house):
    """A house in the years of the pilot."""
    return Programme(house)
