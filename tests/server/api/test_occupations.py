"""Which occupations the levels of certificates correspond to, as a document says it (S16)."""

import pytest

MAP = """mutation ($given: OccupationsMapInput!) { occupationsMap(input: $given) {
  certificateType { code occupations { level code name skillLevel source } }
  errors { ... on UserError { code path } } } }"""
MODELLER = {"code": "4-08-02-02", "name": "建筑信息模型技术员", "skillLevel": 3}
GIVEN = {
    "certificateTypeCode": "CT-001",
    "level": "INTERMEDIATE",
    "occupations": [MODELLER, {**MODELLER, "name": "制图员"}],
    "source": "对应目录（2026年）",
    "document": "a notice",
    "reason": "test",
}


async def mapped(client, **changes):
    data = await client.data(MAP, {"given": {**GIVEN, **changes}}, role="admin")
    return data["occupationsMap"]


async def test_a_level_shows_the_occupations_that_it_corresponds_to(client):
    assert (await mapped(client))["errors"] == []
    second = {**MODELLER, "skillLevel": 4}
    found = await mapped(client, level="ELEMENTARY", occupations=[second])
    read = '{ certificateType(code: "CT-001") { occupations { level name skillLevel source } } }'
    public = (await client.data(read))["certificateType"]["occupations"]
    source = GIVEN["source"]
    assert public == [
        {"level": "ELEMENTARY", "name": "建筑信息模型技术员", "skillLevel": 4, "source": source},
        {"level": "INTERMEDIATE", "name": "建筑信息模型技术员", "skillLevel": 3, "source": source},
        {"level": "INTERMEDIATE", "name": "制图员", "skillLevel": 3, "source": source},
    ]
    assert len(found["certificateType"]["occupations"]) == 3
    page = await client.http.get("/catalogue/types/CT-001?lang=zh")
    assert "对应的职业（工种）" in page.text
    assert "三级（高级工）" in page.text


async def test_what_is_stated_takes_the_place_of_what_was(client):
    await mapped(client)
    found = await mapped(client, occupations=[])
    assert found == {"certificateType": {"code": "CT-001", "occupations": []}, "errors": []}
    page = await client.http.get("/catalogue/types/CT-001?lang=zh")
    assert "对应的职业" not in page.text


WRONG = {
    "no code of an occupation": (
        {"occupations": [{**MODELLER, "code": "X4080202"}]},
        [("occupation.code", "occupations.0.code")],
    ),
    "no skill level": (
        {
            "occupations": [
                {**MODELLER, "skillLevel": 0},
                {**MODELLER, "name": "b", "skillLevel": 6},
            ]
        },
        [("occupation.level", f"occupations.{n}.skillLevel") for n in (0, 1)],
    ),
    "the same twice": (
        {"occupations": [MODELLER, MODELLER]},
        [("occupation.twice", "occupations.1")],
    ),
    "too many": (
        {"occupations": [{**MODELLER, "name": str(n)} for n in range(21)]},
        [("occupation.count", "occupations")],
    ),
    "a level that the type has not": (
        {"level": "ADVANCED"},
        [("certificate_type.level_unknown", "level")],
    ),
    "no type": (
        {"certificateTypeCode": "CT-999"},
        [("certificate_type.not_found", "certificateTypeCode")],
    ),
    "no source, and no name": (
        {"source": "", "occupations": [{**MODELLER, "name": ""}]},
        [("text.length", "occupations.0.name"), ("text.length", "source")],
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_what_cannot_be_stated_is_refused_where_it_is(client, wrong):
    changes, expected = WRONG[wrong]
    errors = (await mapped(client, **changes))["errors"]
    assert [(one["code"], ".".join(one["path"])) for one in errors] == expected
