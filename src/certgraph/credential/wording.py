"""What a verifier says, in Chinese and English: one catalogue by verdict and reason.

The sentences say what holds, as of when, and what to do next. Nobody should need to know what a
signature is.
"""

from datetime import date
from typing import NamedTuple

from certgraph.credential import days
from certgraph.credential.claims import Claims, Outcome
from certgraph.credential.trust_bundle import Trust
from certgraph.credential.verification import Verdict, Verification

LEVELS = {"zh": ("", "初级", "中级", "高级"), "en": ("", "Elementary", "Intermediate", "Advanced")}


def level_word(level: int, language: str) -> str:
    """Return a level in words; its number where it has none."""
    levels = LEVELS[language]
    return levels[level] if level < len(levels) else str(level)


def outcome_name(outcome: Outcome, claims: Claims, trust: Trust) -> str | None:
    """Return a learning outcome's text; None where only its number is known here."""
    if outcome.number is None:
        return outcome.text
    standard = trust.standards.get((claims.standard_code, claims.standard_version))
    return standard.outcomes.get(outcome.number) if standard else None


class Words(NamedTuple):
    """A title and a second line; in the catalogue with placeholders {as_of} and {expires_on}.

    An entry with `_online` behind its name serves where the service was asked just now.
    """

    title: str
    line: str


ICONS = {
    Verdict.VALID: "✔",
    Verdict.VALID_AS_OF: "◐",
    Verdict.UNCONFIRMED: "?",
    Verdict.SUSPENDED: "‖",
    Verdict.EXPIRED: "!",
    Verdict.REVOKED: "✘",
    Verdict.INVALID: "✘",
    Verdict.UNKNOWN_ISSUER: "✘",
    Verdict.NO_CERTIFICATE: "–",
}

TONES = {
    Verdict.VALID: "good",
    Verdict.REVOKED: "bad",
    Verdict.INVALID: "bad",
    Verdict.UNKNOWN_ISSUER: "bad",
}
"""How a verdict is shown: good, bad, and all others as a warning."""

_ZH = {
    "valid": Words(
        "证书有效（离线核验）",
        "签名正确，颁发机构可信；截至 {as_of} 未被撤销或暂停。"
        "此后的状态、是否已录入平台，须联网核验。",
    ),
    "valid_online": Words(
        "证书有效（已联网核验）", "签名正确，颁发机构可信；截至 {as_of} 未被撤销或暂停。"
    ),
    "valid_as_of": Words(
        "证书真实，最新状态未知（截至 {as_of} 未被撤销）",
        "此后的状态未知：请联网后再次核验（或导入新的核验数据文件）。",
    ),
    "valid_as_of_online": Words(
        "证书真实，最新状态未知（截至 {as_of} 未被撤销）",
        "平台的撤销名单尚未更新，此后的状态未知：请稍后再试，或向项目管理方查询。",
    ),
    "revoked": Words("证书已被撤销", "颁发机构已撤销此证书（名单日期 {as_of}）。请勿采信。"),
    "superseded": Words(
        "证书已更正并换发", "请勿采信此份，请向持证人索取换发后的新证书（名单日期 {as_of}）。"
    ),
    "suspended": Words(
        "证书已暂停使用", "暂停期间请勿采信；请向颁发机构查询（名单日期 {as_of}）。"
    ),
    "expired": Words(
        "证书已过有效期", "该证书真实，但有效期已于 {expires_on} 届满；是否采信请自行判断。"
    ),
    "unknown_issuer": Words(
        "签发者不在可信机构名单中，疑似伪造",
        "请联网更新核验数据后再次核验；结果不变则请勿采信。",
    ),
    "unknown_issuer_online": Words(
        "签发者不在可信机构名单中，疑似伪造", "最新的可信机构名单中没有该签发者，请勿采信。"
    ),
    "no_certificate": Words(
        "这不是 1+X 证书二维码", "请扫描证书上的二维码；如确为该二维码，请重新完整扫描或粘贴。"
    ),
    "envelope": Words("证书内容不完整或已被修改", "请重新扫描原件；结果不变则请勿采信。"),
    "signature": Words("证书内容与签名不符，疑似被篡改", "请重新扫描原件；结果不变则请勿采信。"),
    "register": Words(
        "证书未经平台登记，疑似伪造",
        "颁发机构的签名正确，但没有平台的登记签名。请勿采信，并向项目管理方反映。",
    ),
    "countersignature_does_not_match": Words(
        "证书的平台登记无法确认，疑似伪造",
        "颁发机构的签名正确，登记签名不符。请联网更新核验数据后再次核验；结果不变则请勿采信。",
    ),
    "countersignature_does_not_match_online": Words(
        "证书未经平台登记，疑似伪造",
        "颁发机构的签名正确，登记签名不符。请勿采信，并向项目管理方反映。",
    ),
    "register_key_compromised": Words(
        "平台登记密钥已作废", "发证日期在登记密钥失效之后，请勿采信，并向项目管理方查询。"
    ),
    "claims": Words("证书内容不合规定", "此证书不符合签发规定，请勿采信，并告知颁发机构。"),
    "issued_at.in_the_future": Words("发证日期晚于今日", "请检查本机日期；如日期无误，请勿采信。"),
    "organization_had_left": Words("颁发时该机构已退出试点", "该机构当时已无权颁发，请勿采信。"),
    "entitlement": Words("颁发机构无权颁发该证书或等级", "请勿采信，并向项目管理方反映。"),
    "key_compromised": Words("签发密钥已作废", "签发日期在密钥失效之后，请勿采信。"),
    "list_missing": Words(
        "暂时无法确认是否被撤销",
        "签名正确；请联网后再次核验（或导入新的核验数据文件）。",
    ),
    "list_expired": Words(
        "暂时无法确认是否被撤销",
        "签名正确，但撤销名单已过期（{as_of}）。请联网后再次核验（或导入新的核验数据文件）。",
    ),
    "list_missing_online": Words(
        "暂时无法确认是否被撤销", "签名正确，但平台没有此证书的撤销名单：请向项目管理方查询。"
    ),
    "list_expired_online": Words(
        "暂时无法确认是否被撤销",
        "签名正确，但平台的撤销名单已过期（{as_of}）：请向项目管理方查询。",
    ),
    "index_out_of_range": Words(
        "暂时无法确认是否被撤销", "签名正确；撤销名单与证书不符，请向项目管理方查询。"
    ),
    "trust_data_missing": Words(
        "暂时无法核验", "本机尚无核验数据。请联网后再次核验，或导入核验数据文件。"
    ),
    "trust_list_expired": Words(
        "暂时无法确认：核验数据已过期",
        "签名正确；请联网后再次核验（或导入新的核验数据文件）。",
    ),
    "trust_list_expired_online": Words(
        "暂时无法确认：平台的可信机构名单已过期",
        "签名正确，但平台尚未更新可信机构名单：请向项目管理方查询。",
    ),
    "clock": Words("本机时间有误", "本机日期与核验数据不符，请校正时间后再次核验。"),
    "not_in_register": Words(
        "平台没有此证书的记录", "签名正确，但平台未登记此证书：请勿仅凭此采信，请向颁发机构查询。"
    ),
    "other_content_in_register": Words(
        "与平台登记的证书不符", "平台以此编号登记的是另一份证书。请勿采信，并向项目管理方反映。"
    ),
    "not_registered_yet": Words("", "注意：此证书尚未录入平台，录入期限为 {due_on}。"),
    "left": Words("", "注意：颁发机构自 {left_on} 起已退出试点；此前颁发的证书不受影响。"),
    "compare": Words("", "请核对持证人身份证件。"),
    "document_no": Words(
        "证件号码不一致", "请核对输入；如输入无误，此证书不属于该证件的持有人，请勿采信。"
    ),
    "document_none": Words("", "此证书未绑定证件号码，无法比对：请人工核对姓名与证件。"),
    "not_opened": Words("无法打开此文件", ""),
    "unreadable": Words(
        "未发现证书二维码",
        "请完整拍入二维码，保持清晰、光线充足；扫描请用 300 dpi；或按证书编号和姓名查询。",
    ),
    "code_beside": Words(
        "另有一个二维码无法读出",
        "同一图片中还有二维码未能读出，可能是另一张证书：请对照原件，单独拍摄该二维码，"
        "或以 300 dpi 重新扫描。",
    ),
}
_EN = {
    "valid": Words(
        "Valid – checked offline",
        "The signature is correct, the issuer trusted; not revoked or suspended as of {as_of}. Go "
        "online to know what happened since, and whether it is entered on the platform.",
    ),
    "valid_online": Words(
        "Valid – checked online",
        "The signature is correct, the issuer trusted; not revoked or suspended as of {as_of}.",
    ),
    "valid_as_of": Words(
        "Genuine, but its status now is unknown (not revoked as of {as_of})",
        "What happened since is unknown: go online and check again, or load a newer trust file.",
    ),
    "valid_as_of_online": Words(
        "Genuine, but its status now is unknown (not revoked as of {as_of})",
        "The platform has no newer list, so what happened since is unknown: try again later, or "
        "ask the programme.",
    ),
    "revoked": Words(
        "Revoked", "The issuer has revoked this certificate (list of {as_of}). Do not rely on it."
    ),
    "superseded": Words(
        "Replaced by a newer certificate",
        "Do not rely on this one; ask the holder for the new one (list of {as_of}).",
    ),
    "suspended": Words("Suspended", "Do not rely on it for now; ask the issuer (list of {as_of})."),
    "expired": Words(
        "Expired",
        "It is genuine, but was valid until {expires_on} only; decide whether that is enough.",
    ),
    "unknown_issuer": Words(
        "Signed by nobody on the trust list: perhaps a forgery",
        "Go online for newer trust data and check again; if the answer is the same, do not rely "
        "on it.",
    ),
    "unknown_issuer_online": Words(
        "Signed by nobody on the trust list: perhaps a forgery",
        "Whoever signed it is not on the newest trust list. Do not rely on it.",
    ),
    "no_certificate": Words(
        "Not a 1+X certificate code",
        "Scan the certificate's QR code; if this was it, scan or paste the whole of it again.",
    ),
    "envelope": Words(
        "Incomplete or altered",
        "Scan the original again; if the answer is the same, do not rely on it.",
    ),
    "signature": Words(
        "Content does not match the signature: perhaps altered",
        "Scan the original again; if the answer is the same, do not rely on it.",
    ),
    "register": Words(
        "Not in the programme's register: perhaps a forgery",
        "The issuer's signature is correct, but the register has not countersigned it. Do not rely "
        "on it, and tell the programme.",
    ),
    "countersignature_does_not_match": Words(
        "Not confirmed by the programme's register: perhaps a forgery",
        "The issuer's signature is correct, the register's is not. Go online for newer trust data "
        "and check again; if the answer is the same, do not rely on it.",
    ),
    "countersignature_does_not_match_online": Words(
        "Not in the programme's register: perhaps a forgery",
        "The issuer's signature is correct, the register's is not. Do not rely on it, and tell the "
        "programme.",
    ),
    "register_key_compromised": Words(
        "The register's key was withdrawn",
        "Issued after that key was compromised. Do not rely on it; ask the programme.",
    ),
    "claims": Words(
        "Content against the rules",
        "This certificate is against the rules of issuing. Do not rely on it, and tell the issuer.",
    ),
    "issued_at.in_the_future": Words(
        "Issued in the future", "Check this device's date; if it is right, do not rely on it."
    ),
    "organization_had_left": Words(
        "Issued after the issuer had left the programme",
        "It had no right to issue this. Do not rely on it.",
    ),
    "entitlement": Words(
        "Issuer not entitled to this certificate or level",
        "Do not rely on it, and tell the programme.",
    ),
    "key_compromised": Words(
        "Signing key withdrawn", "Issued after the key was compromised. Do not rely on it."
    ),
    "list_missing": Words(
        "Could not check revocation",
        "The signature is correct; go online and check again, or load a newer trust file.",
    ),
    "list_expired": Words(
        "Could not check revocation",
        "The signature is correct, but the revocation list of {as_of} is too old. Go online and "
        "check again, or load a newer trust file.",
    ),
    "list_missing_online": Words(
        "Could not check revocation",
        "The signature is correct, but the platform has no list for it. Ask the programme.",
    ),
    "list_expired_online": Words(
        "Could not check revocation",
        "The signature is correct, but the platform's list of {as_of} is too old. Ask the "
        "programme.",
    ),
    "index_out_of_range": Words(
        "Could not check revocation",
        "The signature is correct, but its revocation list does not cover it. Ask the programme.",
    ),
    "trust_data_missing": Words(
        "Nothing to check with yet",
        "This device has no trust data. Go online and check again, or load a trust file.",
    ),
    "trust_list_expired": Words(
        "Not confirmed: the trust data are out of date",
        "The signature is correct; go online and check again, or load a newer trust file.",
    ),
    "trust_list_expired_online": Words(
        "Not confirmed: the platform's trust list is out of date",
        "The signature is correct, but there is no newer trust list. Ask the programme.",
    ),
    "clock": Words(
        "This device's clock is wrong",
        "Its date does not fit the trust data. Set the clock and check again.",
    ),
    "not_in_register": Words(
        "The platform has no record of this certificate",
        "The signature is correct, but the certificate is not in the register. Do not rely on it "
        "alone; ask the issuer.",
    ),
    "other_content_in_register": Words(
        "Not the certificate that the platform registered",
        "Under this number another certificate is registered. Do not rely on it, and tell the "
        "programme.",
    ),
    "not_registered_yet": Words(
        "", "Note: it is not entered on the platform yet; it is due on {due_on}."
    ),
    "left": Words(
        "", "Note: the issuer left the programme on {left_on}; what it issued before stays valid."
    ),
    "compare": Words("", "Compare the holder with an identity document."),
    "document_no": Words(
        "The document number does not match",
        "Check what you typed; if it is right, the certificate does not belong to the holder of "
        "that document: do not rely on it.",
    ),
    "document_none": Words(
        "", "This certificate is not tied to a document number: compare name and document yourself."
    ),
    "not_opened": Words("This file cannot be opened", ""),
    "unreadable": Words(
        "No certificate code found",
        "Capture the whole code, sharp and well lit; scan at 300 dpi; or look it up by number and "
        "name.",
    ),
    "code_beside": Words(
        "Another code cannot be read",
        "The same picture has a further code, perhaps another certificate: compare the original, "
        "photograph that code alone, or scan again at 300 dpi.",
    ),
}
CATALOGUE = {"zh": _ZH, "en": _EN}


_VERDICTS = {verdict.value for verdict in Verdict}
_REASONS = {
    "superseded", "clock", "issued_at.in_the_future", "organization_had_left", "key_compromised",
    "list_missing", "list_expired", "index_out_of_range", "trust_data_missing",
    "trust_list_expired", "not_in_register", "other_content_in_register",
    "countersignature_does_not_match", "register_key_compromised",
}  # fmt: skip
_CHECKS = {"envelope", "signature", "register", "claims", "entitlement"}
SAID = frozenset(_VERDICTS | _REASONS | _CHECKS)
"""Entries that say a result: by reason, else by check, else by verdict; others are notes."""


def words_for(verification: Verification, language: str, *, online: bool = False) -> Words:
    """Return title and line for a result, filled in; the most particular entry serves.

    `online` says that the status was asked for just now.
    """
    catalogue = CATALOGUE[language]
    reason = verification.reason or ""
    if reason.startswith("clock"):
        reason = "clock"
    keys: tuple[str, ...] = (reason, verification.decisive or "", verification.verdict.value)
    if verification.verdict is Verdict.VALID_AS_OF:
        keys = (verification.verdict.value,)
    key = next(key for key in keys if key in SAID and key in catalogue)
    words = catalogue.get(f"{key}_online", catalogue[key]) if online else catalogue[key]
    as_of, claims = verification.status_as_of, verification.claims
    values = {
        "as_of": "" if as_of is None else days.to_date(days.day_of(as_of)),
        "expires_on": claims.expires_on if claims else "",
    }
    return Words(words.title.format_map(values), words.line.format_map(values))


def notes_for(
    verification: Verification, language: str, *, due_on: date | None = None
) -> list[str]:
    """Return what else is to be known of a result: that the issuer left, that it is not entered.

    Args:
        verification: The result.
        language: `zh` or `en`.
        due_on: Last day for entering it on the platform, where the register says it is not yet.
    """
    catalogue, notes = CATALOGUE[language], []
    key = verification.issuer_key
    if key is not None and key.organization.has_left:
        left_on = days.to_date(key.organization.state_since)
        notes.append(catalogue["left"].line.format(left_on=left_on))
    if due_on is not None:
        notes.append(catalogue["not_registered_yet"].line.format(due_on=due_on))
    return notes
