/** What the worker has beside what all functions have: its own code as it was deployed before. Lambda's client is loaded for the first wake of such. */
import type { Deployments } from "../runtime/outside.js";
import { ownCode } from "./code-name.js";
import { type AwsOutside, functionOutside, once } from "./outside.js";

export const workerOutside: () => AwsOutside = once(() => ({
  ...functionOutside(),
  deployments: lazyDeployments(ownCode(process.env)),
}));

function lazyDeployments(own: string | undefined): Deployments {
  const load = once(async () => {
    const { deployments } = await import("./deployments.js");
    return deployments(own);
  });
  return {
    ...(own === undefined ? {} : { own }),
    handOver: async (...handed) => (await load()).handOver(...handed),
  };
}
