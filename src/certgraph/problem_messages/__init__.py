"""What each refusal says, in English and Chinese, by code: the one catalogue of messages.

Each sentence says what was wrong and what to do; the place is in the problem's `path`. Where a rule
of the programme stands behind it, the rule is quoted beside the sentence (`policy`).
"""

from certgraph.problem_messages import credit_bank, issuing
from certgraph.problem_messages.message import Message

__all__ = ["MESSAGES", "Message"]

MESSAGES: dict[str, Message] = {**issuing.MESSAGES, **credit_bank.MESSAGES}
