# ruff: noqa: ANN401 - whatever a text shows
"""What `certgraph verify` says besides the verdicts and the words of the page."""

from typing import Any

from certgraph.cli import help_words
from certgraph.verify_page.page import words

_ZH: dict[str, str] = {
    "verdict_valid": "有效",
    "verdict_valid_as_of": "真实，最新状态未知",
    "verdict_unconfirmed": "暂时无法确认",
    "verdict_suspended": "已暂停",
    "verdict_expired": "已过有效期",
    "verdict_revoked": "已撤销或换发",
    "verdict_invalid": "内容不符或不合规定",
    "verdict_unknown_issuer": "签发者不在名单中",
    "verdict_no_certificate": "不是证书二维码",
    "verdict_document_mismatch": "证件号码不一致",
    "verdict_unreadable": "未能读取",
    "end_closed": "标准输出已关闭",
    "end_output": "无法写入结果：{why}",
    "end_interrupted": "已中断，请重新运行",
    "end_fault": "程序故障（{why}）：设置 CERTGRAPH_TRACEBACK=1 后重新运行可查看位置",
    "updated": "可信机构名单第 {sequence} 版（{date}）；{until} 前可给出“有效”结论",
    "installed": "已安装：根密钥，可信机构名单第 {sequence} 版",
    "shown": (
        "可信机构名单第 {sequence} 版（{made}），有效期至 {until}；撤销名单 {status_lists} 份"
    ),
    "shown_entitlement": "{certificate}：{levels}",
    "state_active": "正常",
    "state_rectifying": "整改中",
    "state_exited": "已退出",
    "state_handed_over": "已移交",
    "page_written": "{file}：{size} 字节；用浏览器打开即可，不需联网",
    "page_ages": (
        "{until} 前可给出“有效”结论，此后为“真实，最新状态未知”；自 {end} 起无法确认证书状态。"
        "请及时发放新的文件。"
    ),
    "file_exists": "{file} 已存在，未覆盖",
    "given_document": "--document 后没有证件号码",
    "held_cannot_write": "无法写入 {file}：{why}",
    "column_source": "文件",
    "column_verdict": "结果",
    "column_check": "检查项目",
    "column_reason": "原因",
    "column_number": "证书编号",
    "column_holder_name": "持证人",
    "column_certificate": "证书名称",
    "column_level": "等级",
    "column_standard": "职业技能等级标准",
    "column_issued_on": "发证日期",
    "column_expires_on": "有效期至",
    "column_masked_document": "证件号码",
    "column_issuer": "颁发机构",
    "column_issuer_left_on": "机构退出日期",
    "column_status_as_of": "撤销名单日期",
    "column_message": "说明",
    "column_document_matches": "证件比对",
    "column_same_as": "同一证书",
    "compared_yes": "一致",
    "compared_no": "不一致",
    "compared_visible_part": "可见部分一致",
    "compared_nothing_to_compare": "无法比对",
    "total": "共 {count} 项：{verdicts}",
    "matches_yes": "✔ 证件号码一致。",
    "matches_visible": "? 证书只显示部分证件号码：可见部分一致，请与证件核对。",
    "given_nothing": "没有可核验的内容：输入为空",
    "given_empty": "参数为空，没有可核验的内容",
    "given_unknown": "{name} 既不是二维码内容，也不是此处的文件、文件夹或通配符",
    "given_no_files": "文件夹 {name} 中没有可核验的文件",
    "given_closed": "标准输入已关闭",
    "held_no_roots": (
        "尚未安装根密钥：请用 --root root.json 指定，或一次性安装："
        "certgraph trust install --root root.json bundle.cgtrust"
    ),
    "held_no_bundle": "尚无可用的核验数据：请用 --trust FILE 指定",
    "held_no_file": "文件不存在：{file}",
    "held_cannot_read": "无法读取 {file}：{why}",
    "held_no_home": "此用户没有主目录：请用 --home 指定存放核验数据的文件夹",
    "held_no_source": "尚不知核验数据的网址：certgraph trust update https://平台网址",
    "held_not_https": "{url} 不是 https 网址",
    "held_unreachable": "无法从 {url} 获取核验数据：{why}",
    "held_no_root_file": "{file} 不是根密钥文件：{why}",
    "held_refused": "未采用 {file}：{why}",
    "held_kept": "未采用 {file}：{why}。继续使用此前的核验数据。",
    "held_ages": (
        "核验数据将于 {day} 过期，此后无法确认证书状态：请运行 certgraph trust update，"
        "或导入新的核验数据文件。"
    ),
    "held_aged": (
        "核验数据已于 {day} 过期：请运行 certgraph trust update，或导入新的核验数据文件。"
    ),
}
_EN: dict[str, str] = {
    "verdict_valid": "valid",
    "verdict_valid_as_of": "genuine, status now unknown",
    "verdict_unconfirmed": "not confirmed",
    "verdict_suspended": "suspended",
    "verdict_expired": "expired",
    "verdict_revoked": "revoked or replaced",
    "verdict_invalid": "altered or against the rules",
    "verdict_unknown_issuer": "issuer not on the list",
    "verdict_no_certificate": "not a certificate code",
    "verdict_document_mismatch": "document does not match",
    "verdict_unreadable": "not read",
    "end_closed": "standard output is closed",
    "end_output": "the output cannot be written: {why}",
    "end_interrupted": "interrupted; repeat the command",
    "end_fault": (
        "a fault of certgraph ({why}); set CERTGRAPH_TRACEBACK=1 and repeat it to see where"
    ),
    "updated": "trust list {sequence} of {date}; answers “valid” until {until}",
    "installed": "installed: root keys, trust list {sequence}",
    "shown": (
        "trust list {sequence}, made {made}, good until {until}; {status_lists} status list(s)"
    ),
    "shown_entitlement": "{certificate}, level {levels}",
    "state_active": "ACTIVE",
    "state_rectifying": "RECTIFYING",
    "state_exited": "EXITED",
    "state_handed_over": "HANDED_OVER",
    "page_written": "{file}: {size} bytes; opens in a browser, without a network",
    "page_ages": (
        "It answers “valid” until {until}, then “valid as of”; from {end} on it confirms nothing. "
        "Hand out a newer one in time."
    ),
    "file_exists": "{file} exists already and is not overwritten",
    "given_document": "--document names no number",
    "held_cannot_write": "{file} cannot be written: {why}",
    "column_source": "File",
    "column_verdict": "Result",
    "column_check": "Check",
    "column_reason": "Reason",
    "column_number": "Certificate number",
    "column_holder_name": "Holder",
    "column_certificate": "Certificate",
    "column_level": "Level",
    "column_standard": "Standard",
    "column_issued_on": "Issued on",
    "column_expires_on": "Valid until",
    "column_masked_document": "Document number",
    "column_issuer": "Issuer",
    "column_issuer_left_on": "Issuer left on",
    "column_status_as_of": "Status as of",
    "column_message": "Message",
    "column_document_matches": "Document",
    "column_same_as": "Same as",
    "compared_yes": "matches",
    "compared_no": "does not match",
    "compared_visible_part": "visible part matches",
    "compared_nothing_to_compare": "nothing to compare",
    "total": "{count} in all: {verdicts}",
    "matches_yes": "✔ The document number matches.",
    "matches_visible": (
        "? The certificate shows a part of the document number: that part matches; compare the "
        "document."
    ),
    "given_nothing": "there is nothing to verify: the input is empty",
    "given_empty": "an empty argument names nothing to verify",
    "given_unknown": "{name} is neither a QR text nor a file, folder or pattern here",
    "given_no_files": "the folder {name} holds no files to verify",
    "given_closed": "standard input is closed",
    "held_no_roots": (
        "no root keys are installed: pass --root root.json, or install them once with "
        "certgraph trust install --root root.json bundle.cgtrust"
    ),
    "held_no_bundle": "no trust bundle is held that can be used: pass --trust FILE",
    "held_no_file": "there is no file {file}",
    "held_cannot_read": "{file} cannot be read: {why}",
    "held_no_home": "this user has no home: name a folder for trust data by --home",
    "held_no_source": "no address is known: certgraph trust update https://PLATFORM",
    "held_not_https": "{url} is no https address",
    "held_unreachable": "no trust data from {url}: {why}",
    "held_no_root_file": "{file} is not a file of root keys: {why}",
    "held_refused": "{file} is refused: {why}",
    "held_kept": "{file} is refused: {why}. The one held before stays in force.",
    "held_ages": (
        "the trust data end on {day}; from then on nothing is confirmed: run certgraph trust "
        "update, or load a newer trust file."
    ),
    "held_aged": (
        "the trust data ended on {day}: run certgraph trust update, or load a newer trust file."
    ),
}
_WORDS = {"zh": _ZH | help_words.ZH, "en": _EN | help_words.EN}


def say(language: str, key: str, **facts: Any) -> str:
    """Return a text, of the command or else of the page, with its facts filled in."""
    text = _WORDS[language].get(key)
    return (words(language)[key] if text is None else text).format_map(facts)
