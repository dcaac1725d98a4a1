# ruff: noqa: ANN401 - argparse's subparsers have no public type
"""certgraph log: the public log of what the register countersigned.

`check URL`, `verify` and `key` are for anybody, with installed trust data; `check --dir`, `prove`
and `recover` for who runs the platform.
"""

import argparse
import re
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from certgraph.certificates.register import content_digest, log_index
from certgraph.cli.clock import environ, now
from certgraph.cli.given_trust import add_trust_options, given_trust
from certgraph.cli.new_files import CeremonyError, write_new
from certgraph.cli.runtime import EXIT_REFUSED, Runtime, group, leaf, run_with_runtime
from certgraph.cli.trust import Unreachable, fetched, platform_address
from certgraph.cli.trust_store import source_of, trust_home
from certgraph.credential.checkpoint import (
    Checkpoint,
    MalformedCheckpoint,
    checkpoint_parts,
    open_checkpoint,
    verifier_key,
)
from certgraph.credential.claims import TYP, claims_from
from certgraph.credential.encoding import decode
from certgraph.credential.envelopes import MalformedEnvelope, Sign1, open_countersigned
from certgraph.credential.qr_text import MalformedQrText, from_qr_text
from certgraph.credential.signature import kid_of
from certgraph.credential.trust_bundle import Trust, log_keys
from certgraph.problems import refusal
from certgraph.transparency.appending import LOG_FOLDER
from certgraph.transparency.checking import Follower, LogFault, MalformedState, OwnList
from certgraph.transparency.proving import MalformedProof, check_proof, inclusion_of
from certgraph.transparency.queries import newest_head
from certgraph.transparency.rechecking import recheck_log
from certgraph.transparency.recovering import recover_log
from certgraph.transparency.tiles import entry_of, tile_path

_IS_DIGEST = re.compile("[0-9A-Fa-f]{64}").fullmatch
_SHOWN = 20
"""Faults that are printed one by one."""


def _certificate(text: str) -> tuple[bytes, Sign1]:
    """Return the signed bytes of a QR text, and their parts. Raises `CeremonyError`."""
    try:
        signed = from_qr_text(text)
        return signed, open_countersigned(signed, TYP)
    except (MalformedQrText, MalformedEnvelope):
        raise CeremonyError(f"{text[:60]}… is not the text of a certificate's QR code") from None


def _known(file: Path) -> set[bytes]:
    """Return the SHA-256 of what a file lists: a QR text, or 64 hex digits, a line."""
    try:
        lines = file.read_text(encoding="utf-8-sig").split()
    except (OSError, UnicodeDecodeError) as error:
        raise CeremonyError(f"{file} cannot be read: {error}") from None
    return {
        bytes.fromhex(line) if _IS_DIGEST(line) else sha256(_certificate(line)[0]).digest()
        for line in lines
    }


def _own_list(options: argparse.Namespace, trust: Trust) -> OwnList | None:
    """Return what an organization knows of its certificates, where it says so."""
    if options.organization is None or options.known is None:
        if options.organization is not None or options.known is not None:
            raise CeremonyError("give both --organization CODE and --known FILE, or none")
        return None
    keys = [
        kid_of(key.public_key)
        for one in trust.trust_list.organizations
        if one.code == options.organization
        for key in one.keys
    ]
    if not keys:
        raise CeremonyError(f"the trust list has no keys of an organization {options.organization}")
    return OwnList(frozenset(keys), frozenset(_known(options.known)))


def _state(file: Path | None) -> Follower:
    """Return how far the log was followed; from the beginning where there is no file yet."""
    if file is None or not file.exists():
        return Follower()
    try:
        return Follower.from_json(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, MalformedState) as error:
        raise CeremonyError(f"{file}: {error}") from None


def _read(url: str) -> bytes:
    """Return a file of the log. Raises `CeremonyError`."""
    try:
        return fetched(url)
    except Unreachable as error:
        raise CeremonyError(f"the log cannot be read: {url}: {error}") from None


def _keep(file: Path, follower: Follower) -> None:
    """Write how far the log was followed, whole or not at all. Raises `CeremonyError`."""
    partial = file.with_name(f"{file.name}.part")
    try:
        partial.write_text(follower.to_json(), encoding="utf-8")
        partial.replace(file)
    except OSError as error:
        raise CeremonyError(f"{file} cannot be written: {error.strerror}") from None


def _log_address(options: argparse.Namespace) -> str:
    home = trust_home(environ(), options.home)
    parts = urlsplit(platform_address(options.url or (source_of(home) if home else None)))
    path = parts.path.removesuffix("/trust/bundle.cgtrust")
    return parts._replace(path=f"{path}/{LOG_FOLDER}").geturl()


def _run_check(options: argparse.Namespace) -> int:
    """Follow the log over the network, or in the database with --dir."""
    if options.dir is not None:
        return run_with_runtime(options, _recheck)
    trust = given_trust(options, now())
    url = _log_address(options)
    own = _own_list(options, trust)
    if own is not None and options.state is not None:
        raise CeremonyError("a list is compared with the whole log: leave --state away")
    follower = _state(options.state)
    before = follower.edge.size
    try:
        head = open_checkpoint(_read(f"{url}/checkpoint"), log_keys(trust.trust_list))
        _compare_with_bundle(head, trust)
        for place, width in follower.bundles(head):
            body = _read(f"{url}/{tile_path(place, width)}")
            entries = follower.read(place, width, body)
            if own is not None:
                own.look_at(entries)
        follower.reach(head)
    except (LogFault, MalformedCheckpoint) as error:
        print(f"certgraph log: {url}: {error}", file=sys.stderr)
        return EXIT_REFUSED
    if options.state is not None:
        _keep(options.state, follower)
    print(f"{head.origin}: {head.size} certificates, {head.size - before} new")
    print(f"root {head.root.hex()}")
    return _say_own(own, options.organization) if own is not None else 0


def _compare_with_bundle(head: Checkpoint, trust: Trust) -> None:
    """Compare the head with that of the installed trust data. Raises `LogFault`."""
    known = trust.log_head
    if known is not None and known.origin == head.origin:
        if head.size < known.size:
            raise LogFault(f"it has {head.size} entries, the trust data say {known.size}")
        if head.size == known.size and head.root != known.root:
            raise LogFault(f"there are two different logs of {head.size} entries: a fork")


def _say_own(own: OwnList, code: str) -> int:
    for index, digest in own.unknown[:_SHOWN]:
        print(f"entry {index} is under a key of {code} and not in the list: SHA-256 {digest.hex()}")
    for digest in own.missing[:_SHOWN]:
        print(f"not in the log: SHA-256 {digest.hex()}")
    print(f"{code}: {len(own.unknown)} unknown to the list, {len(own.missing)} not in the log")
    return EXIT_REFUSED if own.unknown or own.missing else 0


async def _recheck(runtime: Runtime, _options: argparse.Namespace) -> None:
    async with runtime.reads() as session:
        size, faults = await recheck_log(session)
    for fault in faults[:_SHOWN]:
        print(fault)
    if faults:
        raise refusal("log.faults", count=len(faults), size=size)
    print(f"{size} entries, each as the register has it and every published head says")


async def _recover(runtime: Runtime, options: argparse.Namespace) -> None:
    """Read the log back from a copy, as far as the newest head that the database knows."""
    async with runtime.reads() as session:
        head = await newest_head(session)
    if head is None:
        raise refusal("log.nothing")
    known = checkpoint_parts(head.checkpoint)[0]
    follower = Follower()
    try:
        entries = b"".join(
            entry
            for place, width in follower.bundles(known)
            for _, entry in follower.read(
                place, width, _read(f"{options.copy.rstrip('/')}/{tile_path(place, width)}")
            )
        )
    except LogFault as error:
        raise CeremonyError(f"{options.copy}: {error}") from None
    done = await runtime.perform(recover_log, entries=entries)
    print(f"{done.size} entries are here again; {done.without} are of no certificate here")
    print("What is not in it yet is appended by the server, or by: certgraph trust publish")


async def _prove(runtime: Runtime, options: argparse.Namespace) -> None:
    signed, envelope = _certificate(options.text)
    try:
        number = claims_from(decode(envelope.payload)).number
    except ValueError as error:
        raise CeremonyError(f"this is no certificate: {error}") from None
    async with runtime.reads() as session:
        index = await log_index(session, number, content_digest(signed))
        head = await newest_head(session)
        if index is None or head is None or index >= head.size:
            raise refusal("log.not_there", number=number)
        found = await inclusion_of(session, index, head)
    write_new(options.out, found.text())
    print(f"{options.out}: entry {index} of {head.size}")


def _run_verify(options: argparse.Namespace) -> int:
    trust = given_trust(options, now())
    signed, envelope = _certificate(options.text)
    entry = entry_of(envelope.kid, signed)
    try:
        index, head = check_proof(options.proof.read_bytes(), entry, log_keys(trust.trust_list))
    except OSError as error:
        raise CeremonyError(f"{options.proof} cannot be read: {error.strerror}") from None
    except MalformedProof as error:
        print(f"certgraph log: {options.proof}: {error}", file=sys.stderr)
        return EXIT_REFUSED
    print(f"entry {index} of the {head.size} in {head.origin}")
    return 0


def _run_key(options: argparse.Namespace) -> int:
    """Print the keys of the log as witnesses and monitors take them."""
    trust = given_trust(options, now())
    origin = trust.log_head.origin if trust.log_head else None
    if origin is None:
        raise CeremonyError("the trust data have no head of a log yet")
    for key in log_keys(trust.trust_list):
        print(verifier_key(origin, key.public_bytes_raw()))
    return 0


def add_to(commands: Any) -> None:
    """Add the commands."""
    log = group(commands, "log", "the public log of what the register countersigned")
    check = log.add_parser("check", help="follow it: nothing missing, altered, rewritten or forked")
    check.add_argument("url", nargs="?", help="the platform (default: where trust data came from)")
    check.add_argument("--dir", type=Path, help="compare it with this folder's register instead")
    check.add_argument("--state", type=Path, metavar="FILE", help="how far it was followed; go on")
    check.add_argument("--organization", metavar="CODE", help="whose certificates to compare")
    check.add_argument(
        "--known", type=Path, metavar="FILE", help="all it knows: a QR text or SHA-256 a line"
    )
    check.set_defaults(run=_run_check)
    prove = leaf(log, "prove", "write the proof that a certificate is in it", _prove)
    prove.add_argument("text", help="text of its QR code")
    prove.add_argument("out", type=Path)
    recover = leaf(log, "recover", "read it back from a copy, after a restore", _recover)
    recover.add_argument("copy", help="address of the copy: …/log")
    verify = log.add_parser("verify", help="check such a proof offline")
    verify.add_argument("text", help="text of the certificate's QR code")
    verify.add_argument("proof", type=Path)
    verify.set_defaults(run=_run_verify)
    key = log.add_parser("key", help="print its keys, for witnesses and monitors")
    key.set_defaults(run=_run_key)
    for one in (check, verify, key):
        add_trust_options(one)
