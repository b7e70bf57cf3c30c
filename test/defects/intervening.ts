/** Stores around whose calls something happens: another process acts, or the call fails before it takes effect or after. */
import type { Store } from "../../lib/store/ports.js";

type Call = keyof Store;

export interface Interventions {
  /** What it throws is thrown by the call, which then has no effect. */
  before?(call: Call, args: readonly unknown[]): unknown;
  /** The call has taken effect. What this throws is thrown in the reply's place. */
  after?(call: Call, args: readonly unknown[]): unknown;
}

export function intervening(store: Store, { before, after }: Interventions): Store {
  return new Proxy(store, {
    get(target, key, receiver) {
      const member: unknown = Reflect.get(target, key, receiver);
      if (typeof member !== "function") return member;
      const call = key as Call;
      return async (...args: unknown[]) => {
        await before?.(call, args);
        const reply: unknown = await Reflect.apply(member, target, args);
        await after?.(call, args);
        return reply;
      };
    },
  });
}
