import type { Context } from "../../define/context.js";
import { InvalidDefinitionError } from "../../model/errors.js";
import { durationMs, LONGEST_DURATION_MS } from "../../model/time.js";
import { asking, type Site } from "./site.js";

export function time(site: Site): Pick<Context, "now" | "sleep" | "sleepUntil"> {
  const { requests, branch } = site;
  const sleepTo = (dueAt: number): Promise<unknown> =>
    requests.request(
      { kind: "sleep", path: branch.scope.next("sleep", ""), label: "a sleep", dueAt },
      branch,
    );
  return {
    now() {
      requests.guard(branch, "now");
      return new Date(requests.now());
    },
    sleep: (duration) => asking(site, "sleep", () => sleepTo(requests.now() + durationMs(duration))),
    sleepUntil: (instant) =>
      asking(site, "sleepUntil", () => {
        const dueAt = instant instanceof Date ? instant.getTime() : Number.NaN;
        if (Number.isNaN(dueAt)) {
          throw new InvalidDefinitionError(
            `ctx.sleepUntil was given ${String(instant)}. Expected a valid Date.`,
          );
        }
        // The limit of every duration. `now` is recorded, so a replay refuses what was refused, and nothing else.
        if (dueAt - requests.now() > LONGEST_DURATION_MS) {
          throw new InvalidDefinitionError(
            `ctx.sleepUntil was given ${new Date(dueAt).toISOString()}, which is more than 366 days away. Expected a nearer instant: sleep in stages, or check how the date was computed.`,
          );
        }
        return sleepTo(dueAt);
      }),
  };
}
