import { checkWaiting, type Waiting } from "../../client/waiting.js";
import { json, painted, shownInstant } from "../format.js";
import { readLimit } from "../input.js";
import { printTable } from "../table.js";
import { connect, type TargetOptions, withTarget } from "../target.js";
import type { AddCommand } from "./command.js";

interface Options extends TargetOptions {
  readonly key?: string;
  readonly limit: number;
  readonly cursor?: string;
  readonly json?: boolean;
}

/** `holdfast waiting` */
export const addWaiting: AddCommand = (program, terminal) => {
  withTarget(program.command("waiting"))
    .summary("list the executions that wait for an event")
    .description("Lists the executions that wait for an event, for which key, and until when.")
    .argument("<event>", "the event's name")
    .option("-k, --key <key>", "only those that wait for this key")
    .option("-n, --limit <count>", "how many", readLimit, 20)
    .option("--cursor <cursor>", "where the page before ended")
    .option("--json", "print JSON")
    .action(async (event: string, { key, limit, cursor, ...options }: Options) => {
      const asked = {
        limit,
        ...(key === undefined ? {} : { key }),
        ...(cursor === undefined ? {} : { cursor }),
      };
      checkWaiting(event, asked);
      const client = await connect(options, terminal);
      const page = await client.waiting(event, asked);
      if (options.json) return terminal.out(json(page));
      const { colors } = terminal;
      const isChoosing = page.waiting.some(({ where }) => where !== undefined);
      if (page.waiting.length === 0) terminal.err("Nobody that was looked at waits for it.");
      else
        printTable(
          terminal,
          [
            { title: "EXECUTION" },
            { title: "WORKFLOW", shrinks: true },
            { title: "STATUS", paint: (cell, row) => painted(colors, row[2] ?? "", cell) },
            { title: "KEY", shrinks: true },
            { title: "UNTIL", instants: true },
            ...(isChoosing ? [{ title: "WHERE", shrinks: true }] : []),
          ],
          page.waiting.map(rowOf).map((row) => (isChoosing ? row : row.slice(0, -1))),
        );
      if (page.waiting.some(({ certain }) => !certain))
        terminal.err(colors.dim("?: it waits for more events than it names; this one may be among them."));
      if (page.cursor !== undefined) terminal.err(colors.dim(`More: --cursor ${page.cursor}`));
    });
};

function rowOf({ executionId, workflow, status, key, until, where, certain }: Waiting): string[] {
  return [
    executionId,
    workflow,
    status,
    certain ? (key ?? "") : "?",
    until === undefined ? "" : shownInstant(until),
    where === undefined ? "" : JSON.stringify(where),
  ];
}
