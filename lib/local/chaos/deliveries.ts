/** What is delivered a second time, and what is killed while it works. */
import type { Targets } from "../targets.js";
import type { Chaos } from "./chaos.js";

/** Rules and schedules that deliver at least once: now and then twice. */
export const deliveringTwice = (
  targets: Targets,
  service: "eventbridge" | "scheduler",
  chaos: Chaos | undefined,
): Targets =>
  chaos === undefined
    ? targets
    : {
        ...targets,
        deliver: (targetArn, body) => {
          const reason = targets.deliver(targetArn, body);
          if (reason === undefined && chaos.happens(service, `deliver ${targetArn}`, ["twice"]) !== undefined)
            targets.deliver(targetArn, body);
          return reason;
        },
      };

/** Kills a process at some point of the time that its invocation is expected to take; gives back how to let it be. */
export type Killer = (kill: () => void, expectedMs: number) => () => void;

export const killerOf = (functionName: string, chaos: Chaos): Killer => {
  return (kill, expectedMs) => {
    const strike = chaos.strike("lambda", `run ${functionName}`, ["killed"]);
    if (strike === undefined) return () => {};
    const timer = setTimeout(() => {
      chaos.count("lambda", "killed");
      kill();
    }, strike.amount * expectedMs);
    return () => clearTimeout(timer);
  };
};
