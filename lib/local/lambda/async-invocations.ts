/**
 * Asynchronous invocations: accepted at once, run in the background, retried as AWS does. They are kept
 * with the cloud's state, so that an accepted one is not lost by a restart.
 *
 * | attempt failed     | then                                                          |
 * |--------------------|---------------------------------------------------------------|
 * | retries are left   | again after 1 minute, then after 2 (scaled time)              |
 * | none are left      | to the on-failure destination, else to the function's DLQ,    |
 * |                    | else dropped with a notice, as AWS drops it without one       |
 */
import { randomUUID } from "node:crypto";
import { arn, parseArn } from "../arn.js";
import type { Chaos } from "../chaos/chaos.js";
import { type Clock, timerAt } from "../clock.js";
import { tryParseJson } from "../json.js";
import type { Notify } from "../notices.js";
import type { Queues } from "../sqs/queues.js";
import type { FunctionError } from "./bootstrap.js";
import type { Functions } from "./functions.js";

export interface AsyncSettings {
  readonly retries: number;
  readonly maxAgeSeconds: number;
  readonly onFailureArn?: string;
  readonly deadLetterArn?: string;
}

export const ASYNC_DEFAULTS: AsyncSettings = { retries: 2, maxAgeSeconds: 6 * 60 * 60 };

export interface PendingInvocation {
  readonly requestId: string;
  readonly functionName: string;
  readonly payload: string;
  readonly attempt: number;
  readonly acceptedAtMs: number;
  readonly dueAtMs: number;
}

export type AfterFailure =
  | { readonly action: "retry"; readonly dueAtMs: number }
  | { readonly action: "give-up"; readonly condition: "RetriesExhausted" | "EventAgeExceeded" };

/** The table above, as a decision. */
export const afterFailure = (
  pending: PendingInvocation,
  settings: AsyncSettings,
  nowMs: number,
): AfterFailure => {
  if (pending.attempt > settings.retries) return { action: "give-up", condition: "RetriesExhausted" };
  const dueAtMs = nowMs + (pending.attempt === 1 ? 60_000 : 120_000);
  if (dueAtMs > pending.acceptedAtMs + settings.maxAgeSeconds * 1000)
    return { action: "give-up", condition: "EventAgeExceeded" };
  return { action: "retry", dueAtMs };
};

export interface AsyncDeps {
  readonly clock: Clock;
  readonly functions: Functions;
  readonly queues: Queues;
  readonly notify: Notify;
  readonly changed: () => void;
  readonly chaos: Chaos | undefined;
}

export class AsyncInvocations {
  private readonly pending = new Map<string, PendingInvocation>();
  private readonly timers = new Map<string, { cancel(): void }>();
  private readonly settings = new Map<string, AsyncSettings>();
  private stopped = false;

  constructor(private readonly deps: AsyncDeps) {}

  configure(functionName: string, settings: Partial<AsyncSettings>): void {
    this.settings.set(functionName, { ...this.settingsOf(functionName), ...settings });
  }

  accept(functionName: string, payload: string): string {
    const nowMs = this.deps.clock.now();
    const pending = { functionName, payload, attempt: 1, acceptedAtMs: nowMs, dueAtMs: nowMs };
    const requestId = randomUUID();
    this.schedule({ requestId, ...pending });
    if (this.deps.chaos?.happens("lambda", `accept ${functionName}`, ["twice"]) !== undefined)
      this.schedule({ requestId: randomUUID(), ...pending });
    return requestId;
  }

  resume(saved: readonly PendingInvocation[]): void {
    for (const pending of saved) this.schedule(pending);
  }

  save(): readonly PendingInvocation[] {
    return [...this.pending.values()];
  }

  stop(): void {
    this.stopped = true;
    for (const timer of this.timers.values()) timer.cancel();
  }

  private schedule(pending: PendingInvocation): void {
    this.pending.set(pending.requestId, pending);
    this.deps.changed();
    if (this.stopped) return;
    this.timers.set(
      pending.requestId,
      timerAt(this.deps.clock, pending.dueAtMs, () => void this.run(pending)),
    );
  }

  private async run(pending: PendingInvocation): Promise<void> {
    this.timers.delete(pending.requestId);
    const pool = this.deps.functions.find(pending.functionName);
    if (pool === undefined) {
      this.deps.notify(
        "warning",
        `An invocation of ${pending.functionName} was dropped: the function is gone.`,
      );
      return this.forget(pending);
    }
    const outcome = await pool.invoke(pending.payload, pending.requestId);
    if (outcome.ok) return this.forget(pending);
    // A process that we killed while stopping is no verdict on the event: it stays pending.
    if (this.stopped) return;
    const settings = this.settingsOf(pending.functionName);
    const next = afterFailure(pending, settings, this.deps.clock.now());
    if (next.action === "retry")
      return this.schedule({ ...pending, attempt: pending.attempt + 1, dueAtMs: next.dueAtMs });
    this.giveUp(pending, settings, next.condition, outcome.error);
    this.forget(pending);
  }

  private giveUp(
    pending: PendingInvocation,
    settings: AsyncSettings,
    condition: string,
    error: FunctionError,
  ): void {
    const target = parseArn(settings.onFailureArn ?? settings.deadLetterArn ?? "");
    const queue = target.kind === "queue" ? this.deps.queues.find(target.name) : undefined;
    if (queue === undefined) {
      this.deps.notify(
        "warning",
        `An asynchronous invocation of ${pending.functionName} failed ${pending.attempt} times and was dropped, as it has no queue for failures: ${error.errorType}: ${error.errorMessage}`,
      );
      return;
    }
    if (settings.onFailureArn === undefined) {
      this.deps.queues.send(queue, pending.payload, {
        RequestID: { DataType: "String", StringValue: pending.requestId },
        ErrorCode: { DataType: "Number", StringValue: "200" },
        ErrorMessage: { DataType: "String", StringValue: error.errorMessage.slice(0, 1024) || "-" },
      });
      return;
    }
    this.deps.queues.send(queue, JSON.stringify(this.failureRecord(pending, condition, error)));
  }

  private failureRecord(pending: PendingInvocation, condition: string, error: FunctionError): object {
    return {
      version: "1.0",
      timestamp: new Date(this.deps.clock.now()).toISOString(),
      requestContext: {
        requestId: pending.requestId,
        functionArn: `${arn.lambda(pending.functionName)}:$LATEST`,
        condition,
        approximateInvokeCount: pending.attempt,
      },
      // A rule's constant input need not be JSON.
      requestPayload: tryParseJson(pending.payload) ?? pending.payload,
      responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
      responsePayload: error,
    };
  }

  private settingsOf(functionName: string): AsyncSettings {
    return this.settings.get(functionName) ?? ASYNC_DEFAULTS;
  }

  private forget(pending: PendingInvocation): void {
    this.pending.delete(pending.requestId);
    this.deps.changed();
  }
}
