/**
 * Decides what goes wrong, and counts what did.
 *
 * A decision hangs on the seed, on the place where it is taken (a service's operation, a queue, a function) and on how often one was
 * taken there: not on what happens elsewhere meanwhile. So a run can be repeated as far as each place sees the same things.
 */
import { createHash } from "node:crypto";
import type { ChaosFault, ChaosService, ChaosSettings } from "./settings.js";

/** How often each fault happened, by service; a service or a fault that had none is missing. */
export type ChaosCounts = Readonly<
  Partial<Record<ChaosService, Readonly<Partial<Record<ChaosFault, number>>>>>
>;

export interface Strike {
  readonly fault: ChaosFault;
  /** From 0 to 1: how much of it, such as how long a delay. */
  readonly amount: number;
}

export class Chaos {
  private readonly taken = new Map<string, number>();
  private readonly happened = new Map<ChaosService, Map<ChaosFault, number>>();
  private over = false;

  constructor(readonly settings: ChaosSettings) {}

  get counts(): ChaosCounts {
    return Object.fromEntries(
      [...this.happened].map(([service, faults]) => [service, Object.fromEntries(faults)]),
    );
  }

  /** Nothing more goes wrong from here on; clocks stay as wrong as they are. */
  calm(): void {
    this.over = true;
  }

  /** By how much the clock of the next process of a function is off: the cloud's own time, in ms, below 0 for one that is behind. */
  skewOf(functionName: string): number {
    const [share = 0] = this.drawn(`lambda/clock ${functionName}`);
    return Math.round((2 * share - 1) * this.settings.skewMs);
  }

  /** One of `faults`, or `undefined` when all goes well. Whoever lets it happen says so with `count`. */
  strike(service: ChaosService, place: string, faults: readonly ChaosFault[]): Strike | undefined {
    const { rate, services } = this.settings;
    const possible = faults.filter((fault) => this.settings.faults.includes(fault));
    if (this.over || possible.length === 0 || !services.includes(service)) return undefined;
    const [chance = 1, choice = 0, amount = 0] = this.drawn(`${service}/${place}`);
    const fault = possible[Math.floor(choice * possible.length)];
    return chance < rate && fault !== undefined ? { fault, amount } : undefined;
  }

  count(service: ChaosService, fault: ChaosFault): void {
    const faults = this.happened.get(service) ?? new Map<ChaosFault, number>();
    this.happened.set(service, faults.set(fault, (faults.get(fault) ?? 0) + 1));
  }

  /** For what either happens at once or not at all. */
  happens(service: ChaosService, place: string, faults: readonly ChaosFault[]): Strike | undefined {
    const strike = this.strike(service, place, faults);
    if (strike !== undefined) this.count(service, strike.fault);
    return strike;
  }

  private drawn(where: string): readonly number[] {
    const nth = this.taken.get(where) ?? 0;
    this.taken.set(where, nth + 1);
    return numbersOf(`${this.settings.seed}/${where}/${nth}`);
  }
}

/** Three numbers from 0 to below 1. */
const numbersOf = (text: string): readonly number[] => {
  const digest = createHash("sha256").update(text).digest();
  return [0, 4, 8].map((at) => digest.readUInt32BE(at) / 2 ** 32);
};
