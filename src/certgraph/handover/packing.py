"""Write the handover package: what the register holds, as files with hashes.

The catalogue, standards, organizations, certificates, open obligations and decisions, as they are
at one moment. Source: rules R56, S15 and S18.
"""

import csv
import json
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from hashlib import file_digest, sha256
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from certgraph.actions.queries import audit_head
from certgraph.credential.claims import TYP
from certgraph.credential.envelopes import assemble_sign1
from certgraph.credential.qr_text import to_qr_text
from certgraph.database import Session
from certgraph.handover import queries
from certgraph.handover.contents import ABOUT, BUNDLE, FACTS, FILES, SUMS, about
from certgraph.policy import Regime
from certgraph.problems import refusal
from certgraph.transparency.queries import newest_head
from certgraph.trust.publication import BUNDLE_PATH
from certgraph.trust.queries import published_file

Cells = AsyncIterator[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Package:
    """A package that was written.

    Attributes:
        counts: Name of a table → how many rows it has.
        sha256: Of the list of its files, 32 bytes.
    """

    counts: Mapping[str, int]
    sha256: bytes


async def write_package(
    session: Session, folder: Path, *, regime: Regime, host: str, now: datetime
) -> Package:
    """Write the files of a package, and the list of their hashes, into an empty folder.

    Args:
        session: New, of one view: see `certgraph.database.keep_one_view`.
        folder: The folder; what is in it can be read by its owner alone.
        regime: Which is handed over.
        host: Of the addresses in QR codes.
        now: When.

    Raises:
        Rejected: No trust data was published.
        OSError: A file cannot be written.
    """
    # 1. What verifies the certificates; without it nobody could.
    bundle = await published_file(session, BUNDLE_PATH)
    if bundle is None:
        raise refusal("trust.none_in_force")
    with _new(folder / BUNDLE) as out:
        out.buffer.write(bundle.body)
    # 2. The tables.
    statements = {
        **queries.parties(),
        **queries.catalogue(),
        "certificates": queries.certificates(),
        **queries.open_work(),
    }
    counts, columns = {}, {}
    for name in FILES:
        rows = queries.rows_of(session, statements[name])
        named = [one.name for one in statements[name].selected_columns]
        if name == "certificates":
            named = [one for one in named if one not in queries.SIGNED_PARTS] + ["qr_text"]
            rows = _with_qr_text(rows, host)
        with _new(folder / f"{name}.csv") as out:
            counts[name] = await _write_table(out, named, rows)
        columns[name] = named
    # 3. What they are.
    audit, log = await audit_head(session), await newest_head(session)
    facts = {
        "regime": regime.code,
        "madeAt": now.isoformat(),
        "host": host,
        "rows": counts,
        "auditHead": audit and {"sequence": audit.sequence, "hash": audit.hash.hex()},
        "log": log and {"size": log.size, "root": log.root.hex()},
    }
    with _new(folder / FACTS) as out:
        out.write(json.dumps(facts, indent=2) + "\n")
    with _new(folder / ABOUT) as out:
        out.write(about(regime.title, regime.title_zh, regime.document, columns))
    # 4. The list.
    listed = _sums(folder)
    with _new(folder / SUMS) as out:
        out.write(listed)
    return Package(counts, sha256(listed.encode()).digest())


def _new(file: Path) -> TextIOWrapper:
    """Open a file that is not there yet, for its owner alone."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    return TextIOWrapper(os.fdopen(descriptor, "wb"), encoding="utf-8", newline="")


async def _with_qr_text(rows: Cells, host: str) -> Cells:
    """Yield certificates with the text of their QR code in place of what makes it."""
    async for row in rows:
        cells = dict(row)
        key, payload, signature, countersignature = map(cells.pop, queries.SIGNED_PARTS)
        cells["qr_text"] = None
        if payload:  # else its holder was erased
            signed = assemble_sign1(key, TYP, payload, signature, countersignature or None)
            cells["qr_text"] = to_qr_text(signed, host)
        yield cells


async def _write_table(out: TextIOWrapper, columns: list[str], rows: Cells) -> int:
    """Write a table, and return how many rows it has."""
    writer, count = csv.writer(out, lineterminator="\n"), 0
    writer.writerow(columns)
    async for row in rows:
        writer.writerow([_cell(row[column]) for column in columns])
        count += 1
    return count


def _cell(value: object) -> str:
    match value:
        case bytes():
            return value.hex()
        case StrEnum():
            return value.value
        case date():
            return value.isoformat()
    return "" if value is None else str(value)


def _sums(folder: Path) -> str:
    """Return the hashes of a folder's files as `sha256sum` takes them, by name."""
    lines = []
    for file in sorted(folder.iterdir()):
        with file.open("rb") as content:
            lines.append(f"{file_digest(content, 'sha256').hexdigest()}  {file.name}\n")
    return "".join(lines)
