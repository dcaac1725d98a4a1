# ruff: noqa: ANN401 - a parameter's value
"""Values that a plan does not hold: arguments of fields, and what is known of the caller.

Conditions are written once, with these in place of values; each run of the plan fills them in.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import Any

from graphql import GraphQLError
from sqlalchemy import (
    BindParameter,
    Boolean,
    ColumnElement,
    Date,
    String,
    Uuid,
    false,
    literal,
    or_,
)
from sqlalchemy.sql.visitors import replacement_traverse
from sqlalchemy.types import TypeEngine

from certgraph.api.context import Context
from certgraph.calendar import programme_day
from certgraph.database import UtcDateTime


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
    """Takes in a condition the place of a value that is known when the plan runs.

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


def through(value: Any, function: Callable[[Any], Any]) -> Any:
    """Return an argument of a body, or a value in its place, after it went through a function."""
    return value.through(function) if isinstance(value, Argument) else function(value)


def argument(slot: int, name: str) -> Argument:
    """Return the argument `name` of the field with a slot."""
    return Argument(f"a{slot}_{name}", lambda run: run.arguments[slot][name])


def written_out(condition: ColumnElement[bool], values: Iterable[object]) -> ColumnElement[bool]:
    """Return a condition in which these values are written into the SQL, not passed beside it."""
    each = [one for value in values for one in (value if isinstance(value, tuple) else (value,))]
    named = [value for value in each if isinstance(value, Enum)]

    def replaced(element: Any, **_options: object) -> Any:
        is_value = isinstance(element, BindParameter) and not isinstance(element, Argument)
        if not is_value or not any(element.value is value for value in named):
            return None
        return literal(element.value, element.type, literal_execute=True)

    if not named:
        return condition
    found: ColumnElement[bool] = replacement_traverse(condition, {}, replaced)
    return found


def for_caller(condition: ColumnElement[bool], context: Context) -> ColumnElement[bool]:
    """Return a condition on the caller in which its values are, for a statement of one request."""
    run = Run(context, ())

    def replaced(element: Any, **_options: object) -> Any:
        is_argument = isinstance(element, Argument)
        return literal(element.value_of(run), element.type) if is_argument else None

    found: ColumnElement[bool] = replacement_traverse(condition, {}, replaced)
    return found


def is_one_of(column: Any, values: Iterable[Any]) -> ColumnElement[bool]:
    """Return the condition that a column holds one of the members in a list; of none: false."""
    return or_(false(), *(column == value for value in values))


def _organization(run: Run) -> Any:
    caller = run.context.caller
    return caller.organization_id if caller else None


CALLER_ORGANIZATION = Argument("caller_organization", _organization)
"""The organization that the caller acts for."""


def _name(run: Run) -> Any:
    caller = run.context.caller
    return caller.name if caller else None


CALLER_NAME = Argument("caller_name", _name, String())
"""Who calls, as records of what was done name it."""


def _token(run: Run) -> Any:
    caller = run.context.caller
    return caller.token_id if caller else None


CALLER_TOKEN = Argument("caller_token", _token, Uuid())
"""Primary key of the token that came."""


NOW = Argument("now", lambda run: run.context.now, UtcDateTime())
"""When the request came."""


def day_of_request(name: str, later: int) -> Argument:
    """Return the day of the request in China, or one so many days later."""
    return Argument(
        name, lambda run: programme_day(run.context.now) + timedelta(days=later), Date()
    )


TODAY = day_of_request("today", 0)
"""The day of the request, in China."""


def _reads_learners(run: Run) -> bool:
    caller = run.context.caller
    return caller is not None and caller.reads_learners


CALLER_READS_LEARNERS = Argument("caller_reads_learners", _reads_learners, Boolean())
"""Whether the caller's token may read who learners are."""
