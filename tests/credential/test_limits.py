"""Where each limit is: the last that is taken, the first that is not."""

import base64

import pytest

from certgraph.credential.audit_head import (
    AuditHead,
    MalformedAuditHead,
    open_audit_head,
    sign_audit_head,
    unchecked_head,
)
from certgraph.credential.checkpoint import Checkpoint, MalformedCheckpoint, checkpoint_parts
from certgraph.credential.claims import Outcome, claims_faults, encode_claims
from certgraph.credential.claims_reader import read_claims
from certgraph.credential.encoding import MalformedEncoding, decode, encode
from certgraph.credential.envelopes import (
    MalformedEnvelope,
    assemble_sign,
    open_countersigned,
    open_sign,
    open_sign1,
    protected_header,
    sign1,
)
from certgraph.credential.qr_text import MalformedQrText, from_qr_text, is_qr_text
from certgraph.credential.reasons import reason_words
from certgraph.credential.signature import UnsafeKey, kid_of, load_public_key
from certgraph.credential.status_list import (
    MalformedStatusList,
    Status,
    compress,
    open_status_list,
    statuses_in,
)
from certgraph.credential.verification import Check, CheckState, verify
from certgraph.credential.wording import outcome_name, words_for
from tests.credential import kit

KEYS = {kid_of(kit.STATUS_KEY.public_key): load_public_key(kit.STATUS_KEY.public_key)}
FIELD = 2**255 - 19


@pytest.mark.parametrize("number", [0, 1, 22, 23, 24, 25, 255, 256, 257, 65_535, 65_536, 2**32 - 1])
def test_the_fast_reader_reads_every_width_of_number(number):
    of = kit.claims(status_list=number, status_index=number)
    assert read_claims(encode_claims(of)) == of


@pytest.mark.parametrize("length", [1, 22, 23, 24, 25, 39, 40])
def test_the_fast_reader_reads_every_length_of_text(length):
    text = "x" * length
    for field in ("issuer", "number", "holder_name", "certificate_name", "standard_code"):
        of = kit.claims(**{field: text})
        assert read_claims(encode_claims(of)) == of
    of = kit.claims(holder_name="买" * 64, certificate_name="y" * 64)
    assert read_claims(encode_claims(of)) == of


@pytest.mark.parametrize(
    ("written", "longer"),
    [
        (b"\x82\x00\x19\x30\x39", b"\x82\x00\x1a\x00\x00\x30\x39"),
        (b"\x82\x00\x19\x30\x39", b"\x82\x18\x00\x19\x30\x39"),
        (b"\x82\x00\x19\x30\x39", b"\x82\x18\x17\x19\x30\x39"),
        (b"\x82\x00\x19\x30\x39", b"\x82\x00\x19\x00\xff"),
        (b"\x82\x00\x19\x30\x39", b"\x82\x00\x1a\x00\x00\xff\xff"),
        (b"\x82\x00\x19\x30\x39", b"\x82\x00\x17\x30\x39"),
        (b"\x64" + b"2021", b"\x78\x04" + b"2021"),
        (b"\x64" + b"2021", b"\x60"),
    ],
)
def test_the_fast_reader_leaves_what_is_written_longer_to_the_general_way(written, longer):
    payload = encode_claims(kit.CLAIMS)
    assert payload.count(written) == 1
    assert read_claims(payload.replace(written, longer)) is None


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xc1\x00", "tag, float or simple value"),
        (b"\xf6", "tag, float or simple value"),
        (b"\x1c", "indefinite or reserved length"),
        (b"\x1f", "indefinite or reserved length"),
        (b"\xa2\x01\x00\x01\x00", "repeated or out of order"),
        (b"\xa2\x02\x00\x01\x00", "repeated or out of order"),
        (b"\x81" * 5 + b"\x00", "nested too deeply"),
        (b"\x18\x17", "longer than needed"),
        (b"\x82\x00", "ends early"),
        (b"\x00\x00", "1 bytes follow the end"),
    ],
)
def test_what_is_not_deterministic_is_refused_for_what_it_is(data, words):
    with pytest.raises(MalformedEncoding, match=words):
        decode(data)


def test_four_containers_may_be_in_one_another():
    assert decode(b"\x81" * 4 + b"\x00") == [[[[0]]]]


HEAD = b"\xd2\x84" + encode(protected_header(kit.ISSUER_KID, "cgc+cwt"))


@pytest.mark.parametrize("size", [24, 255, 256, 65_535, 65_536, 70_000])
def test_payloads_of_every_width_of_length_are_opened(size):
    signed = sign1(kit.ISSUER, "cgc+cwt", bytes(size))
    assert open_sign1(signed, "cgc+cwt").payload == bytes(size)


@pytest.mark.parametrize(
    "rest",
    [
        b"",
        b"\xa0",
        b"\xa0" + b"\x58\x40" + bytes(64),
        b"\xa0\x58" + b"\x58\x40" + bytes(64),
        b"\xa0" + encode(bytes(23)) + b"\x58\x40" + bytes(64),
        b"\xa0\x58\x17" + bytes(23) + b"\x58\x40" + bytes(64),
        b"\xa1\x0c\x58\x40" + bytes(64),
        b"\xa1\x0c\x58\x40" + bytes(64) + b"\x58\x40" + bytes(64),
        b"\xa1\x0c\x58\x40" + bytes(63) + b"\x58\x40" + bytes(64),
        b"\xa1\x0c\x58\x40" + b"\x58\x40" + bytes(64),
    ],
)
def test_envelopes_that_end_early_are_refused(rest):
    with pytest.raises(MalformedEnvelope):
        open_countersigned(HEAD + rest, "cgc+cwt")


@pytest.mark.parametrize("y", [FIELD, FIELD + 1, FIELD + 2, 2**255 - 1])
@pytest.mark.parametrize("sign", [0, 2**255])
def test_points_written_in_a_second_way_are_no_keys(y, sign):
    with pytest.raises(UnsafeKey, match="not canonical"):
        load_public_key((y + sign).to_bytes(32, "little"))


@pytest.mark.parametrize(("size", "reason"), [(1_540, None), (1_541, "too_long")])
def test_base64url_is_taken_up_to_1540_bytes(size, reason):
    text = base64.urlsafe_b64encode(b"\xd2\x84" + bytes(size - 2)).decode()
    try:
        assert len(from_qr_text(text)) == size
        found = None
    except MalformedQrText as error:
        found = error.reason
    assert found == reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("9" * 3_700, None),
        ("9" * 3_701, "too_long"),
        ("?" * 4_700, "not_ours"),
        ("?" * 4_701, "too_long"),
    ],
)
def test_texts_are_looked_at_up_to_a_length(text, reason):
    try:
        from_qr_text(text)
        found = None
    except MalformedQrText as error:
        found = error.reason
    assert found == reason


def test_a_status_list_comes_back_as_it_was():
    wanted = {0: Status.REVOKED, 1: Status.SUSPENDED, 3: Status.SUPERSEDED, 131_071: Status.REVOKED}
    assert statuses_in(compress(wanted)) == wanted


def test_a_status_list_says_where_it_is_published():
    payload = decode(open_sign1(kit.status_list(), "statuslist+cwt").payload)
    assert payload[2] == f"https://{kit.HOST}/status/EO-001/0.cwt"
    assert sorted(payload) == [-65539, 1, 2, 4, 6, 65533, 65534]


@pytest.mark.parametrize(
    ("claim", "value"),
    [(1, 7), (-65539, -1), (-65539, "0"), (6, -1), (65534, "x"), (4, 2**60), (65533, {"bits": 2})],
)
def test_a_status_list_with_a_claim_of_another_type_is_refused(claim, value):
    content = decode(open_sign1(kit.status_list(), "statuslist+cwt").payload)
    content[claim] = value
    token = sign1(kit.STATUS_KEY, "statuslist+cwt", encode(content))
    with pytest.raises(MalformedStatusList, match=r"claim|number"):
        open_status_list(token, KEYS)


AUDIT = AuditHead(sequence=1, hash=bytes(32), issued_at=1_793_548_800)


def test_a_head_of_the_audit_trail_is_written_as_before():
    token = sign_audit_head(kit.STATUS_KEY, AUDIT)
    assert decode(open_sign1(token, "cga+cwt").payload) == {
        6: 1_793_548_800,
        -65541: [1, bytes(32)],
    }
    assert open_audit_head(token, KEYS) == AUDIT
    assert unchecked_head(token) == AUDIT
    assert unchecked_head(b"x") is None


@pytest.mark.parametrize(
    "content",
    [
        {6: 1, -65541: [0, bytes(32)]},
        {6: 1, -65541: [1, bytes(31)]},
        {6: 1, -65541: [1, bytes(33)]},
        {6: 1, -65541: [1, "x" * 32]},
        {6: "1", -65541: [1, bytes(32)]},
        {6: 1, -65541: ["1", bytes(32)]},
        {6: 1, -65541: [1]},
        {6: 1},
    ],
)
def test_a_head_of_the_audit_trail_with_another_claim_is_refused(content):
    with pytest.raises(MalformedAuditHead, match=r"another (type|form)"):
        open_audit_head(sign1(kit.STATUS_KEY, "cga+cwt", encode(content)), KEYS)


@pytest.mark.parametrize("signer", [kit.STRANGER, kit.ISSUER])
def test_a_head_of_the_audit_trail_is_signed_by_a_status_key(signer):
    with pytest.raises(MalformedAuditHead, match="no status key"):
        open_audit_head(sign_audit_head(signer, AUDIT), KEYS)
    token = sign_audit_head(kit.STATUS_KEY, AUDIT)
    with pytest.raises(MalformedAuditHead, match="no status key"):
        open_audit_head(token[:-1] + bytes([token[-1] ^ 1]), KEYS)


def test_a_checkpoint_has_at_most_ten_thousand_bytes_and_2_to_the_63_entries():
    text = Checkpoint("a", 2**63 - 1, bytes(32)).text()
    line = "— a AAAA\n".encode()
    space = 10_000 - len(text) - 1
    lines = line * (space // len(line) - 1)
    last = "— ".encode() + b"n" * (space - len(lines) - len(line) + 1) + b" AAAA\n"
    note = text + b"\n" + lines + last
    assert len(note) == 10_000
    assert checkpoint_parts(note)[0].size == 2**63 - 1
    with pytest.raises(MalformedCheckpoint, match="more than 10000 bytes"):
        checkpoint_parts(text + b"\n" + lines + last.replace(b"n", b"nn", 1))
    with pytest.raises(MalformedCheckpoint, match="not a signed note"):
        checkpoint_parts(Checkpoint("a", 2**63, bytes(32)).text() + b"\n" + line)


@pytest.mark.parametrize(
    ("reason", "zh", "en"),
    [
        ("revoked", "已被撤销", "revoked"),
        ("level.range", "等级超出范围", "the level is out of range"),
        ("level.unheard", "level.unheard", "level.unheard"),
        ("unheard.range", "unheard.range", "unheard.range"),
    ],
)
def test_reasons_are_said_in_words(reason, zh, en):
    assert (reason_words(reason, "zh"), reason_words(reason, "en")) == (zh, en)


def test_a_result_is_of_no_network_unless_it_is_said():
    result = verify(kit.qr_text(), kit.TRUST, now=kit.NOW)
    assert words_for(result, "en").title == "Valid – checked offline"
    assert words_for(result, "en", online=True).title == "Valid – checked online"


@pytest.mark.parametrize("data", [b"\xd8\x62\x00", b"\xd8\x62\x83\x00\x00\x00", b"\xd8\x62\x40"])
def test_what_is_no_array_of_four_is_no_cose_sign(data):
    with pytest.raises(MalformedEnvelope, match="is not a COSE_Sign"):
        open_sign(data, "cgt+cwt")


def test_thirty_two_may_sign():
    many = [(bytes([n]) * 32, bytes(64)) for n in range(32)]
    assert len(open_sign(assemble_sign("cgt+cwt", b"x", many), "cgt+cwt").signatures) == 32
    with pytest.raises(MalformedEnvelope, match="more than 32"):
        open_sign(assemble_sign("cgt+cwt", b"x", [*many, (bytes([40]) * 32, b"")]), "cgt+cwt")


@pytest.mark.parametrize(
    "outcomes",
    [
        (Outcome(number=2, credits_tenths=1), Outcome(number=1, credits_tenths=1)),
        (Outcome(number=1, credits_tenths=1), Outcome(number=1, credits_tenths=2)),
        (Outcome(number=1, credits_tenths=1), Outcome(text="x", credits_tenths=1)),
    ],
)
def test_outcomes_are_all_by_rising_number_or_all_by_text(outcomes):
    assert ("outcomes", "order") in claims_faults(kit.claims(outcomes=outcomes))
    assert claims_faults(kit.claims(outcomes=kit.FIVE_OUTCOMES)) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"certificate_name": "y" * 65},
        {"holder_name": "y" * 65},
        {"masked_document": "1" * 41},
        {"number": "1" * 41},
        {"outcomes": kit.FIVE_OUTCOMES},
    ],
)
def test_the_fast_reader_leaves_what_is_too_long_to_the_general_way(changes):
    assert read_claims(encode_claims(kit.claims(**changes))) is None


def test_the_fast_reader_reads_the_longest_masked_document():
    of = kit.claims(masked_document="*" * 40)
    assert read_claims(encode_claims(of)) == of


CODES = [(kit.qr_text(), True), ("x", False), ("1" * 9, False)]


@pytest.mark.parametrize(("text", "is_one"), CODES)
def test_a_text_is_that_of_a_code_or_not(text, is_one):
    assert is_qr_text(text) is is_one


STOPS = {
    Check.TEXT: "x",
    Check.ENVELOPE: kit.to_qr_text(kit.signed() + b"x", kit.HOST),
    Check.ISSUER_KEY: kit.qr_text(key=kit.STRANGER),
    Check.SIGNATURE: kit.to_qr_text(kit.signed()[:-1] + b"\0", kit.HOST),
    Check.REGISTER: kit.qr_text(register=None),
    Check.CLAIMS: kit.qr_text(kit.claims(number="")),
}


@pytest.mark.parametrize("check", STOPS)
def test_what_is_before_the_check_that_failed_has_passed_and_what_is_after_did_not_run(check):
    states = dict(verify(STOPS[check], kit.TRUST, now=kit.NOW).checks)
    at = list(Check).index(check)
    passed, not_run = [CheckState.PASSED] * at, [CheckState.COULD_NOT_RUN] * (8 - at)
    assert list(states.values()) == [*passed, CheckState.FAILED, *not_run]


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_the_fast_reader_reads_every_level(level):
    assert read_claims(encode_claims(kit.claims(level=level))) == kit.claims(level=level)


@pytest.mark.parametrize("level", [0, 6])
def test_the_fast_reader_leaves_other_levels_to_the_general_way(level):
    assert read_claims(encode_claims(kit.claims(level=level))) is None


def test_an_outcome_is_named_by_its_standard_or_by_itself():
    by_number, unknown = (Outcome(number=n, credits_tenths=1) for n in (1, 99))
    by_text = Outcome(text="独立完成建模", credits_tenths=1)
    names = [outcome_name(one, kit.CLAIMS, kit.TRUST) for one in (by_number, unknown, by_text)]
    assert names == ["BIM建模", None, "独立完成建模"]
