"""The operations in PostGraphile's own schema of the same tables."""

_CERTIFICATE = """number level state issuedOn expiresOn holderName
  organizationByOrganizationId { code name }
  standardVersionByStandardVersionId { version standardByStandardId { code name } }
  certificateOutcomesByCertificateId(orderBy: PRIMARY_KEY_ASC) {
    nodes { number text creditsTenths } }"""
_LINE = """number level state issuedOn
  standardVersionByStandardVersionId { version standardByStandardId { code name } }
  certificateOutcomesByCertificateId(orderBy: PRIMARY_KEY_ASC) {
    nodes { number creditsTenths } }"""
_NEWEST = "orderBy: [ISSUED_ON_DESC, ROW_ID_DESC]"
_PAGE_INFO = "pageInfo { hasNextPage endCursor }"

DOCUMENTS = {
    "one certificate": f"""query One($number: String!) {{
  certificateByNumberKey(numberKey: $number) {{ {_CERTIFICATE} }} }}""",
    "page of 50": f"""query Page($to: Date!) {{
  allCertificates(first: 50, condition: {{ issuedOn: $to }}, {_NEWEST}) {{
    nodes {{ {_LINE} }} {_PAGE_INFO} }} }}""",
    "1,000 records": f"""query Records($after: Cursor) {{
  allCertificateOutcomes(first: 1000, after: $after, orderBy: PRIMARY_KEY_ASC) {{
    nodes {{ number text creditsTenths certificateByCertificateId {{ number level issuedOn
      organizationByOrganizationId {{ code }}
      standardVersionByStandardVersionId {{ version standardByStandardId {{ code }} }} }} }}
    {_PAGE_INFO} }} }}""",
    "organizations with counts": """query Organizations {
  allOrganizations(first: 50, orderBy: CODE_ASC) { nodes { code name state
    certificateTypeOrganizationsByOrganizationId { totalCount }
    statusListsByOrganizationId { nodes { used } } } } }""",
    "deep page": f"""query Deep($after: Cursor!) {{
  allCertificates(first: 50, after: $after, {_NEWEST}) {{
    nodes {{ {_LINE} }} {_PAGE_INFO} }} }}""",
    "first page": f"""query First {{ allCertificates(first: 50, {_NEWEST}) {{
    nodes {{ {_LINE} }} {_PAGE_INFO} }} }}""",
    "three nested levels": """query Nested {
  allOrganizations(first: 5, orderBy: CODE_ASC) { nodes { code name
    certificateTypeOrganizationsByOrganizationId(first: 5) { nodes {
      certificateTypeByCertificateTypeId { code name
        certificatesByCertificateTypeId(first: 5, orderBy: [ISSUED_ON_DESC, ROW_ID_DESC]) {
          nodes { number level issuedOn } pageInfo { hasNextPage } } } } } } } }""",
    "40 fields": """query Forty($number: String!) {
  certificateByNumberKey(numberKey: $number) { ...core
    organizationByOrganizationId { ...organization }
    type: certificateTypeByCertificateTypeId { ...type }
    standardVersionByStandardVersionId { ...version
      standardByStandardId { code title: name certificateTypeByCertificateTypeId { ...type } } }
    certificateOutcomesByCertificateId(orderBy: PRIMARY_KEY_ASC) { nodes { ...outcome } } } }
fragment core on Certificate { __typename id number holderName masked: holderNameKey level state
  issued: issuedOn expires: expiresOn registrationDueOn registrationDueIsProvisional registeredAt }
fragment organization on Organization { id code name nameEn platformName uscc divisionCode state
  since: stateSince source }
fragment type on CertificateType { id code name batchNumber announcedOn state }
fragment version on StandardVersion { id version publishedOn source hash: contentSha256 }
fragment outcome on CertificateOutcome { number text creditsTenths }""",
}

FIRST_CURSORS = {
    "1,000 records": """{ allCertificateOutcomes(first: 1, orderBy: PRIMARY_KEY_ASC) {
    pageInfo { endCursor } } }""",
    "deep page": f"""{{ allCertificates(first: 1, {_NEWEST}) {{ pageInfo {{ endCursor }} }} }}""",
}
"""Documents whose cursors show how a place in the list is written."""
