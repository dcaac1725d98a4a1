"""Documents over the schema: drawn at random from its types, and written for what is rare."""

from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLUnionType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
)

from certgraph.api.reads.declarations import ByGlobalId, Find, Page
from certgraph.api.reads.selection import declaration_of

TEXTS = {
    "code": ["EO-001", "EO-002", "CT-001", "STD-1", "nothing", ""],
    "organizationCode": ["EO-001", "EO-002", "nothing"],
    "certificateTypeCode": ["CT-001", "nothing"],
    "divisionCode": ["110000", "nothing"],
    "nameContains": ["测试", "bim", "%", "_", "\\", "x" * 101, ""],
    "number": ["EO-001-1", "eo-002-2", "EO-001-7", "nothing"],
    "reference": ["exam EO-001-1", "exam EO-002-2", "Exam eo-001-1", "nothing"],
    "holderName": ["张甲1", "李乙 2", "张甲7", "nobody"],
    "issuedFrom": ["2026-11-01", "2026-11-03"],
    "issuedTo": ["2026-11-02", "2020-01-01"],
    "certificateNumber": ["EO-001-1", "eo-002-3", "nothing"],
    "accountNumber": ["XX-EO-001-0", "XX-EO-001-6", "nothing"],
    "recordedFrom": ["2026-11-23", "2027-01-01"],
    "recordedTo": ["2026-11-23", "2020-01-01"],
    "registeredOn": ["2026-11-23", "2020-01-01"],
    "holdsOn": ["2026-11-23", "2020-01-01"],
    "version": ["2026", "nothing"],
    "action": ["certificateRegister", "nothing"],
    "actor": ["test", "nothing"],
    "majorCode": ["4401", "nothing"],
    "registrationDueTo": ["2026-11-10", "2026-12-31", "2020-01-01"],
    "registeredFrom": ["2026-11-23", "2027-01-01"],
    "registeredTo": ["2026-11-23", "2020-01-01"],
    "submittedFrom": ["2026-11-23", "2027-01-01"],
    "submittedTo": ["2026-11-23", "2020-01-01"],
    "announcedFrom": ["2020-01-01", "2027-01-01"],
    "dueTo": ["2027-01-01", "2020-01-01"],
    "updatedSince": ["2026-11-23T00:00:00+08:00", "2027-01-01T00:00:00Z"],
    "changedSince": ["2026-11-23T00:00:00+08:00", "2027-01-01T00:00:00Z"],
    "subjectCode": ["SCH-100", "EO-001", "nothing"],
    "debtorCode": ["SCH-100", "EO-001", "nothing"],
    "institutionCode": ["SCH-100", "nothing"],
    "authorityCode": ["SUP-100", "SCH-100", "nothing"],
    "trackingToken": ["cgf_0", "nothing"],
    "ruleId": ["R05", "I1", "nothing"],
    "dueFrom": ["2021-10-01", "2027-01-01"],
    "firstOn": ["2021-09-01", "2027-01-01"],
    "lastOn": ["2021-12-31", "2020-01-01"],
    "on": ["2021-12-01", "2027-01-01"],
    "doneFrom": ["2026-11-23", "2027-01-01"],
    "doneTo": ["2026-11-23", "2020-01-01"],
    "planId": ["RXhhbVBsYW46MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAw", "nothing"],
    "startsFrom": ["2021-10-01T00:00:00+08:00", "2027-01-01T00:00:00Z"],
    "startsBefore": ["2021-11-01T00:00:00+08:00", "2020-01-01T00:00:00Z"],
    "days": ["2021-11-01", "2020-01-01"],
}


class Drawing:
    """Draws one document; `pick` chooses one of several, `always` is asked of each type."""

    def __init__(self, schema, pick, ids, cursors, always=None):
        self.schema = schema
        self.pick = pick
        self.ids = ids
        self.cursors = cursors
        self.always = always or {}
        self.variables = {}
        self.definitions = []
        self.fragments = []
        self.fields = 0
        self.is_spoilt = False
        self.below_interface = -1

    def document(self):
        """Return text and variables of a query."""
        query = self.schema.query_type
        roots = [
            name
            for name, field in query.fields.items()
            if isinstance(declaration_of(field), Page | Find | ByGlobalId)
        ]
        revealing = [
            name
            for name in roots
            if get_named_type(query.fields[name].type).name.removesuffix("Connection")
            in self.always
        ]
        roots += revealing * 3  # four times as often as others
        parts = [
            self.field(query, self.pick(roots), f"r{n}_", 0) for n in range(self.pick([1, 1, 2]))
        ]
        if self.pick([False, False, True]):
            parts.append("__typename")
        head = f"query Q({', '.join(self.definitions)})" if self.definitions else "query Q"
        text = f"{head} {{ {' '.join(parts)} }} {' '.join(self.fragments)}"
        return text, {name: value for name, value in self.variables.items() if value is not ...}

    def field(self, parent, name, alias, depth):
        """Return a field with arguments, directives and selection."""
        self.fields += 1
        field = parent.fields[name]
        arguments = []
        for argument, definition in field.args.items():
            written = self.argument(name, argument, definition)
            if written is not None:
                arguments.append(f"{argument}: {written}")
        # under an interface the same key may come with another type: those are always aliased
        aliased = bool(arguments) or depth == self.below_interface or self.pick([False, True])
        text = f"{alias}{name}: {name}" if aliased else name
        if arguments:
            text += f"({', '.join(arguments)})"
        text += self.directive()
        named = get_named_type(field.type)
        if not is_leaf_type(named):
            text += f" {{ {self.selection(named, depth + 1)} }}"
        return text

    def directive(self):
        kind = self.pick(["", "", "", "", "", "skip", "include"])
        if not kind:
            return ""
        value = self.pick(["true", "false", "$"])
        if value == "$":
            value = self.variable("Boolean!", self.pick([True, False]))
        return f" @{kind}(if: {value})"

    def variable(self, type_, value):
        name = f"v{len(self.variables)}"
        self.variables[name] = value
        self.definitions.append(f"${name}: {type_}")
        return f"${name}"

    def argument(self, of, name, definition):
        """Return a literal or a variable; None to leave the argument out."""
        required = isinstance(definition.type, GraphQLNonNull)
        value = self.value(of, name, definition)
        known = name in ("id", "ids", "code", "number", "holderName")
        if value is None or (not known and self.pick([True, False])):
            if not required and name != "first" and self.pick([False, True]):
                return self.variable(str(definition.type), self.pick([None, ...]))
            if not required or name == "first":
                return None
        named = get_named_type(definition.type)
        if self.pick([True, False]):
            return self.variable(str(definition.type), value)
        return literal(named, value)

    def value(self, of, name, definition):
        named = get_named_type(definition.type)
        if isinstance(named, GraphQLEnumType):
            members = sorted(named.values)
            if is_list_type(get_nullable_type(definition.type)):
                return [self.pick(members) for _ in range(self.pick([0, 1, 2, 3]))]
            return self.pick(members)
        if named.name == "Boolean":
            return self.pick([True, False])
        if name == "first":
            return self.pick([1, 2, 3, 5, 20, self.spoilt(0, 1), self.spoilt(1001, 2)])
        if name == "after":
            # a cursor of other filters is refused too
            return self.spoilt(self.pick([*self.cursors.get(of, [])[-4:], "bad"]), None)
        if name in ("id", "subjectId"):
            return self.pick(self.ids)
        if name == "ids":
            return [self.pick(self.ids) for _ in range(self.pick([0, 1, 3, 6]))]
        if name == "year":
            return self.pick([2021, 2026])
        if name == "batchNumber":
            return self.pick([1, 4, 9])
        text = self.pick(TEXTS[name])
        return text if len(text) <= 100 else self.spoilt(text, "")

    def spoilt(self, bad, good):
        """Return what may be refused, once a document: of two errors, either may be reported."""
        if self.is_spoilt or self.pick([True, True, False]):
            return good
        self.is_spoilt = True
        return bad

    def selection(self, type_, depth):
        """Return a selection of some fields, some of them in fragments."""
        if isinstance(type_, GraphQLUnionType):
            inside = (f"... on {t.name} {{ {self.selection(t, depth)} }}" for t in type_.types)
            return " ".join(["__typename", *inside])
        if isinstance(type_, GraphQLInterfaceType):
            types = self.schema.get_possible_types(type_)
            chosen = [self.pick(types) for _ in range(2)]
            self.below_interface = depth
            inside = (f"... on {t.name} {{ {self.selection(t, depth)} }}" for t in chosen)
            return " ".join(["__typename id", *inside])
        parts = ["__typename"] if self.pick([False, True]) else []
        parts += [self.always[type_.name]] if type_.name in self.always else []
        names = sorted(type_.fields)
        for number in range(self.pick([1, 2, 3, 4])):
            name = self.pick(names)
            field = type_.fields[name]
            if not is_leaf_type(get_named_type(field.type)) and (depth > 5 or self.fields > 22):
                continue
            text = self.field(type_, name, f"{type_.name[:2]}{self.fields}_{number}_", depth)
            how = self.pick(["plain", "plain", "plain", "inline", "fragment", "typed"])
            if how == "inline":
                text = f"...{self.directive()} {{ {text} }}"
            elif how == "typed":
                text = f"... on {type_.name}{self.directive()} {{ {text} }}"
            elif how == "fragment":
                fragment = f"F{len(self.fragments)}"
                self.fragments.append(f"fragment {fragment} on {type_.name} {{ {text} }}")
                text = f"...{fragment}{self.directive()}"
            parts.append(text)
        return " ".join(parts) or "__typename"


def literal(type_, value):
    """Return a value as a document writes it."""
    if isinstance(value, list):
        return f"[{', '.join(literal(type_, item) for item in value)}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(type_, GraphQLEnumType) or isinstance(value, int):
        return str(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


CORPUS = {
    "aliases and merged fields": (
        """{ a: organization(code: "EO-001") { code } a: organization(code: "EO-001") { name
          keys { kid } keys { custody } } b: organization(code: "EO-002") { code } }""",
        {},
    ),
    "fragments in fragments": (
        """{ certificateType(code: "CT-001") { ...A } } fragment A on CertificateType { ...B levels
          { ...L } } fragment B on CertificateType { name standards { ...S } }
          fragment S on Standard { code certificateType { name } }
          fragment L on CertificateTypeLevel { level knownWorkAreas }""",
        {},
    ),
    "an interface with conditions": (
        """query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Organization { n: name }
          ... on Certificate { n: number } ... on Node { id __typename }
          ... on StandardVersion { workAreas(level: ELEMENTARY) { code workTasks { code
            skillRequirements { text } } } } } }""",
        {"ids": "ALL"},
    ),
    "skip and include by variables": (
        """query ($yes: Boolean!, $no: Boolean = false) { organization(code: "EO-001") {
          name @skip(if: $no) code @include(if: $no) ... @include(if: $yes) { state
          kinds @skip(if: $yes) } } }""",
        {"yes": True},
    ),
    "everything is skipped": ('{ organization(code: "EO-001") @skip(if: true) { code } }', {}),
    "a type that the caller may not read, one to one": (
        """{ certificate(number: "EO-001-4", holderName: "张甲4") { number holderName
          holderNameMasked supersededBy { number holderName outcomes { text certificate
          { number } } } changes { state reason changedAt } } }""",
        {},
    ),
    "pages in pages with their own arguments": (
        """query ($first: Int!) { organizations(first: $first, kind: EVALUATION_ORGANIZATION) {
          nodes { code certificateTypes(first: 1) { nodes { code certificates(first: 2, state: ISSUED)
          { edges { cursor node { number issuedOn } } pageInfo { hasNextPage endCursor } } } }
          x: certificates(first: 3) { nodes { number registeredAt isRegisteredLate
            outcomes { text creditsTenths } } } } pageInfo { hasNextPage hasPreviousPage } } }""",
        {"first": 3},
    ),
    "a page that is too large, below": (
        """{ organizations(first: 2) { nodes { code certificates(first: 0) { nodes { number } } } }
          other: organization(code: "EO-002") { code } }""",
        {},
    ),
    "null for an argument that may be": (
        "query ($state: CertificateState) { certificates(first: 4, state: $state) { nodes { number } } }",
        {"state": None},
    ),
    "computed objects": (
        """{ certificates(first: 2) { nodes { qrCode { t: text text __typename }
          id organization { id } } } }""",
        {},
    ),
    "computed objects that are waited for": (
        """{ certificates(first: 2) { nodes { number qrCode { svg s: svg version printMm }
          again: qrCode { version } } } }""",
        {},
    ),
    "applications and measures, for their parties": (
        """{ conversionApplications(first: 5) { nodes { id accountNumber organization { code }
          certificateNumber outcomeRecord { certificateNumber } steps { state changedAt } } }
          conversionMeasures(first: 5) { nodes { id code state rules { courseCode } } } }""",
        {},
    ),
    "what was done, and what waits": (
        """{ auditEntries(first: 100) { nodes { id sequence action subject subjectId actor actingAs
          reason document doneAt hash } pageInfo { hasNextPage } }
          done: auditEntries(first: 2, action: "certificateRegister", doneFrom: "2026-11-23") {
          nodes { id } }
          pendingActions(first: 5, state: WAITING) { nodes { id action askedAs } } }""",
        {},
    ),
    "the programme": (
        """{ participations { nodes { institution { code appointments { personName contact } }
          state year lead { personName isPrincipal } contact { contact }
          steps { state changedAt } counts { asOf basis enrolled } } }
          filings(first: 10) { nodes { kind state organization { code } subject { code }
            versions { number sha256 body { __typename
              ... on ActivityBody { title authorityCodes level startsAt }
              ... on WeeklyReportBody { firstOn progress }
              ... on NoticeBody { title responsibleId reviewerCode } } }
            consents { step answer organization { code } } steps { state } } }
          obligations(first: 30) { nodes { kind rule { id } state dueOn ageDays debtor { code }
            metBy { kind } } }
          overdue: obligations(state: OVERDUE, kind: WEEKLY_REPORT, authorityCode: "SUP-100") {
            nodes { firstOn state } }
          findings { nodes { code message rule { id } severity foundAt } }
          parameters { nodes { name value authority { code } } } }""",
        {},
    ),
    "exams and cases": (
        """{ examPlans(first: 5) { nodes { state level organization { code } authority { code }
            registeredCount passedCount scheme { kind } steps { state } startsAt } }
          closed: examPlans(state: CLOSED, authorityCode: "SUP-100") { nodes { capacity } }
          examRegistrations { nodes { holderName state marksTenths totalHundredths payer
            participation { year } plan { level } certificates { number } } }
          certificates(first: 20) { nodes { number examRegistration { holderName } } }
          cases { nodes { number state decision subject { code } entries { kind ground text
            finding { code } } restrictions { kind reason } } }
          restrictions { nodes { kind organization { code } lastOn } } }""",
        {},
    ),
    "coverage and shares": (
        """{ siteCoverage(certificateTypeCode: "CT-001", days: ["2021-11-01"]) { on covered unplaced
            units { name isCovered } gaps { divisionCode institutions } }
          examShares(year: 2021) { institutionName enrolled registered examined withoutExam } }""",
        {},
    ),
    "the programme's sums": (
        """{ participationTotals(on: "2021-12-01") { institutions sumEnrolled persons withoutRoster }
          reportingRates(firstOn: "2021-09-01", lastOn: "2021-12-31", byPlace: true) {
            authorityName expected received onTime rate onTimeRate } }""",
        {},
    ),
    "runs and what they wait for": (
        """query ($ids: [ID!]!) { nodes(ids: $ids) { ... on IssueRun { id certificates { number }
          toSign { certificateId message } } } }""",
        {"ids": "RUNS"},
    ),
}
"""Documents for what random ones seldom meet; `ALL` and `RUNS` stand for global ids."""
