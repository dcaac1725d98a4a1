# ruff: noqa: ANN401 - argparse's subparsers have no public type
"""certgraph handover: what a regime leaves, as signed files; and the check of such files."""

import argparse
import re
import shutil
import sys
from hashlib import file_digest
from pathlib import Path
from typing import Any

from certgraph.cli.clock import now
from certgraph.cli.given_trust import add_trust_options, given_trust
from certgraph.cli.new_files import CeremonyError, NotWritten, write_new
from certgraph.cli.runtime import EXIT_REFUSED, Runtime, group, leaf
from certgraph.credential import days
from certgraph.credential.handover_seal import HandoverSeal, open_handover_seal, sign_handover
from certgraph.credential.statements import MalformedStatement
from certgraph.credential.trust_bundle import status_keys
from certgraph.database import keep_one_view
from certgraph.handover.contents import NAMES, SEAL, SUMS
from certgraph.handover.packing import Package, write_package
from certgraph.parameters.rules import PILOT
from certgraph.trust.publication import status_signer

_LINE = re.compile("([0-9a-f]{64})  ([A-Za-z0-9_.]{1,80})").fullmatch


async def _package(runtime: Runtime, options: argparse.Namespace) -> None:
    """Write a package whole, or not at all."""
    folder: Path = options.folder
    _check_new(folder)
    async with runtime.reads() as session:  # before hours of work: whether it can be signed
        await status_signer(session, runtime.keyring(), runtime.now)
    partial = folder.with_name(f"{folder.name}.part")
    _clear(partial)
    try:
        partial.mkdir(mode=0o700, parents=True)
        package = await _sealed(runtime, partial)
        partial.rename(folder)
    except OSError as error:
        if isinstance(error, ConnectionError | TimeoutError):  # the database's
            raise
        why = error.strerror
        raise NotWritten("held_cannot_write", file=error.filename or folder, why=why) from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    _say(folder, package)


async def _sealed(runtime: Runtime, folder: Path) -> Package:
    """Write a package and its seal into an empty folder."""
    async with runtime.reads() as session:
        await keep_one_view(session)
        host, at = runtime.settings.public_host, runtime.now
        package = await write_package(session, folder, regime=PILOT, host=host, now=at)
    async with runtime.reads() as session:
        signer = await status_signer(session, runtime.keyring(), runtime.now)
    seal = HandoverSeal(package.sha256, days.to_instant(runtime.now))
    write_new(folder / SEAL, sign_handover(signer, seal), secret=True)
    return package


def _check_new(folder: Path) -> None:
    """Refuse a folder that is there already. Raises `NotWritten`."""
    if folder.exists():
        raise NotWritten("file_exists", file=folder)


def _clear(partial: Path) -> None:
    """Remove what a run left that was killed; nothing else. Raises `NotWritten`."""
    if partial.exists():
        if not {one.name for one in partial.iterdir()} <= NAMES:
            raise NotWritten("file_exists", file=partial)
        shutil.rmtree(partial)


def _say(folder: Path, package: Package) -> None:
    for name, count in package.counts.items():
        print(f"{name + '.csv':<36}{count:>10,}")
    print(f"{folder}: SHA-256 of the list of files {package.sha256.hex()}")
    print("It holds personal data: hand it over on an encrypted medium or connection.")


def _run_check(options: argparse.Namespace) -> int:
    """Check the seal against trust data, installed or named, and every file against the list."""
    folder: Path = options.folder
    trust = given_trust(options, now())
    try:
        listed, token = (folder / SUMS).read_bytes(), (folder / SEAL).read_bytes()
    except OSError as error:
        raise CeremonyError(f"{error.filename} cannot be read: {error.strerror}") from None
    try:
        seal = open_handover_seal(token, status_keys(trust.trust_list))
    except MalformedStatement as error:
        return _refuse(folder, [f"{SEAL}: {error}"])
    if seal.sha256 != _sha256(folder / SUMS):
        return _refuse(folder, [f"{SUMS} is not the list that was sealed"])
    faults = _file_faults(folder, listed.decode())
    if faults:
        return _refuse(folder, faults)
    print(f"{folder}: sealed {days.to_datetime(seal.issued_at).isoformat()}")
    print(f"{len(listed.splitlines())} files, each as it was listed")
    return 0


def _refuse(folder: Path, faults: list[str]) -> int:
    for fault in faults:
        print(f"certgraph handover: {folder}: {fault}", file=sys.stderr)
    return EXIT_REFUSED


def _file_faults(folder: Path, listed: str) -> list[str]:
    """List which files are missing, others, or not in the list."""
    sums = {match[2]: match[1] for match in map(_LINE, listed.splitlines()) if match}
    here = {one.name for one in folder.iterdir()} - {SUMS, SEAL}
    faults = [f"{name} is missing" for name in sorted(sums.keys() - here)]
    faults += [f"{name} is not in the list" for name in sorted(here - sums.keys())]
    for name in sorted(sums.keys() & here):
        if _sha256(folder / name).hex() != sums[name]:
            faults.append(f"{name} is not what was listed")
    return faults


def _sha256(file: Path) -> bytes:
    """Return the SHA-256 of a file. Raises `CeremonyError`."""
    try:
        with file.open("rb") as content:
            return file_digest(content, "sha256").digest()
    except OSError as error:
        raise CeremonyError(f"{file} cannot be read: {error.strerror}") from None


def add_to(commands: Any) -> None:
    """Add the commands."""
    handover = group(commands, "handover", "what the pilot leaves, as signed files")
    package = leaf(handover, "package", "write all that the register holds, and seal it", _package)
    package.add_argument("folder", type=Path, help="a new folder")
    check = handover.add_parser("check", help="check such files with trust data")
    check.add_argument("folder", type=Path)
    add_trust_options(check)
    check.set_defaults(run=_run_check)
