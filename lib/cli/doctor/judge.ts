/** What is found is judged here, and nowhere else: no call, no clock. */
import type { EpochMs } from "../../model/time.js";
import type { DeadLetterQueueName } from "../../runtime/dead-letters.js";
import { shownSpan } from "../format.js";
import type { Finding } from "./finding.js";

/** A signature is refused at five minutes; a lookback allows for one (PROTOCOL A5); timers are as late as clocks differ. */
const SKEW_NOTED_MS = 5_000;
const SKEW_WRONG_MS = 60_000;

/** The audit comes every five minutes and wakes what has been due for two: whoever is later than that was missed by both. */
export const LATE_MS = 10 * 60_000;

/** More wakes that wait for a worker than a worker without limits leaves waiting. */
const BACKLOG = 1_000;

const NODE_NEEDED: readonly [major: number, minor: number] = [20, 19];

export function judgeNode(version: string): Finding {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  const [needed, least] = NODE_NEEDED;
  const isEnough = major > needed || (major === needed && minor >= least);
  return {
    what: "Node.js",
    verdict: isEnough ? "ok" : "wrong",
    found: version,
    ...(isEnough ? {} : { next: `Install Node.js ${needed}.${least} or newer.` }),
  };
}

/** @param missing what is wrong with it, if anything is */
export function judgeJava(missing: string | undefined): Finding {
  return missing === undefined
    ? { what: "Java", verdict: "ok", found: "fit for holdfast dev" }
    : { what: "Java", verdict: "note", found: missing, next: "Only holdfast dev and tests need it." };
}

export function judgeStack(name: string, status: string): Finding {
  const what = `stack ${name}`;
  if (/FAILED|ROLLBACK_COMPLETE$/.test(status) && status !== "UPDATE_ROLLBACK_COMPLETE")
    return {
      what,
      verdict: "wrong",
      found: status,
      next: "Its last change failed: look at the stack's events, and deploy it again.",
    };
  if (status === "UPDATE_ROLLBACK_COMPLETE")
    return {
      what,
      verdict: "note",
      found: status,
      next: "The last deploy was undone; what was before it runs.",
    };
  if (status.endsWith("IN_PROGRESS"))
    return { what, verdict: "note", found: status, next: "Wait until it is done, and ask again." };
  return { what, verdict: "ok", found: status };
}

/** @param skewMs this machine's clock less the service's, exact to a second */
export function judgeClock(skewMs: number): Finding {
  const far = Math.abs(skewMs);
  const found =
    far < 1_500
      ? "agrees with the service's"
      : `${shownSpan(far)} ${skewMs > 0 ? "ahead of" : "behind"} the service's`;
  const next = "Set this machine's clock (NTP): signatures, delays and lookbacks depend on it.";
  if (far >= SKEW_WRONG_MS) return { what: "clock", verdict: "wrong", found, next };
  return { what: "clock", verdict: far >= SKEW_NOTED_MS ? "note" : "ok", found };
}

export interface TableFacts {
  readonly status: string;
  /** Of the stream's records; absent without a stream. */
  readonly stream?: string;
  /** Indexes that can't be asked yet. */
  readonly unready: readonly string[];
}

/** @param needsStream whether the relay reads its stream */
export function judgeTable(
  what: string,
  { status, stream, unready }: TableFacts,
  needsStream: boolean,
): Finding {
  if (status !== "ACTIVE")
    return {
      what,
      verdict: "wrong",
      found: status,
      next: "Wait until it is ACTIVE; a deploy may be at work.",
    };
  if (needsStream && (stream === undefined || !stream.startsWith("NEW")))
    return {
      what,
      verdict: "wrong",
      found: stream === undefined ? "it has no stream" : `its stream shows ${stream}`,
      next: "Outgoing events wait for the audit without it. Deploy the stack anew: DurableTables switches it on.",
    };
  if (unready.length > 0)
    return {
      what,
      verdict: "note",
      found: `indexes that are not ready: ${unready.join(", ")}`,
      next: "Listings lack what these hold until they are ACTIVE.",
    };
  return { what, verdict: "ok", found: needsStream ? "ACTIVE, its stream is on" : "ACTIVE" };
}

export interface QueueFacts {
  readonly waiting: number;
  readonly inFlight: number;
  readonly delayed: number;
}

export function judgeQueue(what: string, { waiting, inFlight, delayed }: QueueFacts): Finding {
  const found = `${waiting} waiting, ${inFlight} in flight, ${delayed} delayed`;
  return waiting < BACKLOG
    ? { what, verdict: "ok", found }
    : {
        what,
        verdict: "note",
        found,
        next: "Whether they are late is told by the executions that are overdue. Look at the function's concurrency and throttles.",
      };
}

export function judgeDeadLetters(
  queue: DeadLetterQueueName,
  count: number,
  oldestMs: number | undefined,
): Finding {
  const what = `dead letters: ${queue}`;
  if (count === 0) return { what, verdict: "ok", found: "none" };
  const found = `${count}${oldestMs === undefined ? "" : `, the oldest since ${shownSpan(oldestMs)}`}`;
  // The audit empties it by itself; who keeps dying is stalled by then.
  if (queue === "wakes")
    return { what, verdict: "note", found, next: "The audit looks after them within minutes." };
  return { what, verdict: "wrong", found, next: `holdfast dead-letters list --queue ${queue}` };
}

export interface MappingFacts {
  readonly state: string;
  readonly lastResult?: string;
}

export function judgeMappings(what: string, mappings: readonly MappingFacts[]): Finding {
  if (mappings.length === 0)
    return { what, verdict: "wrong", found: "nothing feeds it", next: "Deploy the stack anew." };
  const off = mappings.find(({ state }) => state !== "Enabled");
  if (off !== undefined)
    return {
      what,
      verdict: /ing$/.test(off.state) ? "note" : "wrong",
      found: `its event source mapping is ${off.state}`,
      next: "Switch it on again: aws lambda update-event-source-mapping --uuid <uuid> --enabled",
    };
  const ill = mappings.find(({ lastResult }) => lastResult?.startsWith("PROBLEM"));
  if (ill !== undefined)
    return { what, verdict: "wrong", found: ill.lastResult ?? "", next: "Look into the function's log." };
  return { what, verdict: "ok", found: "Enabled" };
}

/** @param since of the one that has been due for longest, among those that were looked at */
export function judgeOverdue(many: number, since: EpochMs | undefined, now: EpochMs): Finding {
  const what = "overdue executions";
  if (many === 0 || since === undefined) return { what, verdict: "ok", found: "none" };
  return {
    what,
    verdict: "wrong",
    found: `${many}, one since ${shownSpan(now - since)}`,
    next: `Neither wakes nor the audit moved them: look into the logs of worker and audit. holdfast list --due-before ${new Date(now - LATE_MS).toISOString()}`,
  };
}

export function judgeLost(many: number): Finding {
  const what = "executions whose worker is gone";
  return many === 0
    ? { what, verdict: "ok", found: "none" }
    : {
        what,
        verdict: "wrong",
        found: String(many),
        next: "Look into the log of the worker: its processes die.",
      };
}

export function judgeStalled(count: number): Finding {
  return count === 0
    ? { what: "stalled executions", verdict: "ok", found: "none" }
    : {
        what: "stalled executions",
        verdict: "wrong",
        found: `${count}: each waits for a person`,
        next: "holdfast list --status stalled, then holdfast show <id>, and after a fix: holdfast redrive --status stalled",
      };
}

/** That one fails is its workflow's business. */
export function judgeFailed(count: number): Finding {
  return count === 0
    ? { what: "failed executions", verdict: "ok", found: "none" }
    : {
        what: "failed executions",
        verdict: "note",
        found: String(count),
        next: "holdfast list --status failed",
      };
}

export function judgeOutbox(pending: readonly EpochMs[], givenUp: number, now: EpochMs): readonly Finding[] {
  const oldest = Math.min(...pending);
  const late = pending.length > 0 && now - oldest > LATE_MS;
  return [
    {
      what: "outgoing messages",
      verdict: late ? "wrong" : "ok",
      found:
        pending.length === 0
          ? "none on its way"
          : `${pending.length} on their way, the oldest since ${shownSpan(now - oldest)}`,
      ...(late ? { next: "holdfast outbox list says what keeps them" } : {}),
    },
    givenUp === 0
      ? { what: "given-up messages", verdict: "ok", found: "none" }
      : {
          what: "given-up messages",
          verdict: "wrong",
          found: String(givenUp),
          next: "holdfast outbox list --given-up",
        },
  ];
}
