# ruff: noqa: ANN401 - argparse's subparsers have no public type
"""certgraph trust roots, build, sign, publish, restored: the root ceremony and publishing.

roots → build → sign (once for each root key, offline) → publish. Rotating root keys is the same
with `build --roots NEW`: enough old and enough new keys must sign.
"""

import argparse
import getpass
import sys
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

from certgraph.cli.clock import default_language, environ, system_random
from certgraph.cli.list_words import sentence, words
from certgraph.cli.new_files import CeremonyError, write_new
from certgraph.cli.output import visible
from certgraph.cli.runtime import EXIT_REFUSED, Runtime, leaf
from certgraph.cli.trust_store import read_bundle
from certgraph.credential import days
from certgraph.credential.signature import PrivateKeySigner
from certgraph.credential.trust_bundle import UntrustedBundle
from certgraph.credential.trust_list import RootKeys, decode_trust_list
from certgraph.problems import refusal
from certgraph.trust import queries
from certgraph.trust.ceremony import (
    MalformedFile,
    Proposal,
    proposal_from_json,
    roots_from_json,
    roots_to_json,
)
from certgraph.trust.differences import differences
from certgraph.trust.publication import BUNDLE_PATH, check_clock, publish
from certgraph.trust.restoring import take_as_floor
from certgraph.trust.service import build_trust_list, current_roots, take_into_force

PASSPHRASE_VARIABLE = "CERTGRAPH_ROOT_PASSPHRASE"  # noqa: S105 - the name of a variable


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
    language = default_language()
    kept = options.key.with_name(f"{options.key.name}.last-list.json")
    _show(proposal, _signed_last(kept, signer), language)
    if not options.yes and sys.stdin.isatty() and input(words(language, "ask")).strip() != "yes":
        print(words(language, "not_signed"))
        return EXIT_REFUSED
    signed = proposal.signed_by(signer)
    options.file.write_text(signed.to_json(), encoding="utf-8")
    try:
        kept.write_text(signed.to_json(), encoding="utf-8")
    except OSError as error:
        said = words(language, "not_kept", file=kept, why=error.strerror)
        print(f"certgraph trust: {said}", file=sys.stderr)
    print(f"signed by {signer.public_key.hex()}; {len(signed.signatures)} signature(s) now")
    return 0


def _signed_last(kept: Path, signer: PrivateKeySigner) -> Proposal | None:
    """Return the list that a root key signed last, as it is kept beside the key.

    Raises:
        CeremonyError: It cannot be read, or this key did not sign it: somebody put it there.
    """
    if not kept.exists():
        return None
    try:
        found = proposal_from_json(_read(kept))
    except MalformedFile as error:
        raise CeremonyError(f"{kept}: {error}") from None
    if signer.public_key not in dict(found.signatures):
        raise CeremonyError(f"{kept}: this key did not sign that list; take the file away")
    return found


def _show(proposal: Proposal, before: Proposal | None, language: str) -> None:
    """Print what a list says anew beside the one that the key signed last.

    Everything is read from what is signed; the summary in the file is not looked at.

    Raises:
        CeremonyError: The key signed a later list already.
    """
    trust_list = decode_trust_list(proposal.payload)
    earlier = None if before is None else decode_trust_list(before.payload).sequence
    if earlier is not None and earlier > trust_list.sequence:
        facts = {"before": earlier, "sequence": trust_list.sequence}
        raise CeremonyError(words(language, "older", **facts))
    until = days.to_date(days.day_of(trust_list.expires_at))
    kind = "since_nothing" if earlier is None else "since"
    print(words(language, kind, sequence=trust_list.sequence, until=until, before=earlier))
    try:
        found = differences(before, proposal)
    except UntrustedBundle as error:
        raise CeremonyError(str(error)) from None
    for one in found:
        print(f"  {visible(sentence(one, language, dict(proposal.custody)))}")
    if not found:
        print(f"  {words(language, 'nothing')}")


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
    async with runtime.sessions() as session:
        await check_clock(session, runtime.now)
    if options.file is not None:
        taken = await runtime.perform(
            take_into_force,
            proposal=proposal_from_json(_read(options.file)),
            first_roots=roots_from_json(_read(options.roots)) if options.roots else None,
        )
        print(f"trust list {taken.sequence} is in force until {taken.expires_at:%Y-%m-%d}")
    async with runtime.sessions.begin() as session:
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
    done = await runtime.perform(take_as_floor, bundle=data)
    print(
        f"{done.status_lists} status list(s) of the bundle are the floor; every list is closed, "
        "new certificates go into new ones"
    )
    print(f"{done.trust_lists} trust list(s) recorded that the database no longer had")
    print(f"{len(done.changed)} certificate(s) set back to what was published")
    for number in done.changed:
        print(f"  {number}")
    print(
        f"{done.unknown} entries of certificates that the database no longer has stay as published"
    )
    print("Run certgraph trust publish, or start the server.")


def add_to(trust: Any) -> None:
    """Add the commands to `certgraph trust`."""
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
    sign.add_argument("--yes", action="store_true", help="do not ask; what is new is shown anyway")
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
