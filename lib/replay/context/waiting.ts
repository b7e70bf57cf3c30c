import type { Context, WaitOptions } from "../../define/context.js";
import type { AnyEventType } from "../../define/event.js";
import { callbackToken } from "../../model/callback-token.js";
import { InvalidDefinitionError, InvalidInputError } from "../../model/errors.js";
import { checkOperationName } from "../../model/ids.js";
import { callbackSubject, eventSubject, signalSubject } from "../../model/message.js";
import { issueOf, PatternError, readWhere, type Where } from "../../model/pattern/where.js";
import { shown } from "../../model/shown.js";
import { type Duration, durationMs, LONGEST_LOOKBACK_MS } from "../../model/time.js";
import { asking, never, type Site } from "./site.js";

/** Five minutes: longer than any bus delivery that is not an outage. */
const LOOKBACK_MS = 300_000;

/** Clocks of different functions differ; an event that came just before the wait by another clock must not be missed (PROTOCOL A5). */
const SKEW_MS = 60_000;

export function waiting(site: Site): Pick<Context, "waitForEvent" | "waitForSignal" | "callback"> {
  const { requests, branch } = site;
  return {
    waitForEvent: (event, options = {}) =>
      asking(site, "waitForEvent", () => {
        checkWait(event, options);
        const { name } = event;
        const { key } = options;
        const where = options.where === undefined ? undefined : readCondition(name, options.where);
        const lookbackMs = options.lookback === undefined ? LOOKBACK_MS : durationMs(options.lookback);
        if (lookbackMs > LONGEST_LOOKBACK_MS) {
          throw new InvalidDefinitionError(
            `A wait for event "${name}" asks for a lookback of ${shown(options.lookback)}. Expected at most 1 day: older events are not kept. Begin the wait earlier, before the event can come.`,
          );
        }
        const since = Math.max(requests.startAt, requests.now() - lookbackMs) - SKEW_MS;
        return requests.request(
          {
            kind: "wait",
            path: branch.scope.next("wait", name),
            label: `a wait for event "${name}"${where === undefined ? "" : ` where ${where.text}`}`,
            subject: eventSubject(name, key),
            awaited: {
              kind: "event",
              name,
              ...(key === undefined ? {} : { key }),
              since,
              ...(where === undefined ? {} : { where }),
            },
            heartbeatAt: requests.now(),
            ...limit(site, options.timeout),
          },
          branch,
        );
      }),

    waitForSignal: (name, options = {}) =>
      asking(site, "waitForSignal", () => {
        checkOperationName("ctx.waitForSignal", name);
        return requests.request(
          {
            kind: "wait",
            path: branch.scope.next("signal", name),
            label: `a wait for signal "${name}"`,
            subject: signalSubject(name),
            awaited: { kind: "signal", name },
            heartbeatAt: requests.now(),
            ...limit(site, options.timeout),
          },
          branch,
        );
      }),

    callback(name, options = {}) {
      // Its token is needed at once, so what is wrong with it is thrown at once.
      checkOperationName("ctx.callback", name);
      const heartbeatMs = options.heartbeat === undefined ? undefined : durationMs(options.heartbeat);
      if (!requests.guard(branch, "callback")) return { token: "", promise: never() };
      const op = branch.scope.next("callback", name);
      const heartbeat = heartbeatMs === undefined ? {} : { heartbeatMs };
      const promise = requests.request(
        {
          kind: "wait",
          path: op,
          label: `callback "${name}"`,
          subject: callbackSubject(op),
          awaited: { kind: "callback", name },
          heartbeatAt: requests.now(),
          ...heartbeat,
          ...limit(site, options.timeout),
        },
        branch,
      );
      const token = callbackToken({ executionId: requests.executionId, op, ...heartbeat });
      // What it is completed with is not checked against its type anywhere: the caller says what it is.
      return { token, promise: promise as Promise<never> };
    },
  };
}

function limit(
  { requests }: Site,
  timeout: Duration | undefined,
): { readonly timeoutMs?: number; readonly deadline?: number } {
  if (timeout === undefined) return {};
  const timeoutMs = durationMs(timeout);
  return { timeoutMs, deadline: requests.now() + timeoutMs };
}

/** Throws `InvalidInputError` that names the place which can't be judged. */
function readCondition(name: string, where: unknown): Where {
  try {
    return readWhere(where);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    throw new InvalidInputError(`The condition of a wait for event "${name}"`, [issueOf(error)]);
  }
}

function checkWait(event: AnyEventType, options: Pick<WaitOptions, "key">): void {
  if (event?.kind !== "event") {
    throw new InvalidDefinitionError(
      "ctx.waitForEvent was given something that is no event. Expected what event(...) returns.",
    );
  }
  if ((event.key === undefined) === (options.key === undefined)) return;
  throw new InvalidDefinitionError(
    event.key === undefined
      ? `Event "${event.name}" declares no key, so a wait for it can't name one. Remove the wait's key, or declare event(name, { key }).`
      : `Event "${event.name}" declares a key, so a wait for it must name one. Expected ctx.waitForEvent(${event.name}, { key }).`,
  );
}
