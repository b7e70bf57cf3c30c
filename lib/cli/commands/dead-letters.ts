import { type Command, Option } from "commander";
import type {
  DeadLetterDescription,
  DeadLetterQueueName,
  DeadLettersGone,
} from "../../client/dead-letters.js";
import { DEAD_LETTER_QUEUES } from "../../runtime/dead-letters.js";
import { checkConfirmable } from "../bulk/run.js";
import { EXIT, UsageError } from "../exit.js";
import { json, shownInstant } from "../format.js";
import { readLimit } from "../input.js";
import { printTable } from "../table.js";
import { connect, type TargetOptions, withTarget } from "../target.js";
import type { Terminal } from "../terminal.js";
import type { AddCommand } from "./command.js";

interface Options extends TargetOptions {
  readonly queue?: readonly DeadLetterQueueName[];
  readonly limit: number;
  readonly json?: boolean;
}

interface GoneOptions extends Options {
  readonly all?: boolean;
  readonly yes?: boolean;
}

/** What is in each queue, and who looks after it. */
const HOLDS: Readonly<Record<DeadLetterQueueName, string>> = {
  deliver: "events that could not be handed to waits",
  start: "events and firings that could not start anything",
  wakes: "wakes that were received too often; the audit looks after them",
  timers: "wakes that Scheduler could not hand over; the audit wakes what is due",
  relay: "records that the relay failed on; the audit carries what they hold",
};

/** `holdfast dead-letters show`, `list`, `retry` and `delete` */
export const addDeadLetters: AddCommand = (program, terminal) => {
  const dead = program
    .command("dead-letters")
    .alias("dlq")
    .summary("what could not be handled: count, list, retry, delete")
    .description(
      "Shows what was set aside in the deployment's dead-letter queues, with the reason, and has it handled again.",
    );
  addShow(withTarget(dead.command("show", { isDefault: true })), terminal);
  addList(withQueues(withTarget(dead.command("list")), 20), terminal);
  addRetry(withQueues(withTarget(dead.command("retry")), 1_000), terminal);
  addDelete(withQueues(withTarget(dead.command("delete")), 1_000), terminal);
};

function withQueues(command: Command, limit: number): Command {
  return command
    .addOption(new Option("--queue <queue...>", "only of these queues").choices(DEAD_LETTER_QUEUES))
    .option("-n, --limit <count>", "how many of each queue are looked at", readLimit, limit);
}

function addShow(command: Command, terminal: Terminal): void {
  command
    .summary("count what lies in each dead-letter queue")
    .description(
      "Counts what lies in each dead-letter queue, with the age of the oldest and the reasons. Ends with 1 where something lies there.",
    )
    .option("--json", "print JSON")
    .action(async (options: Options) => {
      const client = await connect(options, terminal);
      const counts = await client.deadLetters.count();
      const queues = counts.flatMap(({ queue, count }) => (count === 0 ? [] : [queue]));
      const letters = queues.length === 0 ? [] : await client.deadLetters.list({ queues, limit: 1_000 });
      const shown = counts.map(({ queue, count }) => ({
        queue,
        count,
        ...about(letters.filter((letter) => letter.queue === queue)),
        holds: HOLDS[queue],
      }));
      if (queues.length > 0) terminal.endWith(EXIT.error);
      if (options.json) return terminal.out(json({ queues: shown }));
      printTable(
        terminal,
        [
          { title: "QUEUE" },
          { title: "COUNT" },
          { title: "OLDEST", instants: true },
          { title: "REASONS", shrinks: true },
          { title: "HOLDS", shrinks: true },
        ],
        shown.map(({ queue, count, oldest, reasons, holds }) => [
          queue,
          String(count),
          oldest === undefined ? "" : shownInstant(oldest),
          Object.entries(reasons)
            .map(([code, many]) => `${code} ${many}`)
            .join(", "),
          holds,
        ]),
      );
      if (queues.length > 0)
        terminal.err(terminal.colors.dim(`Each with its reason: holdfast dead-letters list`));
    });
}

/** Of those that could be looked at now. */
function about(letters: readonly DeadLetterDescription[]): {
  readonly oldest?: Date;
  readonly reasons: Readonly<Record<string, number>>;
} {
  const reasons: Record<string, number> = {};
  for (const { reason } of letters) {
    const code = reason?.code ?? "none";
    reasons[code] = (reasons[code] ?? 0) + 1;
  }
  const oldest = letters.find(({ sentAt }) => sentAt !== undefined)?.sentAt;
  return { reasons, ...(oldest === undefined ? {} : { oldest }) };
}

function addList(command: Command, terminal: Terminal): void {
  command
    .summary("list what was set aside, with the reason")
    .description(
      "Lists what was set aside. SQS has no look without a receive: each is hidden for a moment, and a list may leave some out.",
    )
    .option("--json", "print JSON, with the messages themselves")
    .action(async ({ limit, queue, ...options }: Options) => {
      const client = await connect(options, terminal);
      const deadLetters = await client.deadLetters.list({
        limit,
        ...(queue === undefined ? {} : { queues: queue }),
      });
      if (options.json) return terminal.out(json({ deadLetters }));
      if (deadLetters.length === 0) return terminal.err("No dead letter was found.");
      printTable(
        terminal,
        [
          { title: "ID" },
          { title: "OF" },
          { title: "EVENT OR EXECUTION", shrinks: true },
          { title: "SINCE", instants: true },
          { title: "REASON" },
          { title: "MESSAGE", shrinks: true },
        ],
        deadLetters.map(rowOf),
      );
      terminal.err(
        terminal.colors.dim("To have them handled again: holdfast dead-letters retry <id…>, or --all"),
      );
    });
}

function addRetry(command: Command, terminal: Terminal): void {
  command
    .summary("have dead letters handled again")
    .description("Sends dead letters back to the queue that they died in. Mend the cause first.")
    .argument("[ids...]", "as the list shows them")
    .option("--all", "every one that is found, each once")
    .option("--json", "print JSON")
    .action(async (ids: string[], options: GoneOptions) => {
      const which = whichOf(ids, options);
      const client = await connect(options, terminal);
      const answer = await client.deadLetters.retry(which, withinOf(options));
      tellGone(terminal, options, answer, "retried", "went back");
    });
}

function addDelete(command: Command, terminal: Terminal): void {
  command
    .summary("delete dead letters, for good")
    .description("Deletes dead letters: what they say happened to nobody. The list with --json keeps them.")
    .argument("[ids...]", "as the list shows them")
    .option("--all", "every one that is found")
    .option("-y, --yes", "do it without asking")
    .option("--json", "print JSON")
    .action(async (ids: string[], options: GoneOptions) => {
      const which = whichOf(ids, options);
      if (which === "all") checkConfirmable(options, terminal, "holdfast dead-letters list");
      const client = await connect(options, terminal);
      if (which === "all" && options.yes !== true) {
        const counts = await client.deadLetters.count();
        const all = counts.filter(({ queue }) => options.queue?.includes(queue) ?? true);
        const many = all.reduce((sum, { count }) => sum + count, 0);
        if (!(await terminal.confirm?.(`Delete ${counted(many)} for good?`))) {
          terminal.err("Nothing was done.");
          return terminal.endWith(EXIT.error);
        }
      }
      const answer = await client.deadLetters.delete(which, withinOf(options));
      tellGone(terminal, options, answer, "deleted", "deleted");
    });
}

/** @throws UsageError */
function whichOf(ids: readonly string[], { all }: GoneOptions): readonly string[] | "all" {
  if (ids.length > 0 === (all === true))
    throw new UsageError(
      "Which dead letters? Expected ids, as holdfast dead-letters list shows them, or --all for every one, and not both.",
    );
  return all === true ? "all" : ids;
}

function withinOf({ queue, limit }: Options) {
  return { limit, ...(queue === undefined ? {} : { queues: queue }) };
}

function tellGone(
  terminal: Terminal,
  options: Options,
  { gone, missing, failure }: DeadLettersGone,
  field: string,
  words: string,
): void {
  const ids = gone.map(({ id }) => id);
  if (failure !== undefined) {
    if (options.json) terminal.out(json({ [field]: ids }));
    else terminal.out([`${counted(ids.length)} ${words} before it broke off.`, ...ids].join("\n"));
    throw failure.error;
  }
  if (options.json) terminal.out(json({ [field]: ids, missing }));
  else terminal.out(`${counted(ids.length)} ${words}.`);
  if (missing.length === 0) return;
  terminal.err(`Not found now: ${missing.join(", ")}. SQS may have left them out; try again.`);
  terminal.endWith(EXIT.error);
}

function counted(many: number): string {
  return `${many} dead letter${many === 1 ? "" : "s"}`;
}

function rowOf({ id, queue, event, executionId, reason, sentAt, eventId }: DeadLetterDescription): string[] {
  return [
    id,
    queue,
    executionId ?? [event ?? "?", eventId ?? ""].join(" ").trim(),
    sentAt === undefined ? "" : shownInstant(sentAt),
    reason?.code ?? "",
    reason?.message ?? "its receives ran out; the audit looks after it",
  ];
}
