"""Relay: global ids, connections with signed keyset cursors, and their limits."""

import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar
from uuid import UUID

import strawberry
from graphql import GraphQLError

from certgraph.api.context import Context

T = TypeVar("T")
R = TypeVar("R")
MAX_PAGE = 100
MAX_FILTER = 100
_TAG_BYTES = 12


@strawberry.interface(description="An object with a global id.")
class Node:
    """See the Relay object identification specification."""

    id: strawberry.ID = strawberry.field(description="Opaque; the same for ever.")


def global_id(type_name: str, key: UUID) -> strawberry.ID:
    """Return the global id of an object."""
    return strawberry.ID(base64.urlsafe_b64encode(f"{type_name}:{key.hex}".encode()).decode())


def parse_global_id(text: str) -> tuple[str, UUID] | None:
    """Return type name and key of a global id; None where it is malformed."""
    try:
        type_name, _, key = base64.urlsafe_b64decode(text.encode()).decode().partition(":")
        return type_name, UUID(hex=key)
    except (ValueError, binascii.Error):
        return None


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """See the Relay cursor connections specification."""

    has_next_page: bool
    has_previous_page: bool = strawberry.field(
        description="Whether this page was asked for with `after`; pages go forwards only."
    )
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type(description="An object in a list, with its place.")
class Edge(Generic[T]):
    """See the Relay cursor connections specification."""

    cursor: str
    node: T


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    """See the Relay cursor connections specification."""

    edges: list[Edge[T]]
    nodes: list[T] = strawberry.field(description="The objects of `edges`.")
    page_info: PageInfo


def check_filters(*filters: str | None) -> None:
    """Refuse filters that nothing can match. Raises `GraphQLError`."""
    if any(value is not None and len(value) > MAX_FILTER for value in filters):
        raise GraphQLError(
            f"A filter takes at most {MAX_FILTER} characters.",
            extensions={"code": "BAD_USER_INPUT"},
        )


def _cursor_tag(context: Context, query: str, key: str) -> bytes:
    message = f"{query}\0{key}".encode()
    return hmac.digest(context.keyring.cursor_key, message, "sha256")[:_TAG_BYTES]


def _cursor(context: Context, query: str, key: str) -> str:
    return base64.urlsafe_b64encode(_cursor_tag(context, query, key) + key.encode()).decode()


def _key_after(context: Context, query: str, cursor: str) -> str:
    """Return the key in a cursor that this server made for the same query."""
    try:
        raw = base64.urlsafe_b64decode(cursor.encode())
        key = raw[_TAG_BYTES:].decode()
    except (ValueError, binascii.Error):
        raw, key = b"", ""
    if not hmac.compare_digest(raw[:_TAG_BYTES], _cursor_tag(context, query, key)):
        raise GraphQLError(
            "The cursor is not one of this list with these filters. Use an endCursor of it, "
            "or leave `after` out to start again.",
            extensions={"code": "BAD_USER_INPUT"},
        )
    return key


async def connection(
    context: Context,
    *,
    query: str,
    first: int,
    after: str | None,
    rows: Callable[[str | None, int], Awaitable[Sequence[R]]],
    key_of: Callable[[R], str],
    node_of: Callable[[R], T],
) -> Connection[T]:
    """Return a page by keyset.

    Args:
        context: The request's.
        query: Names list, order and filters; cursors are bound to it.
        first: Size of the page, 1 to 100.
        after: Cursor of the object before the page.
        rows: Returns rows after a key, up to a number.
        key_of: Key of a row, in the order of `rows`.
        node_of: What the list holds.

    Raises:
        GraphQLError: `first` or `after` is out of its limits.
    """
    if not 1 <= first <= MAX_PAGE:
        raise GraphQLError(
            f"`first` is {first}; ask for 1 to {MAX_PAGE}.", extensions={"code": "BAD_USER_INPUT"}
        )
    after_key = None if after is None else _key_after(context, query, after)
    found = await rows(after_key, first + 1)
    page = found[:first]
    edges = [Edge(cursor=_cursor(context, query, key_of(row)), node=node_of(row)) for row in page]
    return Connection(
        edges=edges,
        nodes=[edge.node for edge in edges],
        page_info=PageInfo(
            has_next_page=len(found) > first,
            has_previous_page=after is not None,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        ),
    )
