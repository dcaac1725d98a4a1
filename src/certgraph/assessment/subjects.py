"""What actions on exams are about."""

from certgraph.actions.declaring import Subject
from certgraph.assessment import queries
from certgraph.assessment.tables import ExamPlanRow, ExamRegistrationRow

EXAM_PLAN = Subject(
    row=ExamPlanRow,
    find=queries.plan_by_id,
    missing="plan.not_found",
    owner=lambda row: row.organization_id,
)
EXAM_REGISTRATION = Subject(
    row=ExamRegistrationRow,
    find=queries.registration_by_id,
    missing="registration.not_found",
    owner=lambda row: row.organization_id,
)
