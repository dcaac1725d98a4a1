"""What is taught from: textbooks and online resources."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated

from stdnum import isbn
from stdnum.exceptions import ValidationError

from certgraph.actions.parties import ON_BEHALF, OWN, Role
from certgraph.duties.kinds.declaring import Circumstances, Flag, Kind
from certgraph.duties.kinds.values import (
    MOST_FEN,
    is_address,
    line_problems,
    past_problems,
    text_of_problems,
    whole_problems,
)
from certgraph.duties.rules import FilingKind, FindingSeverity
from certgraph.problems import Problem
from certgraph.standards.rules import CertificateLevel

_MAY = {Role.EVALUATION_ORGANIZATION: OWN, Role.OPERATOR: ON_BEHALF}


@dataclass(frozen=True, slots=True, kw_only=True)
class TextbookBody:
    """A textbook of a certificate.

    Attributes:
        certificate_type_code: Of which certificate type.
        level: Of which level; null: of several.
        title: Its title.
        isbn: ISBN of 13 or 10 digits, with or without hyphens.
        publisher: The publishing house; empty: none.
        published_on: Day of publication.
        channel: Through which regular channel it is ordered (征订渠道); empty: none.
    """

    certificate_type_code: str
    title: str
    isbn: str
    publisher: str
    channel: str
    published_on: date
    level: Annotated[int, CertificateLevel] | None = None


def _textbook_problems(body: TextbookBody, facts: Circumstances) -> list[Problem]:
    problems = line_problems(body, "title")
    try:
        isbn.validate(body.isbn)
    except ValidationError:
        shown = {"isbn": body.isbn[:40]}
        problems.append(Problem(code="textbook.isbn", path=("isbn",), facts=shown))
    for name, code in (("publisher", "textbook.no_publisher"), ("channel", "textbook.no_channel")):
        if not getattr(body, name).strip():
            problems.append(Problem(code=code, path=(name,)))
        else:
            problems += line_problems(body, name)
    return problems + past_problems(body.published_on, facts.today, "published_on")


TEXTBOOK = Kind(
    name=FilingKind.TEXTBOOK,
    body=TextbookBody,
    said="Publish a textbook of a certificate: with its ISBN, its publishing house and where it is "
    "ordered.",
    may=_MAY,
    rule="R20",
    problems=_textbook_problems,
    is_public=True,
    refuses=("textbook.isbn", "textbook.no_channel", "textbook.no_publisher"),
)


class Payer(StrEnum):
    """Who pays: 院校, 培训评价组织, 学生, 其他."""

    INSTITUTION = "institution"
    ORGANIZATION = "organization"
    STUDENT = "student"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceBody:
    """An online resource of a certificate: cases, exercises and the like.

    Attributes:
        certificate_type_code: Of which certificate type.
        title: Its title.
        url: Where it is.
        updated_on: Day on which it was last updated.
        price_fen: What it costs, in fen; 0: nothing.
        payer: Who pays; null where it costs nothing.
        justification: Why it has to be paid for; null where it costs nothing.
        cost_basis: How its cost is computed; null where it costs nothing.
    """

    certificate_type_code: str
    title: str
    url: str
    updated_on: date
    price_fen: int = 0
    payer: Payer | None = None
    justification: str | None = None
    cost_basis: str | None = None


def _resource_problems(body: ResourceBody, facts: Circumstances) -> list[Problem]:
    problems = line_problems(body, "title", "url")
    if not is_address(body.url):
        problems.append(Problem(code="resource.url", path=("url",)))
    problems += text_of_problems(body, "justification", "cost_basis")
    problems += past_problems(body.updated_on, facts.today, "updated_on")
    problems += whole_problems(body.price_fen, MOST_FEN, "price_fen")
    if body.price_fen > 0:
        if body.justification is None:
            problems.append(Problem(code="resource.no_justification", path=("justification",)))
        if body.cost_basis is None:
            problems.append(Problem(code="resource.no_cost_basis", path=("cost_basis",)))
        if body.payer is None:
            problems.append(Problem(code="resource.no_payer", path=("payer",)))
        if body.payer is Payer.STUDENT:
            problems.append(Problem(code="resource.student_pays", path=("payer",)))
    return problems


def _year_before(day: date) -> date:
    """Return the same day of the year before; of 29 February the 28th."""
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if is_leap_day else day.day)


def _resource_flags(body: ResourceBody, facts: Circumstances) -> list[Flag]:
    flags = []
    if body.price_fen > 0:
        shown = {"title": body.title, "price": body.price_fen}
        flags.append(Flag(Problem(code="finding.resource_price", facts=shown)))
    if body.updated_on < _year_before(facts.today):
        shown = {"title": body.title, "day": body.updated_on.isoformat()}
        found = Problem(code="finding.resource_old", facts=shown)
        flags.append(Flag(found, FindingSeverity.WARNING))
    return flags


RESOURCE = Kind(
    name=FilingKind.RESOURCE,
    body=ResourceBody,
    said="Publish an online resource. One that costs something states why and how; a student "
    "never pays. One that costs something, or is older than 12 months, is noted.",
    may=_MAY,
    rule="R21",
    problems=_resource_problems,
    flags=_resource_flags,
    is_public=True,
    refuses=(
        "resource.no_cost_basis",
        "resource.no_justification",
        "resource.no_payer",
        "resource.student_pays",
        "resource.url",
    ),
)
