"""Draw the README's picture: a certificate's QR code beside what a verifier says about it."""

import re
import sys
from html import escape
from pathlib import Path

TOP = Path(__file__).parents[1]
sys.path.insert(0, str(TOP))

from certgraph.certificates.qr_image import draw_qr
from certgraph.credential.verification import verify
from certgraph.credential.wording import words_for
from tests.credential import kit

CASES = (
    (kit.claims(holder_name="张示例"), "#1a7f37"),
    (
        kit.claims(holder_name="王演示", number="3H8N-6CWY-0ZRD", status_index=kit.REVOKED_INDEX),
        "#b42318",
    ),
)
FONT = "font-family=\"system-ui, 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif\""


def card(index: int) -> str:
    """Return one certificate and its verdict."""
    claims, colour = CASES[index]
    text = kit.qr_text(claims)
    result = verify(text, kit.TRUST, now=kit.NOW)
    path = re.search(rb'<path d="([^"]+)"', draw_qr(text).svg)
    if path is None:
        sys.exit("the QR code has no path")
    modules = 17 + 4 * draw_qr(text).version + 8
    zh, en = words_for(result, "zh"), words_for(result, "en")
    lines = [
        (46, 24, "700", colour, f"{'✔' if index == 0 else '✘'} {zh.title}"),
        (76, 15, "400", "#333", zh.line),
        (104, 15, "700", colour, en.title),
        (126, 14, "400", "#333", en.line),
        (164, 15, "400", "#555", f"{claims.holder_name} · {claims.certificate_name} · 中级"),
        (188, 13, "400", "#777", f"{claims.number} · 测试培训评价组织 · {claims.issued_on}"),
    ]
    words = "".join(
        f'<text x="250" y="{y}" font-size="{size}" font-weight="{weight}" fill="{fill}" {FONT}>'
        f"{escape(line)}</text>"
        for y, size, weight, fill, line in lines
    )
    return (
        f'<g transform="translate(0 {index * 240})">'
        f'<rect x="6" y="6" width="888" height="226" rx="14" fill="#fff" stroke="{colour}"/>'
        f'<g transform="translate(16 14) scale({208 / modules:.4f})">'
        f'<path d="{path[1].decode()}" fill="#000"/></g>{words}</g>'
    )


def main() -> None:
    """Write docs/images/verdicts.svg."""
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 478" role="img" '
        'aria-label="Two QR certificates: one valid, one revoked">'
        f"{card(0)}{card(1)}</svg>\n"
    )
    (TOP / "docs/images/verdicts.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
