import fc from "fast-check";
import { InvalidDefinitionError, InvalidInputError } from "holdfast";
import { describe, expect, it } from "vitest";
import { checkExecutionId, checkName, digest, LONGEST_EXECUTION_ID, shardOf } from "../../lib/model/ids.js";

describe("an execution id that a user chose", () => {
  it.each([
    ["a business key", "order-2026/0001"],
    ["a UUID", "0b0f8ae2-6e2b-4a3c-9a60-0f4c4c2f3c1d"],
    ["an e-mail address", "ann+test@example.com"],
    ["base64", "aGVsbG8="],
    ["an ARN", "arn:aws:s3:::bucket/key_1.txt"],
    ["one character", "7"],
    ["the longest", "x".repeat(LONGEST_EXECUTION_ID)],
  ])("may be %s", (_, id) => {
    expect(checkExecutionId(id)).toBe(id);
  });

  it.each([
    ["empty", ""],
    ["too long", "x".repeat(LONGEST_EXECUTION_ID + 1)],
    ["beginning with a dash, like an option of the command", "-order"],
    ["beginning with a dot", ".order"],
    ["with a space", "order 1"],
    ["with a key separator", "order#1"],
    ["with a line break at its end", "order-1\n"],
    ["with a control character", "order\u0000"],
    ["with what a shell expands", "order$1"],
    ["with a letter beyond ASCII", "ordér"],
    ["a number", 7],
    ["nothing", undefined],
    ["null", null],
  ])("is refused when it is %s", (_, id) => {
    expect(() => checkExecutionId(id)).toThrow(InvalidInputError);
    expect(() => checkExecutionId(id)).toThrow(/execution id is not valid.*expected 1 to 200 characters/);
  });

  it("is quoted in the refusal, so that what nobody sees can be seen", () => {
    expect(() => checkExecutionId("a\tb")).toThrow(/found "a\\tb"/);
  });
});

describe("the name of a workflow or an event", () => {
  it.each(["order-saga", "payment.completed", "Orders/ship:v2", "a", "9lives", "x".repeat(128)])(
    "may be %s",
    (name) => {
      expect(checkName("a workflow", name)).toBe(name);
    },
  );

  it.each([
    "",
    "x".repeat(129),
    "order saga",
    "_order",
    "order@2",
    "order#2",
    "ordér",
    "order\n",
    7,
    undefined,
    null,
  ])("is refused when it is %j", (name) => {
    expect(() => checkName("a workflow", name)).toThrow(InvalidDefinitionError);
    expect(() => checkName("a workflow", name)).toThrow(/can't be the name of a workflow: expected 1 to 128/);
  });
});

describe("a digest", () => {
  it("is the same for the same text, of the length that was asked for, in letters that any key takes", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 43 }), (text, length) => {
        expect(digest(text, length)).toBe(digest(text, length));
        expect(digest(text, length)).toMatch(new RegExp(`^[A-Za-z0-9_-]{${length}}$`));
      }),
    );
  });

  it("stays what it was in earlier releases, since it is stored", () => {
    expect(digest("step:reserve", 8)).toBe("GcT4gcoc");
    expect(shardOf("order-1", 16)).toBe(1);
  });
});

describe("a shard", () => {
  it("is one of those that there are", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 1_000 }), (key, shards) => {
        const shard = shardOf(key, shards);
        expect(Number.isInteger(shard) && shard >= 0 && shard < shards).toBe(true);
      }),
    );
  });

  it("holds about as many keys as every other", () => {
    const counts = new Array<number>(8).fill(0);
    for (let n = 0; n < 16_000; n++) {
      const shard = shardOf(`order-${n}`, 8);
      counts[shard] = (counts[shard] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 2_000)).toBeLessThan(250);
  });
});
