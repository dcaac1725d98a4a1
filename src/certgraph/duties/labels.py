"""Words that a text must not bear: labels (教育部指导, 指定 …), designated purchases. Pure.

What is compared is a normal form, in which blanks, invisible characters, punctuation between Han
characters and traditional or variant forms make no difference; titles in 《》 are left out. The
text itself is kept as it is written. Pictures and attachments are not read.

Source: rules R48 and R30.
"""

import csv
import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files


class LabelOutcome(StrEnum):
    """What is to be done with a text. REVIEW: somebody of another organization reads it."""

    BLOCK = "block"
    REVIEW = "review"
    PASS = "pass"  # noqa: S105 - no password


_PURCHASE = "purchase"

_VARIANTS = str.maketrans(
    "導職敎訂業與監製認薦師資國會試證書関関", "导职教订业与监制认荐师资国会试证书关关"
)
_TITLE = re.compile("《([^》]{9,})》")
"""Of a document: what is shorter in 《》 is read as text."""

_TITLE_WAS_HERE = "\ue000"
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_BOUNDARY = "\ue001"
_ENDS = re.compile(r"[\n\r。．！？；，,!?;：:…]+|\.(?=\s|$)")
_BETWEEN_HAN = re.compile(f"(?<=[{_HAN}])(?:[^\\w\ue000\ue001]|_)+(?=[{_HAN}\ue001])")
_DROPPED = {"Cf", "Cc", "Zs", "Zl", "Zp", "Mn", "Me"}

_MINISTRIES = (
    "人社部|人力资源社会保障部|人力资源和社会保障部|财政部|发展改革委|国家发展改革委|工业和信息化部"
    "|工信部|农业农村部|国资委|国务院国资委|退役军人事务部|国务院扶贫办|市场监管总局"
)
_PARTS = {
    "{gap}": (
        "(?:的|联合|共同|办公厅|职成司|职业教育与成人教育司|有关司局|有关部门|和|及|与|等部门|等"
        f"|{_MINISTRIES})*"
    ),
    "{other}": "意见|纲要|委员会|方案|性|思想|目录|教师|中心|文件|精神",
    "{innocent}": (
        "动作|考场|考点|地点|时间|账户|邮箱|位置|区域|人员|联系人|路径|目录|文件夹|范围|代表"
    ),
}
_NEGATED = re.compile("(不得|禁止|严禁|不准|无需).{0,10}$")


def normal_form(text: str, *, with_ends: bool = False) -> str:
    """Return what is compared of a text; with a mark where a sentence or a part of one ends."""
    text = unicodedata.normalize("NFKC", text)
    text = _TITLE.sub(_TITLE_WAS_HERE, text)
    if with_ends:
        text = _ENDS.sub(_BOUNDARY, text)
    kept = "".join(c for c in text if unicodedata.category(c) not in _DROPPED)
    return _BETWEEN_HAN.sub("", kept).translate(_VARIANTS).lower()


def _rows() -> list[dict[str, str]]:
    text = files(__package__).joinpath("label_patterns.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def _patterns() -> list[tuple[LabelOutcome, date, re.Pattern[str]]]:
    """Return outcome, first day and pattern."""
    found = []
    for row in _rows():
        pattern = row["pattern"]
        if row["outcome"] == _PURCHASE:
            continue
        for name, part in _PARTS.items():
            pattern = pattern.replace(name, part)
        outcome, first_on = LabelOutcome(row["outcome"]), date.fromisoformat(row["first_on"])
        found.append((outcome, first_on, re.compile(pattern)))
    return found


def _found(text: str, day: date) -> Iterator[tuple[LabelOutcome, str]]:
    """Yield each label of a normal form; a forbidden one that is forbidden there is read."""
    for outcome, first_on, pattern in _patterns():
        if day < first_on:
            continue
        for match in pattern.finditer(text):
            is_negated = _NEGATED.search(text[: match.start()]) is not None
            if outcome is LabelOutcome.BLOCK:
                yield LabelOutcome.REVIEW if is_negated else outcome, match[0]
            elif not is_negated:
                yield outcome, match[0]


def label_outcome(text: str, day: date) -> tuple[LabelOutcome, str]:
    """Return what is to be done with a text, and the words of its normal form that are why.

    A label that there is only across the end of a sentence is read by somebody, not blocked.
    """
    found: dict[LabelOutcome, str] = {}
    for outcome, words in _found(normal_form(text, with_ends=True), day):
        found.setdefault(outcome, words)
    for outcome, words in _found(normal_form(text), day):
        if outcome is LabelOutcome.BLOCK:
            found.setdefault(LabelOutcome.REVIEW, words)
    for outcome in (LabelOutcome.BLOCK, LabelOutcome.REVIEW):
        if outcome in found:
            return outcome, found[outcome]
    return LabelOutcome.PASS, ""


@cache
def _purchases() -> list[tuple[date, re.Pattern[str]]]:
    return [
        (date.fromisoformat(row["first_on"]), re.compile(row["pattern"]))
        for row in _rows()
        if row["outcome"] == _PURCHASE
    ]


def tied_purchases(text: str, day: date) -> tuple[str, ...]:
    """Return words of a text that may ask for purchases of designated brands, each once.

    Somebody reads them: a list of words cannot know every brand.

    Source: rule R30.
    """
    plain = normal_form(text, with_ends=True)
    found = [
        match[0]
        for first_on, pattern in _purchases()
        if first_on <= day
        for match in pattern.finditer(plain)
        if not _NEGATED.search(plain[: match.start()])
    ]
    return tuple(dict.fromkeys(found))
