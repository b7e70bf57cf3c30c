import { listDead, retryDead, type ShownLetter } from "../dead-letters.js";
import { UsageError } from "../exit.js";
import { json, shownInstant } from "../format.js";
import { readLimit } from "../input.js";
import { printTable } from "../table.js";
import { connectEvents, type TargetOptions, withTarget } from "../target.js";
import type { AddCommand } from "./command.js";

interface Options extends TargetOptions {
  readonly limit: number;
  readonly json?: boolean;
}

/** `holdfast dead-letters list` and `holdfast dead-letters retry` */
export const addDeadLetters: AddCommand = (program, terminal) => {
  const dead = program
    .command("dead-letters")
    .summary("events that could not be handled")
    .description(
      "Shows events in the dead-letter queues of deliver and start, with the reason, and has them handled again.",
    );
  withTarget(dead.command("list"))
    .summary("list dead events, with the reason")
    .description(
      "Lists dead events. SQS has no look without a receive: each is hidden for a moment, and a list may leave some out.",
    )
    .option("-n, --limit <count>", "how many of each queue", readLimit, 20)
    .option("--json", "print JSON, with the events themselves")
    .action(async ({ limit, ...options }: Options) => {
      const letters = await listDead(await connectEvents(options, terminal), limit);
      if (options.json) return terminal.out(json({ deadLetters: letters }));
      if (letters.length === 0) return terminal.err("No dead event was found.");
      printTable(
        terminal,
        [
          { title: "ID" },
          { title: "OF" },
          { title: "EVENT", shrinks: true },
          { title: "SINCE" },
          { title: "REASON" },
          { title: "MESSAGE", shrinks: true },
        ],
        letters.map(rowOf),
      );
      terminal.err(
        terminal.colors.dim("To have them handled again: holdfast dead-letters retry <id…>, or --all"),
      );
    });
  withTarget(dead.command("retry"))
    .summary("have dead events handled again")
    .description("Sends dead events back to the queue that they died in. Mend the cause first.")
    .argument("[ids...]", "as the list shows them")
    .option("--all", "every dead event that is found, each once")
    .option("-n, --limit <count>", "how many of each queue are looked at", readLimit, 1_000)
    .option("--json", "print JSON")
    .action(async (ids: string[], { limit, all, ...options }: Options & { readonly all?: boolean }) => {
      if (ids.length > 0 === (all === true)) {
        throw new UsageError(
          "Which dead events? Expected ids, as holdfast dead-letters list shows them, or --all for every one, and not both.",
        );
      }
      const wanted = all === true ? undefined : new Set(ids);
      const { letters, failure } = await retryDead(await connectEvents(options, terminal), wanted, limit);
      const retried = letters.map(({ id }) => id);
      const many = `${retried.length} ${retried.length === 1 ? "event" : "events"} went back`;
      if (failure !== undefined) {
        if (options.json) terminal.out(json({ retried }));
        else terminal.out([`${many} before it broke off.`, ...retried].join("\n"));
        throw failure.error;
      }
      const missing = ids.filter((id) => !retried.includes(id));
      if (options.json) terminal.out(json({ retried, missing }));
      else terminal.out(`${many}.`);
      if (missing.length === 0) return;
      terminal.err(`Not found now: ${missing.join(", ")}. SQS may have left them out; try again.`);
      terminal.endWith(1);
    });
};

function rowOf({ id, queue, event, reason, sentAt, eventId }: ShownLetter): string[] {
  return [
    id,
    queue,
    [event ?? "?", eventId ?? ""].join(" ").trim(),
    sentAt === undefined ? "" : shownInstant(sentAt),
    reason?.code ?? "",
    reason?.message ?? "its receives ran out; the audit sends it back",
  ];
}
