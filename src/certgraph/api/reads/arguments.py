"""Values that a plan does not hold: arguments of fields, and what is known of the caller.

Conditions are written once, with these in place of values; each run of the plan fills them in.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import Any

from graphql import GraphQLError
from sqlalchemy import BindParameter, Boolean, ColumnElement, Date, String, literal
from sqlalchemy.sql.visitors import replacement_traverse
from sqlalchemy.types import TypeEngine

from certgraph.api.context import Context
from certgraph.calendar import programme_day
from certgraph.credit_bank.rules import DUE_SOON_DAYS


@dataclass(slots=True)
class Run:
    """One run of a plan.

    Attributes:
        context: The request's.
        arguments: Coerced arguments of each field that takes some, in the order of the selection.
        failures: Fields whose arguments are refused: slot → error.
        places: Where pages start: slot → the values in `after`.
    """

    context: Context
    arguments: Sequence[Mapping[str, Any]]
    failures: dict[int, GraphQLError] = field(default_factory=dict)
    places: dict[int, Sequence[Any]] = field(default_factory=dict)


class Argument(BindParameter[Any]):
    """Stands in a condition for a value that is known when the plan runs.

    It takes the type of what it is compared with.

    Attributes:
        key: Name of the SQL parameter, unique in a statement.
        value_of: Returns the value.
    """

    inherit_cache = True

    def __init__(
        self, key: str, value_of: Callable[[Run], Any], type_: TypeEngine[Any] | None = None
    ) -> None:
        super().__init__(key, None, type_)
        self.value_of = value_of

    def through(self, function: Callable[[Any], Any]) -> "Argument":
        """Return an argument whose value is `function` of this one's."""
        value_of = self.value_of
        return Argument(f"{self.key}_{function.__name__}", lambda run: function(value_of(run)))


def through(value: Any, function: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - a body names the field's own type
    """Return an argument of a body, or a value in its place, after it went through a function."""
    return value.through(function) if isinstance(value, Argument) else function(value)


def argument(slot: int, name: str) -> Argument:
    """Return the argument `name` of the field with a slot."""
    return Argument(f"a{slot}_{name}", lambda run: run.arguments[slot][name])


def written_out(condition: ColumnElement[bool], values: Iterable[object]) -> ColumnElement[bool]:
    """Return a condition in which these values are written into the SQL, not passed beside it."""
    named = [value for value in values if isinstance(value, Enum)]

    def replaced(element: Any, **_options: object) -> Any:  # noqa: ANN401 - any part of SQL
        is_value = isinstance(element, BindParameter) and not isinstance(element, Argument)
        if not is_value or not any(element.value is value for value in named):
            return None
        return literal(element.value, element.type, literal_execute=True)

    if not named:
        return condition
    found: ColumnElement[bool] = replacement_traverse(condition, {}, replaced)
    return found


def _organization(run: Run) -> Any:  # noqa: ANN401 - a parameter's value
    caller = run.context.caller
    return caller.organization_id if caller else None


CALLER_ORGANIZATION = Argument("caller_organization", _organization)
"""The organization that the caller acts for."""


def _day(later: int) -> Callable[[Run], Any]:
    return lambda run: programme_day(run.context.now) + timedelta(days=later)


TODAY = Argument("today", _day(0), Date())
"""The day of the request, in China."""

SOON = Argument("soon", _day(DUE_SOON_DAYS), Date())
"""The last day that is soon, by then."""


def _reads_learners(run: Run) -> bool:
    caller = run.context.caller
    return caller is not None and caller.reads_learners


CALLER_READS_LEARNERS = Argument("caller_reads_learners", _reads_learners, Boolean())
"""Whether the caller's token may read who learners are."""

FEED_EPOCH = Argument("feed_epoch", lambda run: run.context.feed_epoch, String(13))
"""The epoch of the credit bank's feed that the request reads."""
