/** An Outside for what runs without a turn: a store, and twins that note what was sent and published. */
import type { OutboxEntryState } from "../../lib/model/outgoing.js";
import type { Wake } from "../../lib/model/wake.js";
import type { BusEntry, Outside } from "../../lib/runtime/outside.js";
import type { Store } from "../../lib/store/ports.js";
import { T0 } from "../store/builders.js";

export interface Noted {
  readonly outside: Outside;
  readonly wakes: Wake[];
  readonly published: BusEntry[];
  readonly logged: Readonly<Record<string, unknown>>[];
  /** What every call from now on is made at. */
  at(now: number): void;
}

export function noting(store: Store, fields: Partial<Outside> = {}): Noted {
  const wakes: Wake[] = [];
  const published: BusEntry[] = [];
  const logged: Readonly<Record<string, unknown>>[] = [];
  let now = T0;
  let tokens = 0;
  return {
    wakes,
    published,
    logged,
    at: (instant) => {
      now = instant;
    },
    outside: {
      service: "orders",
      store,
      wakes: { send: async (wake) => void wakes.push(wake), schedule: async () => "created" },
      bus: {
        publish: async (entries) => {
          published.push(...entries);
          return entries.map(() => ({ ok: true }));
        },
      },
      clock: { now: () => now, sleep: async () => {} },
      log: { write: (level, message, more) => void logged.push({ level, message, ...more }) },
      random: () => 0.5,
      token: () => `token-${++tokens}`,
      ...fields,
    },
  };
}

/** A process that dies at its `call`th call outside, before or after it is done: nothing that it does later has any effect. */
export function dying(outside: Outside, call: number, when: "before" | "after"): Outside {
  let calls = 0;
  let dead = false;
  const dies = <T extends object>(port: T): T =>
    new Proxy(port, {
      get(target, key) {
        const member: unknown = Reflect.get(target, key);
        if (typeof member !== "function") return member;
        return async (...args: unknown[]) => {
          calls += 1;
          if (dead || (calls === call && when === "before")) dead = true;
          if (dead) throw new Error("the process is dead");
          const answer: unknown = await Reflect.apply(member, target, args);
          if (calls >= call) dead = true;
          if (dead) throw new Error("the process is dead");
          return answer;
        };
      },
    });
  return { ...outside, store: dies(outside.store), wakes: dies(outside.wakes), bus: dies(outside.bus) };
}

export const stateOf = async (
  store: Store,
  executionId: string,
  slot = 1,
): Promise<readonly OutboxEntryState[]> => (await store.readOutbox(executionId, slot))?.states ?? [];
