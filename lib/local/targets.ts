/** Where rules and schedules send to: queues and functions of this cloud, by ARN. */
import { parseArn } from "./arn.js";
import type { AsyncInvocations } from "./lambda/async-invocations.js";
import type { Functions } from "./lambda/functions.js";
import type { Queues } from "./sqs/queues.js";

export interface Targets {
  /** Delivers, or says in a sentence why that is impossible. A function is invoked asynchronously. */
  deliver(targetArn: string, body: string): string | undefined;
  /** Whether there is such a target at all, for a check when a template is read. */
  missing(targetArn: string): string | undefined;
}

export const targetsOf = (queues: Queues, functions: Functions, asynchronous: AsyncInvocations): Targets => {
  const missing = (targetArn: string): string | undefined => {
    const target = parseArn(targetArn);
    switch (target.kind) {
      case "queue":
        return queues.find(target.name) === undefined ? `there is no queue "${target.name}"` : undefined;
      case "function":
        return functions.find(qualified(target)) === undefined
          ? `there is no function "${qualified(target)}"`
          : undefined;
      default:
        return `the local cloud delivers to queues and functions only, not to "${targetArn}"`;
    }
  };
  return {
    missing,
    deliver: (targetArn, body) => {
      const reason = missing(targetArn);
      if (reason !== undefined) return reason;
      const target = parseArn(targetArn);
      if (target.kind === "queue") {
        const queue = queues.find(target.name);
        if (queue !== undefined) queues.send(queue, body);
      } else if (target.kind === "function") asynchronous.accept(qualified(target), body);
      return undefined;
    },
  };
};

const qualified = ({ name, qualifier }: { readonly name: string; readonly qualifier?: string }): string =>
  qualifier === undefined ? name : `${name}:${qualifier}`;
