"""Enumerations of the programme's own rules, registered once, see `enums`."""

import strawberry

from certgraph.api.graph.described import describe
from certgraph.assessment.rules import CandidateKind, ExamPlanState, ExamRegistrationState
from certgraph.duties.kinds.activities import ActivityKind
from certgraph.duties.kinds.agreements import ClauseKind
from certgraph.duties.kinds.costs import CostBearer, CostItemKind
from certgraph.duties.kinds.funds import FundPurpose, FundSource
from certgraph.duties.kinds.institutions import CohortGroup
from certgraph.duties.kinds.materials import Payer
from certgraph.duties.kinds.monitoring import EvaluationKind
from certgraph.duties.kinds.orders import OrderKind
from certgraph.duties.kinds.schemes import ExamMode
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
from certgraph.organizations.rules import AppointmentFunction, RestrictionKind
from certgraph.parameters.rules import ParameterName
from certgraph.participation.rules import CountBasis, ParticipationState
from certgraph.supervision.rules import CaseDecision, CaseEntryKind, CaseState, Completion, Ground

_SAID = {
    ActivityKind: "What is organized in a province, rule R03.",
    AppointmentFunction: "For what an organization names a person, rules R01, R02 and R47.",
    CaseDecision: "What is decided on a case.",
    CaseEntryKind: "What an entry of a case is.",
    CaseState: "OPENED → INVESTIGATING → VERIFIED or UNFOUNDED → DECIDED.",
    CandidateKind: "Who takes an exam: a student of the pilot, or somebody else, rule R15.",
    ClauseKind: "What a clause of an agreement binds to, rule R46.",
    CohortGroup: "For whom a subsidised training is, rule R14.",
    Completion: "What of an organization's issuing is finished after its exit.",
    ConsentAnswer: "Yes, to be revised, or no.",
    ConsentStep: "To what somebody says yes.",
    CostBearer: "Who provides what an exam costs, rule R37.",
    CostItemKind: "What an exam costs something for, rules R31 and S05.",
    CountBasis: "What a figure rests on: a number that was reported, or a roster.",
    EvaluationKind: "Whose evaluation it is, rule R51.",
    ExamMode: "How an exam is taken.",
    ExamPlanState: "PUBLISHED → REGISTRATION → EXAM → SCORING, by its times; → PUBLIC_NOTICE of "
    "results → CLOSED; or WITHDRAWN.",
    ExamRegistrationState: "REGISTERED → PASSED, FAILED or ABSENT; or WITHDRAWN.",
    FeedbackCategory: "What feedback of the public is about, rule R52.",
    FeeKind: "What a fee of a training is for; the certifications are refused, rule R11.",
    FilingKind: "What sort of document is handed in.",
    FilingState: "SUBMITTED ⇄ RETURNED → EFFECTIVE → SUPERSEDED; or DECLINED, WITHDRAWN.",
    FindingSeverity: "How much a finding weighs.",
    FundPurpose: "For what money is spent.",
    FundSource: "From where money comes, rules R34 and R42.",
    Ground: "Why an organization or institution leaves the programme: id of the rule.",
    ObligationBasis: "From what the moment of an obligation comes.",
    ObligationKind: "What is owed.",
    ObligationState: "An obligation, now. UNDATED: no document says until when.",
    OrderKind: "What an order is about.",
    ParameterName: "Numbers, days and choices that the programme's documents leave open.",
    ParticipationState: "APPLIED → FILED or DECLINED → ACTIVE → EXPIRED or ENDED.",
    Payer: "Who pays for a resource, or an exam.",
    RestrictionKind: "What an organization may not do for a time, by a decision.",
    TrainingMode: "How a training is held, rule R12.",
}

for _enum, _text in _SAID.items():
    strawberry.enum(_enum, description=_text)
describe(_SAID)

__all__ = [
    "ActivityKind",
    "AppointmentFunction",
    "CandidateKind",
    "CaseDecision",
    "CaseEntryKind",
    "CaseState",
    "ClauseKind",
    "CohortGroup",
    "Completion",
    "ConsentAnswer",
    "ConsentStep",
    "CostBearer",
    "CostItemKind",
    "CountBasis",
    "EvaluationKind",
    "ExamMode",
    "ExamPlanState",
    "ExamRegistrationState",
    "FeeKind",
    "FeedbackCategory",
    "FilingKind",
    "FilingState",
    "FindingSeverity",
    "FundPurpose",
    "FundSource",
    "Ground",
    "ObligationBasis",
    "ObligationKind",
    "ObligationState",
    "OrderKind",
    "ParameterName",
    "ParticipationState",
    "Payer",
    "RestrictionKind",
    "TrainingMode",
]
