"""When a certificate may be issued, and how its state may change. Pure: facts in, problems out."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from certgraph.calendar import Deadline, working_days_after
from certgraph.credential.claims import Claims, claims_faults
from certgraph.credential.text_rules import TextFault
from certgraph.organizations.rules import OrganizationState
from certgraph.policy import regimes
from certgraph.problems import Problem
from certgraph.standards.rules import CertificateLevel


class CertificateState(StrEnum):
    """DRAFT → ISSUED (signed) → REGISTERED ⇄ SUSPENDED → REVOKED or SUPERSEDED."""

    DRAFT = "draft"
    ISSUED = "issued"
    REGISTERED = "registered"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    SUPERSEDED = "superseded"


class RegistrationState(StrEnum):
    """A certificate and its last day for being entered on the platform. Source: rule R39."""

    AHEAD = "ahead"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    IN_TIME = "in_time"
    LATE = "late"


REGISTRATION_SOON_DAYS = 3
"""A registration is due soon when its last day is at most so many days away."""


class HolderBinding(StrEnum):
    """How a certificate is tied to an identity document; the two are never together."""

    NONE = "none"
    TAG = "tag"
    MASKED_DOCUMENT = "masked_document"


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerFacts:
    """What is known of the issuer on the day of issue.

    Attributes:
        name: Its name.
        state: Its state on that day; None if it was not in the programme yet.
        state_today: Its state today.
        entitled_levels: Levels of the type it might issue on that day.
        completes_until: Last day for which certificates are issued at all.
    """

    name: str
    state: OrganizationState | None
    state_today: OrganizationState | None
    entitled_levels: Collection[int]
    completes_until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardFacts:
    """What is known of the standard version certified against.

    `outcome_levels`: number of a learning outcome → its level; a higher level covers lower ones.
    """

    code: str
    version: str
    published_on: date
    certificate_name: str
    outcome_levels: Mapping[int, int]


def issuance_problems(
    issuer: IssuerFacts,
    standard: StandardFacts,
    *,
    level: int,
    issued_on: date,
    expires_on: date | None,
    outcome_numbers: Iterable[int],
    today: date,
    is_correction: bool = False,
) -> list[Problem]:
    """List every reason against issuing a certificate.

    An organization must be active on the day of issue and today, or it could go on issuing under
    earlier days after it has left; what it issued before it may still correct.

    Source: rules R46, R53 and S18 (who may issue), invariants 3 and 5 of the domain (dates).
    """
    day = issued_on.isoformat()
    state, on = issuer.state, issued_on
    if state is OrganizationState.ACTIVE and not is_correction:
        state, on = issuer.state_today, today
    inactive = inactive_problems(issuer.name, state, on, "organization_code")
    problems = list(inactive)
    if issued_on > issuer.completes_until and not is_correction:
        facts: dict[str, object] = {"day": day, "last": issuer.completes_until.isoformat()}
        problems.append(Problem(code="issue.after_regime", path=("issued_on",), facts=facts))
    if level not in issuer.entitled_levels and not inactive:
        name = standard.certificate_name
        problems.append(not_entitled_problem(issuer.name, name, level, issued_on, "level"))
    if standard.published_on > issued_on:
        facts = {"code": standard.code, "version": standard.version, "day": day}
        problems.append(
            Problem(code="issue.standard_not_published", path=("standard_version",), facts=facts)
        )
    if issued_on > today:
        problems.append(
            Problem(code="issue.in_the_future", path=("issued_on",), facts={"day": day})
        )
    if expires_on is not None and expires_on < issued_on:
        facts = {"first": day, "last": expires_on.isoformat()}
        problems.append(
            Problem(code="period.ends_before_it_begins", path=("expires_on",), facts=facts)
        )
    problems += [
        Problem(
            code="issue.outcome_unknown",
            path=("outcomes", str(index)),
            facts={"number": number, "code": standard.code, "version": standard.version},
        )
        for index, number in enumerate(outcome_numbers)
        if standard.outcome_levels.get(number, level + 1) > level
    ]
    return problems


def not_entitled_problem(
    name: str, certificate_name: str, level: int, day: date, *path: str
) -> Problem:
    """Return the refusal to issue at a level that the organization was not entitled to on a day."""
    facts = {
        "name": name,
        "certificate": certificate_name,
        "level": CertificateLevel(level) if level in set(CertificateLevel) else level,
        "day": day.isoformat(),
    }
    return Problem(code="issue.not_entitled", path=path, facts=facts)


def restricted_problem(
    name: str, certificate_name: str, period: tuple[date, date | None], reason: str, *path: str
) -> Problem:
    """Return the refusal to issue while a decision keeps an organization from it."""
    facts = {
        "name": name,
        "certificate": certificate_name,
        "first": period[0].isoformat(),
        "last": period[1].isoformat() if period[1] else "…",
        "reason": reason,
    }
    return Problem(code="issue.restricted", path=path, facts=facts)


LAST_EXAMS_ON = regimes()["PILOT"].completes_until or date.max
"""Until then students who had registered were to be examined and certified. Source: rule S18."""


def inactive_problems(
    name: str, state: OrganizationState | None, on: date, *path: str
) -> list[Problem]:
    """List why an organization in a state on a day issues nothing; empty where it is active.

    Source: rules R46 (no agreement), R53 (exit), S18 (end of the exams).
    """
    facts: dict[str, object] = {"name": name, "day": on.isoformat()}
    match state:
        case OrganizationState.ACTIVE:
            return []
        case None | OrganizationState.SELECTED:
            code = "issue.no_agreement"
        case OrganizationState.EXITED:
            code = "issue.exited"
        case OrganizationState.HANDED_OVER if on > LAST_EXAMS_ON:
            code = "issue.handed_over"
        case _:
            code = "issue.organization_not_active"
            facts["state"] = state
    return [Problem(code=code, path=path, facts=facts)]


_INPUT_OF_CLAIM = {
    "issued_at": "issued_on",
    "expires_at": "expires_on",
    "standard": "standard_code",
    "masked_document": "document_number",
}
"""Claim → input that it comes from, where the names differ."""


def lint_problems(claims: Claims) -> list[Problem]:
    """List every reason for which a verifier would refuse these claims."""
    problems = []
    for field, fault in claims_faults(claims):
        name = _INPUT_OF_CLAIM.get(field, field)
        if fault in set(TextFault) - {TextFault.CHARACTER}:
            facts: dict[str, object] = {"longest": LONGEST_NUMBER if field == "number" else 64}
            problems.append(Problem(code=f"text.{fault}", path=(name,), facts=facts))
        else:
            facts = {"field": name, "fault": fault.replace("_", " ")}
            problems.append(Problem(code="issue.claims", path=(name,), facts=facts))
    return problems


LONGEST_NUMBER = 40


def masked_document(document_number: str) -> str:
    """Return a document number as it may be shown: at most the last four characters."""
    shown = 4 if len(document_number) > 8 else 2
    return "*" * (len(document_number) - shown) + document_number[-shown:]


def masked_name(name: str) -> str:
    """Return a name as it may be shown: its first of several characters; nothing once erased."""
    return name[:1] + "*" * (len(name) - 1) if len(name) > 1 else "*" * len(name)


_SIGNED = {CertificateState.ISSUED, CertificateState.REGISTERED}

_FROM: dict[CertificateState, set[CertificateState]] = {
    CertificateState.REGISTERED: {CertificateState.ISSUED},
    CertificateState.SUSPENDED: _SIGNED,
    CertificateState.REVOKED: {*_SIGNED, CertificateState.SUSPENDED},
    CertificateState.SUPERSEDED: _SIGNED,
}
"""Target state → states it is reached from. Lifting a suspension is its own case."""


def state_problems(
    number: str, current: CertificateState, target: CertificateState
) -> list[Problem]:
    """List the reasons against moving a certificate into `target`."""
    if current in _FROM[target]:
        return []
    facts = {"number": number, "state": current, "target": target}
    return [Problem(code="certificate.transition_refused", facts=facts)]


def expected_tenths(credit: str) -> int | None:
    """Return credits times ten of a decimal text such as `1.5`; None where it is no such number."""
    whole, _, tenth = credit.partition(".")
    if not (whole.isascii() and whole.isdigit() and len(whole) <= 4):
        return None
    if tenth and not (tenth.isascii() and tenth.isdigit() and len(tenth) == 1):
        return None
    return int(whole) * 10 + int(tenth or 0)


def repeated(values: Sequence[str | None]) -> set[str]:
    """Return the values that are there more than once, None aside."""
    seen: set[str] = set()
    twice: set[str] = set()
    for value in values:
        if value is not None:
            (twice if value in seen else seen).add(value)
    return twice


REGISTRATION_WORKING_DAYS = 7
"""In which a certificate is to be entered on the platform (R39)."""


def registration_deadline(issued_on: date) -> Deadline:
    """Return the last day for entering a certificate issued on `issued_on` on the platform.

    The seventh working day after the day of issue, which is itself not counted.

    Source: rule R39; Civil Code, article 201.
    """
    return working_days_after(issued_on, REGISTRATION_WORKING_DAYS)
