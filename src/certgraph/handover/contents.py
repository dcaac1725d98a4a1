"""The files of a handover package: their names, their columns, and what these mean."""

from collections.abc import Mapping

FILES: Mapping[str, str] = {
    "organizations": "组织 organizations",
    "organization_kinds": "组织类别 what each organization is",
    "organization_states": "组织状态变更 changes of state of organizations",
    "keys": "签名密钥（公钥） signing keys, their public half",
    "entitlements": "颁证资格 what each organization might issue",
    "certificate_types": "证书目录 the catalogue of certificates",
    "certificate_levels": "证书等级 levels of certificates",
    "certificate_type_organizations": "证书所属组织 who is behind each certificate",
    "occupations": "职业对应目录 occupations that levels correspond to",
    "standards": "标准版本 versions of standards",
    "standard_contents": "标准内容 work areas, tasks and skill requirements",
    "learning_outcomes": "学习成果 learning outcomes",
    "certificates": "已颁证书 certificates issued",
    "obligations": "未了义务 obligations that are open",
    "decisions": "处理决定 decisions of cases",
}
"""Name of a file, without `.csv` → what is in it."""

COLUMNS: Mapping[str, str] = {
    "basis": "期限依据",
    "batch_number": "公布批次",
    "announced_on": "公布日期",
    "certificate_type_code": "证书代码",
    "code": "代码",
    "compromised_on": "泄露日期",
    "completion": "已报名学生是否完成",
    "content_sha256": "内容的 SHA-256",
    "custody": "密钥保管方式",
    "decided_on": "决定日期",
    "decider_code": "决定机关代码",
    "decision": "决定",
    "division_code": "行政区划代码",
    "document": "文件",
    "due_on": "应完成日期",
    "effective_on": "生效日期",
    "erased_at": "个人信息删除时间",
    "expires_on": "有效期至",
    "first_on": "起始日期",
    "holder_name": "持证人姓名",
    "issued_on": "颁证日期",
    "key": "事项编号",
    "kid": "密钥编号（十六进制）",
    "kind": "类别",
    "last_on": "截止日期（含当日）",
    "level": "证书等级（1 初级、2 中级、3 高级）",
    "name": "名称",
    "name_en": "英文名称",
    "number": "编号",
    "opened_at": "产生时间",
    "organization_code": "组织代码",
    "platform_id": "国家平台编号",
    "public_key": "Ed25519 公钥（十六进制）",
    "published_on": "发布日期",
    "purpose": "密钥用途",
    "qr_text": "二维码文本（含两枚签名，可离线核验）",
    "reason": "原因",
    "recorded_at": "登记时间",
    "registered_at": "平台登记时间",
    "registration_due_on": "应登记日期",
    "rule_id": "规则编号",
    "since": "起始日期",
    "skill_level": "职业技能等级（5 初级工至 1 高级技师）",
    "source": "来源",
    "standard_code": "标准代码",
    "state": "状态",
    "state_since": "状态起始日期",
    "summary": "理由",
    "supersedes": "所更正证书的编号",
    "text": "内容",
    "uscc": "统一社会信用代码",
    "version": "标准版本",
}
"""Name of a column → what it holds, in Chinese; the name says it in English."""

ABOUT = "README.txt"
FACTS = "handover.json"
SUMS = "SHA256SUMS"
SEAL = "SHA256SUMS.cwt"
BUNDLE = "bundle.cgtrust"
NAMES = frozenset({*(f"{name}.csv" for name in FILES), ABOUT, FACTS, SUMS, SEAL, BUNDLE})
"""Every file of a package."""

_INTRODUCTION = """\
移交数据包 Handover package
{title_zh} {title}
{document}

各表为 CSV（UTF-8，首行为列名，空单元格表示没有或不详），时间为 UTC。
Tables are CSV: UTF-8, names of columns first, an empty cell: none or unknown; times are UTC.
文字照录；以“=”等符号开头的内容请勿作为公式打开。
Texts are as they are held: take none that begins with = or the like for a formula.

核对 To check:
  sha256sum -c SHA256SUMS          文件与清单一致 files are those of the list
  certgraph handover check FOLDER  清单由平台签名 the list was signed by the platform
  certgraph verify certificates.csv  逐份核验证书 verify each certificate

含个人信息（持证人姓名、证书签名内容），证件号码不在其内。
Holds personal data: names of holders, and what was signed of them; no numbers of documents.

"""


def about(title: str, title_zh: str, document: str, columns: Mapping[str, list[str]]) -> str:
    """Return what the package says about itself, for people.

    Args:
        title: Of the regime, in English.
        title_zh: In Chinese.
        document: On which the regime rests.
        columns: Name of a file → names of its columns.
    """
    lines = [_INTRODUCTION.format(title=title, title_zh=title_zh, document=document)]
    for name, named in columns.items():
        lines.append(f"{name}.csv  {FILES[name]}\n")
        lines += [f"  {column}  {COLUMNS[column]}\n" for column in named]
        lines.append("\n")
    return "".join(lines)
