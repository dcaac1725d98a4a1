/** Asks the platform's register, while online, by number and digest alone. */

import type { RegisterEntry, SignedCertificate } from "../credential/register";
import { fetched } from "./network";

const PATIENCE = 5_000;
/** Certificates that the service answers for at once. */
const AT_ONCE = 100;
const QUERY =
  "query ($asked: [SignedCertificateInput!]!) " +
  "{ registerEntries(certificates: $asked) { state registrationDueOn } }";

/** Return what the register says, in the same order; raises where the service does not answer. */
export async function askRegister(asked: SignedCertificate[]): Promise<RegisterEntry[]> {
  const entries: RegisterEntry[] = [];
  for (let at = 0; at < asked.length; at += AT_ONCE) {
    entries.push(...(await answered(asked.slice(at, at + AT_ONCE))));
  }
  return entries;
}

function answered(asked: SignedCertificate[]): Promise<RegisterEntry[]> {
  const how = {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ query: QUERY, variables: { asked } }),
  };
  return fetched("graphql", how, PATIENCE, async (answer) => {
    const { data } = (await answer.json()) as { data: { registerEntries: RegisterEntry[] } };
    return data.registerEntries;
  });
}
