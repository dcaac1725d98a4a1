# ruff: noqa: ANN401 - see Shape
"""From rows to JSON: each shape writes itself as code, and answers graphql-core from the same row.

What fails in generated code (a computed value, a null that must not be) fails the whole of it;
graphql-core then reads by the same declarations and reports errors at their places.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import GraphQLNamedType

from certgraph.api.reads.arguments import Run
from certgraph.api.reads.code import Code, Position, Row
from certgraph.api.reads.scalars import Decode


class Shape:
    """What becomes of a row."""

    def code(self, code: Code, row: str) -> str:
        """Return an expression that gives the JSON-ready value."""
        raise NotImplementedError

    def value(self, row: Row, run: Run) -> Any:
        """Return the value as a resolver would."""
        raise NotImplementedError


class Record:
    """An object as graphql-core sees it: fields by response key, from one row."""

    __slots__ = ("_fields", "_row", "_run", "type_name")

    def __init__(self, type_name: str, fields: Mapping[str, Shape], row: Row, run: Run) -> None:
        self.type_name = type_name
        self._fields = fields
        self._row = row
        self._run = run

    def resolve(self, key: str) -> Any:
        """Return the value of a field. Raises what computing it raises."""
        return self._fields[key].value(self._row, self._run)


def object_code(fields: Mapping[str, Shape], code: Code, row: str) -> str:
    """Return the display of an object."""
    members = (f"{key!r}: {shape.code(code, row)}" for key, shape in fields.items())
    return "{" + ", ".join(members) + "}"


@dataclass(slots=True)
class Constant(Shape):
    """The same for every row: `__typename`, and what a caller may not read."""

    constant: object

    def code(self, code: Code, row: str) -> str:
        """See `Shape`."""
        del code, row
        return repr(self.constant)

    def value(self, row: Row, run: Run) -> Any:
        """See `Shape`."""
        del row, run
        return self.constant


@dataclass(slots=True)
class Leaf(Shape):
    """A column.

    Attributes:
        position: Where it is.
        decode: To Python.
        encode: To JSON: a function, a table of an enumeration, or None.
        required: Whether null is an error, and the column may hold it.
    """

    position: Position
    decode: Decode | None
    encode: Decode | Mapping[Any, str] | None
    required: bool

    def code(self, code: Code, row: str) -> str:
        """See `Shape`."""
        raw = f"{row}{self.position.index}"
        if isinstance(self.encode, Mapping):
            table = code.constant(self.encode)
            raw = f"(None if {raw} is None else {table}[{raw}])"
        elif self.encode is not None:
            raw = f"{code.constant(self.encode)}({raw})"
        return f"need({raw})" if self.required else raw

    def value(self, row: Row, run: Run) -> Any:
        """See `Shape`."""
        del run
        raw = row[self.position.index]
        return raw if self.decode is None else self.decode(raw)


@dataclass(slots=True)
class Calculated(Shape):
    """A value computed of columns.

    Attributes:
        columns: Position and decoder of each.
        function: What computes it.
        with_context: Whether it takes the request's context first.
        guarded: Null where the first column is: the caller may not read it.
        complete: Makes JSON of the result; None where it is.
        required: Whether null is an error.
    """

    columns: Sequence[tuple[Position, Decode | None]]
    function: Callable[..., Any]
    with_context: bool = False
    guarded: bool = False
    complete: Callable[[Any], Any] | None = None
    required: bool = False

    def code(self, code: Code, row: str) -> str:
        """See `Shape`."""
        arguments = ["run.context"] if self.with_context else []
        for position, decode in self.columns:
            raw = f"{row}{position.index}"
            arguments.append(raw if decode is None else f"{code.constant(decode)}({raw})")
        made = f"{code.constant(self.function)}({', '.join(arguments)})"
        if self.complete is not None:
            made = f"{code.constant(self.complete)}({made})"
        if self.guarded:
            made = f"(None if {row}{self.columns[0][0].index} is None else {made})"
        return f"need({made})" if self.required else made

    def value(self, row: Row, run: Run) -> Any:
        """See `Shape`."""
        raw = [row[position.index] for position, _ in self.columns]
        if self.guarded and raw[0] is None:
            return None
        decoded = [
            value if decode is None else decode(value)
            for value, (_, decode) in zip(raw, self.columns, strict=True)
        ]
        return self.function(*([run.context] if self.with_context else []), *decoded)


@dataclass(slots=True)
class Object(Shape):
    """An object whose columns are in the row.

    Attributes:
        type: Its type in the schema.
        fields: Its fields by response key.
        present: Null where there is no object; None where there always is.
        required: Whether no object is an error.
    """

    type: GraphQLNamedType
    fields: Mapping[str, Shape]
    present: Position | None = None
    required: bool = False

    def code(self, code: Code, row: str) -> str:
        """See `Shape`."""
        made = object_code(self.fields, code, row)
        if self.present is not None:
            made = f"(None if {row}{self.present.index} is None else {made})"
        return f"need({made})" if self.required else made

    def value(self, row: Row, run: Run) -> Any:
        """See `Shape`."""
        if self.present is not None and row[self.present.index] is None:
            return None
        return Record(self.type.name, self.fields, row, run)


@dataclass(slots=True)
class Written(Shape):
    """An object, or a list, that the database wrote as JSON.

    Attributes:
        position: Where it is; null where there is no object.
        is_text: Whether it is JSON text, not parsed with the rows around it.
    """

    position: Position
    is_text: bool

    def code(self, code: Code, row: str) -> str:
        """See `Shape`."""
        del code
        raw = f"{row}{self.position.index}"
        return f"(None if {raw} is None else Fragment({raw}))" if self.is_text else raw

    def value(self, row: Row, run: Run) -> Any:
        """Raise: graphql-core reads plans in which the database writes nothing."""
        raise NotImplementedError


@dataclass(slots=True)
class Rows:
    """Where a row holds the rows below it.

    Attributes:
        position: Where they are.
        width: How many columns each has; filled in when known.
        is_text: Whether they came as the text of a JSON array.
    """

    position: Position
    width: int = 0
    is_text: bool = False

    def code(self, row: str) -> str:
        """Return an expression that gives them."""
        raw = f"{row}{self.position.index}"
        return f"loads({raw})" if self.is_text else raw

    def of(self, row: Row) -> Sequence[Row]:
        """Return them."""
        raw = row[self.position.index]
        return orjson.loads(raw) if self.is_text else raw  # type: ignore[no-any-return]

    def each(self, code: Code, item: Shape, rows: str) -> str:
        """Return an expression that gives a list of one item for each of `rows`."""
        row = code.row()
        made = item.code(code, row)
        columns = ", ".join(f"{row}{index}" for index in range(self.width))
        return f"[{made} for ({columns},) in {rows}]"


@dataclass(slots=True)
class Listed(Shape):
    """A list of what the rows below hold."""

    rows: Rows
    item: Shape

    def code(self, code: Code, row: str) -> str:
        """See `Shape`."""
        return self.rows.each(code, self.item, self.rows.code(row))

    def value(self, row: Row, run: Run) -> Any:
        """See `Shape`."""
        return [self.item.value(below, run) for below in self.rows.of(row)]


@dataclass(slots=True)
class Only(Shape):
    """The one row there is, or null."""

    rows: Rows
    item: Shape

    def code(self, code: Code, row: str) -> str:
        """See `Shape`."""
        return f"next(iter({self.rows.each(code, self.item, self.rows.code(row))}), None)"

    def value(self, row: Row, run: Run) -> Any:
        """See `Shape`."""
        rows = self.rows.of(row)
        return self.item.value(rows[0], run) if rows else None


@dataclass(slots=True)
class Keyed(Shape):
    """The objects of rows that begin with an ordinal, by that ordinal."""

    rows: Rows
    item: Shape

    def code(self, code: Code, row: str) -> str:
        """See `Shape`."""
        inner = code.row()
        columns = ", ".join(f"{inner}{index}" for index in range(self.rows.width))
        made = self.item.code(code, inner)
        return f"{{{inner}0: {made} for ({columns},) in {self.rows.code(row)}}}"

    def value(self, row: Row, run: Run) -> Any:
        """See `Shape`."""
        return {below[0]: self.item.value(below, run) for below in self.rows.of(row)}
