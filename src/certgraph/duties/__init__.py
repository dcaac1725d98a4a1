"""What parties hand in, who says yes to it, and what each of them owes until when.

A *filing* is a document handed in word for word, with versions and the *consents* of others. An
*obligation* is what somebody owes until a moment; nothing becomes overdue by a job, its state is
derived from now. A *finding* is noted when a rule says what follows from an obligation missed.
"""
