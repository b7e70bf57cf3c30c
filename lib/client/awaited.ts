/** What an execution awaits, in a reader's words. */
import type { Head, Outstanding } from "../model/head.js";
import { derivedChildId } from "../model/ids.js";
import type { EventPattern } from "../model/pattern/types.js";
import { isOpen } from "../model/status.js";
import { readPath } from "../replay/path.js";

/** Something that the code has asked for and has not got. */
export interface AwaitedOperation {
  /** `compensation`: a step that undoes another. */
  readonly kind:
    | "event"
    | "signal"
    | "callback"
    | "child"
    | "sleep"
    | "step"
    | "transaction"
    | "compensation";
  /** Of the event, the signal, the callback or the step; a child's workflow. A sleep has none. */
  readonly name?: string;
  /** Its path, as the history shows it: `saga/step:charge#2`. */
  readonly op: string;
  /** Of an event whose type declares a key. */
  readonly key?: string;
  /** The condition on an event's payload, where it has one and the head had room for it. */
  readonly where?: EventPattern;
  /** The child's own execution. */
  readonly childId?: string;
  /** Of a step that is to be tried again. */
  readonly failedAttempts?: number;
  /** When it comes to its end by itself, or is tried again. */
  readonly due?: Date;
}

export interface Awaiting {
  /**
   * What its code awaits: the first few, ten at most, in the order in which it asked for them. It is what the last turn left: of an execution
   * that is `running`, or whose turn is at work, it may be over. Empty for one that has not begun, has ended or is stalled.
   */
  readonly awaits: readonly AwaitedOperation[];
  /** How many there are. */
  readonly awaitCount: number;
}

export function awaitedBy(head: Head): Awaiting {
  const { executionId, waits, waitCount } = head;
  if (!isOpen(head.status)) return { awaits: [], awaitCount: 0 };
  // Before a release said more in the head, it named waits for events alone.
  const { first, count } = head.awaits ?? { first: waits, count: waitCount };
  // What is written with a head is read with it: the key of an event stands with the record of its wait.
  const keys = new Map(waits.map(({ op, key }) => [op, key]));
  return {
    awaits: first.map((one: Outstanding) => awaitedOperation(one, executionId, keys.get(one.op))),
    awaitCount: count,
  };
}

const KINDS: Readonly<Record<string, AwaitedOperation["kind"]>> = {
  wait: "event",
  signal: "signal",
  callback: "callback",
  child: "child",
  sleep: "sleep",
  transaction: "transaction",
  compensation: "compensation",
};

function awaitedOperation(
  { op, dueAt, attempts, childId, where }: Outstanding,
  executionId: string,
  key: string | undefined,
): AwaitedOperation {
  const { kind: asked, name } = readPath(op);
  const kind = KINDS[asked] ?? "step";
  return {
    kind,
    ...(name === undefined ? {} : { name }),
    op,
    ...(key === undefined ? {} : { key }),
    ...(where === undefined ? {} : { where: JSON.parse(where) as EventPattern }),
    ...(kind === "child" ? { childId: childId ?? derivedChildId(executionId, op) } : {}),
    ...(attempts === undefined ? {} : { failedAttempts: attempts }),
    ...(dueAt === undefined ? {} : { due: new Date(dueAt) }),
  };
}

/** For example `event "payment.completed" with key "o-1"`. */
export function inWords({ kind, name, key, where, childId }: AwaitedOperation): string {
  switch (kind) {
    case "event":
      return `event "${name}"${key === undefined ? "" : ` with key "${key}"`}${where === undefined ? "" : ` where ${JSON.stringify(where)}`}`;
    case "child":
      return `child "${childId}"`;
    case "compensation":
      return `the compensation of step "${name}"`;
    case "sleep":
      return "a sleep";
    default:
      return `${kind} "${name}"`;
  }
}

/** More would not be a sentence. */
const MOST_IN_A_SENTENCE = 3;

/** What a message can move; empty where nothing of that is known. */
export function messagesIn({ awaits, awaitCount }: Awaiting): string {
  const known = awaits.filter(({ kind }) => ["event", "signal", "callback", "child"].includes(kind));
  const named = known.slice(0, MOST_IN_A_SENTENCE).map(inWords);
  const others = known.length - named.length + awaitCount - awaits.length;
  if (named.length === 0 || others === 0) return named.join(" or ");
  return `${named.join(" or ")} or ${others} ${others === 1 ? "other" : "others"}`;
}

/** What is tried again then. */
export function triedAgainAt({ awaits }: Awaiting, dueAt: number): AwaitedOperation | undefined {
  return awaits.find(({ failedAttempts, due }) => failedAttempts !== undefined && due?.getTime() === dueAt);
}
