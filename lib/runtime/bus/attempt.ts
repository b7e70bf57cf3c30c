/** One outbox in one run of the relay: what became of its messages, and the mark that says so. */
import { afterTry, nextTryAt, RELAY_GRACE_MS, type TryOutcome, untried } from "../../decide/relay.js";
import type { MetricName } from "../../model/metrics.js";
import { isFinal, isGivenUp, type OutboxEntryState, type OutboxState } from "../../model/outgoing.js";
import type { EpochMs } from "../../model/time.js";
import { type ToldError, told } from "../../model/told.js";
import type { Outbox } from "../../store/ports.js";
import type { Outside } from "../outside.js";
import { persistently } from "../persistently.js";
import { announce } from "./announce.js";

export type Message = Outbox["outgoing"][number];

/** A message that is not final. */
export interface Candidate {
  readonly attempt: Attempt;
  readonly index: number;
  readonly message: Message;
  readonly before: OutboxEntryState;
}

export interface Relayed {
  readonly published: number;
  /** Nobody will ever get these. */
  readonly givenUp: number;
  /** Still to be carried. */
  readonly left: number;
}

export class Attempt {
  readonly candidates: readonly Candidate[];
  readonly #after = new Map<Candidate, OutboxEntryState>();
  /** For the log. The mark keeps the words themselves. */
  readonly #why = new Map<Candidate, string | ToldError>();

  constructor(readonly outbox: Outbox) {
    this.candidates = outbox.outgoing.flatMap((message, index): Candidate[] => {
      const before = outbox.states[index];
      return before === undefined || isFinal(before.state) ? [] : [{ attempt: this, index, message, before }];
    });
  }

  note(candidate: Candidate, outcome: TryOutcome): void {
    this.#after.set(candidate, afterTry(candidate.before, outcome));
    if (!outcome.ok) this.#why.set(candidate, whyOf(outcome));
  }

  /** Every message has had its try. */
  get isThrough(): boolean {
    return this.#after.size === this.candidates.length;
  }

  get relayed(): Relayed {
    const after = [...this.#after.values()];
    const published = after.filter(({ state }) => state === "published").length;
    const givenUp = after.filter(({ state }) => isGivenUp(state)).length;
    return { published, givenUp, left: this.candidates.length - published - givenUp };
  }

  /** Once, when nothing more of it is tried. */
  async mark(outside: Outside): Promise<void> {
    const states = [...this.outbox.states];
    for (const candidate of this.candidates)
      states[candidate.index] = this.#after.get(candidate) ?? untried(candidate.before);
    const { executionId, slot, version } = this.outbox;
    const next = this.#nextMark(outside, states);
    // When the mark was changed by somebody else meanwhile, theirs stands: a message may be sent twice, and is never lost.
    const { marked } = await persistently(() =>
      outside.store.markOutbox({ executionId, slot, version, states, ...next }),
    );
    if (marked && next.pendingAt !== undefined) await announce(outside, this.outbox, next.pendingAt);
    this.#tell(outside, marked);
    this.#measure(outside, marked);
  }

  /** What was given up is counted by whoever made it final. Lateness is told of what was carried late, and of what is late and was not. */
  #measure({ clock, meter }: Outside, marked: boolean): void {
    if (meter === undefined) return;
    const now = clock.now();
    for (const [{ message }, { state }] of this.#after) {
      const name = GIVEN_UP[state];
      if (name === undefined) {
        if (now - message.at > RELAY_GRACE_MS) meter.note("OutgoingAge", (now - message.at) / 1_000);
      } else if (marked) meter.note(name, 1);
    }
  }

  /** How it is listed from now on: to be tried again, given up, or not at all. A head is no history, so nothing of it stays there. */
  #nextMark(
    { clock, random }: Outside,
    states: readonly OutboxEntryState[],
  ): { readonly pendingAt?: EpochMs; readonly givenUpAt?: EpochMs } {
    const now = clock.now();
    if (this.relayed.left > 0) {
      const after = [...this.#after.values()];
      const failed = after.filter(({ state }) => !isFinal(state));
      // What there was no time for goes on at once, for as long as that leads anywhere.
      const goesOn = !this.isThrough && failed.length < Math.max(1, after.length);
      return {
        pendingAt: goesOn ? now : nextTryAt(Math.max(...failed.map(({ tries }) => tries)), now, random()),
      };
    }
    return this.outbox.slot > 0 && states.some(({ state }) => isGivenUp(state)) ? { givenUpAt: now } : {};
  }

  #tell({ log }: Outside, marked: boolean): void {
    const { executionId, slot } = this.outbox;
    for (const [candidate, { state }] of this.#after) {
      const { message } = candidate;
      const error = this.#why.get(candidate);
      if (!isFinal(state))
        log.write("warn", "An outgoing message was not carried to its end and will be tried again.", {
          executionId,
          slot,
          error,
        });
      // Nothing will try it again, so this line is the last that is heard of it: once, by whoever made it final.
      else if (marked && isGivenUp(state))
        log.write("error", `An outgoing ${message.kind} will never be ${DONE[message.kind]}.`, {
          ...namesOf(message),
          executionId,
          slot,
          state,
          error,
        });
    }
    const left = this.candidates.length - this.#after.size;
    if (left > 0)
      log.write(
        "info",
        "There was no time for the rest of a commit's outgoing messages: another run takes them.",
        {
          executionId,
          slot,
          untried: left,
        },
      );
  }
}

/** An app's codec takes part in carrying, so what is thrown may be the user's. All other words are ours, or the bus's. */
function whyOf(outcome: Exclude<TryOutcome, { readonly ok: true }>): string | ToldError {
  return "thrown" in outcome ? told(outcome.thrown) : outcome.error;
}

const GIVEN_UP: Partial<Record<OutboxState, MetricName>> = {
  dead: "OutgoingDead",
  invalid: "OutgoingInvalid",
  expired: "OutgoingExpired",
};

const DONE = { event: "published", signal: "delivered", start: "made", wake: "sent" } as const;

function namesOf(message: Message): Readonly<Record<string, unknown>> {
  switch (message.kind) {
    case "event":
      return { eventId: message.id, event: message.name };
    case "signal":
      return { signalId: message.id, signal: message.message.name, to: message.to };
    case "start":
      return { workflow: message.workflow, started: message.executionId };
    case "wake":
      return {};
  }
}
