"""What a server counts, and how things are, for Prometheus: no name, number, address or query."""

from datetime import datetime
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""Upper ends of the ranges in which answers are counted."""


class Gauges(NamedTuple):
    """How things are in the database.

    Attributes:
        published_at: When the bundle of trust data was published last; None: never.
        trust_list_ends_at: When the trust list in force ends; None: there is none.
        waiting_for_feed: Changes of certificates that wait for the credit bank's feed.
        waiting_for_log: Signed certificates that wait for the log.
        registrations_overdue: Certificates that were to be entered on the platform by now (R39).
        obligations_overdue: What else was owed by now.
    """

    published_at: datetime | None
    trust_list_ends_at: datetime | None
    waiting_for_feed: int
    waiting_for_log: int
    registrations_overdue: int
    obligations_overdue: int


class Metrics:
    """The metrics of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        registry = self.registry
        self._requests = Counter(
            "certgraph_requests",
            "Requests, by path of the route.",
            ("method", "path", "status"),
            registry=registry,
        )
        self._seconds = Histogram(
            "certgraph_request_seconds",
            "From the request to the end of its answer.",
            ("path",),
            buckets=SECONDS,
            registry=registry,
        )
        self._operations = Counter(
            "certgraph_graphql_operations",
            "Operations that ran, by kind (a mutation by its field) and outcome.",
            ("kind", "outcome"),
            registry=registry,
        )
        gauges = {
            "published_timestamp_seconds": "When trust data were published last.",
            "trust_list_end_timestamp_seconds": "When the trust list in force ends.",
            "feed_waiting_changes": "Changes that wait for the credit bank's feed, 10,000 at most.",
            "log_waiting_certificates": "Certificates that wait for the log.",
            "registrations_overdue": "Certificates not entered on the platform in time (R39).",
            "obligations_overdue": "What else was owed by now, and is not there.",
            "looked_timestamp_seconds": "When the figures from the database were read last.",
        }
        self._gauges = {
            name: Gauge(f"certgraph_{name}", text, registry=registry)
            for name, text in gauges.items()
        }

    def answered(self, method: str, path: str, status: int, seconds: float) -> None:
        """Count a request; `path` is its route's, `status` 0 where its client had gone."""
        self._requests.labels(method, path, str(status)).inc()
        self._seconds.labels(path).observe(seconds)

    def ran(self, kind: str, *, has_errors: bool) -> None:
        """Count an operation of the graph: `query`, or the field of a mutation."""
        self._operations.labels(kind, "errors" if has_errors else "ok").inc()

    def looked(self, state: Gauges, now: datetime) -> None:
        """Take what was read from the database."""
        figures = {
            "published_timestamp_seconds": _seconds(state.published_at),
            "trust_list_end_timestamp_seconds": _seconds(state.trust_list_ends_at),
            "feed_waiting_changes": state.waiting_for_feed,
            "log_waiting_certificates": state.waiting_for_log,
            "registrations_overdue": state.registrations_overdue,
            "obligations_overdue": state.obligations_overdue,
            "looked_timestamp_seconds": now.timestamp(),
        }
        for name, figure in figures.items():
            self._gauges[name].set(figure)


def _seconds(instant: datetime | None) -> float:
    return 0 if instant is None else instant.timestamp()
