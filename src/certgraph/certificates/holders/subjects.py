"""What actions of and for holders are about."""

from certgraph.actions.declaring import Subject
from certgraph.certificates.holders import queries
from certgraph.certificates.holders.tables import HolderLinkRow, HolderRequestRow, SharingLinkRow

HOLDER_LINK = Subject(
    row=HolderLinkRow,
    key="link_id",
    find=queries.link_by_id,
    missing="holder.link_not_found",
    owner=lambda row: row.organization_id,
)
SHARING_LINK = Subject(
    row=SharingLinkRow,
    key="link_id",
    find=queries.sharing_link_by_id,
    missing="holder.share_not_found",
    owner=lambda row: row.organization_id,
    certificates=lambda row: row.certificate_ids,
)
HOLDER_REQUEST = Subject(
    row=HolderRequestRow,
    key="request_id",
    find=queries.request_by_id,
    missing="holder.request_not_found",
    owner=lambda row: row.organization_id,
)
