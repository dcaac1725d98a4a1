"""What a trust list says anew, in words: for the people who sign it."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from certgraph.cli.verify_words import say
from certgraph.credential.trust_list import OrganizationState
from certgraph.credential.wording import level_word
from certgraph.trust.differences import Difference, Owner

WORDS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "root_new": "新增根密钥 {key}",
        "root_gone": "删除根密钥 {key}",
        "threshold": "须由 {count} 个根密钥中的 {threshold} 个签名",
        "key_new": "{owner}：新增密钥 {kid}，{period}{custody}",
        "key_period": "{owner}：密钥 {kid} 的使用期由 {before} 改为 {period}",
        "key_wider": "注意：{owner}：密钥 {kid} 的使用期由 {before} 放宽为 {period}",
        "key_compromise_later": "注意：{owner}：密钥 {kid} 的泄露日期由 {before} 推后至 {since}",
        "key_compromised": "{owner}：密钥 {kid} 自 {since} 起泄露，当日及以后的签名无效",
        "key_compromise_gone": "注意：{owner}：密钥 {kid} 不再列为泄露",
        "key_gone": "注意：{owner}：密钥 {kid} 不再列入名单，其签名的证书将无法核验",
        "organization_new": "新增机构 {code} {name}（{state}，自 {since} 起）",
        "organization_gone": "注意：机构 {code} {name} 不再列入名单，其证书将无法核验",
        "organization_state": (
            "{code} {name}：{before}（自 {before_since} 起）改为 {state}，自 {since} 起"
        ),
        "organization_back": (
            "注意：{code} {name}：{before}（自 {before_since} 起）改为 {state}，自 {since} 起"
        ),
        "organization_name": "{code}：名称由“{before}”改为“{after}”",
        "organization_name_en": "{code} {name}：英文名称由“{before}”改为“{after}”",
        "organization_uscc": "{code} {name}：统一社会信用代码由 {before} 改为 {after}",
        "entitlement_new": "{code}：可颁发 {certificate}（{levels}；标准 {standards}），{period}",
        "entitlement_changed": (
            "{code}：颁发 {certificate} 的范围由 {before} 改为 {levels}；标准 {standards}，{period}"
        ),
        "entitlement_gone": "注意：{code}：{first} 起颁发 {certificate} 的资格不再列入名单",
        "standard_new": "新增标准 {code} {version} {name}，学习成果 {outcomes} 项",
        "standard_changed": "注意：标准 {code} {version} {name} 的内容有改动",
        "standard_gone": "注意：标准 {code} {version} {name} 不再列入",
        "owner_status": "撤销名单",
        "owner_register": "登记簿",
        "owner_log": "证书日志",
        "from": "自 {first} 起",
        "until": "{first} 至 {last}",
        "kept_by_organization": "，私钥由该机构自行保管（据平台）",
        "kept_by_platform": "，私钥密封于平台（据平台）",
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
        "key_period": "{owner}: key {kid}, {before} until now, is for {period}",
        "key_wider": "ATTENTION: {owner}: key {kid}, {before} until now, is for longer: {period}",
        "key_compromise_later": (
            "ATTENTION: {owner}: key {kid}, compromised since {before} until now, "
            "is called so only since {since}"
        ),
        "key_compromised": "{owner}: key {kid} is compromised since {since}",
        "key_compromise_gone": "ATTENTION: {owner}: key {kid} is no longer called compromised",
        "key_gone": "ATTENTION: {owner}: key {kid} is no longer listed; what it signed fails",
        "organization_new": "new organization {code} {name} ({state} since {since})",
        "organization_gone": (
            "ATTENTION: organization {code} {name} is no longer listed; its certificates fail"
        ),
        "organization_state": (
            "{code} {name}: {before} (since {before_since}) before, {state} since {since}"
        ),
        "organization_back": (
            "ATTENTION: {code} {name}: {before} (since {before_since}) before, "
            "{state} since {since}"
        ),
        "organization_name": "{code}: named “{before}” before, now “{after}”",
        "organization_name_en": "{code} {name}: in English “{before}” before, now “{after}”",
        "organization_uscc": "{code} {name}: credit code {before} before, now {after}",
        "entitlement_new": (
            "{code}: may issue {certificate} ({levels}; standards {standards}), {period}"
        ),
        "entitlement_changed": (
            "{code}: may issue {certificate}, {before} until now: "
            "{levels}; standards {standards}, {period}"
        ),
        "entitlement_gone": (
            "ATTENTION: {code}: that it might issue {certificate} from {first} is no longer listed"
        ),
        "standard_new": "new standard {code} {version} {name}, {outcomes} learning outcomes",
        "standard_changed": "ATTENTION: standard {code} {version} {name} says something else",
        "standard_gone": "ATTENTION: standard {code} {version} {name} is no longer there",
        "owner_status": "status lists",
        "owner_register": "the register",
        "owner_log": "the log of certificates",
        "from": "from {first}",
        "until": "{first} to {last}",
        "kept_by_organization": "; its organization keeps the private key, says the platform",
        "kept_by_platform": "; sealed on the platform, says the platform",
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
    facts |= _in_words(language, facts)
    was = facts.get("before")
    if isinstance(was, dict):
        said = _in_words(language, was)
        parts = (said.get("levels"), said.get("standards"), said["period"])
        facts["before"] = _SEMICOLON[language].join(part for part in parts if part)
    elif isinstance(was, OrganizationState):
        facts["before"] = say(language, f"state_{was.name.lower()}")
    if "kid" in facts:
        kept = custody.get(facts["public_key"])
        facts["custody"] = WORDS[language].get(f"kept_by_{kept}", "")
    return WORDS[language][found.kind].format(**facts)


_SEMICOLON = {"zh": "；", "en": "; "}


def _in_words(language: str, facts: Mapping[str, Any]) -> dict[str, str]:
    """Return those facts in words that are not shown as they are."""
    found = {}
    between = "、" if language == "zh" else ", "
    if "levels" in facts:
        found["levels"] = between.join(level_word(level, language) for level in facts["levels"])
        found["standards"] = between.join(facts["standards"])
    if isinstance(facts.get("state"), OrganizationState):
        found["state"] = say(language, f"state_{facts['state'].name.lower()}")
    if isinstance(facts.get("owner"), Owner):
        found["owner"] = words(language, f"owner_{facts['owner'].value}")
    if "first" in facts:
        found["period"] = _period(language, facts["first"], facts["last"])
    return found


def _period(language: str, first: date, last: date | None) -> str:
    return words(language, "from" if last is None else "until", first=first, last=last)
