/**
 * The journal: history events of one turn, written behind the code that has already seen them (I4). One write is in flight at a time, and
 * takes along everything that was added meanwhile. The slot is the fence: a slot that is taken means that somebody else owns the
 * execution now.
 */
import type { HookCall } from "../../define/hooks.js";
import {
  FencedError,
  InvalidTransactionError,
  PayloadTooLargeError,
  TransactionCancelledError,
} from "../../model/errors.js";
import type { Tail } from "../../model/head.js";
import type { HistoryEvent } from "../../model/history-event.js";
import { digest } from "../../model/ids.js";
import { type Outgoing, STATE_BYTES } from "../../model/outgoing.js";
import { jsonBytes } from "../../model/storable.js";
import type { EpochMs } from "../../model/time.js";
import type { TransactionAction } from "../../model/transaction.js";
import type { Commit, ExecutionStore } from "../../store/ports.js";
import { persistently } from "../persistently.js";
import { putAway } from "../values/payloads.js";

/** A DynamoDB item holds 400 KB, names and marks included. */
const LARGEST_COMMIT_BYTES = 300_000;

/** Beyond it, a transaction's doubled price for what could have been written plainly is more than that plain write. */
const SMALL_BATCH_BYTES = 1_000;

/** A commit costs a unit per KB whatever its size, so there is no saving beyond a few KB; this bounds what a crash makes the code do again. */
const FULL_BYTES = 100_000;

interface Entry {
  readonly event: HistoryEvent;
  readonly bytes: number;
  readonly outgoing: readonly Outgoing[];
  /** To be made once it is durable. */
  readonly calls: readonly HookCall[];
}

/** What can be too large was refused where it came from (`model/storable.ts`), as the failure of whoever made it. */
function entryOf(event: HistoryEvent, outgoing: readonly Outgoing[], calls: readonly HookCall[]): Entry {
  return {
    event,
    outgoing,
    calls,
    bytes:
      jsonBytes(event) + (outgoing.length === 0 ? 0 : jsonBytes(outgoing) + outgoing.length * STATE_BYTES),
  };
}

/** Of an app without hooks. */
const NO_CALLS: readonly HookCall[] = [];

export class Journal {
  /** The last slot that is durable. */
  slot: number;
  /** How many history events were added, loaded ones included: what `Operation.after` counts in. */
  position: number;
  /** How many of them are durable. */
  durable: number;
  #unwritten: Entry[] = [];
  #bytes = 0;
  /** The tail that was loaded from the head: durable there, and carried along by whatever is next written at its slot. */
  #carried: readonly HistoryEvent[];
  #opening: readonly Outgoing[];
  #flight: Promise<void> | undefined;
  #isSettled = false;

  constructor(
    private readonly options: {
      readonly store: ExecutionStore;
      readonly executionId: string;
      readonly epoch: number;
      readonly leaseToken: string;
      readonly slot: number;
      readonly loaded: number;
      readonly carried: readonly HistoryEvent[];
      /** What goes out with the first commit, which is written for it even when nothing else is to be recorded. */
      readonly opening?: readonly Outgoing[];
      /** When the relay's own failure would be noticed: the `pending` mark of outgoing events is due then. */
      readonly pendingAt: () => EpochMs;
      /** Makes the calls that an event came with. Absent when no event comes with any. */
      readonly tell?: ((calls: readonly HookCall[]) => void) | undefined;
    },
  ) {
    this.slot = options.slot;
    this.position = options.loaded;
    this.durable = options.loaded;
    this.#carried = options.carried;
    this.#opening = options.opening ?? [];
  }

  /** @param calls to be made once it is durable */
  add(event: HistoryEvent, outgoing: readonly Outgoing[] = [], calls = NO_CALLS): void {
    this.#push(entryOf(event, outgoing, calls));
  }

  /**
   * Adds an event that only happens if `actions` do, and writes it, with all that was added before it, together with them. Nothing else may
   * be added before it is answered (I4).
   * @returns why it can't be, or not now: the event was not added, and nothing of it was written. What was added before it stays to be written.
   */
  async addWith(
    event: HistoryEvent,
    outgoing: readonly Outgoing[],
    transaction: { readonly name: string; readonly actions: readonly TransactionAction[] },
    calls = NO_CALLS,
  ): Promise<Error | undefined> {
    await this.landed();
    // A transaction costs twice: what can go ahead in a plain write does, when it is more than a few events.
    if (this.#bytes > SMALL_BATCH_BYTES) await this.flush();
    const entry = entryOf(event, outgoing, calls);
    const batch = [...this.#unwritten, entry];
    const commit = await this.#commitOf(batch);
    const { name, actions } = transaction;
    try {
      const result = await persistently(() =>
        this.options.store.commitTransaction(commit, actions, this.#pendingAt(commit)),
      );
      if (result.outcome === "refused") return new TransactionCancelledError(name, result.reasons);
      if (result.outcome === "taken") throw this.#fenced(commit.slot, result.found);
    } catch (error) {
      if (error instanceof InvalidTransactionError || error instanceof PayloadTooLargeError) return error;
      throw error;
    }
    this.#push(entry);
    this.#written(batch, commit);
    return undefined;
  }

  #push(entry: Entry): void {
    this.#bytes += entry.bytes;
    this.#unwritten.push(entry);
    this.position += 1;
  }

  /** Something was added that is not durable. */
  get behind(): boolean {
    return this.durable < this.position;
  }

  /** Enough has gathered that a write of its own pays: nothing is gained by holding more in memory. */
  get full(): boolean {
    return this.#bytes >= FULL_BYTES;
  }

  get writing(): boolean {
    return this.#flight !== undefined;
  }

  /** Resolves when everything that was added before the call is durable. Rejects with {@link FencedError} when the slot is somebody else's. */
  async flush(): Promise<void> {
    const upTo = this.position;
    while (this.durable < upTo || this.#opening.length > 0) {
      this.#flight ??= this.#write().finally(() => {
        this.#flight = undefined;
      });
      await this.#flight;
    }
  }

  /** The turn is over: nothing more may be recorded by it. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** A settlement took along all that was not written, and the events that `calls` tell of. */
  settled(calls = NO_CALLS): void {
    this.#isSettled = true;
    this.#tell(this.#unwritten);
    if (calls.length > 0) this.options.tell?.(calls);
  }

  /** Resolves when no write is in flight. Whatever settles waits for it: a commit in flight would supersede the tail at its own slot. */
  async landed(): Promise<void> {
    while (this.#flight !== undefined) await this.#flight;
  }

  /**
   * Everything that is not in a commit yet, and `more`, to ride in the head's settlement. It must be a commit instead when it holds
   * outgoing events (the head is rewritten, and they must stay) or is larger than `room` bytes.
   */
  asTail(
    more: readonly HistoryEvent[],
    room: number,
  ): { fits: false } | { fits: true; tail: Tail | undefined } {
    if (this.writing) throw new Error("A tail was asked for while a commit to its own slot was in flight.");
    const sends = this.#unwritten.some((entry) => entry.outgoing.length > 0);
    if (sends || this.#opening.length > 0) return { fits: false };
    const events = [...this.#carried, ...this.#unwritten.map((entry) => entry.event), ...more];
    if (events.length === 0) return { fits: true, tail: undefined };
    if (jsonBytes(events) > room) return { fits: false };
    return { fits: true, tail: { slot: this.slot + 1, events } };
  }

  async #write(): Promise<void> {
    const batch = this.#takeBatch();
    const commit = await this.#commitOf(batch);
    const result = await persistently(() => this.options.store.appendCommit(commit, this.#pendingAt(commit)));
    if (!result.appended) throw this.#fenced(commit.slot, result.found);
    this.#written(batch, commit);
  }

  async #commitOf(batch: readonly Entry[]): Promise<Commit> {
    const { store, executionId, epoch, leaseToken } = this.options;
    // A payload is durable before the commit that names it.
    const events = await putAway(store, executionId, [
      ...this.#carried,
      ...batch.map((entry) => entry.event),
    ]);
    const slot = this.slot + 1;
    return {
      executionId,
      slot,
      epoch,
      // The writer's lease and the content: an own success whose reply was lost is told from a lost race by it.
      token: digest(`${leaseToken}\n${slot}\n${JSON.stringify(events)}`, 16),
      events,
      outgoing: [...this.#opening, ...batch.flatMap((entry) => entry.outgoing)],
    };
  }

  #pendingAt({ outgoing }: Commit): EpochMs | undefined {
    return outgoing.length === 0 ? undefined : this.options.pendingAt();
  }

  #fenced(slot: number, found: Commit): FencedError {
    const { executionId, epoch } = this.options;
    return new FencedError(
      executionId,
      `slot ${slot} was filled by epoch ${found.epoch}, and ours is ${epoch}`,
    );
  }

  #written(batch: readonly Entry[], { slot }: Commit): void {
    this.slot = slot;
    this.durable += batch.length;
    this.#carried = [];
    this.#opening = [];
    this.#unwritten = this.#unwritten.slice(batch.length);
    this.#bytes -= batch.reduce((sum, entry) => sum + entry.bytes, 0);
    this.#tell(batch);
  }

  #tell(durable: readonly Entry[]): void {
    const { tell } = this.options;
    if (tell === undefined) return;
    for (const { calls } of durable) tell(calls);
  }

  #takeBatch(): Entry[] {
    let bytes = 0;
    let count = 0;
    for (const entry of this.#unwritten) {
      bytes += entry.bytes;
      if (count > 0 && bytes > LARGEST_COMMIT_BYTES) break;
      count += 1;
    }
    return this.#unwritten.slice(0, count);
  }
}
