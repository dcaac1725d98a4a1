"""What actions on participations are about."""

from certgraph.actions.declaring import Subject
from certgraph.actions.parties import ON_BEHALF, OVER, OWN, Role
from certgraph.participation import queries
from certgraph.participation.tables import ParticipationRow

PARTICIPATION = Subject(
    row=ParticipationRow,
    find=queries.participation_by_id,
    missing="participation.not_found",
    owner=lambda row: row.institution_id,
)

INSTITUTION = {Role.PILOT_INSTITUTION: OWN, Role.OPERATOR: ON_BEHALF}
AUTHORITY = {Role.PROVINCIAL_AUTHORITY: OVER, Role.OPERATOR: ON_BEHALF}
"""Who acts as an institution, and who as the authority that supervises it."""
