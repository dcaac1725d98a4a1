"""What an action may be refused with is declared, and everybody can read it beforehand."""

from dataclasses import replace

import pytest

from certgraph.actions.refusals import following
from certgraph.all_actions import ACTIONS_BY_NAME, ALL_ACTIONS, PARTIES
from certgraph.api.schema import graphql_schema, make_schema
from certgraph.organizations.actions import register_organization
from certgraph.organizations.rules import OrganizationKind
from certgraph.problem_messages import MESSAGES
from certgraph.problems import Rejected


@pytest.mark.parametrize("action", ALL_ACTIONS, ids=lambda one: one.name)
def test_each_refusal_is_declared_once_and_has_words(action):
    codes = action.refuses
    assert len(codes) == len(set(codes))
    assert set(codes) <= MESSAGES.keys()
    assert not set(codes) & (following(action) | PARTIES.refusals)


def test_a_mutation_says_what_it_is_refused_with():
    mutation = ACTIONS_BY_NAME["examPlanWithdraw"]
    payload = graphql_schema(make_schema()).type_map["ExamPlanWithdrawPayload"]
    assert mutation.refuses == ("plan.has_begun",)
    assert payload.fields["errors"].description == (
        "Every reason why nothing was done; empty where it was done. "
        "Codes of its own: `plan.has_begun`."
    )


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_what_is_not_declared_is_noted_and_answered_all_the_same(house, undeclared_refusals):
    undeclared = replace(register_organization, refuses=())
    given = {"name": "甲", "kinds": [OrganizationKind.EVALUATION_ORGANIZATION]}
    with pytest.raises(Rejected) as rejected:
        await house.perform(undeclared, code="EO-001", **given)
    (problem,) = rejected.value.problems
    said = f"organizationRegister is refused with {problem.code}, which it does not declare"
    assert undeclared_refusals == [said]
    undeclared_refusals.clear()
