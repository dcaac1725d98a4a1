"""Numbers of identity documents, looked at where they enter.

A number that a spreadsheet has spoilt, bound to a certificate, would later deny the holder. What is
wrong is said and never mended: nobody can know the digits that were lost. Pure.
"""

import re
from datetime import date
from enum import StrEnum

from certgraph.credential.holder_tag import normalized_document_number
from certgraph.credential.invisible import is_invisible
from certgraph.problems import Problem
from certgraph.text import character_facts


class DocumentType(StrEnum):
    """Kind of identity document; a number means nothing without it."""

    RESIDENT_ID = "resident_id"
    HK_MACAO_TAIWAN_RESIDENCE_PERMIT = "hk_macao_taiwan_residence_permit"
    FOREIGNER_PERMANENT_RESIDENCE = "foreigner_permanent_residence"
    PASSPORT = "passport"


SHORTEST, LONGEST = 4, 32
"""Characters of a number as it is compared."""

_WITH_CHECK_DIGIT = {DocumentType.RESIDENT_ID, DocumentType.HK_MACAO_TAIWAN_RESIDENCE_PERMIT}
"""Documents that bear a citizen identification number: GB 11643."""

_SCIENTIFIC = re.compile(r"\s*[0-9]+(\.[0-9]+)?[Ee]\+?[0-9]+\s*").fullmatch
_AS_NUMBER = re.compile(r"\s*[0-9]{5,}\.0*\s*").fullmatch
_SPOILT = re.compile("[\x00-\x1f\x7f-\x9f\u00d7\u2715\u2716'\"`‘’“”]").search
_SHAPE = re.compile("[0-9]{17}[0-9X]").fullmatch
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"
_FIRST_BIRTH = date(1800, 1, 1)


def document_problems(type_: DocumentType, number: str, *path: str, today: date) -> list[Problem]:
    """List what is wrong with a document number: the first fault found.

    Source: GB 11643-1999 for numbers of citizens (18 characters, day of birth, check digit by
    ISO 7064, MOD 11-2).
    """
    if len(number) > 4 * LONGEST:
        return [Problem(code="issue.document_length", path=path)]
    if _SCIENTIFIC(number) or _AS_NUMBER(number):
        return [Problem(code="issue.document_spreadsheet", path=path)]
    spoilt = next((c for c in number if _SPOILT(c) or is_invisible(c)), None)
    if spoilt is not None:
        facts = character_facts(spoilt, number.index(spoilt))
        return [Problem(code="issue.document_character", path=path, facts=facts)]
    compared = normalized_document_number(number)
    if not SHORTEST <= len(compared) <= LONGEST:
        return [Problem(code="issue.document_length", path=path)]
    if type_ in _WITH_CHECK_DIGIT:
        code = _citizen_fault(compared, today)
        return (
            [] if code is None else [Problem(code=code, path=path, facts={"length": len(compared)})]
        )
    return []


def _citizen_fault(number: str, today: date) -> str | None:
    """Return the code of what is wrong with a citizen identification number, or None."""
    if not _SHAPE(number):
        return "issue.document_shape"
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return "issue.document_birth"
    if not _FIRST_BIRTH <= born <= today:
        return "issue.document_birth"
    total = sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False))
    if number[17] == _CHECK_DIGITS[total % 11]:
        return None
    return "issue.document_digits_lost" if number.endswith("000") else "issue.document_check_digit"
