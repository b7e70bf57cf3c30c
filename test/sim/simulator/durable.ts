/** What was durable of an execution at any place of a trace. */
import type { Tail } from "../../../lib/model/head.js";
import type { HistoryEvent } from "../../../lib/model/history-event.js";
import type { Commit, SettleRequest } from "../../../lib/store/ports.js";
import type { BegunBody, MadeCall, Trace } from "./trace.js";

/** The commit that a call appended, if it did. */
export function appendedBy({ name, args, reply }: MadeCall): Commit | undefined {
  const commit = args[0] as Commit;
  if (name === "store.appendCommit") return Object(reply).appended === true ? commit : undefined;
  if (name === "store.commitTransaction") return Object(reply).outcome === "appended" ? commit : undefined;
  return undefined;
}

export function settledBy({ name, args, reply }: MadeCall): SettleRequest | undefined {
  return name === "store.settle" && Object(reply).settled === true ? (args[0] as SettleRequest) : undefined;
}

/** A body, and the history that was durable when it began. */
export interface Begun {
  readonly body: BegunBody;
  readonly durable: readonly HistoryEvent[];
  /** Somebody had asked for it to go on, and that was not in history yet. */
  readonly resumed: boolean;
}

/** @param all ids: a child's begins with its parent's, and what belongs to the one does not belong to the other */
export function begunBodies({ entries }: Trace, executionId: string, all: readonly string[]): Begun[] {
  const isOf = (key: string, id: string): boolean => key.startsWith(`${id}/`);
  const isOwn = (key: string): boolean =>
    isOf(key, executionId) && !all.some((id) => id.length > executionId.length && isOf(key, id));
  const commits = new Map<number, Commit>();
  let tail: Tail | undefined;
  const begun: Begun[] = [];
  const resumes = new Set<string>();
  for (const entry of entries) {
    if (entry.kind === "body" && isOwn(entry.key)) {
      const durable = historyOf([...commits.values()], tail);
      const known = new Set(durable.flatMap((event) => ("messageId" in event ? [event.messageId] : [])));
      begun.push({ body: entry, durable, resumed: [...resumes].some((id) => !known.has(id)) });
    }
    if (entry.kind !== "call") continue;
    const { kind, id } = Object(entry.args[1]);
    if (entry.name === "store.appendMessage" && entry.args[0] === executionId && kind === "resume")
      resumes.add(id);
    const commit = appendedBy(entry);
    if (commit?.executionId === executionId) commits.set(commit.slot, commit);
    const settled = settledBy(entry);
    if (settled?.executionId === executionId) tail = settled.tail;
  }
  return begun;
}

function historyOf(commits: readonly Commit[], tail: Tail | undefined): HistoryEvent[] {
  const inOrder = [...commits].sort((one, other) => one.slot - other.slot);
  const last = inOrder.at(-1)?.slot ?? 0;
  const events = inOrder.flatMap((commit) => commit.events);
  return tail !== undefined && tail.slot > last ? [...events, ...tail.events] : events;
}
