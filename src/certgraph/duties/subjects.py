"""What actions on filings and obligations are about."""

from certgraph.actions.declaring import Subject
from certgraph.duties import obligation_queries, queries
from certgraph.duties.tables import FilingRow, ObligationRow

FILING = Subject(
    row=FilingRow,
    find=queries.filing_by_id,
    missing="filing.not_found",
    owner=lambda row: row.organization_id,
    parties=lambda row: row.asked_ids,
)
OBLIGATION = Subject(
    row=ObligationRow,
    find=obligation_queries.obligation_by_id,
    missing="obligation.not_found",
    owner=lambda row: row.debtor_id,
)
