// Check a certificate's COSE_Sign1 with @auth0/cose, given the bytes and the issuer's public key.
import { webcrypto } from "node:crypto";
import { Sign1 } from "@auth0/cose";

const [cose, publicKey] = process.argv.slice(2).map((hex) => Buffer.from(hex, "hex"));
const key = await webcrypto.subtle.importKey("raw", publicKey, { name: "Ed25519" }, true, ["verify"]);
await Sign1.decode(cose).verify(key);
console.log("verified");
