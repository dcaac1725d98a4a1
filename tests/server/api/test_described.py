"""The schema says of everything in it what it is."""

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    is_introspection_type,
    is_specified_scalar_type,
)

from certgraph.api.graph import enums
from certgraph.api.schema import graphql_schema, make_schema
from certgraph.problem_messages.terms import TERMS


def everything():
    """Yield (coordinate, description) of every type, field, argument, input field and value."""
    for name, type_ in graphql_schema(make_schema()).type_map.items():
        if is_introspection_type(type_) or is_specified_scalar_type(type_):
            continue
        yield name, type_.description
        if isinstance(type_, GraphQLEnumType):
            yield from ((f"{name}.{key}", one.description) for key, one in type_.values.items())
        if not isinstance(type_, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            continue
        for key, field in type_.fields.items():
            yield f"{name}.{key}", field.description
            for argument, one in getattr(field, "args", {}).items():
                yield f"{name}.{key}({argument}:)", one.description


def test_everything_in_the_schema_is_described():
    found = dict(everything())
    assert len(found) > 1_200
    assert [coordinate for coordinate, said in found.items() if not said] == []


def test_descriptions_are_sentences_or_terms():
    """They begin as a sentence does, or with the Chinese term, and carry no space at their ends."""
    for coordinate, said in everything():
        assert said == said.strip(), coordinate
        assert not said[0].islower(), coordinate


def test_every_value_is_called_what_the_programme_calls_it():
    described = dict(everything())
    for name in enums.__all__:
        for member in getattr(enums, name):
            _, chinese = TERMS[name, str(member.value)]
            assert described[f"{name}.{member.name}"].startswith(chinese)
