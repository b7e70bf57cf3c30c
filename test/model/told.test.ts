/** What the engine's lines tell of an error: who it is and where it was thrown, and what it says only where we know who wrote it. */
import { describe, expect, it } from "vitest";
import {
  CancelledError,
  ExecutionFailedError,
  FencedError,
  InvalidInputError,
  NonRetryableError,
} from "../../lib/model/errors.js";
import { told } from "../../lib/model/told.js";

const CANARY = "canary-4711";

describe("an error in a line of the engine's", () => {
  it("is told by name and place, without what it says, holds, or was caused by", () => {
    const error = Object.assign(new RangeError(`no such card: ${CANARY}`, { cause: new TypeError(CANARY) }), {
      card: CANARY,
    });
    const found = told(error);
    expect(found).toEqual({
      name: "RangeError",
      at: expect.arrayContaining([expect.stringContaining("told.test.ts")]),
      cause: { name: "TypeError", at: expect.any(Array) },
    });
    expect(JSON.stringify(found)).not.toContain(CANARY);
  });

  it.each([
    new InvalidInputError("The input", [{ path: "card", message: `expected a card, received "${CANARY}"` }]),
    new NonRetryableError(CANARY),
    new CancelledError(CANARY),
    new ExecutionFailedError("x", "failed", { cause: new Error(CANARY) }),
  ])("keeps the words of $code, which may be the user's", (error) => {
    expect(told(error)).toMatchObject({ name: error.name, code: error.code });
    expect(JSON.stringify(told(error))).not.toContain(CANARY);
  });

  it("says what the engine says of itself", () => {
    const error = new FencedError("x-1", "slot 3 was filled by epoch 2");
    expect(told(error)).toMatchObject({ code: "FENCED", message: error.message });
  });

  it("says what a service of AWS says, without the item that it sends along", () => {
    const error = Object.assign(new Error("The conditional request failed"), {
      name: "ConditionalCheckFailedException",
      $metadata: { requestId: "r-1", httpStatusCode: 400 },
      Item: { pk: { S: CANARY } },
    });
    expect(told(error)).toMatchObject({ message: error.message, requestId: "r-1" });
    expect(JSON.stringify(told(error))).not.toContain(CANARY);
  });

  it("is told of what can't be read, by whoever made it so", () => {
    const error = Object.defineProperty(new Error("x"), "name", {
      get: () => {
        throw new Error(CANARY);
      },
    });
    expect(told(error)).toEqual({ name: "an error that can't be read" });
  });

  it("is told of whatever was thrown: text, a stack that somebody made, a cause that leads back", () => {
    expect(told(CANARY)).toEqual({ name: "something that is no Error: string" });
    const made = new Error("mine");
    made.stack = `Error: ${CANARY}\n    at ${CANARY} (x.js:1:1)`;
    expect(told(made)).toEqual({ name: "Error" });
    const round = new Error("round");
    round.cause = round;
    expect(JSON.stringify(told(round)).match(/"name"/g)).toHaveLength(4);
  });

  it("shows no line of a message for a place, however it looks", () => {
    const error = new Error(`x\n    at ${CANARY}`);
    expect(JSON.stringify(told(error))).not.toContain(CANARY);
  });
});
