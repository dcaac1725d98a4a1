# ruff: noqa: E501 - each sentence stands on one line
"""What each refusal says, in English and Chinese, by code: the one catalogue of messages.

Each sentence says what was wrong and what to do; the place is in the problem's `path`. Where a rule
of the programme stands behind it, the rule is quoted beside the sentence (`policy`).
"""

from typing import NamedTuple


class Message(NamedTuple):
    """A refusal's sort (a `ProblemKind`), its rule, and its sentence in both languages."""

    kind: str
    rule_id: str | None
    en: str
    zh: str


MESSAGES: dict[str, Message] = {
    "access.other_organization": Message(
        "forbidden",
        None,
        "This token acts for another organization than {code}.",
        "此令牌不代表组织 {code}。",
    ),
    "access.role": Message(
        "forbidden",
        None,
        "A token of role {role} may not do this; it needs {needed}.",
        "角色 {role} 的令牌无权执行此操作；需要 {needed}。",
    ),
    "access.token_required": Message(
        "forbidden",
        None,
        "This needs a token. Send it as: Authorization: Bearer cgt_…",
        "此操作需要令牌。请发送：Authorization: Bearer cgt_…",
    ),
    "certificate.correction_started": Message(
        "conflict",
        None,
        "Certificate {number} is already being corrected.",
        "证书 {number} 的更正已在进行中。",
    ),
    "certificate.not_found": Message(
        "not_found",
        None,
        "There is no certificate {number} here. Check the number.",
        "未找到证书 {number}，请检查编号。",
    ),
    "certificate.not_of_run": Message(
        "invalid_input",
        None,
        "Certificate {id} is not part of this run.",
        "证书 {id} 不属于本次签发。",
    ),
    "certificate.not_suspended": Message(
        "conflict",
        None,
        "Certificate {number} is {state}, not suspended; there is nothing to lift.",
        "证书 {number} 的状态为 {state}，并未暂停，无需恢复。",
    ),
    "certificate.nothing_corrected": Message(
        "invalid_input",
        None,
        "The correction of certificate {number} changes nothing. Give at least one new value.",
        "对证书 {number} 的更正没有任何改动，请至少填写一项新内容。",
    ),
    "certificate.number_taken": Message(
        "conflict",
        None,
        "The number {number} is taken; a certificate number is used once, for ever.",
        "编号 {number} 已被使用；证书编号永久唯一。",
    ),
    "certificate.signature_wrong": Message(
        "invalid_input",
        None,
        "The signature of certificate {id} does not verify. Sign the bytes exactly as they were given.",
        "证书 {id} 的签名无法通过验证，请按原样对所给字节签名。",
    ),
    "certificate.transition_refused": Message(
        "conflict",
        None,
        "Certificate {number} is {state}; it cannot become {target}.",
        "证书 {number} 的状态为 {state}，不能变为 {target}。",
    ),
    "certificate_type.code_taken": Message(
        "conflict",
        None,
        "The code {code} belongs to another certificate type.",
        "代码 {code} 已属于另一证书。",
    ),
    "certificate_type.level_unknown": Message(
        "invalid_input",
        None,
        "{name} has no level {level}.",
        "{name} 没有等级 {level}。",
    ),
    "certificate_type.levels": Message(
        "invalid_input",
        None,
        "Give one to three levels out of 1, 2 and 3.",
        "请填写 1、2、3 中的一至三个等级。",
    ),
    "certificate_type.name_taken": Message(
        "conflict",
        None,
        "There is a certificate type {name} already.",
        "已有名为 {name} 的证书。",
    ),
    "certificate_type.no_organization": Message(
        "invalid_input",
        None,
        "Name at least one evaluation organization.",
        "请至少填写一个培训评价组织。",
    ),
    "certificate_type.not_found": Message(
        "not_found",
        None,
        "There is no certificate type {code}.",
        "没有代码为 {code} 的证书。",
    ),
    "day.out_of_range": Message(
        "invalid_input",
        None,
        "{day} is out of range; use {first} to {last}.",
        "{day} 超出范围，请使用 {first} 至 {last}。",
    ),
    "organization.uscc_taken": Message(
        "conflict",
        None,
        "The code {uscc} belongs to another organization.",
        "统一社会信用代码 {uscc} 已属于另一组织。",
    ),
    "division.unknown": Message(
        "invalid_input",
        None,
        "{code} is not a known division code (GB/T 2260).",
        "{code} 不是已知的行政区划代码（GB/T 2260）。",
    ),
    "entitlement.no_level": Message(
        "invalid_input",
        None,
        "Name at least one level.",
        "请至少填写一个等级。",
    ),
    "entitlement.not_in_force": Message(
        "not_found",
        None,
        "On {day} there is no leave to issue {name} at level {level}.",
        "{day} 当日没有颁发 {name}（等级 {level}）的授权。",
    ),
    "entitlement.overlaps": Message(
        "conflict",
        None,
        "Leave to issue {name} at level {level} is already granted from {first}; end it first.",
        "{name}（等级 {level}）自 {first} 起已授权；请先终止原授权。",
    ),
    "idempotency.conflict": Message(
        "conflict",
        None,
        "The idempotency key {key} was used for another request. Use a new key, or repeat the request unchanged.",
        "幂等键 {key} 已用于另一请求；请更换新键，或原样重发。",
    ),
    "input.malformed": Message(
        "invalid_input",
        None,
        "{value} is not {expected}.",
        "{value} 不是{expected}。",
    ),
    "issue.already_certified": Message(
        "conflict",
        None,
        "{reference} is certified already, with number {number}. To change it, correct that certificate.",
        "{reference} 已获证书，编号 {number}。如需修改，请更正该证书。",
    ),
    "issue.binding_without_document": Message(
        "invalid_input",
        None,
        "Tying a certificate to a document needs the document's number.",
        "绑定证件需要证件号码。",
    ),
    "issue.candidate_count": Message(
        "invalid_input",
        None,
        "A run issues 1 to {limit} certificates.",
        "一次签发 1 至 {limit} 张证书。",
    ),
    "issue.claims": Message(
        "invalid_input",
        None,
        "A verifier would refuse this certificate: {field} is not allowed ({fault}).",
        "验证方将拒绝此证书：{field} 不符合要求（{fault}）。",
    ),
    "issue.document_incomplete": Message(
        "invalid_input",
        None,
        "Give the document's type and number together, or neither.",
        "证件类型与证件号码须同时填写，或都不填写。",
    ),
    "issue.document_length": Message(
        "invalid_input",
        None,
        "A document number has 4 to 32 characters.",
        "证件号码为 4 至 32 个字符。",
    ),
    "issue.handed_over": Message(
        "rule_broken",
        "S17",
        "{name} has handed over its certificates and may issue nothing dated {day}.",
        "{name} 已移交，不得颁发日期为 {day} 的证书。",
    ),
    "issue.in_the_future": Message(
        "invalid_input",
        None,
        "The day of issue {day} lies in the future.",
        "颁发日期 {day} 晚于今日。",
    ),
    "issue.not_entitled": Message(
        "rule_broken",
        "S07",
        "On {day} {name} was not allowed to issue {certificate} at level {level}.",
        "{day} 当日，{name} 无权颁发 {certificate}（等级 {level}）。",
    ),
    "issue.organization_not_active": Message(
        "rule_broken",
        "R46",
        "On {day} {name} was {state}; only an active organization issues certificates.",
        "{day} 当日，{name} 的状态为 {state}；只有处于正常状态的组织可以颁发证书。",
    ),
    "issue.outcome_ambiguous": Message(
        "invalid_input",
        None,
        "Give a learning outcome either by its number or by its text.",
        "学习成果请只填编号或只填文本。",
    ),
    "issue.outcome_unknown": Message(
        "invalid_input",
        None,
        "Standard {code} {version} defines no learning outcome {number} at this level or below.",
        "标准 {code} {version} 在该等级及以下没有学习成果 {number}。",
    ),
    "issue.reference_twice": Message(
        "invalid_input",
        None,
        "The reference {reference} stands twice in this request.",
        "本次请求中 {reference} 出现两次。",
    ),
    "issue.standard_not_published": Message(
        "rule_broken",
        "S07",
        "Standard {code} {version} was not published yet on {day}.",
        "{day} 当日标准 {code} {version} 尚未发布。",
    ),
    "issue.too_large": Message(
        "invalid_input",
        None,
        "The certificate would take {size} bytes, at most {limit} fit a QR code that reads from paper. Carry fewer outcomes, or outcomes by number.",
        "证书内容为 {size} 字节，可打印识读的二维码最多容纳 {limit} 字节。请减少学习成果，或改用编号。",
    ),
    "issue_run.not_found": Message(
        "not_found",
        None,
        "There is no issue run {id} here.",
        "未找到签发批次 {id}。",
    ),
    "key.compromise_in_future": Message(
        "invalid_input",
        None,
        "{day} lies in the future; a key is declared compromised from today or an earlier day.",
        "{day} 晚于今日；泄露起始日须为今日或更早。",
    ),
    "key.compromise_later": Message(
        "conflict",
        None,
        "The key is already declared compromised from {day}; the day can only be moved earlier.",
        "该密钥已声明自 {day} 起泄露；只能提前，不能推后。",
    ),
    "key.no_possession": Message(
        "invalid_input",
        None,
        "The proof does not show that {name} holds this private key. Sign the bytes of issuerKeyChallenge with it.",
        "该证明不能表明 {name} 持有此私钥。请用它对 issuerKeyChallenge 给出的字节签名。",
    ),
    "key.none_valid": Message(
        "conflict",
        None,
        "{name} has no {purpose} key that may sign on {day}. Create or register one first.",
        "{name} 在 {day} 没有可用的 {purpose} 密钥，请先创建或登记。",
    ),
    "key.not_found": Message(
        "not_found",
        None,
        "There is no key {kid} here.",
        "未找到密钥 {kid}。",
    ),
    "key.not_listed": Message(
        "conflict",
        None,
        "Key {kid} of {name} is on no trust list yet, so every verifier would refuse what it signs. Build, sign and publish a trust list first.",
        "{name} 的密钥 {kid} 尚未列入信任列表，验证方会拒绝其签名。请先生成、签名并发布信任列表。",
    ),
    "key.not_valid_yet": Message(
        "conflict",
        None,
        "The key in use signs from {first} on; {day} is earlier.",
        "当前密钥自 {first} 起可用；{day} 更早。",
    ),
    "key.taken": Message(
        "conflict",
        None,
        "This public key is registered already; make a new one for each purpose.",
        "该公钥已登记；每个用途请使用新密钥。",
    ),
    "key.unsafe": Message(
        "invalid_input",
        None,
        "This public key cannot be used: {detail}.",
        "该公钥不可用：{detail}。",
    ),
    "major.unknown": Message(
        "invalid_input",
        None,
        "Edition {edition} of the catalogue of majors has no code {code}.",
        "专业目录 {edition} 中没有代码 {code}。",
    ),
    "organization.agreement_missing": Message(
        "rule_broken",
        "R46",
        "{name} has not signed its agreement yet; record that (state agreed) before it becomes active.",
        "{name} 尚未签署协议；请先登记签约（agreed），再设为正常（active）。",
    ),
    "organization.code_taken": Message(
        "conflict",
        None,
        "The code {code} belongs to another organization.",
        "代码 {code} 已属于另一组织。",
    ),
    "organization.no_kind": Message(
        "invalid_input",
        None,
        "Say what the organization is: at least one kind.",
        "请至少填写一种组织类别。",
    ),
    "organization.not_found": Message(
        "not_found",
        None,
        "There is no organization {code}.",
        "没有代码为 {code} 的组织。",
    ),
    "organization.state_before_last": Message(
        "invalid_input",
        None,
        "The last change of {name} took effect on {since}; a new one cannot begin earlier.",
        "{name} 上次变更自 {since} 生效；新的变更不能更早。",
    ),
    "organization.transition_refused": Message(
        "rule_broken",
        "R53",
        "{name} is {state}; it cannot become {target}.",
        "{name} 的状态为 {state}，不能变为 {target}。",
    ),
    "organization.uscc_invalid": Message(
        "invalid_input",
        None,
        "{uscc} is not a unified social credit code: 18 characters, the last a check digit (GB 32100).",
        "{uscc} 不是有效的统一社会信用代码：18 位，末位为校验码（GB 32100）。",
    ),
    "period.ends_before_it_begins": Message(
        "invalid_input",
        None,
        "The period ends on {last}, before it begins on {first}.",
        "期间于 {last} 结束，早于开始日 {first}。",
    ),
    "self_check.failed": Message(
        "conflict",
        None,
        "A fresh signature did not verify, so nothing of that batch was stored. The signing key is suspect: {detail}.",
        "新签名未通过自检，该批次未保存。签名密钥可疑：{detail}。",
    ),
    "standard.code_malformed": Message(
        "invalid_input",
        None,
        "{code} is not a code such as 1, 1.1 or 1.1.1.",
        "{code} 不是 1、1.1 或 1.1.1 形式的编码。",
    ),
    "standard.code_repeated": Message(
        "invalid_input",
        None,
        "The code {code} stands twice at level {level}.",
        "等级 {level} 中编码 {code} 重复。",
    ),
    "standard.code_taken": Message(
        "conflict",
        None,
        "The code {code} belongs to another standard.",
        "代码 {code} 已属于另一标准。",
    ),
    "standard.level": Message(
        "invalid_input",
        None,
        "{level} is not a level; use 1, 2 or 3.",
        "{level} 不是有效等级，请使用 1、2 或 3。",
    ),
    "standard.not_found": Message(
        "not_found",
        None,
        "There is no standard {code}.",
        "没有代码为 {code} 的标准。",
    ),
    "standard.outcome_number": Message(
        "invalid_input",
        None,
        "{number} cannot number a learning outcome: use 1 to 9999, each once.",
        "{number} 不能作为学习成果编号：请使用 1 至 9999，且不重复。",
    ),
    "standard.parent_missing": Message(
        "invalid_input",
        None,
        "{code} at level {level} needs {parent} above it.",
        "等级 {level} 的 {code} 缺少上级 {parent}。",
    ),
    "standard.published_in_future": Message(
        "invalid_input",
        None,
        "{day} lies in the future; a version is recorded once it is published.",
        "{day} 晚于今日；标准版本须在发布后登记。",
    ),
    "standard.version_not_found": Message(
        "not_found",
        None,
        "Standard {code} has no published version {version}.",
        "标准 {code} 没有已发布的版本 {version}。",
    ),
    "standard.version_published": Message(
        "conflict",
        None,
        "Version {version} of standard {code} is published and never changes; publish a new version.",
        "标准 {code} 的版本 {version} 已发布，不可更改；请发布新版本。",
    ),
    "text.character": Message(
        "invalid_input",
        None,
        "The text holds a character that certificates cannot carry (control, invisible, private-use or compatibility).",
        "文本含有证书不能使用的字符（控制、不可见、私用或兼容字符）。",
    ),
    "text.length": Message(
        "invalid_input",
        None,
        "Give 1 to {longest} characters.",
        "请填写 1 至 {longest} 个字符。",
    ),
    "text.not_nfc": Message(
        "invalid_input",
        None,
        "The text is not in Unicode normal form C.",
        "文本不是 Unicode 规范形式 C。",
    ),
    "text.not_text": Message(
        "invalid_input",
        None,
        "This is not a text.",
        "此处不是文本。",
    ),
    "text.space_at_an_end": Message(
        "invalid_input",
        None,
        "Remove the space at the beginning or end.",
        "请删除首尾空格。",
    ),
    "token.lifetime": Message(
        "invalid_input",
        None,
        "A token lives 1 to {days} days.",
        "令牌有效期为 1 至 {days} 天。",
    ),
    "token.not_found": Message(
        "not_found",
        None,
        "There is no such token.",
        "没有该令牌。",
    ),
    "token.organization_mismatch": Message(
        "invalid_input",
        None,
        "Name an organization for a token of role organization, and for no other; the role is {role}.",
        "仅角色为 organization 的令牌需要指定组织；当前角色为 {role}。",
    ),
    "trust.no_roots": Message(
        "conflict",
        None,
        "There are no root keys yet. Create them with: certgraph trust roots.",
        "尚无根密钥，请先用 certgraph trust roots 创建。",
    ),
    "trust.no_status_key": Message(
        "conflict",
        None,
        "Trust list {sequence} names no usable key for status lists. Create one, then build, sign and publish a new trust list.",
        "信任列表 {sequence} 中没有可用的状态列表密钥。请创建密钥，并生成、签名、发布新的信任列表。",
    ),
    "trust.none_in_force": Message(
        "conflict",
        None,
        "No trust list is in force. Build, sign and publish one: certgraph trust build, sign, publish.",
        "尚无生效的信任列表。请用 certgraph trust build、sign、publish 生成、签名并发布。",
    ),
    "trust.refused": Message(
        "invalid_input",
        None,
        "The trust list is not accepted: {detail}.",
        "信任列表未被接受：{detail}。",
    ),
    "trust.sequence": Message(
        "conflict",
        None,
        "The trust list has sequence {sequence}, the next is {expected}. Build it again.",
        "信任列表序号为 {sequence}，应为 {expected}。请重新生成。",
    ),
    "trust.standards": Message(
        "invalid_input",
        None,
        "The standards in the file are not those that the trust list names.",
        "文件中的标准与信任列表所列不符。",
    ),
}
