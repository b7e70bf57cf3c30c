/**
 * All that a `DurableClient` needs of AWS. In one module, which it imports when it connects: who only imports "holdfast" loads no SDK, and a function's
 * bundle is split at one place (docs/decisions/0033-bundles-in-parts.md).
 */
export { clientOutside, reachedBy } from "./client-outside.js";
export { invokeStart } from "./invoke-start.js";
export { functionOutside } from "./outside.js";
export { withCodec } from "./sealed-outside.js";
export { namesOfStack } from "./stack-names.js";
