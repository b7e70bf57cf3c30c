/** Values on their whole way: into an execution, through its steps, signals and state, and out again, with a replay between. */
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { app, UnencodableValueError, workflow } from "holdfast";
import { type TestApp, testApp } from "holdfast/testing";
import { afterEach, describe, expect, it } from "vitest";

class OutOfStock extends Error {
  override name = "OutOfStock";
  constructor(readonly details: unknown) {
    super("none left");
  }
}

/** Gives what it is given, through everything that keeps values. */
const round = workflow("round", async (ctx, input: unknown) => {
  const result = await ctx.step("result", () => input);
  ctx.setState(result);
  await ctx.sleep("1h");
  const signalled = await ctx.waitForSignal("same");
  const thrown: unknown = await ctx
    .step(
      "throw",
      () => {
        throw new OutOfStock(signalled);
      },
      { retry: { maxAttempts: 1 } },
    )
    .catch((error: unknown) => error);
  await ctx.sleep("1h");
  if (!(thrown instanceof OutOfStock)) throw new Error(`another class: ${thrown}`);
  return { input, result, signalled, thrown: thrown.details };
});

const tricky = fc.constantFrom(
  "$date",
  "$undefined",
  "$error",
  "$object",
  "$payload",
  "__proto__",
  "toJSON",
  "then",
  "",
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(
      null,
      undefined,
      true,
      -0,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ),
    fc.string({ unit: "binary" }),
    fc.double(),
    fc.bigInt(),
    fc.date(),
    fc.uint8Array({ maxLength: 20 }),
    fc.webUrl().map((url) => new URL(url)),
    fc.constantFrom(/a+/gi, /\//u),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 2 }).map((entries) => new Map(entries)),
    fc.array(tie("value"), { maxLength: 2 }).map((items) => new Set(items)),
    // Defined, not assigned: `__proto__` is data here.
    fc
      .array(fc.tuple(fc.oneof(tricky, fc.string()), tie("value")), { maxLength: 3 })
      .map((entries) => Object.fromEntries(entries)),
  ),
}));

describe.each([
  ["memory", 60],
  ["dynamodb-local", 15],
] as const)("any value, on the store %s", (store, numRuns) => {
  let t: TestApp | undefined;
  afterEach(() => t?.close());

  it("comes back as it was: as input, result, signal, state, field of an error, and output", {
    timeout: 240_000,
  }, async () => {
    const kit = await testApp(app({ workflows: [round], errors: [OutOfStock] }), { store });
    t = kit;
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(value, async (given) => {
        runs += 1;
        const id = `x-${runs}`;
        await kit.client.start(round, given, { id });
        await kit.client.signal(id, "same", given);
        const output = await kit.runToEnd(id);
        const expected = { input: given, result: given, signalled: given, thrown: given };
        expect(isDeepStrictEqual(output, expected)).toBe(true);
        const { state, input } = await kit.client.describe(id);
        expect(isDeepStrictEqual([state, input], [given, given])).toBe(true);
      }),
      { numRuns, seed: 20_260_101 },
    );
  });
});

describe("what can't be kept", () => {
  it.each<[string, unknown, string]>([
    ["a function in a result", { order: { close: () => 1 } }, "order.close"],
    ["a class's instance in a list", { list: [1, new (class Socket {})()] }, "list[1]"],
    ["a symbol in a map", new Map([["key", Symbol("s")]]), "<value 0>"],
    ["a promise that was not awaited", { late: Promise.resolve(1) }, "late"],
  ])("is that step's failure, with its path, which code can catch: %s", async (_, result, path) => {
    const refused = workflow("refused", async (ctx) => {
      const why: unknown = await ctx
        .step("odd", () => result, { retry: { maxAttempts: 1 } })
        .catch((error: unknown) => error);
      await ctx.sleep("1h");
      return why instanceof UnencodableValueError ? why.path : `another: ${why}`;
    });
    const t = await testApp(app({ workflows: [refused] }));
    expect(await t.run(refused, undefined, { id: "x-1" })).toBe(path);
    await t.expectHistory("x-1").toContainInOrder(["StepFailed odd", "ExecutionCompleted"]);
  });
});

describe("a stored failure", () => {
  it("keeps a few frames of its stack, nearest first, and its message and causes whole", async () => {
    const deep = (levels: number): never => {
      if (levels === 0) throw new OutOfStock("m".repeat(3_000));
      return deep(levels - 1);
    };
    const before = Error.stackTraceLimit;
    Error.stackTraceLimit = 100;
    const failing = workflow("failing", async (ctx) => {
      await ctx.step(
        "deep",
        () => {
          try {
            deep(50);
          } catch (cause) {
            throw new Error("long ".repeat(1_000), { cause });
          }
        },
        { retry: { maxAttempts: 1 } },
      );
    });
    const t = await testApp(app({ workflows: [failing], errors: [OutOfStock] }));
    await t.run(failing, undefined, { id: "x-1" }).catch(() => {});
    Error.stackTraceLimit = before;
    const { error } = await t.client.describe("x-1");
    expect(error?.message).toBe("long ".repeat(1_000));
    const cause = error?.cause;
    if (!(cause instanceof OutOfStock)) throw new Error(`another cause: ${cause}`);
    expect(cause.details).toBe("m".repeat(3_000));
    const frames = cause.stack?.split("\n").slice(1) ?? [];
    expect(frames.length).toBeGreaterThan(0);
    expect(frames.length).toBeLessThanOrEqual(6);
    expect(frames[0]).toMatch(/at deep /);
    const failed = (await t.client.history("x-1")).find(({ event }) => event.type === "StepFailed");
    // Both messages once, the field, and at most 600 characters of frames for each of the two.
    expect(JSON.stringify(failed).length).toBeLessThan(5_000 + 3_000 + 2 * 600 + 500);
  });
});
