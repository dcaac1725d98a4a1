"""What a trust list says anew, to the person who signs it."""

import hashlib
import json
import sys
from dataclasses import replace
from datetime import date
from io import StringIO

import pytest

from certgraph.cli.list_words import WORDS, sentence
from certgraph.credential.signature import kid_of
from certgraph.credential.trust_bundle import Standard, encode_standards
from certgraph.credential.trust_list import (
    ListedKey,
    OrganizationState,
    RootKeys,
    encode_trust_list,
)
from certgraph.trust.ceremony import Proposal, proposal_from_json
from certgraph.trust.differences import differences
from tests.credential import kit

FIRST, *OTHERS = kit.ORGANIZATIONS
RETIRED, COMPROMISED, ISSUER = FIRST.keys
NEW_KEY = ListedKey(public_key=kit.STRANGER.public_key, first_day=kit.DAY(date(2027, 1, 1)))
CHANGED = encode_standards([Standard("DEMO-BIM", "2021", "演示标准", {1: "别的"})])
NO_STANDARDS = encode_standards([])


def kid(key):
    return kid_of(key.public_key).hex()


def first(**changes):
    return {"organizations": (replace(FIRST, **changes), *OTHERS)}


def proposal(standards=kit.STANDARDS, custody=(), **changes):
    digest = hashlib.sha256(standards).digest()
    content = kit.trust_list(**{"standards_digest": digest, **changes})
    return Proposal(payload=encode_trust_list(content), standards=standards, custody=custody)


CASES = {
    "nothing": ({"sequence": 4}, [], []),
    "another root key": (
        {"roots": RootKeys(2, (*kit.ROOT_KEYS.keys[:2], kit.NEW_ROOT_KEYS.keys[0]))},
        [
            f"new root key {kit.NEW_ROOT_KEYS.keys[0].hex()}",
            f"root key {kit.ROOT_KEYS.keys[2].hex()} is no longer one",
        ],
        [
            f"新增根密钥 {kit.NEW_ROOT_KEYS.keys[0].hex()}",
            f"删除根密钥 {kit.ROOT_KEYS.keys[2].hex()}",
        ],
    ),
    "another threshold": (
        {"roots": RootKeys(1, kit.ROOT_KEYS.keys)},
        ["1 of 3 root keys must sign"],
        ["须由 3 个根密钥中的 1 个签名"],
    ),
    "a new key": (
        first(keys=(*FIRST.keys, NEW_KEY)),
        [f"EO-001: new key {kid(NEW_KEY)}, from 2027-01-01"],
        [f"EO-001：新增密钥 {kid(NEW_KEY)}，自 2027-01-01 起"],
    ),
    "a key that ends": (
        first(keys=(RETIRED, COMPROMISED, replace(ISSUER, last_day=kit.DAY(date(2026, 12, 31))))),
        [f"EO-001: key {kid(ISSUER)}, from 2020-01-01 until now, is for 2020-01-01 to 2026-12-31"],
        [f"EO-001：密钥 {kid(ISSUER)} 的使用期由 自 2020-01-01 起 改为 2020-01-01 至 2026-12-31"],
    ),
    "a key that is compromised": (
        first(
            keys=(RETIRED, COMPROMISED, replace(ISSUER, compromised_day=kit.DAY(date(2026, 5, 1))))
        ),
        [f"EO-001: key {kid(ISSUER)} is compromised since 2026-05-01"],
        [f"EO-001：密钥 {kid(ISSUER)} 自 2026-05-01 起泄露，当日及以后的签名无效"],
    ),
    "a compromise that is taken back": (
        first(keys=(RETIRED, replace(COMPROMISED, compromised_day=None), ISSUER)),
        [f"ATTENTION: EO-001: key {kid(COMPROMISED)} is no longer called compromised"],
        [f"注意：EO-001：密钥 {kid(COMPROMISED)} 不再列为泄露"],
    ),
    "a key that is taken off, before what is new": (
        {**first(keys=(COMPROMISED, ISSUER)), "roots": RootKeys(1, kit.ROOT_KEYS.keys)},
        [
            f"ATTENTION: EO-001: key {kid(RETIRED)} is no longer listed; what it signed fails",
            "1 of 3 root keys must sign",
        ],
        [
            f"注意：EO-001：密钥 {kid(RETIRED)} 不再列入名单，其签名的证书将无法核验",
            "须由 3 个根密钥中的 1 个签名",
        ],
    ),
    "keys of the register, the log and status lists": (
        {"register_keys": (*kit.REGISTER_KEYS, NEW_KEY), "log_keys": (), "status_keys": ()},
        [
            (
                f"ATTENTION: the log of certificates: key {kid(kit.LOG_KEY)} is no longer listed; "
                "what it signed fails"
            ),
            (
                f"ATTENTION: status lists: key {kid(kit.STATUS_KEY)} is no longer listed; "
                "what it signed fails"
            ),
            f"the register: new key {kid(NEW_KEY)}, from 2027-01-01",
        ],
        None,
    ),
    "an organization's state and name": (
        first(
            state=OrganizationState.EXITED,
            state_since=kit.DAY(date(2026, 10, 1)),
            name="新名称",
            uscc=None,
        ),
        [
            "EO-001 新名称: ACTIVE (since 2019-04-01) before, EXITED since 2026-10-01",
            "EO-001: named “测试培训评价组织” before, now “新名称”",
            "EO-001 新名称: credit code 91110105MA0000000Y before, now –",
        ],
        [
            "EO-001 新名称：正常（自 2019-04-01 起）改为 已退出，自 2026-10-01 起",
            "EO-001：名称由“测试培训评价组织”改为“新名称”",
            "EO-001 新名称：统一社会信用代码由 91110105MA0000000Y 改为 –",
        ],
    ),
    "an organization that left and is back": (
        {"organizations": (FIRST, replace(OTHERS[0], state=OrganizationState.ACTIVE), OTHERS[1])},
        [
            (
                "ATTENTION: EO-002 已退出的组织: EXITED (since 2026-01-01) before, "
                "ACTIVE since 2026-01-01"
            )
        ],
        ["注意：EO-002 已退出的组织：已退出（自 2026-01-01 起）改为 正常，自 2026-01-01 起"],
    ),
    "an organization that is said to have left later": (
        {
            "organizations": (
                FIRST,
                replace(OTHERS[0], state_since=kit.DAY(date(2026, 3, 1))),
                OTHERS[1],
            )
        },
        [
            (
                "ATTENTION: EO-002 已退出的组织: EXITED (since 2026-01-01) before, "
                "EXITED since 2026-03-01"
            )
        ],
        None,
    ),
    "a compromise that is put off": (
        first(
            keys=(
                RETIRED,
                replace(COMPROMISED, compromised_day=kit.DAY(date(2026, 6, 1))),
                ISSUER,
            )
        ),
        [
            (
                f"ATTENTION: EO-001: key {kid(COMPROMISED)}, compromised since 2025-06-01 "
                "until now, is called so only since 2026-06-01"
            )
        ],
        [f"注意：EO-001：密钥 {kid(COMPROMISED)} 的泄露日期由 2025-06-01 推后至 2026-06-01"],
    ),
    "a retired key that is used again": (
        first(keys=(replace(RETIRED, last_day=None), COMPROMISED, ISSUER)),
        [
            (
                f"ATTENTION: EO-001: key {kid(RETIRED)}, 2020-01-01 to 2023-12-31 until now, "
                "is for longer: from 2020-01-01"
            )
        ],
        None,
    ),
    "organizations with the codes of our own words": (
        {
            "organizations": (
                *kit.ORGANIZATIONS,
                replace(FIRST, code="register", keys=(NEW_KEY,), entitlements=()),
            )
        },
        [
            "new organization register 测试培训评价组织 (ACTIVE since 2019-04-01)",
            f"register: new key {kid(NEW_KEY)}, from 2027-01-01",
        ],
        None,
    ),
    "an organization that is taken off": (
        {"organizations": tuple(OTHERS)},
        [
            (
                "ATTENTION: organization EO-001 测试培训评价组织 is no longer listed; "
                "its certificates fail"
            )
        ],
        ["注意：机构 EO-001 测试培训评价组织 不再列入名单，其证书将无法核验"],
    ),
    "a second organization under the same code": (
        {"organizations": (*kit.ORGANIZATIONS, replace(FIRST, keys=(NEW_KEY,), entitlements=()))},
        [
            "new organization EO-001 测试培训评价组织 (ACTIVE since 2019-04-01)",
            f"EO-001: new key {kid(NEW_KEY)}, from 2027-01-01",
        ],
        None,
    ),
    "what may be issued": (
        first(
            entitlements=(
                replace(kit.ENTITLEMENT, levels=(1, 2, 3)),
                replace(kit.ENTITLEMENT, certificate_name="物流管理"),
            )
        ),
        [
            (
                "EO-001: may issue 建筑信息模型（BIM）, Elementary, Intermediate; DEMO-BIM; "
                "from 2020-01-01 until now: Elementary, Intermediate, Advanced; "
                "standards DEMO-BIM, from 2020-01-01"
            ),
            (
                "EO-001: may issue 物流管理 (Elementary, Intermediate; standards DEMO-BIM), "
                "from 2020-01-01"
            ),
        ],
        [
            (
                "EO-001：颁发 建筑信息模型（BIM） 的范围由 初级、中级；DEMO-BIM；自 2020-01-01 起 "
                "改为 初级、中级、高级；标准 DEMO-BIM，自 2020-01-01 起"
            ),
            "EO-001：可颁发 物流管理（初级、中级；标准 DEMO-BIM），自 2020-01-01 起",
        ],
    ),
    "what may no longer have been issued": (
        first(entitlements=()),
        [
            (
                "ATTENTION: EO-001: that it might issue 建筑信息模型（BIM） from 2020-01-01 "
                "is no longer listed"
            )
        ],
        ["注意：EO-001：2020-01-01 起颁发 建筑信息模型（BIM） 的资格不再列入名单"],
    ),
    "a standard that says something else": (
        {"standards": CHANGED},
        ["ATTENTION: standard DEMO-BIM 2021 演示标准 says something else"],
        ["注意：标准 DEMO-BIM 2021 演示标准 的内容有改动"],
    ),
    "a standard that is taken off": (
        {"standards": NO_STANDARDS},
        ["ATTENTION: standard DEMO-BIM 2021 演示标准 is no longer there"],
        ["注意：标准 DEMO-BIM 2021 演示标准 不再列入"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_new_is_said_in_words(name):
    changes, english, chinese = CASES[name]
    found = differences(proposal(), proposal(**changes))
    assert [sentence(one, "en", {}) for one in found] == english
    if chinese is not None:
        assert [sentence(one, "zh", {}) for one in found] == chinese


def test_beside_none_all_is_new_with_who_keeps_each_key():
    custody = ((ISSUER.public_key, "organization"), (COMPROMISED.public_key, "platform"))
    found = differences(None, proposal(custody=custody))
    lines = [sentence(one, "en", dict(custody)) for one in found]
    kept = "its organization keeps the private key, says the platform"
    assert f"EO-001: new key {kid(ISSUER)}, from 2020-01-01; {kept}" in lines
    sealed = "sealed on the platform, says the platform"
    assert f"EO-001: new key {kid(COMPROMISED)}, from 2024-01-01; {sealed}" in lines
    assert f"EO-001: key {kid(COMPROMISED)} is compromised since 2025-06-01" in lines
    assert "new standard DEMO-BIM 2021 演示标准, 1 learning outcomes" in lines
    assert len(lines) == 3 + 1 + 4 + 1 + 1 + 3 + 3 + 1 + 2 + 3 + 1


def test_each_language_has_every_word():
    assert set(WORDS["zh"]) == set(WORDS["en"])


@pytest.fixture
def signing(tmp_path, answered):
    """Signs a list with a root key; returns the status and the lines on both streams."""
    assert answered("trust", "roots", tmp_path / "r", "--no-passphrase")[0] == 0
    file, key = tmp_path / "list.json", tmp_path / "r/root-1.key.pem"

    def sign(content, *options):
        file.write_text(content.to_json(), "utf-8")
        given = ("--key", key, "--no-passphrase", *options)
        status, out, err = answered("trust", "sign", file, *given)
        return status, out.splitlines()[:-1], err, proposal_from_json(file.read_text("utf-8"))

    return sign


def test_a_root_key_is_shown_what_it_has_not_signed_before(signing, tmp_path):
    until = "good until 2027-05-22"
    _, lines, _, signed = signing(proposal())
    assert lines[0] == f"trust list 3, {until}: this key has signed none before; it says"
    assert (len(lines), len(signed.signatures)) == (24, 1)
    later = proposal(sequence=5, **first(keys=(*FIRST.keys, NEW_KEY)))
    assert signing(later)[1] == [
        f"trust list 5, {until}: beside list 3, the last it signed",
        f"  EO-001: new key {kid(NEW_KEY)}, from 2027-01-01",
    ]
    assert signing(later)[1][1:] == ["  nothing differs"]
    status, lines, err, signed = signing(proposal(sequence=4))
    assert (status, lines, signed.signatures) == (2, [], ())
    assert "this key has signed list 5 already; it does not sign list 4" in err
    (kept,) = (tmp_path / "r").glob("*.last-list.json")
    kept.write_text("{}")
    status, _, err, _ = signing(later)
    assert (status, f"{kept}: this is not a file of the kind" in err) == (2, True)


def test_a_list_that_the_key_did_not_sign_is_not_taken_for_its_last(signing, tmp_path):
    later = proposal(sequence=5, **first(keys=(*FIRST.keys, NEW_KEY)))
    (tmp_path / "r/root-1.key.pem.last-list.json").write_text(later.to_json(), "utf-8")
    status, lines, err, signed = signing(later)
    assert (status, lines, signed.signatures) == (2, [], ())
    assert "this key did not sign that list; take the file away" in err


def test_what_is_shown_is_what_is_signed_whatever_the_file_says(signing, tmp_path, monkeypatch):
    file = tmp_path / "list.json"
    text = json.loads(proposal(**first(keys=(*FIRST.keys, NEW_KEY))).to_json())
    text["summary"]["organizations"]["EO-001"]["keys"].pop()
    text["custody"] = {NEW_KEY.public_key.hex(): "older"}

    class Edited:
        def to_json(self):
            return json.dumps(text)

    _, lines, _, _ = signing(Edited())
    assert f"  EO-001: new key {kid(NEW_KEY)}, from 2027-01-01" in lines
    text["standards"] = CHANGED.hex()
    status, _, err, _ = signing(Edited())
    assert status == 2
    assert "the standards are not those that the trust list names" in err
    assert file.exists()


class Terminal(StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("typed", "options", "count"), [("yes\n", (), 1), ("y\n", (), 0), ("", ("--yes",), 1)]
)
def test_at_a_terminal_it_is_asked(signing, monkeypatch, typed, options, count):
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    status, _, _, signed = signing(proposal(), *options)
    assert (status, len(signed.signatures)) == (0 if count else 1, count)


def test_a_folder_that_cannot_be_written_is_said(signing, tmp_path):
    (tmp_path / "r/root-1.key.pem.last-list.json").symlink_to(tmp_path / "nowhere/file")
    status, _, err, signed = signing(proposal())
    assert (status, len(signed.signatures)) == (0, 1)
    assert "the next time everything is shown as new" in err
