/** The context that workflow code holds: checks what it is asked for, and turns it into operations. It answers nothing itself (I2). */
import type { Context, Logger, StepOptions } from "../define/context.js";
import { COMPENSATION_RETRY, checkRetry, STEP_RETRY } from "../define/retry.js";
import { parseSync } from "../define/schema.js";
import { InvalidDefinitionError, PayloadTooLargeError } from "../model/errors.js";
import { LARGEST_DETAIL_BYTES } from "../model/outgoing.js";
import { checkStorable } from "../model/storable.js";
import { durationMs, type EpochMs, LONGEST_DURATION_MS, LONGEST_LOOKBACK_MS } from "../model/time.js";
import { randomFrom, uuidFrom } from "./deterministic.js";
import { type NewOperation, newStep } from "./operation.js";
import type { Scope } from "./path.js";

export type LogLevel = keyof Logger;

/** What the context needs of the replay that it belongs to. */
export interface Requests {
  readonly executionId: string;
  readonly scope: Scope;
  readonly startAt: EpochMs;
  readonly log: { write(level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void };
  now(): EpochMs;
  /** Throws when the call is misplaced (I14); false when the code may not run on (I10), and then must never be answered. */
  guard(operation: string): boolean;
  request(operation: NewOperation): Promise<unknown>;
}

/** Five minutes: longer than any bus delivery that is not an outage. */
const LOOKBACK_MS = 300_000;

/** Clocks of different functions differ; an event that came just before the wait by another clock must not be missed (PROTOCOL A5). */
const SKEW_MS = 60_000;

/** Awaited by code that may not go on: it is garbage-collected with the replay (I7: no exception runs through user code). */
const never = (): Promise<never> => new Promise(() => {});

/**
 * Asks, or rejects with what was wrong with the question. A workflow may well drop the promise: a rejection that nobody awaits must not end
 * the process (I13). No async function of ours stands between the operation's promise and the code: each would cost a replay its promises.
 */
function asking<T>(ask: () => Promise<unknown>): Promise<T> {
  try {
    // What is answered is what the operation's own types promise: the recorded result of that very body, event or timer.
    return ask() as Promise<T>;
  } catch (error) {
    const refused = Promise.reject<T>(error);
    refused.catch(() => {});
    return refused;
  }
}

export function makeContext(requests: Requests, workflow: string): Context {
  const { scope, executionId } = requests;

  const context: Context = {
    executionId,
    workflow,
    log: logger(requests),

    now() {
      requests.guard("now");
      return new Date(requests.now());
    },
    random() {
      requests.guard("random");
      return randomFrom(executionId, scope.draw());
    },
    uuid() {
      requests.guard("uuid");
      return uuidFrom(executionId, scope.draw());
    },

    step(name, body, options = {}) {
      return asking(() => {
        if (!requests.guard("step")) return never();
        checkStep(name, body, options);
        const { compensate, semantics, timeout } = options;
        const what = `step "${name}"`;
        const retry = checkRetry(options.retry, STEP_RETRY, what);
        const compensateRetry = checkRetry(
          options.compensateRetry,
          COMPENSATION_RETRY,
          `the compensation of ${what}`,
        );
        const atMostOnce = semantics === "at-most-once";
        return requests.request(
          newStep({
            path: scope.next("step", name),
            label: what,
            name,
            body,
            retry: atMostOnce ? { ...retry, maxAttempts: 1 } : retry,
            ...(timeout === undefined ? {} : { timeoutMs: durationMs(timeout) }),
            atMostOnce,
            ...(compensate === undefined
              ? {}
              : {
                  compensation: {
                    // The recorded result of the step's own body, which is what the types promise.
                    run: (recorded, step) => compensate.call(options, recorded as never, step),
                    retry: compensateRetry,
                  },
                }),
          }),
        );
      });
    },

    sleep(duration) {
      return asking(() => {
        if (!requests.guard("sleep")) return never();
        const dueAt = requests.now() + durationMs(duration);
        return requests.request({ kind: "sleep", path: scope.next("sleep", ""), label: "a sleep", dueAt });
      });
    },

    sleepUntil(instant) {
      return asking(() => {
        if (!requests.guard("sleepUntil")) return never();
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
        return requests.request({ kind: "sleep", path: scope.next("sleep", ""), label: "a sleep", dueAt });
      });
    },

    waitForEvent(event, options = {}) {
      return asking(() => {
        if (!requests.guard("waitForEvent")) return never();
        if (event?.kind !== "event") {
          throw new InvalidDefinitionError(
            "ctx.waitForEvent was given something that is no event. Expected what event(...) returns.",
          );
        }
        if ((event.key === undefined) !== (options.key === undefined)) {
          throw new InvalidDefinitionError(
            event.key === undefined
              ? `Event "${event.name}" declares no key, so a wait for it can't name one. Remove the wait's key, or declare event(name, { key }).`
              : `Event "${event.name}" declares a key, so a wait for it must name one. Expected ctx.waitForEvent(${event.name}, { key }).`,
          );
        }
        const now = requests.now();
        const timeoutMs = options.timeout === undefined ? undefined : durationMs(options.timeout);
        const lookbackMs = options.lookback === undefined ? LOOKBACK_MS : durationMs(options.lookback);
        if (lookbackMs > LONGEST_LOOKBACK_MS) {
          throw new InvalidDefinitionError(
            `A wait for event "${event.name}" asks for a lookback of ${JSON.stringify(options.lookback)}. Expected at most 1 day: older events are not kept. Begin the wait earlier, before the event can come.`,
          );
        }
        return requests.request({
          kind: "wait",
          path: scope.next("wait", event.name),
          label: `a wait for event "${event.name}"`,
          event: event.name,
          ...(options.key === undefined ? {} : { key: options.key }),
          ...(timeoutMs === undefined ? {} : { timeoutMs, deadline: now + timeoutMs }),
          since: Math.max(requests.startAt, now - lookbackMs) - SKEW_MS,
        });
      });
    },

    sendEvent(event, data) {
      return asking(() => {
        if (!requests.guard("sendEvent")) return never();
        if (event?.kind !== "event") {
          throw new InvalidDefinitionError(
            "ctx.sendEvent was given something that is no event. Expected what event(...) returns.",
          );
        }
        // Only checked: what is published is what the sender gave, and each receiver's schema makes of it what it needs.
        parseSync(event.schema, data, `The payload of event "${event.name}"`);
        return requests.request({
          kind: "send",
          path: scope.next("send", event.name),
          label: `sending event "${event.name}"`,
          event: event.name,
          detail: detailOf(event.name, data),
        });
      });
    },
  };
  return context;
}

function detailOf(name: string, data: unknown): string {
  const text = JSON.stringify(data);
  if (typeof data !== "object" || data === null || Array.isArray(data) || text === undefined) {
    throw new InvalidDefinitionError(
      `The payload of event "${name}" is not an object. EventBridge takes only JSON objects as an event's detail.`,
    );
  }
  const bytes = Buffer.byteLength(text);
  const what = `The payload of event "${name}"`;
  if (bytes > LARGEST_DETAIL_BYTES) throw new PayloadTooLargeError(what, bytes, LARGEST_DETAIL_BYTES);
  // In the commit it stands as text within text, which escapes may make longer than the bus's own limit.
  checkStorable(text, what);
  return text;
}

function checkStep(name: unknown, body: unknown, options: StepOptions<unknown>): void {
  // 256 bytes, as in AWS durable functions: names are in every history record, and some of them in keys.
  if (typeof name !== "string" || name === "" || Buffer.byteLength(name) > 256) {
    throw new InvalidDefinitionError(
      `ctx.step was given the name ${JSON.stringify(name)}. Expected text of 1 to 256 bytes.`,
    );
  }
  if (typeof body !== "function") {
    throw new InvalidDefinitionError(
      `Step "${name}" has no body. Expected ctx.step(name, async (step) => …, options).`,
    );
  }
  if (options.semantics === "at-most-once" && (options.retry?.maxAttempts ?? 1) > 1) {
    throw new InvalidDefinitionError(
      `Step "${name}" is at-most-once and asks for ${options.retry?.maxAttempts} attempts. At most once means one attempt: remove retry.maxAttempts, or use "at-least-once".`,
    );
  }
}

function logger(requests: Requests): Logger {
  const write =
    (level: LogLevel) =>
    (message: string, fields?: Readonly<Record<string, unknown>>): void =>
      requests.log.write(level, message, { executionId: requests.executionId, ...fields });
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}
