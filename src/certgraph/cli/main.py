"""The command `certgraph`. `verify` and `trust` work without the server's packages."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from errno import EBADF, EIO, ENOSPC
from typing import TextIO

from certgraph import __version__
from certgraph.cli.clock import environ
from certgraph.cli.output import prepare_streams, visible
from certgraph.cli.parsers import EXIT_USAGE, Commands, Parser, language_and_command
from certgraph.cli.verify_words import say

MODULES = {
    "verify": ("verify",),
    "trust": ("trust",),
    "demo": ("demo",),
    "serve": ("serve", "schema"),
    "admin": ("migrate", "catalogue", "organization", "key", "audit"),
    "tokens": ("token",),
    "certificates": (
        "issue", "sign-own", "register", "suspend", "lift", "revoke", "correct",
    ),
    "recheck": ("recheck",),
    "corrections": ("correct-many",),
    "credit_bank": ("credit-bank",),
    "batches": ("batch",),
    "printing": ("print",),
    "log": ("log",),
    "programme": ("sweep", "parameter"),
    "retention": ("expire",),
    "handover": ("handover",),
}  # fmt: skip
"""Module → the commands in it. One is imported when it is chosen: all of them take three seconds.
All but the first two need the server's packages, and speak English."""


def _parser(
    chosen: str | None, language: str, *, only_version: bool = False
) -> argparse.ArgumentParser:
    """Return the parser with the command that is chosen; with all where it is none of them."""
    others = [one for of in list(MODULES.values())[2:] for one in of]
    language = "en" if chosen in others else language
    parser = Parser(language=language, prog="certgraph", description=say(language, "about"))
    parser.add_argument(
        "--version",
        action="version",
        version=f"certgraph {__version__}",
        help=say(language, "help_version"),
    )

    def print_help(_options: argparse.Namespace) -> int:
        parser.print_help()
        return 2

    parser.set_defaults(run=print_help)
    commands = Commands(parser)
    wanted = [name for name, of in MODULES.items() if chosen in of]
    if not wanted and not only_version:
        wanted = list(MODULES)
    try:
        for name in wanted:
            importlib.import_module(f"certgraph.cli.{name}").add_to(commands)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("certgraph"):
            raise
        install = "pip install 'certgraph[server]'"
        if chosen in others:
            parser.error(f"{chosen} needs the server's packages: {install}")
        named = ("、" if language == "zh" else ", ").join(others)
        parser.epilog = say(language, "about_base", others=named, install=install)
    return parser


def _expected_errors() -> tuple[type[Exception], ...]:
    """Return the errors that are said in one line, without a traceback."""
    from certgraph.cli.new_files import CeremonyError  # noqa: PLC0415 - commands start without
    from certgraph.cli.tables import TableError  # noqa: PLC0415 - the same
    from certgraph.cli.trust_store import TrustDataError  # noqa: PLC0415 - the same

    errors: list[type[Exception]] = [CeremonyError, TableError, TrustDataError]
    try:
        from certgraph.sealing import CannotOpen  # noqa: PLC0415 - optional
        from certgraph.settings import SettingsError  # noqa: PLC0415 - optional
        from certgraph.trust.ceremony import MalformedFile  # noqa: PLC0415 - optional
    except ModuleNotFoundError:
        return tuple(errors)
    return (*errors, CannotOpen, SettingsError, MalformedFile)


EXIT_FAULT = 70
"""A fault of this program: EX_SOFTWARE of sysexits.h."""
EXIT_OUTPUT = 74
"""What was to be said could not be written: EX_IOERR of sysexits.h."""
EXIT_INTERRUPTED = 130
EXIT_PIPE_CLOSED = 141
"""The reader of a pipe closed it, as `head` does: 128 + SIGPIPE, as a shell has it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status; none of those above is ever a verdict."""
    given = sys.argv[1:] if arguments is None else arguments
    prepare_streams()
    language, chosen = language_and_command(given)
    parser = _parser(chosen, language, only_version=[*given] == ["--version"])
    options = parser.parse_args(given)
    options.lang = language
    try:
        if sys.stdout is None:
            return _end(say(language, "end_closed"), EXIT_OUTPUT)
        status = options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:
        _silence(sys.stdout)
        return EXIT_PIPE_CLOSED
    except KeyboardInterrupt:
        return _end(say(language, "end_interrupted"), EXIT_INTERRUPTED)
    except _expected_errors() as error:
        said = error.said(language) if hasattr(error, "said") else str(error)
        return _end(said, EXIT_USAGE)
    except Exception as error:  # the last resort: a status that means one thing
        if isinstance(error, OSError) and error.errno in (ENOSPC, EBADF, EIO):
            _silence(sys.stdout)
            return _end(say(language, "end_output", why=error.strerror), EXIT_OUTPUT)
        if environ().get("CERTGRAPH_TRACEBACK"):
            raise
        why = " ".join(f"{type(error).__name__}: {error}".split())
        return _end(say(language, "end_fault", why=why), EXIT_FAULT)
    return int(status)


def _end(message: str, status: int) -> int:
    if sys.stderr is not None:
        print(f"certgraph: {visible(message)}", file=sys.stderr)
    return status


def _silence(stream: TextIO) -> None:
    """Keep the interpreter from writing once more, at its end, what cannot be written."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


if __name__ == "__main__":
    sys.exit(main())
