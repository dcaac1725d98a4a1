"""The filters of conversion measures, the same at the root and below an institution."""

from datetime import date

from certgraph.api.graph.enums import CertificateLevel, MeasureState
from certgraph.api.reads.declarations import Conditions
from certgraph.credit_bank.conversion import queries
from certgraph.credit_bank.conversion.tables import ConversionMeasureRow, ConversionRuleRow


def of_measures(
    state: MeasureState | None = None,
    holds_on: date | None = None,
    certificate_type_code: str | None = None,
) -> Conditions:
    """Yield the conditions of the filters.

    Args:
        state: In this state.
        holds_on: Published, and in force on this day.
        certificate_type_code: With a rule for the certificate type with this code.
    """
    if state is not None:
        yield ConversionMeasureRow.state == state
    if holds_on is not None:
        yield queries.measure_holds_on(holds_on)
    if certificate_type_code is not None:
        yield queries.has_rule_for(certificate_type_code)


def of_rules(level: CertificateLevel | None = None) -> Conditions:
    """Yield the condition of the filter.

    Args:
        level: Of this level.
    """
    if level is not None:
        yield ConversionRuleRow.level == level
