// A certified provider of OpenID Connect, which a test starts: node provider.mjs PORT REDIRECT_URI
// Anybody is who they say they are; nothing else is lenient.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import Provider from "oidc-provider";

const [port, redirectUri] = process.argv.slice(2);
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const provider = new Provider(`http://localhost:${port}`, {
  clients: [
    {
      client_id: "certgraph",
      client_secret: process.env.CLIENT_SECRET,
      redirect_uris: [redirectUri],
      post_logout_redirect_uris: [],
    },
  ],
  cookies: { keys: [randomBytes(32).toString("hex")] },
  jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), kid: "1", use: "sig", alg: "RS256" }] },
  findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  pkce: { required: () => true },
});
provider.listen(Number(port), "localhost");
