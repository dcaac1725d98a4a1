"""Which refusals an action may answer: what follows from its declaration, and what it declares."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from certgraph.actions.acting import Parties
from certgraph.actions.declaring import Action, PerRequest, extras_of
from certgraph.problems import Rejected

logger = logging.getLogger("certgraph.actions.refusals")

_OF_VALUES = ("text", "day", "period", "input")
"""What is wrong with a value by itself, whatever it is for."""

_ALWAYS = frozenset({"access.busy", "access.role", "access.token_required"})


def following(action: Action[Any, Any]) -> frozenset[str]:
    """Return the codes that follow from what an action declares, but for values by themselves."""
    found = set(_ALWAYS)
    if action.once:
        found |= {"idempotency.conflict", "access.made_before_gone"}
    if action.reason or any(grant.on_behalf for grant in action.may.values()):
        found |= {"access.reason_required", "access.document_required"}
    if action.step_up:
        found.add("access.sign_in_again")
    if action.leads_to:
        found.add("access.other_state")
    if action.about is not None:
        found |= {action.about.missing, action.about.foreign or action.about.missing}
    extras = [extra for one in action.inputs for extra in extras_of(one.type)[1]]
    return frozenset(found | {one.code for one in extras if isinstance(one, PerRequest)})


@contextmanager
def as_declared(action: Action[Any, Any], parties: Parties) -> Iterator[None]:
    """Log what an action is refused with that nobody could know from its declaration."""
    try:
        yield
    except Rejected as rejected:
        for code in sorted({problem.code for problem in rejected.problems}):
            if not _is_declared(action, code, parties):
                logger.warning(
                    "%s is refused with %s, which it does not declare", action.name, code
                )
        raise


def _is_declared(action: Action[Any, Any], code: str, parties: Parties) -> bool:
    return (
        action.performs_another
        or code in action.refuses
        or code in following(action)
        or code in parties.refusals
        or code.partition(".")[0] in _OF_VALUES
    )
