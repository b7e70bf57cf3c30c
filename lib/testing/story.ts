/** A history as lines that a person reads and a test compares: what happened, and to what. */
import { AssertionError } from "node:assert";
import type { HistoryEntry } from "../client/types.js";

/** `StepCompleted reserve`, `TimerFired sleep`, `EventReceived payment.completed`, `StepCompleted undo/reserve`. */
export function storyOf(history: readonly HistoryEntry[]): string[] {
  return history.map(({ event }) => {
    switch (event.type) {
      case "ExecutionStarted":
        return `${event.type} ${event.workflow}`;
      case "CompensationStarted":
        return event.type;
      case "MessageBuffered":
        return "name" in event.message ? `${event.type} ${event.message.name}` : event.type;
      default:
        return "op" in event ? `${event.type} ${nameOf(event.op)}` : event.type;
    }
  });
}

/** `undo/step:reserve#2` is `undo/reserve#2`. */
function nameOf(path: string): string {
  return path
    .split("/")
    .map((part) => part.slice(part.indexOf(":") + 1))
    .map((part) =>
      part.replace(/%([0-9A-F]{2})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 16))),
    )
    .join("/");
}

/** What can be said of a history. Each throws Node's `AssertionError`, with the history in its message, when it is not so. */
export interface HistoryExpectation {
  /** It is exactly this, from `ExecutionStarted` on. */
  toBe(lines: readonly string[]): Promise<void>;
  /** These are in it, in this order; others may stand between them. */
  toContainInOrder(lines: readonly string[]): Promise<void>;
  /** None of these is in it. */
  toContainNone(lines: readonly string[]): Promise<void>;
}

export function expectStory(executionId: string, read: () => Promise<string[]>): HistoryExpectation {
  const fail = (what: string, shown: readonly string[], actual: unknown, expected: unknown): never => {
    const message = [`The history of "${executionId}" ${what}:`, "", ...shown, ""].join("\n");
    throw new AssertionError({ message, actual, expected, operator: "history", stackStartFn: fail });
  };
  return {
    async toBe(lines) {
      const story = await read();
      const shown = difference(lines, story);
      if (shown.some((line) => !line.startsWith(" ")))
        fail("is another (- expected, + found)", shown, story, lines);
    },

    async toContainInOrder(lines) {
      const story = await read();
      let found = 0;
      const shown: string[] = [];
      for (const line of story) {
        const next = line === lines[found];
        if (next) found += 1;
        shown.push(`${next ? "=" : " "} ${line}`);
      }
      const missing = lines.slice(found).map((line) => `- ${line}`);
      if (missing.length > 0) {
        const what = "does not contain these in their order (= found, - expected after them)";
        fail(what, [...shown, ...missing], story, lines);
      }
    },

    async toContainNone(lines) {
      const story = await read();
      const shown = story.map((line) => `${lines.includes(line) ? "!" : " "} ${line}`);
      if (shown.some((line) => line.startsWith("!")))
        fail("contains what it should not (! is one too many)", shown, story, lines);
    },
  };
}

/** Both lists as one: what they share with `  `, the rest with `- ` and `+ `. By their longest common part. */
function difference(expected: readonly string[], found: readonly string[]): string[] {
  const width = found.length + 1;
  // How long the common part of what follows is, at each pair of places.
  const common = new Uint32Array((expected.length + 1) * width);
  const at = (row: number, column: number): number => common[row * width + column] ?? 0;
  for (let row = expected.length - 1; row >= 0; row--) {
    for (let column = found.length - 1; column >= 0; column--) {
      common[row * width + column] =
        expected[row] === found[column]
          ? 1 + at(row + 1, column + 1)
          : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const lines: string[] = [];
  let row = 0;
  let column = 0;
  while (row < expected.length || column < found.length) {
    if (row < expected.length && column < found.length && expected[row] === found[column]) {
      lines.push(`  ${found[column]}`);
      row += 1;
      column += 1;
    } else if (
      column === found.length ||
      (row < expected.length && at(row + 1, column) >= at(row, column + 1))
    ) {
      lines.push(`- ${expected[row]}`);
      row += 1;
    } else {
      lines.push(`+ ${found[column]}`);
      column += 1;
    }
  }
  return lines;
}
