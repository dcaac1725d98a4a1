"""Compare schema.graphql with the last release: `make check` fails on a break that nobody named."""

import subprocess
import sys
from pathlib import Path

from graphql import build_schema, find_breaking_changes, find_dangerous_changes

ROOT = Path(__file__).parents[1]


def breaks_and_risks(before: str, after: str) -> tuple[list[str], list[str]]:
    """Return what breaks clients between two schemas, and what may, a sentence each."""
    old, new = build_schema(before), build_schema(after)
    breaks = [change.description for change in find_breaking_changes(old, new)]
    return breaks, [change.description for change in find_dangerous_changes(old, new)]


def unnamed(breaks: list[str], changelog: str) -> list[str]:
    """Return the breaks that the changelog does not name below `### Breaking` of Unreleased."""
    unreleased = changelog.partition("## Unreleased")[2].partition("\n## ")[0]
    named = unreleased.partition("### Breaking")[2].partition("\n### ")[0]
    return [one for one in breaks if one not in named]


def _git(*arguments: str) -> str | None:
    run = subprocess.run(  # noqa: S603 - our own arguments
        ["git", *arguments],  # noqa: S607 - as found by whoever develops
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return run.stdout if run.returncode == 0 else None


def main() -> int:
    """Print what changed since the last release; 1 where a break is not named."""
    tags = (_git("tag", "--list", "v*", "--sort=-v:refname") or "").split()
    before = _git("show", f"{tags[0]}:schema.graphql") if tags else None
    if before is None:
        print("schema.graphql: nothing is released yet")
        return 0
    after = (ROOT / "schema.graphql").read_text("utf-8")
    breaks, risks = breaks_and_risks(before, after)
    for said in risks:
        print(f"may break: {said}")
    left = unnamed(breaks, (ROOT / "CHANGELOG.md").read_text("utf-8"))
    for said in left:
        print(f"breaks, and is not named in CHANGELOG.md: {said}")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
