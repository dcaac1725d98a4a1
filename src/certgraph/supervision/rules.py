"""Steps of a case, its grounds, and what a decision may be. Pure."""

from collections.abc import Collection
from datetime import date
from enum import StrEnum

from certgraph.organizations.rules import OrganizationKind
from certgraph.problems import Problem


class CaseState(StrEnum):
    """Where a case is: OPENED → INVESTIGATING → VERIFIED or UNFOUNDED → DECIDED."""

    OPENED = "opened"
    INVESTIGATING = "investigating"
    VERIFIED = "verified"
    UNFOUNDED = "unfounded"
    DECIDED = "decided"


class CaseDecision(StrEnum):
    """What is decided: to leave the programme, to put something right, or nothing."""

    EXIT = "exit"
    RECTIFY = "rectify"
    NO_ACTION = "no_action"


class Completion(StrEnum):
    """What of an organization's issuing is finished after its exit.

    REGISTERED_STUDENTS: what was drafted before the decision is signed. NONE: drafts are deleted.
    """

    REGISTERED_STUDENTS = "registered_students"
    NONE = "none"


class Ground(StrEnum):
    """Why an organization (E1–E6) or an institution (I1–I5) leaves the programme."""

    E1 = "E1"
    E2 = "E2"
    E3 = "E3"
    E4 = "E4"
    E5 = "E5"
    E6 = "E6"
    I1 = "I1"
    I2 = "I2"
    I3 = "I3"
    I4 = "I4"
    I5 = "I5"


class CaseEntryKind(StrEnum):
    """What an entry of a case is."""

    STEP = "step"
    FINDING = "finding"
    EVIDENCE = "evidence"
    REPRESENTATION = "representation"
    GROUND = "ground"


_FROM: dict[CaseState, Collection[CaseState]] = {
    CaseState.INVESTIGATING: (CaseState.OPENED,),
    CaseState.VERIFIED: (CaseState.INVESTIGATING,),
    CaseState.UNFOUNDED: (CaseState.INVESTIGATING,),
    CaseState.DECIDED: (CaseState.VERIFIED, CaseState.UNFOUNDED),
}


def step_problems(current: CaseState, target: CaseState, rule_code: str) -> list[Problem]:
    """List why a case does not go from one state into another.

    Args:
        current: Where it is.
        target: Where it is to go.
        rule_code: Refusal of a decision on what was not verified, with the rule that says so.
    """
    if current in _FROM[target]:
        return []
    if current is CaseState.DECIDED:
        return [Problem(code="case.is_decided")]
    code = rule_code if target is CaseState.DECIDED else "case.step_refused"
    return [Problem(code=code, facts={"state": current, "target": target})]


ORDERED = {Ground.E2: "fees", Ground.E4: "update", Ground.E5: "other"}
"""Ground → kind of the order that was not met, or not in time (不按要求及时)."""


def grounds_of(kinds: Collection[OrganizationKind]) -> set[Ground]:
    """Return the grounds that there are for whoever is of these kinds."""
    letters = set()
    if OrganizationKind.EVALUATION_ORGANIZATION in kinds:
        letters.add("E")
    if OrganizationKind.PILOT_INSTITUTION in kinds:
        letters.add("I")
    return {one for one in Ground if one.value[0] in letters}


def effect_problems(decided_on: date, effective_on: date) -> list[Problem]:
    """List why a decision cannot have effect from a day: it never reaches back."""
    if effective_on >= decided_on:
        return []
    facts = {"day": effective_on.isoformat(), "decided": decided_on.isoformat()}
    return [Problem(code="case.reaches_back", path=("effective_on",), facts=facts)]
