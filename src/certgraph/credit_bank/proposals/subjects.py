"""What actions on proposals are about."""

from certgraph.actions.declaring import Subject
from certgraph.credit_bank.proposals import queries
from certgraph.credit_bank.proposals.tables import CreditProposalRow

PROPOSAL = Subject(
    row=CreditProposalRow,
    find=queries.proposal_by_id,
    missing="proposal.not_found",
    owner=lambda row: row.organization_id,
)
