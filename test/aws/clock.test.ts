import { describe, expect, test } from "vitest";
import { systemClock } from "../../lib/aws/clock.js";
import { checkTimeScale } from "../../lib/aws/time-scale.js";

describe("the system's clock", () => {
  test("is the wall's, and never wakes early", async () => {
    const clock = systemClock();
    const before = clock.now();
    expect(Math.abs(before - Date.now())).toBeLessThan(50);
    await clock.sleep(30);
    expect(clock.now() - before).toBeGreaterThanOrEqual(30);
  });

  test("runs faster by its scale, from its origin", async () => {
    const origin = Date.now() - 1_000;
    const clock = systemClock({ scale: 60, origin });
    expect(Math.abs(clock.now() - (origin + 60_000))).toBeLessThan(10_000);
    expect(clock.fromReal(1_000)).toBe(60_000);
    const real = Date.now();
    const before = clock.now();
    await clock.sleep(3_000);
    expect(clock.now() - before).toBeGreaterThanOrEqual(3_000);
    expect(Date.now() - real).toBeLessThan(1_000);
  });

  test("a sleep ends when it is aborted, before or meanwhile, and does not reject", async () => {
    const clock = systemClock();
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 10);
    const began = Date.now();
    await clock.sleep(60_000, abort.signal);
    await clock.sleep(60_000, abort.signal);
    expect(Date.now() - began).toBeLessThan(5_000);
  });

  test("sleeps longer than a Node timer can", async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 20);
    const began = Date.now();
    await systemClock().sleep(40 * 86_400_000, abort.signal);
    expect(Date.now() - began).toBeGreaterThanOrEqual(15);
  });
});

describe("the scale's variables", () => {
  test("both absent are real time", () => {
    expect(checkTimeScale(undefined, undefined)).toEqual({ scale: 1, origin: 0 });
  });
  test.each(["0", "-1", "fast"])("%s is refused", (scale) => {
    expect(() => checkTimeScale(scale, "0")).toThrow("HOLDFAST_TIME_SCALE must be a number above 0");
  });
});
