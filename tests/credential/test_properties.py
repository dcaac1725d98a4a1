"""What holds for all certificates and all texts, with hypothesis."""

import unicodedata

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from certgraph.credential import days
from certgraph.credential.claims import Claims, Outcome, claims_faults, claims_from, encode_claims
from certgraph.credential.claims_reader import read_claims
from certgraph.credential.encoding import MalformedEncoding, decode, encode
from certgraph.credential.envelopes import MalformedEnvelope, open_countersigned, open_sign1
from certgraph.credential.qr_text import from_qr_text, to_qr_text
from certgraph.credential.text_rules import text_fault
from certgraph.credential.verification import Check, Verdict, verify, verify_signed
from tests.credential import kit

letters = st.sampled_from("abcXYZ019 ·-张王李𠮷𬎆买提（）")


def texts(longest):
    return st.text(letters, min_size=1, max_size=longest).filter(
        lambda text: text_fault(text, longest) is None
    )


uints = st.integers(0, 2**32 - 1)
credits_tenths = st.integers(0, 10_000)
numbered = st.dictionaries(st.integers(0, 9_999), credits_tenths, max_size=6).map(
    lambda found: tuple(Outcome(number=n, credits_tenths=found[n]) for n in sorted(found))
)
worded = st.lists(
    st.builds(lambda text, t: Outcome(text=text, credits_tenths=t), texts(20), credits_tenths),
    max_size=4,
).map(tuple)
all_claims = st.builds(
    Claims,
    issuer=texts(40),
    issued_at=st.integers(0, 2**31),
    expires_at=st.none() | st.integers(2**31 + 1, 2**32),
    number=texts(40),
    holder_name=texts(64),
    holder_tag=st.none() | st.binary(min_size=2, max_size=2),
    certificate_name=texts(64),
    level=st.integers(1, 5),
    standard_code=texts(40),
    standard_version=texts(40),
    status_list=uints,
    status_index=uints,
    masked_document=st.none(),
    outcomes=numbered | worded,
)


@given(all_claims)
def test_claims_come_back_as_they_were(claims):
    assert claims_faults(claims) == []
    assert claims_from(decode(encode_claims(claims))) == claims


@given(all_claims)
def test_signed_bytes_come_back_from_their_qr_text(claims):
    signed = kit.signed(claims)
    assert from_qr_text(to_qr_text(signed, kit.HOST)) == signed


@given(all_claims, st.data())
def test_the_fast_reader_agrees_with_the_general_way(claims, data):
    payload = bytearray(encode_claims(claims))
    for _ in range(data.draw(st.integers(0, 2))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    fast = read_claims(bytes(payload))
    try:
        general = claims_from(decode(bytes(payload)))
    except ValueError:
        general = None
    assert fast is None or fast == general


def test_the_fast_reader_serves_the_usual_certificate():
    for claims in (kit.CLAIMS, kit.claims(holder_tag=b"ab"), kit.claims(expires_at=2**31)):
        assert read_claims(encode_claims(claims)) == claims


@given(st.text())
def test_no_text_makes_verification_raise(text):
    assert verify(text, kit.TRUST, now=kit.NOW).verdict is Verdict.NO_CERTIFICATE
    verify(f"https://{kit.HOST}/v#{text}", kit.TRUST, now=kit.NOW)


@given(st.binary(max_size=600))
def test_no_bytes_make_verification_raise(data):
    now = days.to_instant(kit.NOW)
    assert verify_signed(data, kit.TRUST, now).decisive is Check.ENVELOPE
    head = kit.signed()[:25]
    verify_signed(head + data, kit.TRUST, now)


@given(st.binary(max_size=200))
def test_what_decodes_encodes_to_the_same_bytes(data):
    try:
        item = decode(data)
    except MalformedEncoding:
        return
    assert encode(item) == data


@given(all_claims, st.data())
def test_no_altered_byte_is_accepted(claims, data):
    signed = bytearray(kit.signed(claims))
    at = data.draw(st.integers(0, len(signed) - 1))
    signed[at] ^= data.draw(st.integers(1, 255))
    result = verify_signed(bytes(signed), kit.TRUST, days.to_instant(kit.NOW))
    assert result.verdict in (Verdict.INVALID, Verdict.UNKNOWN_ISSUER)
    assert result.claims is None


def test_every_single_bit_flip_of_a_certificate_is_refused():
    signed = kit.signed(kit.claims(outcomes=kit.FIVE_OUTCOMES, holder_tag=b"ab"))
    now = days.to_instant(kit.NOW)
    assert verify_signed(signed, kit.TRUST, now).verdict is Verdict.VALID
    for bit in range(len(signed) * 8):
        flipped = bytearray(signed)
        flipped[bit // 8] ^= 1 << bit % 8
        result = verify_signed(bytes(flipped), kit.TRUST, now)
        # alg -8 and -19 mean the same, but the header is signed, too
        assert result.verdict in (Verdict.INVALID, Verdict.UNKNOWN_ISSUER), f"bit {bit}"


@given(st.integers(-(2**31), 2**33))
def test_days_begin_and_end_where_they_touch(instant):
    day = days.day_of(instant)
    assert days.first_second(day) <= instant <= days.last_second(day)
    assert days.last_second(day) + 1 == days.first_second(day + 1)


@given(st.dates())
def test_dates_and_days_are_the_same(value):
    assert days.to_date(days.to_day(value)) == value


@given(st.characters())
def test_the_table_of_characters_is_at_least_as_strict_as_this_pythons_unicode(character):
    if text_fault(f"a{character}a", 9) is None:
        assert unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def test_the_countersigned_message_is_the_one_of_rfc_9338():
    envelope = open_countersigned(kit.signed(), "cgc+cwt")
    received = cbor2.loads(kit.signed()).value
    assert decode(envelope.to_be_countersigned) == [
        "CounterSignature0V2",
        received[0],
        b"",
        received[2],
        [received[3]],
    ]
    assert received[1] == {12: envelope.countersignature}


def test_an_abbreviated_countersignature_belongs_to_certificates_alone():
    with pytest.raises(MalformedEnvelope, match="not empty"):
        open_sign1(kit.signed(), "cgc+cwt")


def test_the_signed_message_is_the_one_of_rfc_9052():
    envelope = open_countersigned(kit.signed(), "cgc+cwt")
    structure = decode(envelope.to_be_signed)
    assert structure[0] == "Signature1"
    assert structure[2] == b""
    assert structure[3] == envelope.payload
    assert decode(structure[1]) == {1: -8, 4: envelope.kid, 16: "cgc+cwt"}
