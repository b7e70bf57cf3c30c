/** Of what an app has sealed, and nothing here opens, the command shows everything else. */
import { expect, test } from "vitest";
import { detailOf } from "../../lib/cli/history-event.js";
import { lastErrors } from "../../lib/cli/show/last-errors.js";
import type { ExecutionDescription } from "../../lib/index.js";

const sealed = { $sealed: [0, "kms", "AAAA"] };
const failed = {
  type: "StepAttemptFailed",
  at: 0,
  op: "step:charge",
  attempt: 1,
  error: sealed,
  retryAt: 0,
} as const;

test("the detail of an event says that it is sealed, beside what is not", () => {
  expect(detailOf({ type: "StepCompleted", at: 0, op: "step:a", attempt: 2, result: sealed })).toBe(
    "(sealed), attempt 2",
  );
  expect(detailOf(failed)).toMatch(/^\(sealed\), attempt 1, again at /);
});

test("the last error of a step is the one that says so", () => {
  const description: ExecutionDescription = {
    ...{ executionId: "o-1", workflow: "order", definition: "d", status: "suspended", input: {} },
    ...{ createdAt: new Date(0), startAt: new Date(0), waitCount: 0, waits: [] },
    progress: {
      ...{ moves: "timer", reason: "", freedBy: "", awaitCount: 1 },
      awaits: [{ kind: "step", name: "charge", op: "step:charge", failedAttempts: 1 }],
    },
  };
  const errors = lastErrors(description, [{ slot: 1, event: failed }]);
  expect(errors.get("step:charge")).toMatchObject({ name: "SealedValueError" });
});
