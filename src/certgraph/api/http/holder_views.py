"""What a holder's page and a shared one show, gathered for their templates."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from markupsafe import Markup

from certgraph.api.context import Context
from certgraph.certificates.holders import queries
from certgraph.certificates.holders.entering import Holder
from certgraph.certificates.holders.links import sharing_url
from certgraph.certificates.holders.requests import text_of
from certgraph.certificates.holders.rules import LONGEST_SHARE, SHORTEST_SHARE
from certgraph.certificates.holders.tables import HolderRequestRow, SharingLinkRow
from certgraph.certificates.printed.selecting import is_printed
from certgraph.certificates.signing.batches import signed_bytes
from certgraph.certificates.tables import CertificateRow
from certgraph.credential import days
from certgraph.credential.qr_text import to_qr_text
from certgraph.credential.trust_bundle import Trust
from certgraph.credential.verification import verify_signed
from certgraph.credential.wording import level_word
from certgraph.database import Session
from certgraph.organizations import queries as organization_queries
from certgraph.organizations.tables import SigningKeyRow
from certgraph.problem_messages.terms import in_words
from certgraph.problems import refusal
from certgraph.randomness import random_token
from certgraph.standards import queries as standard_queries
from certgraph.verify_page.certificate_answer import answer_html


async def certificates_of(
    context: Context, rows: Sequence[CertificateRow], *, is_holder: bool = False
) -> list[dict[str, Any]]:
    """Return what is shown of certificates, to the holder or to others.

    Raises:
        Rejected: Before the first trust list.
    """
    trust = await context.trust_cache.trust()
    if trust is None:
        raise refusal("holder.not_ready")
    async with context.reads() as session:
        types = await standard_queries.certificate_types_by_ids(
            session, list({row.certificate_type_id for row in rows})
        )
        found = []
        for row in rows:
            shown = await _shown(context, session, row, trust, is_holder=is_holder)
            level = level_word(row.level, context.language)
            shown["title"] = f"{types[row.certificate_type_id].name} · {level}"
            found.append(shown)
        return found


async def _shown(
    context: Context,
    session: Session,
    row: CertificateRow,
    trust: Trust,
    *,
    is_holder: bool,
) -> dict[str, Any]:
    signed = await _signed(session, row)
    verification = verify_signed(signed, trust, days.to_instant(context.now))
    answer = answer_html(
        context.language,
        verification,
        trust,
        now=context.now,
        due_on=row.registration_due_on if row.registered_at is None else None,
        heading=f"v-{row.id}",
        is_holder=is_holder,
    )
    return {
        "id": row.id,
        "number": row.number,
        "verdict": Markup(answer),  # noqa: S704 - made and escaped there
        "qr_text": to_qr_text(signed, context.settings.public_host),
        "prints": is_printed(row),
    }


async def _signed(session: Session, row: CertificateRow) -> bytes:
    key = await session.get_one(SigningKeyRow, row.signing_key_id)
    return signed_bytes(row, key) or b""


async def qr_text_of(context: Context, row: CertificateRow) -> str:
    """Return the text of a certificate's QR code."""
    async with context.reads() as session:
        return await qr_text_in(session, context, row)


async def qr_text_in(session: Session, context: Context, row: CertificateRow) -> str:
    """Return the text of a certificate's QR code, over a connection that is in hand."""
    return to_qr_text(await _signed(session, row), context.settings.public_host)


async def mine(context: Context, holder: Holder) -> dict[str, Any]:
    """Return what a holder's page shows."""
    only = None
    async with context.reads() as session:
        links = await queries.sharing_links_of(session, holder.numbers, holder.only, context.now)
        counts = await queries.opening_counts(session, [link.id for link in links])
        shares = []
        for link in links:
            opened = await queries.latest_openings(session, link.id) if link.id in counts else ()
            share = _share(context, link, holder.numbers)
            shares.append({**share, "count": counts.get(link.id, 0), "openings": opened})
        requests = await queries.requests_of(session, holder.numbers)
        if holder.only is not None:
            found = await organization_queries.organizations_by_ids(session, [holder.only])
            only = found[holder.only].name
    return {
        "certificates": await certificates_of(context, holder.certificates, is_holder=True),
        "more": len(holder.numbers) - len(holder.certificates),
        "ends_at": holder.ends_at,
        "only": only,
        "key": random_token(context.random, 26),
        "shares": shares,
        "share_days": (SHORTEST_SHARE, LONGEST_SHARE),
        "requests": [_request(context, one, holder.numbers) for one in requests],
    }


def _share(context: Context, link: SharingLinkRow, numbers: Mapping[UUID, str]) -> dict[str, Any]:
    return {
        "id": link.id,
        "numbers": [numbers[id_] for id_ in sorted(link.certificate_ids)],
        "with_pdf": link.with_pdf,
        "created_at": link.created_at,
        "ends_at": link.ends_at,
        "revoked_at": link.revoked_at,
        "is_open": link.revoked_at is None and link.ends_at > context.now,
        "url": sharing_url(context.keyring, context.settings.pages_url, link.id),
    }


def _request(
    context: Context, request: HolderRequestRow, numbers: Mapping[UUID, str]
) -> dict[str, Any]:
    language = context.language
    return {
        "number": numbers[request.certificate_id],
        "kind": in_words(request.kind, language),
        "state": in_words(request.state, language),
        "asked_at": request.asked_at,
        "text": text_of(context.keyring, request.id, request.sealed_text) or "",
        "answer": request.answer,
        "answered_at": request.answered_at,
    }
