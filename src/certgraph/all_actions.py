"""Every action of every capability, in the order of the walks: the composition root of writes."""

from typing import Any

from certgraph.actions import confirming
from certgraph.actions.declaring import Action
from certgraph.assessment import planning, registering, results
from certgraph.certificates.batches import actions as batches
from certgraph.certificates.batches import filling
from certgraph.certificates.holders import requests as holder_requests
from certgraph.certificates.holders import sending, sharing
from certgraph.certificates.signing import actions as issuing
from certgraph.certificates.states import actions as certificates
from certgraph.credit_bank.accounts import answering as credit_confirming
from certgraph.credit_bank.conversion import applications as converting
from certgraph.credit_bank.conversion import measures
from certgraph.credit_bank.feed import recording, webhooks
from certgraph.credit_bank.proposals import drafting as proposals
from certgraph.credit_bank.proposals import hours_rules, recognition
from certgraph.duties import answering, filing, waiving
from certgraph.entitlements import actions as entitlements
from certgraph.feedback import actions as feedback
from certgraph.handover import closing
from certgraph.organizations import actions as organizations
from certgraph.organizations import appointments, keys, memberships, tokens
from certgraph.organizations.parties import ProgrammeParties
from certgraph.parameters import actions as parameters
from certgraph.participation import actions as participation
from certgraph.participation import counting
from certgraph.retention import actions as retention
from certgraph.rotation import actions as rotation
from certgraph.standards import actions as standards
from certgraph.standards import catalogue_import, occupations
from certgraph.supervision import actions as cases
from certgraph.supervision import correcting, deciding, noting, organization_states
from certgraph.transparency import recovering
from certgraph.trust import restoring, service

ALL_ACTIONS: tuple[Action[Any, Any], ...] = (
    *organizations.ACTIONS,
    *appointments.ACTIONS,
    *parameters.ACTIONS,
    *keys.ACTIONS,
    *rotation.ACTIONS,
    *retention.ACTIONS,
    *tokens.ACTIONS,
    *memberships.ACTIONS,
    *standards.ACTIONS,
    *catalogue_import.ACTIONS,
    *occupations.ACTIONS,
    *participation.ACTIONS,
    *counting.ACTIONS,
    *filing.ACTIONS,
    *answering.ACTIONS,
    *waiving.ACTIONS,
    *feedback.ACTIONS,
    *entitlements.ACTIONS,
    *planning.ACTIONS,
    *registering.ACTIONS,
    *results.ACTIONS,
    *organization_states.ACTIONS,
    *certificates.ACTIONS,
    *issuing.ACTIONS,
    *batches.ACTIONS,
    *filling.ACTIONS,
    *sending.ACTIONS,
    *sharing.ACTIONS,
    *holder_requests.ACTIONS,
    *hours_rules.ACTIONS,
    *proposals.ACTIONS,
    *recognition.ACTIONS,
    *credit_confirming.ACTIONS,
    *recording.ACTIONS,
    *webhooks.ACTIONS,
    *measures.ACTIONS,
    *converting.ACTIONS,
    *noting.ACTIONS,
    *cases.ACTIONS,
    *deciding.ACTIONS,
    *correcting.ACTIONS,
    *closing.ACTIONS,
    *service.ACTIONS,
    *restoring.ACTIONS,
    *recovering.ACTIONS,
    *confirming.ACTIONS,
)
ACTIONS_BY_NAME = {one.name: one for one in ALL_ACTIONS}
PARTIES = ProgrammeParties()
