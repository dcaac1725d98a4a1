"""A refusal as data: what was wrong, where, which rule, what to do.

Capabilities collect `Problem` values and raise them together as `Rejected`. The words are in one
catalogue, `problem_messages`, by code and language, so that a front end may also write its own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from certgraph.problem_messages import MESSAGES
from certgraph.problem_messages.terms import in_words


class ProblemKind(StrEnum):
    """What sort of refusal; the API has one error type for each."""

    NOT_FOUND = "not_found"
    INVALID_INPUT = "invalid_input"
    RULE_BROKEN = "rule_broken"
    CONFLICT = "conflict"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One reason for a refusal.

    Attributes:
        code: Key into the catalogue; stable, part of the API.
        path: Where in the input, from the outside in; empty for the whole.
        facts: Values for the message's placeholders; members of enumerations as such. Never a
            document number.
        rule: Id of the programme's rule that says who may, of a refusal of a role.
    """

    code: str
    path: tuple[str, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)
    rule: str | None = None

    @property
    def kind(self) -> ProblemKind:
        """The sort of refusal."""
        return ProblemKind(MESSAGES[self.code].kind)

    @property
    def rule_id(self) -> str | None:
        """Id of the programme rule that is broken, where one is (see `policy`)."""
        return self.rule or MESSAGES[self.code].rule_id

    def message(self, language: str = "en") -> str:
        """Return the sentence in `language` (`en` or `zh`); members of enumerations in words."""
        message = MESSAGES[self.code]
        facts = _Facts({name: in_words(value, language) for name, value in self.facts.items()})
        return (message.zh if language == "zh" else message.en).format_map(facts)


class _Facts(dict[str, object]):
    """Facts for a sentence; one that is missing leaves a gap, no failure."""

    def __missing__(self, name: str) -> str:
        return "…"


class Rejected(Exception):
    """A request was refused and nothing was changed.

    Attributes:
        problems: Every reason found, in the order of the request; never empty.
        about: Primary key of what was to be changed, once it is found to be the actor's to change.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        self.about: UUID | None = None
        super().__init__("; ".join(problem.message() for problem in self.problems))


def reject_if(problems: Iterable[Problem]) -> None:
    """Raise `Rejected` with all `problems`, if there are any."""
    found = tuple(problems)
    if found:
        raise Rejected(found)


def refusal(code: str, /, *path: str, **facts: object) -> Rejected:
    """Return the `Rejected` of a single problem."""
    return Rejected([Problem(code=code, path=path, facts=facts)])
