/** What is under way in the test's process, and when nothing of it can go on before virtual time does. */
import type { RunningBody } from "./virtual-clock.js";

// Taken before any test can put fake ones in their place: what is waited for here is real.
const { setImmediate, setTimeout } = globalThis;
const realNow = performance.now.bind(performance);

/** Turns of the event loop in a row that must change nothing: what goes on by itself shows in the next one or two. */
const CALM_TURNS = 5;

/** Turns that are taken at once; after these, whatever is waited for is slow, and gets the processor for itself. */
const EAGER_TURNS = 200;

interface BodyUnderWay extends RunningBody {
  readonly process: { readonly dead: boolean };
}

export class Activity {
  /** Rises whenever an invocation begins or ends, a call is made or answered, a body begins or ends, or somebody asks for the time. */
  moves = 0;
  #calls = 0;
  readonly #bodies = new Set<BodyUnderWay>();
  /** Bodies that were waited for in vain. */
  readonly #givenUp = new Set<BodyUnderWay>();

  /** @param patienceMs real milliseconds without any progress after which a body counts as waiting for nothing */
  constructor(private readonly patienceMs: number) {}

  async call<Reply>(call: () => Promise<Reply>): Promise<Reply> {
    this.moves += 1;
    this.#calls += 1;
    try {
      return await call();
    } finally {
      this.moves += 1;
      this.#calls -= 1;
    }
  }

  /** @param process when it is dead, nobody waits for its bodies */
  async body<Result>(
    process: { readonly dead: boolean },
    code: (body: RunningBody) => Result | Promise<Result>,
  ): Promise<Result> {
    const body = { sleeps: 0, process };
    this.moves += 1;
    this.#bodies.add(body);
    try {
      return await code(body);
    } finally {
      this.moves += 1;
      this.#bodies.delete(body);
      this.#givenUp.delete(body);
    }
  }

  /** Bodies that were given up get another chance. */
  beginPatience(): void {
    this.#givenUp.clear();
  }

  /** Until nothing can go on before virtual time does: no call is under way, and some turns of the event loop change nothing. */
  async quiet(): Promise<void> {
    let seen = this.moves;
    let waited = 0;
    let since: number | undefined;
    for (let calm = 0; calm < CALM_TURNS; ) {
      await (waited < EAGER_TURNS ? eventLoopTurn() : millisecond());
      if (this.moves !== seen) {
        seen = this.moves;
        calm = 0;
        waited = 0;
        since = undefined;
        continue;
      }
      if (!this.#isBusy()) {
        calm += 1;
        continue;
      }
      calm = 0;
      waited += 1;
      since ??= realNow();
      if (this.#calls === 0 && realNow() - since > this.patienceMs) {
        for (const body of this.#bodies) this.#givenUp.add(body);
      }
    }
  }

  #isBusy(): boolean {
    if (this.#calls > 0) return true;
    for (const body of this.#bodies) {
      if (body.sleeps === 0 && !body.process.dead && !this.#givenUp.has(body)) return true;
    }
    return false;
  }
}

function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function millisecond(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
