"""What actions on cases are about."""

from certgraph.actions.declaring import Subject
from certgraph.supervision import queries
from certgraph.supervision.tables import CaseRow

CASE = Subject(
    row=CaseRow,
    find=queries.case_by_id,
    missing="case.not_found",
    owner=lambda row: row.decider_id,
    parties=lambda row: (row.decider_id, row.opener_id, row.subject_id),
)
