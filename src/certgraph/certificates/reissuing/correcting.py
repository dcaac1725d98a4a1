"""Corrections performed: all are tried first, and none is done while anything is wrong."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from certgraph.actions.acting import Environment
from certgraph.actions.parties import Actor
from certgraph.actions.performing import perform
from certgraph.certificates import queries
from certgraph.certificates.lookup_keys import number_key
from certgraph.certificates.reissuing.reading import Correction, Corrections
from certgraph.certificates.rules import CertificateState
from certgraph.certificates.sheets.returning import Answered
from certgraph.certificates.signing.actions import reissue_certificate
from certgraph.problems import Problem, Rejected

TITLES: Mapping[str, Sequence[str]] = {
    "zh": ("办理结果", "说明", "新证书编号", "result"),
    "en": ("Result", "What to do", "New number", "result"),
}
"""What an answer adds to a row, by language; the last is the same word in all."""


class Result(StrEnum):
    """What became of a row."""

    POSSIBLE = "possible"
    CORRECTED = "corrected"
    WAITS_FOR_SIGNATURE = "waits_for_signature"
    REFUSED = "refused"
    NOT_DONE = "not_done"


_WORDS = {
    "zh": {
        Result.POSSIBLE: ("可更正", ""),
        Result.CORRECTED: ("已更正", "原证书已被取代，核验时显示已更正。"),
        Result.WAITS_FOR_SIGNATURE: ("待签名", "请用本组织密钥签名后提交。"),
        Result.REFUSED: ("有误", ""),
        Result.NOT_DONE: ("未办理", "其他行有误，全部未办理。"),
    },
    "en": {
        Result.POSSIBLE: ("Possible", ""),
        Result.CORRECTED: ("Corrected", "The old certificate is superseded, and verifiers say so."),
        Result.WAITS_FOR_SIGNATURE: ("Waits", "Sign it with the organization's key, and submit."),
        Result.REFUSED: ("Wrong", ""),
        Result.NOT_DONE: ("Not done", "Something is wrong with other rows: nothing was done."),
    },
}
GOOD = (Result.POSSIBLE.value, Result.CORRECTED.value)
BAD = (Result.REFUSED.value,)


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of a row: why it was refused, or the number of the new certificate."""

    result: Result
    problems: Sequence[Problem] = ()
    new_number: str = ""


@dataclass(frozen=True, slots=True)
class Corrector:
    """Who corrects, why, and with what."""

    environment: Environment
    actor: Actor
    reason: str
    document: str | None

    async def correct(
        self, asked: Corrections, data: bytes, *, is_trial: bool
    ) -> dict[int, RowResult]:
        """Return what became of each row, by its number.

        All rows are tried, then all corrected: nothing is done while anything is wrong. What
        another did meanwhile refuses its row alone. The same file again goes on, and answers the
        same for what it has corrected before.
        """
        digest = hashlib.sha256(data).hexdigest()
        results = {
            row: RowResult(Result.REFUSED, problems) for row, problems in _by_row(asked).items()
        }
        done = await self._done_before(asked.rows, digest)
        for one in asked.rows:
            if one.row not in results:
                results[one.row] = done.get(one.row) or await self._perform(one, digest, dry=True)
        if is_trial:
            return results
        if any(one.result is Result.REFUSED for one in results.values()):
            return {
                row: RowResult(Result.NOT_DONE) if one.result is Result.POSSIBLE else one
                for row, one in results.items()
            }
        return {
            one.row: done[one.row]
            if one.row in done and done[one.row].result is Result.CORRECTED
            else await self._perform(one, digest, dry=False)  # a draft is signed, as far as it can
            for one in asked.rows
        }

    async def _done_before(self, rows: Sequence[Correction], digest: str) -> dict[int, RowResult]:
        """Return what this file has corrected before."""
        keys = {number_key(one.number): one for one in rows}
        async with self.environment.sessions() as session:
            found = await queries.corrected_by(session, keys)
        return {
            keys[key].row: _of_certificate(number, state)
            for key, (number, state, run_key) in found.items()
            if run_key == _key(digest, keys[key])
        }

    async def _perform(self, one: Correction, digest: str, *, dry: bool) -> RowResult:
        given: dict[str, Any] = {
            "number": one.number,
            "idempotency_key": _key(digest, one),
            "reason": self.reason,
            "document": self.document,
            **asdict(one.draft),
            "dry_run": dry,
        }
        try:
            outcome = await perform(reissue_certificate, self.environment, self.actor, given)
        except Rejected as rejected:
            return RowResult(Result.REFUSED, rejected.problems)
        if dry:
            return RowResult(Result.POSSIBLE)
        async with self.environment.sessions() as session:
            new = await session.get_one(type(outcome.results[0]), outcome.results[0].id)
        return _of_certificate(new.number, new.state)


def _of_certificate(number: str, state: CertificateState) -> RowResult:
    is_draft = state is CertificateState.DRAFT
    return RowResult(Result.WAITS_FOR_SIGNATURE if is_draft else Result.CORRECTED, (), number)


def _key(digest: str, one: Correction) -> str:
    """Return the idempotency key of a row: the same file corrects a certificate once."""
    return f"{digest[:32]} {hashlib.sha256(number_key(one.number).encode()).hexdigest()[:32]}"


def _by_row(asked: Corrections) -> dict[int, list[Problem]]:
    found: dict[int, list[Problem]] = {}
    for fault in asked.faults:
        path = (fault.name,) if fault.name else ()
        problem = Problem(code=fault.problem.code, path=path, facts=fault.problem.facts)
        found.setdefault(fault.row, []).append(problem)
    return found


def answered(asked: Corrections, results: Mapping[int, RowResult], language: str) -> Answered:
    """Return the table with what became of each row."""
    return Answered(
        sheet=asked.sheet,
        header=asked.header.row,
        titles=TITLES[language],
        answers={row: _said(one, language) for row, one in results.items()},
        good=GOOD,
        bad=BAD,
    )


def _said(one: RowResult, language: str) -> Sequence[str]:
    title, advice = _WORDS[language][one.result]
    said = " ".join(_sentences(one.problems, language)) or advice
    return (title, said, one.new_number, one.result.value)


def _sentences(problems: Iterable[Problem], language: str) -> Iterable[str]:
    for problem in problems:
        place = problem.path[-1] if problem.path else ""
        is_column = bool(place) and not place.isascii()
        said = problem.message(language)
        yield f"{place}：{said}" if is_column else said
