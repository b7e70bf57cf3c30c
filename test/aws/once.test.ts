import { expect, it } from "vitest";
import { once } from "../../lib/aws/once.js";

it("makes a thing when it is first asked for, and keeps it, be it undefined", () => {
  let made = 0;
  const get = once(() => {
    made += 1;
    return undefined;
  });
  expect([get(), get(), made]).toEqual([undefined, undefined, 1]);
});

it("keeps a promise for all who ask, and makes another once it was rejected", async () => {
  let made = 0;
  const get = once(async () => {
    made += 1;
    if (made === 1) throw new Error("not yet");
    return made;
  });
  const outcomes = await Promise.allSettled([get(), get()]);
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(await Promise.all([get(), get()])).toEqual([2, 2]);
});
