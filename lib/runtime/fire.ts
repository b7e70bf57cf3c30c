/**
 * A schedule's firing becomes an execution, or does not. Written in this order: the cancel of the one before, the schedule's record, the
 * execution. Whoever dies between two of them leaves the message, and its next delivery goes on from what it finds.
 */
import { type Before, decideFiring } from "../decide/firing.js";
import type { App } from "../define/app.js";
import { parse } from "../define/schema.js";
import { ExecutionDeletedError } from "../model/deletion-errors.js";
import { ExecutionConflictError } from "../model/errors.js";
import {
  type Firing,
  type FiringMessage,
  firingExecutionId,
  type Overlap,
  scheduleKey,
  startedByFiring,
} from "../model/firing.js";
import type { Head } from "../model/head.js";
import { digest } from "../model/ids.js";
import type { Message } from "../model/message.js";
import { isClosed } from "../model/status.js";
import { storable } from "../model/storable.js";
import type { EpochMs } from "../model/time.js";
import { decode, type Encoded, encode } from "../model/value.js";
import type { FiringRecord } from "../store/ports.js";
import { create } from "./create.js";
import { deliverMessage } from "./messages/accept.js";
import type { Outside } from "./outside.js";
import { persistently } from "./persistently.js";
import { checkSame } from "./same-start.js";
import { startExecution } from "./start.js";
import type { Limits } from "./turn/work.js";

export interface Fired {
  readonly outcome: "started" | "skipped" | "decided before" | "not declared";
  /** The one that it starts; of a skipped firing the one that is still open. */
  readonly executionId: string;
}

/** What the firing's schedule says, from the message or from the code. */
interface Told {
  readonly overlap: Overlap;
  readonly input: unknown;
}

/** Of two processes that decide at the same time one goes on; more than a few at once are no schedule's. */
const TRIES = 5;

/** So many reads a firing has for the chain of the one before: a few seconds. The next firing goes on from there; a chain that is longer has not ended for it. */
const LINKS = 500;

/**
 * @param inline runs the first turn here
 * @throws UnknownWorkflowError, InvalidInputError, UnencodableValueError, PayloadTooLargeError,
 *   ExecutionConflictError: the message belongs in the dead-letter queue
 */
export async function fire(
  outside: Outside,
  app: App,
  message: FiringMessage,
  inline?: () => { readonly owner: string; readonly limits: Limits },
): Promise<Fired> {
  const { scheduledAt } = message;
  const key = scheduleKey(message);
  const executionId = firingExecutionId(message, scheduledAt);
  const told = toldOf(app, message);
  if (told === undefined) {
    outside.log.write(
      "warn",
      "A firing starts nothing: its workflow does not declare the schedule (any more).",
      {
        ...{ workflow: message.workflow, schedule: message.schedule },
      },
    );
    return { outcome: "not declared", executionId };
  }
  const workflow = app.workflow(message.workflow);
  const what = `The input of workflow "${workflow.name}"`;
  // Before anything is written: what can't start must neither cancel the one before, nor count as the firing before the next one.
  const input = storable(await parse(workflow.input, told.input, what), what);

  const start = async (): Promise<Fired> => {
    const request = {
      workflow: workflow.name,
      input: told.input,
      id: executionId,
      startedBy: startedByFiring(executionId),
    };
    try {
      await startExecution(outside, app, request, inline?.());
    } catch (error) {
      if (!(await wasStartedBefore(outside, executionId, error))) throw error;
    }
    return { outcome: "started", executionId };
  };

  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const record = await persistently(() => outside.store.readFirings(key));
    const now = outside.clock.now();
    const firing = { scheduledAt, executionId, overlap: told.overlap };
    const action = await decideFiring(firing, record, now, (known) => standing(outside, known));
    switch (action.do) {
      case "repeat": {
        const there = await persistently(() => outside.store.readHead(executionId));
        if (there !== undefined || record === undefined || (await save(outside, renewing(record, now))))
          return start();
        continue;
      }
      case "start":
        return start();
      case "repeat if there": {
        const there = await persistently(() => outside.store.readHead(executionId));
        if (there !== undefined) return start();
        outside.log.write(
          "info",
          "A firing starts nothing: it was decided on before, or came after a later one.",
          {
            ...{ workflow: workflow.name, schedule: message.schedule, executionId },
          },
        );
        return { outcome: "decided before", executionId };
      }
      case "skip": {
        if (record === undefined || !(await save(outside, skipping(record, scheduledAt, action.latest))))
          continue;
        const { executionId: open } = record.started;
        outside.log.write("info", "A firing starts nothing: the execution of the one before is still open.", {
          ...{ workflow: workflow.name, schedule: message.schedule, open, skipped: record.skipped + 1 },
        });
        return { outcome: "skipped", executionId: open };
      }
      case "begin": {
        await checkFree(outside, executionId, workflow.name, input);
        if (action.cancel !== undefined && record !== undefined)
          await cancel(outside, action.cancel, record, executionId);
        const started = { scheduledFor: scheduledAt, workflow: workflow.name, executionId, at: now };
        if (await save(outside, beginning(key, record?.revision ?? 0, started))) return start();
      }
    }
  }
  throw new Error(
    `The record of schedule "${key}" changed ${TRIES} times while a firing was decided on; the message comes again.`,
  );
}

/** Throws {@link ExecutionConflictError} where the firing's id is that of somebody else's execution. */
async function checkFree(
  outside: Outside,
  executionId: string,
  workflow: string,
  input: Encoded,
): Promise<void> {
  const there = await persistently(() => outside.store.readHead(executionId));
  if (there === undefined || there.startedBy === startedByFiring(executionId)) return;
  await checkSame(outside.store, there, workflow, input);
}

/** Undefined for a schedule that the code does not declare. */
function toldOf(app: App, message: FiringMessage): Told | undefined {
  const { schedule, scheduledAt } = message;
  const firing: Firing = { schedule, scheduledAt: new Date(scheduledAt).toISOString() };
  if (message.by === "client") {
    const { overlap, input } = message;
    return { overlap, input: input === undefined ? firing : decode(input, app.errors) };
  }
  const declared = app.workflows.get(message.workflow)?.schedules?.find(({ name }) => name === schedule);
  return declared && { overlap: declared.overlap, input: declared.inputFor(firing) };
}

function beginning(schedule: string, before: number, started: FiringRecord["started"]): FiringRecord {
  return { schedule, decidedFor: started.scheduledFor, started, skipped: 0, revision: before + 1 };
}

function skipping(record: FiringRecord, decidedFor: number, latest: string): FiringRecord {
  const further = latest === record.started.executionId ? {} : { latest };
  return { ...record, ...further, decidedFor, skipped: record.skipped + 1, revision: record.revision + 1 };
}

function renewing(record: FiringRecord, at: EpochMs): FiringRecord {
  return { ...record, started: { ...record.started, at }, revision: record.revision + 1 };
}

async function save(outside: Outside, record: FiringRecord): Promise<boolean> {
  return (await persistently(() => outside.store.saveFirings(record))).saved;
}

/** Along the chain of those that it was continued as, from where a firing before has found it. */
async function standing(outside: Outside, { started, latest }: FiringRecord): Promise<Before> {
  const read = (id: string) => persistently(() => outside.store.readHead(id));
  let executionId = latest ?? started.executionId;
  let head = await read(executionId);
  // What was there once was deleted since.
  if (head === undefined) return { stands: latest === undefined ? "missing" : "ended", executionId };
  for (let links = 0; links < LINKS; links += 1) {
    if (head.continuedTo === undefined)
      return { stands: isClosed(head.status) ? "ended" : "open", executionId };
    const next: Head | undefined = await read(head.continuedTo);
    // A successor that is not there is about to be created, or was deleted with its chain.
    if (next === undefined) return { stands: head.deletedAt === undefined ? "open" : "ended", executionId };
    executionId = head.continuedTo;
    head = next;
  }
  return { stands: "open", executionId };
}

/**
 * What is not there yet is created as cancelled: whoever is about to create it finds it closed (as with children, PROTOCOL B2).
 * @param latest of the chain of the one before; those after it get the message from it
 */
async function cancel(
  outside: Outside,
  latest: string,
  { started }: FiringRecord,
  by: string,
): Promise<void> {
  const { executionId, workflow } = started;
  const message: Message = {
    kind: "cancel",
    id: "cancel",
    at: outside.clock.now(),
    by,
    reason: "its schedule came round again",
  };
  const { outcome } = await deliverMessage(outside, latest, message);
  if (outcome !== "missing" || latest !== executionId) return;
  const { created } = await create(outside, {
    executionId,
    workflow: { name: workflow, definition: "" },
    input: { inline: encode(undefined) },
    createdAt: outside.clock.now(),
    startedBy: startedByFiring(executionId),
    closed: "cancelled",
    createToken: digest(`${executionId}\ncancelled`, 22),
  });
  if (!created) await deliverMessage(outside, executionId, message);
}

/** By a delivery before: with an input that is made in another way now, or cancelled before it was there; or it is being deleted. */
async function wasStartedBefore(outside: Outside, executionId: string, error: unknown): Promise<boolean> {
  if (error instanceof ExecutionDeletedError) return true;
  if (!(error instanceof ExecutionConflictError)) return false;
  const head = await persistently(() => outside.store.readHead(executionId));
  return head?.startedBy === startedByFiring(executionId);
}
