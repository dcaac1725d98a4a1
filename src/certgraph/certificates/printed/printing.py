"""Certificates as PDF/A-2b, the same bytes for the same content.

What is printed comes from what was signed. A layout is a file of typst; an installation may have
one for each certificate type, and a seal for each organization.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from threading import Lock
from typing import Any

import typst

from certgraph.certificates.printed.fonts import OWN_FONTS, families
from certgraph.certificates.qr_image import print_qr
from certgraph.credential import days
from certgraph.credential.claims import Claims

_OWN_LAYOUT = Path(__file__).with_name("layout.typ")
_SEALS = (".svg", ".png", ".jpg")
_LEVELS = {1: ("初级", "elementary"), 2: ("中级", "intermediate"), 3: ("高级", "advanced")}
_TITLE = "职业技能等级证书 Vocational skill-level certificate"

MOST_PAGES = 500
"""Of one PDF: more take memory, and no printer wants them."""


class PrintFault(ValueError):
    """A layout that does not print, or a page that does not read back; says what is wrong."""


@dataclass(frozen=True, slots=True)
class Printable:
    """A certificate with what its page says.

    Attributes:
        claims: What was signed.
        qr_text: Text of its QR code.
        issuer: Name of who issued it: the organization that signed.
        issuer_code: Code of that organization: whose seal it is.
        certificate_type_code: Whose layout it is.
        outcomes: What each learning outcome is called, by its number in the standard.
    """

    claims: Claims
    qr_text: str
    issuer: str
    issuer_code: str
    certificate_type_code: str
    outcomes: Mapping[int, str]


class Printer:
    """Prints with the layouts, seals and fonts of an installation.

    Args:
        folder: With `TYPE.typ` for a certificate type, `ORGANIZATION.svg`, `.png` or `.jpg` for a
            seal, and fonts; None: what comes with certgraph.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._lock = Lock()
        self._compilers: dict[Path, typst.Compiler] = {}

    def pdf(self, certificates: Sequence[Printable]) -> bytes:
        """Return one PDF of certificates of one type, a page each.

        Raises:
            PrintFault: The layout does not print them, or there are more than 500.
        """
        if not 1 <= len(certificates) <= MOST_PAGES:
            raise PrintFault(f"one PDF has 1 to {MOST_PAGES} certificates")
        first = certificates[0]
        issued = max(_day(one.claims.issued_at) for one in certificates)
        data = {
            "title": _TITLE if len(certificates) > 1 else f"{_TITLE} {first.claims.number}",
            "author": first.issuer,
            "date": [issued.year, issued.month, issued.day],
            "fonts": families(self._folder),
            "certificates": [self._stated(one) for one in certificates],
        }
        layout = self.layout_of(first.certificate_type_code)
        with self._lock:  # a compiler is not made for two threads
            try:
                made = self._compiler(layout).compile(
                    format="pdf",
                    sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
                    pdf_standards=["a-2b"],
                )
            except typst.TypstError as error:
                raise PrintFault(f"the layout {layout.name} does not print: {error}") from None
        assert isinstance(made, bytes)  # noqa: S101 - of one file
        return made

    def layout_of(self, certificate_type_code: str) -> Path:
        """Return the layout of a certificate type."""
        if self._folder is not None:
            own = self._folder / f"{certificate_type_code}.typ"
            if own.is_file():
                return own
        return _OWN_LAYOUT

    def _compiler(self, layout: Path) -> typst.Compiler:
        if layout not in self._compilers:
            fonts = [OWN_FONTS, *([self._folder] if self._folder else [])]
            self._compilers[layout] = typst.Compiler(
                str(layout),
                root="/",  # seals are elsewhere; layouts are the operator's own
                font_paths=[str(one) for one in fonts],
                ignore_system_fonts=True,
            )
        return self._compilers[layout]

    def _seal(self, organization_code: str) -> str | None:
        if self._folder is None:
            return None
        named = (self._folder / f"{organization_code}{kind}" for kind in _SEALS)
        return next((str(file.resolve()) for file in named if file.is_file()), None)

    def _stated(self, printable: Printable) -> dict[str, Any]:
        claims = printable.claims
        svg, millimetres = print_qr(printable.qr_text)
        level = _LEVELS.get(claims.level, (str(claims.level), str(claims.level)))
        expires = claims.expires_at
        return {
            "number": claims.number,
            "name": claims.holder_name,
            "document": claims.masked_document,
            "certificate": claims.certificate_name,
            "standard": f"{claims.standard_code} {claims.standard_version}",
            "level": {"zh": level[0], "en": level[1]},
            "issued": _written(_day(claims.issued_at)),
            "expires": None if expires is None else _written(_day(expires)),
            "issuer": printable.issuer,
            "outcomes": _outcomes(printable),
            "seal": self._seal(printable.issuer_code),
            "qr": {"svg": svg, "mm": millimetres, "text": printable.qr_text},
        }


def _outcomes(printable: Printable) -> list[str]:
    """Return each outcome with its credits, as `建墙（1.5 学分）`."""
    said = []
    for one in printable.claims.outcomes:
        name = one.text or printable.outcomes.get(one.number or 0, f"#{one.number}")
        whole, tenth = divmod(one.credits_tenths, 10)
        said.append(f"{name}（{whole}.{tenth} 学分）" if tenth else f"{name}（{whole} 学分）")
    return said


def _day(seconds: int) -> date:
    return days.to_date(days.day_of(seconds))


def _written(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
