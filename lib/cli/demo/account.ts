/** What an execution left behind: its history in lines, its times, and its write units against the budget. */
import type { ExecutionDescription, HistoryEntry } from "../../client/types.js";
import { detailOf } from "../history-event.js";
import type { BudgetLine } from "./budget.js";
import type { MeteredWrite } from "./meter.js";
import type { Acting, Played } from "./scene.js";
import type { Stage } from "./stage.js";

export interface Account {
  readonly executionId: string;
  readonly workflow: string;
  readonly status: string;
  readonly ms: number;
  readonly history: readonly HistoryLine[];
  /** All together, as AWS bills them: refused writes too, by the size of the item that they met. */
  readonly units: number;
  readonly budget: readonly BudgetLine[];
  readonly calls: number;
  /** What DynamoDB Local reported as consumed. */
  readonly billed: number;
  /** Writes that met their condition's refusal, each counted as one unit, as no item here is over 1 KB when it is met. */
  readonly refused: number;
}

export interface HistoryLine {
  /** Since the start, in ms. */
  readonly at: number;
  readonly slot: number;
  readonly type: string;
  readonly of: string;
  readonly detail: string;
}

/** How long the meter must stand still before it is read: the relay's marks and the removal of waits come after the end. */
const STILL_MS = 400;

export async function accountOf(stage: Stage, played: Played, acting: Acting): Promise<Account> {
  const { executionId, ids, budget } = played;
  const writes = await stillWrites(() => stage.meter.writesOf(ids));
  const description = await stage.client.describe(executionId);
  const billed = writes.reduce((sum, write) => sum + write.units, 0);
  const refused = writes.filter((write) => write.refused).length;
  const units = billed + refused;
  const allowed = total(budget);
  acting.claim(
    `it cost ${units} write units, and the ledger allows ${allowed}`,
    units > 0 && units <= allowed,
  );
  return {
    executionId,
    workflow: description.workflow,
    status: description.status,
    ms: lasted(description),
    history: linesOf(await stage.client.history(executionId)),
    units,
    budget,
    calls: writes.length,
    billed,
    refused,
  };
}

export function total(budget: readonly BudgetLine[]): number {
  return budget.reduce((sum, { units }) => sum + units, 0);
}

async function stillWrites(read: () => readonly MeteredWrite[]): Promise<readonly MeteredWrite[]> {
  for (let writes = read(); ; ) {
    await new Promise((wake) => setTimeout(wake, STILL_MS));
    const again = read();
    if (again.length === writes.length) return again;
    writes = again;
  }
}

function lasted({ createdAt, closedAt }: ExecutionDescription): number {
  return (closedAt?.getTime() ?? Date.now()) - createdAt.getTime();
}

function linesOf(history: readonly HistoryEntry[]): HistoryLine[] {
  const start = history[0]?.event.at ?? 0;
  return history.map(({ slot, event }) => ({
    at: event.at - start,
    slot,
    type: event.type,
    of: "op" in event ? event.op : "",
    detail: detailOf(event),
  }));
}
