"""Relay: objects with global ids, and connections."""

from typing import Generic, TypeVar
from uuid import UUID

import strawberry

from certgraph.api.reads import scalars
from certgraph.api.reads.declaring import part

parse_global_id = scalars.parse_global_id

T = TypeVar("T")


@strawberry.interface(description="An object with a global id.")
class Node:
    """See the Relay object identification specification."""

    id: strawberry.ID = strawberry.field(description="Opaque; the same for ever.")


def global_id(type_name: str, key: UUID) -> strawberry.ID:
    """Return the global id of an object."""
    return strawberry.ID(scalars.global_id(type_name, key))


def key_of(id_: strawberry.ID, type_name: str) -> UUID | None:
    """Return the key in the global id of an object of a type; None where it is none."""
    parsed = parse_global_id(str(id_))
    return parsed[1] if parsed and parsed[0] == type_name else None


def any_key_of(id_: str, type_name: str) -> UUID | None:
    """Return the same, also of a bare key, as commands and files name objects."""
    try:
        return UUID(id_)
    except ValueError:
        return key_of(strawberry.ID(id_), type_name)


@strawberry.type(description="Where a page is in its list.")
class PageInfo:
    """See the Relay cursor connections specification."""

    has_next_page: bool = part("hasNextPage", description="Whether there is a page after this one.")
    has_previous_page: bool = part(
        "hasPreviousPage",
        description="Whether this page was asked for with `after`; pages go forwards only.",
    )
    start_cursor: str | None = part(
        "startCursor", description="Cursor of its first object; null where it is empty."
    )
    end_cursor: str | None = part(
        "endCursor",
        description="Cursor of its last object, to go on `after`; null where it is empty.",
    )


@strawberry.type(description="An object in a list, with its place.")
class Edge(Generic[T]):
    """See the Relay cursor connections specification."""

    cursor: str = part("cursor", description="The place of the object in its list.")
    node: T = part("node", description="The object.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    """See the Relay cursor connections specification."""

    edges: list[Edge[T]] = part("edges", description="The objects, each with its place.")
    nodes: list[T] = part("nodes", description="The objects of `edges`.")
    page_info: PageInfo = part("pageInfo", description="Where this page is in its list.")
