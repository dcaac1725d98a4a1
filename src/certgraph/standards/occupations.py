"""Which occupations a certificate type's levels correspond to 对应目录, as a document says it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from certgraph.actions.acting import Act
from certgraph.actions.declaring import action
from certgraph.actions.parties import ANY, ON_BEHALF, Role
from certgraph.problems import Problem, reject_if
from certgraph.randomness import new_id
from certgraph.standards import queries
from certgraph.standards.rules import Level
from certgraph.standards.subjects import certificate_type_coded, known_levels
from certgraph.standards.tables import CertificateTypeRow, OccupationMappingRow
from certgraph.text import text_problems

_OCCUPATION = re.compile("[1-8]-[0-9]{2}-[0-9]{2}-[0-9]{2}").fullmatch
_MOST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class OccupationDraft:
    """An occupation that a level of a certificate type corresponds to.

    Attributes:
        code: Its code in the classification of occupations 职业分类大典, such as 4-14-01-02.
        name: Its name there, or of one of its kinds of work 工种, 1 to 64 characters.
        skill_level: 职业技能等级, 5 (初级工) to 1 (高级技师).
    """

    code: str
    name: str
    skill_level: int


def _occupation_problems(occupations: Sequence[OccupationDraft]) -> list[Problem]:
    """List what is wrong with the occupations that are stated."""
    problems = []
    if len(occupations) > _MOST:
        facts: dict[str, object] = {"count": len(occupations), "most": _MOST}
        problems.append(Problem(code="occupation.count", path=("occupations",), facts=facts))
    seen = set()
    for index, one in enumerate(occupations):
        path = ("occupations", str(index))
        facts = {"code": one.code, "level": one.skill_level}
        if not _OCCUPATION(one.code):
            problems.append(Problem(code="occupation.code", path=(*path, "code"), facts=facts))
        if not 1 <= one.skill_level <= 5:
            where = (*path, "skill_level")
            problems.append(Problem(code="occupation.level", path=where, facts=facts))
        problems += text_problems(one.name, 64, *path, "name")
        if (key := (one.code, one.name)) in seen:
            problems.append(Problem(code="occupation.twice", path=path, facts=facts))
        seen.add(key)
    return problems


@action(
    "occupationsMap",
    may={Role.MINISTRY: ANY, Role.ENTRUSTED_BODY: ANY, Role.OPERATOR: ON_BEHALF},
    returns="certificate_type",
    refuses=(
        "certificate_type.level_unknown",
        "certificate_type.not_found",
        "occupation.code",
        "occupation.count",
        "occupation.level",
        "occupation.twice",
    ),
)
async def map_occupations(
    act: Act,
    *,
    certificate_type_code: str,
    level: Level,
    occupations: Sequence[OccupationDraft],
    source: str,
) -> CertificateTypeRow:
    """State which occupations a level corresponds to, in place of what was stated before.

    Args:
        act: The act.
        certificate_type_code: Of which certificate type.
        level: Of which of its levels.
        occupations: At most 20; none: it corresponds to no occupation.
        source: The document that says so, 1 to 500 characters.

    Raises:
        Rejected: Type or level unknown, no code of an occupation, no skill level from 1 to 5, or
            the same occupation twice.

    Source: rule S16.
    """
    certificate_type = await certificate_type_coded(
        act.session, certificate_type_code, "certificate_type_code"
    )
    problems = _occupation_problems(occupations) + text_problems(source, 500, "source")
    levels = await known_levels(act.session, certificate_type.id)
    if not 1 <= level <= 3 or (levels and level not in levels):
        facts = {"level": level, "name": certificate_type.name}
        problems.append(
            Problem(code="certificate_type.level_unknown", path=("level",), facts=facts)
        )
    reject_if(problems)
    await queries.delete_occupations(act.session, certificate_type.id, level)
    act.session.add_all(
        OccupationMappingRow(
            id=new_id(act.random),
            certificate_type_id=certificate_type.id,
            level=level,
            position=position,
            code=one.code,
            name=one.name,
            skill_level=one.skill_level,
            source=source,
            recorded_at=act.now,
        )
        for position, one in enumerate(occupations, 1)
    )
    return certificate_type


ACTIONS = (map_occupations,)
