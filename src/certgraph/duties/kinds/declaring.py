# ruff: noqa: ANN401 - of any kind
"""Saying what a kind of filing is: its body, who hands it in, who says yes, what speaks against it.

A kind is one frozen dataclass and one pure function; adding one needs no migration. Fields of a
body with these names are kept in columns too, so that filings can be asked for by them:
`certificate_type_code`, `level`, `first_on`, `last_on`, `starts_at`, and the kind's `subject`.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from certgraph.actions.acting import Act
from certgraph.actions.parties import Grant, Role
from certgraph.calendar import programme_day
from certgraph.duties.rules import (
    ConsentStep,
    FilingKind,
    FilingState,
    FindingSeverity,
    ObligationBasis,
    ObligationKind,
)
from certgraph.duties.tables import FilingRow
from certgraph.organizations.rules import OrganizationKind
from certgraph.parameters.rules import Parameters
from certgraph.participation.rules import Span
from certgraph.problems import Problem

B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class Party:
    """An organization that files, or that a body names.

    Attributes:
        id: Its primary key.
        code: Its code.
        name: Its Chinese name.
        kinds: What it is.
        supervisor_id: The authority that supervises it; None: none does.
        division_code: Where it is; None: not known.
    """

    id: UUID
    code: str
    name: str
    kinds: frozenset[OrganizationKind]
    supervisor_id: UUID | None = None
    division_code: str | None = None


@dataclass(frozen=True, slots=True)
class Filed:
    """A filing that a body names, or that is looked up.

    Attributes:
        id: Its primary key.
        filer_id: Who handed it in.
        scope: Its columns, by name, as `Circumstances.scope`.
        state: Where it is.
        body: What its latest version says, of its kind.
    """

    id: UUID
    filer_id: UUID
    scope: Mapping[str, Any]
    state: FilingState
    body: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What is known when a filing is looked at.

    Attributes:
        now: When.
        filer: Whose it is.
        parties: Code → organization that the body names; all of them are known.
        parameters: Values in force.
        spans: Days on which the filer takes part.
        responsible_id: The appointment that answers for it, where the body names one in force.
        filings: Field of the body → the filing that it names there.
        scope: Columns that the filing has besides: `certificate_type_id`, `level`, `subject_id`, …
        revised_id: The filing whose place it takes; None: none's.
        itself_id: The filing itself, where it was handed in before.
    """

    now: datetime
    filer: Party
    parties: Mapping[str, Party] = field(default_factory=dict)
    parameters: Parameters = field(default_factory=Parameters)
    spans: Sequence[Span] = ()
    responsible_id: UUID | None = None
    filings: Mapping[str, Filed] = field(default_factory=dict)
    scope: Mapping[str, Any] = field(default_factory=dict)
    revised_id: UUID | None = None
    itself_id: UUID | None = None

    def is_other(self, id_: UUID) -> bool:
        """Tell whether a filing is another: not it itself, nor the one whose place it takes."""
        return id_ not in (self.revised_id, self.itself_id)

    @property
    def today(self) -> date:
        """The day in China."""
        return programme_day(self.now)


@dataclass(frozen=True, slots=True)
class Consent:
    """A yes that a filing asks for; one that is not needed is asked for, and changes no state."""

    step: ConsentStep
    organization_id: UUID
    is_needed: bool = True


@dataclass(frozen=True, slots=True)
class Due:
    """What somebody owes because of a filing.

    Attributes:
        kind: What.
        rule_id: Under which rule.
        debtor_id: Who.
        answer: The consent that meets it.
        due_on: Last day; None: no document says one.
        due_before: First instant that is late.
        basis: From what the moment comes.
        is_provisional: Whether the day rests on a calendar that is not out.
    """

    kind: ObligationKind
    rule_id: str
    debtor_id: UUID
    answer: Consent
    due_on: date | None
    due_before: datetime | None
    basis: ObligationBasis
    is_provisional: bool = False


@dataclass(frozen=True, slots=True)
class Flag:
    """What is noted of a filing that is taken all the same."""

    problem: Problem
    severity: FindingSeverity = FindingSeverity.NOTICE


def _nothing(_body: Any, _facts: Circumstances) -> Sequence[Any]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Kind(Generic[B]):
    """A kind of filing.

    Attributes:
        name: Which.
        body: Dataclass of what it says.
        said: What handing it in does, for the schema; begins with a verb.
        may: Who hands it in.
        problems: Lists what speaks against it.
        rule: Rule of the programme that says who hands it in; None: none does.
        parties: Field of the body → kind that the organizations it names must be of; None: of any.
        subject: Field of the body that names whom it concerns.
        filings: Field of the body → kind that the filing it names must be of.
        check: Lists what else speaks against it, where that must be looked up: when it is handed
            in, and again when it comes into effect.
        consents: Who is asked to say yes.
        dues: What somebody owes because of it.
        flags: What is noted of it once it is in effect.
        effect: What is done with it when it comes into effect.
        refuses: Codes of its own refusals, beside those of every kind.
        is_public: Whether everybody reads it once it is in effect.
        after_the_end: Whether it is handed in also after the pilot's last day.
        one_for: Columns for which a filer has one that is live, at most; None: as many as it likes.
    """

    name: FilingKind
    body: type[B]
    said: str
    may: Mapping[Role, Grant]
    problems: Callable[[B, Circumstances], list[Problem]]
    rule: str | None = None
    parties: Mapping[str, OrganizationKind | None] = field(default_factory=dict)
    subject: str = "subject_code"
    filings: Mapping[str, FilingKind] = field(default_factory=dict)
    check: Callable[[Act, B, Circumstances], Awaitable[list[Problem]]] | None = None
    consents: Callable[[B, Circumstances], Sequence[Consent]] = _nothing
    dues: Callable[[B, Circumstances], Sequence[Due]] = _nothing
    flags: Callable[[B, Circumstances], Sequence[Flag]] = _nothing
    effect: Callable[[Act, FilingRow, B, Circumstances], Awaitable[None]] | None = None
    refuses: Sequence[str] = ()
    is_public: bool = False
    after_the_end: bool = False
    one_for: Sequence[str] | None = None
