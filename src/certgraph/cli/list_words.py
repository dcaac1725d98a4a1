"""What a trust list says anew, in words: for the people who sign it."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from certgraph.cli.verify_words import say
from certgraph.credential.wording import level_word
from certgraph.trust.differences import LOG, REGISTER, STATUS, Difference

WORDS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "root_new": "新增根密钥 {key}",
        "root_gone": "删除根密钥 {key}",
        "threshold": "须由 {count} 个根密钥中的 {threshold} 个签名",
        "key_new": "{owner}：新增密钥 {kid}，{period}{custody}",
        "key_period": "{owner}：密钥 {kid} 的使用期改为 {period}",
        "key_compromised": "{owner}：密钥 {kid} 自 {since} 起泄露，当日及以后的签名无效",
        "key_compromise_gone": "注意：{owner}：密钥 {kid} 不再列为泄露",
        "key_gone": "注意：{owner}：密钥 {kid} 不再列入名单，其签名的证书将无法核验",
        "organization_new": "新增机构 {code} {name}（{state}，自 {since} 起）",
        "organization_gone": "注意：机构 {code} {name} 不再列入名单，其证书将无法核验",
        "organization_state": "{code} {name}：{before} 改为 {state}，自 {since} 起",
        "organization_name": "{code}：名称由“{before}”改为“{after}”",
        "organization_name_en": "{code} {name}：英文名称由“{before}”改为“{after}”",
        "organization_uscc": "{code} {name}：统一社会信用代码由 {before} 改为 {after}",
        "entitlement_new": "{code}：可颁发 {certificate}（{levels}；标准 {standards}），{period}",
        "entitlement_changed": (
            "{code}：颁发 {certificate} 的范围改为 {levels}，标准 {standards}，{period}"
        ),
        "entitlement_gone": "注意：{code}：{first} 起颁发 {certificate} 的资格不再列入名单",
        "standard_new": "新增标准 {code} {version} {name}，学习成果 {outcomes} 项",
        "standard_changed": "注意：标准 {code} {version} {name} 的内容有改动",
        "standard_gone": "注意：标准 {code} {version} {name} 不再列入",
        STATUS: "撤销名单",
        REGISTER: "登记簿",
        LOG: "证书日志",
        "from": "自 {first} 起",
        "until": "{first} 至 {last}",
        "organization": "，私钥由该机构自行保管（据平台）",
        "platform": "，私钥密封于平台（据平台）",
        "nothing": "与上一份名单相比没有变化",
        "since_nothing": (
            "可信机构名单第 {sequence} 版（有效期至 {until}）：此密钥此前未签过名单，全部内容如下"
        ),
        "since": (
            "可信机构名单第 {sequence} 版（有效期至 {until}）：与此密钥上次签名的第 {before} 版相比"
        ),
        "ask": "是否签名？(yes/no) ",
        "not_signed": "未签名",
        "older": "此密钥已签过第 {before} 版，不再签第 {sequence} 版",
        "not_kept": "无法写入 {file}（{why}）：下次签名时将显示全部内容",
    },
    "en": {
        "root_new": "new root key {key}",
        "root_gone": "root key {key} is no longer one",
        "threshold": "{threshold} of {count} root keys must sign",
        "key_new": "{owner}: new key {kid}, {period}{custody}",
        "key_period": "{owner}: key {kid} is now for {period}",
        "key_compromised": "{owner}: key {kid} is compromised since {since}",
        "key_compromise_gone": "ATTENTION: {owner}: key {kid} is no longer called compromised",
        "key_gone": "ATTENTION: {owner}: key {kid} is no longer listed; what it signed fails",
        "organization_new": "new organization {code} {name} ({state} since {since})",
        "organization_gone": (
            "ATTENTION: organization {code} {name} is no longer listed; its certificates fail"
        ),
        "organization_state": "{code} {name}: {before} before, {state} since {since}",
        "organization_name": "{code}: named “{before}” before, now “{after}”",
        "organization_name_en": "{code} {name}: in English “{before}” before, now “{after}”",
        "organization_uscc": "{code} {name}: credit code {before} before, now {after}",
        "entitlement_new": (
            "{code}: may issue {certificate} ({levels}; standards {standards}), {period}"
        ),
        "entitlement_changed": (
            "{code}: may issue {certificate} now at {levels}, standards {standards}, {period}"
        ),
        "entitlement_gone": (
            "ATTENTION: {code}: that it might issue {certificate} from {first} is no longer listed"
        ),
        "standard_new": "new standard {code} {version} {name}, {outcomes} learning outcomes",
        "standard_changed": "ATTENTION: standard {code} {version} {name} says something else",
        "standard_gone": "ATTENTION: standard {code} {version} {name} is no longer there",
        STATUS: "status lists",
        REGISTER: "the register",
        LOG: "the log of certificates",
        "from": "from {first}",
        "until": "{first} to {last}",
        "organization": "; its organization keeps the private key, says the platform",
        "platform": "; sealed on the platform, says the platform",
        "nothing": "nothing differs",
        "since_nothing": (
            "trust list {sequence}, good until {until}: this key has signed none before; it says"
        ),
        "since": (
            "trust list {sequence}, good until {until}: beside list {before}, the last it signed"
        ),
        "ask": "Sign it? (yes/no) ",
        "not_signed": "not signed",
        "older": "this key has signed list {before} already; it does not sign list {sequence}",
        "not_kept": "{file} cannot be written ({why}): the next time everything is shown as new",
    },
}


def words(language: str, name: str, **facts: object) -> str:
    """Return a sentence."""
    return WORDS[language][name].format(**facts)


def sentence(found: Difference, language: str, custody: Mapping[bytes, str]) -> str:
    """Return a difference in words.

    Args:
        found: The difference.
        language: `zh` or `en`.
        custody: Public key → `organization` or `platform`, as the platform says.
    """
    facts: dict[str, Any] = dict(found.facts)
    if "levels" in facts:
        between = "、" if language == "zh" else ", "
        facts["levels"] = between.join(level_word(level, language) for level in facts["levels"])
        facts["standards"] = between.join(facts["standards"])
    for name in ("state", "before"):
        if hasattr(facts.get(name), "name"):
            facts[name] = say(language, f"state_{facts[name].name.lower()}")
    if "first" in facts:
        facts["period"] = _period(language, facts["first"], facts["last"])
    if "kid" in facts:
        facts["owner"] = WORDS[language].get(facts["owner"], facts["owner"])
        kept = custody.get(facts["public_key"])
        facts["custody"] = "" if kept is None else WORDS[language].get(kept, "")
    return WORDS[language][found.kind].format(**facts)


def _period(language: str, first: date, last: date | None) -> str:
    return words(language, "from" if last is None else "until", first=first, last=last)
