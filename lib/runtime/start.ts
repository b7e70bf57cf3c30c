/**
 * Starting an execution: check everything, then one conditional write, with the wake that carries it sent in
 * parallel, never only after.
 */
import type { App } from "../define/app.js";
import { parse } from "../define/schema.js";
import { ExecutionDeletedError } from "../model/deletion-errors.js";
import { ExecutionConflictError } from "../model/errors.js";
import type { Head } from "../model/head.js";
import { checkExecutionId, digest } from "../model/ids.js";
import { checkedLabels, type Labels, labelsOf } from "../model/labels.js";
import { isClosed } from "../model/status.js";
import { storable } from "../model/storable.js";
import type { EpochMs } from "../model/time.js";
import type { Wake } from "../model/wake.js";
import { arm } from "./arm.js";
import { create } from "./create.js";
import { recordDefinition } from "./definitions.js";
import type { Outside } from "./outside.js";
import { persistently } from "./persistently.js";
import { checkSame } from "./same-start.js";
import { LEASE_SLACK_MS } from "./turn/handle-wake.js";
import { ownCreated } from "./turn/own.js";
import { runTurn } from "./turn/turn.js";
import type { Limits } from "./turn/work.js";
import { storeValue } from "./values/values.js";

export interface StartRequest extends Labels {
  readonly workflow: string;
  readonly input: unknown;
  readonly id?: string;
  readonly delayMs?: number;
  /** The bus event that starts it. */
  readonly startedBy?: string;
  /** When the workflow or the input of an existing execution differs, `ExecutionConflictError`; `"fail"` throws it for any existing one. */
  readonly onConflict?: "return" | "fail";
}

export interface Started {
  readonly head: Head;
  /** False when it existed already. */
  readonly created: boolean;
}

/** A wake that finds no execution is put back for a minute in all (`decide/wake.ts`), and then dropped. Where the write took longer, another is sent. */
const LATE_MS = 60_000;

/**
 * Creates the execution, or finds the one that a start before created, and sees to it that a wake is on its way.
 * @param inline runs the first turn here, under this request's id
 * @throws UnknownWorkflowError, InvalidInputError, PayloadTooLargeError, ExecutionConflictError: nothing was written
 * @throws ExecutionDeletedError for the id of an execution that is being deleted; of one that was continued, its head stays, and is found
 */
export async function startExecution(
  outside: Outside,
  app: App,
  request: StartRequest,
  inline?: { readonly owner: string; readonly limits: Limits },
): Promise<Started> {
  const workflow = app.workflow(request.workflow);
  const executionId = request.id === undefined ? outside.token() : checkExecutionId(request.id);
  const what = `The input of workflow "${workflow.name}"`;
  const input = storable(await parse(workflow.input, request.input, what), what);

  const labels = checkedLabels({ ...workflow.labels, ...labelsOf(request) });

  const now = outside.clock.now();
  const startAt = now + (request.delayMs ?? 0);
  const stored = await storeValue(outside.store, executionId, "input", input);
  const leaseToken = outside.token();
  // Which code a pinned one runs on is the worker's to say.
  const runsHere = inline !== undefined && startAt <= now && workflow.pinned !== true;
  const lease = runsHere
    ? { owner: inline.owner, token: leaseToken, until: inline.limits.deadline + LEASE_SLACK_MS }
    : undefined;
  const createToken = outside.token();

  const wake: Wake =
    lease === undefined
      ? { executionId, reason: "start", ...(startAt > now ? { dueAt: startAt } : {}) }
      : { executionId, reason: "insurance", dueAt: lease.until };
  const [result] = await Promise.all([
    create(outside, {
      executionId,
      workflow,
      input: stored,
      createdAt: now,
      startAt,
      ...labels,
      startedBy: request.startedBy,
      lease,
      createToken,
    }),
    arm(outside, wake),
    recordDefinition(outside, workflow),
  ]);

  if (!result.created) {
    const { deletedAt, status } = result.head;
    if (deletedAt !== undefined && status !== "continued")
      throw new ExecutionDeletedError(executionId, deletedAt);
    if (request.onConflict === "fail")
      throw new ExecutionConflictError(executionId, `created at ${instant(result.head.createdAt)}`);
    await checkSame(outside.store, result.head, workflow.name, input);
    // The start before may have died between its write and its wake, which this one's own wake replaces only when it is due at the same time.
    const dueAt = Math.max(now, result.head.startAt);
    const isCarried = lease === undefined && startAt === dueAt;
    if (!isCarried && !isClosed(status)) await arm(outside, { executionId, reason: "start", dueAt });
    return { head: result.head, created: false };
  }
  const isLate = outside.clock.now() - Math.max(now, startAt) > LATE_MS;
  if (!runsHere && isLate) await arm(outside, { executionId, reason: "start" });
  if (!runsHere) return { head: result.head, created: true };
  await runTurn(outside, app, ownCreated(result.head, leaseToken), inline.limits);
  const head = await persistently(() => outside.store.readHead(executionId));
  return { head: head ?? result.head, created: true };
}

/** The execution that a bus event starts: the same event starts the same one, however often it is delivered. */
export function executionIdFor(workflowName: string, eventId: string): string {
  return `${workflowName.replaceAll(/[^A-Za-z0-9._-]/g, "-")}-${digest(eventId, 22)}`;
}

function instant(at: EpochMs): string {
  return new Date(at).toISOString();
}
