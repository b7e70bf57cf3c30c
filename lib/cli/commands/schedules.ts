import { type Command, Option } from "commander";
import type { ScheduleDescription, UnreadableSchedule } from "../../client/schedule-description.js";
import { checkSchedule, checkScheduleId } from "../../client/schedules.js";
import { OVERLAPS, type Overlap } from "../../model/firing.js";
import { checkName } from "../../model/ids.js";
import type { EpochMs } from "../../model/time.js";
import { EXIT } from "../exit.js";
import { json, shownInstant } from "../format.js";
import { instantArgument, readJson } from "../input.js";
import { printTable } from "../table.js";
import { connect, deploymentNow, type TargetOptions, withTarget } from "../target.js";
import type { Terminal } from "../terminal.js";
import type { AddCommand } from "./command.js";

interface Options extends TargetOptions {
  readonly json?: boolean;
}

interface PutOptions extends Options {
  readonly workflow: string;
  readonly expression: string;
  readonly timezone?: string;
  readonly overlap?: Overlap;
  readonly input?: string;
  readonly startAt?: Date;
  readonly endAt?: Date;
  readonly paused?: boolean;
}

/** `holdfast schedules` */
export const addSchedules: AddCommand = (program, terminal) => {
  const schedules = program
    .command("schedules")
    .summary("list, put, pause, resume and delete schedules")
    .description(
      "Schedules that start workflows again and again, kept at run time. Those that workflows declare in their code are not among them.",
    );
  const sub = (name: string, summary: string): Command =>
    withTarget(schedules.command(name)).summary(summary).description(summary).option("--json", "print JSON");

  sub("list", "list the schedules").action(async (options: Options) => {
    const client = await connect(options, terminal);
    const all: ScheduleDescription[] = [];
    const others: UnreadableSchedule[] = [];
    for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
      const page = await client.schedules.list(cursor === undefined ? {} : { cursor });
      all.push(...page.schedules);
      others.push(...page.unreadable);
      cursor = page.cursor;
    }
    if (options.json) {
      const told = others.map(({ id, expression, reason }) => ({ id, expression, unreadable: reason }));
      return terminal.out(json([...all, ...told]));
    }
    if (all.length + others.length === 0)
      return terminal.err("There are no schedules that clients have put.");
    printTable(
      terminal,
      [
        { title: "SCHEDULE" },
        { title: "WORKFLOW", shrinks: true },
        { title: "EXPRESSION" },
        { title: "ZONE", shrinks: true },
        { title: "OVERLAP" },
        { title: "STATE", shrinks: true },
      ],
      [
        ...all.map((it) => [...partsOf(it), it.paused ? "paused" : "on"]),
        ...others.map(({ id, expression, reason }) => [id, "?", expression, "", "", `unreadable: ${reason}`]),
      ],
    );
  });

  sub("show", "show a schedule, and what became of it last")
    .argument("<id>", "the schedule's id")
    .action(async (id: string, options: Options) => {
      checkScheduleId(id);
      const found = await (await connect(options, terminal)).schedules.get(id);
      if (options.json) return terminal.out(json(found));
      terminal.out(lineOf(found));
      if (found.last === undefined) terminal.out("it has not come round yet");
      else {
        const { scheduledAt, executionId, skipped } = found.last;
        terminal.out(`last ${shownInstant(scheduledAt)} started ${executionId}; skipped since: ${skipped}`);
      }
      if (isOver(found, await deploymentNow(options))) terminal.err(OVER);
    });

  sub("put", "create or change a schedule")
    .argument("<id>", "the schedule's id")
    .requiredOption("-w, --workflow <name>", "the workflow that it starts")
    .requiredOption("-e, --expression <text>", "rate(5 minutes), cron(0 9 ? * MON-FRI *)")
    .option("--timezone <name>", "IANA name of the time zone of a cron expression (default: UTC)")
    .addOption(
      new Option("--overlap <what>", "while the execution before is open (default: skip)").choices(OVERLAPS),
    )
    .option("-i, --input <json>", "what each execution is given (default: the schedule's id and the time)")
    .option("--start-at <instant>", "nothing starts before", instantArgument)
    .option("--end-at <instant>", "nothing starts after", instantArgument)
    .option("--paused", "start nothing until it is resumed")
    .action((id: string, options: PutOptions) => put(terminal, id, options));

  for (const [name, summary, done] of [
    ["pause", "let a schedule start nothing until it is resumed", "paused"],
    ["resume", "let a paused schedule go on", "resumed"],
  ] as const)
    sub(name, summary)
      .argument("<id>", "the schedule's id")
      .action(async (id: string, options: Options) => {
        checkScheduleId(id);
        await (await connect(options, terminal)).schedules[name](id);
        terminal.out(options.json ? json({ id, [done]: true }) : `${done} schedule ${id}`);
      });

  sub("delete", "delete a schedule; what it has started goes on")
    .argument("<id>", "the schedule's id")
    .action(async (id: string, options: Options) => {
      checkScheduleId(id);
      const answer = await (await connect(options, terminal)).schedules.delete(id);
      if (options.json) terminal.out(json({ id, ...answer }));
      else if (answer.deleted) terminal.out(`deleted schedule ${id}`);
      else terminal.err(`there is no schedule ${id}`);
      if (!answer.deleted) terminal.endWith(EXIT.notFound);
    });
};

async function put(terminal: Terminal, id: string, options: PutOptions): Promise<void> {
  const { workflow, expression, timezone, overlap, startAt, endAt, paused } = options;
  const schedule = {
    ...{ id, workflow: checkName("a workflow", workflow), expression },
    ...(options.input === undefined ? {} : { input: await readJson(options.input, "--input") }),
    ...(timezone === undefined ? {} : { timezone }),
    ...(overlap === undefined ? {} : { overlap }),
    ...(startAt === undefined ? {} : { startAt }),
    ...(endAt === undefined ? {} : { endAt }),
    ...(paused === undefined ? {} : { paused }),
  };
  const now = await deploymentNow(options);
  checkSchedule(schedule, now);
  const client = await connect(options, terminal);
  const kept = await client.schedules.put(schedule);
  terminal.out(options.json ? json(kept) : lineOf(kept));
  if (isOver(kept, now)) terminal.err(OVER);
  // A hint, which whoever may put schedules need not be allowed to ask for.
  const known = await client.definitions(workflow).catch(() => undefined);
  if (known?.length === 0)
    terminal.err(
      `No execution of "${workflow}" was ever started here: check that the app has such a workflow.`,
    );
}

function partsOf({ id, workflow, expression, timezone, overlap }: ScheduleDescription): string[] {
  return [id, workflow, expression, timezone, overlap];
}

function lineOf(it: ScheduleDescription): string {
  return [
    ...partsOf(it),
    ...(it.startAt === undefined ? [] : [`not before ${shownInstant(it.startAt)}`]),
    ...(it.endAt === undefined ? [] : [`until ${shownInstant(it.endAt)}`]),
    ...(it.paused ? ["paused"] : []),
  ].join("  ");
}

/** It stays where it is, so that whoever puts it again and again is not refused one day. */
function isOver({ endAt }: ScheduleDescription, now: EpochMs): boolean {
  return endAt !== undefined && endAt.getTime() < now;
}

const OVER = "Its end is past: it starts nothing any more. To let it go on, put it with another --end-at.";
