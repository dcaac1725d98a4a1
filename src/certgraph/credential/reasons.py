"""Checks, how they ended and why, in words: for whoever wants to know more than the verdict."""

CHECKS = {
    "zh": {
        "text": "二维码内容",
        "envelope": "证书格式",
        "issuer_key": "签发密钥",
        "signature": "数字签名",
        "register": "平台登记",
        "claims": "证书内容",
        "entitlement": "颁发权限",
        "expiry": "有效期",
        "status": "撤销与暂停状态",
    },
    "en": {
        "text": "Text of the code",
        "envelope": "Form of the certificate",
        "issuer_key": "Signing key",
        "signature": "Digital signature",
        "register": "Entry in the register",
        "claims": "Content",
        "entitlement": "Issuer's right to issue",
        "expiry": "Period of validity",
        "status": "Revocation and suspension",
    },
}
STATES = {
    "zh": {"passed": "通过", "failed": "未通过", "could_not_run": "无法检查"},
    "en": {"passed": "passed", "failed": "failed", "could_not_run": "could not be checked"},
}
_REASONS = {
    "zh": {
        "not_ours": "内容不是证书",
        "too_long": "内容过长，不是证书",
        "leading_zero": "数字以 0 开头，不是证书",
        "not_base64url": "字符不成证书",
        "not_cose_sign1": "签名结构不完整",
        "not_deterministic_cbor": "编码不合规范",
        "key_not_listed": "签发密钥不在可信机构名单中",
        "does_not_match": "签名与内容不符",
        "countersignature_missing": "没有平台的登记签名",
        "countersignature_does_not_match": "登记签名不符，或不是名单中的登记密钥所签",
        "register_key_not_valid_that_day": "颁发当日登记密钥不在有效期内",
        "register_key_compromised": "发证日期在登记密钥失效之后",
        "issuer.not_owner_of_key": "所写机构不是签发密钥的持有者",
        "issued_at.in_the_future": "发证日期晚于今日",
        "expires_at.not_after_issue": "有效期早于发证日期",
        "key_not_valid_that_day": "颁发当日签发密钥不在有效期内",
        "key_compromised": "发证日期在签发密钥失效之后",
        "certificate_or_standard_not_entitled": "该机构无权颁发此证书或依据此标准",
        "level_not_entitled": "该机构无权颁发此等级",
        "not_entitled_that_day": "颁发当日该机构没有颁发权限",
        "organization_had_left": "颁发时该机构已退出试点",
        "expired": "有效期已届满",
        "revoked": "已被撤销",
        "superseded": "已更正并换发",
        "suspended": "已暂停使用",
        "list_missing": "没有此证书的撤销名单",
        "list_expired": "撤销名单已过期",
        "list_not_fresh": "撤销名单不是最新",
        "index_out_of_range": "撤销名单未包含此证书",
        "trust_list_expired": "可信机构名单已过期",
        "clock_behind_trust_list": "本机时间早于可信机构名单",
        "clock_behind_list": "本机时间早于撤销名单",
        "trust_data_missing": "没有核验数据",
        "not_in_register": "平台未登记此证书",
        "other_content_in_register": "平台以此编号登记的是另一份证书",
    },
    "en": {
        "not_ours": "its content is no certificate",
        "too_long": "too long for a certificate",
        "leading_zero": "digits that start with 0 are no certificate",
        "not_base64url": "its characters are no certificate",
        "not_cose_sign1": "the signed structure is incomplete",
        "not_deterministic_cbor": "the encoding is not the one prescribed",
        "key_not_listed": "the signing key is not on the trust list",
        "does_not_match": "the signature does not match the content",
        "countersignature_missing": "the register has not countersigned it",
        "countersignature_does_not_match": "no register key of the trust list countersigned it",
        "register_key_not_valid_that_day": "the register's key was not valid on the day of issue",
        "register_key_compromised": "issued after the register's key was compromised",
        "issuer.not_owner_of_key": "the issuer named does not own the signing key",
        "issued_at.in_the_future": "the day of issue is in the future",
        "expires_at.not_after_issue": "it ends before it was issued",
        "key_not_valid_that_day": "the signing key was not valid on the day of issue",
        "key_compromised": "issued after the signing key was compromised",
        "certificate_or_standard_not_entitled": "not entitled to this certificate or standard",
        "level_not_entitled": "not entitled to this level",
        "not_entitled_that_day": "not entitled on the day of issue",
        "organization_had_left": "the issuer had left the programme",
        "expired": "its period has ended",
        "revoked": "revoked",
        "superseded": "replaced by a newer certificate",
        "suspended": "suspended",
        "list_missing": "there is no revocation list for it",
        "list_expired": "the revocation list is too old",
        "list_not_fresh": "the revocation list is not the newest",
        "index_out_of_range": "the revocation list does not cover it",
        "trust_list_expired": "the trust list is out of date",
        "clock_behind_trust_list": "this device's clock is behind the trust list",
        "clock_behind_list": "this device's clock is behind the revocation list",
        "trust_data_missing": "there is no trust data",
        "not_in_register": "the platform has no record of it",
        "other_content_in_register": "the platform registered another certificate by this number",
    },
}
_FIELDS = {
    "zh": {
        "issuer": "颁发机构",
        "issued_at": "发证日期",
        "expires_at": "有效期",
        "number": "证书编号",
        "holder_name": "持证人姓名",
        "holder_tag": "证件绑定",
        "certificate_name": "证书名称",
        "level": "等级",
        "standard": "职业技能等级标准",
        "status": "撤销名单位置",
        "masked_document": "证件号码",
        "outcomes": "学习成果",
        "payload": "证书",
        "certificate": "证书",
    },
    "en": {
        "issuer": "issuer",
        "issued_at": "day of issue",
        "expires_at": "end of validity",
        "number": "number",
        "holder_name": "holder's name",
        "holder_tag": "document binding",
        "certificate_name": "certificate's name",
        "level": "level",
        "standard": "standard",
        "status": "place in the revocation list",
        "masked_document": "document number",
        "outcomes": "learning outcomes",
        "payload": "certificate",
        "certificate": "certificate",
    },
}
_FAULTS = {
    "zh": {
        "not_text": "不是文字",
        "length": "长度不合规定",
        "space_at_an_end": "首尾有空格",
        "not_nfc": "字符形式不合规定",
        "character": "含有不允许的字符",
        "missing": "缺少",
        "shape": "结构不合规定",
        "range": "超出范围",
        "order": "顺序不合规定",
        "unknown_claim": "含有未知内容",
        "beside_holder_tag": "与证件绑定重复",
    },
    "en": {
        "not_text": "is no text",
        "length": "has a length that is not allowed",
        "space_at_an_end": "has a space at an end",
        "not_nfc": "is not in the form prescribed",
        "character": "has a character that is not allowed",
        "missing": "is missing",
        "shape": "has a structure that is not allowed",
        "range": "is out of range",
        "order": "is out of order",
        "unknown_claim": "holds something unknown",
        "beside_holder_tag": "is given beside a document binding",
    },
}
WORDS = {
    language: {
        "checks": CHECKS[language],
        "states": STATES[language],
        "reasons": _REASONS[language],
        "fields": _FIELDS[language],
        "faults": _FAULTS[language],
    }
    for language in ("zh", "en")
}
"""All of them, by language and kind."""


def reason_words(reason: str, language: str) -> str:
    """Return a reason of `Verification` in words; one that has none, as it is."""
    known = _REASONS[language].get(reason)
    if known is not None:
        return known
    field, _, fault = reason.partition(".")
    named, said = _FIELDS[language].get(field), _FAULTS[language].get(fault)
    if named is None or said is None:
        return reason
    return f"{named}{said}" if language == "zh" else f"the {named} {said}"
