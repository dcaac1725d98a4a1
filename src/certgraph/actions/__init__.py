"""Actions: whatever changes something, declared once, at the function that does it.

    @action(
        "creditProposalReturn",
        may={Role.CREDIT_BANK: ANY},
        rule="S10",
        about=PROPOSAL,
        returns="proposal",
    )
    async def return_proposal(
        act: Act, proposal: CreditProposalRow, *, remarks: str
    ) -> CreditProposalRow:
        "Return a proposal to its organization, with remarks."

From the declaration come the mutation with its input and payload, the access matrix, the audit
entry, the pending action that a second person confirms, and the tests of every cell. Nothing here
knows a capability, strawberry, starlette or argparse. `docs/actions.md` says how to add one.
"""
