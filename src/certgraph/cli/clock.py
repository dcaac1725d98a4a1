"""What the entry points read from the machine: clock, environment, language, randomness."""

import locale
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from random import Random, SystemRandom  # noqa: TID251 - an entry point


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)  # noqa: TID251 - an entry point


def environ() -> Mapping[str, str]:
    """Return the environment."""
    return os.environ  # noqa: TID251 - an entry point


def system_random() -> Random:
    """Return the operating system's random source."""
    return SystemRandom()


def default_language() -> str:
    """Return `zh` on a Chinese system, else `en`."""
    name = environ().get("LC_ALL") or environ().get("LANG") or locale.getlocale()[0] or ""
    return "zh" if name.lower().startswith(("zh", "chinese")) else "en"
