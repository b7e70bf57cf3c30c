/** Starting by a client: directly where the workflow's code is at hand, by the deployment's start function where only its name is. */
import { randomUUID } from "node:crypto";
import type { Reach } from "../aws/client-outside.js";
import type { StartAnswer } from "../aws/starting.js";
import { app } from "../define/app.js";
import type { AnyWorkflow } from "../define/workflow.js";
import { labelsOf } from "../model/labels.js";
import type { PlainError } from "../model/plain.js";
import { durationMs } from "../model/time.js";
import type { ErrorClasses } from "../model/value.js";
import type { Outside } from "../runtime/outside.js";
import { startExecution } from "../runtime/start.js";
import { watch } from "../runtime/watch.js";
import { readError, readValue } from "./describe.js";
import { given } from "./given.js";
import { DEFAULT_WAIT, type StartedExecution, type StartOptions } from "./types.js";

export async function startHere(
  outside: Outside,
  workflows: readonly AnyWorkflow[],
  workflow: string,
  input: unknown,
  options: StartOptions,
  classes: ErrorClasses,
): Promise<StartedExecution> {
  const { id, onConflict, delay, wait } = given("client.start", options);
  const waitMs = wait === undefined ? undefined : durationMs(wait === true ? DEFAULT_WAIT : wait);
  const { head, created } = await startExecution(outside, app({ workflows }), {
    workflow,
    input,
    ...(id === undefined ? {} : { id }),
    ...(onConflict === undefined ? {} : { onConflict }),
    ...(delay === undefined ? {} : { delayMs: durationMs(delay) }),
    ...labelsOf(options),
  });
  const { executionId } = head;
  if (waitMs === undefined) return { executionId, status: head.status, created };
  const reached = await watch(outside, executionId, outside.clock.now() + waitMs);
  const output = await readValue(outside, reached, reached.output, classes);
  const error = await readError(outside, reached, classes);
  return {
    executionId,
    status: reached.status,
    created,
    ...(reached.output === undefined ? {} : { output }),
    ...(error === undefined ? {} : { error }),
  };
}

export async function startByFunction(
  startFunction: string,
  reach: Reach,
  workflow: string,
  input: unknown,
  options: StartOptions,
): Promise<StartedExecution> {
  const { id = randomUUID(), ...others } = given("client.start", options);
  const { invokeStart, reachedBy } = await import("../aws/for-clients.js");
  const { error, ...answer }: StartAnswer = await invokeStart(
    startFunction,
    { workflow, input, id, ...others },
    reachedBy(reach.environment),
  );
  return error === undefined ? answer : { ...answer, error: fromPlain(error) };
}

/** An error as the start function tells it: its name, message and own fields. */
function fromPlain({ name, message, ...fields }: PlainError): Error {
  return Object.assign(new Error(message), fields, { name });
}
