/** Which executions a command for many means: all pages of one listing, before anything is done to one of them. */
import type { DurableClient } from "../../client/client.js";
import type { ExecutionFilter, ListedExecution } from "../../client/types.js";
import type { Terminal } from "../terminal.js";

const PAGE = 200;

/** Of very many, that it still looks is said this often. */
const TOLD_EVERY = 1_000;

/** Newest first. What can't be read is told of, and not chosen. */
export async function selected(
  client: DurableClient,
  filter: ExecutionFilter,
  terminal: Terminal,
  fits: (execution: ListedExecution) => boolean = () => true,
): Promise<ListedExecution[]> {
  const found: ListedExecution[] = [];
  for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
    const page = await client.list({ ...filter, limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
    const before = found.length;
    found.push(...page.executions.filter(fits));
    for (const { executionId, why } of page.damaged ?? [])
      terminal.err(`${executionId} can't be read, and is left alone: ${why}`);
    if (Math.floor(found.length / TOLD_EVERY) > Math.floor(before / TOLD_EVERY))
      terminal.err(terminal.colors.dim(`${found.length} found so far`));
    cursor = page.cursor;
  }
  return found;
}
