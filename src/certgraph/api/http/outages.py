"""What a server says of failures: to the caller what to do, to the operator what happened, once."""

import logging
import time
from http import HTTPStatus

from certgraph.api.http.requests import BadRequest, unavailable
from certgraph.api.reads.execution import is_away
from certgraph.database import DatabaseError, is_busy, is_deadlock

logger = logging.getLogger("certgraph.api")

_EVERY_SECONDS = 60
"""An outage is logged once in so many seconds, however many requests meet it."""


class Outage:
    """The database's absences, as requests meet them, or the server's own work."""

    def __init__(self) -> None:
        self._logged_at: float | None = None
        self._unlogged = 0

    def refused(self, error: Exception) -> BadRequest:
        """Return what a request is answered that failed with an error, and log it.

        A database that is away is a line a minute. A lock that others hold for too long is no
        failure, and not logged. Anything else is a defect, and logged whole.
        """
        if isinstance(error, DatabaseError) and (is_busy(error) or is_deadlock(error)):
            return unavailable("Others are writing at this moment. Send it again.")
        if not self.is_one(error):
            logger.error("a request failed", exc_info=error)
            message = "Something failed here. It is logged; try again later."
            return BadRequest(HTTPStatus.INTERNAL_SERVER_ERROR, message)
        return unavailable("The database cannot be used at the moment. Send it again in a moment.")

    def is_one(self, error: Exception) -> bool:
        """Tell whether an error says that the database is away; if so, log it once a minute."""
        if not is_away(error):
            return False
        now = time.monotonic()
        self._unlogged += 1
        if self._logged_at is None or now - self._logged_at >= _EVERY_SECONDS:
            reason = str(getattr(error, "orig", error)) or type(error).__name__
            count = self._unlogged
            logger.warning("the database cannot be used (%s times): %s", count, reason)
            self._logged_at, self._unlogged = now, 0
        return True
