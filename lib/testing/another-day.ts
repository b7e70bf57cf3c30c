/**
 * Another day: while code runs in it, the process's clock is a day ahead and chance is another, as they will be when an execution is woken
 * in earnest. Code that depends on them so gives itself away even within the same millisecond. Everybody else goes on in the present.
 */
import { AsyncLocalStorage } from "node:async_hooks";

const DAY_MS = 86_400_000;

/** What the code called, by name. */
const places = new AsyncLocalStorage<Set<string>>();

/**
 * Runs `code`, and what it sets going, on another day. One at a time.
 * @param used takes the names of what the code called
 */
export async function onAnotherDay<Result>(used: Set<string>, code: () => Promise<Result>): Promise<Result> {
  const real = { Date: globalThis.Date, random: Math.random };
  const note = (name: string): boolean => {
    const there = places.getStore();
    there?.add(name);
    return there !== undefined;
  };
  const now = (): number => real.Date.now() + (note("Date.now()") ? DAY_MS : 0);
  globalThis.Date = new Proxy(real.Date, {
    get: (target, key) => (key === "now" ? now : Reflect.get(target, key)),
    construct: (target, args, newTarget) =>
      args.length === 0 && note("new Date()")
        ? new target(real.Date.now() + DAY_MS)
        : Reflect.construct(target, args, newTarget),
  });
  Math.random = () =>
    note("Math.random()") ? 1 - Number.EPSILON - real.random() * (1 - 2 * Number.EPSILON) : real.random();
  try {
    return await places.run(used, code);
  } finally {
    globalThis.Date = real.Date;
    Math.random = real.random;
  }
}
