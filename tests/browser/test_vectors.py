"""The page's verifier gives Python's answer on every vector, by WebCrypto and in JavaScript."""

import json
from pathlib import Path
from random import Random

import pytest

from certgraph.credential.claims import encode_claims
from certgraph.credential.qr_text import from_qr_text
from certgraph.credential.signature import UnsafeKey, is_signed_by, load_public_key
from certgraph.credential.verification import verify
from tests.credential import kit

VECTORS = Path(__file__).parents[1] / "credential/vectors"
BUILD = json.loads(
    (Path(__file__).parents[2] / "src/certgraph/verify_page/built/build.json").read_text()
)
NO_ED25519 = """
const importKey = crypto.subtle.importKey.bind(crypto.subtle);
crypto.subtle.importKey = (format, key, algorithm, ...rest) =>
  algorithm === 'Ed25519'
    ? Promise.reject(new DOMException('', 'NotSupportedError'))
    : importKey(format, key, algorithm, ...rest);
"""
NO_INFLATING = "delete globalThis.DecompressionStream;"
PREPARE = """
const v = await import(args[0]);
const by = await v.algorithms();
if (by.name !== args[1]) throw new Error(by.name);
const seconds = (time) => Math.floor(Date.parse(time) / 1000);
const roots = (one) => ({threshold: one.root_threshold, keys: one.root_keys.map(v.fromHex)});
"""


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def load_all(folder):
    return {path.stem: load(path) for path in sorted((VECTORS / folder).glob("*.json"))}


@pytest.fixture(params=["webcrypto", "javascript", "javascript, old kernel"])
def ask(request, page):
    """Ask the verifier that the page ships."""
    if request.param != "webcrypto":
        page.before_pages(NO_ED25519)
    if "old" in request.param:
        page.before_pages(NO_INFLATING)
    page.open()
    name = request.param.partition(",")[0]

    def asked(script, *arguments):
        return page.run_async(PREPARE + script, f"/v/{BUILD['verifier']}", name, *arguments)

    return asked


def test_each_case_gets_its_verdict_at_its_check(ask):
    cases = load_all("cases")
    found = ask(
        """
        const trust = await v.openTrustBundle(
          v.fromHex(args[2].bundle), roots(args[2]), by, seconds(args[2].opened_at));
        const found = {};
        for (const [name, one] of Object.entries(args[3])) {
          const {verdict, decisive, reason, ...result} =
            await v.verify(one.qr_text, trust, by, seconds(one.now));
          const states = v.CHECKS.map((check) => v.stateOf({verdict, ...result}, check));
          found[name] = {verdict, check: decisive, reason, states};
        }
        return found;""",
        load(VECTORS / "trust.json"),
        cases,
    )
    for result in found.values():
        states = result.pop("states")
        all_passed = set(states) == {"passed"}
        assert all_passed == (result["verdict"] in ("valid", "valid_as_of"))
    assert found == {name: case["expect"] for name, case in cases.items()}


def test_each_bundle_is_taken_or_refused(ask):
    bundles = load_all("bundles")
    found = ask(
        """
        const found = {};
        for (const [name, one] of Object.entries(args[2])) {
          const open = (data, held) =>
            v.openTrustBundle(v.fromHex(data), roots(one), by, seconds(one.now), held);
          const held = one.held ? await open(one.held) : undefined;
          found[name] = await open(one.bundle, held).then(() => null, (error) => error.reason);
        }
        return found;""",
        bundles,
    )
    assert found == {name: bundle["expect"]["reason"] for name, bundle in bundles.items()}


def test_codes_are_found_in_what_people_paste_and_typed_documents_are_read_alike(ask):
    texts, documents = load(VECTORS / "texts.json"), load(VECTORS / "documents.json")
    found, compared = ask(
        "return [args[2].map(v.findCodes), args[3].map(v.normalizedDocumentNumber)];",
        [one["text"] for one in texts],
        [one["typed"] for one in documents],
    )
    wanted = [{key: one[key] for key in ("codes", "others", "words")} for one in texts]
    assert found == wanted
    assert compared == [one["compared"] for one in documents]


def is_good(public_key, signature, message):
    try:
        key = load_public_key(bytes.fromhex(public_key))
    except UnsafeKey:
        return False
    return is_signed_by(key, bytes.fromhex(signature), bytes.fromhex(message))


SIGNATURES = [
    (group["publicKey"]["pk"], test["sig"], test["msg"])
    for group in load(VECTORS / "wycheproof/ed25519_test.json")["testGroups"]
    for test in group["tests"]
] + [
    (case["public_key"], case["signature"], case["message"])
    for case in load(VECTORS / "ed25519_edge_cases.json")["cases"]
]


def test_signatures_at_the_edges_get_one_answer(ask):
    found = ask(
        """
        const found = [];
        for (const parts of args[2]) found.push(await v.isSignedBy(by, ...parts.map(v.fromHex)));
        return found;""",
        SIGNATURES,
    )
    assert found == [is_good(*parts) for parts in SIGNATURES]
    assert found.count(True) > 80


def edited(text, random):
    """Return the QR text of a certificate with one to three random edits, some signed anew."""
    signed = bytearray(from_qr_text(text))
    for _ in range(random.randint(1, 3)):
        at = random.randrange(len(signed))
        how = random.randrange(4)
        if how == 0:
            signed[at] ^= 1 << random.randrange(8)
        elif how == 1:
            signed[at] = random.choice((0x00, 0x17, 0x18, 0x40, 0x58, 0x7F, 0x80, 0xA0, 0xFF))
        elif how == 2:
            del signed[at]
        else:
            signed.insert(at, random.randrange(256))
    return kit.to_qr_text(bytes(signed), kit.HOST)


def edited_payload(random):
    """Return the QR text of a well signed and countersigned payload with random edits."""
    payload = bytearray(encode_claims(kit.claims(outcomes=kit.FIVE_OUTCOMES)))
    for _ in range(random.randint(0, 2)):
        payload[random.randrange(len(payload))] = random.randrange(256)
    register = random.choice((kit.REGISTER, kit.RETIRED_REGISTER, kit.ISSUER, None))
    return kit.to_qr_text(kit.signed_payload(bytes(payload), register=register), kit.HOST)


def test_edited_certificates_get_one_answer(ask):
    random = Random(15)
    base = kit.qr_text(kit.claims(holder_tag=b"ab"))
    texts = [edited(base, random) for _ in range(300)]
    texts += [edited_payload(random) for _ in range(300)]
    content = load(VECTORS / "trust.json")
    found = ask(
        """
        const trust = await v.openTrustBundle(
          v.fromHex(args[2].bundle), roots(args[2]), by, seconds(args[2].opened_at));
        const found = [];
        for (const text of args[3]) {
          const {verdict, decisive, reason} = await v.verify(text, trust, by, seconds(args[4]));
          found.push([verdict, decisive, reason]);
        }
        return found;""",
        content,
        texts,
        kit.NOW.isoformat(),
    )
    expected = [verify(text, kit.TRUST, now=kit.NOW) for text in texts]
    assert found == [[one.verdict, one.decisive, one.reason] for one in expected]
    assert len({tuple(one) for one in found}) >= 15
