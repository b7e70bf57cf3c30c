/** What must be true when all is over, from what was seen alone: ends and histories, the ledger, the bus, the user's own table. */
import { wrongEffects, wrongUndoing } from "./effects.js";
import { wrongEnds } from "./ends.js";
import { type Evidence, performedIn } from "./evidence.js";
import { sentBy, wrongEvents, wrongMoney } from "./outside.js";
import { sleepsOf, wrongTimers } from "./timers.js";

export interface Account {
  readonly executions: number;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly takeovers: {
    readonly all: number;
    /** Of a turn that did not die, but failed. */
    readonly afterFailure: number;
  };
  readonly bodies: {
    /** Steps, transactions and compensations that histories record. */
    readonly recorded: number;
    readonly runs: number;
    /** Begun, and neither ended nor recorded as a failed attempt's. */
    readonly withoutEnd: number;
    readonly attemptsFailed: number;
  };
  readonly atMostOnce: {
    readonly steps: number;
    /** Their bodies threw. */
    readonly failed: number;
    /** Their processes died. */
    readonly interrupted: number;
    readonly neverRan: number;
  };
  readonly transactions: { readonly committed: number; readonly bodies: number };
  readonly compensations: number;
  readonly clocks: { readonly processes: number; readonly slowestMs: number; readonly fastestMs: number };
  readonly events: {
    /** Of the histories: each must be heard. */
    readonly sent: number;
    readonly heard: number;
    /** Heard again. */
    readonly copies: number;
  };
  readonly timers: {
    readonly fired: number;
    /** By true time, so that clocks that differ show. */
    readonly lateMs: Readonly<Record<"least" | "p50" | "p99" | "most", number>>;
  };
  /** What should not be, in words. */
  readonly wrong: readonly string[];
}

export function accountOf(evidence: Evidence): Account {
  const { ended, ledger, heard } = evidence;
  const events = ended.flatMap(({ history }) => history.map(({ event }) => event));
  const taken = events.flatMap((event) => (event.type === "LeaseTaken" ? [event] : []));
  const steps = ended.flatMap(performedIn);
  const once = steps.filter(({ op }) => op === "step:print");
  const told = ended.map(({ output }) => output?.printed);
  const ran = new Set(ledger.map(({ place }) => place));
  const processes = new Map(ledger.map(({ pid, skewMs }) => [pid, skewMs]));
  const known = new Set(heard.map(({ id }) => id));
  const late = sleepsOf(evidence)
    .flatMap(({ ms, trueMs }) => (trueMs === undefined ? [] : [trueMs - ms]))
    .sort((one, other) => one - other);
  const at = (part: number): number => late[Math.min(late.length - 1, Math.floor(late.length * part))] ?? 0;
  return {
    executions: ended.length,
    byStatus: countedBy(ended.map(({ status }) => status)),
    takeovers: { all: taken.length, afterFailure: taken.filter(({ failed }) => failed === true).length },
    bodies: {
      recorded: steps.length,
      runs: ledger.length,
      withoutEnd: ledger.filter(({ endedAt }) => endedAt === undefined).length,
      attemptsFailed: events.filter(({ type }) => type === "StepAttemptFailed").length,
    },
    atMostOnce: {
      steps: once.length,
      failed: told.filter((printed) => printed === "failed").length,
      interrupted: told.filter((printed) => printed === "interrupted").length,
      neverRan: once.filter(({ place }) => !ran.has(place)).length,
    },
    transactions: {
      committed: steps.filter(({ op, ok }) => ok && op.startsWith("transaction:")).length,
      bodies: ledger.filter(({ place }) => place.includes("/transaction:")).length,
    },
    compensations: steps.filter(({ op }) => op.startsWith("undo/")).length,
    clocks: {
      processes: processes.size,
      slowestMs: Math.min(0, ...processes.values()),
      fastestMs: Math.max(0, ...processes.values()),
    },
    events: { sent: sentBy(ended).size, heard: heard.length, copies: heard.length - known.size },
    timers: { fired: late.length, lateMs: { least: at(0), p50: at(0.5), p99: at(0.99), most: at(1) } },
    wrong: [
      ...wrongEnds(evidence),
      ...wrongEffects(evidence),
      ...wrongUndoing(evidence),
      ...wrongMoney(evidence),
      ...wrongEvents(evidence),
      ...wrongTimers(evidence),
    ],
  };
}

function countedBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
