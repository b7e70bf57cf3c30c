/** Timers of every kind in the local cloud: none before its time. How late they are, `npm run timers` measures on a machine that has nothing else to do. */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import type { LocalCloud } from "../../lib/local/index.js";
import { KINDS, type Timer } from "./app.js";
import { fire, latenessOf, openCloud } from "./measure.js";

let cloud: LocalCloud;

beforeAll(async () => {
  const accessKeyId = `T${randomBytes(8).toString("hex")}`;
  cloud = await openCloud({ timeScale: 1, dynamodbEndpoint: inject("dynamodbEndpoint"), accessKeyId });
});
afterAll(() => cloud.stop());

it("fire after their time, each of them, and most of them soon", async () => {
  const timers = [200, 1_000, 1_900, 3_000].flatMap((ms) => KINDS.map((kind): Timer => ({ kind, ms })));
  const lateness = latenessOf(await fire(cloud, timers, { patience: { seconds: 240 } }), 1);
  console.log(JSON.stringify(lateness));
  expect(lateness.timers).toBe(16);
  expect(lateness.early).toBe(0);
  // The processors may be shared with everything else that is being tested.
  expect(lateness.p50).toBeLessThan(10_000);
}, 270_000);
