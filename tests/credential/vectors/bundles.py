"""Vectors of trust bundles: to take or to refuse."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from certgraph.credential import days
from certgraph.credential.checkpoint import Checkpoint, sign_checkpoint
from certgraph.credential.encoding import decode, encode
from certgraph.credential.envelopes import (
    open_sign1,
    sign1,
)
from certgraph.credential.trust_bundle import encode_trust_bundle
from certgraph.credential.trust_list import (
    ListedKey,
    assemble_trust_list,
    encode_trust_list,
    trust_list_message,
)
from tests.credential import kit
from tests.credential.vectors.making import (
    AT,
)


def status_list_of(changed: Callable[[bytes], bytes]) -> bytes:
    """Return a status list whose zlib stream is changed, well signed."""
    content = decode(open_sign1(kit.status_list(), "statuslist+cwt").payload)
    content[65533]["lst"] = changed(content[65533]["lst"])
    return sign1(kit.STATUS_KEY, "statuslist+cwt", encode(content))


def odd_standards() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield bundles whose standards are not code, version, name and outcomes."""
    for name, item in (
        ("of-five-parts", ["DEMO-BIM", "2021", "演示标准", {1: "BIM建模"}, 0]),
        ("without-a-map-of-outcomes", ["DEMO-BIM", "2021", "演示标准", []]),
        ("with-a-number-for-a-name", ["DEMO-BIM", "2021", 1, {1: "BIM建模"}]),
    ):
        standards = encode([item])
        content = kit.trust_list(standards_digest=hashlib.sha256(standards).digest())
        lists = [kit.status_list(), kit.status_list("EO-002")]
        data = encode_trust_bundle([kit.signed_trust_list(content)], lists, standards)
        yield bundle_case(f"bad-standards-{name}", data, "malformed")


def bundle_case(
    name: str,
    data: bytes,
    reason: str | None = None,
    *,
    roots: Any = kit.ROOT_KEYS,
    held: bytes | None = None,
) -> tuple[str, dict[str, Any]]:
    """Return a file name and its content; `reason` None where the bundle must be taken."""
    content = {
        "bundle": data.hex(),
        "root_threshold": roots.threshold,
        "root_keys": [key.hex() for key in roots.keys],
        "held": held.hex() if held else None,
        "now": AT,
        "expect": {"accepted": reason is None, "reason": reason},
    }
    return f"bundles/{name}.json", content


def with_trust(changes: dict[int, object]) -> bytes:
    """Return a bundle whose trust list has these fields."""
    content = decode(encode_trust_list(kit.trust_list()), max_depth=9)
    (trust,) = (value for value in content.values() if isinstance(value, dict))
    trust |= changes
    body = encode(content)
    pairs = [
        (root.public_key, root.sign(trust_list_message(root.public_key, body)))
        for root in kit.ROOTS[:2]
    ]
    tokens = [kit.status_list(), kit.status_list("EO-002")]
    return encode_trust_bundle([assemble_trust_list(body, pairs)], tokens, kit.STANDARDS)


def bundle_cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """Trust bundles to take or to refuse."""
    good = kit.bundle()
    yield bundle_case("good", good)
    yield bundle_case("good-same-again", good, held=good)
    later = kit.bundle(kit.trust_list(sequence=4))
    yield bundle_case("good-newer", later, held=good)
    both = (*kit.ROOTS[:2], *kit.NEW_ROOTS[:2])
    step = kit.signed_trust_list(kit.trust_list(sequence=4, roots=kit.NEW_ROOT_KEYS), both)
    rotated = kit.trust_list(sequence=5, roots=kit.NEW_ROOT_KEYS)
    new = kit.NEW_ROOTS[1:]
    yield bundle_case(
        "good-roots-changed", kit.bundle(rotated, steps=[step], signers=new), held=good
    )
    yield bundle_case(
        "good-roots-changed-before-installation",
        kit.bundle(rotated, steps=[step], signers=new),
        roots=kit.NEW_ROOT_KEYS,
    )
    back = kit.signed_trust_list(kit.trust_list(sequence=4), both)
    yield bundle_case(
        "bad-two-changes-of-roots-with-one-number",
        kit.bundle(kit.trust_list(sequence=5), steps=[step, back]),
        "mixed",
    )
    yield bundle_case(
        "bad-list-with-the-number-of-a-change-of-roots",
        kit.bundle(replace(rotated, sequence=4), steps=[step], signers=new),
        "mixed",
    )
    yield bundle_case("bad-sequence-no-number", with_trust({1: True}), "malformed")
    yield bundle_case("bad-sequence-negative", with_trust({1: -1}), "malformed")
    yield bundle_case(
        "bad-roots-changed-step-missing", kit.bundle(rotated, signers=new), "too_few_signatures"
    )
    only_old = kit.trust_list(sequence=4, roots=kit.NEW_ROOT_KEYS)
    yield bundle_case("bad-new-roots-not-signed", kit.bundle(only_old), "new_roots_not_signed")
    yield bundle_case("bad-one-signature", kit.bundle(signers=kit.ROOTS[:1]), "too_few_signatures")
    yield bundle_case(
        "bad-signed-by-strangers",
        kit.bundle(signers=[kit.STRANGER, kit.ISSUER]),
        "too_few_signatures",
    )
    yield bundle_case("bad-older", good, "rollback", held=later)
    yield bundle_case(
        "bad-same-number-other-content",
        kit.bundle(
            kit.trust_list(organizations=kit.ORGANIZATIONS[:1]), status_lists=[kit.status_list()]
        ),
        "rollback",
        held=good,
    )
    expired = kit.trust_list(expires_at=days.to_instant(kit.NOW) - 1)
    yield bundle_case("bad-expired", kit.bundle(expired), "expired")
    future = kit.trust_list(issued_at=days.to_instant(kit.NOW) + 86_401)
    yield bundle_case("bad-from-the-future", kit.bundle(future), "not_yet_valid")
    yield bundle_case("bad-truncated", good[:-9], "malformed")
    yield bundle_case("bad-empty", b"", "malformed")
    newer_kind = encode(["cgtrust", 2, *decode(good, max_depth=2)[2:]])
    yield bundle_case("bad-a-newer-kind-of-bundle", newer_kind, "malformed")
    one_root = replace(kit.ROOT_KEYS, threshold=1)
    one = kit.bundle(kit.trust_list(roots=one_root), signers=kit.ROOTS[:1])
    yield bundle_case("good-one-root-key-is-enough", one, roots=one_root)
    long_name = replace(kit.ORGANIZATIONS[0], name="名" * 200)
    others = kit.ORGANIZATIONS[1:]
    content = kit.trust_list(organizations=(long_name, *others))
    yield bundle_case("good-name-of-200", kit.bundle(content))
    content = kit.trust_list(organizations=(replace(long_name, name="名" * 201), *others))
    yield bundle_case("bad-name-of-201", kit.bundle(content), "malformed")
    yield bundle_case("bad-not-a-bundle", encode(["zip", 1, [], [], b"", b""]), "malformed")
    flipped = bytearray(good)
    flipped[300] ^= 1
    yield bundle_case("bad-byte-flipped", bytes(flipped), "too_few_signatures")
    old = kit.status_list(made=kit.NOW - timedelta(hours=1))
    mixed = [old, kit.status_list("EO-002")]
    yield bundle_case(
        "bad-older-status-list",
        kit.bundle(kit.trust_list(sequence=4), status_lists=mixed),
        "mixed",
        held=good,
    )
    yield bundle_case(
        "bad-status-list-left-out",
        kit.bundle(kit.trust_list(sequence=4), status_lists=[kit.status_list()]),
        "mixed",
        held=good,
    )
    yield bundle_case(
        "bad-status-list-of-another-key",
        kit.bundle(status_lists=[kit.status_list(key=kit.ISSUER)]),
        "mixed",
    )
    yield bundle_case(
        "bad-status-list-twice", kit.bundle(status_lists=[kit.status_list()] * 2), "mixed"
    )
    yield bundle_case(
        "bad-status-list-of-no-issuer",
        kit.bundle(status_lists=[kit.status_list("EO-999")]),
        "mixed",
    )
    other_standards = kit.trust_list(standards_digest=bytes(32))
    yield bundle_case("bad-other-standards", kit.bundle(other_standards), "mixed")
    yield from odd_standards()
    altered = bytearray(kit.status_list())
    altered[-1] ^= 1
    yield bundle_case(
        "bad-status-list-signature-altered", kit.bundle(status_lists=[bytes(altered)]), "mixed"
    )
    yield bundle_case(
        "bad-status-list-with-bytes-behind-its-stream",
        kit.bundle(status_lists=[status_list_of(lambda lst: lst + lst[-4:])]),
        "mixed",
    )
    compromised = replace(
        kit.trust_list().status_keys[0], compromised_day=kit.DAY(date(2026, 1, 1))
    )
    yield bundle_case(
        "bad-status-key-compromised",
        kit.bundle(kit.trust_list(status_keys=(compromised,))),
        "mixed",
    )
    retired = replace(kit.trust_list().status_keys[0], last_day=kit.DAY(date(2026, 11, 22)))
    yield bundle_case(
        "bad-status-key-retired", kit.bundle(kit.trust_list(status_keys=(retired,))), "mixed"
    )
    yield from log_cases()
    for whose, key in (
        ("an-issuers", kit.ISSUER),
        ("the-status-lists", kit.STATUS_KEY),
        ("a-root", kit.ROOTS[1]),
        ("the-logs", kit.LOG_KEY),
    ):
        both = (*kit.REGISTER_KEYS, ListedKey(public_key=key.public_key, first_day=0))
        content = kit.trust_list(register_keys=both)
        yield bundle_case(f"bad-register-key-is-{whose}", kit.bundle(content), "malformed")
    yield bundle_case("good-without-register-keys", kit.bundle(kit.trust_list(register_keys=())))
    yield bundle_case("bad-register-keys-an-empty-list", with_trust({6: []}), "malformed")
    yield bundle_case("bad-field-of-unknown-meaning", with_trust({9: 0}), "malformed")
    old_again = kit.bundle(kit.trust_list(sequence=999))
    held = kit.bundle(rotated, steps=[step], signers=new)
    yield bundle_case(
        "bad-old-roots-after-their-change", old_again, "too_few_signatures", held=held
    )
    odd = encode([encode({16: "cgt+cwt"}), {}, b"x", [[b"\x80", {}, b""]]])
    yield bundle_case(
        "bad-signer-without-key-id",
        encode(["cgtrust", 1, [b"\xd8\x62" + odd], [], b"", b""]),
        "malformed",
    )
    no_list = encode([encode({16: "cgt+cwt"}), {}, b"x", [0]])
    yield bundle_case(
        "bad-signer-no-list",
        encode(["cgtrust", 1, [b"\xd8\x62" + no_list], [], b"", b""]),
        "malformed",
    )
    unnumbered = replace(kit.ORGANIZATIONS[0], uscc=None)
    content = kit.trust_list(organizations=(unnumbered, *kit.ORGANIZATIONS[1:]))
    yield bundle_case("good-english-name-without-a-credit-code", kit.bundle(content))
    crowd = [[encode({1: -8, 4: n.to_bytes(8, "big")}), {}, b""] for n in range(33)]
    many = encode([encode({16: "cgt+cwt"}), {}, b"x", crowd])
    yield bundle_case(
        "bad-too-many-signers",
        encode(["cgtrust", 1, [b"\xd8\x62" + many], [], b"", b""]),
        "malformed",
    )
    current = kit.signed_trust_list(kit.trust_list())
    yield bundle_case(
        "bad-parts-no-bytes",
        encode(["cgtrust", 1, [current], ["x"], kit.STANDARDS, b""]),
        "malformed",
    )
    yield bundle_case("bad-no-trust-list", encode_trust_bundle([], [], kit.STANDARDS), "malformed")


def log_cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield bundles with heads of the log of certificates."""
    good = kit.bundle()
    yield bundle_case("good-longer-log", kit.bundle(head=kit.log_head(4)), held=good)
    yield bundle_case("good-first-log", good, held=kit.bundle(head=b""))
    witnessed = kit.log_head() + "— witness.example/w1 AAAAAAAA\n".encode()
    yield bundle_case("good-log-with-a-line-of-a-witness", kit.bundle(head=witnessed), held=good)
    yield bundle_case("good-empty-log", kit.bundle(head=kit.log_head(0)))
    text, _, line = kit.log_head().partition(b"\n\n")
    for name, head in {
        "by-a-stranger": kit.log_head(key=kit.STRANGER),
        "by-a-status-key": kit.log_head(key=kit.STATUS_KEY),
        "by-a-register-key": kit.log_head(key=kit.REGISTER),
        "altered": kit.log_head().replace(b"\n3\n", b"\n4\n"),
        "size-with-a-zero-before": kit.log_head().replace(b"\n3\n", b"\n03\n"),
        "without-a-signature": text + b"\n\n",
        "without-a-line-end": kit.log_head()[:-1],
        "with-a-line-more": text + b"\nmore\n\n" + line,
        "of-another-name": kit.log_head(origin="a.example/log").replace(
            b"a.example", b"b.example", 1
        ),
        "not-utf8": b"\xff" + kit.log_head(),
        "signed-under-another-name": text + b"\n\n" + line.replace(b"verify", b"verifi"),
        "with-a-line-that-is-no-base64": kit.log_head() + "— w.example/1 A*AA\n".encode(),
        "with-a-line-with-bits-to-spare": kit.log_head() + "— w.example/1 AB==\n".encode(),
        "with-a-line-of-four-words": kit.log_head() + "— w.example/1 AAAA x\n".encode(),
        "with-an-empty-line": kit.log_head() + b"\n",
        "with-a-space-behind": kit.log_head()[:-1] + b" \n",
        "with-a-line-without-a-signature": kit.log_head() + "— w\n".encode(),
        "with-a-line-of-an-empty-signature": kit.log_head() + "— w \n".encode(),
        "with-a-name-that-is-not-ascii": kit.log_head() + "— 见证 AAAA\n".encode(),
        "with-a-name-of-201": kit.log_head() + b"\xe2\x80\x94 " + b"n" * 201 + b" AAAA\n",
        "with-a-plus-in-a-name": kit.log_head() + "— a+b AAAA\n".encode(),
        "with-a-carriage-return": kit.log_head().replace(b"\n", b"\r\n"),
        "of-ten-thousand-bytes": kit.log_head() + line * 100,
    }.items():
        yield bundle_case(f"bad-log-{name}", kit.bundle(head=head), "mixed")
    before = kit.bundle(head=kit.log_head(4))
    yield bundle_case("bad-log-shorter", good, "mixed", held=before)
    yield bundle_case("bad-log-left-out", kit.bundle(head=b""), "mixed", held=good)
    other = kit.log_head(origin="other.example/log")
    yield bundle_case("bad-log-of-another-origin", kit.bundle(head=other), "mixed", held=good)
    fork = sign_checkpoint(kit.LOG_KEY, Checkpoint(f"{kit.HOST}/log", 3, bytes(32)))
    yield bundle_case("bad-log-forked", kit.bundle(head=fork), "mixed", held=good)
    new_key = kit.signer("new log")
    compromised = (
        ListedKey(public_key=kit.LOG_KEY.public_key, first_day=0, compromised_day=0),
        ListedKey(public_key=new_key.public_key, first_day=0),
    )
    content = kit.trust_list(log_keys=compromised, sequence=4)
    yield bundle_case("bad-log-key-compromised", kit.bundle(content), "mixed")
    frozen = kit.bundle(head=kit.log_head(2**63 - 1))
    yield bundle_case("bad-log-shorter-than-by-a-stolen-key", good, "mixed", held=frozen)
    for name, head in (
        ("good-log-signed-by-a-new-key", kit.log_head(key=new_key)),
        ("good-no-log-once-its-key-is-compromised", b""),
    ):
        yield bundle_case(name, kit.bundle(content, head=head), held=frozen)
    both = (*kit.trust_list().log_keys, ListedKey(public_key=new_key.public_key, first_day=0))
    content = kit.trust_list(log_keys=both, sequence=4)
    shorter = kit.bundle(content, head=kit.log_head(2, key=new_key))
    yield bundle_case("bad-log-shorter-by-another-key", shorter, "mixed", held=good)
    yield bundle_case("bad-log-keys-an-empty-list", with_trust({7: []}), "malformed")
    five = encode(decode(good, max_depth=2)[:5])
    yield bundle_case("bad-without-a-place-for-the-log", five, "malformed")
