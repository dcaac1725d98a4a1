"""Write the test vectors of the credential format, one fault a file; `--check` compares instead.

The files serve every implementation: `cases/*.json` hold a QR text with the verdict it must get,
`bundles/*.json` a trust bundle that must be taken or refused, `trust.json` the trust data of the
cases. Old vectors are never edited, only added to.
"""

import json
import sys
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).parents[3]))

from certgraph.credential import days
from certgraph.credential.claims import Outcome
from certgraph.credential.encoding import encode
from certgraph.credential.envelopes import (
    FULLY_SPECIFIED_ED25519,
    protected_header,
)
from tests.credential import kit
from tests.credential.vectors.bundles import bundle_cases
from tests.credential.vectors.making import (
    AT,
    ORDER,
    case,
    payload,
    raw,
    text_of,
    with_header,
    with_unprotected,
)
from tests.credential.vectors.register import odd_headers, register_cases, thief_cases

HERE = Path(__file__).parent


def good_cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """Certificates that are valid, in every form."""
    yield case("valid", kit.qr_text(), "valid")
    yield case("valid-digits-alone", kit.qr_text().partition("#")[2], "valid")
    yield case("valid-space-around", f" {kit.qr_text()}\r\n", "valid")
    yield case("valid-other-host", kit.qr_text().replace(kit.HOST, "elsewhere.test:8443"), "valid")
    for longer in range(3):  # each length that base64url ends differently for
        signed = kit.signed(kit.claims(number="N" * (10 + longer)))
        padded = urlsafe_b64encode(signed).decode()
        yield case(f"valid-base64url-{len(signed) % 3}", padded.rstrip("="), "valid")
        yield case(f"valid-base64url-padded-{len(signed) % 3}", padded, "valid")
    fully = protected_header(kit.ISSUER_KID, "cgc+cwt", FULLY_SPECIFIED_ED25519)
    yield case("valid-alg-19", text_of(with_header(fully, encode(payload()))), "valid")
    for name, changes in {
        "valid-holder-tag": {"holder_tag": b"\x12\x34"},
        "valid-masked-document": {"masked_document": "**************1234"},
        "valid-outcomes-by-number": {"outcomes": kit.FIVE_OUTCOMES},
        "valid-outcomes-by-text": {"outcomes": (Outcome(text="BIM建模", credits_tenths=15),)},
        "valid-rare-han": {"holder_name": "𠮷𬎆\U00030edd\U000323af\U0002ebf0"},
        "valid-twelve-unified": {
            "holder_name": "\ufa0e\ufa0f\ufa11\ufa13\ufa14\ufa1f\ufa21\ufa23\ufa24\ufa27\ufa28\ufa29"
        },
        "valid-middle-dot": {"holder_name": "阿卜杜拉·买买提"},
        "valid-forty-characters": {"holder_name": "买" * 40},
        "valid-sixty-four-characters": {"holder_name": "买" * 64},
        "valid-number-one-character": {"number": "1"},
        "valid-number-of-40": {"number": "1" * 40},
        "valid-on-the-first-day": {"issued_at": days.first_second(kit.DAY(date(2020, 1, 1)))},
        "valid-version-of-40": {"standard_version": "v" * 40},
        "valid-outcomes-of-40": {
            "outcomes": tuple(Outcome(number=n, credits_tenths=10_000) for n in range(40))
        },
        "valid-outcome-text-of-64": {"outcomes": (Outcome(text="买" * 64, credits_tenths=10_000),)},
        "valid-until-the-last-instant": {"expires_at": days.LAST_INSTANT},
        "valid-last-day": {"expires_at": days.last_second(days.to_day(date(2026, 11, 23)))},
        "valid-issued-tomorrow": {"issued_at": days.to_instant(kit.NOW) + 86_400},
    }.items():
        yield case(name, kit.qr_text(kit.claims(**changes)), "valid")
    yield case(
        "valid-retired-key",
        kit.qr_text(
            kit.claims(issued_at=days.first_second(kit.DAY(date(2023, 12, 31)))), kit.RETIRED
        ),
        "valid",
    )
    yield case(
        "valid-before-compromise",
        kit.qr_text(
            kit.claims(issued_at=days.first_second(kit.DAY(date(2025, 5, 31)))), kit.COMPROMISED
        ),
        "valid",
    )
    for name, key, day in (
        ("retired", kit.RETIRED_REGISTER, date(2023, 12, 31)),
        ("later-compromised", kit.COMPROMISED_REGISTER, date(2025, 5, 31)),
    ):
        then = kit.claims(issued_at=days.first_second(kit.DAY(day)))
        yield case(f"valid-{name}-register-key", kit.qr_text(then, register=key), "valid")
    left = kit.claims(issuer="EO-002", issued_at=days.first_second(kit.DAY(date(2025, 12, 31))))
    yield case("valid-issuer-left-since", kit.qr_text(left, kit.OTHER_ISSUER), "valid")


def text_cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """Faults of check `text`."""
    digits = kit.qr_text().partition("#")[2]
    for name, text, reason in (
        ("empty", "", "not_ours"),
        ("words", "你好", "not_ours"),
        ("other-site", "https://example.com/promo?id=1", "not_ours"),
        ("other-path", f"https://{kit.HOST}/x#{digits}", "not_ours"),
        ("leading-zero", f"https://{kit.HOST}/v#0{digits}", "leading_zero"),
        ("too-many-digits", "1" * 3_701, "too_long"),
        ("fullwidth-digits", "".join(chr(ord(d) + 0xFEE0) for d in digits), "not_ours"),
        ("underscore-in-digits", f"{digits[:9]}.{digits[9:]}", "not_ours"),
        ("sign-before-digits", f"+{digits}", "not_ours"),
        ("base64url-too-long", "A" * 2_100, "too_long"),
        ("base64url-spare-bits", "AB", "not_base64url"),
        ("a-date", "20230101", "not_ours"),
        ("a-barcode", "6901234567892", "not_ours"),
        ("a-word", "CLASS2023A", "not_ours"),
        ("a-uuid", "2f1b1f5e-8d5c-4b63-9d06-2f0a3f6c1c11", "not_ours"),
    ):
        yield case(f"text-{name}", text, "no_certificate", "text", reason)
    signed = kit.signed()
    for name, data in {
        "bytes-one": b"\xd2",
        "bytes-119": signed[:119],
        "bytes-tag-17": b"\xd1" + signed[1:],
        "bytes-no-tag": signed[1:],
        "bytes-array-of-three": signed[:1] + b"\x83" + signed[2:],
    }.items():
        yield case(f"text-{name}", text_of(data), "no_certificate", "text", "not_ours")
    cut = kit.qr_text()[:-1]
    yield case("text-last-digit-missing", cut, "no_certificate", "text", "not_ours")


def texts() -> list[dict[str, Any]]:
    """Texts with what is found in them: codes (by their place in `codes`), other codes, words."""
    one, two = (kit.qr_text(kit.claims(number=f"TEXT-{n}")) for n in (1, 2))
    digits, second = (text.partition("#")[2] for text in (one, two))
    base64url = urlsafe_b64encode(kit.signed()).rstrip(b"=").decode()
    wide = {ord(c): ord(c) + 0xFEE0 for c in map(chr, range(0x21, 0x7F))}
    broken = "\n".join(one[at : at + 76] for at in range(0, len(one), 76))
    found: list[dict[str, Any]] = []

    def add(name: str, text: str, codes: list[str], others: list[str], words: int) -> None:
        found.append({"name": name, "text": text, "codes": codes, "others": others, "words": words})

    for name, text in {
        "alone": one,
        "digits alone": digits,
        "a name before": f"张示例的证书：{one}",
        "a full stop behind": f"{one}。",
        "a comma behind": f"{one},",
        "angle brackets": f"<{one}>",
        "Chinese parentheses": f"（{one}）",
        "Chinese quotes": f"「{one}」",
        "quotes": f'"{one}"',
        "a link of Markdown": f"[证书]({one})",
        "a link whose text is its address": f"[{one}]({one})",
        "a line of our own table": f"BIM-1,张示例,{one}",
        "cells beside each other": f"1\t张示例\t{one}\t2026-11-20",
        "what WeChat adds": f"{one}&from=singlemessage",
        "what WeChat adds before": one.replace("#", "?from=groupmessage&isappinstalled=0#"),
        "another fragment behind": f"{one}#wechat_redirect",
        "a space for addresses": f"{one}%20",
        "a line end": f"{one}\r\n",
        "a zero-width space before": f"\u200b{one}",
        "a left-to-right mark behind": f"{one}\u200e",
        "a byte order mark": f"\ufeff{one}",
        "soft hyphens inside": one.replace("1", "1\u00ad"),
        "a variation selector inside": f"{one[:60]}\U000e0100{one[60:]}",
        "all in full-width forms": one.translate(wide),
        "by an input method": one.replace("://", "：、、").replace("#", "＃"),
        "broken over lines": broken,
        "broken over lines of a quoted mail": broken.replace("\n", "\r\n "),
        "broken by a no-break space": f"{one[:300]}\u00a0{one[300:]}",
        "in capitals": one.replace("https", "HTTPS").replace("/v#", "/V#"),
        "a Chinese comma, then words": f"{one}，请核验，谢谢",
    }.items():
        add(name, text, [digits], [], 0)
    add("base64url", f"证书 {base64url}。", [base64url], [], 0)
    add("two lines", f"甲 {one}\n乙 {two}", [digits, second], [], 0)
    add("two in one line", f"{one}{two}", [digits, second], [], 0)
    add("the same twice", f"{one}\n{one}", [digits, digits], [], 0)
    add("a message with name and time", f"张示例 11:02\n{one}\n谢谢！", [digits], [], 2)
    add("a broken one after a whole one", f"甲 {two}\n乙\n{broken}", [second, digits], [], 1)
    add("another code among them", f"6901234567892\n{one}", [digits], ["6901234567892"], 0)
    link = "https://h5.school.example/#/student?id=7"
    add("a link among them", f"{one}\n{link}", [digits], [link], 0)
    cut = one[:-1]
    add("one that is cut", f"{cut}\n{two}", [second], [cut], 0)
    add("nothing", "", [], [], 0)
    add("a number of a certificate", f"ABCD-EFGH-JKMN\n{one}", [digits], [], 1)
    add("a mobile phone's number", f"张三\n13800138000\n{one}", [digits], [], 2)
    add("names and phones alone", "张三,13800138000\n李四 13900139000", [], [], 2)
    add("a link inside a link", f"https://x.example/?url={quote(one, safe='')}", [digits], [], 0)
    quoted = "".join(f"> {line}\r\n" for line in broken.split("\n"))
    add("lines of a quoted mail", quoted, [digits], [], 0)
    add("digits behind what may begin base64url", f"x0oQ{digits}", [digits], [], 0)
    add("a control character at an end", "6901234567892\x1d", [], ["6901234567892"], 0)
    add("digits of something else", "1" * 300, [], ["1" * 300], 0)
    return found


def documents() -> list[dict[str, str]]:
    """Document numbers as people type them, with what is compared."""
    plain = "11010519491231002X"
    return [
        {"typed": typed, "compared": compared}
        for typed, compared in (
            (plain, plain),
            ("11010519491231002x", plain),
            ("110105 19491231 002X", plain),
            ("110105\u300019491231\u00a0002X", plain),
            ("110105-19491231-002X", plain),
            ("110105\u201119491231\u2212002X", plain),
            (f"{plain}。", plain),
            (f"{plain}.", plain),
            (f"'{plain}", plain),
            (f"‘{plain}’，", plain),
            ("11010519491231002×", plain),
            (f"\u200b{plain}", plain),
            (f"\u202a{plain}\u202c", plain),
            (f"\ufeff{plain}\r\n", plain),
            ("１１０１０５１９４９１２３１００２Ｘ", plain),
            ("1949\u3164\u28001231", "19491231"),
            ("H0123456700", "H0123456700"),
            ("ea(1234567)", "EA(1234567)"),
        )
    ]


def envelope_cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """Faults of check `envelope`."""
    signed = kit.signed()
    body = encode(payload())
    structure = "not_cose_sign1"
    for name, data in {
        "first-120-bytes": signed[:120],
        "trailing-byte": signed + b"\x00",
        "truncated": signed[:-1],
        "alg-es256": signed.replace(b"\xa3\x01\x27", b"\xa3\x01\x26", 1),
        "no-typ": with_header(encode({1: -8, 4: kit.ISSUER_KID}), body),
        "fourth-header": with_header(
            encode({1: -8, 4: kit.ISSUER_KID, 16: "cgc+cwt", 17: 1}), body
        ),
        "kid-of-nine-bytes": with_header(
            encode({1: -8, 4: kit.ISSUER_KID + b"\0", 16: "cgc+cwt"}), body
        ),
        "payload-length-too-long": _long_payload(signed, body),
        "payload-length-lies": signed.replace(encode(body)[:2], b"\x58\xff"),
        "signature-of-63-bytes": signed[:-66] + b"\x58\x3f" + signed[-63:],
        "typ-of-a-status-list": kit.status_list(),
    }.items():
        yield case(f"envelope-{name}", text_of(data), "invalid", "envelope", structure)
    for name, header in odd_headers():
        data = with_unprotected(header)
        yield case(f"envelope-{name}", text_of(data), "invalid", "envelope", structure)
    good = encode(payload())
    for name, data in {
        "payload-trailing-byte": good + b"\x00",
        "payload-indefinite-map": b"\xbf" + good[1:] + b"\xff",
        "payload-key-twice": b"\xa4" + good[1:] + b"\x06\x01",
        "payload-keys-unsorted": encode(dict(reversed(payload().items()))),
        "payload-number-longer-than-needed": good.replace(b"\x05\x02", b"\x05\x18\x02"),
        "payload-float": encode(payload(c5=2.0)),
        "payload-boolean": encode(payload(c5=True)),
        "payload-null": good.replace(b"\x05\x02", b"\x05\xf6"),
        "payload-tag": good.replace(b"\x05\x02", b"\x05\xc1\x02"),
        "payload-too-deep": encode(payload(c9=[[[["a"]], 1]])),
        "payload-not-utf8": good.replace("张".encode(), b"\xff\xff\xff"),
        "payload-length-beyond-end": good[:-1] + b"\x5b\x7f\xff\xff\xff\xff\xff\xff\xff",
    }.items():
        yield case(f"envelope-{name}", raw(data), "invalid", "envelope", "not_deterministic_cbor")


def _long_payload(signed: bytes, body: bytes) -> bytes:
    item = encode(body)
    return signed.replace(item, b"\x59\x00" + item[1:], 1)


def key_cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """Faults of checks `issuer_key` and `signature`."""
    stranger = kit.qr_text(key=kit.STRANGER)
    yield case("key-not-listed", stranger, "unknown_issuer", "issuer_key", "key_not_listed")
    signed = kit.signed()
    s = int.from_bytes(signed[-32:], "little")
    for name, data in {
        "bit-flipped": signed[:-1] + bytes([signed[-1] ^ 1]),
        "holder-exchanged": signed.replace("张".encode(), "李".encode()),
        "s-plus-group-order": signed[:-32] + (s + ORDER).to_bytes(32, "little"),
        "r-of-small-order": signed[:-64] + b"\x01" + bytes(31) + signed[-32:],
        "r-not-canonical": signed[:-64] + b"\xee" + b"\xff" * 30 + b"\x7f" + signed[-32:],
        "all-zero": signed[:-64] + bytes(64),
    }.items():
        yield case(f"signature-{name}", text_of(data), "invalid", "signature", "does_not_match")


def claims_cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """Faults of check `claims`."""
    for name, changes, reason in (
        ("no-issuer", {"p1": None}, "issuer.not_text"),
        ("issuer-not-owner", {"p1": "EO-002"}, "issuer.not_owner_of_key"),
        ("no-issue-date", {"p6": None}, "issued_at.shape"),
        ("issue-date-negative", {"p6": -1}, "issued_at.range"),
        ("issue-date-beyond-9999", {"p6": days.LAST_INSTANT + 1}, "issued_at.range"),
        (
            "issued-in-the-future",
            {"p6": days.to_instant(kit.NOW) + 86_401},
            "issued_at.in_the_future",
        ),
        ("expires-at-issue", {"p4": kit.CLAIMS.issued_at}, "expires_at.not_after_issue"),
        ("unknown-claim", {"p7": b"x"}, "payload.unknown_claim"),
        ("no-number", {"c1": None}, "number.missing"),
        ("number-empty", {"c1": ""}, "number.length"),
        ("number-of-41", {"c1": "1" * 41}, "number.length"),
        ("name-of-65", {"c2": "买" * 65}, "holder_name.length"),
        ("name-space-at-end", {"c2": "张示例 "}, "holder_name.space_at_an_end"),
        ("name-not-nfc", {"c2": "e\u0301a"}, "holder_name.not_nfc"),
        ("name-control-character", {"c2": "张\u0007例"}, "holder_name.character"),
        ("name-zero-width", {"c2": "张\u200b例"}, "holder_name.character"),
        ("name-right-to-left-override", {"c2": "张\u202e例"}, "holder_name.character"),
        ("name-private-use", {"c2": "张\ue000例"}, "holder_name.character"),
        ("name-unassigned", {"c2": "张\u0378例"}, "holder_name.character"),
        ("name-cjk-compatibility", {"c2": "张\uf900例"}, "holder_name.character"),
        ("name-ideographic-space", {"c2": "张\u3000例"}, "holder_name.character"),
        ("name-bytes", {"c2": b"x"}, "holder_name.not_text"),
        ("tag-of-three-bytes", {"c3": b"abc"}, "holder_tag.shape"),
        ("tag-beside-mask", {"c3": b"ab", "c8": "*1"}, "masked_document.beside_holder_tag"),
        ("level-0", {"c5": 0}, "level.range"),
        ("level-6", {"c5": 6}, "level.range"),
        ("standard-of-three", {"c6": ["a", "b", "c"]}, "standard.shape"),
        ("status-index-2-32", {"c7": [0, 2**32]}, "status.range"),
        ("status-of-one", {"c7": [0]}, "status.shape"),
        ("status-list-2-32", {"c7": [2**32, 0]}, "status.range"),
        ("status-list-negative", {"c7": [-1, 0]}, "status.range"),
        ("outcomes-empty", {"c9": {}}, "outcomes.length"),
        ("outcomes-of-41", {"c9": dict.fromkeys(range(41), 10)}, "outcomes.length"),
        ("outcome-1000.1-credits", {"c9": {1: 10_001}}, "outcomes.range"),
        ("outcome-text-1000.1-credits", {"c9": [["x", 10_001]]}, "outcomes.range"),
        ("outcome-text-of-65", {"c9": [["买" * 65, 1]]}, "outcomes.length"),
        ("outcome-of-three", {"c9": [["x", 1, 1]]}, "outcomes.shape"),
        ("standard-code-of-41", {"c6": ["s" * 41, "2021"]}, "standard.length"),
        ("standard-version-of-41", {"c6": ["DEMO-BIM", "v" * 41]}, "standard.length"),
        ("expires-beyond-9999", {"p4": days.LAST_INSTANT + 1}, "expires_at.range"),
        ("unknown-field", {"c10": 1}, "certificate.unknown_claim"),
    ):
        yield case(f"claims-{name}", raw(encode(payload(**changes))), "invalid", "claims", reason)
    issued_at = kit.CLAIMS.issued_at
    for name, content, reason in (
        ("not-a-map", [1] * 30, "payload.shape"),
        ("no-certificate", {1: "EO-001", 6: issued_at, -65537: b"x" * 20}, "certificate.shape"),
    ):
        yield case(f"claims-{name}", raw(encode(content)), "invalid", "claims", reason)


def later_cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """Faults of checks `entitlement`, `expiry` and `status`."""

    def on(day: date) -> dict[str, int]:
        return {"issued_at": days.first_second(kit.DAY(day))}

    for name, of, key, reason in (
        (
            "other-certificate",
            {"certificate_name": "老年照护"},
            kit.ISSUER,
            "certificate_or_standard_not_entitled",
        ),
        (
            "other-standard",
            {"standard_code": "DEMO-WEB"},
            kit.ISSUER,
            "certificate_or_standard_not_entitled",
        ),
        ("other-level", {"level": 3}, kit.ISSUER, "level_not_entitled"),
        (
            "day-after-end",
            {"issuer": "EO-002", **on(date(2026, 1, 1))},
            kit.OTHER_ISSUER,
            "not_entitled_that_day",
        ),
        ("day-before-key", on(date(2019, 12, 31)), kit.ISSUER, "key_not_valid_that_day"),
        ("day-after-key", on(date(2024, 1, 1)), kit.RETIRED, "key_not_valid_that_day"),
        ("key-compromised", on(date(2025, 6, 1)), kit.COMPROMISED, "key_compromised"),
        (
            "organization-had-left",
            {"issuer": "EO-003", **on(date(2026, 1, 1))},
            kit.LEFT_ISSUER,
            "organization_had_left",
        ),
        (
            "standard-code-of-40",
            {"standard_code": "s" * 40},
            kit.ISSUER,
            "certificate_or_standard_not_entitled",
        ),
    ):
        yield case(
            f"entitlement-{name}",
            kit.qr_text(kit.claims(**of), key),
            "invalid",
            "entitlement",
            reason,
        )
    last = days.last_second(days.to_day(date(2026, 11, 22)))
    yield case(
        "expired-yesterday",
        kit.qr_text(kit.claims(expires_at=last)),
        "expired",
        "expiry",
        "expired",
    )
    for name, index, verdict, reason in (
        ("revoked", kit.REVOKED_INDEX, "revoked", "revoked"),
        ("suspended", kit.SUSPENDED_INDEX, "suspended", "suspended"),
        ("superseded", kit.SUPERSEDED_INDEX, "revoked", "superseded"),
        ("index-out-of-range", 131_072, "unconfirmed", "index_out_of_range"),
    ):
        yield case(
            f"status-{name}", kit.qr_text(kit.claims(status_index=index)), verdict, "status", reason
        )
    yield case(
        "status-list-missing",
        kit.qr_text(kit.claims(status_list=1)),
        "unconfirmed",
        "status",
        "list_missing",
    )
    revoked_and_expired = kit.claims(status_index=kit.REVOKED_INDEX, expires_at=last)
    yield case(
        "status-revoked-and-expired",
        kit.qr_text(revoked_and_expired),
        "revoked",
        "status",
        "revoked",
    )
    for name, offset, verdict, check, reason, of in (
        ("fresh-to-the-second", timedelta(days=1), "valid", None, None, kit.CLAIMS),
        (
            "one-second-later",
            timedelta(days=1, seconds=1),
            "valid_as_of",
            "status",
            "list_not_fresh",
            kit.CLAIMS,
        ),
        (
            "list-at-its-end",
            timedelta(days=30),
            "valid_as_of",
            "status",
            "list_not_fresh",
            kit.CLAIMS,
        ),
        (
            "list-past-its-end",
            timedelta(days=30, seconds=1),
            "unconfirmed",
            "status",
            "list_expired",
            kit.CLAIMS,
        ),
        (
            "revoked-in-an-old-list",
            timedelta(days=31),
            "revoked",
            "status",
            "revoked",
            kit.claims(status_index=7),
        ),
        (
            "trust-list-past-its-end",
            timedelta(days=180, seconds=1),
            "unconfirmed",
            "entitlement",
            "trust_list_expired",
            kit.CLAIMS,
        ),
        (
            "clock-behind",
            timedelta(days=-3),
            "unconfirmed",
            "entitlement",
            "clock_behind_trust_list",
            kit.CLAIMS,
        ),
    ):
        yield case(f"time-{name}", kit.qr_text(of), verdict, check, reason, now=kit.NOW + offset)


def files() -> dict[str, str]:
    """Return every file's content by name."""
    trust = {
        "bundle": kit.bundle().hex(),
        "root_threshold": kit.ROOT_KEYS.threshold,
        "root_keys": [key.hex() for key in kit.ROOT_KEYS.keys],
        "opened_at": AT,
        "issuer_public_key": kit.ISSUER.public_key.hex(),
    }
    found: dict[str, Any] = {
        "trust.json": trust,
        "texts.json": texts(),
        "documents.json": documents(),
    }
    for group in (
        good_cases,
        text_cases,
        envelope_cases,
        key_cases,
        register_cases,
        thief_cases,
        claims_cases,
        later_cases,
        bundle_cases,
    ):
        for name, content in group():
            if name in found:
                sys.exit(f"two vectors are named {name}")
            found[name] = content
    return {
        name: json.dumps(content, ensure_ascii=True, indent=1) + "\n"
        for name, content in found.items()
    }


def main() -> None:
    """Write or compare."""
    wanted = files()
    if "--check" in sys.argv:
        present = {
            str(path.relative_to(HERE)): path.read_text(encoding="ascii")
            for folder in ("cases", "bundles")
            for path in (HERE / folder).glob("*.json")
        }
        present |= {
            name: (HERE / name).read_text(encoding="ascii")
            for name in ("trust.json", "texts.json", "documents.json")
        }
        differing = sorted(
            n for n in wanted.keys() | present.keys() if wanted.get(n) != present.get(n)
        )
        if differing:
            sys.exit(f"vectors differ from what build.py writes: {', '.join(differing)}")
        print(f"{len(wanted)} vector files are reproduced")
        return
    for name, content in wanted.items():
        (HERE / name).parent.mkdir(exist_ok=True)
        (HERE / name).write_text(content, encoding="ascii")
    print(f"{len(wanted)} vector files written")


if __name__ == "__main__":
    main()
