"""Steps of plans, recorded."""

from certgraph.actions.acting import Recording
from certgraph.assessment.rules import ExamPlanState
from certgraph.assessment.tables import ExamPlanChangeRow, ExamPlanRow
from certgraph.randomness import new_id


def record_step(by: Recording, plan: ExamPlanRow, state: ExamPlanState, remarks: str = "") -> None:
    """Move a plan into a state that is stored, and record that."""
    plan.state = state
    by.session.add(
        ExamPlanChangeRow(
            id=new_id(by.random),
            plan_id=plan.id,
            state=state,
            remarks=remarks,
            changed_by=by.by,
            changed_at=by.now,
        )
    )
