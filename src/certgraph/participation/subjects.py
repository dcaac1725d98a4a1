"""What actions on participations are about."""

from certgraph.actions.declaring import Subject
from certgraph.participation import queries
from certgraph.participation.tables import ParticipationRow

PARTICIPATION = Subject(
    row=ParticipationRow,
    find=queries.participation_by_id,
    missing="participation.not_found",
    owner=lambda row: row.institution_id,
)
