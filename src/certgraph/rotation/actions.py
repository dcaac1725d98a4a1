"""The action that puts another master key in force."""

from certgraph.actions.acting import Act
from certgraph.actions.declaring import action
from certgraph.actions.parties import ANY, Role
from certgraph.organizations import queries
from certgraph.problems import refusal


@action(
    "masterKeyReplace",
    may={Role.OPERATOR: ANY},
    returns="check_value",
    in_graph=False,
    reason=True,
    refuses=("key.no_next_key",),
)
async def replace_master_key(act: Act) -> str:
    """Put the next master key in force: it seals from now on. Repeated, it changes nothing.

    What cannot be hashed anew keeps its keys; they are sealed under the new one. Returns the check
    value of the key in force, 64 hex digits.
    """
    if not act.keyring.has_next_key:
        raise refusal("key.no_next_key")
    row = await queries.master_key_check(act.session, lock=True)
    if row is None:  # nothing was sealed yet: the first use records what is in force
        raise refusal("key.no_next_key")
    act.keyring.follow(row.mac, row.sealed_hash_keys)
    if not act.keyring.is_next_in_force:
        row.mac, row.sealed_hash_keys = act.keyring.next_in_force()
    return row.mac.hex()


ACTIONS = (replace_master_key,)
