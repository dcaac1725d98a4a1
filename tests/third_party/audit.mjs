// Run all audits of graphql-http against a server; print those that are not passed, and a count.
import { auditServer } from "graphql-http";

const results = await auditServer({ url: process.argv[2] });
const failed = results.filter((result) => result.status !== "ok");
for (const { id, name, status, reason } of failed) console.log(status, id, name, reason);
console.log(`${results.length} audits, ${failed.length} not passed`);
process.exit(failed.length ? 1 : 0);
