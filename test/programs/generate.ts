/** Makes a random program from a seed. */
import { seededRandom } from "../../lib/testing/random.js";
import { type Leaf, type Part, PLACES, type Program, SIGNALS, type StepPart, UPDATES } from "./program.js";

export interface Flavour {
  /** Leaves out whatever could end otherwise when time passes otherwise: waits, races, doomed and at-most-once steps. */
  readonly deterministic?: boolean;
  /** How many of its steps' bodies take virtual time, from 0 to 1. */
  readonly longBodies?: number;
  readonly longestBodyMs?: number;
  /** How many of its sleeps are longer than a queue can delay a message, from 0 to 1. */
  readonly longSleeps?: number;
  /** How many parts it may have. Default 26. */
  readonly size?: number;
}

/** The same seed and flavour give the same program. */
export function randomProgram(seed: number, flavour: Flavour = {}): Program {
  const random = seededRandom(Math.imul(seed, 0x9e3779b1));
  const { deterministic = false } = flavour;
  const generator = new Generator(random, flavour);
  const body = generator.whole();
  const continues = !deterministic && random() < 0.12 ? 1 + Math.floor(random() * 2) : 0;
  return { body, continues, ...(!deterministic && random() < 0.15 ? { timeoutMs: 20_000 } : {}) };
}

class Generator {
  #left: number;
  #names = 0;

  constructor(
    private readonly random: () => number,
    private readonly flavour: Flavour,
  ) {
    const most = flavour.size ?? 26;
    this.#left = this.#chance(0.05) ? 2 * most : 3 + this.#below(most - 2);
  }

  whole(): Part {
    const parts: Part[] = [];
    while (this.#left > 0) parts.push(this.#part(3));
    return { kind: "in-order", parts };
  }

  #part(depth: number): Part {
    if (depth === 0 || this.#left <= 1 || this.#chance(0.45)) return this.#leaf();
    this.#left -= 1;
    const { deterministic = false } = this.flavour;
    const inside = (least: number, more: number): Part[] =>
      Array.from({ length: least + this.#below(more + 1) }, () => this.#part(depth - 1));
    const kind = deterministic
      ? this.#oneOf("in-order", "all", "allSettled", "saga", "map", "try", "finally", "child")
      : this.#oneOf(
          "in-order",
          "in-order",
          "all",
          "any",
          "allSettled",
          "promise-race",
          "race",
          "race",
          "race",
          "saga",
          "saga",
          "saga",
          "map",
          "map",
          "try",
          "try",
          "finally",
          "loose",
          "handle",
          "patched",
          "child",
          "child",
        );
    switch (kind) {
      case "map": {
        const parts = inside(1, 3);
        const most = parts.length;
        return {
          kind,
          parts,
          ...(this.#chance(0.5) ? { concurrency: 1 + this.#below(2) } : {}),
          ...(this.#chance(0.4) ? { failures: this.#below(most + 1) } : {}),
          ...(!deterministic && this.#chance(0.3) ? { enough: 1 + this.#below(most) } : {}),
        };
      }
      case "try": {
        const [body, rescue] = [this.#part(depth - 1), this.#part(0)];
        if (!deterministic || this.#chance(0.5)) return { kind, parts: [body, rescue] };
        // The one way to fail that is the same at whatever time things happen.
        const thrown: Part = { kind: "throw", message: "thrown in a saga" };
        return { kind, parts: [{ kind: "saga", parts: [body, thrown] }, rescue] };
      }
      case "finally":
        return { kind, parts: [this.#part(depth - 1), this.#part(0)] };
      case "loose":
        return { kind, parts: inside(1, 0) };
      case "saga":
        return { kind, parts: inside(1, 2) };
      case "handle":
        return { kind, name: this.#oneOf(...UPDATES), parts: inside(1, 1) };
      case "patched":
        return { kind, change: this.#oneOf("a", "b"), parts: inside(2, 0) };
      case "child": {
        const onParentClose = this.#oneOf("cancel", "cancel", "terminate", "abandon");
        return { kind, onParentClose, parts: inside(1, 1) };
      }
      default:
        return { kind, parts: inside(2, 1) };
    }
  }

  #leaf(): Leaf {
    this.#left -= 1;
    const { deterministic = false, longSleeps = 0 } = this.flavour;
    const kind = deterministic
      ? this.#oneOf("step", "step", "step", "transaction", "sleep", "send", "tell", "state", "draw", "throw")
      : this.#oneOf(
          "step",
          "step",
          "step",
          "step",
          "transaction",
          "sleep",
          "sleep",
          "wait",
          "signal",
          "callback",
          "send",
          "tell",
          "state",
          "draw",
          "throw",
        );
    const timeout = (share: number) =>
      this.#chance(share) ? { timeoutMs: this.#oneOf(500, 5_000, 60_000, 60_000) } : {};
    this.#names += 1;
    switch (kind) {
      case "step":
      case "transaction":
        return this.#step(kind);
      case "sleep":
        return { kind, ms: this.#chance(longSleeps) ? 20 * 60_000 : this.#oneOf(0, 200, 900, 1_500, 8_000) };
      case "wait":
        return {
          kind,
          place: this.#oneOf(...PLACES),
          timeoutMs: this.#oneOf(500, 5_000, 60_000),
          ...(this.#chance(0.2) ? { lookbackMs: 0 } : {}),
        };
      case "signal":
        return { kind, name: this.#oneOf(...SIGNALS), ...timeout(0.5) };
      case "callback":
        return {
          kind,
          name: `c${this.#names}`,
          ...timeout(0.5),
          ...(this.#chance(0.4) ? { heartbeatMs: 3_000 } : {}),
        };
      case "draw":
        return { kind, now: !deterministic };
      case "throw":
        return !deterministic && this.#chance(0.5)
          ? { kind, message: `thrown ${this.#names}` }
          : this.#step("step");
      default:
        return { kind, n: this.#names };
    }
  }

  #step(kind: "step" | "transaction"): StepPart {
    const { deterministic = false, longBodies = 0, longestBodyMs = 4_000 } = this.flavour;
    const turns = this.#below(8);
    return {
      kind,
      // Few names, so that occurrences count.
      name: `s${this.#chance(0.2) ? 0 : this.#names}`,
      ...(this.#chance(0.3) ? { fails: 1 + this.#below(2) } : {}),
      ...(!deterministic && this.#chance(0.12) ? { tries: 1 + this.#below(3) } : {}),
      ...(!deterministic && this.#chance(0.06) ? { doomed: true } : {}),
      ...(!deterministic && kind === "step" && this.#chance(0.15) ? { atMostOnce: true } : {}),
      ...(this.#chance(0.5) ? { compensation: this.#oneOf(0, 0, 0, 1, 99) } : {}),
      ...(this.#chance(0.1) ? { beats: true } : {}),
      ...(turns > 0 ? { turns } : {}),
      ...(this.#chance(longBodies) ? { ms: this.#below(longestBodyMs) } : {}),
    };
  }

  #below(n: number): number {
    return Math.floor(this.random() * n);
  }

  #chance(share: number): boolean {
    return this.random() < share;
  }

  #oneOf<T>(...these: readonly [T, ...T[]]): T {
    return these[this.#below(these.length)] ?? these[0];
  }
}
