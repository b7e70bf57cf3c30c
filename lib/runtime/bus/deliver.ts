/**
 * Delivering a bus event to the executions that wait for it (PROTOCOL A). Strictly in this order: the recent-event record, then
 * the waits; for each an inbox message, then its wake; only then is the event acknowledged. A repeat does it all again, harmlessly.
 * An execution that can't take it keeps it from none of the others.
 *
 * An event that very many wait for is delivered in passes: each goes through some pages of the waits, then hands the rest on, as a message
 * of the same queue, before its own is acknowledged. So it does with the executions that could not take it. A pass that dies is repeated,
 * and at worst so is what comes behind it.
 */
import type { App } from "../../define/app.js";
import { DeliveryIncompleteError, UnknownEventError } from "../../model/delivery-errors.js";
import { ExecutionNotFoundError } from "../../model/errors.js";
import { mayBeExecutionId } from "../../model/ids.js";
import { type EventMessage, eventIdOf } from "../../model/message.js";
import { judged, keptConditions } from "../../model/pattern/where.js";
import { type EpochMs, RECENT_KEPT_MS } from "../../model/time.js";
import { encode } from "../../model/value.js";
import type { Damaged, RecentEvent, WaitRecord } from "../../store/ports.js";
import { deliverMessage } from "../messages/accept.js";
import { eventMessage } from "../messages/event-message.js";
import type { Outside } from "../outside.js";
import { persistently } from "../persistently.js";
import type { BusEvent, DeliveryPart } from "./bus-event.js";
import { readPayload } from "./payload.js";

/** Waits are read and served in pages of this many, so that a popular event needs no more memory than a rare one. */
const PAGE = 100;

/** Of one pass, some three thousand waits: the other events of its batch are acknowledged only when it ends. */
export const PAGES_OF_A_PASS = 30;

/** A pass names so many that failed. More are an outage, and then the whole pass comes again. */
const MOST_NAMED = 100;

/** How far one invocation goes. */
export interface Pass {
  /** No page is begun after it. */
  readonly stopAt: EpochMs;
  readonly pages: number;
  /** Sends the event to deliver's own queue, for the part that is left. */
  readonly handOn: (part: DeliveryPart) => Promise<void>;
}

export interface Delivered {
  /** Executions that have the event in their inbox now, by this pass. */
  readonly executions: number;
  /** What was handed on. */
  readonly left: readonly DeliveryPart[];
}

/**
 * @param pass absent goes through all waits here
 * @throws UnknownEventError for an event that this app does not declare, InvalidInputError, UnencodableValueError or PayloadTooLargeError for
 *   one that does not fit: no repeat could do better
 * @throws ExecutionNotFoundError for an event whose one execution is not there (yet)
 * @throws DeliveryIncompleteError when it has to come again for some
 */
export async function deliver(outside: Outside, app: App, event: BusEvent, pass?: Pass): Promise<Delivered> {
  const message = await accept(outside, app, event);
  if (event.target !== undefined) {
    await deliverTo(outside, event.target, message, []);
    return { executions: 1, left: [] };
  }
  const round = new Round(outside, message);
  const { part } = event;
  if (part !== undefined && "executions" in part) {
    await round.serve(part.executions.map((executionId) => ({ executionId, waits: undefined })));
    return round.finish();
  }
  let cursor = part?.after;
  for (let pages = 1; ; pages++) {
    const page = await persistently(() =>
      outside.store.findWaits({
        name: message.name,
        ...(message.key === undefined ? {} : { key: message.key }),
        limit: PAGE,
        ...(cursor === undefined ? {} : { cursor }),
      }),
    );
    await round.serve([...round.concerned(page.items), ...round.unreadable(page.damaged ?? [])]);
    cursor = page.cursor;
    if (cursor === undefined) return round.end(pass);
    if (pass !== undefined && (pages >= pass.pages || outside.clock.now() >= pass.stopAt))
      return round.handOn(cursor, pass);
  }
}

/** An execution, and those of its waits that were found. Undefined: it was found before, and failed to take the event. */
interface Waiter {
  readonly executionId: string;
  readonly waits: readonly WaitRecord[] | undefined;
}

/** One pass over the waits of an event. */
class Round {
  readonly #served = new Set<string>();
  readonly #failed = new Map<string, unknown>();
  readonly #fits = keptConditions();
  #payload: ReturnType<typeof judged> | undefined;

  constructor(
    private readonly outside: Outside,
    private readonly message: EventMessage,
  ) {}

  /** Each waiting execution gets the event once, if any of its waits accepts it; which of them takes it is the execution's own affair (I11). */
  concerned(waits: readonly WaitRecord[]): Waiter[] {
    const byExecution = new Map<string, WaitRecord[]>();
    for (const wait of waits)
      byExecution.set(wait.executionId, [...(byExecution.get(wait.executionId) ?? []), wait]);
    return [...byExecution]
      .filter(
        ([executionId, own]) => !this.#served.has(executionId) && own.some((wait) => this.#accepts(wait)),
      )
      .map(([executionId, own]) => ({ executionId, waits: own }));
  }

  /**
   * Whose record can't be read gets the event without it: what it waits for is its own affair, and one look too many loses nothing. Where
   * not even its id is known, the log is all that is told.
   */
  unreadable(damaged: readonly Damaged[]): Waiter[] {
    for (const { executionId, why } of damaged)
      this.outside.log.write(
        "error",
        "A wait record can't be read; its execution gets the event without it.",
        {
          executionId,
          why,
        },
      );
    return damaged
      .filter(({ executionId }) => mayBeExecutionId(executionId) && !this.#served.has(executionId))
      .map(({ executionId }) => ({ executionId, waits: undefined }));
  }

  async serve(waiters: readonly Waiter[]): Promise<void> {
    await Promise.all(
      waiters.map(async ({ executionId, waits }) => {
        this.#served.add(executionId);
        try {
          await deliverTo(this.outside, executionId, this.message, waits);
        } catch (error) {
          this.#failed.set(executionId, error);
        }
      }),
    );
  }

  /** All waits were gone through. Those that could not take it go apart: each repeat of the event itself would wake all the others. */
  async end(pass: Pass | undefined): Promise<Delivered> {
    return pass === undefined || this.#failed.size === this.#served.size
      ? this.finish()
      : this.#leave([], pass);
  }

  /** The event comes again as it is for those that could not take it. */
  finish(): Delivered {
    this.#raise();
    return { executions: this.#served.size, left: [] };
  }

  /** For the waits behind the cursor. */
  handOn(after: string, pass: Pass): Promise<Delivered> {
    return this.#leave([{ after }], pass);
  }

  /** First for those that failed here, then for the rest: nobody keeps it from another (PROTOCOL A10). */
  async #leave(rest: readonly DeliveryPart[], { handOn }: Pass): Promise<Delivered> {
    if (this.#failed.size > MOST_NAMED) this.#raise();
    const failed: DeliveryPart[] = this.#failed.size === 0 ? [] : [{ executions: [...this.#failed.keys()] }];
    const left = [...failed, ...rest];
    for (const part of left) await handOn(part);
    return { executions: this.#served.size - this.#failed.size, left };
  }

  #accepts({ where }: WaitRecord): boolean {
    if (where === undefined) return true;
    this.#payload ??= judged(this.message.data);
    return this.#fits(where, this.#payload);
  }

  #raise(): void {
    if (this.#failed.size > 0)
      throw new DeliveryIncompleteError(`"${this.message.name}" (${eventIdOf(this.message.id)})`, [
        ...this.#failed.values(),
      ]);
  }
}

/** Checks the event and writes its record; what a delivery before recorded stands. */
async function accept(outside: Outside, app: App, event: BusEvent): Promise<EventMessage> {
  const type = app.events.get(event.name);
  if (type === undefined) throw new UnknownEventError(event.name, [...app.events.keys()]);
  const { data, key } = await readPayload(type, event);
  const recent: RecentEvent = {
    id: event.dedupeId,
    name: event.name,
    ...(key === undefined ? {} : { key }),
    data: encode(data),
    recordedAt: firstRecorded(event, outside.clock.now()),
    ...(event.target === undefined ? {} : { target: event.target }),
  };
  const { recorded } = await persistently(() => outside.store.putRecentEvent(recent));
  return eventMessage(recorded);
}

/** What comes again when its record may be gone is as old as it is: else who took it would take it again, and who waits since then would get it. */
function firstRecorded({ since }: BusEvent, now: EpochMs): EpochMs {
  return since !== undefined && now - since > RECENT_KEPT_MS ? since : now;
}

/** @param waits empty for an execution that the sender named: that one has to be there */
async function deliverTo(
  outside: Outside,
  executionId: string,
  message: EventMessage,
  waits: readonly WaitRecord[] | undefined,
): Promise<void> {
  const result = await deliverMessage(outside, executionId, message);
  switch (result.outcome) {
    case "appended":
    case "duplicate":
      return;
    case "closed":
      // It closed without removing its records (PROTOCOL A6).
      await remove(outside, waits ?? []);
      return;
    case "missing":
      // A wait without an execution is debris of a deletion; a target that does not exist is the sender's mistake, or not there yet.
      if (waits?.length === 0) throw new ExecutionNotFoundError(executionId);
      await remove(outside, waits ?? []);
      return;
  }
}

async function remove(outside: Outside, waits: readonly WaitRecord[]): Promise<void> {
  await Promise.all(waits.map((wait) => persistently(() => outside.store.deleteWait(wait))));
}
