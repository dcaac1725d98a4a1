"""How every mutation runs: one transaction, all problems as data, creation once per key."""

import dataclasses
import hashlib
import json
from collections.abc import Awaitable, Callable
from datetime import date
from enum import Enum
from typing import Any, Protocol, TypeVar
from uuid import UUID

import strawberry

from certgraph.api.context import Context
from certgraph.api.errors import AnyError, user_errors
from certgraph.database import DatabaseError, Session, is_busy, is_deadlock
from certgraph.idempotency import created_before, remember_created
from certgraph.problems import Rejected, refusal, reject_if
from certgraph.text import text_problems

T = TypeVar("T")
_TRIES = 3
IDEMPOTENCY_KEY = "The same key with the same input answers the same; 1 to 100 characters."


async def attempt(
    context: Context, work: Callable[[Session], Awaitable[T]]
) -> tuple[T | None, list[AnyError]]:
    """Run `work` in a transaction; return its result, or every reason there is none.

    It runs again where the database ended it to let another go on.
    """
    for tries_left in reversed(range(_TRIES)):
        try:
            async with context.sessions.begin() as session:
                return await work(session), []
        except Rejected as rejected:
            return None, user_errors(rejected, context.language)
        except DatabaseError as error:
            if is_busy(error):
                return None, user_errors(refusal("access.busy"), context.language)
            if not tries_left or not is_deadlock(error):
                raise
    raise AssertionError  # the last try returns or raises


def id_of(row: "HasId | None") -> UUID | None:
    """Return the primary key of what a mutation made or changed, which its payload reads."""
    return None if row is None else row.id


class HasId(Protocol):
    """A row with an id."""

    @property
    def id(self) -> Any:  # noqa: ANN401 - a mapped column outside an instance
        """Its id."""
        ...


R = TypeVar("R", bound=HasId)


async def attempt_once(
    context: Context,
    key: str,
    input: object,
    create: Callable[[Session], Awaitable[R]],
    load: Callable[[Session, UUID], Awaitable[R]],
) -> tuple[R | None, list[AnyError]]:
    """Create something once: a repeated request loads what the first one created.

    Args:
        context: The request's.
        key: The caller's idempotency key.
        input: The input, which a repeated request must state again.
        create: Does the work.
        load: Returns what was created before.
    """
    caller = str(context.caller.token_id) if context.caller else "public"
    digest = request_sha256(input)

    async def work(session: Session) -> R | None:
        reject_if(text_problems(key, 100, "idempotencyKey"))
        before = await created_before(session, caller, key, digest)
        if before is not None:
            return await load(session, before)
        row = await create(session)
        await session.flush()  # its id must be in the database before the key refers to it
        if await remember_created(session, caller, key, digest, row.id, context.now):
            return row
        await session.rollback()
        return None

    row, errors = await attempt(context, work)
    if row is None and not errors:  # a parallel request with the same key was faster
        row, errors = await attempt(context, work)
    return row, errors


def request_sha256(input: object) -> str:
    """Return the hash of an input object, whatever the order of its fields was."""
    canonical = json.dumps(_plain(input), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _plain(value: object) -> Any:  # noqa: ANN401 - JSON
    if value is strawberry.UNSET:
        return None
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    return value
