"""A scan as a table: a row for each code; where one is not read, why."""

from collections.abc import Mapping, Sequence

from certgraph.certificates.checks.asking import Asked, Table
from certgraph.certificates.sheets.files import Sheet
from certgraph.credential.wording import CATALOGUE
from certgraph.scanning.scans import Scan, Unread
from certgraph.verify_page.page import words

_TITLES = {"zh": ("页", "备注"), "en": ("Page", "Remark")}
_IN_CATALOGUE: Mapping[Unread, str] = {
    Unread.NO_CODE: "unreadable",
    Unread.CODE_BESIDE: "code_beside",
}
"""Reasons that the verifier's own words name; the page names the others."""


def table_of(scans: Sequence[Scan], language: str) -> Table:
    """Return the table of a scan, its header in row 1."""
    rows = [_TITLES[language]]
    asked = []
    for number, scan in enumerate(scans, 2):
        rows.append((scan.page or "1", _why(scan.unread, language)))
        asked.append(Asked(number, scan.qr_text, is_scan=True))
    return Table(Sheet("", rows), 1, asked)


def _why(unread: Unread | None, language: str) -> str:
    if unread is None:
        return ""
    if unread in _IN_CATALOGUE:
        return " – ".join(CATALOGUE[language][_IN_CATALOGUE[unread]])
    return words(language)[f"unread_{unread}"]
