/** `holdfast watch`: the open executions of a deployment, refreshed; where nothing can be drawn over, a line for each change. */
import { setTimeout as pause } from "node:timers/promises";
import type { DurableClient } from "../../client/client.js";
import type { ExecutionFilter, ListedExecution } from "../../client/types.js";
import { ExecutionNotFoundError } from "../../model/errors.js";
import type { ExecutionStatus } from "../../model/status.js";
import { printExecutions } from "../executions.js";
import { painted, shownInstant } from "../format.js";
import { fitting } from "../table.js";
import type { Terminal } from "../terminal.js";

export interface Watched {
  readonly filter: ExecutionFilter;
  readonly limit: number;
  readonly everyMs: number;
  readonly json: boolean;
  readonly signal: AbortSignal;
  /** The deployment's time. */
  readonly now: () => number;
}

/** Until it is interrupted. */
export async function watchDeployment(
  client: DurableClient,
  { filter, limit, everyMs, json, signal, now }: Watched,
  terminal: Terminal,
): Promise<void> {
  const { live } = terminal;
  let before = new Map<string, ListedExecution>();
  while (!signal.aborted) {
    const { executions, cursor } = await client.list({ ...filter, limit });
    if (live !== undefined && !json) live.draw(screen(terminal, executions, cursor !== undefined, now()));
    else before = await tellChanges(client, executions, before, { json, at: new Date(now()) }, terminal);
    await pause(everyMs, undefined, { signal }).catch(() => {});
  }
}

function screen(
  terminal: Terminal,
  executions: readonly ListedExecution[],
  isMore: boolean,
  now: number,
): string[] {
  const lines: string[] = [];
  const { colors, width } = terminal;
  if (executions.length === 0) lines.push("No execution is open.");
  else printExecutions({ ...terminal, out: (line) => lines.push(line) }, executions);
  if (isMore) lines.push(colors.dim("… and more"));
  lines.push(colors.dim(`${shownInstant(now)}, Ctrl-C ends it`));
  return lines.map((line) => fitting(line, width));
}

async function tellChanges(
  client: DurableClient,
  executions: readonly ListedExecution[],
  before: ReadonlyMap<string, ListedExecution>,
  { json, at }: { readonly json: boolean; readonly at: Date },
  terminal: Terminal,
): Promise<Map<string, ListedExecution>> {
  const now = new Map(executions.map((execution) => [execution.executionId, execution]));
  const tell = (executionId: string, workflow: string, status: ExecutionStatus | "deleted"): void => {
    terminal.out(
      json
        ? JSON.stringify({ at, executionId, workflow, status })
        : `${shownInstant(at)}  ${executionId}  ${workflow}  ${painted(terminal.colors, status)}`,
    );
  };
  for (const { executionId, workflow, status } of executions.toReversed())
    if (before.get(executionId)?.status !== status) tell(executionId, workflow, status);
  for (const { executionId, workflow } of before.values()) {
    if (now.has(executionId)) continue;
    const status = await statusOf(client, executionId);
    // One that is open still has only made room for newer ones on the page.
    if (status !== before.get(executionId)?.status) tell(executionId, workflow, status);
  }
  return now;
}

async function statusOf(client: DurableClient, executionId: string): Promise<ExecutionStatus | "deleted"> {
  try {
    return (await client.describe(executionId)).status;
  } catch (error) {
    if (error instanceof ExecutionNotFoundError) return "deleted";
    throw error;
  }
}
