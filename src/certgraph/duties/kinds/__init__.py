"""Every kind of filing, in the order of the guidance."""

from collections.abc import Mapping
from typing import Any

from certgraph.duties.kinds.activities import ACTIVITY, INVITATION
from certgraph.duties.kinds.agreements import AGREEMENT
from certgraph.duties.kinds.costs import COST_ACCOUNT
from certgraph.duties.kinds.declaring import Kind
from certgraph.duties.kinds.fees import COST_CAP, FEE_STANDARD
from certgraph.duties.kinds.funds import FUND_RETURN
from certgraph.duties.kinds.institutions import COHORT, CONSORTIUM, PROGRAMME_PLAN, WORKLOAD
from certgraph.duties.kinds.materials import RESOURCE, TEXTBOOK
from certgraph.duties.kinds.monitoring import EVALUATION, MONITORING_POINT, OBSERVATION
from certgraph.duties.kinds.notices import NOTICE
from certgraph.duties.kinds.orders import ORDER
from certgraph.duties.kinds.reports import PERIODIC_REPORT, WEEKLY_REPORT
from certgraph.duties.kinds.schemes import ASSESSMENT_SCHEME, SITE_CONDITIONS
from certgraph.duties.kinds.sites import EXAM_SITE, TRAINING_BASE
from certgraph.duties.kinds.standards import STANDARD_VERSION
from certgraph.duties.kinds.trainings import EXPERT_DISPATCH, TEACHER_TRAINING
from certgraph.duties.rules import FilingKind

KINDS: Mapping[FilingKind, Kind[Any]] = {
    kind.name: kind
    for kind in (
        ACTIVITY,
        INVITATION,
        WEEKLY_REPORT,
        PERIODIC_REPORT,
        TEACHER_TRAINING,
        EXPERT_DISPATCH,
        COHORT,
        WORKLOAD,
        CONSORTIUM,
        TEXTBOOK,
        RESOURCE,
        ASSESSMENT_SCHEME,
        SITE_CONDITIONS,
        EXAM_SITE,
        TRAINING_BASE,
        COST_ACCOUNT,
        COST_CAP,
        FEE_STANDARD,
        FUND_RETURN,
        PROGRAMME_PLAN,
        AGREEMENT,
        NOTICE,
        ORDER,
        MONITORING_POINT,
        OBSERVATION,
        EVALUATION,
        STANDARD_VERSION,
    )
}
