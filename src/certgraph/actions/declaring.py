# ruff: noqa: ANN401 - an annotation
"""Saying what an action is; its input and its result are read from the function's signature."""

import dataclasses
import inspect
import re
import typing
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Any, Generic, NewType, ParamSpec, TypeVar
from uuid import UUID

from certgraph.actions.acting import Act, Environment
from certgraph.actions.parties import Grant, Role
from certgraph.database import Base, Session
from certgraph.docstrings import described_in

P = ParamSpec("P")
R = TypeVar("R")
Row = TypeVar("Row")

REQUIRED = inspect.Parameter.empty

Secret = NewType("Secret", str)
"""What is shown once, to whoever made it; null where the request is repeated."""


@dataclass(frozen=True, slots=True)
class Hex:
    """Bytes that are given as hex digits."""

    what: str
    """What they are, for a refusal: `a public key`."""


@dataclass(frozen=True, slots=True)
class KeyOf:
    """A primary key that the graph gives as the global id of a row of this table."""

    row: type


@dataclass(frozen=True, slots=True)
class PerRequest:
    """The longest list in one request of the API; the command line has its own limits."""

    most: int
    code: str


@dataclass(frozen=True, slots=True)
class Input:
    """A field of an action's input."""

    name: str
    type: Any
    default: Any = REQUIRED
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject(Generic[Row]):
    """What actions are about: named by an input, found, and locked for change.

    Attributes:
        row: Class of its table.
        key: Field of the input that names it.
        type: That field's type: a number, a code, or a primary key.
        find: Returns it, locked for change; None where there is none.
        missing: Refusal where there is none; another's answers exactly the same.
        owner: Whose it is; None: nobody's.
        parties: Everyone who has a part in it, its owner among them (relation TURN); None: the
            action itself knows.
        certificates: Which certificates it concerns: all of them must be a holder's; None: it is
            nothing that holders act on.
        foreign: Refusal, for an unknown one too, of an actor that may act only on its own; where
            the subject is public, so that the refusal may say so.
    """

    row: type[Row]
    key: str = "id"
    type: Any = UUID
    find: Callable[[Session, Any], Awaitable[Row | None]]
    missing: str
    owner: Callable[[Row], UUID | None]
    parties: Callable[[Row], Sequence[UUID | None]] | None = None
    certificates: Callable[[Row], Collection[UUID]] | None = None
    foreign: str | None = None

    @property
    def named(self) -> str:
        """What is said of the input that names it, such as *Number of the certificate*."""
        thing = re.sub(r"(?<!^)(?=[A-Z])", " ", self.row.__name__.removesuffix("Row")).lower()
        how = "Global id" if self.type is UUID else self.key.rpartition("_")[2].capitalize()
        return f"{how} of the {thing}."


@dataclass(frozen=True)
class Action(Generic[P, R]):
    """A declared action. Calling it does the work, with the authority that the caller checked.

    Attributes:
        name: In the graph, the access matrix, the audit trail.
        function: Does the work.
        may: Role → what it may; roles that are not named may nothing.
        returns: Names of what it returns, in the order of the function's result.
        rule: Rule of the programme that says who may.
        about: What it changes; None where it creates.
        reason: Whether the input states why, which the audit trail keeps.
        leads_to: States into which it takes what it is about: already there, nothing is changed or
            recorded. The input then takes the state that the caller saw.
        dry_run: Whether the input may ask what speaks against it, and nothing is done.
        once: Whether it creates, and a repeated request with the same key answers the same.
        after_leaving: Whether an organization may do it also after it has left the programme.
        step_up: Whether a person must have signed in within the last minutes (`STEP_UP`).
        then: Goes on after the commit, in transactions of its own.
        refuses: Codes of its own refusals, beside those that follow from all this (see
            `refusals`).
        performs_another: Whether it performs another action, and is refused with what that one is.
        in_graph: Whether it is a mutation, too; else the command line alone performs it.
        inputs: What it takes, in the order of the input.
        results: Types of what it returns.
    """

    name: str
    function: Callable[P, Awaitable[R]]
    may: Mapping[Role, Grant]
    returns: Sequence[str]
    rule: str | None = None
    about: Subject[Any] | None = None
    reason: bool = False
    leads_to: Sequence[Enum] = ()
    dry_run: bool = False
    once: bool = False
    after_leaving: bool = False
    step_up: bool = False
    then: Callable[[Environment, Any], Awaitable[None]] | None = None
    refuses: Sequence[str] = ()
    performs_another: bool = False
    in_graph: bool = True
    inputs: Sequence[Input] = field(init=False)
    results: Sequence[Any] = field(init=False)
    _draft: tuple[type, Sequence[str]] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        """Read the signature."""
        if self.then is not None and any(grant.second for grant in self.may.values()):
            raise ValueError(f"{self.name}: what goes on after the commit takes no second person")
        if self.leads_to and (self.about is None or len(self.returns) > 1):
            raise ValueError(f"{self.name}: a repeated request answers what it is about, alone")
        hints = typing.get_type_hints(self.function, include_extras=True)
        result = hints["return"]
        results = typing.get_args(result) if typing.get_origin(result) is tuple else (result,)
        object.__setattr__(self, "results", results)
        object.__setattr__(self, "inputs", tuple(self._inputs(hints)))
        names = [one.name for one in self.inputs]
        if len(set(names)) < len(names):
            raise ValueError(f"{self.name}: two inputs have one name: {names}")

    def _inputs(self, hints: Mapping[str, Any]) -> Iterator[Input]:
        if self.once:
            said = "The same key with the same input answers the same; 1 to 100 characters."
            yield Input("idempotency_key", str, description=said)
        if self.about is not None:
            yield Input(self.about.key, self.about.type, description=self.about.named)
        said_of = described_in(self.function, "Args")
        for name, parameter in inspect.signature(self.function).parameters.items():
            hint = hints[name]
            if parameter.kind is parameter.KEYWORD_ONLY:
                yield Input(name, hint, parameter.default, described(hint) or said_of.get(name))
            elif dataclasses.is_dataclass(hint) and hint is not Act:
                assert isinstance(hint, type)  # noqa: S101 - an annotation
                drafted = inputs_of(hint)
                object.__setattr__(self, "_draft", (hint, [one.name for one in drafted]))
                yield from drafted
        if self.leads_to:
            said = "As the caller saw it; in another state nothing is done. Null: in any."
            yield Input("expected_state", type(self.leads_to[0]) | None, None, said)
        if self.dry_run:
            said = "Say what speaks against it, and do nothing; no key is used up."
            yield Input("dry_run", bool, False, said)  # noqa: FBT003 - a default
        is_on_behalf = any(grant.on_behalf for grant in self.may.values())
        if is_on_behalf:
            said = "The document that this is recorded from; whoever acts on behalf names it."
            yield Input("document", str | None, None, said)
        if self.reason:
            yield Input("reason", str, description="Why; no personal data. 1 to 200 characters.")
        elif is_on_behalf:
            said = "Why; no personal data. Whoever acts on behalf says it."
            yield Input("reason", str | None, None, said)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Awaitable[R]:
        """Do the work in the caller's transaction."""
        return self.function(*args, **kwargs)

    @property
    def description(self) -> str:
        """What the function's docstring says it does, before what it raises and its source."""
        text = inspect.getdoc(self.function) or ""
        return " ".join(re.split(r"\n\n(?:Raises|Args|Source):?", text)[0].split())

    def arguments(
        self, act: Act, subject: object, given: Mapping[str, Any]
    ) -> tuple[list[Any], dict[str, Any]]:
        """Return what the function is called with: its act, its subject, its draft, the rest."""
        rest = dict(given)
        for name in ("document", "reason"):
            rest.pop(name, None)
        if self.once:
            rest.pop("idempotency_key", None)
        rest.pop("expected_state", None)
        rest.pop("dry_run", None)
        arguments: list[Any] = [act]
        if self.about is not None:
            rest.pop(self.about.key)
            arguments.append(subject)
        if self._draft is not None:
            draft, names = self._draft
            arguments.append(draft(**{name: rest.pop(name) for name in names if name in rest}))
        return arguments, rest


def action(
    name: str,
    *,
    may: Mapping[Role, Grant],
    returns: str | Sequence[str],
    **options: Any,
) -> Callable[[Callable[P, Awaitable[R]]], Action[P, R]]:
    """Declare a function to be an action, see `Action`."""
    names = (returns,) if isinstance(returns, str) else tuple(returns)

    def decorate(function: Callable[P, Awaitable[R]]) -> Action[P, R]:
        return Action(name, function, may, names, **options)

    return decorate


def inputs_of(draft: type) -> Sequence[Input]:
    """Return the fields of a draft; the `Attributes` of its docstring describe them."""
    hints = typing.get_type_hints(draft, include_extras=True)
    said = described_in(draft, "Attributes")
    found = []
    for one in dataclasses.fields(draft):
        default = REQUIRED if one.default is dataclasses.MISSING else one.default
        found.append(Input(one.name, hints[one.name], default, said.get(one.name)))
    return found


def extras_of(hint: Any) -> tuple[Any, Sequence[Any]]:
    """Return the plain type of an annotation, and what is said beside it."""
    if typing.get_origin(hint) is Annotated:
        plain, *extras = typing.get_args(hint)
        return plain, extras
    return hint, ()


def is_row(type_: object) -> bool:
    """Tell whether a result's type is a table's."""
    return isinstance(type_, type) and issubclass(type_, Base)


def described(hint: Any) -> str | None:
    """Return the description beside a type, where there is one."""
    return next((one for one in extras_of(hint)[1] if isinstance(one, str)), None)
