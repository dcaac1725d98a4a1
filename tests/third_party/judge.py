"""Read a certificate's QR image and check its signature with two COSE libraries of others.

Runs in an environment of its own, knows nothing of certgraph, and gets nothing but the image, the
issuer's and the register's public keys. Prints the certificate number and holder that both found.

The register's countersignature (RFC 9338, header 12) is checked with cbor2 and cryptography: cwt
3.3 appends the other fields flat, not as an array (section 3.3), and pycose does not know it.
"""

import json
import sys

import cbor2
import zxingcpp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cwt import COSE, COSEKey
from PIL import Image
from pycose.keys import OKPKey
from pycose.keys.curves import Ed25519
from pycose.messages import Sign1Message

image, public_key = sys.argv[1], bytes.fromhex(sys.argv[2])
register_key = bytes.fromhex(sys.argv[3])
(barcode,) = zxingcpp.read_barcodes(Image.open(image), formats=zxingcpp.BarcodeFormat.QRCode)
number = int(barcode.text.partition("#")[2])
cose = number.to_bytes((number.bit_length() + 7) // 8, "big")

kid = cbor2.loads(cbor2.loads(cose).value[0])[4]
by_cwt = COSE.new().decode(cose, COSEKey.new({1: 1, 2: kid, 3: -8, -1: 6, -2: public_key}))

message = Sign1Message.decode(cose)
message.key = OKPKey(crv=Ed25519, x=public_key)
if not message.verify_signature():
    sys.exit("pycose: the signature does not match")
if message.payload != by_cwt:
    sys.exit("pycose and cwt read different payloads")
protected, unprotected, payload, signature = cbor2.loads(cose).value
structure = ["CounterSignature0V2", protected, b"", payload, [signature]]
register = Ed25519PublicKey.from_public_bytes(register_key)
register.verify(unprotected[12], cbor2.dumps(structure))  # raises InvalidSignature
certificate = cbor2.loads(by_cwt)[-65537]
print(json.dumps({"number": certificate[1], "holder": certificate[2], "cose": cose.hex()}))
