"""The answer to a lookup by number and name, as markup: for browsers that run no script."""

from datetime import date, datetime, timedelta, timezone
from html import escape

from certgraph.credential import days
from certgraph.credential.trust_bundle import Trust
from certgraph.credential.verification import Verification
from certgraph.credential.wording import (
    ICONS,
    TONES,
    level_word,
    notes_for,
    outcome_name,
    words_for,
)
from certgraph.verify_page.page import words

_CHINA = timezone(timedelta(hours=8))


def _box(tone: str, icon: str, title: str, line: str, heading: str = "verdict") -> str:
    return (
        f'<div class="verdict {tone}"><p class="icon" aria-hidden="true">{icon}&#xfe0e;</p>'
        f'<div><h2 id="{heading}">{escape(title)}</h2><p>{escape(line)}</p></div></div>'
    )


_TOO_OFTEN = {
    "zh": ("查询过于频繁", "该编号一小时内已被查询多次，请稍后再试，或扫描二维码核验。"),
    "en": (
        "Looked up too often",
        (
            "This number was looked up many times within an hour. "
            "Try again later, or check the QR code."
        ),
    ),
}
"""Said here alone: the page's own words are loaded by everybody."""


def message_html(language: str, name: str) -> str:
    """Return an answer without a certificate: `not_found`, `not_ready` or `too_often`."""
    texts = words(language)
    if name == "too_often":
        title, line = _TOO_OFTEN[language]
    else:
        title, line = texts[f"{name}_title"], texts[f"{name}_line"]
    return f'<div role="status" data-served>{_box("warn", "?", title, line)}</div>'


def answer_html(
    language: str,
    found: Verification,
    trust: Trust,
    *,
    now: datetime,
    due_on: date | None = None,
    heading: str = "verdict",
    is_holder: bool = False,
) -> str:
    """Return the answer for a certificate that was found.

    Args:
        language: `zh` or `en`.
        found: What verification says of it.
        trust: What it was verified with.
        now: The server's time.
        due_on: Last day for entering it on the platform, where it is not yet.
        heading: Id of its heading, where a page has several answers.
        is_holder: Whether it is the holder who reads it, and compares nothing.
    """
    texts = words(language)
    said = words_for(found, language, online=True)
    tone = TONES.get(found.verdict, "warn")
    parts = [_box(tone, ICONS[found.verdict], said.title, said.line, heading)]
    notes = notes_for(found, language, due_on=due_on)
    parts += [f'<p class="note">{escape(note)}</p>' for note in notes]
    if found.claims is not None:
        rows = "".join(
            f"<div><dt>{escape(texts[key])}</dt><dd>{escape(value)}</dd></div>"
            for key, value in _facts(language, found, trust)
        )
        parts.append(f"<dl>{rows}</dl>")
        if not is_holder:
            line = escape(texts["compare_line"])
            compare = f"<h3>{escape(texts['compare_title'])}</h3><p>{line}</p>"
            parts.append(f'<section class="compare">{compare}</section>')
    trust_list = trust.trust_list
    date = days.to_date(days.day_of(trust_list.issued_at))
    checked = texts["checked_at_service"].format(now=f"{now.astimezone(_CHINA):%Y-%m-%d %H:%M}")
    basis = texts["trust_at"].format(sequence=trust_list.sequence, date=date)
    parts.append(f'<p class="small">{escape(checked)} · {escape(basis)}</p>')
    return f'<div role="status" data-served>{"".join(parts)}</div>'


def _facts(language: str, found: Verification, trust: Trust) -> list[tuple[str, str]]:
    claims, texts = found.claims, words(language)
    assert claims is not None  # noqa: S101 - the caller looked
    assert found.issuer_key is not None  # noqa: S101 - claims come with it
    organization = found.issuer_key.organization
    standard = trust.standards.get((claims.standard_code, claims.standard_version))
    named = [standard.name] if standard else []
    outcomes = [
        f"{outcome_name(outcome, claims, trust) or outcome.number}"
        f" · {outcome.credits_tenths / 10:g} {texts['credits']}"
        for outcome in claims.outcomes
    ]
    expires_on = claims.expires_on
    facts = [
        ("holder", claims.holder_name),
        ("certificate", claims.certificate_name),
        ("level", level_word(claims.level, language)),
        ("standard", " · ".join([*named, claims.standard_code, claims.standard_version])),
        ("outcomes", "；".join(outcomes)),
        ("issuer", (organization.name_en if language == "en" else None) or organization.name),
        ("issued_on", claims.issued_on.isoformat()),
        ("expires_on", texts["no_end"] if expires_on is None else expires_on.isoformat()),
        ("masked_document", claims.masked_document or ""),
        ("number", claims.number),
    ]
    return [(key, value) for key, value in facts if value]
