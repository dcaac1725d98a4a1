"""Signed notes and checkpoints, by the vectors of others: Go's sumdb/note, C2SP's documents."""

import hashlib
from base64 import b64decode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certgraph.credential.checkpoint import (
    ED25519_COSIGNATURE,
    Checkpoint,
    MalformedCheckpoint,
    checkpoint_parts,
    key_id,
    open_checkpoint,
    sign_checkpoint,
    signature_line,
    verifier_key,
)
from certgraph.credential.signature import PrivateKeySigner, load_public_key
from tests.credential import kit

PETER = PrivateKeySigner(
    Ed25519PrivateKey.from_private_bytes(
        b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
    )
)
BEHIND_THE_SOFA = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
"""  # noqa: E501


def test_a_key_is_written_as_go_writes_it():
    written = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    assert verifier_key("PeterNeumann", PETER.public_key) == written


def test_a_note_is_signed_as_go_signs_it():
    text = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n"
    )
    id_ = key_id("PeterNeumann", PETER.public_key)
    assert signature_line("PeterNeumann", id_, PETER.sign(text.encode())).decode() == (
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotp"
        "RZb6KE6RyyBwJnAM=\n"
    )


def test_the_checkpoint_of_c2sp_is_read():
    checkpoint, lines = checkpoint_parts(BEHIND_THE_SOFA.encode())
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20_852_163)
    assert [name for name, _ in lines] == ["example.com/behind-the-sofa"] * 2
    assert {len(signature) for _, signature in lines} == {68}


def test_a_key_of_another_kind_has_another_name():
    of_witness = hashlib.sha256(b"a\n\x04" + PETER.public_key).digest()[:4]
    assert key_id("a", PETER.public_key, ED25519_COSIGNATURE) == of_witness
    assert key_id("a", PETER.public_key) != of_witness


def test_a_checkpoint_is_of_its_origin_and_a_key_of_its_log():
    head = Checkpoint("a.example/log", 5, bytes(32))
    note = sign_checkpoint(kit.LOG_KEY, head)
    keys = [load_public_key(one.public_key) for one in (kit.STRANGER, kit.LOG_KEY)]
    assert open_checkpoint(note, keys) == head
    with pytest.raises(MalformedCheckpoint, match="no key of the log"):
        open_checkpoint(note, keys[:1])
    with pytest.raises(ValueError, match="cannot name a log"):
        sign_checkpoint(kit.LOG_KEY, Checkpoint("a log", 5, bytes(32)))


@pytest.mark.parametrize(
    "change",
    [
        (b"\n5\n", b"\n05\n"),
        (b"\n5\n", b"\n-5\n"),
        (b"\n5\n", b"\n9223372036854775808\n"),
        (b"a.example/log\n5", b"a.example /log\n5"),
        (b"=\n\n", b"=\nmore\n\n"),
        (b"AAAA=\n", b"AAAB=\n"),
        (b"\n\n", b"\n"),
        ("— ".encode(), b"- "),
        (b"=\n\n", b"=\n\n\n"),
    ],
)
def test_what_is_written_otherwise_is_no_checkpoint(change):
    note = sign_checkpoint(kit.LOG_KEY, Checkpoint("a.example/log", 5, bytes(32)))
    altered = note.replace(*change, 1)
    assert altered != note
    with pytest.raises(MalformedCheckpoint):
        open_checkpoint(altered, [load_public_key(kit.LOG_KEY.public_key)])
