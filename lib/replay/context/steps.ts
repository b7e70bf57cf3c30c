import type { Context, StepOptions } from "../../define/context.js";
import { COMPENSATION_RETRY, checkRetry, STEP_RETRY } from "../../define/retry.js";
import { InvalidDefinitionError } from "../../model/errors.js";
import { checkOperationName } from "../../model/ids.js";
import { durationMs } from "../../model/time.js";
import { newStep, type StepWork } from "../operation.js";
import { asking, type Site } from "./site.js";

export function steps(site: Site): Pick<Context, "step" | "transaction"> {
  const { requests, branch } = site;
  const ask = <Result>(
    kind: "step" | "transaction",
    name: string,
    work: StepWork,
    options: StepOptions<Result>,
  ): Promise<Result> =>
    asking(site, kind, () => {
      checkStep(kind, name, work.run, options);
      const { compensate, semantics, timeout, heartbeat } = options;
      const what = `${kind} "${name}"`;
      const retry = checkRetry(options.retry, STEP_RETRY, what);
      const atMostOnce = semantics === "at-most-once";
      const step = newStep({
        path: branch.scope.next(kind, name),
        label: what,
        name,
        work,
        retry: atMostOnce ? { ...retry, maxAttempts: 1 } : retry,
        timeoutMs: timeout === undefined ? undefined : durationMs(timeout),
        heartbeatMs: heartbeat === undefined ? undefined : durationMs(heartbeat),
        atMostOnce,
        compensation: compensate && {
          // The recorded result of the step's own body, which is what the types promise.
          run: (recorded, context) => compensate.call(options, recorded as Result, context),
          retry: checkRetry(options.compensateRetry, COMPENSATION_RETRY, `the compensation of ${what}`),
        },
      });
      return requests.request(step, branch);
    });
  return {
    step: (name, body, options = {}) => ask("step", name, { kind: "body", run: body }, options),
    transaction: (name, body, options = {}) =>
      ask("transaction", name, { kind: "transaction", run: body }, options),
  };
}

function checkStep(
  kind: "step" | "transaction",
  name: unknown,
  body: unknown,
  options: StepOptions<never>,
): void {
  checkOperationName(`ctx.${kind}`, name);
  if (typeof body !== "function") {
    const parameter = kind === "step" ? "step" : "tx";
    throw new InvalidDefinitionError(
      `${kind === "step" ? "Step" : "Transaction"} "${name}" has no body. Expected ctx.${kind}(name, async (${parameter}) => …, options).`,
    );
  }
  if (options.semantics === "at-most-once" && (options.retry?.maxAttempts ?? 1) > 1) {
    throw new InvalidDefinitionError(
      `Step "${name}" is at-most-once and asks for ${options.retry?.maxAttempts} attempts. At most once means one attempt: remove retry.maxAttempts, or use "at-least-once".`,
    );
  }
}
