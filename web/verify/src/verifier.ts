/** Verification without the page: for tests, and for whoever builds a page of their own. */

export { algorithms } from "./credential/algorithms";
export { findCodes } from "./credential/found_codes";
export { isHolder, normalizedDocumentNumber } from "./credential/holder_tag";
export { fromHex } from "./credential/encoding";
export { isSignedBy } from "./credential/signature";
export { openTrustBundle, reopenTrustBundle } from "./credential/trust_bundle";
export { CHECKS, stateOf, verify } from "./credential/verification";
