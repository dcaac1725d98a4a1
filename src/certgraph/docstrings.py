"""What docstrings say of each argument or attribute, for the schema."""

import inspect


def described_in(documented: object, section: str) -> dict[str, str]:
    """Return name → what a section of a docstring (`Args`, `Attributes`) says of it."""
    found: dict[str, str] = {}
    _, _, text = (inspect.getdoc(documented) or "").partition(f"{section}:\n")
    for line in text.splitlines():
        name, colon, said = line.strip().partition(": ")
        if colon and name.isidentifier():
            found[name] = said
        elif found and line.strip():
            found[list(found)[-1]] += f" {line.strip()}"
        elif found:
            break
    return found
