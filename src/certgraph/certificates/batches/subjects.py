"""What actions on batches are about."""

from certgraph.actions.declaring import Subject
from certgraph.certificates.batches import queries
from certgraph.certificates.batches.tables import BatchRow

BATCH = Subject(
    row=BatchRow,
    key="batch_id",
    find=queries.batch_by_id,
    missing="batch.not_found",
    owner=lambda row: row.organization_id,
)
