"""The verdict on each row: as a verifier has it, with what the register says."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from certgraph.certificates import queries
from certgraph.certificates.checks.asking import Asked, Table
from certgraph.certificates.lookup_keys import holder_name_key, number_key, number_lookup_key
from certgraph.certificates.register import content_digest, register_entries, with_register
from certgraph.certificates.sheets.returning import Answered
from certgraph.certificates.signing.batches import signed_bytes
from certgraph.credential import days
from certgraph.credential.qr_text import from_qr_text, to_qr_text
from certgraph.credential.trust_bundle import Trust
from certgraph.credential.verification import Verdict, Verification, verify
from certgraph.credential.wording import notes_for, words_for
from certgraph.database import Sessions
from certgraph.problem_messages.terms import in_words

COLUMNS: Mapping[str, Sequence[str]] = {
    "zh": (
        *("核验结果", "说明", "证书编号", "持证人", "证书名称", "等级", "颁发日期", "有效期至"),
        *("颁发机构", "状态日期", "录入期限", "回执编号", "reason", "verdict"),
    ),
    "en": (
        *("Result", "Advice", "Number", "Holder", "Certificate", "Level", "Issued", "Valid to"),
        *("Issuer", "Status as of", "Enter by", "Receipt", "reason", "verdict"),
    ),
}
"""What an answer adds to a row, by language; the last two are the same words in all.

Title and advice come first. `Enter by` is the last day for entering the certificate on the
platform, where it is not entered yet (rule R39).
"""

_GOOD = ("valid",)
_BAD = ("revoked", "invalid", "unknown_issuer", "not_found")
"""Last words of an answer that are good or bad; others are unclear."""

_NOTHING = {
    "zh": ("未核验", "此行没有二维码内容，也没有证书编号和姓名。", "nothing_asked"),
    "en": ("Not checked", "The row has no QR text, nor a number and a name.", "nothing_asked"),
}
_NOT_READ = {
    "zh": ("未能读取", "此页没有可读取的二维码，请看备注。", "unreadable"),
    "en": ("Not read", "No code could be read on this page; see the remark.", "unreadable"),
}
_SEVERAL = {
    "zh": ("未核验", "此行有多个二维码内容，请每行只填一个。", "several_codes"),
    "en": ("Not checked", "The row has several QR texts; give one a row.", "several_codes"),
}
_NOT_FOUND = {
    "zh": ("未找到", "平台没有此编号和姓名的证书，请核对后扫描二维码。", "not_found"),
    "en": ("Not found", "There is no certificate of this number and name.", "not_found"),
}
_WORDS = {
    language: {
        said[language][-1]: said[language][0]
        for said in (_NOTHING, _NOT_READ, _SEVERAL, _NOT_FOUND)
    }
    | {one.value: str(in_words(one, language)) for one in Verdict}
    for language in COLUMNS
}


def word_of(word: str, language: str) -> str:
    """Return what the last word of an answer means, for people."""
    return _WORDS[language].get(word, word)


_PART = 500
"""Rows that are looked up by one statement."""


def _none_of(asked: Asked) -> Mapping[str, tuple[str, str, str]]:
    """Return what is said of a row that has no verdict."""
    if asked.is_several:
        return _SEVERAL
    if asked.number:
        return _NOT_FOUND
    return _NOT_READ if asked.is_scan else _NOTHING


def answered_table(table: Table, answers: Sequence[Sequence[str]], language: str) -> Answered:
    """Return a table with the answer behind each row."""
    return Answered(
        sheet=table.sheet,
        header=table.header,
        titles=COLUMNS[language],
        answers=dict(zip((one.row for one in table.asked), answers, strict=True)),
        good=_GOOD,
        bad=_BAD,
    )


@dataclass(frozen=True, slots=True)
class Checker:
    """With what rows are checked: trust data, the register, the host of QR codes, the receipt."""

    reads: Sessions
    trust: Trust
    host: str
    now: datetime
    receipt: str

    async def answers(self, asked: Sequence[Asked], language: str) -> list[Sequence[str]]:
        """Return what is added to each row: as many texts as `COLUMNS` has names."""
        texts = await self._texts(asked)
        verified = await asyncio.to_thread(self._verified, list(texts.values()))
        by_row = dict(zip(texts, await self._with_register(texts, verified), strict=True))
        answers = []
        for one in asked:
            if one.row in by_row:
                answers.append(self._said(*by_row[one.row], language))
            else:
                none = _none_of(one)
                title, advice, word = none[language]
                blanks = [""] * (len(COLUMNS["en"]) - 5)
                answers.append((title, advice, *blanks, self.receipt, "", word))
        return answers

    def _verified(self, texts: Sequence[str]) -> list[Verification]:
        return [verify(text, self.trust, now=self.now) for text in texts]

    async def _texts(self, asked: Sequence[Asked]) -> dict[int, str]:
        """Return row → QR text, of the register where the row has number and name."""
        texts = {one.row: one.qr_text for one in asked if one.qr_text}
        named = [one for one in asked if one.number and one.holder_name]
        async with self.reads() as session:
            for start in range(0, len(named), _PART):
                part = named[start : start + _PART]
                keys = {number_key(one.number or "") for one in part}
                found = await queries.signed_certificates_numbered(session, keys)
                for one in part:
                    number, name = one.number or "", holder_name_key(one.holder_name or "")
                    held = found.get(number_key(number))
                    if held is None or held[0].holder_name_key != name:
                        held = await queries.signed_certificate(
                            session, number_key(number), number_lookup_key(number), name
                        )
                    if held is not None and held[0].erased_at is None:
                        texts[one.row] = to_qr_text(signed_bytes(*held) or b"", self.host)
        return texts

    async def _with_register(
        self, texts: Mapping[int, str], verified: Sequence[Verification]
    ) -> list[tuple[Verification, date | None]]:
        """Return each with the last day for entering it, where it is not entered yet."""
        found: list[tuple[Verification, date | None]] = [(one, None) for one in verified]
        asked = [
            (place, (one.claims.number, content_digest(from_qr_text(text))))
            for place, (text, one) in enumerate(zip(texts.values(), verified, strict=True))
            if one.claims is not None and one.issuer_key is not None
        ]
        async with self.reads() as session:
            for start in range(0, len(asked), _PART):
                part = asked[start : start + _PART]
                entries = await register_entries(session, [of for _, of in part])
                for (place, _), entry in zip(part, entries, strict=True):
                    found[place] = with_register(verified[place], entry), entry.due_on
        return found

    def _said(
        self, verification: Verification, due_on: date | None, language: str
    ) -> Sequence[str]:
        words = words_for(verification, language, online=True)
        claims, key = verification.claims, verification.issuer_key
        facts = [""] * 7
        if claims is not None:
            facts = [
                claims.number,
                claims.holder_name,
                claims.certificate_name,
                str(claims.level),
                claims.issued_on.isoformat(),
                claims.expires_on.isoformat() if claims.expires_on else "",
                key.organization.name if key else "",
            ]
        as_of = verification.status_as_of
        advice = " ".join([words.line, *notes_for(verification, language, due_on=due_on)])
        return (
            words.title,
            advice,
            *facts,
            "" if as_of is None else days.to_date(days.day_of(as_of)).isoformat(),
            "" if due_on is None else due_on.isoformat(),
            self.receipt,
            verification.reason or "",
            verification.verdict.value,
        )
