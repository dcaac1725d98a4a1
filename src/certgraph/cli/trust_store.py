"""The trust data an installation holds: root keys, and the newest bundle it ever accepted.

A folder of the user's, `~/.local/share/certgraph` unless CERTGRAPH_TRUST_HOME names another. For
each set of root keys it keeps the bundle in force, so that an older one is noticed as a rollback.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from certgraph.credential.trust_bundle import (
    Trust,
    UntrustedBundle,
    open_trust_bundle,
    reopen_trust_bundle,
)
from certgraph.credential.trust_list import RootKeys

ROOTS_FILE = "root.json"


class TrustDataError(ValueError):
    """No trust data that can be used; says what to do."""


@dataclass(frozen=True, slots=True)
class HeldTrust:
    """Trust data in force, and what was refused on the way.

    Attributes:
        trust: What to verify with.
        data: The bundle it came from.
        warning: Why a newer file was not taken; None where there was none, or it was taken.
    """

    trust: Trust
    data: bytes
    warning: str | None = None


def trust_home(environ: Mapping[str, str]) -> Path:
    """Return the folder where trust data is held."""
    if given := environ.get("CERTGRAPH_TRUST_HOME"):
        return Path(given)
    base = environ.get("XDG_DATA_HOME") or str(Path.home() / ".local/share")
    return Path(base) / "certgraph"


def read_roots(file: Path) -> RootKeys:
    """Return the root keys of a `root.json`. Raises `TrustDataError`."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        roots = RootKeys(
            int(content["threshold"]), tuple(bytes.fromhex(key) for key in content["keys"])
        )
    except FileNotFoundError:
        raise TrustDataError(f"there is no file {file}") from None
    except OSError as error:
        raise TrustDataError(f"{file} cannot be read: {error.strerror}") from None
    except (KeyError, TypeError, ValueError) as error:
        raise TrustDataError(f"{file} is not a file of root keys: {error}") from None
    if not roots.keys:
        raise TrustDataError(f"{file} is not a file of root keys: it names none")
    return roots


def read_bundle(file: Path) -> bytes:
    """Return the bytes of a trust bundle. Raises `TrustDataError`."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise TrustDataError(f"there is no trust bundle {file}") from None
    except OSError as error:
        raise TrustDataError(f"{file} cannot be read: {error.strerror}") from None


def _held_file(home: Path, roots: RootKeys) -> Path:
    fingerprint = hashlib.sha256(bytes([roots.threshold]) + b"".join(sorted(roots.keys)))
    return home / f"held-{fingerprint.hexdigest()[:16]}.cgtrust"


def _held_bundle(file: Path, roots: RootKeys) -> HeldTrust | None:
    """Return the bundle held, whatever its dates: an older one must not pass because it expired."""
    try:
        data = file.read_bytes()
        return HeldTrust(reopen_trust_bundle(data, roots), data)
    except (OSError, UntrustedBundle):
        return None


def _keep(file: Path, data: bytes) -> None:
    """Hold a bundle; where the folder cannot be written, verification goes on without."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_name(f"{file.name}.{os.getpid()}.part")
        partial.write_bytes(data)
        partial.replace(file)
    except OSError:
        return


def load_trust(
    *, home: Path, root_file: Path | None, bundle_file: Path | None, now: datetime
) -> HeldTrust:
    """Return the trust data to verify with, and hold it if it is newer than what was held.

    Args:
        home: From `trust_home`.
        root_file: Root keys named by the user; None for those installed.
        bundle_file: Bundle named by the user; None for the one held.
        now: The verifier's time.

    Raises:
        TrustDataError: No root keys, or no bundle that can be used.
    """
    roots_at = root_file or home / ROOTS_FILE
    if root_file is None and not roots_at.exists():
        raise TrustDataError(
            "no root keys are installed: pass --root root.json, or install them once with "
            "certgraph trust install --root root.json bundle.cgtrust"
        )
    roots = read_roots(roots_at)
    held_at = _held_file(home, roots)
    held = _held_bundle(held_at, roots)
    if bundle_file is None:
        if held is None:
            raise TrustDataError("no trust bundle is held that can be used: pass --trust FILE")
        return held
    data = read_bundle(bundle_file)
    try:
        trust = open_trust_bundle(data, roots, now=now, held=held.trust if held else None)
        reopen_trust_bundle(data, roots)  # or what is held now could not be held from now on
    except UntrustedBundle as error:
        message = f"{bundle_file} is refused: {error}"
        if held is None:
            raise TrustDataError(message) from None
        return HeldTrust(held.trust, held.data, f"{message}. The one held before stays in force.")
    if held is None or data != held.data:
        _keep(held_at, data)
    return HeldTrust(trust, data)


def install_roots(home: Path, root_file: Path) -> None:
    """Make the keys of `root_file` those of this installation. Raises `TrustDataError`."""
    read_roots(root_file)
    try:
        home.mkdir(parents=True, exist_ok=True)
        (home / ROOTS_FILE).write_bytes(root_file.read_bytes())
    except OSError as error:
        raise TrustDataError(f"{home} cannot be written: {error.strerror}") from None
