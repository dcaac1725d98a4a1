"""Read a certificate's QR image and check its signature with two COSE libraries of others.

Runs in an environment of its own, knows nothing of certgraph, and gets nothing but the image and
the issuer's public key. Prints the certificate number and holder that both found.
"""

import json
import sys

import cbor2
import zxingcpp
from cwt import COSE, COSEKey
from PIL import Image
from pycose.keys import OKPKey
from pycose.keys.curves import Ed25519
from pycose.messages import Sign1Message

image, public_key = sys.argv[1], bytes.fromhex(sys.argv[2])
(barcode,) = zxingcpp.read_barcodes(Image.open(image))
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
certificate = cbor2.loads(by_cwt)[-65537]
print(json.dumps({"number": certificate[1], "holder": certificate[2], "cose": cose.hex()}))
