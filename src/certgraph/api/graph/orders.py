"""Orders that lists may be asked for in."""

from enum import StrEnum


class CertificateTypeOrder(StrEnum):
    """Of certificate types."""

    CODE = "code"
    NEWEST = "newest"


class ExamPlanOrder(StrEnum):
    """Of plans of exams."""

    EARLIEST = "earliest"
    LATEST = "latest"


class OrganizationOrder(StrEnum):
    """Of organizations."""

    CODE = "code"
    NAME = "name"
