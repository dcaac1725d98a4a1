"""Who may act: kinds and states of organizations, and what each transition needs."""

from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum
from operator import itemgetter

from stdnum.cn import uscc as stdnum_uscc
from stdnum.exceptions import ValidationError

from certgraph.problems import Problem


class ApiTokenKind(StrEnum):
    """How a caller shows that a token is theirs.

    SECRET: they know it. CLIENT: by a key, with which it signs in. MEMBERSHIP: the person who
    accepted it has signed in.
    """

    SECRET = "secret"  # noqa: S105 - no secret
    CLIENT = "client"
    MEMBERSHIP = "membership"


class OrganizationKind(StrEnum):
    """What an organization is in the programme; it may be several."""

    EVALUATION_ORGANIZATION = "evaluation_organization"
    PILOT_INSTITUTION = "pilot_institution"
    PROVINCIAL_AUTHORITY = "provincial_authority"
    FINANCE_DEPARTMENT = "finance_department"
    COORDINATION_BODY = "coordination_body"
    CREDIT_BANK = "credit_bank"
    ENTRUSTED_BODY = "entrusted_body"
    MINISTRY = "ministry"
    EMPLOYER = "employer"


class OrganizationState(StrEnum):
    """State of an organization.

    SELECTED 入选 → AGREED 签约 → ACTIVE ⇄ RECTIFYING → EXITED or HANDED_OVER.
    """

    SELECTED = "selected"
    AGREED = "agreed"
    ACTIVE = "active"
    RECTIFYING = "rectifying"
    EXITED = "exited"
    HANDED_OVER = "handed_over"


class AppointmentFunction(StrEnum):
    """For what an organization names a person.

    LEAD: leads its work group. CONTACT: whom the province turns to. LIAISON: whom an authority
    names for an evaluation organization. RESPONSIBLE: answers for what it publishes.

    Source: rules R01, R02 and R47.
    """

    LEAD = "lead"
    CONTACT = "contact"
    LIAISON = "liaison"
    RESPONSIBLE = "responsible"


class RestrictionKind(StrEnum):
    """What an organization may not do for a time, by a decision.

    REGISTRATIONS: no plan of an exam, no registration for one. ISSUING: no certificate. SITES: no
    application to be a site. PARTICIPATION: no application to take part.
    """

    REGISTRATIONS = "registrations"
    ISSUING = "issuing"
    SITES = "sites"
    PARTICIPATION = "participation"


TRANSITIONS = {
    OrganizationState.SELECTED: {OrganizationState.AGREED, OrganizationState.HANDED_OVER},
    OrganizationState.AGREED: {
        OrganizationState.ACTIVE,
        OrganizationState.EXITED,
        OrganizationState.HANDED_OVER,
    },
    OrganizationState.ACTIVE: {
        OrganizationState.RECTIFYING,
        OrganizationState.EXITED,
        OrganizationState.HANDED_OVER,
    },
    OrganizationState.RECTIFYING: {
        OrganizationState.ACTIVE,
        OrganizationState.EXITED,
        OrganizationState.HANDED_OVER,
    },
    OrganizationState.EXITED: set[OrganizationState](),
    OrganizationState.HANDED_OVER: set[OrganizationState](),
}


HAS_LEFT = {OrganizationState.EXITED, OrganizationState.HANDED_OVER}
"""States from which no way leads back; what was issued before stays valid."""

_MAY_HAVE_KEYS = {OrganizationState.AGREED, OrganizationState.ACTIVE}


def left_problems(
    name: str, state: OrganizationState, since: date | None, *path: str
) -> list[Problem]:
    """List why an organization no longer acts for itself; empty while it takes part.

    Source: rule R53.
    """
    if state not in HAS_LEFT:
        return []
    has_exited = state is OrganizationState.EXITED
    code = "organization.has_exited" if has_exited else "organization.has_handed_over"
    facts = {"name": name, "since": since.isoformat() if since else "…"}
    return [Problem(code=code, path=path, facts=facts)]


def key_state_problems(name: str, state: OrganizationState) -> list[Problem]:
    """List why an organization in a state gets no key, and none of its keys lasts longer."""
    if state in _MAY_HAVE_KEYS:
        return []
    facts = {"name": name, "state": state}
    return [Problem(code="key.organization_not_active", path=("organization_code",), facts=facts)]


class KeyPurpose(StrEnum):
    """The one thing a key signs."""

    ISSUER = "issuer"
    LOG = "log"
    REGISTER = "register"
    STATUS = "status"


class KeyCustody(StrEnum):
    """Who holds the private key."""

    SEALED = "sealed"
    ORGANIZATION = "organization"


def uscc_problems(uscc: str | None) -> list[Problem]:
    """List what is wrong with a unified social credit code (GB 32100), check digit included."""
    if uscc is None:
        return []
    try:
        is_valid = stdnum_uscc.validate(uscc) == uscc  # validate() forgives spaces and case
    except ValidationError:
        is_valid = False
    if not is_valid:
        return [Problem(code="organization.uscc_invalid", path=("uscc",), facts={"uscc": uscc})]
    return []


def state_on(
    changes: Sequence[tuple[date | None, OrganizationState]], day: date
) -> OrganizationState | None:
    """Return the state in force on `day`.

    Args:
        changes: (first day, state) in the order recorded; first day None: since ever.
        day: The day asked for.
    """
    dated = sorted(((since or date.min, state) for since, state in changes), key=itemgetter(0))
    reached = [state for since, state in dated if since <= day]
    return reached[-1] if reached else None


def transition_problems(
    name: str,
    current: OrganizationState,
    current_since: date | None,
    target: OrganizationState,
    since: date,
    *,
    today: date,
) -> list[Problem]:
    """List every reason against moving an organization into `target` from day `since` on.

    Source: rule R46 (agreement before taking part).
    """
    problems = []
    if target not in TRANSITIONS[current]:
        code = (
            "organization.agreement_missing"
            if target is OrganizationState.ACTIVE and current is OrganizationState.SELECTED
            else "organization.transition_refused"
        )
        facts = {"name": name, "state": current, "target": target}
        problems.append(Problem(code=code, path=("state",), facts=facts))
    problems += day_problems(since, "since")
    if since > today:
        facts = {"day": since.isoformat()}
        problems.append(Problem(code="organization.state_in_future", path=("since",), facts=facts))
    if current_since is not None and since < current_since:
        facts = {"name": name, "since": current_since.isoformat()}
        problems.append(
            Problem(code="organization.state_before_last", path=("since",), facts=facts)
        )
    return problems


FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)


def day_problems(day: date | None, *path: str) -> list[Problem]:
    """List what is wrong with a day that a trust list or certificate is to name."""
    if day is None or FIRST_DAY <= day <= LAST_DAY:
        return []
    facts = {"day": day.isoformat(), "first": FIRST_DAY, "last": LAST_DAY}
    return [Problem(code="day.out_of_range", path=path, facts=facts)]


def period_problems(first_on: date, last_on: date | None, *path: str) -> list[Problem]:
    """List what is wrong with a period whose ends are both included."""
    problems = day_problems(first_on, "first_on") + day_problems(last_on, *path)
    if problems:
        return problems
    if last_on is not None and last_on < first_on:
        facts = {"first": first_on.isoformat(), "last": last_on.isoformat()}
        return [Problem(code="period.ends_before_it_begins", path=path, facts=facts)]
    return []


def level_problems(levels: Iterable[int], known: Iterable[int], type_name: str) -> list[Problem]:
    """List levels outside 1 to 3, or that a type with known levels does not have."""
    known = set(known)
    return [
        Problem(
            code="certificate_type.level_unknown",
            path=("levels", str(index)),
            facts={"level": level, "name": type_name},
        )
        for index, level in enumerate(levels)
        if not 1 <= level <= 3 or (known and level not in known)
    ]
