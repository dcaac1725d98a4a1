"""What `--help` and mistakes in the use of a command say; `say` of `verify_words` finds it."""

import re

ZH: dict[str, str] = {
    "about": "签发、签名和核验 1+X 职业技能等级证书。",
    "about_base": "此处只安装了 verify 和 trust。使用 {others}，请另行安装：{install}",
    "about_verify": (
        "离线核验证书，全程不联网。\n"
        "\n"
        "可核验二维码内容、图片、PDF、TIFF、文本文件、文件夹和通配符，一次可达数千个。\n"
        "\n"
        "退出状态：\n"
        "0 全部有效；\n"
        "1 至少一张不可采信：已撤销、已暂停、已过有效期、内容不符、签发者不在名单中、"
        "与证件号码不一致；\n"
        "2 用法有误，或没有核验数据；\n"
        "3 没有不可采信的，但有证书暂时无法确认，或没有可比对的证件号码；\n"
        "4 没有不可采信的，但有内容不是证书或未能读取；\n"
        "70、74 未能完成：程序故障，或无法写入结果。"
    ),
    "command_verify": "离线核验证书",
    "command_trust": "本机的核验数据，以及根密钥的生成和签名",
    "command_page": "生成单文件核验页，内含核验数据",
    "command_install": "安装根密钥和核验数据",
    "command_update": "从平台获取最新的核验数据",
    "command_show": "查看核验数据的内容",
    "command_roots": "生成根密钥",
    "command_build": "生成下一版可信机构名单（未签名）",
    "command_sign": "用一个根密钥为可信机构名单签名（离线）",
    "command_publish": "使已签名的名单生效，并更新发布的文件",
    "command_restored": "恢复数据库后，以已发布的状态为准",
    "command_demo": "在一个文件夹中演示全过程",
    "command_serve": "启动服务，提供接口和发布的文件",
    "command_schema": "输出接口的结构",
    "command_migrate": "创建或更新数据库表",
    "command_catalogue": "项目的证书目录",
    "command_organization": "机构及其颁发权限",
    "command_key": "签发密钥和名单密钥",
    "command_token": "接口令牌",
    "command_audit": "审计记录",
    "command_issue": "按电子表格签发证书",
    "command_print": "将证书输出为可打印的 PDF",
    "command_batch": "考生名单批次：上传、检查、颁发、录入",
    "command_sign-own": "提交机构自行完成的签名",
    "command_register": "将证书录入平台",
    "command_revoke": "撤销证书（不可恢复）",
    "command_suspend": "暂停证书",
    "command_lift": "解除暂停",
    "command_correct": "更正并换发证书",
    "command_correct-many": "按表批量更正并换发证书",
    "command_recheck": "将库内证书数据与签名及审计记录逐项比对",
    "command_log": "证书日志：已登记证书的公开记录",
    "command_handover": "试点结束时的移交数据包",
    "command_sweep": "登记新的应办事项和发现的问题",
    "command_expire": "删除保存期限已满的个人信息",
    "command_parameter": "项目中有时效的参数",
    "command_credit-bank": "学习成果记录的推送和镜像",
    "help_help": "显示本说明",
    "help_version": "显示版本号",
    "help_lang": "语言（默认与系统一致）",
    "help_inputs": "图片等文件、文件夹、通配符、二维码内容，或 -（标准输入）",
    "help_trust": "核验数据文件（.cgtrust）",
    "help_root": "根密钥文件（root.json）",
    "help_home": "存放核验数据的文件夹",
    "help_json": "每行输出一个 JSON 对象",
    "help_csv": "输出 CSV，可用 Excel 打开",
    "help_xlsx": "另存一份 Excel 表格",
    "help_document": "同时比对持证人的证件号码",
    "help_jobs": "同时运行的进程数（默认与处理器核心数相同）",
    "help_given_root": "项目管理方提供的根密钥文件（root.json）",
    "help_installed_root": "根密钥文件（默认为已安装的）",
    "help_held_bundle": "核验数据文件（默认为本机已有的）",
    "help_url": "平台或核验数据文件的网址（默认为上次所用）",
    "help_out": "要写入的 HTML 文件",
    "help_page_language": "核验页的语言（默认 zh）",
}
EN: dict[str, str] = {
    "about": "Issue, sign and verify 1+X vocational skill-level certificates.",
    "about_base": "Only verify and trust are installed here. For {others}: {install}",
    "about_verify": (
        "certgraph verify: check certificates without a network.\n"
        "\n"
        "Takes QR texts, pictures, PDFs, text files, folders and patterns, thousands at a time, "
        "and opens no\n"
        "socket. Exit status: 0 all valid; 1 at least one must not be relied on (revoked, "
        "suspended, expired,\n"
        "altered, unknown issuer, not of this document's holder); 2 wrong usage, or no trust data; "
        "3 none\n"
        "bad, but at least one not confirmed as of now, or without a document number to compare; "
        "4 none bad,\n"
        "but something is no certificate or could not be read. 70 and 74: it could not come to an "
        "end (a\n"
        "fault of the program, an output that cannot be written)."
    ),
    "command_verify": "verify certificates offline",
    "command_trust": "the trust data held here, and the root ceremony",
    "command_page": "write the verify page as one file, trust data inside",
    "command_install": "install root keys and a bundle for verifying",
    "command_update": "fetch the newest bundle from the platform",
    "command_show": "show what a bundle says",
    "help_help": "show this help message and exit",
    "help_version": "show program's version number and exit",
    "help_lang": "language (default: the system's)",
    "help_inputs": "scan, folder, pattern, QR text, or stdin",
    "help_trust": "trust bundle (.cgtrust)",
    "help_root": "root keys (root.json)",
    "help_home": "folder of the trust data held",
    "help_json": "one JSON object a line",
    "help_csv": "CSV that Excel opens",
    "help_xlsx": "also write a table for Excel",
    "help_document": "also compare the holder's document number",
    "help_jobs": "processes (default: one a core)",
    "help_given_root": "root.json from the programme",
    "help_installed_root": "root.json (default: the one installed)",
    "help_held_bundle": "trust bundle (default: the one held)",
    "help_url": "of the platform or the bundle (default: the one used last)",
    "help_out": "HTML file to write",
    "help_page_language": "language of the page (default: zh)",
}

HEADINGS = {"positional arguments": "参数：", "options": "选项："}
"""Of argparse → in Chinese."""

_NAME = r"argument (?P<name>\S+): "
_VALUE = r"""(?P<quote>['"])(?P<value>.*)(?P=quote)"""
_CHOICES = r"(?:, maybe you meant .*\?)? \(choose from (?P<list>.*)\)"
_MISTAKES = (
    (r"the following arguments are required: COMMAND", "缺少命令，请查看说明：{command} --help"),
    (
        r"the following arguments are required: (?P<value>PATH\|TEXT\|-)",
        "缺少参数 {value}：要核验的文件、文件夹或二维码内容",
    ),
    (r"the following arguments are required: (?P<list>.*)", "缺少参数：{list}"),
    (r"unrecognized arguments: (?P<value>.*)", "没有这样的参数：{value}"),
    (
        rf"argument COMMAND: invalid choice: {_VALUE}{_CHOICES}",
        "没有“{value}”这一命令，可用的命令：{list}",
    ),
    (rf"{_NAME}invalid choice: {_VALUE}{_CHOICES}", "{name} 不能为“{value}”，可选：{list}"),
    (rf"{_NAME}expected one argument", "{name} 后没有填写内容"),
    (rf"{_NAME}not allowed with argument (?P<other>\S+)", "{name} 不能与 {other} 同时使用"),
    (rf"{_NAME}ignored explicit argument {_VALUE}", "{name} 后不能填写内容：“{value}”"),
    (rf"{_NAME}give a number from 1 on", "{name} 应为不小于 1 的整数"),
    (
        r"ambiguous option: (?P<value>.*) could match (?P<list>.*)",
        "参数 {value} 不完整，可能是：{list}",
    ),
)
"""A message of argparse, in any of its versions → in Chinese."""


def mistake_in_chinese(message: str, command: str) -> str:
    """Return a message of argparse in Chinese; one that is not known here leads to the help."""
    for pattern, said in _MISTAKES:
        if match := re.fullmatch(pattern, message, re.DOTALL):
            facts = match.groupdict()
            listed = (facts.get("list") or "").replace("'", "").replace(", ", "、")
            return said.format_map({**facts, "list": listed, "command": command})
    return f"用法有误，请查看说明：{command} --help"
