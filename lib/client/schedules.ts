/** Schedules that clients put at run time: recurring starts of any workflow of the deployment. */
import { parse } from "../define/schema.js";
import type { AnyWorkflow, Workflow } from "../define/workflow.js";
import {
  InvalidInputError,
  PayloadTooLargeError,
  type SchemaIssue,
  UnknownWorkflowError,
} from "../model/errors.js";
import {
  type Firing,
  firingBody,
  isOverlap,
  isScheduleName,
  LARGEST_BODY_BYTES,
  type Overlap,
  scheduleKey,
} from "../model/firing.js";
import { checkName } from "../model/ids.js";
import { NoClientSchedulesError, ScheduleNotFoundError } from "../model/schedule-errors.js";
import { whyNoRecurrence } from "../model/schedule-expression.js";
import { shown } from "../model/shown.js";
import { storable } from "../model/storable.js";
import type { EpochMs } from "../model/time.js";
import type { KeptSchedule, Outside, ScheduleKeeper } from "../runtime/outside.js";
import { given, nameGiven } from "./given.js";
import {
  describe,
  describeOrSay,
  isReadable,
  type ScheduleDescription,
  type UnreadableSchedule,
} from "./schedule-description.js";

/** A schedule as it is to be. */
export interface SchedulePut<Input = unknown> {
  /** 1 to 64 characters of A-Z a-z 0-9 . _ - that begin with a letter or digit: a natural key of yours, such as a tenant's. */
  readonly id: string;
  /** Which execution is the last one, and is open, is known by the schedule's id: put with another workflow, it is the same schedule. */
  readonly workflow: Workflow<Input, unknown> | string;
  /** What each execution is given: at most 256 KB of JSON, with what else the schedule's message says. Default: a `Firing`, with the id as its `schedule`. */
  readonly input?: NoInfer<Input>;
  /** `rate(5 minutes)`, `cron(0 9 ? * MON-FRI *)`: something that is still to come. */
  readonly expression: string;
  /** An IANA name, for a cron expression. Default: UTC. */
  readonly timezone?: string;
  /** Default: `"skip"`. */
  readonly overlap?: Overlap;
  /** Nothing starts before it. A rate starts at it for the first time, and is reckoned from it. Counts in whole seconds. */
  readonly startAt?: Date;
  /** Nothing starts after it. The schedule stays, and can be deleted. */
  readonly endAt?: Date;
  /** Nothing starts until it is resumed. */
  readonly paused?: boolean;
}

/** A schedule as it stands, with what became of its firings. */
export interface ScheduleState extends ScheduleDescription {
  /** The last firing that was to start an execution, and how many were skipped since. Absent before the first one. Those of a schedule that had the id before count. */
  readonly last?: { readonly scheduledAt: Date; readonly executionId: string; readonly skipped: number };
}

/** A page of schedules, in the order of their ids. */
export interface SchedulePage {
  readonly schedules: readonly ScheduleDescription[];
  /** What else lies in the clients' group: nothing that a client has put as it is. */
  readonly unreadable: readonly UnreadableSchedule[];
  /** For the next page; absent on the last one. */
  readonly cursor?: string;
}

/** A page is this many calls and one. */
const PAGE = 20;

/** `client.schedules`: schedules that are made while the deployment runs. Every method throws `NoClientSchedulesError` where the deployment keeps none. */
export class ClientSchedules {
  readonly #connect: () => Promise<Outside>;
  readonly #workflows: readonly AnyWorkflow[];

  constructor(connect: () => Promise<Outside>, workflows: readonly AnyWorkflow[]) {
    this.#connect = connect;
    this.#workflows = workflows;
  }

  /**
   * Creates the schedule, or changes it into this: what is left out has its default. A repeat changes nothing.
   * @throws InvalidInputError, UnencodableValueError, PayloadTooLargeError
   * @throws UnknownWorkflowError for a name that is not among the client's `workflows`, if it was given any
   */
  async put<Input>(schedule: SchedulePut<Input>): Promise<ScheduleDescription> {
    given("client.schedules.put", schedule);
    const { id, workflow: wanted, expression, timezone = "UTC", overlap = "skip", paused = false } = schedule;
    checkSchedule(schedule, (await this.#connect()).clock.now());
    const workflow = typeof wanted === "string" ? this.#known(wanted) : wanted;
    const name = checkName("a workflow", nameGiven("workflow", wanted));
    const what = `The input of workflow "${name}"`;
    const input =
      "input" in schedule && schedule.input !== undefined ? { input: storable(schedule.input, what) } : {};
    const firing: Firing = { schedule: id, scheduledAt: new Date(0).toISOString() };
    await parse(workflow?.input, schedule.input === undefined ? firing : schedule.input, what);
    const body = firingBody({ by: "client", workflow: name, schedule: id, overlap, ...input });
    const bytes = Buffer.byteLength(body);
    if (bytes > LARGEST_BODY_BYTES)
      throw new PayloadTooLargeError(`The message of schedule "${id}"`, bytes, LARGEST_BODY_BYTES);
    const kept: KeptSchedule = {
      ...{ id, expression, timezone, paused },
      ...(schedule.startAt === undefined ? {} : { startAt: schedule.startAt.getTime() }),
      ...(schedule.endAt === undefined ? {} : { endAt: schedule.endAt.getTime() }),
      body,
    };
    await (await this.#keeper()).put(kept);
    return describe(kept);
  }

  /** With what became of its firings. Throws {@link ScheduleNotFoundError}, {@link UnreadableScheduleError}. */
  async get(id: string): Promise<ScheduleState> {
    const description = describe(await this.#read(id));
    const { workflow } = description;
    const { store } = await this.#connect();
    const record = await store.readFirings(scheduleKey({ by: "client", workflow, schedule: id }));
    if (record === undefined) return description;
    const { scheduledFor, executionId } = record.started;
    return {
      ...description,
      last: { scheduledAt: new Date(scheduledFor), executionId, skipped: record.skipped },
    };
  }

  /** Those that clients have put, by their ids, 20 at a time. */
  async list(options: { readonly cursor?: string } = {}): Promise<SchedulePage> {
    const keeper = await this.#keeper();
    const { items, cursor } = await keeper.list({ limit: PAGE, ...given("client.schedules.list", options) });
    const found = await Promise.all(items.map((id) => keeper.get(id)));
    // One that was deleted since is none.
    const read = found.filter((each) => each !== undefined).map(describeOrSay);
    return {
      schedules: read.filter(isReadable),
      unreadable: read.filter((each): each is UnreadableSchedule => !isReadable(each)),
      ...(cursor === undefined ? {} : { cursor }),
    };
  }

  /** Starts nothing more until it is resumed. Read and written in two calls: a `put` between them is undone. Throws {@link ScheduleNotFoundError}, {@link UnreadableScheduleError}. */
  async pause(id: string): Promise<void> {
    await this.#setPaused(id, true);
  }

  /** Goes on with the next time; what it missed is not made up for. Throws {@link ScheduleNotFoundError}, {@link UnreadableScheduleError}. */
  async resume(id: string): Promise<void> {
    await this.#setPaused(id, false);
  }

  /** Executions that it has started go on, and count as those before for a schedule that is put under the id again. A call that was not answered may be repeated: `deleted` is false for one that is not there. */
  async delete(id: string): Promise<{ readonly deleted: boolean }> {
    checkScheduleId(id);
    return { deleted: await (await this.#keeper()).delete(id) };
  }

  #known(name: string): AnyWorkflow | undefined {
    const found = this.#workflows.find((workflow) => workflow.name === name);
    if (found === undefined && this.#workflows.length > 0)
      throw new UnknownWorkflowError(
        name,
        this.#workflows.map((workflow) => workflow.name),
      );
    return found;
  }

  async #read(id: string): Promise<KeptSchedule> {
    checkScheduleId(id);
    const found = await (await this.#keeper()).get(id);
    if (found === undefined) throw new ScheduleNotFoundError(id);
    return found;
  }

  async #setPaused(id: string, paused: boolean): Promise<void> {
    const found = await this.#read(id);
    // What it says would be lost with a target that is not ours.
    describe(found);
    // Every write may move a rate's beat.
    if (found.paused === paused) return;
    // One that was deleted since it was read stays deleted.
    if (!(await (await this.#keeper()).update({ ...found, paused }))) throw new ScheduleNotFoundError(id);
  }

  async #keeper(): Promise<ScheduleKeeper> {
    const { schedules } = await this.#connect();
    if (schedules !== undefined) return schedules;
    throw new NoClientSchedulesError();
  }
}

/**
 * @param now nothing comes of what is over by then
 * @throws InvalidInputError
 */
export function checkSchedule(
  schedule: Pick<SchedulePut, Exclude<keyof SchedulePut, "input" | "workflow">>,
  now: EpochMs,
): void {
  const { id, expression, timezone, overlap, startAt, endAt, paused } = schedule;
  checkScheduleId(id);
  const issues: SchemaIssue[] = [];
  const begins = startAt instanceof Date ? startAt.getTime() : now;
  const from = Number.isNaN(begins) ? now : Math.max(now, begins);
  const why = whyNoRecurrence(expression, timezone, from);
  if (why !== undefined) issues.push({ path: "expression", message: `${shown(expression)}: ${why}` });
  if (overlap !== undefined && !isOverlap(overlap))
    issues.push({
      path: "overlap",
      message: `expected "skip", "allow" or "cancel-previous", found ${shown(overlap)}`,
    });
  for (const [path, date] of Object.entries({ startAt, endAt }))
    if (date !== undefined && !(date instanceof Date && !Number.isNaN(date.getTime())))
      issues.push({ path, message: "is no valid Date" });
  if (paused !== undefined && typeof paused !== "boolean")
    issues.push({ path: "paused", message: `expected true or false, found ${shown(paused)}` });
  if (startAt !== undefined && endAt !== undefined && endAt < startAt)
    issues.push({ path: "endAt", message: "is before startAt" });
  if (issues.length > 0) throw new InvalidInputError(`Schedule "${id}"`, issues);
}

/** Throws {@link InvalidInputError}. */
export function checkScheduleId(id: unknown): void {
  if (isScheduleName(id)) return;
  throw new InvalidInputError("The schedule's id", [
    {
      path: "id",
      message: `expected 1 to 64 characters of A-Z a-z 0-9 . _ - that begin with a letter or digit, found ${shown(id)}`,
    },
  ]);
}
