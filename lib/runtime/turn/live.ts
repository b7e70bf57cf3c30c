/**
 * The live part of a turn, from the end of history on: it finds what happens next (`next.ts`), records it, delivers it, and begins the
 * effects that the code asked for (`effects.ts`), until the turn ends (`conclude.ts`).
 *
 * Invariants I1–I14 stand at the head of `replay/replay.ts`.
 */
import { INLINE_MS } from "../../decide/timer.js";
import { FencedError } from "../../model/errors.js";
import type { ExecutionStatus } from "../../model/status.js";
import type { EpochMs } from "../../model/time.js";
import { type ChildOperation, isEventWait, type Operation } from "../../replay/operation.js";
import { armFor, close, suspend, yieldTurn } from "../ending/conclude.js";
import { leaveChildren } from "../ending/leave-children.js";
import { persistently } from "../persistently.js";
import { Agenda } from "./agenda.js";
import { Alarm } from "./alarm.js";
import { Background } from "./background.js";
import { Bodies } from "./bodies.js";
import { Effects } from "./effects.js";
import { type Happening, stamp } from "./happening.js";
import { Next } from "./next.js";
import type { Work } from "./work.js";

/** How often a long turn looks at its inbox (I6): one cheap read, so that a cancel need not wait for the turn's end. */
const LOOK_EVERY_MS = 5_000;

/** After so many refused suspensions, the newest messages are left to the next turn (I6). */
const MOST_REFUSALS = 3;

/** Before that turn: under a flood of messages there is one a second, and not one for each of them. */
const LOOK_AGAIN_SECONDS = 1;

const NEVER = Number.POSITIVE_INFINITY;

export class Live {
  readonly #agenda: Agenda;
  readonly #bodies: Bodies;
  readonly #background: Background;
  readonly #next: Next;
  readonly #effects: Effects;
  /** How often a suspension was refused because a message had come. */
  #refusals = 0;
  /** The instant for which this turn has armed a wake. */
  #armedFor: EpochMs | undefined;
  readonly #alarm: Alarm;
  #poke: () => void = () => {};

  constructor(private readonly work: Work) {
    const { replay, owned, outside, app, observer } = work;
    const poke = (): void => this.#poke();
    this.#agenda = new Agenda(replay.pending);
    const { executionId, workflow } = owned.head;
    const { clock, log } = outside;
    const surroundings = { executionId, workflow, clock, log, errors: app.errors };
    this.#bodies = new Bodies(surroundings, poke, observer);
    this.#background = new Background(poke);
    this.#next = new Next(work, this.#agenda, this.#bodies);
    this.#effects = new Effects(work, this.#agenda, this.#bodies, this.#next, this.#background, () =>
      this.#nearDeadline(),
    );
    this.#alarm = new Alarm(clock, poke);
    replay.onFault = poke;
  }

  /** @returns the status that the execution was left in */
  async run(): Promise<ExecutionStatus> {
    try {
      return await this.#run();
    } finally {
      this.#alarm.stop();
    }
  }

  async #run(): Promise<ExecutionStatus> {
    const { replay } = this.work;
    this.#takeOn();
    for (;;) {
      this.#raise();
      if (replay.outcome !== undefined) {
        // What the code sent without waiting for it was still sent, and what it answered is told.
        const sent = this.#next.immediate();
        const last = sent === undefined ? await this.#effects.lastAnswers() : [sent];
        if (last.length === 0) break;
        for (const happening of last) await this.#record(happening);
        continue;
      }
      if (this.#mustLook()) {
        await this.#look();
        continue;
      }
      // Code that only sends never comes to wait for anything: it is stopped here (I8).
      if (this.#nearDeadline() && this.#agenda.immediate.length > 0 && !this.#busy())
        return yieldTurn(this.work);
      const doubtful = this.#next.doubtful();
      if (doubtful.length > 0) {
        await Promise.all(doubtful.map((wait) => this.work.waits.recall(wait)));
        continue;
      }
      this.#expireBodies();
      const next = this.#next.take();
      if (next !== undefined) {
        await this.#record(next);
        continue;
      }
      this.#effects.begin();
      if (this.#next.decided.length > 0) continue;
      replay.checkMovable();
      const status = await this.#idle();
      if (status !== undefined) return status;
    }
    await this.#bodies.quiet();
    // A record that is written after its removal would stay for ever.
    await this.#background.settled();
    this.#raise();
    await leaveChildren(this.work, (happening) => this.#record(happening));
    return close(this.work, replay.outcome);
  }

  /** History has been delivered: what is pending is to be moved from here on (I1). */
  #takeOn(): void {
    const { replay, owned } = this.work;
    replay.live = true;
    // Of an owner that never settled, any wait since the last settlement may stand in the directory, ended ones too.
    if (owned.takenOver) this.#suspect(replay.takeRequested());
    else replay.takeRequested();
    const pending = [...replay.pending.values()];
    const there = this.#createdChildren(pending);
    for (const child of there) child.there = true;
    this.#agenda.receive(there);
    this.#file(pending.filter((operation) => !(operation.kind === "child" && operation.there)));
    const { deadline } = owned.head;
    if (deadline !== undefined && !replay.timedOut) this.#agenda.endAt(deadline);
    this.#effects.abandonDetached();
    this.#recordPatches();
  }

  /** A turn that settled left behind no child that was requested and not created, unless it stalled or ended over it. */
  #createdChildren(pending: readonly Operation[]): ChildOperation[] {
    const { takenOver, head } = this.work.owned;
    if (takenOver || head.inbox.some(({ kind }) => kind === "redrive")) return [];
    return pending.filter(
      (operation): operation is ChildOperation =>
        operation.kind === "child" && operation.requested && !operation.detached,
    );
  }

  /** Nothing can be recorded now: waits for what is under way, makes durable what effects wait for, or ends the turn. */
  async #idle(): Promise<ExecutionStatus | undefined> {
    const { journal } = this.work;
    const due = this.#agenda.nextDue()?.at;
    if (this.#busy()) {
      // What is done is made durable while bodies run. A registration alone is short, and the settlement may still take its news along.
      if (this.#bodies.running > 0 && journal.behind && !journal.writing)
        this.#background.run(journal.flush());
      await this.#wait(due);
    } else if (this.#effects.promised) {
      // Their start is recorded: yielding now would make them look interrupted.
      await journal.flush();
    } else if (this.#nearDeadline() && (this.#effects.held || this.#isSoon(due))) {
      return yieldTurn(this.work);
    } else if (this.#effects.held) {
      await journal.flush();
    } else if (this.#isSoon(due)) {
      await this.#wait(due);
    } else {
      return this.#suspend(due);
    }
    return undefined;
  }

  /** Something is under way in this process that will end by itself. */
  #busy(): boolean {
    return this.#bodies.running > 0 || this.#background.busy || this.work.journal.writing;
  }

  /** Undefined when a message came meanwhile: the turn goes on. */
  async #suspend(due: EpochMs | undefined): Promise<ExecutionStatus | undefined> {
    if (due !== undefined && due !== this.#armedFor) {
      await armFor(this.work, due);
      this.#armedFor = due;
    }
    const guarded = this.#refusals < MOST_REFUSALS;
    const status = await suspend(this.work, due, guarded);
    if (status === undefined) this.#refusals += 1;
    else if (!guarded) await this.#lookAgain();
    return status;
  }

  /** What came unseen has a wake that was put back to the end of this turn's lease, which may be minutes away. This one comes at once. */
  async #lookAgain(): Promise<void> {
    const { outside, owned } = this.work;
    await outside.wakes.send({ executionId: owned.head.executionId, reason: "message" }, LOOK_AGAIN_SECONDS);
  }

  // -------------------------------------------------------------- recording

  /** Records what happened, hands it to the code, and files what the code then asks for. */
  async #record(happening: Happening): Promise<void> {
    const { replay, journal, outside, observer } = this.work;
    const { event, outgoing = [], transaction } = happening;
    const recorded = stamp(event, Math.max(outside.clock.now(), replay.latest), replay.asked());
    const calls = observer?.callsForNext(recorded, replay, outgoing);
    if (transaction === undefined) {
      journal.add(recorded, outgoing, calls);
    } else {
      // While it is unanswered nothing else is handed to the code: whether it happened is not known (I4).
      const { actions, attempt } = transaction;
      const error = await journal.addWith(recorded, outgoing, { name: attempt.step.name, actions }, calls);
      if (error !== undefined)
        return this.#record(this.#next.afterEnd({ ...attempt, end: { ok: false, error } }));
    }
    const wasPaused = replay.paused;
    await replay.apply(recorded);
    this.#recordPatches();
    if (event.type === "CallbackHeartbeat") this.#expectAgain(event.op);
    this.#file(replay.takeRequested());
    this.#effects.abandonDetached();
    if (wasPaused && !replay.paused) this.#effects.resume();
    if (journal.full && !journal.writing) this.#background.run(journal.flush());
  }

  #recordPatches(): void {
    const { replay, journal, outside } = this.work;
    for (const event of replay.takePatched())
      journal.add(stamp(event, Math.max(outside.clock.now(), replay.latest), undefined));
  }

  #expectAgain(op: string): void {
    const wait = this.work.replay.pending.get(op);
    if (wait?.kind === "wait") this.#agenda.expect(wait);
  }

  #file(operations: readonly Operation[]): void {
    this.#agenda.file(operations);
    this.#next.file(operations);
    if (this.work.owned.takenOver) this.#suspect(operations);
  }

  #suspect(operations: readonly Operation[]): void {
    for (const operation of operations) if (isEventWait(operation)) this.work.waits.suspect(operation);
  }

  // -------------------------------------------------------------- waiting

  /** Until something finishes, `due` comes, the invocation's end comes near, or it is time to look at the inbox. */
  async #wait(due: EpochMs | undefined): Promise<void> {
    const { outside, limits, inbox } = this.work;
    const now = outside.clock.now();
    // Past the deadline nothing is waited for but an end: the process is about to be killed.
    const limit = [limits.stopAt, limits.lastCall, limits.deadline].find((at) => at > now) ?? NEVER;
    const look = this.#bodies.running > 0 ? inbox.lookedAt + LOOK_EVERY_MS : NEVER;
    // A wait that is due and not yet answered by the directory is waited for like a body.
    const next = due !== undefined && due > now ? due : NEVER;
    const until = Math.min(next, limit, look);
    const poked = new Promise<void>((resolve) => {
      this.#poke = resolve;
    });
    this.#alarm.set(until);
    await poked;
  }

  #nearDeadline(): boolean {
    return this.work.outside.clock.now() >= this.work.limits.stopAt;
  }

  /** A body that would be killed with the process fails before that, for that reason: its attempt is recorded, and nobody has to take over. */
  #expireBodies(): void {
    const { outside, limits } = this.work;
    if (this.#bodies.running > 0 && outside.clock.now() >= limits.lastCall)
      this.#bodies.expire(limits.wholeMs);
  }

  #isSoon(due: EpochMs | undefined): boolean {
    return due !== undefined && due - this.work.outside.clock.now() <= INLINE_MS;
  }

  #mustLook(): boolean {
    const { inbox, outside } = this.work;
    const now = outside.clock.now();
    if (now - inbox.lookedAt >= LOOK_EVERY_MS) return true;
    const due = this.#agenda.nextDue();
    if (due === undefined || due.operation?.kind !== "wait" || due.at > now) return false;
    return this.#next.mayFall(due.operation) && inbox.lookedAt < due.at;
  }

  async #look(): Promise<void> {
    const { outside, owned, inbox } = this.work;
    const { executionId, epoch } = owned.head;
    const now = outside.clock.now();
    const head = await persistently(() => outside.store.readHead(executionId));
    if (head === undefined || head.epoch !== epoch || head.lease?.token !== owned.leaseToken) {
      throw new FencedError(
        executionId,
        `the head is at epoch ${head?.epoch ?? "none"}, and ours is ${epoch}`,
      );
    }
    await inbox.take(head, now);
  }

  #raise(): void {
    this.#background.raise();
    if (this.work.replay.fault !== undefined) throw this.work.replay.fault;
  }
}
