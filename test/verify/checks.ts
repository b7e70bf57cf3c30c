/** All checks, in the order in which they run: `npm run verify:aws`. The page docs/verify-on-aws.md has a part for each. */
import { awsChecks } from "./aws-checks.js";
import type { Check } from "./check.js";
import { engineChecks } from "./engine-checks.js";
import { serviceChecks } from "./service-checks.js";

/** The denials are looked for last, when everything else has made its calls. */
export const CHECKS: readonly Check[] = [...engineChecks, ...serviceChecks, ...awsChecks];
