"""certgraph trust: the root ceremony, and the trust data of this installation.

roots → build → sign (once for each root key, offline) → publish. Rotating root keys is the same
with `build --roots NEW`: enough old and enough new keys must sign.
"""

import argparse
import getpass
import os
import sys
from datetime import date
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from certgraph.cli.clock import environ, now, system_random
from certgraph.cli.runtime import Runtime, group, leaf
from certgraph.cli.trust_store import (
    install_roots,
    load_trust,
    read_bundle,
    read_roots,
    trust_home,
)
from certgraph.credential import days
from certgraph.credential.signature import PrivateKeySigner
from certgraph.credential.trust_bundle import UntrustedBundle, open_trust_bundle
from certgraph.credential.trust_list import RootKeys
from certgraph.problems import refusal
from certgraph.trust import queries
from certgraph.trust.ceremony import (
    MalformedFile,
    proposal_from_json,
    roots_from_json,
    roots_to_json,
)
from certgraph.trust.publication import BUNDLE_PATH, check_clock, publish
from certgraph.trust.restoring import take_as_floor
from certgraph.trust.service import build_trust_list, current_roots, take_into_force
from certgraph.verify_page.page import one_file_html

PASSPHRASE_VARIABLE = "CERTGRAPH_ROOT_PASSPHRASE"  # noqa: S105 - the name of a variable


class CeremonyError(ValueError):
    """A step of the ceremony that cannot be done; says why."""


def write_new(file: Path, content: bytes, *, secret: bool = False) -> None:
    """Write a file that must not exist yet. Raises `CeremonyError`."""
    mode = 0o600 if secret else 0o644
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as out:
            out.write(content)
    except FileExistsError:
        raise CeremonyError(f"{file} exists already and is not overwritten") from None
    except OSError as error:
        raise CeremonyError(f"{file} cannot be written: {error.strerror}") from None


def _passphrase(options: argparse.Namespace) -> bytes | None:
    """Return the passphrase of root keys: from the environment, none if asked so, or typed."""
    if options.no_passphrase:
        return None
    given = environ().get(PASSPHRASE_VARIABLE)
    if given is None and sys.stdin.isatty():
        given = getpass.getpass("Passphrase of the root key: ")
    if not given:
        raise CeremonyError(
            f"no passphrase: set {PASSPHRASE_VARIABLE}, type one, or say --no-passphrase"
        )
    return given.encode()


def create_roots(folder: Path, *, keys: int, threshold: int, passphrase: bytes | None) -> RootKeys:
    """Write `keys` new root keys and `root.json` into `folder`. Raises `CeremonyError`."""
    random = system_random()
    private_keys = [Ed25519PrivateKey.from_private_bytes(random.randbytes(32)) for _ in range(keys)]
    try:
        roots = RootKeys(
            threshold, tuple(key.public_key().public_bytes_raw() for key in private_keys)
        )
    except ValueError as error:
        raise CeremonyError(f"these root keys make no sense: {error}") from None
    if threshold < 1:
        raise CeremonyError("the threshold must be at least 1")
    protection = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    for index, key in enumerate(private_keys, 1):
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)
        write_new(folder / f"root-{index}.key.pem", pem, secret=True)
    write_new(folder / "root.json", roots_to_json(roots).encode())
    return roots


def load_root_key(file: Path, passphrase: bytes | None) -> PrivateKeySigner:
    """Return the signer of a root key's file. Raises `CeremonyError`."""
    try:
        key = load_pem_private_key(file.read_bytes(), passphrase)
    except OSError as error:
        raise CeremonyError(f"{file} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError) as error:
        raise CeremonyError(
            f"{file} is not a root key, or the passphrase is wrong: {error}"
        ) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise CeremonyError(f"{file} is not an Ed25519 key")
    return PrivateKeySigner(key)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CeremonyError(f"{file} cannot be read: {error}") from None


def _run_roots(options: argparse.Namespace) -> int:
    roots = create_roots(
        options.folder,
        keys=options.keys,
        threshold=options.threshold,
        passphrase=_passphrase(options),
    )
    print(f"{options.threshold} of {len(roots.keys)} root keys in {options.folder}")
    print("Keep each root-N.key.pem on its own offline machine; give root.json to verifiers.")
    return 0


def _run_sign(options: argparse.Namespace) -> int:
    try:
        proposal = proposal_from_json(_read(options.file))
    except MalformedFile as error:
        raise CeremonyError(f"{options.file}: {error}") from None
    signer = load_root_key(options.key, _passphrase(options))
    signed = proposal.signed_by(signer)
    options.file.write_text(signed.to_json(), encoding="utf-8")
    print(f"signed by {signer.public_key.hex()}; {len(signed.signatures)} signature(s) now")
    return 0


async def _build(runtime: Runtime, options: argparse.Namespace) -> None:
    async with runtime.sessions.begin() as session:
        roots = await current_roots(session)
        if options.roots is not None:
            roots = roots_from_json(_read(options.roots))
        if roots is None:
            raise refusal("trust.no_roots")
        proposal = await build_trust_list(
            session, roots, now=runtime.now, freshness=runtime.settings.freshness()
        )
    write_new(options.out, proposal.to_json().encode())
    print(f"{options.out}: sign it with {roots.threshold} root key(s), then publish it")


async def _publish(runtime: Runtime, options: argparse.Namespace) -> None:
    keyring = runtime.keyring()
    async with runtime.sessions.begin() as session:
        await check_clock(session, runtime.now)
        if options.file is not None:
            first_roots = roots_from_json(_read(options.roots)) if options.roots else None
            proposal = proposal_from_json(_read(options.file))
            row = await take_into_force(session, proposal, first_roots, now=runtime.now)
            print(f"trust list {row.sequence} is in force until {row.expires_at:%Y-%m-%d}")
        done = await publish(
            session,
            keyring,
            base_url=runtime.settings.base_url,
            now=runtime.now,
            freshness=runtime.settings.freshness(),
        )
        bundle = await queries.published_file(session, BUNDLE_PATH)
    print(f"{done.status_lists} status list(s), {done.renewed} renewed")
    if done.warning:
        print(f"certgraph trust: {done.warning}", file=sys.stderr)
    if options.out is not None and bundle is not None:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_bytes(bundle.body)
        print(f"{options.out}: {len(bundle.body)} bytes")


async def _restored(runtime: Runtime, options: argparse.Namespace) -> None:
    data = read_bundle(options.last_bundle)
    async with runtime.sessions.begin() as session:
        done = await take_as_floor(session, data, now=runtime.now, random=runtime.random)
    print(
        f"{done.status_lists} status list(s) of the bundle are the floor; every list is closed, "
        "new certificates go into new ones"
    )
    print(f"{done.trust_lists} trust list(s) recorded that the database had forgotten")
    print(f"{len(done.changed)} certificate(s) set back to what was published")
    for number in done.changed:
        print(f"  {number}")
    print(
        f"{done.unknown} entries of certificates that the database has forgotten stay as published"
    )
    print("Run certgraph trust publish, or start the server.")


def _run_install(options: argparse.Namespace) -> int:
    home = trust_home(environ())
    held = load_trust(home=home, root_file=options.root, bundle_file=options.bundle, now=now())
    if held.warning:
        raise CeremonyError(held.warning)
    install_roots(home, options.root)
    print(f"installed: root keys, trust list {held.trust.trust_list.sequence}")
    return 0


def _run_show(options: argparse.Namespace) -> int:
    held = load_trust(
        home=trust_home(environ()), root_file=options.root, bundle_file=options.bundle, now=now()
    )
    if held.warning:
        print(f"certgraph trust: {held.warning}", file=sys.stderr)
    trust_list = held.trust.trust_list
    print(
        f"trust list {trust_list.sequence}, made {days.to_datetime(trust_list.issued_at):%Y-%m-%d},"
        f" good until {days.to_datetime(trust_list.expires_at):%Y-%m-%d};"
        f" {len(held.trust.status_lists)} status list(s)"
    )
    for organization in trust_list.organizations:
        print(f"  {organization.code}  {organization.state.name:<11}  {organization.name}")
        for entitlement in organization.entitlements:
            levels = ", ".join(map(str, entitlement.levels))
            print(f"      {entitlement.certificate_name}, level {levels}")
    return 0


def _day(instant: int) -> date:
    return days.to_date(days.day_of(instant))


def _run_page(options: argparse.Namespace) -> int:
    """Write the verify page as one file; the bundle in it is opened first, as a verifier would."""
    at = now()
    roots = read_roots(options.root)
    data = read_bundle(options.bundle)
    try:
        trust = open_trust_bundle(data, roots, now=at)
    except UntrustedBundle as error:
        raise CeremonyError(f"{options.bundle} is refused: {error}") from None
    html = one_file_html(options.language, roots, data).encode()
    write_new(options.out, html)
    lists = trust.status_lists.values()
    fresh = min((one.fresh_until for one in lists), default=trust.trust_list.expires_at)
    end = min((one.expires_at for one in lists), default=fresh)
    print(f"{options.out}: {len(html)} bytes; opens in a browser, without a network")
    print(
        f"It answers “valid” until {_day(fresh)}, then “valid as of”; from {_day(end)} on it "
        "confirms nothing. Hand out a newer one in time."
    )
    return 0


def add_to(commands: Any) -> None:  # noqa: ANN401 - argparse's subparsers have no public type
    """Add the commands."""
    trust = group(commands, "trust", "the root ceremony and the trust data held here")
    roots = trust.add_parser("roots", help="create root keys")
    roots.add_argument("folder", type=Path)
    roots.add_argument("--keys", type=int, default=3, help="how many (default: 3)")
    roots.add_argument("--threshold", type=int, default=2, help="how many must sign (default: 2)")
    roots.set_defaults(run=_run_roots)
    build = leaf(trust, "build", "build the next trust list, unsigned", _build)
    build.add_argument("out", type=Path)
    build.add_argument("--roots", type=Path, help="root.json of the first, or of new, root keys")
    sign = trust.add_parser("sign", help="sign a trust list with one root key (offline)")
    sign.add_argument("file", type=Path)
    sign.add_argument("--key", type=Path, required=True, help="root-N.key.pem")
    sign.set_defaults(run=_run_sign)
    for parser in (roots, sign):
        parser.add_argument("--no-passphrase", action="store_true", help="the key has none")
    publication = leaf(trust, "publish", "take a signed list into force; renew files", _publish)
    publication.add_argument("file", type=Path, nargs="?", help="signed trust list")
    publication.add_argument("--roots", type=Path, help="root.json, for the first list")
    publication.add_argument("--out", type=Path, help="also write the trust bundle to this file")
    restored = leaf(
        trust, "restored", "after a restore of the database: keep what was published", _restored
    )
    restored.add_argument(
        "--last-bundle",
        type=Path,
        required=True,
        metavar="FILE",
        help="the newest bundle.cgtrust that verifiers or the CDN have",
    )
    page = trust.add_parser("page", help="write the verify page as one file, trust data inside")
    page.add_argument("bundle", type=Path)
    page.add_argument("out", type=Path, help="HTML file to write")
    page.add_argument("--root", type=Path, required=True, help="root.json from the programme")
    page.add_argument("--language", choices=("zh", "en"), default="zh")
    page.set_defaults(run=_run_page)
    install = trust.add_parser("install", help="install root keys and a bundle for verifying")
    install.add_argument("bundle", type=Path)
    install.add_argument("--root", type=Path, required=True, help="root.json from the programme")
    install.set_defaults(run=_run_install)
    show = trust.add_parser("show", help="show what a bundle says")
    show.add_argument("bundle", type=Path, nargs="?")
    show.add_argument("--root", type=Path)
    show.set_defaults(run=_run_show)
