"""Certificate types, standards and their versions in the graph."""

from datetime import date
from typing import TYPE_CHECKING, Annotated

import strawberry

from certgraph.api.graph.certificate_filters import of_candidates, of_certificates, of_issuer
from certgraph.api.graph.conversion_filters import of_rules
from certgraph.api.graph.entitlements import ORDER as ENTITLEMENTS_ORDER
from certgraph.api.graph.entitlements import Entitlement, that_hold
from certgraph.api.graph.enums import CertificateLevel, CertificateTypeOrder, CertificateTypeState
from certgraph.api.graph.organizations import Organization
from certgraph.api.graph.standard_contents import (
    CertificateTypeLevel,
    LearningOutcome,
    Occupation,
    WorkArea,
)
from certgraph.api.reads.declarations import Conditions, everybody
from certgraph.api.reads.declaring import (
    all_of,
    column,
    find,
    many,
    many_where,
    one,
    ordered,
    page,
    read_from,
)
from certgraph.api.relay import Connection, Node
from certgraph.certificates.tables import CertificateRow
from certgraph.credit_bank.conversion.tables import ConversionRuleRow
from certgraph.credit_bank.proposals.tables import (
    CatalogueEntryRow,
    CreditProposalDeadlineRow,
    CreditProposalRow,
)
from certgraph.database import contains
from certgraph.entitlements.queries import is_known_at
from certgraph.entitlements.tables import EntitlementRow
from certgraph.organizations.tables import OrganizationRow
from certgraph.standards import queries
from certgraph.standards.tables import (
    CertificateLevelRow,
    CertificateTypeOrganizationRow,
    CertificateTypeRow,
    LearningOutcomeRow,
    MajorRow,
    OccupationMappingRow,
    StandardContentRow,
    StandardRow,
    StandardVersionMajorRow,
    StandardVersionRow,
)

if TYPE_CHECKING:
    from certgraph.api.graph.certificates import Certificate
    from certgraph.api.graph.conversion import ConversionRule
    from certgraph.api.graph.learning_outcomes import CatalogueEntry
    from certgraph.api.graph.proposals import CreditProposal, CreditProposalDeadline


@strawberry.type(description="A major 专业 in one edition of a catalogue of majors.")
@read_from(MajorRow, policy=everybody)
class Major(Node):
    """See `certgraph.standards.tables.MajorRow`."""

    edition: str = column(
        MajorRow.edition, description="Edition of the catalogue of majors, e.g. 2021."
    )
    level: str = column(MajorRow.level, description="Level of education 培养层次.")
    code: str = column(MajorRow.code, description="Code of the major 专业代码.")
    name: str = column(MajorRow.name, description="Name of the major 专业名称.")
    standard_versions: list["StandardVersion"] = many(
        StandardVersionMajorRow.major_id,
        through=StandardVersionMajorRow.standard_version_id,
        order_by=[StandardVersionRow.published_on, StandardVersionRow.id],
        description="Versions of standards that are meant for it, oldest first.",
    )


@strawberry.type(description="A certificate of the catalogue 证书, e.g. 建筑信息模型（BIM）.")
@read_from(CertificateTypeRow, policy=everybody)
class CertificateType(Node):
    """See `certgraph.standards.tables.CertificateTypeRow`."""

    code: str = column(CertificateTypeRow.code, description="Its code in the catalogue.")
    name: str = column(CertificateTypeRow.name, description="Its name.")
    batch_number: int | None = column(
        CertificateTypeRow.batch_number, description="批次 1 to 4; null if unknown."
    )
    announced_on: date | None = column(
        CertificateTypeRow.announced_on, description="公布日; null if unknown."
    )
    state: CertificateTypeState = column(CertificateTypeRow.state, description="What became of it.")
    source: str | None = column(CertificateTypeRow.source, description="Where this is known from.")
    levels: list[CertificateTypeLevel] = many(
        CertificateLevelRow.certificate_type_id,
        order_by=[CertificateLevelRow.level],
        description="Levels it is known to have; empty where that is unknown.",
    )
    occupations: list[Occupation] = many(
        OccupationMappingRow.certificate_type_id,
        order_by=[OccupationMappingRow.level, OccupationMappingRow.position],
        description="Occupations that its levels correspond to; empty where no document says one.",
    )
    organizations: list[Organization] = many(
        CertificateTypeOrganizationRow.certificate_type_id,
        through=CertificateTypeOrganizationRow.organization_id,
        order_by=[OrganizationRow.code],
        description="The organizations behind it, in the order of their codes.",
    )
    standards: list["Standard"] = many(
        StandardRow.certificate_type_id,
        order_by=[StandardRow.code],
        description="Its standards.",
    )

    entitlements = many_where(
        EntitlementRow.certificate_type_id,
        of=list[Entitlement],
        order_by=ENTITLEMENTS_ORDER,
        description="Who may issue it, might once, or will: one entry an organization and level.",
    )(that_hold)
    catalogue_entries: list[
        Annotated["CatalogueEntry", strawberry.lazy("certgraph.api.graph.learning_outcomes")]
    ] = many(
        CatalogueEntryRow.certificate_type_id,
        order_by=[CatalogueEntryRow.code, CatalogueEntryRow.edition],
        description="Its learning outcomes in the catalogue 学习成果名录, with their history.",
    )
    deadlines: list[
        Annotated["CreditProposalDeadline", strawberry.lazy("certgraph.api.graph.proposals")]
    ] = many(
        CreditProposalDeadlineRow.certificate_type_id,
        order_by=[CreditProposalDeadlineRow.level],
        description="Until when its credits are to be proposed, by level, as far as the caller may "
        "read; as `creditProposalDeadlines` last recorded them.",
    )
    proposals: list[
        Annotated["CreditProposal", strawberry.lazy("certgraph.api.graph.proposals")]
    ] = many(
        CreditProposalRow.certificate_type_id,
        order_by=[CreditProposalRow.level, CreditProposalRow.id],
        description="Credit-record proposals for it, as far as the caller may read.",
    )
    conversion_rules = page(
        ConversionRuleRow.certificate_type_id,
        of=Connection[
            Annotated["ConversionRule", strawberry.lazy("certgraph.api.graph.conversion")]
        ],
        order_by=[ConversionRuleRow.id],
        description="The rules by which institutions count it for their courses, as far as the "
        "caller may read their measures.",
    )(of_rules)
    certificates = page(
        CertificateRow.certificate_type_id,
        of=Connection[
            Annotated["Certificate", strawberry.lazy("certgraph.api.graph.certificates")]
        ],
        order_by=[CertificateRow.issued_on, CertificateRow.id],
        descending=True,
        description="Certificates of it, newest first, as far as the caller may read.",
    )(all_of(of_issuer, of_certificates, of_candidates))


@strawberry.type(description="A published version of a standard; it never changes.")
@read_from(StandardVersionRow, policy=everybody)
class StandardVersion(Node):
    """See `certgraph.standards.tables.StandardVersionRow`."""

    version: str = column(StandardVersionRow.version, description="Its version, e.g. 2021.")
    published_on: date = column(StandardVersionRow.published_on, description="Day of publication.")
    source: str = column(StandardVersionRow.source, description="Where it is published.")
    content_sha256: str = column(
        StandardVersionRow.content_sha256, description="Hash of content, outcomes and majors."
    )
    standard: "Standard" = one(StandardVersionRow.standard_id, description="The standard.")
    learning_outcomes: list[LearningOutcome] = many(
        LearningOutcomeRow.standard_version_id,
        order_by=[LearningOutcomeRow.number],
        description="Learning outcomes 学习成果.",
    )
    majors: list[Major] = many(
        StandardVersionMajorRow.standard_version_id,
        through=StandardVersionMajorRow.major_id,
        order_by=[MajorRow.edition, MajorRow.code, MajorRow.level],
        description="Majors it is meant for 适用院校专业.",
    )

    @many_where(
        StandardContentRow.standard_version_id,
        of=list[WorkArea],
        order_by=[StandardContentRow.level, StandardContentRow.position],
        description="工作领域 → 工作任务 → 职业技能要求, of all levels or of one.",
    )
    def work_areas(level: CertificateLevel | None = None) -> Conditions:
        """Yield the conditions that leave work areas, of one level if one is given.

        Args:
            level: Of this level.
        """
        yield StandardContentRow.parent_code == ""
        if level is not None:
            yield StandardContentRow.level == level


@strawberry.type(description="A vocational skill-level standard 职业技能等级标准.")
@read_from(StandardRow, policy=everybody)
class Standard(Node):
    """See `certgraph.standards.tables.StandardRow`."""

    code: str = column(StandardRow.code, description="Its code.")
    name: str = column(StandardRow.name, description="Its name.")
    certificate_type: CertificateType = one(
        StandardRow.certificate_type_id, description="The certificate type it belongs to."
    )
    versions: list[StandardVersion] = many(
        StandardVersionRow.standard_id,
        order_by=[
            StandardVersionRow.published_on,
            StandardVersionRow.recorded_at,
            StandardVersionRow.id,
        ],
        description="Its published versions, oldest first.",
    )


@strawberry.type
class StandardQuery:
    """Reads of certificate types and standards."""

    @page(
        of=Connection[CertificateType],
        order_by=[CertificateTypeRow.code],
        orders={
            CertificateTypeOrder.CODE: ordered(CertificateTypeRow.code),
            CertificateTypeOrder.NEWEST: ordered(
                queries.announced_or_long_ago(), CertificateTypeRow.code, descending=True
            ),
        },
        description="Certificate types, by code if no other order is asked for.",
    )
    def certificate_types(
        batch_number: int | None = None,
        organization_code: str | None = None,
        name_contains: str | None = None,
        major_code: str | None = None,
        state: CertificateTypeState | None = None,
        level: CertificateLevel | None = None,
        announced_from: date | None = None,
    ) -> Conditions:
        """Yield the conditions of the filters.

        Args:
            batch_number: Of this batch 批次, 1 to 4.
            organization_code: With the organization with this code behind it.
            name_contains: With this in its name; case is one.
            major_code: Of whose standards a version is meant for majors 专业 of this code.
            state: In this state.
            level: Known to have this level: a source says so, or somebody might issue it.
            announced_from: Announced on this day or later.
        """
        if major_code is not None:
            yield queries.is_for_major(major_code)
        if state is not None:
            yield CertificateTypeRow.state == state
        if level is not None:
            yield is_known_at(level)
        if announced_from is not None:
            yield CertificateTypeRow.announced_on >= announced_from
        if batch_number is not None:
            yield CertificateTypeRow.batch_number == batch_number
        if organization_code is not None:
            yield queries.is_behind(organization_code)
        if name_contains is not None:
            yield contains(CertificateTypeRow.name, name_contains)

    @find(
        of=CertificateType | None,
        description="The certificate type with a code; null where there is none.",
    )
    def certificate_type(code: str) -> Conditions:
        """Yield the condition that names it.

        Args:
            code: Its code in the catalogue.
        """
        yield CertificateTypeRow.code == code

    @page(
        of=Connection[Standard],
        order_by=[StandardRow.code],
        description="Standards in the order of their codes.",
    )
    def standards(certificate_type_code: str | None = None) -> Conditions:
        """Yield the condition of the filter.

        Args:
            certificate_type_code: Of the certificate type with this code.
        """
        if certificate_type_code is not None:
            yield queries.is_of_type(StandardRow.certificate_type_id, certificate_type_code)

    @page(
        of=Connection[Major],
        order_by=[MajorRow.code, MajorRow.id],
        description="Majors 专业 of the catalogues of majors, in the order of their codes.",
    )
    def majors(
        *, code: str | None = None, name_contains: str | None = None, is_named: bool | None = None
    ) -> Conditions:
        """Yield the conditions of the filters.

        Args:
            code: With this code, in whatever edition and level.
            name_contains: With this in its name.
            is_named: Whether a version of a standard is meant for it.
        """
        if code is not None:
            yield MajorRow.code == code
        if name_contains is not None:
            yield contains(MajorRow.name, name_contains)
        if is_named is not None:
            yield queries.is_named() if is_named else ~queries.is_named()

    @find(of=Standard | None, description="The standard with a code; null where there is none.")
    def standard(code: str) -> Conditions:
        """Yield the condition that names it.

        Args:
            code: Its code.
        """
        yield StandardRow.code == code
