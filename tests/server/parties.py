"""Parties of the programme, each with a token of its own, and a document answered step by step."""

import json
import re
from contextlib import asynccontextmanager
from datetime import date

import httpx2
import pytest

from certgraph.actions.parties import Role
from certgraph.all_duties import sweep_all
from certgraph.api.app import make_app
from certgraph.entitlements.actions import grant_entitlement
from certgraph.organizations.actions import register_organization
from certgraph.organizations.rules import OrganizationKind
from certgraph.organizations.tables import DivisionRow
from certgraph.organizations.tokens import create_token
from certgraph.scanning.apart import kind_of, read_scan_apart
from certgraph.standards.actions import (
    announce_certificate_type,
    publish_standard_version,
    register_standard,
)
from certgraph.standards.rules import LearningOutcomeDraft, StandardContentDraft
from tests.server.batch_kit import Desk
from tests.server.credit_kit import add_institution
from tests.server.programme_kit import china
from tests.server.quick_random import QuickRandom
from tests.server.stages import stage
from tests.server.trust.test_lists import new_list, published

STEP = re.compile(
    r"```(?P<kind>graphql|http) (?P<info>[^\n]+)\n(?P<query>.*?)```\n\n```json\n(?P<answer>.*?)```",
    re.DOTALL,
)


async def announce(house, code="CT-100", name="研学旅行策划与管理", announced_on=date(2026, 11, 2)):
    """Announce a certificate type of EO-001 with a standard at level 1."""
    await house.perform(
        announce_certificate_type,
        code=code,
        name=name,
        levels=[1, 2],
        announced_on=announced_on,
        organization_codes=["EO-001"],
    )
    standard = f"STD-{code[3:]}"
    await house.perform(
        register_standard, code=standard, name=f"{name}标准", certificate_type_code=code
    )
    texts = {"1": "课程设计", "1.1": "需求分析", "1.1.1": "能调研学校的需求", "2": "活动实施"}
    await house.perform(
        publish_standard_version,
        standard_code=standard,
        version="2026",
        published_on=date(2026, 11, 2),
        source="made up for tests",
        content=[
            StandardContentDraft(level=1, code=code, text=text) for code, text in texts.items()
        ],
        outcomes=[
            LearningOutcomeDraft(level=1, number=1, name="能设计研学课程"),
            LearningOutcomeDraft(level=1, number=2, name="能组织研学活动"),
        ],
    )
    await house.perform(
        grant_entitlement,
        organization_code="EO-001",
        certificate_type_code=code,
        levels=[1],
        first_on=date(2026, 11, 2),
    )


async def register_every_kind(house):
    """Register organizations of every kind beside EO-001 and EO-002.

    PI-001 and PA-1 are of province 110000, PI-002 and PA-2 of 120000.
    """
    async with house.sessions.begin() as session:
        session.add_all(
            DivisionRow(code=code, name=code, kind="x", is_exam_site_coverage_unit=False)
            for code in ("110000", "120000")
        )
    await add_institution(house, division_code="110000")
    for code, kind, division in (
        ("PI-002", OrganizationKind.PILOT_INSTITUTION, "120000"),
        ("PA-1", OrganizationKind.PROVINCIAL_AUTHORITY, "110000"),
        ("PA-2", OrganizationKind.PROVINCIAL_AUTHORITY, "120000"),
        ("MOE", OrganizationKind.MINISTRY, None),
        ("EB-1", OrganizationKind.ENTRUSTED_BODY, None),
        ("CB-1", OrganizationKind.CREDIT_BANK, None),
    ):
        await house.perform(
            register_organization,
            code=code,
            name=f"机构{code}",
            kinds=[kind],
            division_code=division,
        )


PARTIES = {
    "admin": (Role.OPERATOR, None, False),
    "credit-bank": (Role.CREDIT_BANK, None, True),
    "records-only": (Role.CREDIT_BANK, None, False),
    "organization": (Role.EVALUATION_ORGANIZATION, "EO-001", False),
    "other-organization": (Role.EVALUATION_ORGANIZATION, "EO-002", False),
    "institution": (Role.PILOT_INSTITUTION, "PI-001", False),
    "second-admin": (Role.OPERATOR, None, False),
}


class Parties:
    """Asks the application as one of the parties."""

    def __init__(self, http, house, tokens):
        self.http = http
        self.house = house
        self.tokens = tokens
        self.values = {}

    async def ask(self, party, query, variables=None):
        headers = {"Accept-Language": "en"}
        if party != "public":
            headers["Authorization"] = f"Bearer {self.tokens[party]}"
        body = {"query": query, "variables": variables or {}}
        return (await self.http.post("/graphql", json=body, headers=headers)).json()

    async def data(self, party, query, variables=None):
        content = await self.ask(party, query, variables)
        assert "errors" not in content, content["errors"]
        return content["data"]

    async def file(self, party, request):
        """Return what there is at `GET /path`: of a PDF the texts of the codes in it."""
        headers = {"Authorization": f"Bearer {self.tokens[party]}"}
        answer = await self.http.get(request.removeprefix("GET "), headers=headers)
        found = {"status": answer.status_code, "contentType": answer.headers["content-type"]}
        scans = read_scan_apart(answer.content, kind_of(answer.content))
        return {**found, "codes": [scan.qr_text for scan in scans]}

    async def done(self, party, query, variables=None):
        """Return what a mutation gives, which is not refused."""
        (payload,) = (await self.data(party, query, variables)).values()
        assert payload.get("errors") == [], payload
        return payload

    async def refused(self, party, query, variables=None):
        """Return (code, rule id) of each reason a mutation is refused for."""
        (payload,) = (await self.data(party, query, variables)).values()
        return [(error["code"], (error["rule"] or {}).get("id")) for error in payload["errors"]]


@stage
async def party_tokens(house):
    """Party → its token, where another certificate type is announced, too."""
    await announce(house)
    await add_institution(house)
    return await tokens_of(house, PARTIES)


@pytest.fixture
async def parties(party_tokens, house):
    async with asking(house, party_tokens) as found:
        yield found


async def tokens_of(house, parties):
    """Return party → a token of its own; the parties must be registered."""
    tokens = {}
    for party, (role, code, reads_learners) in parties.items():
        _, tokens[party] = await house.perform(
            create_token,
            name=party,
            role=role,
            organization_code=code,
            lifetime_days=90,
            reads_learners=reads_learners,
        )
    return tokens


@asynccontextmanager
async def parties_of(house, parties=PARTIES):
    """Ask the application over a house as any of these parties; they must be registered."""
    async with asking(house, await tokens_of(house, parties)) as found:
        yield found


@asynccontextmanager
async def asking(house, tokens):
    """Ask the application over a house with any of these tokens."""
    app = make_app(
        house.settings,
        clock=lambda: house.now,
        random=QuickRandom(5),
        publishing=False,
    )
    transport = httpx2.ASGITransport(app, raise_app_exceptions=True)
    try:
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as http:
            yield Parties(http, house, tokens)
    finally:  # else a test that fails never ends
        await app.server.close()


def shortly(value, indent=0, width=140):
    """Return JSON that breaks lines only where they are long."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) + indent <= width or not isinstance(value, dict | list) or not value:
        return line
    inner = " " * (indent + 2)
    if isinstance(value, dict):
        parts = [f"{json.dumps(k)}: {shortly(v, indent + 2, width)}" for k, v in value.items()]
    else:
        parts = [shortly(v, indent + 2, width) for v in value]
    start, end = "{}" if isinstance(value, dict) else "[]"
    return f"{start}\n{inner}" + f",\n{inner}".join(parts) + f"\n{' ' * indent}{end}"


async def answered(parties, text: str) -> str:
    """Walk through a document: put below each query what it answers, and return the whole.

    A fence says who asks, when (`@2021-03-01T09:00`, in China; else as before), what was done just
    before (`sweep` and `work` by the server; `list`: a trust list is signed and published), and
    which values of the answer the next ones name: `name=path.to.it`.
    """
    values = dict(parties.values)
    answers = []
    for step in STEP.finditer(text):
        party, *given = step["info"].split()
        kept = [entry for entry in given if "=" in entry]
        for at in (entry[1:] for entry in given if entry.startswith("@")):
            parties.house.now = china(at)
        house = parties.house
        if "sweep" in given:
            await sweep_all(house.sessions, now=house.now, random=house.random)
        if "work" in given:
            await Desk(house).work()
        if "list" in given:
            await new_list(house)
            await published(house)
        query = step["query"]
        for name, value in values.items():
            query = query.replace(name, value)
        ask = parties.data if step["kind"] == "graphql" else parties.file
        answer = await ask(party, query.strip())
        for entry in kept:
            name, path = entry.split("=")
            value = answer
            for key in path.split("."):
                value = value[int(key) if key.isdigit() else key]
            values[name] = value
        shown = shortly(answer)
        for name, value in values.items():
            shown = shown.replace(value, name)
        answers.append((step, shown))
    for step, shown in reversed(answers):
        text = text[: step.start("answer")] + shown + "\n" + text[step.end("answer") :]
    return text
