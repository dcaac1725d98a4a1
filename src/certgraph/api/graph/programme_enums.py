"""Enumerations of the programme's own rules, registered once, see `enums`."""

import strawberry

from certgraph.api.graph.described import describe
from certgraph.duties.kinds.activities import ActivityKind
from certgraph.duties.kinds.agreements import ClauseKind
from certgraph.duties.kinds.funds import FundPurpose, FundSource
from certgraph.duties.kinds.institutions import CohortGroup
from certgraph.duties.kinds.materials import Payer
from certgraph.duties.kinds.orders import OrderKind
from certgraph.duties.kinds.trainings import FeeKind, TrainingMode
from certgraph.duties.rules import (
    ConsentAnswer,
    ConsentStep,
    FilingKind,
    FilingState,
    FindingSeverity,
    ObligationBasis,
    ObligationKind,
    ObligationState,
)
from certgraph.feedback.rules import FeedbackCategory
from certgraph.organizations.rules import AppointmentFunction
from certgraph.parameters.rules import ParameterName
from certgraph.participation.rules import CountBasis, ParticipationState

_SAID = {
    ActivityKind: "What is organized in a province, rule R03.",
    AppointmentFunction: "For what an organization names a person, rules R01, R02 and R47.",
    ClauseKind: "What a clause of an agreement binds to, rule R46.",
    CohortGroup: "For whom a subsidised training is, rule R14.",
    ConsentAnswer: "Yes, to be revised, or no.",
    ConsentStep: "To what somebody says yes.",
    CountBasis: "What a figure rests on: a number that was reported, or a roster.",
    FeedbackCategory: "What feedback of the public is about, rule R52.",
    FeeKind: "What a fee of a training is for; the certifications are refused, rule R11.",
    FilingKind: "What sort of document is handed in.",
    FilingState: "SUBMITTED ⇄ RETURNED → EFFECTIVE → SUPERSEDED; or DECLINED, WITHDRAWN.",
    FindingSeverity: "How much a finding weighs.",
    FundPurpose: "For what money is spent.",
    FundSource: "From where money comes, rules R34 and R42.",
    ObligationBasis: "From what the moment of an obligation comes.",
    ObligationKind: "What is owed.",
    ObligationState: "An obligation, now. UNDATED: no document says until when.",
    OrderKind: "What an order is about.",
    ParameterName: "Numbers, days and choices that the programme's documents leave open.",
    ParticipationState: "APPLIED → FILED or DECLINED → ACTIVE → EXPIRED or ENDED.",
    Payer: "Who pays for a resource.",
    TrainingMode: "How a training is held, rule R12.",
}

for _enum, _text in _SAID.items():
    strawberry.enum(_enum, description=_text)
describe(_SAID)

__all__ = [
    "ActivityKind",
    "AppointmentFunction",
    "ClauseKind",
    "CohortGroup",
    "ConsentAnswer",
    "ConsentStep",
    "CountBasis",
    "FeeKind",
    "FeedbackCategory",
    "FilingKind",
    "FilingState",
    "FindingSeverity",
    "FundPurpose",
    "FundSource",
    "ObligationBasis",
    "ObligationKind",
    "ObligationState",
    "OrderKind",
    "ParameterName",
    "ParticipationState",
    "Payer",
    "TrainingMode",
]
