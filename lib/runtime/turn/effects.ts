/**
 * The effects that the code asked for: step bodies, wait records, children, answers. Each begins only when everything that was applied
 * before it was asked for is durable (I4), and nothing begins when the invocation's end is near (I8).
 */
import { decideStep } from "../../decide/step.js";
import type { ChildOperation, StepOperation } from "../../replay/operation.js";
import { abandonChild, createChild, MOST_CALLS } from "../children.js";
import { storeAnswer } from "../messages/answers.js";
import type { Agenda } from "./agenda.js";
import type { Background } from "./background.js";
import type { Bodies } from "./bodies.js";
import type { Happening } from "./happening.js";
import type { Next } from "./next.js";
import { Queue } from "./queue.js";
import type { Work } from "./work.js";

export class Effects {
  /** At-most-once steps whose start is recorded, until that is durable. */
  #starting: { readonly step: StepOperation; readonly attempt: number }[] = [];
  /** Steps that a pause holds back. */
  #resting: StepOperation[] = [];
  #restingChildren: ChildOperation[] = [];
  /** Children to be created, or told to end, once that may be: their requests are recorded, or about to be. */
  readonly #toCall = new Queue<ChildOperation>();
  readonly #queued = new Set<ChildOperation>();
  #calls = 0;

  constructor(
    private readonly work: Work,
    private readonly agenda: Agenda,
    private readonly bodies: Bodies,
    private readonly next: Next,
    private readonly background: Background,
    private readonly deadlineIsNear: () => boolean,
  ) {}

  /** Something waits for nothing but a write of what is already recorded. It must not be left behind: its start has been promised. */
  get promised(): boolean {
    return this.#starting.length > 0 || this.agenda.answers.length > 0 || this.#toCall.length > 0;
  }

  /** Something could begin now if the invocation had the time, or a write were done. */
  get held(): boolean {
    return this.agenda.steps.length > 0 || this.agenda.children.length > 0;
  }

  begin(): void {
    this.#beginStarted();
    this.#steps();
    this.#children();
    this.#answers();
    this.#registerWaits();
  }

  /** The code is over: stores what it answered by then. */
  async lastAnswers(): Promise<Happening[]> {
    if (this.agenda.answers.length > 0) {
      await this.work.journal.flush();
      this.#answers();
    }
    await this.background.settled();
    return this.next.takeAnswered();
  }

  /** A pause is over. */
  resume(): void {
    this.agenda.steps.push(...this.#resting.splice(0));
    this.agenda.children.push(...this.#restingChildren.splice(0));
  }

  /** Ends what nobody waits for any more: a running body is told so, the rest is decided upon. */
  abandonDetached(): void {
    for (const operation of this.work.replay.takeDetached()) {
      if (operation.kind === "child") this.agenda.children.push(operation);
      else if (operation.kind === "step") {
        if (this.bodies.isRunning(operation)) this.bodies.abandon(operation);
        else if (!this.#starting.some(({ step }) => step === operation)) this.agenda.steps.push(operation);
      }
    }
  }

  #steps(): void {
    const { journal, outside, replay } = this.work;
    const at = {
      now: outside.clock.now(),
      durable: journal.durable,
      deadlineIsNear: this.deadlineIsNear(),
      paused: replay.paused,
      invocationMs: this.work.limits.wholeMs,
    };
    const held: StepOperation[] = [];
    // Once each: a step that was held may have been filed again when it was detached.
    for (const step of new Set(this.agenda.steps)) {
      if (replay.pending.get(step.path) !== step || this.bodies.isRunning(step)) continue;
      const { path: op } = step;
      const action = decideStep(step, at);
      switch (action.do) {
        case "run":
          this.bodies.begin(step, action.attempt);
          break;
        case "wait":
          this.agenda.retryAt(step, action.until);
          break;
        case "rest":
          this.#resting.push(step);
          break;
        case "hold":
          held.push(step);
          break;
        case "record-start":
          this.#starting.push({ step, attempt: action.attempt });
          this.next.decided.push({ event: { type: "StepStarted", op, attempt: action.attempt } });
          break;
        case "fail": {
          const { attempt, error } = action;
          this.next.decided.push({ event: { type: "StepFailed", op, attempt, error } });
          break;
        }
      }
    }
    this.agenda.steps = held;
  }

  /** At-most-once bodies begin once their start is durable, even close to the deadline: what is recorded as begun must be begun. */
  #beginStarted(): void {
    const { journal, replay } = this.work;
    const ready = this.#starting.filter(({ step }) => step.begun && step.after <= journal.durable);
    if (ready.length === 0) return;
    this.#starting = this.#starting.filter((starting) => !ready.includes(starting));
    for (const { step, attempt } of ready) {
      if (replay.pending.get(step.path) !== step) continue;
      if (step.detached) this.agenda.steps.push(step);
      else this.bodies.begin(step, attempt);
    }
  }

  /** A child is requested in history, and created once that is durable; one that nobody waits for is told to end (PROTOCOL B2). */
  #children(): void {
    const { journal, replay } = this.work;
    const isPending = (child: ChildOperation): boolean => replay.pending.get(child.path) === child;
    for (const child of this.agenda.children.splice(0)) {
      if (!isPending(child) || this.#queued.has(child)) continue;
      if (child.requested) this.#queue(child);
      else if (replay.paused) this.#restingChildren.push(child);
      else if (this.deadlineIsNear()) this.agenda.children.push(child);
      else {
        const { path: op, childId, onParentClose, workflow } = child;
        this.next.decided.push({
          event: { type: "ChildRequested", op, childId, workflow: workflow.name, onParentClose },
        });
        this.#queue(child);
      }
    }
    for (let child = this.#toCall.peek(); child !== undefined; child = this.#toCall.peek()) {
      const mayCall = child.requested && child.after <= journal.durable && this.#calls < MOST_CALLS;
      if (isPending(child) && !mayCall) return;
      this.#toCall.shift();
      this.#queued.delete(child);
      if (isPending(child))
        this.#call(child.detached ? abandonChild(this.work, child) : createChild(this.work, child));
    }
  }

  #queue(child: ChildOperation): void {
    this.#toCall.push(child);
    this.#queued.add(child);
  }

  #call(call: Promise<Happening | undefined>): void {
    this.#calls += 1;
    const done = call.then((happening) => {
      this.#calls -= 1;
      if (happening !== undefined) this.next.decided.push(happening);
    });
    this.background.run(done);
  }

  #answers(): void {
    const { journal, replay } = this.work;
    if (this.agenda.answers.length === 0) return;
    const ready = this.agenda.answers.filter(({ after }) => after <= journal.durable);
    this.agenda.answers = this.agenda.answers.filter((answer) => !ready.includes(answer));
    for (const operation of ready) {
      if (replay.pending.get(operation.path) !== operation) continue;
      this.background.run(
        storeAnswer(this.work, operation).then((happening) => {
          this.next.decided.push(happening);
        }),
      );
    }
  }

  #registerWaits(): void {
    const { replay, waits, inbox } = this.work;
    for (const wait of this.agenda.unregistered.splice(0)) {
      if (replay.pending.get(wait.path) !== wait || waits.registered(wait)) continue;
      this.background.run(waits.register(wait).then((recent) => inbox.offer(recent)));
    }
  }
}
