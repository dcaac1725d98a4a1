"""The command `certgraph`. `verify` works without the server's packages."""

import argparse
import importlib
import sys
from collections.abc import Sequence

from certgraph import __version__

MODULES = {
    "verify": ("verify",),
    "demo": ("demo",),
    "serve": ("serve", "schema"),
    "admin": ("migrate", "catalogue", "organization", "key", "token"),
    "trust": ("trust",),
    "certificates": (
        "issue", "sign-own", "register", "suspend", "lift", "revoke", "correct", "recheck",
    ),
    "credit_bank": ("credit-bank",),
}  # fmt: skip
"""Module → the commands in it. One is imported when it is chosen: all of them take three seconds.
All but the first need the server's packages."""


def _parser(chosen: str | None) -> argparse.ArgumentParser:
    """Return the parser with the command that is chosen; with all where it is none of them."""
    parser = argparse.ArgumentParser(
        prog="certgraph",
        description="Issue, sign and verify 1+X vocational skill-level certificates.",
    )
    parser.add_argument("--version", action="version", version=f"certgraph {__version__}")

    def print_help(_options: argparse.Namespace) -> int:
        parser.print_help()
        return 2

    parser.set_defaults(run=print_help)
    commands = parser.add_subparsers(metavar="COMMAND")
    wanted = [name for name, of in MODULES.items() if chosen in of] or list(MODULES)
    try:
        for name in wanted:
            importlib.import_module(f"certgraph.cli.{name}").add_to(commands)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("certgraph"):
            raise
        others = ", ".join(one for of in list(MODULES.values())[1:] for one in of)
        parser.epilog = (
            f"Only verify is installed here. For {others}: pip install 'certgraph[server]'"
        )
    return parser


def _expected_errors() -> tuple[type[Exception], ...]:
    """Return the errors that are told in one line, without a traceback."""
    from certgraph.cli.trust_store import TrustDataError  # noqa: PLC0415 - beside the optional ones

    errors: list[type[Exception]] = [TrustDataError]
    try:
        from certgraph.cli.trust import CeremonyError  # noqa: PLC0415 - optional
        from certgraph.sealing import CannotOpen  # noqa: PLC0415 - optional
        from certgraph.settings import SettingsError  # noqa: PLC0415 - optional
        from certgraph.trust.ceremony import MalformedFile  # noqa: PLC0415 - optional
    except ModuleNotFoundError:
        return tuple(errors)
    return (*errors, CeremonyError, CannotOpen, SettingsError, MalformedFile)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status; 2 for wrong usage or settings."""
    given = sys.argv[1:] if arguments is None else arguments
    options = _parser(next(iter(given), None)).parse_args(given)
    try:
        status = options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of a pipe closed it, as `head` does
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        print("certgraph: interrupted; repeat the command to go on", file=sys.stderr)
        return 130
    except _expected_errors() as error:
        print(f"certgraph: {error}", file=sys.stderr)
        return 2
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
