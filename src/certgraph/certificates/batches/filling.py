"""A batch out of a closed plan: everybody who passed, and is not certified yet."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from certgraph.actions.acting import Act
from certgraph.actions.declaring import action
from certgraph.actions.parties import ON_BEHALF, OWN, Role
from certgraph.assessment.queries import passed_in
from certgraph.assessment.rules import ExamPlanState
from certgraph.assessment.subjects import EXAM_PLAN
from certgraph.assessment.tables import ExamPlanRow, ExamRegistrationRow
from certgraph.calendar import programme_day
from certgraph.certificates.batches.actions import Given, upload_batch
from certgraph.certificates.batches.tables import BatchRow
from certgraph.certificates.queries import certified_results
from certgraph.certificates.rules import HolderBinding
from certgraph.certificates.sheets.cells import BINDINGS, DOCUMENT_TYPES
from certgraph.certificates.sheets.columns import BY_NAME
from certgraph.credential.claims import Outcome
from certgraph.organizations.tables import OrganizationRow
from certgraph.problems import refusal, reject_if

_COLUMNS = (
    "holder_name",
    "document_type",
    "document_number",
    "holder_binding",
    "outcomes",
    "exam_registration_id",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultsGiven:
    """What holds for all certificates of a plan.

    Attributes:
        standard_code: Standard met.
        standard_version: Version of it.
        issued_on: Day of issue in China; not before the exam.
        expires_on: Last valid day; null where they do not expire.
        holder_binding: How the certificates are tied to the documents.
        outcomes: Learning outcomes that all of them achieved, by number.
    """

    standard_code: str
    standard_version: str
    issued_on: date
    expires_on: date | None = None
    holder_binding: HolderBinding = HolderBinding.NONE
    outcomes: Sequence[Outcome] = ()


@action(
    "certificateBatchFill",
    may={Role.EVALUATION_ORGANIZATION: OWN, Role.OPERATOR: ON_BEHALF},
    about=EXAM_PLAN,
    returns="batch",
    refuses=("organization.not_found", "plan.nobody_to_certify", "plan.not_closed"),
)
async def fill_batch(act: Act, plan: ExamPlanRow, given: ResultsGiven) -> BatchRow:
    """Make a batch of everybody who passed in a closed plan and is not certified yet.

    It goes the way of an uploaded file: looked at, approved by a second person, issued.

    Raises:
        Rejected: The plan is not closed, or nobody is left to certify.
    """
    if plan.state is not ExamPlanState.CLOSED:
        raise refusal("plan.not_closed", state=plan.state)
    rows = await passed_in(act.session, plan.id)
    certified = await certified_results(act.session, [row.id for row in rows])
    left = [row for row in rows if row.id not in certified and row.erased_at is None]
    reject_if([] if left else refusal("plan.nobody_to_certify").problems)
    organization = await act.session.get_one(OrganizationRow, plan.organization_id)
    return await upload_batch(
        act,
        organization,
        Given(
            standard_code=given.standard_code,
            standard_version=given.standard_version,
            level=str(plan.level),
            issued_on=given.issued_on.isoformat(),
            expires_on=given.expires_on.isoformat() if given.expires_on else None,
        ),
        file=_table(act, left, given),
        file_name=f"考核 {programme_day(plan.starts_at)} 合格名单.csv",
        is_trial=False,
    )


def _table(act: Act, rows: Sequence[ExamRegistrationRow], given: ResultsGiven) -> bytes:
    """Return the table of candidates, as an organization would upload it."""
    document_types = {kind: word for word, kind in DOCUMENT_TYPES.items()}
    binding = next(word for word, kind in BINDINGS.items() if kind is given.holder_binding)
    outcomes = "; ".join(
        f"{one.number}={one.credits_tenths // 10}.{one.credits_tenths % 10}"
        for one in given.outcomes
    )
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([BY_NAME[name].title for name in _COLUMNS])
    for row in rows:
        assert row.document_sealed is not None  # noqa: S101 - it is not erased
        number = act.keyring.open_document(row.document_sealed, row.id.bytes)
        kind = document_types[row.document_type]
        writer.writerow([row.holder_name, kind, number, binding, outcomes, row.id])
    return text.getvalue().encode("utf-8-sig")


ACTIONS = (fill_batch,)
