import { expect, test } from "vitest";
import { systemClock } from "../../lib/aws/clock.js";
import { limitsOf } from "../../lib/aws/lambda-context.js";
import { readSqsBatch } from "../../lib/aws/sqs-batch.js";
import { parseWake } from "../../lib/aws/wake-body.js";

test("a wake travels whole", () => {
  const wake = { executionId: "x", reason: "timer", dueAt: 5, puts: 1, rescues: 2, epoch: 3 } as const;
  expect(parseWake(JSON.stringify(wake))).toEqual(wake);
  const nudge = { executionId: "staged#e-1", reason: "relay", slot: 1, dueAt: 5 } as const;
  expect(parseWake(JSON.stringify(nudge))).toEqual(nudge);
});

test.each([
  "",
  "null",
  "[]",
  '{"executionId":""}',
  '{"executionId":"x","reason":"timer","dueAt":"soon"}',
  '{"executionId":"x","reason":"timer","puts":-1}',
  '{"executionId":"x","reason":"timer","puts":0.5}',
  '{"executionId":"x","reason":"relay","slot":1e300}',
  '{"executionId":"x","reason":"timer","dueAt":1e300}',
  '{"executionId":"x","reason":"timer","dueAt":253402214400001}',
  `{"executionId":"${"x".repeat(2_049)}","reason":"timer"}`,
  `{"executionId":"x","reason":${"[".repeat(20_000)}${"]".repeat(20_000)}}`,
])("%s is no wake", (body) => expect(() => parseWake(body)).toThrow("not a wake"));

test("a batch is one only if all of its records are messages", () => {
  const good = { messageId: "1", body: "{}" };
  expect(readSqsBatch({ Records: [good] })).toEqual([{ ...good, attributes: {}, receives: 1 }]);
  expect(readSqsBatch({ Records: [good, { messageId: "2" }] })).toBeUndefined();
  expect(readSqsBatch({ workflow: "x" })).toBeUndefined();
});

test.each([
  [60_000, 10_000],
  [20_000, 4_000],
])("of %i ms, %i are kept for settling", (remaining, kept) => {
  const context = { awsRequestId: "r", getRemainingTimeInMillis: () => remaining };
  const { deadline, stopAt } = limitsOf(context, systemClock());
  expect(deadline - stopAt).toBe(kept);
  const scaled = limitsOf(context, systemClock({ scale: 10, origin: Date.now() }));
  expect(scaled.deadline - scaled.stopAt).toBe(kept * 10);
});
