/** Executions as a table, the same wherever some are shown. */
import type { ListedExecution } from "../client/types.js";
import { painted, shownInstant } from "./format.js";
import { printTable } from "./table.js";
import type { Terminal } from "./terminal.js";

export function printExecutions(terminal: Terminal, executions: readonly ListedExecution[]): void {
  printTable(
    terminal,
    [
      { title: "EXECUTION" },
      { title: "WORKFLOW", shrinks: true },
      { title: "STATUS", paint: (cell, row) => painted(terminal.colors, row[2] ?? "", cell) },
      { title: "CREATED", instants: true },
      { title: "CLOSED OR DUE", instants: true, shrinks: true },
    ],
    executions.map(rowOf),
  );
}

function rowOf(listed: ListedExecution): string[] {
  return [listed.executionId, listed.workflow, listed.status, shownInstant(listed.createdAt), thenOf(listed)];
}

function thenOf({ status, closedAt, dueAt, lease }: ListedExecution): string {
  if (closedAt !== undefined) return shownInstant(closedAt);
  if (lease !== undefined) return `held until ${shownInstant(lease.until)}`;
  return dueAt === undefined || status === "stalled" ? "" : `due ${shownInstant(dueAt)}`;
}
