"""A change that breaks clients is named in the changelog, or `make check` fails."""

from scripts.schema_changes import breaks_and_risks, main, unnamed

BEFORE = """type Query { a(x: Int): String b: E } enum E { ONE TWO }"""
AFTER = """type Query { a(x: Int!): String } enum E { ONE TWO THREE }"""
BREAKS = ["Field Query.b was removed.", "Argument Query.a(x:) has changed type from Int to Int!."]


def test_breaks_and_risks_are_found():
    breaks, risks = breaks_and_risks(BEFORE, AFTER)
    assert sorted(breaks) == sorted(BREAKS)
    assert risks == ["Enum value E.THREE was added."]


def test_a_break_is_to_be_named_below_its_own_heading():
    named = (
        "## Unreleased\n### Breaking\n- Field Query.b was removed.\n### Added\n- nothing\n## 1.0\n"
    )
    assert unnamed(BREAKS, named) == BREAKS[1:]
    elsewhere = (
        "## Unreleased\n### Added\n- Field Query.b was removed.\n## 1.0\n### Breaking\n" + BREAKS[1]
    )
    assert unnamed(BREAKS, elsewhere) == BREAKS


def test_this_schema_breaks_nothing_that_was_released(capsys):
    assert main() == 0
    assert capsys.readouterr().out
