"""What an installation remembers: it never goes back, whatever its clock and files say."""

from dataclasses import replace
from datetime import timedelta

import pytest

from certgraph.cli.trust_store import TrustDataError, load_trust
from certgraph.credential import days
from certgraph.credential.verification import Verdict, verify
from certgraph.trust.ceremony import roots_to_json
from tests.credential import kit


@pytest.fixture
def load(tmp_path):
    root_file = tmp_path / "root.json"
    root_file.write_text(roots_to_json(kit.ROOT_KEYS))

    def run(data, now=kit.NOW):
        file = None
        if data is not None:
            file = tmp_path / "given.cgtrust"
            file.write_bytes(data)
        return load_trust(home=tmp_path / "home", root_file=root_file, bundle_file=file, now=now)

    return run


def expiring(sequence, expires_in):
    expires_at = days.to_instant(kit.NOW + timedelta(days=expires_in))
    return kit.bundle(kit.trust_list(sequence=sequence, expires_at=expires_at))


def test_an_older_bundle_is_refused_also_after_the_held_one_expired(load):
    load(expiring(8, 20))
    later = kit.NOW + timedelta(days=21)
    held = load(expiring(3, 100), later)
    assert "older than 8" in str(held.warning)
    assert held.trust.trust_list.sequence == 8
    # what is held still tells what it knows, and confirms nothing
    assert verify(kit.qr_text(), held.trust, now=later).verdict is Verdict.UNCONFIRMED


def test_a_clock_set_back_makes_no_older_bundle_pass(load):
    load(kit.bundle(kit.trust_list(sequence=8)))
    early = kit.NOW - timedelta(days=10)
    made = days.to_instant(early)
    old = kit.bundle(kit.trust_list(sequence=2, issued_at=made), status_lists=[])
    assert "older than 8" in str(load(old, early).warning)
    assert load(None).trust.trust_list.sequence == 8


def test_a_bundle_that_could_not_be_opened_again_is_not_taken(load):
    both = (*kit.ROOTS[:2], *kit.NEW_ROOTS[:2])
    step = kit.signed_trust_list(kit.trust_list(sequence=4, roots=kit.NEW_ROOT_KEYS), both)
    rotated = kit.trust_list(sequence=5, roots=kit.NEW_ROOT_KEYS)
    load(kit.bundle(rotated, steps=[step], signers=kit.NEW_ROOTS[:2]))
    later = kit.trust_list(sequence=6, roots=kit.NEW_ROOT_KEYS)
    held = load(kit.bundle(later, signers=kit.NEW_ROOTS[:2]))  # without the step to its keys
    assert "is refused" in str(held.warning)
    assert "is refused" in str(load(kit.bundle(kit.trust_list(sequence=3))).warning)
    assert load(None).trust.trust_list.sequence == 5


def test_old_root_keys_say_nothing_any_more_once_they_were_changed(load):
    both = (*kit.ROOTS[:2], *kit.NEW_ROOTS[:2])
    step = kit.signed_trust_list(kit.trust_list(sequence=4, roots=kit.NEW_ROOT_KEYS), both)
    rotated = kit.trust_list(sequence=5, roots=kit.NEW_ROOT_KEYS)
    load(kit.bundle(rotated, steps=[step], signers=kit.NEW_ROOTS[:2]))
    key = replace(kit.ORGANIZATIONS[0].keys[0], public_key=kit.STRANGER.public_key, last_day=None)
    evil = (replace(kit.ORGANIZATIONS[0], keys=(key,)), *kit.ORGANIZATIONS[1:])
    held = load(kit.bundle(kit.trust_list(sequence=999, organizations=evil)))
    assert "root keys signed" in str(held.warning)
    stranger = kit.qr_text(key=kit.STRANGER)
    assert verify(stranger, held.trust, now=kit.NOW).verdict is Verdict.UNKNOWN_ISSUER


def test_without_anything_held_a_bad_bundle_is_an_error(load):
    with pytest.raises(TrustDataError, match="is refused"):
        load(b"x")
