/** Callers in JavaScript: what TypeScript would have refused is refused in our words, and nothing is written. */
import { DurableClient, ExecutionNotFoundError, HoldfastError, InvalidInputError, workflow } from "holdfast";
import { expect, test } from "vitest";
import { digest } from "../../lib/model/ids.js";
import { Bench } from "../runtime/bench.js";

const waiter = workflow("waiter", async (ctx) => ctx.waitForSignal("go"));
const CONTENT = Buffer.from("no JSON").toString("base64url");

test.each<[method: string, args: unknown[], error: abstract new (...args: never[]) => Error]>([
  ["describe", [7], ExecutionNotFoundError],
  ["describe", [""], ExecutionNotFoundError],
  ["describe", ["x".repeat(5_000)], ExecutionNotFoundError],
  ["result", [{}], ExecutionNotFoundError],
  ["result", ["x-1", null], InvalidInputError],
  ["terminate", [Symbol("x")], ExecutionNotFoundError],
  ["fork", ["nobody", { from: "step" }], ExecutionNotFoundError],
  ["fork", ["x-1", null], InvalidInputError],
  ["fork", ["x-1", { from: {} }], HoldfastError],
  ["cancel", ["x-1", null], InvalidInputError],
  ["cancel", ["x-1", { reason: 7 }], InvalidInputError],
  ["pause", ["x-1", { by: ["me"] }], InvalidInputError],
  ["terminate", ["x-1", { by: {} }], InvalidInputError],
  ["signal", ["x-1", "go", 1, null], InvalidInputError],
  ["signal", ["x-1", "go", 1, { id: 10n }], InvalidInputError],
  ["list", [null], InvalidInputError],
  ["list", [{ status: 7 }], InvalidInputError],
  ["list", [{ cursor: 7 }], InvalidInputError],
  ["list", [{ application: Object.create(null) }], InvalidInputError],
  ["count", [null], InvalidInputError],
  ["waiting", [null], HoldfastError],
  ["start", [undefined], HoldfastError],
  ["start", ["waiter", 1, null], InvalidInputError],
  ["start", ["waiter", 1, { id: 10n }], InvalidInputError],
  ["publish", [null, {}], HoldfastError],
  ["definition", ["waiter", {}], HoldfastError],
  ["completeCallback", [`${CONTENT}.${digest(CONTENT, 8)}`], HoldfastError],
])("%s(%o) is refused", async (method, args, error) => {
  const bench = new Bench([waiter]);
  await bench.start(waiter, undefined);
  await bench.cloud.settle();
  const client = new DurableClient({ workflows: [waiter], outside: bench.cloud.client() });
  const call = async (): Promise<unknown> => Reflect.apply(Reflect.get(client, method), client, args);
  await expect(call()).rejects.toBeInstanceOf(error);
  expect(await bench.head()).toMatchObject({ status: "suspended", inbox: [], inboxItems: 0 });
});

test("what else stands beside a reason is not recorded", async () => {
  const bench = new Bench([waiter]);
  await bench.start(waiter, undefined);
  await bench.cloud.settle();
  const odd: { reason: string; self?: unknown } = { reason: "enough" };
  odd.self = odd;
  await bench.client.terminate("x-1", odd);
  const end = (await bench.history()).at(-1);
  expect(end).toEqual({ type: "ExecutionTerminated", at: expect.any(Number), reason: "enough" });
});
