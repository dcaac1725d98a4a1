"""How long what is published counts."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How long published data counts.

    Attributes:
        status_ttl: A status list is current for this long.
        status_lifetime: After this long it proves nothing.
        trust_list_lifetime: After this long a trust list must not be used.
    """

    status_ttl: timedelta = timedelta(days=1)
    status_lifetime: timedelta = timedelta(days=30)
    trust_list_lifetime: timedelta = timedelta(days=180)


FRESHNESS = Freshness()
"""Where the operator sets nothing else."""
