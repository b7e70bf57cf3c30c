import { SettingMissingError } from "../aws/setting-missing-error.js";
import { ExecutionDeletedError } from "../model/deletion-errors.js";
import { CorruptHistoryError } from "../model/errors.js";
import type { Head, StoredValue } from "../model/head.js";
import { labelsOf } from "../model/labels.js";
import { eventIdOf } from "../model/message.js";
import { SealedValueError } from "../model/sealed-error.js";
import { decode, type ErrorClasses } from "../model/value.js";
import type { Outside } from "../runtime/outside.js";
import { loadValue } from "../runtime/values/values.js";
import { progressOf } from "./progress.js";
import { stoppedBy } from "./stopped.js";
import type { ExecutionDescription } from "./types.js";

/** Everything that the head tells, in a reader's words. */
export async function describeHead(
  outside: Outside,
  head: Head,
  classes: ErrorClasses,
): Promise<ExecutionDescription> {
  // What can't be read stands as the error that says so: whoever asks why an execution stands still must get an answer.
  const [input, output, error, state, stopped] = await Promise.all([
    orItsError(() => readValue(outside, head, head.input, classes)),
    orItsError(() => readValue(outside, head, head.output, classes)),
    orItsError(() => readError(outside, head, classes)),
    orItsError(() => readValue(outside, head, head.state, classes)),
    stoppedBy(outside, head),
  ]);
  const service = serviceOf(outside);
  return {
    executionId: head.executionId,
    workflow: head.workflow,
    ...(head.version === undefined ? {} : { version: head.version }),
    definition: head.definition,
    ...(head.pin === undefined ? {} : { pinnedTo: head.pin }),
    ...labelsOf(head),
    status: head.status,
    createdAt: new Date(head.createdAt),
    startAt: new Date(head.startAt),
    ...(head.closedAt === undefined ? {} : { closedAt: new Date(head.closedAt) }),
    ...(head.deletedAt === undefined ? {} : { deletedAt: new Date(head.deletedAt) }),
    input,
    ...(head.output === undefined ? {} : { output }),
    ...(error === undefined ? {} : { error }),
    ...(head.state === undefined ? {} : { state }),
    ...(head.parent === undefined ? {} : { parent: head.parent.executionId }),
    ...(head.origin === undefined ? {} : { origin: head.origin }),
    ...(head.continuedTo === undefined ? {} : { continuedTo: head.continuedTo }),
    ...(head.deadline === undefined ? {} : { deadline: new Date(head.deadline) }),
    ...(head.startedBy === undefined ? {} : { startedBy: eventIdOf(head.startedBy) }),
    waitCount: head.waitCount,
    waits: head.waits.map(({ name, key }) => ({ event: name, ...(key === undefined ? {} : { key }) })),
    ...(head.compensation === undefined ? {} : { compensation: head.compensation }),
    ...(service === undefined ? {} : { service }),
    ...(head.lease === undefined
      ? {}
      : { lease: { owner: head.lease.owner, until: new Date(head.lease.until) } }),
    ...stopped,
    progress: progressOf(
      head,
      outside.clock.now(),
      error === undefined ? undefined : `${error.name}: ${error.message}`,
    ),
  };
}

/** What is lost, or was deleted, is shown as the error that says so. */
async function orItsError<T>(read: () => Promise<T>): Promise<T | Error> {
  try {
    return await read();
  } catch (error) {
    const isTold =
      error instanceof CorruptHistoryError ||
      error instanceof ExecutionDeletedError ||
      error instanceof SealedValueError;
    if (isTold) return error;
    throw error;
  }
}

/** A client that publishes nothing need not have been told. */
function serviceOf(outside: Outside): string | undefined {
  try {
    return outside.service;
  } catch (error) {
    if (error instanceof SettingMissingError) return undefined;
    throw error;
  }
}

/** The stored value, read from its own item when it is large. Throws `CorruptHistoryError`, `ExecutionDeletedError`. */
export async function readValue(
  outside: Outside,
  head: Head,
  stored: StoredValue | undefined,
  classes: ErrorClasses,
): Promise<unknown> {
  if (stored === undefined) return undefined;
  if (head.deletedAt !== undefined && "payload" in stored)
    throw new ExecutionDeletedError(head.executionId, head.deletedAt);
  return decode(await loadValue(outside.store, head.executionId, stored), classes);
}

/** What it ended with, or what it stands still over. */
export async function readError(
  outside: Outside,
  head: Head,
  classes: ErrorClasses,
): Promise<Error | undefined> {
  const thrown =
    head.status === "stalled" && head.stall !== undefined
      ? decode(head.stall.error, classes)
      : await readValue(outside, head, head.error, classes);
  if (thrown === undefined) return undefined;
  return thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
}
