"""Verify certificates again as an employer would, by several processes where there are many."""

import asyncio
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from multiprocessing import get_context
from typing import NamedTuple, Self

from certgraph.certificates.signing.batches import passes_self_check, self_check
from certgraph.credential.claims import Claims
from certgraph.credential.trust_bundle import Trust
from certgraph.credential.trust_list import TrustList
from certgraph.processes import serve_parent

_PART = 250
"""Certificates that a process verifies at a time."""

_WORTH_PROCESSES = 5_000
"""Certificates from which on it pays to start processes: each takes a second or two."""


class Verified(NamedTuple):
    """What a certificate states, where its signatures verify; why they do not."""

    claims: Claims | None
    reason: str | None


class Verifier:
    """Verifies parts of certificates, in this process or in others. Close it in the end."""

    def __init__(self, trust_list: TrustList, now: datetime, count: int) -> None:
        self._trust, self._now = Trust(trust_list), now
        self._pool: ProcessPoolExecutor | None = None
        processes = os.cpu_count() or 1
        if count >= _WORTH_PROCESSES and processes > 1:
            self._pool = ProcessPoolExecutor(
                processes,
                mp_context=get_context("spawn"),
                initializer=_begin,
                initargs=(trust_list, now),
            )

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(self, *_: object) -> None:
        """End its processes."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    async def verify(self, signed: Sequence[bytes]) -> list[Verified]:
        """Return what each of these certificates states, in their order."""
        if self._pool is None:
            return _verify(self._trust, self._now, signed)
        loop = asyncio.get_running_loop()
        parts = [signed[start : start + _PART] for start in range(0, len(signed), _PART)]
        work = (loop.run_in_executor(self._pool, _verify_part, part) for part in parts)
        return [one for part in await asyncio.gather(*work) for one in part]


def _verify(trust: Trust, now: datetime, signed: Sequence[bytes]) -> list[Verified]:
    found = []
    for one in signed:
        verification = self_check(one, trust, now)
        if passes_self_check(verification):
            found.append(Verified(verification.claims, None))
        else:
            reason = verification.reason or str(verification.decisive)
            found.append(Verified(None, reason.replace("_", " ")))
    return found


_mine: tuple[Trust, datetime]


def _begin(trust_list: TrustList, now: datetime) -> None:
    global _mine  # noqa: PLW0603 - a process of a pool has no other place
    serve_parent()
    _mine = Trust(trust_list), now


def _verify_part(signed: Sequence[bytes]) -> list[Verified]:
    return _verify(*_mine, signed)
