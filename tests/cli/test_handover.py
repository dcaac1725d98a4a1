"""certgraph handover: the office writes the package, whoever receives it checks it."""

import errno
import os
import shutil

import pytest

from certgraph.cli import handover
from certgraph.cli.main import main


@pytest.fixture
def run(demo, capsys, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def ran(*arguments):
        status = main(["handover", *map(str, arguments)])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return ran


@pytest.fixture(scope="module")
def packed(demo_once, tmp_path_factory):
    folder = tmp_path_factory.mktemp("handover") / "package"
    assert main(["handover", "package", str(folder), "--dir", str(demo_once)]) == 0
    return folder


@pytest.fixture
def folder(packed, tmp_path):
    """A copy to spoil."""
    return shutil.copytree(packed, tmp_path / "package")


def check(run, demo, folder):
    return run("check", folder, "--home", demo / "verifier")


def test_who_receives_it_checks_it_with_the_trust_data_at_hand(run, demo, folder):
    status, out, err = check(run, demo, folder)
    assert (status, err) == (0, "")
    assert out.splitlines()[1] == "18 files, each as it was listed"


def test_it_is_checked_with_root_keys_and_its_own_trust_data(run, demo, folder):
    own = ("--root", demo / "root/root.json", "--trust", folder / "bundle.cgtrust")
    status, out, err = run("check", folder, *own)
    assert (status, err) == (0, "")
    assert out.splitlines()[1] == "18 files, each as it was listed"


def test_a_package_is_written_once_and_says_what_is_in_it(run, demo, tmp_path):
    folder = tmp_path / "out" / "new"
    partial = tmp_path / "out" / "new.part"
    partial.mkdir(parents=True)
    (partial / "organizations.csv").touch()  # of a run that was killed
    status, out, err = run("package", folder, "--dir", demo)
    assert (status, err) == (0, "")
    lines = out.splitlines()
    counted = {line.split()[0]: line.split()[1] for line in lines if ".csv" in line}
    assert (counted["certificate_types.csv"], counted["standards.csv"]) == ("86", "4")
    assert lines[-1].startswith("It holds personal data")
    assert [one.name for one in folder.parent.iterdir()] == ["new"]
    status, _, err = run("package", folder, "--dir", demo)
    assert (status, err) == (2, f"certgraph: {folder} exists already and is not overwritten\n")


def test_a_folder_of_others_is_not_removed(run, demo, tmp_path):
    partial = tmp_path / "new.part"
    partial.mkdir()
    (partial / "mine").touch()
    status, _, err = run("package", tmp_path / "new", "--dir", demo)
    assert (status, err) == (2, f"certgraph: {partial} exists already and is not overwritten\n")
    assert (partial / "mine").exists()


def test_of_a_package_that_cannot_be_finished_nothing_is_left(run, demo, tmp_path, monkeypatch):
    def full(*_given, **_options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(handover, "write_new", full)
    folder = tmp_path / "out" / "new"
    status, out, err = run("package", folder, "--dir", demo)
    assert (status, out) == (2, "")
    assert err == f"certgraph: {folder} cannot be written: No space left on device\n"
    assert list(folder.parent.iterdir()) == []


def altered(folder):
    file = folder / "certificates.csv"
    file.write_text(file.read_text().replace("张", "章", 1))


def listed_anew(folder):
    file = folder / "SHA256SUMS"
    file.write_text(file.read_text().replace("a", "b", 1))


def sealed_by_nobody(folder):
    file = folder / "SHA256SUMS.cwt"
    file.write_bytes(file.read_bytes()[:-1] + b"x")


def unsealed(folder):
    (folder / "SHA256SUMS.cwt").write_bytes(b"")


def without_keys(folder):
    (folder / "keys.csv").unlink()


def with_more(folder):
    (folder / "more.csv").touch()


SPOILED = {
    altered: "certificates.csv is not what was listed",
    without_keys: "keys.csv is missing",
    with_more: "more.csv is not in the list",
    listed_anew: "SHA256SUMS is not the list that was sealed",
    sealed_by_nobody: "SHA256SUMS.cwt: no status key of the trust list signed it",
    unsealed: "SHA256SUMS.cwt: it has another form",
}


@pytest.mark.parametrize("spoil", SPOILED, ids=[one.__name__ for one in SPOILED])
def test_what_was_changed_since_is_named(run, demo, folder, spoil):
    spoil(folder)
    status, out, err = check(run, demo, folder)
    assert (status, out) == (1, "")
    assert err.startswith(f"certgraph handover: {folder}: {SPOILED[spoil]}")


def test_a_folder_that_is_no_package_is_a_sentence(run, demo, tmp_path):
    status, _, err = check(run, demo, tmp_path)
    assert status == 2
    assert "SHA256SUMS cannot be read: No such file or directory" in err
