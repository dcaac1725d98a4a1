"""Links that an organization sends to the holders of its certificates."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

from certgraph.actions.acting import Act
from certgraph.actions.declaring import PerRequest, action
from certgraph.actions.parties import OWN, Role
from certgraph.certificates.holders import queries
from certgraph.certificates.holders.rules import LINK_DAYS, LONGEST_LINK_DAYS, days_problems
from certgraph.certificates.holders.subjects import HOLDER_LINK
from certgraph.certificates.holders.tables import HolderLinkRow
from certgraph.certificates.lookup_keys import number_key
from certgraph.certificates.rules import CertificateState
from certgraph.certificates.subjects import CERTIFICATE, certificates_named
from certgraph.database import BATCH_PARAMETERS, batched
from certgraph.problems import Problem, reject_if
from certgraph.randomness import new_id

Numbers = Annotated[Sequence[str], PerRequest(1_000, "certificate.count"), "1 to 1,000."]


@action(
    "holderLinksCreate",
    may={Role.EVALUATION_ORGANIZATION: OWN},
    returns="links",
    after_leaving=True,
    refuses=("certificate.erased", "certificate.not_found", "holder.days", "holder.number_twice"),
)
async def create_holder_links(
    act: Act, *, numbers: Numbers, lifetime_days: int = LINK_DAYS
) -> list[HolderLinkRow]:
    """Make links by which holders open their page, each once; all or none.

    A link shows the holder's certificates of this organization alone. A new one ends the one
    before it that nobody has opened.

    Args:
        act: The act.
        numbers: Of certificates; the links come in this order.
        lifetime_days: 1 to 90.

    Raises:
        Rejected: Names every number that is unknown, another organization's, not signed, erased,
            or there twice; or so many days are not possible.
    """
    problems = days_problems(lifetime_days, 1, LONGEST_LINK_DAYS, "lifetime_days")
    found, missing = await certificates_named(act, numbers)
    problems += missing
    lifetime = timedelta(days=0 if problems else lifetime_days)
    links: dict[str, HolderLinkRow] = {}
    for index, (number, row) in enumerate(zip(numbers, found, strict=True)):
        path, facts, key = ("numbers", str(index)), {"number": number}, number_key(number)
        if row is None:
            continue
        if row.state is CertificateState.DRAFT:
            problems.append(Problem(code=CERTIFICATE.missing, path=path, facts=facts))
        elif row.erased_at is not None:
            problems.append(Problem(code="certificate.erased", path=path, facts=facts))
        elif key in links:
            problems.append(Problem(code="holder.number_twice", path=path, facts=facts))
        else:
            links[key] = HolderLinkRow(
                id=new_id(act.random),
                certificate_id=row.id,
                organization_id=row.organization_id,
                created_by=act.by,
                created_at=act.now,
                expires_at=act.now + lifetime,
            )
    reject_if(problems)
    made = [one.certificate_id for one in links.values()]
    for part in batched(made, BATCH_PARAMETERS):
        await queries.end_links(act.session, part, act.now)
    act.session.add_all(links.values())
    return list(links.values())


@action(
    "holderLinkRevoke",
    may={Role.EVALUATION_ORGANIZATION: OWN},
    about=HOLDER_LINK,
    returns="link",
    after_leaving=True,
)
async def revoke_holder_link(act: Act, link: HolderLinkRow) -> HolderLinkRow:
    """Revoke a link, as where it was sent to somebody else; a page that it has opened is closed."""
    link.revoked_at = link.revoked_at or act.now
    await queries.end_sessions(act.session, link.id, act.now)
    return link


ACTIONS = (create_holder_links, revoke_holder_link)
