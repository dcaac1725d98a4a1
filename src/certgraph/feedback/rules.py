"""What feedback is about, and how much of it is taken. Pure."""

from enum import StrEnum


class FeedbackCategory(StrEnum):
    """What somebody writes about: 收费, 培训, 考核, 教材资源, 公告宣传, 院校管理, 其他."""

    FEES = "fees"
    TRAINING = "training"
    EXAMS = "exams"
    MATERIALS = "materials"
    NOTICES = "notices"
    INSTITUTION = "institution"
    OTHER = "other"


LONGEST = 4_000
"""Characters of a text."""

MOST_AN_HOUR = 200
"""Texts that are taken in an hour, from all together; more would be read by nobody."""
