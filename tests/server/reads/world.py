"""A small programme with something of everything: two issuers, drafts, corrections, changes."""

from dataclasses import dataclass, replace
from datetime import date
from random import Random
from uuid import UUID

from sqlalchemy import select, text

from certgraph.api.callers import Callers
from certgraph.api.context import Context
from certgraph.api.reads.connections import ReadPool
from certgraph.api.reads.documents import Documents, Limits
from certgraph.api.reads.reader import Reader
from certgraph.api.schema import graphql_schema, make_schema
from certgraph.api.trust_cache import TrustCache
from certgraph.certificates import service
from certgraph.certificates.issuing import issue
from certgraph.certificates.rules import CertificateState
from certgraph.credential.claims import Outcome
from certgraph.database import make_read_sessions
from certgraph.organizations.keys import KeyPeriod, create_sealed_key
from certgraph.organizations.rules import KeyPurpose, OrganizationState, TokenRole
from certgraph.organizations.service import grant_entitlement, organization_named
from certgraph.organizations.tables import OrganizationRow
from certgraph.organizations.tokens import Caller
from certgraph.randomness import new_id
from certgraph.standards.rules import CertificateTypeState, ContentItem, OutcomeItem
from certgraph.standards.service import (
    StandardVersionDraft,
    certificate_type_coded,
    publish_standard_version,
)
from certgraph.standards.tables import (
    CertificateTypeRow,
    KnownWorkAreaRow,
    MajorRow,
    StandardVersionMajorRow,
    StandardVersionRow,
)
from tests.server.conftest import FIRST_DAY, FIRST_INSTANT, House
from tests.server.reads.credit_world import fill_credit_bank

ROLES = (None, "admin", "credit_bank", "records_only", "verifier", "one", "two")
NAMES = {"one": "张甲", "two": "李乙"}
"""Every holder's name of an issuer begins so; whoever sees one more has seen the other's rows."""


@dataclass
class World:
    """The programme, with readers of it."""

    house: House
    pool: ReadPool
    callers: dict

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
            callers=Callers(reads),
            caller=self.callers[role],
            now=self.house.now,
            random=Random(1),
            language=language,
        )


async def build(house: House) -> World:
    """Fill a furnished house."""
    work = {"now": house.now, "random": house.random}
    async with house.sessions.begin() as session:
        second = await organization_named(session, "EO-002")
        type_ = await certificate_type_coded(session, "CT-001", "certificateTypeCode")
        await grant_entitlement(
            session,
            second,
            certificate_type_id=type_.id,
            type_name=type_.name,
            known_levels=[1, 2],
            levels=[1, 2],
            first_on=FIRST_DAY,
            last_on=None,
            random=house.random,
        )
        period = KeyPeriod(first_on=FIRST_DAY)
        made = {**work, "now": FIRST_INSTANT}
        await create_sealed_key(session, house.keyring, KeyPurpose.ISSUER, second, period, **made)
        draft = StandardVersionDraft(
            standard_code="STD-1",
            version="2022",
            published_on=date(2022, 1, 1),
            source="made up for tests",
            content=[
                ContentItem(level=level, code=code, text=f"{level}级 {code}")
                for level in (1, 2)
                for code in ("1", "1.1", "1.1.1", "1.1.2", "1.2", "2", "2.1", "2.1.1")
            ],
            outcomes=[OutcomeItem(level=2, number=n, name=f"新成果{n}") for n in range(1, 4)],
        )
        await publish_standard_version(session, draft, **work)
    await _certificates(house)
    async with house.sessions.begin() as session:
        await _catalogue(session, house)
    await fill_credit_bank(house)
    callers = {None: None}
    async with house.sessions.begin() as session:
        for name, role, code in (
            ("admin", TokenRole.PROGRAMME_ADMIN, None),
            ("credit_bank", TokenRole.CREDIT_BANK, None),
            ("records_only", TokenRole.CREDIT_BANK, None),
            ("verifier", TokenRole.VERIFIER, None),
            ("one", TokenRole.ORGANIZATION, "EO-001"),
            ("two", TokenRole.ORGANIZATION, "EO-002"),
        ):
            organization = await organization_named(session, code) if code else None
            callers[name] = Caller(
                token_id=UUID(int=1),
                role=role,
                organization_id=organization.id if organization else None,
                reads_learners=name == "credit_bank",
            )
    return World(house, ReadPool(house.engine, timeout=20), callers)


async def _catalogue(session, house: House) -> None:
    """Add what certificates do not need: majors, known work areas, and who stands alone."""
    versions = (await session.scalars(select(StandardVersionRow))).all()
    type_ = await certificate_type_coded(session, "CT-001", "certificateTypeCode")
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


async def _certificates(house: House) -> None:
    work = {"now": house.now, "random": house.random}
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
            )
            for n in range(9)
        ]
        await house.issue(*people, key=f"run of {code}", organization_code=code)
        async with house.sessions.begin() as session:
            organization = await organization_named(session, code)
            change = {"organization": organization, "by": "test", **work}
            for number in (0, 1, 2, 3, 4, 6):
                await service.register_certificate(session, f"{code}-{number}", **change)
            for number, state in (
                (f"{code}-2", CertificateState.SUSPENDED),
                (f"{code}-3", CertificateState.REVOKED),
            ):
                await service.change_certificate_state(
                    session, number, state, reason="测试", **change
                )
            row = await service.certificate_numbered(session, f"{code}-4", organization)
            request = service.correction_request(
                house.keyring,
                row,
                lambda c: replace(c, holder_name=f"{c.holder_name}改"),
                organization_code=code,
                idempotency_key=f"correct {code}",
                reason="name",
            )
        await issue(house.sessions, house.keyring, request, **work)
    async with house.sessions.begin() as session:  # drafts, as of a key that is held elsewhere
        await session.execute(
            text(
                "UPDATE certificates SET state = 'draft', signature = NULL "
                "WHERE number IN ('EO-001-7', 'EO-002-7', 'EO-002-8')"
            )
        )
