"""The holder's copy in the graph: links that an organization sends, and what holders ask it for."""

from datetime import datetime
from uuid import UUID

import strawberry

from certgraph.actions.parties import Relation
from certgraph.api.context import Context
from certgraph.api.graph.certificates import Certificate
from certgraph.api.graph.enums import HolderRequestKind, HolderRequestState, Role
from certgraph.api.graph.filters import of_organization
from certgraph.api.reads.arguments import is_one_of, through
from certgraph.api.reads.declarations import Conditions
from certgraph.api.reads.declaring import all_of, column, computed, one, page, read_from
from certgraph.api.reads.policies import readers
from certgraph.api.relay import Connection, Node
from certgraph.certificates.holders.links import holder_url
from certgraph.certificates.holders.queries import is_about
from certgraph.certificates.holders.requests import text_of
from certgraph.certificates.holders.tables import HolderLinkRow, HolderRequestRow
from certgraph.certificates.lookup_keys import number_key


def _url(context: Context, id_: UUID, expires_at: datetime, *over: datetime | None) -> str | None:
    """Return the address of a link that still opens the page."""
    if expires_at <= context.now or any(over):
        return None
    return holder_url(context.keyring, context.settings.pages_url, id_)


@strawberry.type(
    description="A link by which the holder of a certificate opens a page of their own, once. The "
    "organization that sends it reads it, nobody else."
)
@read_from(
    HolderLinkRow,
    policy=readers({Role.EVALUATION_ORGANIZATION: Relation.OWN}, HolderLinkRow.organization_id),
)
class HolderLink(Node):
    """See `certgraph.certificates.holders.tables.HolderLinkRow`."""

    certificate: Certificate = one(HolderLinkRow.certificate_id, description="Whose holder.")
    url: str | None = computed(
        _url,
        HolderLinkRow.id,
        HolderLinkRow.expires_at,
        HolderLinkRow.opened_at,
        HolderLinkRow.revoked_at,
        with_context=True,
        description="Its address, for the holder alone; null once it opens nothing any more.",
    )
    created_at: datetime = column(HolderLinkRow.created_at, description="When it was made.")
    created_by: str = column(HolderLinkRow.created_by, description="By which token.")
    expires_at: datetime = column(HolderLinkRow.expires_at, description="When it ends.")
    opened_at: datetime | None = column(
        HolderLinkRow.opened_at, description="When the holder opened it; null: not yet."
    )
    revoked_at: datetime | None = column(
        HolderLinkRow.revoked_at, description="When it was revoked, or a newer one was made."
    )


def _text(context: Context, id_: UUID, sealed: bytes | None) -> str | None:
    return text_of(context.keyring, id_, sealed)


@strawberry.type(
    description="What a holder asks the issuer for: correction or erasure (Personal Information "
    "Protection Law, articles 46 and 47)."
)
@read_from(
    HolderRequestRow,
    policy=readers(
        {Role.EVALUATION_ORGANIZATION: Relation.OWN, Role.OPERATOR: Relation.ANY},
        HolderRequestRow.organization_id,
    ),
)
class HolderRequest(Node):
    """See `certgraph.certificates.holders.tables.HolderRequestRow`."""

    certificate: Certificate = one(HolderRequestRow.certificate_id, description="About which.")
    kind: HolderRequestKind = column(HolderRequestRow.kind, description="For what.")
    text: str | None = computed(
        _text,
        HolderRequestRow.id,
        HolderRequestRow.sealed_text,
        with_context=True,
        description="What the holder wrote; null once it is deleted.",
    )
    state: HolderRequestState = column(HolderRequestRow.state, description="How far it is.")
    asked_at: datetime = column(HolderRequestRow.asked_at, description="When it was asked.")
    answer: str = column(HolderRequestRow.answer, description="The answer; empty: none yet.")
    answered_at: datetime | None = column(HolderRequestRow.answered_at, description="When.")


_of_links_organization = of_organization(
    HolderLinkRow.organization_id, "Of the organization with this code."
)
_of_requests_organization = of_organization(
    HolderRequestRow.organization_id, "Of the organization with this code."
)


def _of_number(number: str | None = None) -> Conditions:
    """Yield the condition of the filter.

    Args:
        number: Of the certificate with this number.
    """
    if number is not None:
        yield is_about(HolderLinkRow.certificate_id, through(number, number_key))


def _of_states(states: list[HolderRequestState] | None = None) -> Conditions:
    """Yield the condition of the filter.

    Args:
        states: In one of these states.
    """
    if states is not None:
        yield is_one_of(HolderRequestRow.state, states)


@strawberry.type
class HolderQuery:
    """Reads of what goes between organizations and holders."""

    holder_links = page(
        of=Connection[HolderLink],
        order_by=[HolderLinkRow.created_at, HolderLinkRow.id],
        descending=True,
        description="Links that the caller's organization made for holders, newest first.",
    )(all_of(_of_links_organization, _of_number))
    holder_requests = page(
        of=Connection[HolderRequest],
        order_by=[HolderRequestRow.asked_at, HolderRequestRow.id],
        descending=True,
        description="What holders ask for, newest first.",
    )(all_of(_of_requests_organization, _of_states))
