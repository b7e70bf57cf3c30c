/** Tables on narrow terminals. */
import picocolors from "picocolors";
import { expect, test } from "vitest";
import { printExecutions } from "../../lib/cli/executions.js";
import type { Terminal } from "../../lib/cli/terminal.js";
import type { ListedExecution } from "../../lib/client/types.js";

const at = (hour: number): Date => new Date(2026, 10, 24, hour, 50, 36);
const executions: ListedExecution[] = [
  {
    ...{ executionId: "ch-7", workflow: "chat", definition: "d", status: "terminated", createdAt: at(9) },
    closedAt: at(12),
  },
  {
    ...{ executionId: "d-1", workflow: "checkout", definition: "d", status: "suspended", createdAt: at(9) },
    dueAt: at(13),
  },
];

function shown(width: number | undefined, of: readonly ListedExecution[] = executions): string[] {
  const lines: string[] = [];
  const terminal: Terminal = {
    ...{ out: (line: string) => void lines.push(line), err: () => {}, endWith: () => {}, width },
    colors: picocolors.createColors(false),
  };
  printExecutions(terminal, of);
  return lines;
}

test("where there is no room, instants lose their year and seconds before anything is cut", () => {
  expect(shown(60)).toEqual([
    "EXECUTION  WORKFLOW  STATUS      CREATED      CLOSED OR DUE",
    "ch-7       chat      terminated  11-24 09:50  11-24 12:50",
    "d-1        checkout  suspended   11-24 09:50  due 11-24 13:…",
  ]);
});

test("where there is room, and in a pipe, they are whole", () => {
  for (const width of [80, 200, undefined])
    expect(shown(width)[2]).toBe(
      "d-1        checkout  suspended   2026-11-24 09:50:36  due 2026-11-24 13:50:36",
    );
});

test("a title is no longer than its column, and an id is never cut", () => {
  const [first] = executions;
  if (first === undefined) throw new Error("There is one.");
  const executionId = "an-id-of-some-length-0001";
  const [titles = "", row = ""] = shown(60, [{ ...first, executionId }]);
  expect(titles).toMatch(/ CLOSED …$/);
  expect(row).toContain(executionId);
});
