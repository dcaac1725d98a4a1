# ruff: noqa: ANN401 - made above
"""The mutation of an action."""

from collections.abc import Sequence
from typing import Annotated, Any

import strawberry
from strawberry.tools import create_type
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_snake_case

from certgraph.actions.authority import grant_of
from certgraph.actions.declaring import Action, is_row
from certgraph.actions.parties import acting
from certgraph.actions.performing import Outcome, perform
from certgraph.api.context import Info
from certgraph.api.errors import user_errors
from certgraph.api.writes.types import input_of, item, payload_of
from certgraph.api.writes.values import given_of
from certgraph.problems import Rejected

AnyAction = Action[Any, Any]


def mutations(actions: Sequence[AnyAction]) -> type:
    """Return the type `Mutation` with the mutation of each action."""
    made: Any = create_type("Mutation", [_mutation_of(action) for action in actions])
    made.__strawberry_definition__.description = (
        "Writes: one action each, whole or not at all. What speaks against it is in `errors`."
    )
    return made  # type: ignore[no-any-return]


def _mutation_of(action: AnyAction) -> StrawberryField:
    taken, payload = input_of(action), payload_of(action)

    async def resolve(info: Info, input: Any) -> Any:
        context = info.context
        actor = acting(context.caller, action.may)
        try:
            grant_of(action, actor)  # before anything that a stranger sends is looked at
            given = given_of(action, input)
            outcome = await perform(action, context.environment, actor, given)
        except Rejected as rejected:
            blank = _refused(action) | _as_it_is(action, rejected)
            return payload(**blank, errors=user_errors(rejected, context.language))
        return payload(**_shown(action, outcome), errors=[])

    resolve.__name__ = to_snake_case(action.name)
    said = strawberry.argument(description=f"What `{action.name}` takes.")
    resolve.__annotations__ = {"info": Info, "input": Annotated[taken, said], "return": payload}
    return strawberry.mutation(resolve, description=_description(action))


def _description(action: AnyAction) -> str:
    """Return what it does, who may, and the rule that says so."""
    may = ", ".join(f"{role.name} ({grant})" for role, grant in action.may.items())
    rule = f" Rule {action.rule}." if action.rule else ""
    return f"{action.description} Who: {may}.{rule}"


def _shown(action: AnyAction, outcome: Outcome) -> dict[str, Any]:
    """Return the fields of a payload for what was done, or waits."""
    shown: dict[str, Any] = {}
    for name, result in zip(action.returns, outcome.results, strict=True):
        if isinstance(result, list):
            shown[name] = [item(row) for row in result]
        elif result is not None and is_row(type(result)):
            shown[f"{name}_key"] = result.id
        else:
            shown[name] = result
    blank = _refused(action)
    if outcome.pending is not None:
        blank["waits_key"] = outcome.pending.id
    return {**blank, **{name: value for name, value in shown.items() if name in blank}}


def _refused(action: AnyAction) -> dict[str, Any]:
    """Return the fields of a payload where nothing was done."""
    blank: dict[str, Any] = {}
    for name, result in zip(action.returns, action.results, strict=True):
        if is_row(result):
            blank[f"{name}_key"] = None
        else:
            blank[name] = [] if _is_list(result) else None
    if any(grant.second for grant in action.may.values()):
        blank["waits_key"] = None
    return blank


def _as_it_is(action: AnyAction, rejected: Rejected) -> dict[str, Any]:
    """Return the field of a payload for what a refused action is about, so that a cache is right.

    It is read as on every other path: what the caller may not read, it is not shown.
    """
    about = action.about
    if about is None:
        return {}
    results = zip(action.returns, action.results, strict=True)
    return {f"{name}_key": rejected.about for name, result in results if result is about.row}


def _is_list(result: Any) -> bool:
    return getattr(result, "__origin__", None) is list
