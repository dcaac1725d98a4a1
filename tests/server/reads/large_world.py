"""The world of these tests with very many rows of what grows, and what its lists are asked for.

A few rows of each table are rare: of a state, a kind, a level or an owner that no other has.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import func, select, text

from certgraph.actions.tables import AuditEntryRow
from certgraph.assessment.rules import ExamPlanState, ExamRegistrationState
from certgraph.assessment.tables import ExamPlanRow, ExamRegistrationRow
from certgraph.certificates.rules import CertificateState
from certgraph.certificates.tables import CertificateChangeRow, CertificateRow
from certgraph.credit_bank.conversion.tables import ConversionApplicationRow
from certgraph.credit_bank.records.tables import CreditRecordRow, OutcomeRecordRow
from certgraph.credit_bank.rules import (
    ApplicationState,
    CreditDifference,
    CreditRecordState,
    RecordState,
)
from certgraph.database import batched, insert_rows
from certgraph.duties.rules import FilingKind, FilingState, ObligationKind
from certgraph.duties.tables import FilingRow, FindingRow, ObligationRow
from certgraph.organizations.tables import OrganizationRow

RARE = 3
_PART = 20_000
"""Rows that are made at once."""


class LargeWorld:
    """Makes rows: the n-th of each table like one that is there, but for what is said here."""

    def __init__(self, owners: list[OrganizationRow], like: dict[type, object]) -> None:
        self.owners = owners
        self.like = {table: _columns(row) for table, row in like.items()}

    def rows(self, table: type, numbers: Iterator[int]) -> list[dict[str, object]]:
        """Return some of them."""
        differs = _DIFFERS[table]
        return [
            {**self.like[table], "id": _key(n), **differs(self, n, self.like[table])}
            for n in numbers
        ]

    def owner(self, n: int) -> UUID:
        """Return whose the n-th is: half are of EO-001, a few of EO-002, the others of all."""
        first, other, *more = self.owners
        if RARE <= n < 2 * RARE:
            return other.id
        return first.id if n % 2 else more[n // 2 % len(more)].id


def _key(n: int) -> UUID:
    return UUID(int=2**100 + n)


def _columns(row: object) -> dict[str, object]:
    return {
        column.name: getattr(row, column.key)
        for column in row.__table__.columns
        if column.computed is None
    }


def _certificate(world, n, _like):
    number = f"LARGE-{n * 7_919 % 2**20:07}"  # as issued: in no order
    return {
        "organization_id": world.owner(n), "number": number, "number_key": number,
        "number_lookup_key": number, "holder_name_key": f"holder{n}",
        "position": 1_000 + n, "status_index": 200_000 + n, "candidate_key": None,
        "reference": f"exam {n}" if n % 2 else None, "exam_registration_id": None,
        "issued_on": date(2024, 1, 1) + timedelta(days=n % 700),
        "level": 3 if n < RARE else 1,
        "state": CertificateState.SUSPENDED if n < RARE else CertificateState.REGISTERED,
    }  # fmt: skip


def _change(_world, n, _like):
    return {"certificate_id": _key(n), "is_followed": True}


def _record(world, n, _like):
    return {
        "organization_id": world.owner(n), "certificate_number": f"LARGE-{n * 7_919 % 2**20:07}",
        "state": RecordState.REVOKED if n < RARE else RecordState.ACTIVE,
        "difference": CreditDifference.REJECTED if n < RARE else None,
    }  # fmt: skip


def _credit(_world, _n, _like):
    return {"state": CreditRecordState.RECORDED}


def _application(world, n, like):
    owner = world.owner(n)
    return {
        "organization_id": owner, "issuer_id": owner, "record_id": _key(n),
        "submitted_at": like["submitted_at"] - timedelta(minutes=n),
        "account_number": "RARE" if n < RARE else f"XB-{n}",
        "state": ApplicationState.REJECTED if n < RARE else ApplicationState.CONVERTED,
    }  # fmt: skip


def _entry(world, n, like):
    owner = world.owner(n)
    return {
        "sequence": like["sequence"] + 1 + n, "subject": "Certificate", "subject_id": _key(n),
        "organization_id": owner, "acting_for": owner, "actor": "rare" if n < RARE else "desk",
        "action": "holderErase" if n < RARE else "certificateRegister",
        "done_at": like["done_at"] + timedelta(seconds=n),
    }  # fmt: skip


def _plan(world, n, like):
    return {
        "organization_id": world.owner(n), "level": 3 if n < RARE else 1,
        "authority_id": world.owners[2 + n % (len(world.owners) - 2)].id,
        "state": ExamPlanState.WITHDRAWN if n < RARE else ExamPlanState.CLOSED,
        "starts_at": like["starts_at"] + timedelta(minutes=n),
    }  # fmt: skip


def _registration(world, n, like):
    return {
        "plan_id": _key(n // 20),
        "position": 1_000 + n, "document_lookup": n.to_bytes(32, "big"), "participation_id": None,
        "organization_id": world.owner(n),
        "registered_at": like["registered_at"] + timedelta(seconds=n),
        "state": ExamRegistrationState.WITHDRAWN if n < RARE else ExamRegistrationState.PASSED,
    }  # fmt: skip


def _filing(world, n, like):
    return {
        "kind": FilingKind.AGREEMENT if n < RARE else FilingKind.WEEKLY_REPORT,
        "state": FilingState.SUBMITTED if n < RARE else FilingState.EFFECTIVE,
        "is_public": True,
        "organization_id": world.owner(n), "revises_id": None,
        "subject_id": world.owner(n) if n < RARE else None,
        "submitted_at": like["submitted_at"] + timedelta(minutes=n),
    }  # fmt: skip


def _obligation(world, n, like):
    met = None if n % 97 == 1 else like["opened_at"] + timedelta(days=1)
    return {
        "kind": ObligationKind.ORDER if n < RARE else ObligationKind.WEEKLY_REPORT,
        "rule_id": "R53" if n < RARE else "R05", "debtor_id": world.owner(n), "key": f"large {n}",
        "filing_id": None, "met_by_id": None, "met_at": met, "waived_at": None,
        "due_before": like["opened_at"] + timedelta(days=2),
        "due_on": date(2021, 1, 1) + timedelta(days=n % 1_500),
    }  # fmt: skip


def _finding(world, n, like):
    return {
        "subject_id": world.owner(n), "key": f"large {n}", "rule_id": "R53" if n < RARE else "R05",
        "found_at": like["found_at"] + timedelta(minutes=n),
    }  # fmt: skip


_DIFFERS = {
    CertificateRow: _certificate,
    CertificateChangeRow: _change,
    OutcomeRecordRow: _record,
    CreditRecordRow: _credit,
    ConversionApplicationRow: _application,
    AuditEntryRow: _entry,
    ExamPlanRow: _plan,
    ExamRegistrationRow: _registration,
    FilingRow: _filing,
    ObligationRow: _obligation,
    FindingRow: _finding,
}


async def fill_large(house, rows: int) -> None:
    """Make so many rows of each table, and let the database count what is in them."""
    async with house.sessions() as session:
        found = await session.scalars(select(OrganizationRow).order_by(OrganizationRow.code))
        owners = list(found)
        like = {
            table: await session.scalar(select(table).order_by(table.id).limit(1))
            for table in _DIFFERS
        }
        registered = select(CertificateRow).where(
            CertificateRow.state == CertificateState.REGISTERED,
            CertificateRow.id.in_(select(OutcomeRecordRow.id)),
        )
        like[CertificateRow] = await session.scalar(registered.limit(1))
        like[OutcomeRecordRow] = await session.get_one(OutcomeRecordRow, like[CertificateRow].id)
        last = await session.scalar(select(func.max(AuditEntryRow.sequence)))
        entry = select(AuditEntryRow).where(AuditEntryRow.sequence == last)
        like[AuditEntryRow] = await session.scalar(entry)
    world = LargeWorld(owners, like)
    for table in _DIFFERS:
        for part in batched(range(rows), _PART):
            async with house.sessions.begin() as session:
                await insert_rows(session, table, world.rows(table, part))
    async with house.engine.connect() as connection:
        alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await alone.execute(text("ANALYZE"))


FILTERS = {
    "certificates": [
        "", "state: SUSPENDED", "state: REVOKED", "state: REGISTERED", "level: ADVANCED",
        'organizationCode: "EO-002"', 'organizationCode: "EO-001", state: SUSPENDED',
        'certificateTypeCode: "CT-001", state: REVOKED', 'organizationCode: "nothing"',
        'state: SUSPENDED, level: ELEMENTARY, issuedFrom: "2024-01-01", issuedTo: "2026-01-01"',
        'level: ADVANCED, organizationCode: "EO-001"', 'issuedTo: "2024-01-03"',
        "registration: OVERDUE", "registration: DUE_SOON", "registration: LATE",
        "states: [SUSPENDED, REVOKED]", 'states: [SUSPENDED], organizationCode: "EO-001"',
        'number: "large-0007919"', 'reference: "exam 100"', 'reference: "nothing"',
        'reference: "exam 100", organizationCode: "EO-001"',
        'holderName: "nobody", organizationCode: "EO-001"',
        'holderName: "nobody"', 'registrationDueTo: "2030-01-01"',
    ],
    "issueRuns": ["", "waitsForSignature: true", "waitsForSignature: false",
                  'organizationCode: "EO-002"'],
    "creditRecords": ["", 'accountNumber: "nobody"', "state: RECORDED",
                      'changedSince: "2030-01-01T00:00:00Z"'],
    "apiTokens": ["", "isGood: true"],
    "majors": ["", 'code: "4401"', "isNamed: true"],
    "learningOutcomeRecords": [
        "", "differs: true", "differs: false", "difference: REJECTED", "difference: VERSION_BEHIND",
        "state: REVOKED", "state: ERASED", "state: ACTIVE", 'organizationCode: "EO-002"',
        'organizationCode: "EO-001", differs: true', 'registeredOn: "2020-01-01", differs: true',
        'registeredFrom: "2030-01-01"', 'registeredTo: "2020-01-01"',
    ],
    "conversionApplications": [
        "", "state: REJECTED", "state: REVERSED", 'accountNumber: "RARE"',
        'accountNumber: "nobody"',
        'certificateNumber: "LARGE-0007919"', 'organizationCode: "nothing"',
        "states: [REJECTED, REVERSED]", 'submittedFrom: "2030-01-01"', 'submittedTo: "2020-01-01"',
    ],
    "achievedOutcomes": [""],
    "conversionMeasures": ["", "state: FILED", 'certificateTypeCode: "CT-001"'],
    "creditProposals": [
        "", "isLate: true", "states: [SUBMITTED]", 'updatedSince: "2030-01-01T00:00:00Z"',
    ],
    "learningOutcomeCatalogue": ["", 'code: "nothing"'],
    "creditProposalDeadlines": ["", "state: OVERDUE"],
    "feedWebhooks": [""],
    "organizations": ["kind: EMPLOYER", 'nameContains: "nothing"'],
    "auditEntries": [
        "", 'action: "holderErase"', 'action: "nothing"', 'actor: "rare"', 'actor: "nothing"',
        'doneFrom: "2030-01-01"', 'doneTo: "2020-01-01"', 'doneFrom: "2026-11-23", actor: "rare"',
        'actor: "desk", action: "holderErase"',
    ],
    "examPlans": [
        "", "state: WITHDRAWN", "state: REGISTRATION", "state: PUBLIC_NOTICE", "level: ADVANCED",
        'organizationCode: "EO-002"',
        'organizationCode: "EO-001", state: WITHDRAWN', "orderBy: EARLIEST",
        'authorityCode: "SUP-100"', 'authorityCode: "EO-002"',
        'startsFrom: "2035-01-01T00:00:00Z"', 'startsBefore: "2020-01-01T00:00:00Z"',
    ],
    "examRegistrations": [
        "", "state: WITHDRAWN", "state: FAILED", 'organizationCode: "EO-002"',
        'organizationCode: "EO-001", state: WITHDRAWN',
    ],
    "filings": [
        "", "kind: AGREEMENT", "kind: NOTICE", "kind: WEEKLY_REPORT, states: [SUBMITTED]",
        "states: [SUBMITTED]", "states: [RETURNED, DECLINED]", 'organizationCode: "EO-002"',
        'organizationCode: "EO-001", states: [SUBMITTED]', 'subjectCode: "EO-002"',
        'authorityCode: "SUP-100"', 'certificateTypeCode: "CT-002"', 'holdsOn: "2035-01-01"',
        "waitsForMe: true",
    ],
    "obligations": [
        "", "state: OVERDUE", "state: MET", "state: MET_LATE", "state: WAIVED",
        "state: AHEAD", "state: UNDATED",
        "kind: ORDER", "kind: NEW_FEE", 'ruleId: "R53"', 'ruleId: "R01"', 'debtorCode: "EO-002"',
        'debtorCode: "EO-001", state: OVERDUE', 'debtorCode: "EO-001", kind: ORDER',
        'authorityCode: "SUP-100"', 'authorityCode: "SUP-100", state: OVERDUE',
        'dueFrom: "2035-01-01"', 'dueTo: "2020-01-01"', "kind: ORDER, state: OVERDUE",
    ],
    "findings": ["", 'ruleId: "R53"', 'ruleId: "R01"', 'subjectCode: "EO-002"',
                 'authorityCode: "SUP-100"'],
    "certificateTypes": ['organizationCode: "EO-002"', 'majorCode: "4401"', "level: ADVANCED"],
    "standards": ['certificateTypeCode: "CT-001"'],
}  # fmt: skip
READERS = {
    "issueRuns": ("admin", "two"),
    "creditRecords": ("credit_bank",),
    "certificates": ("admin", "two"),
    "auditEntries": ("admin", "two"),
    "examRegistrations": ("admin", "two"),
    "filings": ("admin", "two", "authority", "institution"),
    "obligations": ("admin", "two", "authority", "institution"),
    "findings": ("admin", "two", "authority"),
    "learningOutcomeRecords": ("credit_bank", "two"),
    "conversionApplications": ("admin", "two"),
    "feedWebhooks": ("credit_bank",),
}


def questions(field: str) -> Iterator[tuple[str, str]]:
    """Yield who asks for a list, and the document: each role that reads it with each filter."""
    for role in READERS.get(field, ("admin",)):
        for filters in FILTERS[field]:
            call = f"{field}({filters})" if filters else field
            yield role, f"{{ {call} {{ nodes {{ __typename }} pageInfo {{ hasNextPage }} }} }}"
