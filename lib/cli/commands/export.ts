import type { DurableClient } from "../../client/client.js";
import { ExecutionDeletedError } from "../../model/deletion-errors.js";
import { ExecutionNotFoundError } from "../../model/errors.js";
import { UsageError } from "../exit.js";
import { checkIdArgument, instantArgument } from "../input.js";
import { connect, type TargetOptions, withTarget } from "../target.js";
import type { AddCommand } from "./command.js";

interface Options extends TargetOptions {
  readonly workflow?: string;
  readonly closedBefore?: Date;
}

const PAGE = 200;

/** Of many, that it still works is said this often. */
const TOLD_EVERY = 100;

/** `holdfast export` */
export const addExport: AddCommand = (program, terminal) => {
  withTarget(program.command("export"))
    .summary("write executions down as lines of JSON")
    .description(
      "Writes executions down as lines of JSON: what each is, its whole history with all values, and its end. holdfast replay reads them.",
    )
    .argument("[id...]", "the executions' ids")
    .option("-f, --workflow <name>", "all executions of this workflow")
    .option("--closed-before <instant>", "of them, those that ended earlier: 2026-01-31", instantArgument)
    .action(async (ids: string[], options: Options) => {
      checkAsked(ids, options);
      const client = await connect(options, terminal);
      let exported = 0;
      const write = async (executionId: string): Promise<void> => {
        for await (const line of client.export(executionId)) terminal.out(line);
        exported += 1;
        if (exported % TOLD_EVERY === 0) terminal.err(`${exported} executions so far`);
      };
      for (const executionId of ids) await write(executionId);
      for await (const executionId of executionsOf(client, options)) {
        await write(executionId).catch((error: unknown) => {
          // Deleted between the listing and now: there is nothing to write down any more.
          if (!(error instanceof ExecutionNotFoundError || error instanceof ExecutionDeletedError))
            throw error;
        });
      }
      terminal.err(`${exported} execution${exported === 1 ? "" : "s"} exported`);
    });
};

/** @throws UsageError */
function checkAsked(ids: readonly string[], { workflow, closedBefore }: Options): void {
  for (const executionId of ids) checkIdArgument(executionId);
  if (ids.length === 0 && workflow === undefined)
    throw new UsageError("Nothing to export. Expected ids of executions, or --workflow <name>.");
  if (ids.length > 0 && workflow !== undefined)
    throw new UsageError("Expected ids of executions, or --workflow <name>, and not both.");
  if (workflow === undefined && closedBefore !== undefined)
    throw new UsageError("--closed-before chooses among the executions of a --workflow, and there is none.");
}

/** Newest first. What closed by then was created by then. */
async function* executionsOf(
  client: DurableClient,
  { workflow, closedBefore }: Options,
): AsyncGenerator<string, void, void> {
  if (workflow === undefined) return;
  const filter = { workflow, ...(closedBefore === undefined ? {} : { createdBefore: closedBefore }) };
  for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
    const page = await client.list({ ...filter, limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
    for (const { executionId, closedAt } of page.executions) {
      if (closedBefore === undefined || (closedAt !== undefined && closedAt < closedBefore))
        yield executionId;
    }
    cursor = page.cursor;
  }
}
