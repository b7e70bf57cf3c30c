/** What the worker has beside what all functions have: its own code as it was deployed before. */
import { ownCode } from "./code-name.js";
import { deployments } from "./deployments.js";
import { once } from "./once.js";
import { type AwsOutside, functionOutside } from "./outside.js";

export const workerOutside: () => AwsOutside = once(() => ({
  ...functionOutside(),
  deployments: deployments(ownCode(process.env)),
}));
