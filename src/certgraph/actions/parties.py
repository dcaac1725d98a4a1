"""Who acts, and in which relation to what is acted on: the cells of the access matrix. Pure."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """As what a token or a person acts: for an organization in one of its kinds, or for the office.

    `EVALUATION_ORGANIZATION` is an organization's issuing officer, `APPROVER` its second person.
    `HOLDER` is whom certificates are for, on a page of their own, `PUBLIC` anybody without a token;
    no token has these roles.
    """

    OPERATOR = "operator"
    MINISTRY = "ministry"
    ENTRUSTED_BODY = "entrusted_body"
    PROVINCIAL_AUTHORITY = "provincial_authority"
    EVALUATION_ORGANIZATION = "evaluation_organization"
    APPROVER = "approver"
    PILOT_INSTITUTION = "pilot_institution"
    CREDIT_BANK = "credit_bank"
    VERIFIER = "verifier"
    HOLDER = "holder"
    PUBLIC = "public"


OF_ONE_ORGANIZATION = frozenset(
    {
        Role.MINISTRY,
        Role.ENTRUSTED_BODY,
        Role.PROVINCIAL_AUTHORITY,
        Role.EVALUATION_ORGANIZATION,
        Role.APPROVER,
        Role.PILOT_INSTITUTION,
    }
)
"""Roles that act for an organization, always."""


OFFICES = (Role.OPERATOR, Role.MINISTRY, Role.ENTRUSTED_BODY)
"""Who leads the programme, and reads all that its organizations hand in."""

WITH_TOKENS = tuple(role for role in Role if role not in (Role.HOLDER, Role.PUBLIC))
"""Roles that a token may have."""


class Scope(StrEnum):
    """What a token allows besides what its role does."""

    READ_LEARNERS = "read_learners"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a token, a person, the command line, the server itself.

    Attributes:
        name: For records of what was done; no person's name. The same for whatever a person acts
            as.
        role: As what; None: a stranger, who may change nothing.
        organization_id: For which organization; None: for none. Of a holder: by whose link.
        reads_learners: A scope of its own: feed and certificates then say who the holder is.
        by_hand: Whether it is the command line, of whoever has the installation's settings.
        token_id: Primary key of the token or membership, where it acts with one.
        person: As whom a person is known; None: it is none.
        signed_in_at: When the person last showed who they are.
        certificate_ids: Certificates that a holder sees on the page.
    """

    name: str
    role: Role | None
    organization_id: UUID | None = None
    reads_learners: bool = False
    by_hand: bool = False
    token_id: UUID | None = None
    person: bytes | None = None
    signed_in_at: datetime | None = None
    certificate_ids: frozenset[UUID] = frozenset()


ANYBODY = Actor("public", Role.PUBLIC)
"""Whoever sends neither token nor session, for what anybody may do."""

_STRANGER = Actor("", None)


def acting(caller: Actor | None, roles: Container[Role]) -> Actor:
    """Return as whom a request acts; without a token as the public, where that may."""
    return caller or (ANYBODY if Role.PUBLIC in roles else _STRANGER)


class Relation(StrEnum):
    """How an actor is related to what it acts on.

    OWN: its organization's; of a holder, the holder's. OVER: of an institution that its
    organization supervises. TURN: of a walk through several parties of which it is one; whose turn
    it is, the action says. ANY: everybody's.
    """

    OWN = "own"
    OVER = "supervised"
    TURN = "turn"
    ANY = "any"


Readers = Mapping[Role, Relation]
"""Who reads something: role → relation to whose it is; roles that are not named read nothing."""

EVERYBODY: Readers = dict.fromkeys(Role, Relation.ANY)


@dataclass(frozen=True, slots=True)
class Grant:
    """A cell of the access matrix.

    Attributes:
        relation: To the subject; of an action that creates something: for whom it does.
        on_behalf: Whether it only records what others decided: then the input names the document
            that says so, and the reason.
        second: Role of the other person who must confirm it first; None: nobody.
    """

    relation: Relation
    on_behalf: bool = False
    second: Role | None = None

    def with_second(self, role: Role) -> "Grant":
        """Return the same, once another person of `role` has confirmed exactly this input."""
        return replace(self, second=role)

    def __str__(self) -> str:
        """Return it as the matrix shows it."""
        word = "on behalf" if self.on_behalf else self.relation.value
        return word if self.second is None else f"{word}, confirmed by {self.second.value}"


ANY = Grant(Relation.ANY)
OWN = Grant(Relation.OWN)
OVER = Grant(Relation.OVER)
TURN = Grant(Relation.TURN)
ON_BEHALF = Grant(Relation.ANY, on_behalf=True)
