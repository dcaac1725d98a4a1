"""What a conversion measure may grant, and what an application may take. Pure.

Source: rules S11 (measures are filed with the credit bank) and S13 (a school's limits).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from certgraph.credit_bank.proposals.credits import credits_text
from certgraph.problems import Problem
from certgraph.standards.rules import Level
from certgraph.text import text_problems

MAX_RULES = 200
MAX_COURSES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionRuleDraft:
    """A course that a certificate at a level converts into.

    Attributes:
        course_code: The institution's code, 1 to 40 characters.
        course_name: 1 to 64 characters.
        certificate_type_code: The certificate.
        level: Its level.
        credits_tenths: Credits of the course, times ten.
    """

    course_code: str
    course_name: str
    certificate_type_code: str
    level: Level
    credits_tenths: int


def measure_problems(
    rules: Sequence[ConversionRuleDraft],
    *,
    cap_tenths: int,
    recognized: Mapping[tuple[str, int], int],
    taken: Mapping[str, str],
) -> list[Problem]:
    """List what is wrong with the rules of a measure.

    Args:
        rules: As filed.
        cap_tenths: Most credits of one certificate, times ten: the institution's own limit.
        recognized: (certificate type code, level) → recognized credits, times ten.
        taken: Course code → certificate type code, by other published measures of the institution.

    Source: rule S13.
    """
    if not 1 <= len(rules) <= MAX_RULES:
        return [Problem(code="measure.rule_count", path=("rules",), facts={"limit": MAX_RULES})]
    problems: list[Problem] = []
    certificate_of = dict(taken)
    seen: set[tuple[str, int]] = set()
    for index, rule in enumerate(rules):
        path = ("rules", str(index))
        problems += text_problems(rule.course_code, 40, *path, "course_code")
        problems += text_problems(rule.course_name, 64, *path, "course_name")
        facts: dict[str, object] = {"course": rule.course_code}
        other = certificate_of.setdefault(rule.course_code, rule.certificate_type_code)
        if other != rule.certificate_type_code:
            facts = {**facts, "certificate": other}
            problems.append(Problem(code="measure.course_taken", path=path, facts=facts))
        elif (rule.course_code, rule.level) in seen:
            problems.append(Problem(code="measure.course_repeated", path=path, facts=facts))
        seen.add((rule.course_code, rule.level))
        most = recognized.get((rule.certificate_type_code, rule.level))
        facts = {"certificate": rule.certificate_type_code, "level": rule.level}
        if most is None:
            problems.append(Problem(code="measure.not_recognized", path=path, facts=facts))
            continue
        limit = min(most, cap_tenths)
        if not 1 <= rule.credits_tenths <= limit:
            facts = {"credits": credits_text(rule.credits_tenths), "limit": credits_text(limit)}
            problems.append(
                Problem(code="conversion.credits", path=(*path, "credits_tenths"), facts=facts)
            )
    return problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """A course asked for.

    Attributes:
        course_code: Its code.
        credits_tenths: Its credits, times ten; None where no rule in force grants it.
    """

    course_code: str
    credits_tenths: int | None


def application_problems(
    conversions: Sequence[Conversion],
    *,
    recognized_tenths: int,
    used_tenths: int,
    cap_tenths: int,
    used_here_tenths: int,
    converted_courses: Collection[str],
    day: date,
) -> list[Problem]:
    """List every reason against converting a certificate into these courses.

    Args:
        conversions: In the order of the request.
        recognized_tenths: Credits that the credit bank recorded for the certificate.
        used_tenths: Those already converted, or asked for, with it.
        cap_tenths: The institution's own limit for one certificate.
        used_here_tenths: Of `used_tenths`, those at this institution.
        converted_courses: Courses that this learner has converted, or asked for, already.
        day: Today, for the message.

    Source: rule S13: one course, one certificate; no more than recognized, no more than the cap.
    """
    problems: list[Problem] = []
    if not 1 <= len(conversions) <= MAX_COURSES:
        most = {"limit": MAX_COURSES}
        return [Problem(code="application.course_count", path=("course_codes",), facts=most)]
    seen: set[str] = set()
    for index, conversion in enumerate(conversions):
        path = ("course_codes", str(index))
        facts = {"course": conversion.course_code, "day": day.isoformat()}
        if conversion.credits_tenths is None:
            problems.append(Problem(code="application.no_rule", path=path, facts=facts))
        if conversion.course_code in converted_courses or conversion.course_code in seen:
            problems.append(Problem(code="application.course_converted", path=path, facts=facts))
        seen.add(conversion.course_code)
    asked = sum(conversion.credits_tenths or 0 for conversion in conversions)
    for used, limit, code in (
        (used_tenths, recognized_tenths, "application.beyond_recognized"),
        (used_here_tenths, cap_tenths, "application.beyond_cap"),
    ):
        if used + asked > limit:
            facts = {
                "asked": credits_text(asked),
                "used": credits_text(used),
                "limit": credits_text(limit),
            }
            problems.append(Problem(code=code, path=("course_codes",), facts=facts))
    return problems
