"""What is handed over: every table, as it is at one moment, with hashes, for others to verify."""

import csv
import hashlib
import json

import pytest
from sqlalchemy import update

from certgraph.certificates.rules import CertificateState
from certgraph.certificates.states.actions import erase_holder
from certgraph.certificates.tables import CertificateRow
from certgraph.credential.trust_bundle import open_trust_bundle
from certgraph.credential.verification import Verdict, verify
from certgraph.database import keep_one_view, make_read_sessions
from certgraph.handover.contents import COLUMNS, FILES
from certgraph.handover.packing import write_package
from certgraph.parameters.rules import PILOT
from certgraph.problems import Rejected
from certgraph.standards.actions import announce_certificate_type
from certgraph.standards.occupations import OccupationDraft, map_occupations
from tests.server.certificates.test_states import change
from tests.server.conftest import HOST
from tests.server.trust.test_lists import ROOT_KEYS, new_list, published


async def packed(house, folder):
    """Publish trust data, and write a package into a new folder."""
    await new_list(house)
    await published(house)
    return await written(house, folder)


async def written(house, folder):
    folder.mkdir()
    async with make_read_sessions(house.engine)() as session:
        await keep_one_view(session)
        return await write_package(session, folder, regime=PILOT, host=HOST, now=house.now)


def table(folder, name):
    return list(csv.DictReader((folder / f"{name}.csv").read_text("utf-8").splitlines()))


async def test_each_certificate_verifies_from_the_package_alone(house, tmp_path):
    kept, revoked, erased = await house.issue(
        *(house.candidate(holder_name=name) for name in ("张示例", "李示例", "王示例"))
    )
    await change(house, revoked.number, CertificateState.REVOKED)
    async with house.sessions.begin() as session:
        erasing = await session.get_one(CertificateRow, erased.id)
        await erase_holder.function(house.act(session), erasing)
    folder = tmp_path / "package"
    package = await packed(house, folder)
    trust = open_trust_bundle((folder / "bundle.cgtrust").read_bytes(), ROOT_KEYS, now=house.now)
    rows = {row["number"]: row for row in table(folder, "certificates")}
    assert package.counts["certificates"] == len(rows) == 3
    said = {
        number: verify(row["qr_text"], trust, now=house.now).verdict
        for number, row in rows.items()
        if row["qr_text"]
    }
    assert said == {kept.number: Verdict.VALID, revoked.number: Verdict.REVOKED}
    assert rows[kept.number]["holder_name"] == "张示例"
    assert (rows[erased.number]["holder_name"], rows[erased.number]["qr_text"]) == ("", "")
    assert rows[erased.number]["erased_at"].startswith("2026-11-23T04:00:00")
    assert rows[kept.number]["certificate_type_code"] == "CT-001"


async def test_the_list_names_every_file_and_the_package_says_what_it_is(house, tmp_path):
    await house.issue()
    folder = tmp_path / "package"
    package = await packed(house, folder)
    listed = (folder / "SHA256SUMS").read_text()
    sums = dict(reversed(line.split("  ")) for line in listed.splitlines())
    others = {"README.txt", "handover.json", "bundle.cgtrust"}
    assert set(sums) == {f"{name}.csv" for name in FILES} | others
    for name, expected in sums.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == expected
    assert package.sha256 == hashlib.sha256(listed.encode()).digest()
    facts = json.loads((folder / "handover.json").read_text())
    assert (facts["regime"], facts["host"], facts["log"]["size"]) == ("PILOT", HOST, 1)
    assert facts["rows"] == dict(package.counts)
    assert {one.stat().st_mode & 0o077 for one in folder.iterdir()} == {0}
    about = (folder / "README.txt").read_text()
    assert "教职成厅函〔2019〕19号" in about
    assert "holder_name  持证人姓名" in about


async def test_catalogue_organizations_and_standards_are_there_as_they_are(house, tmp_path):
    occupations = [OccupationDraft(code="4-08-02-02", name="建筑信息模型技术员", skill_level=3)]
    given = {"certificate_type_code": "CT-001", "level": 2, "occupations": occupations}
    await house.perform(map_occupations, source="对应目录", **given)
    behind = {"organization_codes": ["EO-002", "EO-001"], "announced_on": house.now.date()}
    await house.perform(announce_certificate_type, code="CT-009", name="合", levels=[1], **behind)
    folder = tmp_path / "package"
    await packed(house, folder)
    assert [row["code"] for row in table(folder, "organizations")] == ["EO-001", "EO-002"]
    assert {row["state"] for row in table(folder, "organizations")} == {"active"}
    assert [tuple(row.values()) for row in table(folder, "certificate_levels")] == [
        ("CT-001", "1", ""),
        ("CT-001", "2", ""),
        ("CT-009", "1", ""),
    ]
    behind = [tuple(row.values()) for row in table(folder, "certificate_type_organizations")]
    assert behind == [("CT-001", "EO-001"), ("CT-009", "EO-001"), ("CT-009", "EO-002")]
    (occupation,) = table(folder, "occupations")
    assert (occupation["level"], occupation["skill_level"]) == ("2", "3")
    contents = [(row["code"], row["text"]) for row in table(folder, "standard_contents")]
    assert contents == [("1", "建模"), ("1.1", "建墙"), ("1.1.1", "能建墙")]
    assert len(table(folder, "learning_outcomes")) == 5
    (key,) = [row for row in table(folder, "keys") if row["organization_code"] == "EO-001"]
    assert (key["purpose"], len(key["public_key"])) == ("issuer", 64)
    assert "sealed_private_key" not in key


async def test_without_trust_data_nothing_is_handed_over(house, tmp_path):
    with pytest.raises(Rejected) as caught:
        await written(house, tmp_path / "package")
    assert [one.code for one in caught.value.problems] == ["trust.none_in_force"]
    assert list((tmp_path / "package").iterdir()) == []


async def test_every_column_is_explained(house, tmp_path):
    folder = tmp_path / "package"
    await packed(house, folder)
    named = {
        column
        for name in FILES
        for column in (folder / f"{name}.csv").read_text().partition("\n")[0].split(",")
    }
    assert named == set(COLUMNS)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_it_is_of_one_moment_whatever_changes_meanwhile(house):
    (row,) = await house.issue()
    async with make_read_sessions(house.engine)() as session:
        await keep_one_view(session)
        before = await session.get_one(CertificateRow, row.id)
        async with house.sessions.begin() as other:
            await other.execute(update(CertificateRow).values(holder_name="改"))
        await session.refresh(before)
    assert before.holder_name == "张示例"
