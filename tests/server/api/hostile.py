"""What whoever sends no token may send to do harm: some hundred requests, small and large.

Each has a name, under which its answer is kept beside. None needs a connection of its own: see
`test_connections` for those that do.
"""

import base64
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

from certgraph.credential.qr_text import to_qr_text

LARGE = 60_000
"""Bytes that fit into a body."""

JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Hostile:
    """A request."""

    name: str
    path: str = "/graphql"
    body: bytes = b""
    method: str = "POST"
    headers: dict[str, bytes | str] = field(default_factory=lambda: dict(JSON))


def everything() -> Iterator[Hostile]:
    """Yield all of them."""
    yield from _bodies()
    yield from _members()
    yield from _documents()
    yield from _values()
    yield from _qr_texts()
    yield from _introspection()
    yield from _headers()
    yield from _paths()
    yield from _forms()


def _asking(name: str, query: str, variables: object = None, **more: object) -> Hostile:
    body = {"query": query, **({} if variables is None else {"variables": variables}), **more}
    return Hostile(name, body=json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass"))


def _bodies() -> Iterator[Hostile]:
    """Yield what is no JSON, or none that anybody can read."""
    for name, body in (
        ("nothing", b""),
        ("white space", b" \n\t" * 20_000),
        ("zeros", b"\0" * LARGE),
        ("noise", bytes(range(256)) * 200),
        ("UTF-16", '{"query": "{ __typename }"}'.encode("utf-16")),
        ("UTF-32", '{"query": "{ __typename }"}'.encode("utf-32")),
        ("a mark of byte order", b"\xef\xbb\xbf" + b'{"query": "{ __typename }"}'),
        ("bytes that are no UTF-8", b'{"query": "{ __typename } # \xc3\x28"}'),
        ("overlong UTF-8", b'{"query": "\xc0\xae\xc0\xae"}'),
        ("half a surrogate", b'{"query": "# \\ud800\\n{ __typename }"}'),
        ("two halves, turned", b'{"query": "# \\udc00\\ud800\\n{ __typename }"}'),
        ("arrays in arrays", b"[" * LARGE),
        ("closed arrays in arrays", b"[" * 30_000 + b"]" * 30_000),
        ("objects in objects", b'{"a":' * 10_000 + b"1" + b"}" * 10_000),
        ("a number of many digits", b'{"query": ' + b"9" * LARGE + b"}"),
        ("a great power of ten", b'{"query": 1e' + b"9" * LARGE + b"}"),
        ("a small power of ten", b'{"query": 1e-' + b"9" * 4_000 + b"}"),
        ("infinite", b'{"query": Infinity}'),
        ("not a number", b'{"query": NaN}'),
        ("hexadecimal", b'{"query": 0xFF}'),
        ("leading zeros", b'{"query": 007}'),
        ("a comment", b'{"query": "{ __typename }"} // more'),
        ("two values", b'{"query": "{ __typename }"}{"query": "{ __typename }"}'),
        ("no end", b'{"query": "{ __typename }"'),
        ("a comma too many", b'{"query": "{ __typename }",}'),
        ("single quotes", b"{'query': '{ __typename }'}"),
        ("many keys", json.dumps({f"k{n}": n for n in range(4_000)}).encode()),
        ("one key often", b"{" + b'"query":"",' * 5_000 + b'"query":""}'),
        ("a batch of one", b'[{"query": "{ __typename }"}]'),
        ("a batch of many", b"[" + b'{"query":"{a}"},' * 3_000 + b"{}]"),
        ("XML", b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'),
        ("YAML", b"!!python/object/apply:os.system ['id']"),
        ("a pickle", b"cos\nsystem\n(S'id'\ntR."),
        ("a body too large", b'{"query": "' + b" " * 70_000 + b'"}'),
    ):
        yield Hostile(f"a body: {name}", body=body)


def _members() -> Iterator[Hostile]:
    """Yield requests whose members are of another kind."""
    one = "{ __typename }"
    for kind, value in (
        ("null", None),
        ("a number", 3),
        ("true", True),
        ("a text", "x"),
        ("a list", []),
        ("an object", {}),
        ("a list of lists", [[[]]]),
    ):
        yield Hostile(f"query is {kind}", body=json.dumps({"query": value}).encode())
        for member in ("variables", "operationName", "extensions", "documentId"):
            yield _asking(f"{member} is {kind}", one, **{member: value})
    for name, extensions in (
        ("of version 2", {"persistedQuery": {"version": 2, "sha256Hash": "0" * 64}}),
        ("without a hash", {"persistedQuery": {"version": 1}}),
        ("with a long hash", {"persistedQuery": {"version": 1, "sha256Hash": "0" * LARGE}}),
        ("whose hash is a list", {"persistedQuery": {"version": 1, "sha256Hash": ["0"]}}),
        ("of another hash", {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}),
    ):
        yield _asking(f"a persisted query {name}", one, extensions=extensions)
    for name, id_ in (("long", "x" * LARGE), ("unknown", "sha256:" + "0" * 64), ("empty", "")):
        body = json.dumps({"documentId": id_}).encode()
        yield Hostile(f"a documentId that is {name}", body=body)
    yield _asking("an operation that is not there", one, operationName="Other")
    yield _asking("an operation with a long name", one, operationName="x" * LARGE)


def _documents() -> Iterator[Hostile]:
    """Yield documents that cannot be read, or cost much to read."""
    many = range(2_000)
    for name, query in (
        ("one brace", "{"),
        ("braces", "{" * LARGE),
        ("fields in fields", "{a" * 20_000 + "}" * 20_000),
        ("brackets", "{ a(b: " + "[" * LARGE + ") }"),
        ("objects", "{ a(b: " + "{c:" * 15_000 + ") }"),
        ("types in types", "query ($a: " + "[" * LARGE + ") { a }"),
        ("a text without end", '{ organization(code: "' + "x" * LARGE),
        ("a block without end", '{ organization(code: """' + "x" * LARGE),
        ("a block of quotes", '{ organization(code: """' + '\\"""' * 8_000 + '""") { id } }'),
        ("a code point that is none", '{ organization(code: "\\u{110000}") { id } }'),
        ("a code point of many zeros", '{ organization(code: "\\u{' + "0" * LARGE + '}") { id } }'),
        ("half a surrogate", '{ organization(code: "\\ud800") { id } }'),
        ("a zero", '{ organization(code: "\0") { id } }'),
        ("a zero by its number", '{ organization(code: "\\u0000") { id } }'),
        ("control characters", "{ \x01\x02\x7f __typename }"),
        ("text from right to left", "{ \u202e__typename }"),
        ("a mark of byte order inside", "{ \ufeff __typename }"),
        ("commas", "," * LARGE),
        ("comments", "#\n" * 18_000),
        ("one comment", "{ __typename } #" + "x" * LARGE),
        (
            "a whole number of many digits",
            "{ certificateTypes(first: " + "9" * LARGE + ") { id } }",
        ),
        ("a fraction of many digits", "{ a(b: 0." + "9" * LARGE + ") }"),
        ("a great power of ten", "{ certificateTypes(first: 1e" + "9" * LARGE + ") { id } }"),
        ("a fragment of itself", "{ ...A } fragment A on Query { ...A }"),
        (
            "two fragments of each other",
            "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
        ),
        (
            "a ring of fragments",
            "{ ...F0 } "
            + " ".join(f"fragment F{n} on Query {{ ...F{(n + 1) % 900} }}" for n in range(900)),
        ),
        (
            "fragments that double",
            "{ ...F0 ...F0 } "
            + " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(60))
            + " fragment F60 on Query { __typename }",
        ),
        ("unknown fragments", "{ " + " ".join(f"...F{n}" for n in many) + " }"),
        ("unused fragments", "{ __typename } " + "fragment F on Query { __typename } " * 1_500),
        ("one alias often", "{ " + "a: __typename " * 4_000 + "}"),
        ("many aliases", "{ " + " ".join(f"a{n}: __typename" for n in many) + " }"),
        (
            "aliases at odds",
            "{ " + " ".join(f"a: policyRule(id: {n}) {{ id }}" for n in range(90)) + " }",
        ),
        ("many operations", " ".join(f"query A{n} {{ __typename }}" for n in range(1_500))),
        ("operations of one name", "query A { __typename } " * 1_500),
        ("a directive often", "{ __typename " + "@skip(if: false) " * 3_000 + "}"),
        ("unknown directives", "{ __typename " + "@a " * 20_000 + "}"),
        ("arguments of one name", "{ organization(" + 'code: "a" ' * 4_000 + ") { id } }"),
        (
            "many variables",
            "query (" + " ".join(f"$v{n}: Int" for n in range(3_000)) + ") { __typename }",
        ),
        ("variables of one name", "query (" + "$a: Int " * 5_000 + ") { __typename }"),
        ("a variable of no type", "query ($a: Nothing) { organization(code: $a) { id } }"),
        ("unknown fields", "{ " + " ".join(f"f{n}" for n in many) + " }"),
        ("a misspelt field often", "{ " + " ".join(f"a{n}: organisation" for n in many) + " }"),
        ("a long field", "{ " + "a" * LARGE + " }"),
        ("a schema", "type Query { a: Int } " * 2_000),
        ("an extension", "extend type Query { a: Int }"),
        ("a subscription", "subscription { __typename }"),
        ("a mutation of nothing", "mutation { __typename }"),
        ("an unknown mutation", "mutation { dropTables }"),
        ("a type's own fields", '{ __type(name: "Query") { fields { __class__ } } }'),
        ("an injection", '{ organization(code: "\' OR 1=1; --") { id } }'),
        ("a template", '{ organization(code: "{{7*7}}${7*7}") { id } }'),
    ):
        yield _asking(f"a document: {name}", query)


_LISTED = (
    "query ($f: Int, $a: String) { certificateTypes(first: $f, after: $a) { nodes { code } } }"
)
_NODE = "query ($id: ID!) { node(id: $id) { id } }"
_NUMBER = "query ($n: String!, $h: String!) { certificate(number: $n, holderName: $h) { number } }"
_RULES = "query ($on: Date) { policyRules(holdsOn: $on) { id } }"
_REGIME = "query ($r: [ID!]!) { nodes(ids: $r) { id } }"


def _values() -> Iterator[Hostile]:
    """Yield values that are none of their type, or lead far."""
    for value in (-1, 0, 101, 2**31, -(2**31) - 1, 2**63, 10**400, 1.5, 1e308, "20", True, [], {}):
        name = str(value) if len(str(value)) < 30 else "10^400"
        yield _asking(f"first is {name} ({type(value).__name__})", _LISTED, {"f": value})
    cursors = {
        "empty": "",
        "no base64": "*" * 20,
        "long": "QQ" * 30_000,
        "JSON": base64.b64encode(b'{"a": 1}').decode(),
        "a pickle": base64.b64encode(b"cos\nsystem\n(S'id'\ntR.").decode(),
        "nested": base64.b64encode(b"[" * 40_000).decode(),
        "zeros": base64.b64encode(bytes(100)).decode(),
        "other digits": "\u0661\u0662\u0663",
    }
    for name, cursor in cursors.items():
        yield _asking(f"a cursor: {name}", _LISTED, {"a": cursor})
        yield _asking(f"a global id: {name}", _NODE, {"id": cursor})
    for name, id_ in (
        ("of an unknown type", "Nothing:00000000-0000-0000-0000-000000000000"),
        ("of a type that has none", "Query:1"),
        ("of a type of Python", "__class__:1"),
        ("without a key", "Organization:"),
        ("with many colons", "Organization:" + ":" * 5_000),
        ("with a key of braces", "Organization:{00000000-0000-0000-0000-000000000000}"),
        ("with a key of other digits", "Organization:" + "\u0660" * 32),
    ):
        encoded = base64.b64encode(id_.encode()).decode()
        yield _asking(f"a global id {name}", _NODE, {"id": encoded})
    yield _asking("very many ids", _REGIME, {"r": ["x"] * 1_400})
    yield _asking("ids in ids", _REGIME, {"r": [[["x"]]]})
    for day in (
        "",
        "today",
        "2026-13-01",
        "2026-02-30",
        "0000-01-01",
        "9999-12-31",
        "-2026-01-01",
        "+002026-01-01",
        "2026-1-1",
        "20260101",
        "2026-W01-1",
        "2026-01-01T00:00:00Z",
        "\u0662\u0660\u0662\u0666-\u0660\u0661-\u0660\u0661",
        "2026-01-01" + " " * 50_000,
        "9" * LARGE,
        20260101,
        None,
    ):
        shown = str(day)[:24].strip() or "empty"
        yield _asking(f"a day: {shown} ({type(day).__name__})", _RULES, {"on": day})
    for name, number in (
        ("empty", ""),
        ("a space", " "),
        ("a zero", "\0"),
        ("long", "9" * LARGE),
        ("marks upon marks", "a" + "\u0301" * 20_000),
        ("one that grows", "\ufdfa" * 10_000),
        ("of surrogates", "\ud83d\ude00" * 5_000),
        ("half a surrogate", "\ud800"),
        ("joined", "\u200d" * 10_000),
        ("an injection", "' UNION SELECT 1 --"),
        ("a pattern", "%" * 10_000),
        ("a glob", "*[!a-z]" * 5_000),
        ("a formula", '=HYPERLINK("http://example.com")'),
        ("a path", "../../../../etc/passwd"),
        ("a line break", "A-1\r\nSet-Cookie: a=b"),
    ):
        yield _asking(f"a number: {name}", _NUMBER, {"n": number, "h": "甲"})
        yield _asking(f"a holder's name: {name}", _NUMBER, {"n": "A-1", "h": number})
    nested: object = 1
    for _ in range(400):
        nested = [nested]
    yield _asking("a variable that is nested", _LISTED, {"f": nested})
    yield _asking("very many variables", _LISTED, {f"v{n}": n for n in range(4_000)})
    yield _asking("a variable of Python's", _LISTED, {"__proto__": {"a": 1}, "__class__": "x"})
    filled = "mutation ($i: CertificateRevokeInput!) { certificateRevoke(input: $i) { errors { code } } }"
    for name, given in (
        ("nothing", {}),
        ("null", None),
        ("more than it takes", {"number": "A-1", "reason": "x", "isAdmin": True}),
        ("lists", {"number": [], "reason": []}),
        ("what is long", {"number": "9" * 30_000, "reason": "x" * 20_000}),
    ):
        yield _asking(f"a mutation without a token that is given {name}", filled, {"i": given})


def _qr_texts() -> Iterator[Hostile]:
    """Yield what a scan might hold."""

    def coded(data: bytes) -> str:
        """Return it as of a certificate: an envelope of four, of which this is the rest."""
        return to_qr_text((b"\xd2\x84" + data).ljust(200, b"\0"), "verify.example.cn")

    here = "https://verify.example.cn/v#"
    for name, text in (
        ("empty", ""),
        ("no address", "#"),
        ("another site", "https://example.com/v#ABC"),
        ("a script", "javascript:alert(1)"),
        ("a file", "file:///etc/passwd"),
        ("digits", "9" * LARGE),
        ("letters", here + "!" * 1_000),
        ("digits of another script", here + "\u0661" * 1_000),
        ("leading zeros", here + "0" * 3_000),
        ("one digit too many", here + "9" * 3_701),
        ("base64url of noise", here + base64.urlsafe_b64encode(bytes(range(256)) * 4).decode()),
        ("base64url with a wrong end", here + "0oQ" + "=" * 300),
        ("zeros", coded(bytes(1_000))),
        ("arrays in arrays", coded(b"\x81" * 1_500)),
        ("maps in maps", coded(b"\xa1\x01" * 700)),
        ("tags upon tags", coded(b"\xc1" * 1_500)),
        ("an array of a great length", coded(b"\x9b" + b"\xff" * 8)),
        ("a map of a great length", coded(b"\xbb\x7f" + b"\xff" * 7)),
        ("bytes of a great length", coded(b"\x5b\x7f" + b"\xff" * 7)),
        ("text of no length", coded(b"\x7f" * 1_500)),
        ("breaks", coded(b"\xff" * 1_500)),
        ("a great whole number", coded(b"\xc2\x59\x05\x00" + b"\xff" * 1_280)),
        ("an envelope of nothing", coded(b"\x40\xa0\x40\x40")),
        ("an envelope of lists", coded(b"\x80\x80\x80\x80")),
        (
            "compressed zeros",
            coded(b"\x43\xa1\x01\x27\xa0\x58\xff" + zlib.compress(bytes(200_000))),
        ),
        ("spaces", " " * LARGE),
        ("percents", "%" * 30_000),
        ("an address in an address", here * 2_000),
    ):
        yield _asking(
            f"a QR text: {name}",
            "query ($t: String!) { verification(qrText: $t) { verdict reason } }",
            {"t": text},
        )


def _introspection() -> Iterator[Hostile]:
    """Yield questions about the schema that lead far."""
    within = "{ name }"
    for _ in range(12):
        within = "{ fields { type " + within + " } }"
    yield _asking("the schema in itself", f"{{ __schema {{ types {within} }} }}")
    of_type = "{ name }"
    for _ in range(300):
        of_type = f"{{ ofType {of_type} }}"
    yield _asking("types of types", f'{{ __type(name: "Query") {of_type} }}')
    many = " ".join(f"a{n}: __schema {{ types {{ name }} }}" for n in range(500))
    yield _asking("the schema often", f"{{ {many} }}")
    yield _asking("a type with a long name", '{ __type(name: "' + "x" * LARGE + '") { name } }')


def _headers() -> Iterator[Hostile]:
    """Yield headers that are wrong, long or at odds."""
    body = b'{"query": "{ __typename }"}'
    long = "x" * 30_000
    for name, headers in (
        ("no type", {}),
        ("another type", {"Content-Type": "text/plain"}),
        ("a form", {"Content-Type": "application/x-www-form-urlencoded"}),
        ("parts", {"Content-Type": "multipart/form-data; boundary=" + "-" * 5_000}),
        ("parts without a boundary", {"Content-Type": "multipart/form-data"}),
        ("a long type", {"Content-Type": "application/" + long}),
        ("another alphabet", {"Content-Type": "application/json; charset=utf-7"}),
        ("compressed", {**JSON, "Content-Encoding": "gzip"}),
        ("compressed often", {**JSON, "Content-Encoding": "gzip, " * 1_000 + "gzip"}),
        ("nothing is accepted", {**JSON, "Accept": "image/png"}),
        ("an odd weight", {**JSON, "Accept": "application/json;q=9" + "9" * 5_000}),
        ("many accepted", {**JSON, "Accept": "a/b," * 7_000}),
        ("an odd language", {**JSON, "Accept-Language": b"zh;q=nan, \xff, " + b"-" * 5_000}),
        ("an empty token", {**JSON, "Authorization": ""}),
        ("a scheme alone", {**JSON, "Authorization": "Bearer"}),
        ("another scheme", {**JSON, "Authorization": "Basic YTpi"}),
        ("a long token", {**JSON, "Authorization": f"Bearer cgt_{long}"}),
        ("a token that is none", {**JSON, "Authorization": "Bearer cgt_" + "0" * 52}),
        ("a token of bytes", {**JSON, "Authorization": b"Bearer \xff\xfe\x00"}),
        ("a token signed by nobody", {**JSON, "Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."}),
        ("two tokens", {**JSON, "Authorization": "Bearer a, Bearer b"}),
        ("an odd cookie", {**JSON, "Cookie": "a=b; =; ;;;__Host-certgraph-session=cgs_" + long}),
        ("an odd proxy", {**JSON, "X-Forwarded-For": "1.2.3.4, ::1, " + "9" * 5_000}),
        ("an odd id", {**JSON, "X-Request-ID": "a\tb" + long}),
        ("an odd host", {**JSON, "Host": "example.com:99999/../"}),
        ("an odd origin", {**JSON, "Origin": "null"}),
        ("a range", {**JSON, "Range": "bytes=0-1,2-3," + "4-5," * 3_000}),
        ("an upgrade", {**JSON, "Upgrade": "websocket", "Connection": "Upgrade"}),
        ("another method in a header", {**JSON, "X-HTTP-Method-Override": "DELETE"}),
    ):
        yield Hostile(f"a header: {name}", body=body, headers=headers)
    for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "ODD"):
        for path in ("/graphql", "/v", "/catalogue", "/trust/bundle.cgtrust"):
            yield Hostile(f"{method} {path}", path, method=method, headers={})


def _paths() -> Iterator[Hostile]:
    """Yield addresses that lead nowhere, or should not."""
    up = "..%2f" * 8 + "etc%2fpasswd"
    for path in (
        "/graphql%00",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/%ff",
        "/%E2%80%AE",
        "/" + "a" * 30_000,
        "/" + "a/" * 10_000,
        f"/v/{up}",
        "/v/..%5c..%5cwindows",
        f"/v/{'x' * 5_000}",
        f"/trust/{up}",
        "/trust/",
        "/trust/%00",
        "/trust/roots.json/",
        f"/audit/{up}",
        "/status/EO-001/-1.cwt",
        "/status/EO-001/99999999999999999999.cwt",
        "/status/EO-001/0x0.cwt",
        "/status/EO-001/%D9%A0.cwt",
        "/status/EO-001/0.cwt.gz",
        "/status/%00/0.cwt",
        f"/status/{'E' * 5_000}/0.cwt",
        f"/log/{up}",
        "/log/tile/0/-1",
        "/log/tile/99/000",
        "/log/tile/0/x001/x001/x001/001",
        "/log/tile/0/000.p/257",
        "/log/tile/entries/000.p/0",
        "/catalogue/types/%00",
        "/catalogue/types/" + "C" * 5_000,
        "/catalogue/types?name=" + "%25" * 5_000,
        "/catalogue/types?after=" + "x" * 5_000,
        "/catalogue/types?name=a&name=b&name=c",
        "/catalogue/organizations/" + quote("' OR 1=1 --"),
        "/catalogue?lang=xx",
        "/catalogue?" + "a=b&" * 5_000,
        "/h/l/" + "0" * 5_000,
        "/h/c/00000000-0000-0000-0000-000000000000.pdf",
        "/h/mine",
        "/s/" + "%00" * 100,
        "/s/x.pdf",
        "/checks/x",
        "/checks/00000000-0000-0000-0000-000000000000",
        "/batches/00000000-0000-0000-0000-000000000000",
        "/graphql?query=%7B",
        "/graphql?query={__typename}&query={__typename}",
        "/graphql?query={__typename}&variables=%7B",
        "/graphql?query={__typename}&variables=" + "[" * 5_000,
        "/graphql?query=mutation{__typename}",
        "/graphql?query=" + "%7B" * 10_000,
        "/graphql?documentId=" + "0" * 5_000,
        "/graphql?" + "x" * 30_000,
        "/.well-known/oauth-authorization-server",
        "/.git/config",
        "/admin.php",
        "/metrics",
    ):
        shown = path if len(path) < 80 else f"{path[:40]}… ({len(path)} characters)"
        yield Hostile(f"GET {shown}", path, method="GET", headers={})


def _forms() -> Iterator[Hostile]:
    """Yield forms and posts beside GraphQL."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for path in ("/v", "/h", "/h/leave", "/catalogue/feedback", "/oauth/token", "/account"):
        for name, body in (
            ("nothing", b""),
            ("noise", bytes(range(256)) * 10),
            ("percents", b"a=%" * 5_000),
            ("many fields", b"a=b&" * 10_000),
            ("a long field", b"number=" + b"9" * LARGE),
            ("zeros", b"number=%00&name=%00&document=%00&text=%00"),
        ):
            yield Hostile(f"a form of {name} to {path}", path, body, headers=form)
        yield Hostile(f"JSON to {path}", path, b"{}")
