/** The deployed code that open executions run on: how many still need which, and how one of them is moved on. */
import { NEXT_CODE } from "../model/head.js";
import { NotPinnedError } from "../model/pin-errors.js";
import { isOpen, STATUSES } from "../model/status.js";
import type { EpochMs } from "../model/time.js";
import type { Outside } from "../runtime/outside.js";
import { persistently } from "../runtime/persistently.js";
import type { ExecutionSummary } from "../store/ports.js";
import { readHead } from "./control.js";

/** Executions of one workflow that are open, or stalled, and run on one code. */
export interface CodeInUse {
  readonly workflow: string;
  /** The digest of the workflow's code that they were started with. */
  readonly definition: string;
  /** The published version of the worker that they are pinned to; `"next"`: the one that is live when their next turn comes. Absent: the latest. */
  readonly pinnedTo?: string;
  readonly executions: number;
  readonly oldest: Date;
}

/** What moving an execution to the latest code gives. */
export interface Moved {
  /** What it was pinned to. */
  readonly from: string;
}

/** What may need its code again. */
const STANDING = STATUSES.filter((status) => isOpen(status) || status === "stalled");

const PER_PAGE = 200;

/** `client.versions`: which deployed code executions need, and which they run on. */
export class ClientVersions {
  readonly #connect: () => Promise<Outside>;

  constructor(connect: () => Promise<Outside>) {
    this.#connect = connect;
  }

  /**
   * Which code the open and the stalled executions run on, by workflow. It reads the heads of all of them, half a read unit and more for each: meant
   * for a person before a deploy, or a script now and then.
   * @param onProgress told after each page how many were read
   */
  async inUse(onProgress: (read: number) => void = () => {}): Promise<CodeInUse[]> {
    const { store } = await this.#connect();
    const groups = new Map<string, CodeInUse>();
    let read = 0;
    let cursor: string | undefined;
    do {
      const page = await persistently(() =>
        store.listExecutions({
          status: STANDING,
          limit: PER_PAGE,
          ...(cursor === undefined ? {} : { cursor }),
        }),
      );
      for (const summary of page.items) count(groups, summary);
      read += page.items.length;
      onProgress(read);
      cursor = page.cursor;
    } while (cursor !== undefined);
    return [...groups.values()].sort(
      (one, other) => compare(one.workflow, other.workflow) || one.oldest.getTime() - other.oldest.getTime(),
    );
  }

  /**
   * Lets the latest code go on with a pinned execution, from its next turn on: it is then pinned to that. The code has to ask for the same where the
   * execution has been, as after any deploy. A turn that is under way ends on the code that it has. One that stalled needs a `redrive`, too.
   * @throws ExecutionNotFoundError, NotPinnedError
   */
  async moveToLatest(executionId: string): Promise<Moved> {
    const outside = await this.#connect();
    for (;;) {
      const { pin: from } = await readHead(outside, executionId);
      if (from === undefined) throw new NotPinnedError(executionId);
      const { moved } = await persistently(() => outside.store.movePin({ executionId, from, to: NEXT_CODE }));
      if (moved) return { from };
    }
  }
}

function count(groups: Map<string, CodeInUse>, summary: ExecutionSummary): void {
  const { workflow, definition, pinnedTo, createdAt } = summary;
  const key = JSON.stringify([workflow, definition, pinnedTo]);
  const known = groups.get(key);
  groups.set(key, {
    workflow,
    definition,
    ...(pinnedTo === undefined ? {} : { pinnedTo }),
    executions: (known?.executions ?? 0) + 1,
    oldest: older(known?.oldest, createdAt),
  });
}

function older(one: Date | undefined, other: EpochMs): Date {
  return one !== undefined && one.getTime() <= other ? one : new Date(other);
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
