/** What a verifier says: `wording.py`. */
export const ICONS = {
  "valid": "✔︎",
  "valid_as_of": "◐︎",
  "unconfirmed": "?︎",
  "suspended": "‖︎",
  "expired": "!︎",
  "revoked": "✘︎",
  "invalid": "✘︎",
  "unknown_issuer": "✘︎",
  "no_certificate": "–︎"
};

/** How a verdict is shown; all others as a warning. */
export const TONES = {
  "valid": "good",
  "revoked": "bad",
  "invalid": "bad",
  "unknown_issuer": "bad"
} as const;

/** Entries that say a result; others are notes. */
export const SAID: readonly string[] = [
  "claims",
  "clock",
  "countersignature_does_not_match",
  "entitlement",
  "envelope",
  "expired",
  "index_out_of_range",
  "invalid",
  "issued_at.in_the_future",
  "key_compromised",
  "list_expired",
  "list_missing",
  "no_certificate",
  "not_in_register",
  "organization_had_left",
  "other_content_in_register",
  "register",
  "register_key_compromised",
  "revoked",
  "signature",
  "superseded",
  "suspended",
  "trust_data_missing",
  "trust_list_expired",
  "unconfirmed",
  "unknown_issuer",
  "valid",
  "valid_as_of"
];

export const WORDING = {
  "zh": {
    "valid": {
      "title": "证书有效（离线核验）",
      "line": "签名正确，颁发机构可信；截至 {as_of} 未被撤销或暂停。此后的状态、是否已录入平台，须联网核验。"
    },
    "valid_online": {
      "title": "证书有效（已联网核验）",
      "line": "签名正确，颁发机构可信；截至 {as_of} 未被撤销或暂停。"
    },
    "valid_as_of": {
      "title": "证书真实，最新状态未知（截至 {as_of} 未被撤销）",
      "line": "此后的状态未知：请联网后再次核验（或导入新的核验数据文件）。"
    },
    "valid_as_of_online": {
      "title": "证书真实，最新状态未知（截至 {as_of} 未被撤销）",
      "line": "平台的撤销名单尚未更新，此后的状态未知：请稍后再试，或向项目管理方查询。"
    },
    "revoked": {
      "title": "证书已被撤销",
      "line": "颁发机构已撤销此证书（名单日期 {as_of}）。请勿采信。"
    },
    "superseded": {
      "title": "证书已更正并换发",
      "line": "请勿采信此份，请向持证人索取换发后的新证书（名单日期 {as_of}）。"
    },
    "suspended": {
      "title": "证书已暂停使用",
      "line": "暂停期间请勿采信；请向颁发机构查询（名单日期 {as_of}）。"
    },
    "expired": {
      "title": "证书已过有效期",
      "line": "该证书真实，但有效期已于 {expires_on} 届满；是否采信请自行判断。"
    },
    "unknown_issuer": {
      "title": "签发者不在可信机构名单中，疑似伪造",
      "line": "请联网更新核验数据后再次核验；结果不变则请勿采信。"
    },
    "unknown_issuer_online": {
      "title": "签发者不在可信机构名单中，疑似伪造",
      "line": "最新的可信机构名单中没有该签发者，请勿采信。"
    },
    "no_certificate": {
      "title": "这不是 1+X 证书二维码",
      "line": "请扫描证书上的二维码；如确为该二维码，请重新完整扫描或粘贴。"
    },
    "envelope": {
      "title": "证书内容不完整或已被修改",
      "line": "请重新扫描原件；结果不变则请勿采信。"
    },
    "signature": {
      "title": "证书内容与签名不符，疑似被篡改",
      "line": "请重新扫描原件；结果不变则请勿采信。"
    },
    "register": {
      "title": "证书未经平台登记，疑似伪造",
      "line": "颁发机构的签名正确，但没有平台的登记签名。请勿采信，并向项目管理方反映。"
    },
    "countersignature_does_not_match": {
      "title": "证书的平台登记无法确认，疑似伪造",
      "line": "颁发机构的签名正确，登记签名不符。请联网更新核验数据后再次核验；结果不变则请勿采信。"
    },
    "countersignature_does_not_match_online": {
      "title": "证书未经平台登记，疑似伪造",
      "line": "颁发机构的签名正确，登记签名不符。请勿采信，并向项目管理方反映。"
    },
    "register_key_compromised": {
      "title": "平台登记密钥已作废",
      "line": "发证日期在登记密钥失效之后，请勿采信，并向项目管理方查询。"
    },
    "claims": {
      "title": "证书内容不合规定",
      "line": "此证书不符合签发规定，请勿采信，并告知颁发机构。"
    },
    "issued_at.in_the_future": {
      "title": "发证日期晚于今日",
      "line": "请检查本机日期；如日期无误，请勿采信。"
    },
    "organization_had_left": {
      "title": "颁发时该机构已退出试点",
      "line": "该机构当时已无权颁发，请勿采信。"
    },
    "entitlement": {
      "title": "颁发机构无权颁发该证书或等级",
      "line": "请勿采信，并向项目管理方反映。"
    },
    "key_compromised": {
      "title": "签发密钥已作废",
      "line": "签发日期在密钥失效之后，请勿采信。"
    },
    "list_missing": {
      "title": "暂时无法确认是否被撤销",
      "line": "签名正确；请联网后再次核验（或导入新的核验数据文件）。"
    },
    "list_expired": {
      "title": "暂时无法确认是否被撤销",
      "line": "签名正确，但撤销名单已过期（{as_of}）。请联网后再次核验（或导入新的核验数据文件）。"
    },
    "list_missing_online": {
      "title": "暂时无法确认是否被撤销",
      "line": "签名正确，但平台没有此证书的撤销名单：请向项目管理方查询。"
    },
    "list_expired_online": {
      "title": "暂时无法确认是否被撤销",
      "line": "签名正确，但平台的撤销名单已过期（{as_of}）：请向项目管理方查询。"
    },
    "index_out_of_range": {
      "title": "暂时无法确认是否被撤销",
      "line": "签名正确；撤销名单与证书不符，请向项目管理方查询。"
    },
    "trust_data_missing": {
      "title": "暂时无法核验",
      "line": "本机尚无核验数据。请联网后再次核验，或导入核验数据文件。"
    },
    "trust_list_expired": {
      "title": "暂时无法确认：核验数据已过期",
      "line": "签名正确；请联网后再次核验（或导入新的核验数据文件）。"
    },
    "trust_list_expired_online": {
      "title": "暂时无法确认：平台的可信机构名单已过期",
      "line": "签名正确，但平台尚未更新可信机构名单：请向项目管理方查询。"
    },
    "clock": {
      "title": "本机时间有误",
      "line": "本机日期与核验数据不符，请校正时间后再次核验。"
    },
    "not_in_register": {
      "title": "平台没有此证书的记录",
      "line": "签名正确，但平台未登记此证书：请勿仅凭此采信，请向颁发机构查询。"
    },
    "other_content_in_register": {
      "title": "与平台登记的证书不符",
      "line": "平台以此编号登记的是另一份证书。请勿采信，并向项目管理方反映。"
    },
    "not_registered_yet": {
      "title": "",
      "line": "注意：此证书尚未录入平台，录入期限为 {due_on}。"
    },
    "left": {
      "title": "",
      "line": "注意：颁发机构自 {left_on} 起已退出试点；此前颁发的证书不受影响。"
    },
    "compare": {
      "title": "",
      "line": "请核对持证人身份证件。"
    },
    "document_no": {
      "title": "证件号码不一致",
      "line": "请核对输入；如输入无误，此证书不属于该证件的持有人，请勿采信。"
    },
    "document_none": {
      "title": "",
      "line": "此证书未绑定证件号码，无法比对：请人工核对姓名与证件。"
    },
    "not_opened": {
      "title": "无法打开此文件",
      "line": ""
    },
    "unreadable": {
      "title": "未发现证书二维码",
      "line": "请完整拍入二维码，保持清晰、光线充足；扫描请用 300 dpi；或按证书编号和姓名查询。"
    },
    "code_beside": {
      "title": "另有一个二维码无法读出",
      "line": "同一图片中还有二维码未能读出，可能是另一张证书：请对照原件，单独拍摄该二维码，或以 300 dpi 重新扫描。"
    },
    "levels": [
      "",
      "初级",
      "中级",
      "高级"
    ]
  },
  "en": {
    "valid": {
      "title": "Valid – checked offline",
      "line": "The signature is correct, the issuer trusted; not revoked or suspended as of {as_of}. Go online to know what happened since, and whether it is entered on the platform."
    },
    "valid_online": {
      "title": "Valid – checked online",
      "line": "The signature is correct, the issuer trusted; not revoked or suspended as of {as_of}."
    },
    "valid_as_of": {
      "title": "Genuine, but its status now is unknown (not revoked as of {as_of})",
      "line": "What happened since is unknown: go online and check again, or load a newer trust file."
    },
    "valid_as_of_online": {
      "title": "Genuine, but its status now is unknown (not revoked as of {as_of})",
      "line": "The platform has no newer list, so what happened since is unknown: try again later, or ask the programme."
    },
    "revoked": {
      "title": "Revoked",
      "line": "The issuer has revoked this certificate (list of {as_of}). Do not rely on it."
    },
    "superseded": {
      "title": "Replaced by a newer certificate",
      "line": "Do not rely on this one; ask the holder for the new one (list of {as_of})."
    },
    "suspended": {
      "title": "Suspended",
      "line": "Do not rely on it for now; ask the issuer (list of {as_of})."
    },
    "expired": {
      "title": "Expired",
      "line": "It is genuine, but was valid until {expires_on} only; decide whether that is enough."
    },
    "unknown_issuer": {
      "title": "Signed by nobody on the trust list: perhaps a forgery",
      "line": "Go online for newer trust data and check again; if the answer is the same, do not rely on it."
    },
    "unknown_issuer_online": {
      "title": "Signed by nobody on the trust list: perhaps a forgery",
      "line": "Whoever signed it is not on the newest trust list. Do not rely on it."
    },
    "no_certificate": {
      "title": "Not a 1+X certificate code",
      "line": "Scan the certificate's QR code; if this was it, scan or paste the whole of it again."
    },
    "envelope": {
      "title": "Incomplete or altered",
      "line": "Scan the original again; if the answer is the same, do not rely on it."
    },
    "signature": {
      "title": "Content does not match the signature: perhaps altered",
      "line": "Scan the original again; if the answer is the same, do not rely on it."
    },
    "register": {
      "title": "Not in the programme's register: perhaps a forgery",
      "line": "The issuer's signature is correct, but the register has not countersigned it. Do not rely on it, and tell the programme."
    },
    "countersignature_does_not_match": {
      "title": "Not confirmed by the programme's register: perhaps a forgery",
      "line": "The issuer's signature is correct, the register's is not. Go online for newer trust data and check again; if the answer is the same, do not rely on it."
    },
    "countersignature_does_not_match_online": {
      "title": "Not in the programme's register: perhaps a forgery",
      "line": "The issuer's signature is correct, the register's is not. Do not rely on it, and tell the programme."
    },
    "register_key_compromised": {
      "title": "The register's key was withdrawn",
      "line": "Issued after that key was compromised. Do not rely on it; ask the programme."
    },
    "claims": {
      "title": "Content against the rules",
      "line": "This certificate is against the rules of issuing. Do not rely on it, and tell the issuer."
    },
    "issued_at.in_the_future": {
      "title": "Issued in the future",
      "line": "Check this device's date; if it is right, do not rely on it."
    },
    "organization_had_left": {
      "title": "Issued after the issuer had left the programme",
      "line": "It had no right to issue this. Do not rely on it."
    },
    "entitlement": {
      "title": "Issuer not entitled to this certificate or level",
      "line": "Do not rely on it, and tell the programme."
    },
    "key_compromised": {
      "title": "Signing key withdrawn",
      "line": "Issued after the key was compromised. Do not rely on it."
    },
    "list_missing": {
      "title": "Could not check revocation",
      "line": "The signature is correct; go online and check again, or load a newer trust file."
    },
    "list_expired": {
      "title": "Could not check revocation",
      "line": "The signature is correct, but the revocation list of {as_of} is too old. Go online and check again, or load a newer trust file."
    },
    "list_missing_online": {
      "title": "Could not check revocation",
      "line": "The signature is correct, but the platform has no list for it. Ask the programme."
    },
    "list_expired_online": {
      "title": "Could not check revocation",
      "line": "The signature is correct, but the platform's list of {as_of} is too old. Ask the programme."
    },
    "index_out_of_range": {
      "title": "Could not check revocation",
      "line": "The signature is correct, but its revocation list does not cover it. Ask the programme."
    },
    "trust_data_missing": {
      "title": "Nothing to check with yet",
      "line": "This device has no trust data. Go online and check again, or load a trust file."
    },
    "trust_list_expired": {
      "title": "Not confirmed: the trust data are out of date",
      "line": "The signature is correct; go online and check again, or load a newer trust file."
    },
    "trust_list_expired_online": {
      "title": "Not confirmed: the platform's trust list is out of date",
      "line": "The signature is correct, but there is no newer trust list. Ask the programme."
    },
    "clock": {
      "title": "This device's clock is wrong",
      "line": "Its date does not fit the trust data. Set the clock and check again."
    },
    "not_in_register": {
      "title": "The platform has no record of this certificate",
      "line": "The signature is correct, but the certificate is not in the register. Do not rely on it alone; ask the issuer."
    },
    "other_content_in_register": {
      "title": "Not the certificate that the platform registered",
      "line": "Under this number another certificate is registered. Do not rely on it, and tell the programme."
    },
    "not_registered_yet": {
      "title": "",
      "line": "Note: it is not entered on the platform yet; it is due on {due_on}."
    },
    "left": {
      "title": "",
      "line": "Note: the issuer left the programme on {left_on}; what it issued before stays valid."
    },
    "compare": {
      "title": "",
      "line": "Compare the holder with an identity document."
    },
    "document_no": {
      "title": "The document number does not match",
      "line": "Check what you typed; if it is right, the certificate does not belong to the holder of that document: do not rely on it."
    },
    "document_none": {
      "title": "",
      "line": "This certificate is not tied to a document number: compare name and document yourself."
    },
    "not_opened": {
      "title": "This file cannot be opened",
      "line": ""
    },
    "unreadable": {
      "title": "No certificate code found",
      "line": "Capture the whole code, sharp and well lit; scan at 300 dpi; or look it up by number and name."
    },
    "code_beside": {
      "title": "Another code cannot be read",
      "line": "The same picture has a further code, perhaps another certificate: compare the original, photograph that code alone, or scan again at 300 dpi."
    },
    "levels": [
      "",
      "Elementary",
      "Intermediate",
      "Advanced"
    ]
  }
};

/** Checks, states and reasons in words: `reasons.py`. */
export const REASONS = {
  "zh": {
    "checks": {
      "text": "二维码内容",
      "envelope": "证书格式",
      "issuer_key": "签发密钥",
      "signature": "数字签名",
      "register": "平台登记",
      "claims": "证书内容",
      "entitlement": "颁发权限",
      "expiry": "有效期",
      "status": "撤销与暂停状态"
    },
    "states": {
      "passed": "通过",
      "failed": "未通过",
      "could_not_run": "无法检查"
    },
    "reasons": {
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
      "other_content_in_register": "平台以此编号登记的是另一份证书"
    },
    "fields": {
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
      "certificate": "证书"
    },
    "faults": {
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
      "beside_holder_tag": "与证件绑定重复"
    }
  },
  "en": {
    "checks": {
      "text": "Text of the code",
      "envelope": "Form of the certificate",
      "issuer_key": "Signing key",
      "signature": "Digital signature",
      "register": "Entry in the register",
      "claims": "Content",
      "entitlement": "Issuer's right to issue",
      "expiry": "Period of validity",
      "status": "Revocation and suspension"
    },
    "states": {
      "passed": "passed",
      "failed": "failed",
      "could_not_run": "could not be checked"
    },
    "reasons": {
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
      "other_content_in_register": "the platform registered another certificate by this number"
    },
    "fields": {
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
      "certificate": "certificate"
    },
    "faults": {
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
      "beside_holder_tag": "is given beside a document binding"
    }
  }
};
