"""What the world's certificates are worth: proposals, records, answers, one conversion."""

from certgraph.credit_bank.feed.webhooks import register_webhook
from tests.server.conftest import House
from tests.server.credit_kit import (
    add_institution,
    answer,
    apply,
    draft,
    follow_all,
    numbers_where,
    publish_measure,
    publish_rule,
    recognized,
    submit,
    unit,
)


async def fill_credit_bank(house: House) -> None:
    """Recognize the outcomes of one level, propose another's, answer for records, convert one."""
    await add_institution(house, code="SCH-100")
    await publish_rule(house)
    await recognized(house)
    units = unit(1), unit(2, 25, content_codes=["1", "1.1"])
    await submit(house, await draft(house, *units, level=2, version="2022"))
    await follow_all(house)
    await publish_measure(house, ("KC-1", 20), ("KC-2", 10), institution="SCH-100")
    numbers = await numbers_where(house, "credits_tenths = 30 AND state = 'active'")
    for number, version in numbers.items():
        await answer(house, number, version)
    await apply(house, next(iter(numbers)), "KC-1", institution="SCH-100")
    hosts = house.environment(allowed_hosts={"bank.example.cn"})
    await house.perform(register_webhook, environment=hosts, url="https://bank.example.cn/feed")
