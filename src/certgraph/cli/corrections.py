# ruff: noqa: ANN401 - argparse's subparsers have no public type
"""certgraph correct-many: corrections from a table, and the table back with what became of it."""

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from certgraph.certificates.reissuing.correcting import Corrector, Result, answered
from certgraph.certificates.reissuing.reading import read_corrections
from certgraph.cli.clock import default_language
from certgraph.cli.runtime import BY_HAND, Runtime, add_on_behalf, leaf
from certgraph.cli.sheets import check_output, read_bytes
from certgraph.problems import refusal


async def _correct_many(runtime: Runtime, options: argparse.Namespace) -> None:
    data = read_bytes(options.file)
    asked = read_corrections(data)
    kind = ".csv" if asked.sheet.is_csv else ".xlsx"  # before anything is corrected
    check_output(options.out, kind, source=options.file)
    corrector = Corrector(runtime.environment(), BY_HAND, options.reason, options.document)
    results = await corrector.correct(asked, data, is_trial=not options.submit)
    table = answered(asked, results, default_language())
    options.out.write_bytes(table.body())
    counts = Counter(one.result for one in results.values())
    print(
        ", ".join(f"{count} {result.value.replace('_', ' ')}" for result, count in counts.items())
    )
    if not options.submit:
        print("A trial: --submit corrects them where nothing is wrong.", file=sys.stderr)
    if counts[Result.REFUSED]:
        raise refusal("correction.refused", count=counts[Result.REFUSED], name=str(options.out))


def add_to(commands: Any) -> None:
    """Add the command."""
    text = "correct the certificates of a table; a trial, unless --submit"
    many = leaf(commands, "correct-many", text, _correct_many)
    many.add_argument("file", type=Path, help="XLSX, XLS or CSV with 证书编号 and what is new")
    many.add_argument("out", type=Path, help="the same with what became of each row: .xlsx or .csv")
    many.add_argument("--submit", action="store_true", help="correct them where nothing is wrong")
    many.add_argument("--reason", required=True)
    add_on_behalf(many, reason=False)
