"""Keys of organizations in the graph."""

from datetime import date, datetime

import strawberry

from certgraph.api.graph.enums import KeyCustody, Role
from certgraph.api.reads.declarations import Condition
from certgraph.api.reads.declaring import column, computed, read_from
from certgraph.api.relay import Node
from certgraph.organizations.rules import KeyPurpose
from certgraph.organizations.tables import SigningKeyRow


def _issuer_keys(_role: Role | None) -> Condition:
    return SigningKeyRow.purpose == KeyPurpose.ISSUER


@strawberry.type(description="A key that signs certificates 签名公钥.")
@read_from(SigningKeyRow, policy=_issuer_keys)
class IssuerKey(Node):
    """See `certgraph.organizations.tables.SigningKeyRow`."""

    kid: str = computed(
        bytes.hex,
        SigningKeyRow.kid,
        description="Key id, 16 hex digits, as certificates name it.",
    )
    public_key: str = computed(
        bytes.hex, SigningKeyRow.public_key, description="Ed25519 public key, 64 hex digits."
    )
    custody: KeyCustody = column(SigningKeyRow.custody, description="Who holds the private key.")
    first_on: date = column(SigningKeyRow.first_on, description="First day for which it may sign.")
    last_on: date | None = column(
        SigningKeyRow.last_on, description="Last such day; null while in use."
    )
    registered_at: datetime = column(
        SigningKeyRow.registered_at, description="When it was registered here."
    )
    listed_at: datetime | None = column(
        SigningKeyRow.listed_at,
        description="When a trust list first named it; before, verifiers do not know it.",
    )
    compromised_on: date | None = column(
        SigningKeyRow.compromised_on,
        description="Certificates issued from this day on do not count; null if never.",
    )
