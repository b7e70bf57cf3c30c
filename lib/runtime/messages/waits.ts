/**
 * Wait records: how an event finds the executions that wait for it (PROTOCOL A1, A2). The waiter writes its record, then reads the recent
 * events; `deliver` writes the event, then reads the records. Each side so sees what the other wrote first, and none can be missed.
 */
import type { Head, WaitKey } from "../../model/head.js";
import type { EventMessage } from "../../model/message.js";
import { keptWhere } from "../../model/pattern/where.js";
import type { EventWait, Operation } from "../../replay/operation.js";
import type { DirectoryStore } from "../../store/ports.js";
import { persistently } from "../persistently.js";
import { eventMessage } from "./event-message.js";

export class Waits {
  /** Records that stand (or may stand) in the directory, by the operation's path. */
  readonly #standing = new Map<string, WaitKey>();
  /** Those of them that are known to stand, or are on their way. */
  readonly #registered = new Set<string>();
  /** Those whose recent events were read after the record stood: nothing that came before can be missed any more. */
  readonly #answered = new Set<string>();
  /** Those that an earlier turn registered, by code that may have had another condition. */
  readonly #inherited: Set<string>;

  /**
   * @param owned as its owner has it, whose creation and epoch the records carry
   * @param standing those that the last settlement left
   * @param certain false where the turn before did not end in a suspension: what it removed, registered or was offered is not known
   */
  constructor(
    private readonly store: DirectoryStore,
    private readonly owned: Pick<Head, "executionId" | "createdAt" | "epoch">,
    standing: readonly EventWait[],
    certain: boolean,
  ) {
    this.#inherited = new Set(standing.map(({ path }) => path));
    for (const wait of standing) {
      this.suspect(wait);
      if (!certain) continue;
      this.#registered.add(wait.path);
      this.#answered.add(wait.path);
    }
  }

  registered(wait: EventWait): boolean {
    return this.#registered.has(wait.path);
  }

  /** Whether the wait may time out: everything that came before its record has been offered to it. */
  answered(wait: EventWait): boolean {
    return this.#answered.has(wait.path);
  }

  /** Whether its record may have another condition than the code has now. */
  mayDiffer(wait: EventWait): boolean {
    return this.#inherited.has(wait.path);
  }

  /** Has a wait that stands judge by its record, as deliver does (decision 0018). */
  async recall(wait: EventWait): Promise<void> {
    this.#inherited.delete(wait.path);
    const record = await persistently(() => this.store.readWait(this.#keyOf(wait)));
    if (record === undefined || record.createdAt !== this.owned.createdAt) return;
    if (record.where === wait.awaited.where?.text) return;
    wait.awaited.where = record.where === undefined ? undefined : keptWhere(record.where);
  }

  /** The owner before may have registered it without living to say so: it has to be removed all the same once it is over. */
  suspect(wait: EventWait): void {
    this.#standing.set(wait.path, this.#keyOf(wait));
  }

  /** Writes the record, then gives the events that came before it and are within the wait's lookback, oldest first. */
  async register(wait: EventWait): Promise<EventMessage[]> {
    const key = this.#keyOf(wait);
    // Noted before the call: a record whose write was not answered must still be removed.
    this.#standing.set(wait.path, key);
    this.#registered.add(wait.path);
    await persistently(() =>
      this.store.putWait({
        ...key,
        createdAt: this.owned.createdAt,
        epoch: this.owned.epoch,
        ...(wait.deadline === undefined ? {} : { until: wait.deadline }),
        ...(wait.awaited.where === undefined ? {} : { where: wait.awaited.where.text }),
      }),
    );
    const recent = await persistently(() =>
      this.store.findRecentEvents({
        name: wait.awaited.name,
        ...(wait.awaited.key === undefined ? {} : { key: wait.awaited.key }),
        since: wait.awaited.since,
      }),
    );
    this.#answered.add(wait.path);
    return recent
      .filter((event) => event.target === undefined || event.target === this.owned.executionId)
      .map(eventMessage);
  }

  /** The records that stand now. */
  standing(): WaitKey[] {
    return [...this.#standing.values()];
  }

  /** Removes the records of waits that are over. Before the settlement: if this process dies between, the next owner puts back what it needs. */
  async remove(pending: ReadonlyMap<string, Operation>): Promise<void> {
    const over = [...this.#standing.values()].filter((wait) => !pending.has(wait.op));
    const { createdAt, epoch } = this.owned;
    await Promise.all(
      over.map((wait) => persistently(() => this.store.deleteWait({ ...wait, createdAt, epoch }))),
    );
    for (const wait of over) {
      this.#standing.delete(wait.op);
      this.#registered.delete(wait.op);
    }
  }

  #keyOf({ awaited, path }: EventWait): WaitKey {
    return {
      name: awaited.name,
      ...(awaited.key === undefined ? {} : { key: awaited.key }),
      executionId: this.owned.executionId,
      op: path,
    };
  }
}
