"""What actions on conversion are about."""

from certgraph.actions.declaring import Subject
from certgraph.credit_bank.conversion import queries
from certgraph.credit_bank.conversion.tables import ConversionApplicationRow, ConversionMeasureRow

MEASURE = Subject(
    row=ConversionMeasureRow,
    find=queries.measure_by_id,
    missing="measure.not_found",
    owner=lambda row: row.organization_id,
)
APPLICATION = Subject(
    row=ConversionApplicationRow,
    find=queries.application_by_id,
    missing="application.not_found",
    owner=lambda row: row.organization_id,
    parties=lambda row: (row.organization_id, row.issuer_id),
)
