/**
 * Another day: while code runs in it, its clock is a day ahead, as it will be when an execution is woken in earnest, and what it calls that
 * gives another answer each time is noted. Code that depends on the time so gives itself away even within the same millisecond. Everybody
 * else in the process goes on in the present.
 */
import { AsyncLocalStorage } from "node:async_hooks";

const DAY_MS = 86_400_000;

/** Of the code that is on another day: what it called, by name. */
const places = new AsyncLocalStorage<Set<string>>();

/** `Date` and `Math` are the whole process's: one at a time puts something in their place, and takes it away again. */
let last: Promise<unknown> = Promise.resolve();

/**
 * Runs `code`, and what it sets going, on another day.
 * @param used takes the names of what the code called
 */
export function onAnotherDay<Result>(used: Set<string>, code: () => Promise<Result>): Promise<Result> {
  const result = last.then(() => changed(used, code));
  last = result.catch(() => {});
  return result;
}

async function changed<Result>(used: Set<string>, code: () => Promise<Result>): Promise<Result> {
  const { Date: RealDate } = globalThis;
  const { random } = Math;
  /** Whether the one who asks is on another day. */
  const note = (name: string): boolean => places.getStore()?.add(name) !== undefined;
  const now = (): number => RealDate.now() + (note("Date.now()") ? DAY_MS : 0);
  globalThis.Date = new Proxy(RealDate, {
    get: (target, key) => (key === "now" ? now : Reflect.get(target, key)),
    construct: (target, args, newTarget) =>
      args.length === 0 && note("new Date()")
        ? new target(target.now() + DAY_MS)
        : Reflect.construct(target, args, newTarget),
  });
  Math.random = () => {
    note("Math.random()");
    return random();
  };
  try {
    return await places.run(used, code);
  } finally {
    globalThis.Date = RealDate;
    Math.random = random;
  }
}
