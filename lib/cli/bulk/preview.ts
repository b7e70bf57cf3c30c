/** What would be done, before it is asked about: how many, and the first few. */
import type { ListedExecution } from "../../client/types.js";
import { printExecutions } from "../executions.js";
import type { Terminal } from "../terminal.js";

const SHOWN = 5;

/** @param isAll whether this is all that is wanted, and no question follows */
export function preview(
  executions: readonly ListedExecution[],
  verb: string,
  isAll: boolean,
  terminal: Terminal,
): void {
  terminal.err(`${verb}: ${counted(executions.length)}`);
  const told: Terminal = isAll ? terminal : { ...terminal, out: (line) => terminal.err(line) };
  // A look is a result; a question is not.
  printExecutions(told, executions.slice(0, SHOWN));
  const others = executions.length - SHOWN;
  if (others > 0) terminal.err(terminal.colors.dim(`… and ${others} more`));
  if (isAll) terminal.err("Nothing was done.");
}

export function counted(many: number): string {
  return `${many} execution${many === 1 ? "" : "s"}`;
}
