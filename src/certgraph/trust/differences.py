"""What a trust list says anew beside an earlier one, for whoever signs it."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import TypeVar

from certgraph.credential import days
from certgraph.credential.signature import kid_of
from certgraph.credential.trust_bundle import Standard, decode_standards
from certgraph.credential.trust_list import (
    Entitlement,
    ListedKey,
    ListedOrganization,
    TrustList,
    decode_trust_list,
)
from certgraph.trust.ceremony import Proposal

Item = TypeVar("Item")


class Owner(StrEnum):
    """Whose a key is that is no organization's."""

    STATUS = "status"
    REGISTER = "register"
    LOG = "log"


SUSPECT = {
    "key_gone",
    "key_wider",
    "key_compromise_gone",
    "key_compromise_later",
    "organization_gone",
    "organization_back",
    "entitlement_gone",
    "standard_gone",
    "standard_changed",
}
"""Kinds of what an honest platform never says: it adds, ends, and declares compromised."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it was.

    Attributes:
        kind: `organization_new`, `key_gone`, …; each has its words.
        facts: For those words; `before` is what was, as facts or a value. Days are dates; states,
            levels, owners of keys are the list's.
    """

    kind: str
    facts: Mapping[str, object]


def differences(before: Proposal | None, after: Proposal) -> list[Difference]:
    """Return what a list says anew: first what no list of an honest platform takes back.

    Args:
        before: The earlier list; all is new beside None.
        after: The list.

    Raises:
        UntrustedBundle: The standards are not those that a list names.
    """
    new = decode_trust_list(after.payload)
    old = None if before is None else decode_trust_list(before.payload)
    old_standards = {} if before is None or old is None else _standards(old, before)
    found = [
        *_of_roots(old, new),
        *_of_keys(Owner.REGISTER, old.register_keys if old else (), new.register_keys),
        *_of_keys(Owner.LOG, old.log_keys if old else (), new.log_keys),
        *_of_keys(Owner.STATUS, old.status_keys if old else (), new.status_keys),
        *_of_organizations(old.organizations if old else (), new.organizations),
        *_of_standards(old_standards, _standards(new, after)),
    ]
    return sorted(found, key=lambda one: one.kind not in SUSPECT)


def _standards(trust_list: TrustList, proposal: Proposal) -> Mapping[tuple[str, str], Standard]:
    return decode_standards(trust_list, proposal.standards)


def _paired(
    before: Sequence[Item], after: Sequence[Item], key: Callable[[Item], Hashable]
) -> Iterator[tuple[Item | None, Item | None]]:
    """Yield what differs, as it was and as it is; None where it was not, or is no more.

    Of several with one key, which an honest list does not have, each is looked at.
    """
    was, now = _numbered(before, key), _numbered(after, key)
    for name in [*was, *(one for one in now if one not in was)]:
        if was.get(name) != now.get(name):
            yield was.get(name), now.get(name)


def _numbered(
    items: Sequence[Item], key: Callable[[Item], Hashable]
) -> dict[tuple[Hashable, int], Item]:
    """Return items by their key, and the how manyeth of that key each is."""
    found: dict[tuple[Hashable, int], Item] = {}
    counts: Counter[Hashable] = Counter()
    for item in items:
        name = key(item)
        found[name, counts[name]] = item
        counts[name] += 1
    return found


def _of_roots(old: TrustList | None, new: TrustList) -> Iterator[Difference]:
    was = () if old is None else old.roots.keys
    for key in new.roots.keys:
        if key not in was:
            yield Difference("root_new", {"key": key.hex()})
    for key in was:
        if key not in new.roots.keys:
            yield Difference("root_gone", {"key": key.hex()})
    if old is None or old.roots.threshold != new.roots.threshold:
        facts = {"threshold": new.roots.threshold, "count": len(new.roots.keys)}
        yield Difference("threshold", facts)


def _of_keys(
    owner: str, before: Sequence[ListedKey], after: Sequence[ListedKey]
) -> Iterator[Difference]:
    for was, now in _paired(before, after, lambda key: key.public_key):
        if now is None:
            yield Difference("key_gone", _key_facts(owner, was))
            continue
        facts = _key_facts(owner, now)
        if was is None:
            yield Difference("key_new", facts)
        elif (was.first_day, was.last_day) != (now.first_day, now.last_day):
            is_wider = now.first_day < was.first_day or _end(now) > _end(was)
            kind = "key_wider" if is_wider else "key_period"
            yield Difference(kind, {**facts, "before": _key_facts(owner, was)})
        earlier = None if was is None else was.compromised_day
        if now.compromised_day == earlier:
            continue
        if now.compromised_day is None:
            yield Difference("key_compromise_gone", facts)
        elif earlier is not None and earlier < now.compromised_day:
            yield Difference("key_compromise_later", {**facts, "before": days.to_date(earlier)})
        else:
            yield Difference("key_compromised", facts)


def _end(item: ListedKey | Entitlement) -> float:
    return inf if item.last_day is None else item.last_day


def _key_facts(owner: str, key: ListedKey | None) -> dict[str, object]:
    assert key is not None  # noqa: S101 - of a pair one is there
    return {
        "owner": owner,
        "kid": kid_of(key.public_key).hex(),
        "public_key": key.public_key,
        "first": days.to_date(key.first_day),
        "last": None if key.last_day is None else days.to_date(key.last_day),
        "since": None if key.compromised_day is None else days.to_date(key.compromised_day),
    }


def _of_organizations(
    before: Sequence[ListedOrganization], after: Sequence[ListedOrganization]
) -> Iterator[Difference]:
    for was, now in _paired(before, after, lambda organization: organization.code):
        found = now or was
        assert found is not None  # noqa: S101 - of a pair one is there
        facts = {
            "code": found.code,
            "name": found.name,
            "state": found.state,
            "since": days.to_date(found.state_since),
        }
        if now is None:
            yield Difference("organization_gone", facts)
            continue
        if was is None:
            yield Difference("organization_new", facts)
        else:
            if (was.state, was.state_since) != (now.state, now.state_since):
                is_back = was.has_left and not (now.has_left and now.state_since <= was.state_since)
                kind = "organization_back" if is_back else "organization_state"
                said = {"before": was.state, "before_since": days.to_date(was.state_since)}
                yield Difference(kind, {**facts, **said})
            for name in ("name", "name_en", "uscc"):
                values = getattr(was, name), getattr(now, name)
                if values[0] != values[1]:
                    said = {"before": values[0] or "–", "after": values[1] or "–"}
                    yield Difference(f"organization_{name}", {**facts, **said})
        yield from _of_keys(now.code, was.keys if was else (), now.keys)
        yield from _of_entitlements(now.code, was.entitlements if was else (), now.entitlements)


def _of_entitlements(
    code: str, before: Sequence[Entitlement], after: Sequence[Entitlement]
) -> Iterator[Difference]:
    def begun(entitlement: Entitlement) -> Hashable:
        return entitlement.certificate_name, entitlement.first_day

    for was, now in _paired(before, after, begun):
        found = now or was
        assert found is not None  # noqa: S101 - of a pair one is there
        facts = _entitlement_facts(code, found)
        if now is not None and was is not None:
            facts["before"] = _entitlement_facts(code, was)
        kind = "gone" if now is None else "new" if was is None else "changed"
        yield Difference(f"entitlement_{kind}", facts)


def _entitlement_facts(code: str, entitlement: Entitlement) -> dict[str, object]:
    last = entitlement.last_day
    return {
        "code": code,
        "certificate": entitlement.certificate_name,
        "levels": entitlement.levels,
        "standards": entitlement.standard_codes,
        "first": days.to_date(entitlement.first_day),
        "last": None if last is None else days.to_date(last),
    }


def _of_standards(
    before: Mapping[tuple[str, str], Standard], after: Mapping[tuple[str, str], Standard]
) -> Iterator[Difference]:
    def named(standard: Standard) -> Hashable:
        return standard.code, standard.version

    for was, now in _paired([*before.values()], [*after.values()], named):
        found = now or was
        assert found is not None  # noqa: S101 - of a pair one is there
        facts = {"code": found.code, "version": found.version, "name": found.name}
        kind = "gone" if now is None else "new" if was is None else "changed"
        yield Difference(f"standard_{kind}", {**facts, "outcomes": len(found.outcomes)})
