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

from certgraph.cli.verify_words import say
from certgraph.credential import days
from certgraph.credential.trust_bundle import (
    Trust,
    UntrustedBundle,
    open_trust_bundle,
    reopen_trust_bundle,
)
from certgraph.credential.trust_list import RootKeys

ROOTS_FILE = "root.json"
SOURCE_FILE = "source.txt"
WARN_DAYS = 7
"""Days before trust data end on which that is said."""


class TrustDataError(ValueError):
    """No trust data that can be used; says what to do, in English unless asked otherwise."""

    def __init__(self, key: str, **facts: object) -> None:
        self._key, self._facts = key, facts
        super().__init__(self.said("en"))

    @classmethod
    def refused(cls, file: object, error: UntrustedBundle, *, key: str) -> "TrustDataError":
        """Return the refusal of a bundle. `key`: `held_refused` or `held_kept`."""
        return cls(key, file=file, why=error)

    def said(self, language: str) -> str:
        """Return the message in `zh` or `en`."""
        facts = dict(self._facts)
        why = facts.get("why")
        if isinstance(why, UntrustedBundle) and language != "en":
            facts["why"] = say(language, f"refused_{why.reason}")
        return say(language, self._key, **facts)


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
    warning: TrustDataError | None = None

    def age_warning(self, now: datetime) -> TrustDataError | None:
        """Return what to say where the lists end within `WARN_DAYS`, or have ended."""
        lists = self.trust.status_lists.values()
        end = min([self.trust.trust_list.expires_at, *(one.expires_at for one in lists)])
        left = end - days.to_instant(now)
        if left > WARN_DAYS * days.SECONDS_A_DAY:
            return None
        key = "held_aged" if left < 0 else "held_ages"
        return TrustDataError(key, day=days.to_date(days.day_of(end)))


def trust_home(environ: Mapping[str, str], given: Path | None = None) -> Path | None:
    """Return the folder where trust data is held; None for a user without a home."""
    if given is not None:
        return given
    if named := environ.get("CERTGRAPH_TRUST_HOME"):
        return Path(named)
    try:
        base = environ.get("XDG_DATA_HOME") or str(Path.home() / ".local/share")
    except RuntimeError:
        return None
    return Path(base) / "certgraph"


def read_roots(file: Path) -> RootKeys:
    """Return the root keys of a `root.json`. Raises `TrustDataError`."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if type(content["threshold"]) is not int:
            raise ValueError("threshold")
        roots = RootKeys(content["threshold"], tuple(bytes.fromhex(key) for key in content["keys"]))
    except FileNotFoundError:
        raise TrustDataError("held_no_file", file=file) from None
    except OSError as error:
        raise TrustDataError("held_cannot_read", file=file, why=error.strerror) from None
    except (KeyError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        why = type(error).__name__
        raise TrustDataError("held_no_root_file", file=file, why=why) from None
    if not roots.keys:
        raise TrustDataError("held_no_root_file", file=file, why="0 keys")
    return roots


def read_bundle(file: Path) -> bytes:
    """Return the bytes of a trust bundle. Raises `TrustDataError`."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise TrustDataError("held_no_file", file=file) from None
    except OSError as error:
        raise TrustDataError("held_cannot_read", file=file, why=error.strerror) from None


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
    *, home: Path | None, root_file: Path | None, bundle_file: Path | None, now: datetime
) -> HeldTrust:
    """Return the trust data to verify with, and hold it if it is newer than what was held.

    Args:
        home: From `trust_home`; None holds nothing.
        root_file: Root keys named by the user; None for those installed.
        bundle_file: Bundle named by the user; None for the one held.
        now: The verifier's time.

    Raises:
        TrustDataError: No root keys, or no bundle that can be used.
    """
    roots_at = root_file or (home / ROOTS_FILE if home else None)
    if roots_at is None or (root_file is None and not roots_at.exists()):
        raise TrustDataError("held_no_roots")
    roots = read_roots(roots_at)
    if bundle_file is not None:
        return take_bundle(home, roots, read_bundle(bundle_file), source=bundle_file, now=now)
    held = _held_bundle(_held_file(home, roots), roots) if home else None
    if held is None:
        raise TrustDataError("held_no_bundle")
    return held


def take_bundle(
    home: Path | None, roots: RootKeys, data: bytes, *, source: object, now: datetime
) -> HeldTrust:
    """Return what to verify with once `data` is there, and hold it if it is newer than what was.

    Raises:
        TrustDataError: It is refused, and nothing was held before.
    """
    held_at = _held_file(home, roots) if home else None
    held = _held_bundle(held_at, roots) if held_at else None
    try:
        trust = open_trust_bundle(data, roots, now=now, held=held.trust if held else None)
        reopen_trust_bundle(data, roots)  # or what is held now could not be held from now on
    except UntrustedBundle as error:
        if held is None:
            raise TrustDataError.refused(source, error, key="held_refused") from None
        warning = TrustDataError.refused(source, error, key="held_kept")
        return HeldTrust(held.trust, held.data, warning)
    if held_at is not None and (held is None or data != held.data):
        _keep(held_at, data)
    return HeldTrust(trust, data)


def install_roots(home: Path, root_file: Path) -> None:
    """Make the keys of `root_file` those of this installation. Raises `TrustDataError`."""
    read_roots(root_file)
    _write(home / ROOTS_FILE, root_file.read_bytes())


def source_of(home: Path) -> str | None:
    """Return the address that trust data were last fetched from; None where there is none."""
    try:
        return (home / SOURCE_FILE).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def remember_source(home: Path, url: str) -> None:
    """Keep the address that trust data were fetched from. Raises `TrustDataError`."""
    _write(home / SOURCE_FILE, f"{url}\n".encode())


def _write(file: Path, content: bytes) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except OSError as error:
        raise TrustDataError("held_cannot_write", file=file, why=error.strerror) from None
