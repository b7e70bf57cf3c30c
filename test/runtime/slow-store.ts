/** A store whose calls take their time, so that what is meant to happen around them does. */
import type { Store } from "../../lib/store/ports.js";
import { seededRandom } from "../../lib/testing/random.js";

/** Each call takes up to `most` turns of the event loop before it takes effect, and as many before its reply. */
export function slowStore(store: Store, seed: number, most = 8): Store {
  const random = seededRandom(seed);
  const aWhile = async (): Promise<void> => {
    for (let left = Math.floor(random() * most); left > 0; left--) await eventLoopTurn();
  };
  return new Proxy(store, {
    get(target, key, receiver) {
      const member: unknown = Reflect.get(target, key, receiver);
      if (typeof member !== "function") return member;
      return async (...args: unknown[]) => {
        await aWhile();
        const reply: unknown = await Reflect.apply(member, target, args);
        await aWhile();
        return reply;
      };
    },
  });
}

export function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
