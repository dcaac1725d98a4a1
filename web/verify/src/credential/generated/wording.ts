/** What a verifier says: `wording.py`. */
export const ICONS = {
  "valid": "✔︎",
  "valid_as_of": "◐︎",
  "unconfirmed": "?︎",
  "suspended": "‖︎",
  "expired": "!︎",
  "revoked": "✘︎",
  "invalid": "✘︎",
  "unknown_issuer": "✘︎"
};

/** How a verdict is shown; all others as a warning. */
export const TONES = {
  "valid": "good",
  "revoked": "bad",
  "invalid": "bad",
  "unknown_issuer": "bad"
} as const;

export const WORDING = {
  "zh": {
    "valid": {
      "title": "证书有效（离线核验）",
      "line": "签名正确，颁发机构可信；截至 {as_of} 未被撤销。"
    },
    "valid_online": {
      "title": "证书有效（已联网核验）",
      "line": "签名正确，颁发机构可信；截至 {as_of} 未被撤销。"
    },
    "valid_as_of": {
      "title": "签名有效，截至 {as_of} 未被撤销",
      "line": "此后的状态未知：请更新信任文件后再次核验。"
    },
    "valid_as_of_online": {
      "title": "签名有效，截至 {as_of} 未被撤销",
      "line": "平台的撤销名单尚未更新，此后的状态未知：请稍后再试，或向项目管理方查询。"
    },
    "revoked": {
      "title": "证书已被撤销",
      "line": "颁发机构已撤销此证书（名单日期 {as_of}）。请勿采信。"
    },
    "superseded": {
      "title": "证书已被更正换发",
      "line": "请勿采信此份，向持证人索取新证书（名单日期 {as_of}）。"
    },
    "suspended": {
      "title": "证书已暂停使用",
      "line": "暂停期间请勿采信；请向颁发机构查询（名单日期 {as_of}）。"
    },
    "expired": {
      "title": "证书已过有效期",
      "line": "曾为有效证书，有效期至 {expires_on}。"
    },
    "unknown_issuer": {
      "title": "颁发机构未登记",
      "line": "签名密钥不在可信机构名单中。请更新信任文件；仍如此则请勿采信。"
    },
    "unknown_issuer_online": {
      "title": "颁发机构未登记",
      "line": "签名密钥不在最新的可信机构名单中，请勿采信。"
    },
    "text": {
      "title": "这不是 1+X 证书二维码",
      "line": "请确认扫描的是证书上的二维码，并重新扫描。"
    },
    "envelope": {
      "title": "证书内容不完整或已被修改",
      "line": "请重新扫描原件；仍如此则请勿采信。"
    },
    "signature": {
      "title": "内容与签名不符",
      "line": "二维码或文件可能被修改，请勿采信。"
    },
    "claims": {
      "title": "证书内容不合规定",
      "line": "此证书不应存在，请勿采信，并告知颁发机构。"
    },
    "issued_at.in_the_future": {
      "title": "颁发日期晚于今日",
      "line": "请检查本机日期；日期无误则请勿采信。"
    },
    "organization_had_left": {
      "title": "颁发时机构已退出",
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
      "line": "签名有效；请更新信任文件后再次核验。"
    },
    "list_expired": {
      "title": "暂时无法确认是否被撤销",
      "line": "签名有效，但撤销名单已过期（{as_of}）。请更新。"
    },
    "list_missing_online": {
      "title": "暂时无法确认是否被撤销",
      "line": "签名有效，但平台没有此证书的撤销名单：请向项目管理方查询。"
    },
    "list_expired_online": {
      "title": "暂时无法确认是否被撤销",
      "line": "签名有效，但平台的撤销名单已过期（{as_of}）：请向项目管理方查询。"
    },
    "index_out_of_range": {
      "title": "暂时无法确认是否被撤销",
      "line": "签名有效；撤销名单与证书不符。"
    },
    "trust_data_missing": {
      "title": "暂时无法核验",
      "line": "本机尚无信任数据。请联网后再次核验，或载入信任文件。"
    },
    "trust_list_expired": {
      "title": "信任文件已过期",
      "line": "签名有效；请更新信任文件后再次核验。"
    },
    "trust_list_expired_online": {
      "title": "平台的信任名单已过期",
      "line": "签名有效，但平台尚未更新信任名单：请向项目管理方查询。"
    },
    "clock": {
      "title": "本机时间有误",
      "line": "本机日期与信任数据不符，请校正时间后再次核验。"
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
    "not_ours": {
      "title": "没有可核验的证书",
      "line": "请确认文件，或扫描证书上的二维码。"
    },
    "unreadable": {
      "title": "未能识别二维码",
      "line": "请将整个二维码纳入画面，对准、补光、提高分辨率，或手工输入内容。"
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
      "line": "The signature is correct, the issuer trusted; not revoked as of {as_of}."
    },
    "valid_online": {
      "title": "Valid – checked online",
      "line": "The signature is correct, the issuer trusted; not revoked as of {as_of}."
    },
    "valid_as_of": {
      "title": "Signature valid, not revoked as of {as_of}",
      "line": "What happened since is unknown: update the trust file and check again."
    },
    "valid_as_of_online": {
      "title": "Signature valid, not revoked as of {as_of}",
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
      "line": "It was genuine, and valid until {expires_on}."
    },
    "unknown_issuer": {
      "title": "Issuer not recognised",
      "line": "The signing key is not on the trust list. Update the trust file; if it stays so, do not rely on it."
    },
    "unknown_issuer_online": {
      "title": "Issuer not recognised",
      "line": "The signing key is not on the newest trust list. Do not rely on it."
    },
    "text": {
      "title": "Not a 1+X certificate code",
      "line": "Check that you scanned the certificate's QR code."
    },
    "envelope": {
      "title": "Incomplete or altered",
      "line": "Scan the original again; if it stays so, do not rely on it."
    },
    "signature": {
      "title": "Content does not match the signature",
      "line": "It may have been altered. Do not rely on it."
    },
    "claims": {
      "title": "Content against the rules",
      "line": "This certificate should not exist. Do not rely on it, and tell the issuer."
    },
    "issued_at.in_the_future": {
      "title": "Issued in the future",
      "line": "Check this device's date; if it is right, do not rely on it."
    },
    "organization_had_left": {
      "title": "Issued after the issuer had left",
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
      "line": "The signature is valid; update the trust file and check again."
    },
    "list_expired": {
      "title": "Could not check revocation",
      "line": "The signature is valid, but the revocation list of {as_of} is too old. Update it."
    },
    "list_missing_online": {
      "title": "Could not check revocation",
      "line": "The signature is valid, but the platform has no list for it. Ask the programme."
    },
    "list_expired_online": {
      "title": "Could not check revocation",
      "line": "The signature is valid, but the platform's list of {as_of} is too old. Ask the programme."
    },
    "index_out_of_range": {
      "title": "Could not check revocation",
      "line": "The signature is valid, but its revocation list does not cover it."
    },
    "trust_data_missing": {
      "title": "Nothing to check with yet",
      "line": "This device has no trust data. Go online and check again, or load a trust file."
    },
    "trust_list_expired": {
      "title": "The trust file is out of date",
      "line": "The signature is valid; update the trust file and check again."
    },
    "trust_list_expired_online": {
      "title": "The platform's trust list is out of date",
      "line": "The signature is valid, but there is no newer trust list. Ask the programme."
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
    "not_ours": {
      "title": "Nothing to verify here",
      "line": "Check the file, or scan the certificate's code."
    },
    "unreadable": {
      "title": "No QR code could be read",
      "line": "Take in the whole code, aim better, add light, scan finer, or type the text."
    },
    "levels": [
      "",
      "elementary",
      "intermediate",
      "advanced"
    ]
  }
};
