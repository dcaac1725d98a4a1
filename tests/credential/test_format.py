"""Limits of the format that employers and printers rely on, and what a status list costs."""

import pickle
import random
import subprocess
import sys

import pytest

from certgraph.credential import holder_tag
from certgraph.credential.claims import MalformedClaims, claims_faults
from certgraph.credential.signature import UnsafeKey, is_signed_by, kid_of, load_public_key
from certgraph.credential.status_list import (
    ENTRIES,
    MalformedStatusList,
    Status,
    compress,
    open_status_list,
    status_at,
)
from certgraph.credential.trust_bundle import UntrustedBundle
from certgraph.credential.trust_list import ListedKey, RootKeys
from certgraph.credential.verification import Verdict, verify
from certgraph.credential.wording import CATALOGUE, words_for
from tests.credential import kit


def test_a_base_certificate_takes_at_most_323_bytes():
    usual = kit.claims(holder_tag=b"ab", expires_at=2_000_000_000)
    assert len(kit.signed(usual)) == 273
    long = usual._replace(
        holder_name="阿卜杜热合曼·买买提依明", certificate_name="智能网联汽车检测与运维技术应用"
    )
    assert len(kit.signed(long)) == 318


def test_the_countersignature_takes_67_bytes():
    assert len(kit.signed()) - len(kit.signed(register=None)) == 67


def test_five_outcomes_stay_below_323_bytes():
    assert len(kit.signed(kit.claims(outcomes=kit.FIVE_OUTCOMES))) == 276


@pytest.mark.parametrize(
    ("listed", "key"),
    [
        ("as an issuer's", kit.ISSUER),
        ("for status lists", kit.STATUS_KEY),
        ("a root", kit.ROOTS[0]),
    ],
)
def test_a_register_key_that_is_listed_otherwise_makes_the_list_untrusted(listed, key):
    both = (*kit.REGISTER_KEYS, ListedKey(public_key=key.public_key, first_day=0))
    with pytest.raises(UntrustedBundle, match="listed for another purpose"):
        kit.open_bundle(kit.bundle(kit.trust_list(register_keys=both)))


def test_trust_data_goes_to_other_processes_with_its_keys():
    assert kit.TRUST.register_keys
    again = pickle.loads(pickle.dumps(kit.TRUST))  # noqa: S301 - made in this line
    assert verify(kit.qr_text(), again, now=kit.NOW).verdict is Verdict.VALID


GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493


class TakesAll:
    """A key whose library takes every signature: what is refused is refused before it."""

    def verify(self, signature, message):
        """Take it."""


@pytest.mark.parametrize(
    ("s", "is_taken"),
    [(0, True), (2**252, True), (GROUP_ORDER - 1, True), (GROUP_ORDER, False), (2**256 - 1, False)],
)
def test_s_is_below_the_group_order_whatever_the_library_does(s, is_taken):
    r = kit.ISSUER.sign(b"x")[:32]
    assert is_signed_by(TakesAll(), r + s.to_bytes(32, "little"), b"x") is is_taken


@pytest.mark.parametrize(("share", "limit"), [(0.001, 50_000), (0.01, 290_000)])
def test_status_lists_of_ten_million_certificates_stay_small(share, limit):
    # one list of 131,072 entries, drawn at random; 77 such lists cover ten million
    draw = random.Random(7)
    revoked = draw.sample(range(ENTRIES), round(ENTRIES * share))
    one = len(compress(dict.fromkeys(revoked, Status.REVOKED)))
    assert one * 77 <= limit


def test_a_status_list_keeps_every_entry():
    draw = random.Random(11)
    wanted = {draw.randrange(ENTRIES): Status(draw.randrange(1, 4)) for _ in range(500)}
    keys = {kid_of(kit.STATUS_KEY.public_key): load_public_key(kit.STATUS_KEY.public_key)}
    entries = open_status_list(kit.status_list(statuses=wanted), keys).entries()
    found = {index: status_at(entries, index) for index in range(ENTRIES)}
    assert {i: s for i, s in found.items() if s is not Status.VALID} == wanted
    assert status_at(entries, ENTRIES) is None


def test_a_status_list_that_inflates_beyond_its_size_is_refused():
    bomb = dict.fromkeys(range(3), Status.REVOKED)
    token = kit.status_list(statuses=bomb)
    keys = {kid_of(kit.STATUS_KEY.public_key): load_public_key(kit.STATUS_KEY.public_key)}
    assert open_status_list(token, keys).number == 0
    with pytest.raises(MalformedStatusList, match="does not match"):
        open_status_list(token[:-1] + bytes([token[-1] ^ 1]), keys)


def test_the_holder_tag_knows_its_document_and_no_other():
    tag = holder_tag.holder_tag("11010519491231002x", issuer="EO-001", number="N-1")
    assert tag.hex() == "69c4"
    assert holder_tag.is_holder(tag, " 1101 0519491231002X", issuer="EO-001", number="N-1")
    assert not holder_tag.is_holder(tag, "110105194912310020", issuer="EO-001", number="N-1")
    assert not holder_tag.is_holder(tag, "11010519491231002X", issuer="EO-001", number="N-2")


@pytest.mark.parametrize(
    ("threshold", "keys"),
    [(0, 1), (2, 1), (-1, 2)],
)
def test_root_keys_that_prove_nothing_are_refused(threshold, keys):
    with pytest.raises(ValueError, match="threshold"):
        RootKeys(threshold, tuple(root.public_key for root in kit.ROOTS[:keys]))


def test_a_root_key_named_twice_does_not_count_twice():
    with pytest.raises(ValueError, match="different root keys"):
        RootKeys(2, (kit.ROOTS[0].public_key, kit.ROOTS[0].public_key))


@pytest.mark.parametrize("public_key", [bytes(32), b"\x01" + bytes(31), b"\xff" * 32, b"short"])
def test_unsafe_public_keys_are_refused(public_key):
    with pytest.raises(UnsafeKey):
        load_public_key(public_key)


def test_lint_names_every_fault_of_the_claims():
    faults = claims_faults(kit.claims(holder_name="张\u200b", level=9, number=""))
    assert faults == [
        ("number", "length"),
        ("holder_name", "character"),
        ("level", "range"),
    ]
    assert str(MalformedClaims("level", "range")) == "level: range"


def test_verification_needs_a_time_with_a_zone():
    with pytest.raises(ValueError, match="no time zone"):
        verify(kit.qr_text(), kit.TRUST, now=kit.NOW.replace(tzinfo=None))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_verdict_has_words_with_nothing_left_to_fill_in(language):
    texts = [kit.qr_text(), "x", kit.qr_text(key=kit.STRANGER), kit.qr_text(kit.claims(level=3))]
    texts += [kit.qr_text(kit.claims(status_index=i)) for i in (7, 8, 131_071)]
    for text in texts:
        words = words_for(verify(text, kit.TRUST, now=kit.NOW), language)
        assert words.title
        assert "{" not in words.title + words.line
    assert CATALOGUE["zh"].keys() == CATALOGUE["en"].keys()


def test_revoked_and_superseded_read_differently():
    revoked, superseded = (
        verify(kit.qr_text(kit.claims(status_index=i)), kit.TRUST, now=kit.NOW)
        for i in (kit.REVOKED_INDEX, kit.SUPERSEDED_INDEX)
    )
    assert revoked.verdict is superseded.verdict is Verdict.REVOKED
    assert words_for(revoked, "en").title == "Revoked"
    assert words_for(superseded, "en").title == "Replaced by a newer certificate"


def test_the_credential_imports_two_libraries_and_opens_no_socket():
    program = (
        "import sys, socket\n"
        "def no(*a, **k): raise SystemExit('opened a socket')\n"
        "socket.socket = no\n"
        "import certgraph.credential\n"
        "print(*sorted({m.partition('.')[0] for m in sys.modules}))"
    )
    run = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True
    )
    loaded = set(run.stdout.split())
    foreign = {"sqlalchemy", "starlette", "strawberry", "PIL", "zxingcpp", "pydantic", "qrcode"}
    assert not loaded & foreign
    assert {"cryptography", "cbor2"} <= loaded
