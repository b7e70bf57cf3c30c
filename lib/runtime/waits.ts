/**
 * Wait records: how an event finds the executions that wait for it (PROTOCOL A1, A2). The waiter writes its record, then reads the recent
 * events; `deliver` writes the event, then reads the records. Each side so sees what the other wrote first, and none can be missed.
 */
import type { WaitKey } from "../model/head.js";
import type { EventMessage } from "../model/message.js";
import type { WaitOperation } from "../replay/operation.js";
import type { DirectoryStore } from "../store/ports.js";
import { persistently } from "./persistently.js";

export class Waits {
  /** Records that stand (or may stand) in the directory, by the operation's path. */
  readonly #standing = new Map<string, WaitKey>();
  /** Those of them that are known to stand, or are on their way. */
  readonly #registered = new Set<string>();
  /** Those whose recent events were read after the record stood: nothing that came before can be missed any more. */
  readonly #answered = new Set<string>();

  /**
   * @param standing as the last settlement left them
   * @param certain false after a takeover: the owner before may have removed records of waits that it saw end, and its history was lost
   */
  constructor(
    private readonly store: DirectoryStore,
    private readonly executionId: string,
    standing: readonly WaitKey[],
    certain: boolean,
  ) {
    for (const wait of standing) {
      this.#standing.set(wait.op, wait);
      if (!certain) continue;
      this.#registered.add(wait.op);
      this.#answered.add(wait.op);
    }
  }

  registered(wait: WaitOperation): boolean {
    return this.#registered.has(wait.path);
  }

  /** Whether the wait may time out: everything that came before its record has been offered to it. */
  answered(wait: WaitOperation): boolean {
    return this.#answered.has(wait.path);
  }

  /** The owner before may have registered it without living to say so: it has to be removed all the same once it is over. */
  suspect(wait: WaitOperation): void {
    this.#standing.set(wait.path, this.#keyOf(wait));
  }

  /** Writes the record, then gives the events that came before it and are within the wait's lookback, oldest first. */
  async register(wait: WaitOperation): Promise<EventMessage[]> {
    const key = this.#keyOf(wait);
    // Noted before the call: a record whose write was not answered must still be removed.
    this.#standing.set(wait.path, key);
    this.#registered.add(wait.path);
    await persistently(() =>
      this.store.putWait({ ...key, ...(wait.deadline === undefined ? {} : { until: wait.deadline }) }),
    );
    const recent = await persistently(() =>
      this.store.findRecentEvents({
        name: wait.event,
        ...(wait.key === undefined ? {} : { key: wait.key }),
        since: wait.since,
      }),
    );
    this.#answered.add(wait.path);
    return recent
      .filter((event) => event.target === undefined || event.target === this.executionId)
      .map((event) => ({
        kind: "event",
        id: event.id,
        at: event.recordedAt,
        name: event.name,
        ...(event.key === undefined ? {} : { key: event.key }),
        data: event.data,
      }));
  }

  #keyOf(wait: WaitOperation): WaitKey {
    return {
      name: wait.event,
      ...(wait.key === undefined ? {} : { key: wait.key }),
      executionId: this.executionId,
      op: wait.path,
    };
  }

  /** The records that stand now. */
  standing(): WaitKey[] {
    return [...this.#standing.values()];
  }

  /** Removes the records of waits that are over. Before the settlement: if this process dies between, the next owner puts back what it needs. */
  async remove(pending: ReadonlyMap<string, unknown>): Promise<void> {
    const over = [...this.#standing.values()].filter((wait) => !pending.has(wait.op));
    await Promise.all(over.map((wait) => persistently(() => this.store.deleteWait(wait))));
    for (const wait of over) {
      this.#standing.delete(wait.op);
      this.#registered.delete(wait.op);
    }
  }
}
