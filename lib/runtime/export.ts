/**
 * An execution as lines of JSON: what it is, every entry of its history, and a last line that says that there are no more. Read page by page,
 * so that a long history takes no more memory than a short one; its values are large one commit at a time.
 */
import { ExecutionDeletedError } from "../model/deletion-errors.js";
import type { Head, Parent } from "../model/head.js";
import type { HistoryEntry } from "../model/history-entry.js";
import { type Labels, labelsOf } from "../model/labels.js";
import type { ExecutionStatus } from "../model/status.js";
import { type Encoded, encodeThrown } from "../model/value.js";
import type { Store } from "../store/ports.js";
import { recordedEntries, startedEntry } from "./entries.js";
import { carriedTail } from "./history.js";
import { persistently } from "./persistently.js";
import { unlessLost } from "./values/payloads.js";
import { loadValue } from "./values/values.js";

/** Commits in memory at one time, without their large values. */
const COMMITS_AT_ONCE = 250;

/** The first line. Times are milliseconds since 1970, values as they are stored (`"$date"` and the like mark what JSON has no form for). */
export interface ExportedExecution extends Labels {
  readonly executionId: string;
  readonly workflow: string;
  readonly version?: string;
  /** Digest of the workflow's code at the start. */
  readonly definition: string;
  readonly status: ExecutionStatus;
  readonly createdAt: number;
  readonly startAt: number;
  readonly closedAt?: number;
  readonly deadline?: number;
  readonly startedBy?: string;
  readonly parent?: Parent;
  readonly origin?: NonNullable<Head["origin"]>;
  readonly continuedTo?: string;
  readonly compensation?: NonNullable<Head["compensation"]>;
  readonly input: Encoded;
  readonly output?: Encoded;
  /** What it ended with, or what it stands still over. */
  readonly error?: Encoded;
  /** What its code last set (`ctx.setState`). */
  readonly state?: Encoded;
}

/** The last line: without it the export was cut off. */
export interface ExportedEnd {
  /** How many history entries stand between the first line and this one. */
  readonly entries: number;
  /** Slots whose commits are gone, or can't be read. */
  readonly unread?: readonly number[];
}

/** One line of an export: the execution first, then its history, then how it ended. */
export type ExportLine =
  | { readonly execution: ExportedExecution }
  | HistoryEntry
  | { readonly end: ExportedEnd };

/** @throws ExecutionDeletedError */
export async function* exportLines(store: Store, head: Head): AsyncGenerator<ExportLine, void, void> {
  const { executionId, deletedAt } = head;
  if (deletedAt !== undefined) throw new ExecutionDeletedError(executionId, deletedAt);
  yield { execution: await exported(store, head) };
  yield await startedEntry(store, head);
  let entries = 1;
  const unread: number[] = [];
  const missing = (from: number, to: number): void => {
    for (let slot = from; slot <= to; slot++) unread.push(slot);
  };
  let slot = 0;
  for (let more = true; more; ) {
    const page = await persistently(() =>
      store.readCommits({ executionId, afterSlot: slot, limit: COMMITS_AT_ONCE }),
    );
    for (const commit of page.commits) {
      missing(slot + 1, commit.slot - 1);
      slot = commit.slot;
      for (const entry of await recordedEntries(store, executionId, [commit])) {
        entries += 1;
        yield entry;
      }
    }
    missing(slot + 1, page.upTo);
    slot = page.upTo;
    ({ more } = page);
  }
  missing(slot + 1, head.slot);
  const carried = { slot: head.tail?.slot ?? 0, events: carriedTail(head, Math.max(slot, head.slot)) };
  for (const entry of await recordedEntries(store, executionId, [carried])) {
    entries += 1;
    yield entry;
  }
  yield { end: { entries, ...(unread.length === 0 ? {} : { unread }) } };
}

async function exported(store: Store, head: Head): Promise<ExportedExecution> {
  const { executionId, version, closedAt, deadline, startedBy, parent, origin } = head;
  const { continuedTo, compensation, output, error, state } = head;
  const value = (stored: Head["input"]): Promise<Encoded> =>
    unlessLost(() => loadValue(store, executionId, stored), encodeThrown);
  return {
    executionId,
    workflow: head.workflow,
    ...(version === undefined ? {} : { version }),
    definition: head.definition,
    ...labelsOf(head),
    status: head.status,
    createdAt: head.createdAt,
    startAt: head.startAt,
    ...(closedAt === undefined ? {} : { closedAt }),
    ...(deadline === undefined ? {} : { deadline }),
    ...(startedBy === undefined ? {} : { startedBy }),
    ...(parent === undefined ? {} : { parent }),
    ...(origin === undefined ? {} : { origin }),
    ...(continuedTo === undefined ? {} : { continuedTo }),
    ...(compensation === undefined ? {} : { compensation }),
    input: await value(head.input),
    ...(output === undefined ? {} : { output: await value(output) }),
    ...(error === undefined ? {} : { error: await value(error) }),
    ...(head.stall === undefined ? {} : { error: head.stall.error }),
    ...(state === undefined ? {} : { state: await value(state) }),
  };
}
