import { type OutgoingMessage, parseCommit } from "../../client/outgoing.js";
import { checkWalkCursor } from "../../store/walk.js";
import { json, shownInstant } from "../format.js";
import { readLimit } from "../input.js";
import { printTable } from "../table.js";
import { connect, type TargetOptions, withTarget } from "../target.js";
import type { AddCommand } from "./command.js";

interface ListOptions extends TargetOptions {
  readonly givenUp?: boolean;
  readonly limit: number;
  readonly cursor?: string;
  readonly json?: boolean;
}

interface RetryOptions extends TargetOptions {
  readonly json?: boolean;
}

/** `holdfast outbox list` and `holdfast outbox retry` */
export const addOutbox: AddCommand = (program, terminal) => {
  const outbox = program
    .command("outbox")
    .summary("what was sent and has not arrived")
    .description(
      "Shows outgoing events, signals and starts that nobody has got yet, and has what was given up tried again.",
    );
  withTarget(outbox.command("list"))
    .summary("list outgoing messages that are still to be carried, or were given up")
    .description("Lists outgoing messages with their state, tries and last error.")
    .option("--given-up", "those that nobody will try again")
    .option("-n, --limit <count>", "of how many commits", readLimit, 20)
    .option("--cursor <cursor>", "where the page before ended")
    .option("--json", "print JSON")
    .action(async ({ givenUp, cursor, ...options }: ListOptions) => {
      checkWalkCursor(cursor);
      const client = await connect(options, terminal);
      const page = await client.outbox.list({
        which: givenUp === true ? "given up" : "pending",
        limit: options.limit,
        ...(cursor === undefined ? {} : { cursor }),
      });
      if (options.json) return terminal.out(json(page));
      const { colors } = terminal;
      for (const { executionId, why } of page.damaged ?? [])
        terminal.err(`${executionId} can't be read: ${why}`);
      if (page.messages.length === 0)
        terminal.err(givenUp === true ? "Nothing was given up." : "Nothing is on its way.");
      else
        printTable(
          terminal,
          [
            { title: "COMMIT" },
            { title: "MESSAGE", shrinks: true },
            { title: "STATE" },
            { title: "TRIES" },
            { title: "NEXT TRY OR GIVEN UP", instants: true },
            { title: "LAST ERROR", shrinks: true },
          ],
          page.messages.map(rowOf),
        );
      if (givenUp === true && page.messages.length > 0)
        terminal.err(colors.dim("To have one tried again: holdfast outbox retry <commit>"));
      if (page.cursor !== undefined) terminal.err(colors.dim(`More: --cursor ${page.cursor}`));
    });
  withTarget(outbox.command("retry"))
    .summary("have what was given up tried again")
    .description("Has the given-up messages of a commit tried again, at once. What expired stays as it is.")
    .argument("<commit>", "as the list names it")
    .option("--json", "print JSON")
    .action(async (commit: string, options: RetryOptions) => {
      parseCommit(commit);
      const client = await connect(options, terminal);
      const answer = await client.outbox.retry(commit);
      if (options.json) return terminal.out(json({ commit, ...answer }));
      const { retried } = answer;
      terminal.out(
        `${retried} ${retried === 1 ? "message" : "messages"} of ${commit} will be tried again now.`,
      );
    });
};

function rowOf({ commit, kind, name, to, state, tries, lastError, ...times }: OutgoingMessage): string[] {
  const then = times.givenUpAt ?? times.nextTryAt;
  return [
    commit,
    `${kind} ${name}${to === undefined ? "" : ` for ${to}`}`,
    state,
    String(tries),
    then === undefined ? "" : shownInstant(then),
    lastError ?? "",
  ];
}
