/** The services of one cloud, created from a plan, with what was saved of them. */
import type { Chaos } from "./chaos/chaos.js";
import { deliveringTwice } from "./chaos/deliveries.js";
import type { Clock } from "./clock.js";
import { Buses } from "./events/buses.js";
import { AsyncInvocations } from "./lambda/async-invocations.js";
import { writeBootstrap } from "./lambda/bootstrap.js";
import { Functions } from "./lambda/functions.js";
import type { Versions } from "./lambda/versions.js";
import type { LogLine, Notify } from "./notices.js";
import { Buckets } from "./s3/buckets.js";
import { objectsInMemory, objectsOnDisk } from "./s3/objects.js";
import { restoreSchedule } from "./scheduler/read-schedule.js";
import { Schedules } from "./scheduler/schedules.js";
import { Queues } from "./sqs/queues.js";
import type { CloudState } from "./state.js";
import { targetsOf } from "./targets.js";
import type { Plan } from "./template/plan.js";

export interface ServicesDeps {
  readonly clock: Clock;
  readonly notify: Notify;
  readonly saved: CloudState | undefined;
  readonly workDir: string;
  /** Where S3 keeps its objects; in memory without it. */
  readonly objectsDir: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
  readonly onLog: (line: LogLine) => void;
  readonly changed: () => void;
  readonly chaos: Chaos | undefined;
  readonly versions: Versions;
}

export interface Services {
  readonly clock: Clock;
  readonly buckets: Buckets;
  readonly queues: Queues;
  readonly buses: Buses;
  readonly schedules: Schedules;
  readonly functions: Functions;
  readonly asynchronous: AsyncInvocations;
  /** From here on, schedules fire and saved invocations run. */
  start(): void;
  stop(): void;
  save(): Pick<CloudState, "queues" | "schedules" | "invocations">;
}

export const createServices = (plan: Plan, deps: ServicesDeps): Services => {
  const { clock, notify, saved, changed, chaos } = deps;
  const queues = new Queues(clock, saved?.queues ?? {}, changed, chaos);
  const { objectsDir } = deps;
  const buckets = new Buckets(objectsDir === undefined ? objectsInMemory() : objectsOnDisk(objectsDir));
  const functions = new Functions({
    bootstrap: writeBootstrap(deps.workDir),
    environment: deps.environment,
    clock,
    onLog: deps.onLog,
    chaos,
    versions: deps.versions,
  });
  const asynchronous = new AsyncInvocations({ clock, functions, queues, notify, changed, chaos });
  const targets = targetsOf(queues, functions, asynchronous);
  const buses = new Buses({
    clock,
    targets: deliveringTwice(targets, "eventbridge", chaos),
    queues,
    notify,
  });
  const schedules = new Schedules({
    clock,
    targets: deliveringTwice(targets, "scheduler", chaos),
    queues,
    notify,
    changed,
  });

  for (const { name } of plan.buckets) buckets.create(name);
  createQueues(plan, queues, notify);
  for (const { spec, deadLetterArn } of plan.functions) {
    functions.create(spec);
    if (deadLetterArn !== undefined) asynchronous.configure(spec.name, { deadLetterArn });
  }
  for (const version of deps.versions.specs()) functions.create(version);
  for (const { functionName, settings } of plan.invokeConfigs) asynchronous.configure(functionName, settings);
  for (const { name } of plan.buses) buses.createBus(name);
  for (const rule of plan.rules) buses.createRule(rule);
  for (const group of plan.groups) schedules.createGroup(group);
  for (const schedule of plan.schedules) schedules.put(schedule);
  warnOfMissingTargets(plan, targets.missing, notify);

  return {
    clock,
    buckets,
    queues,
    buses,
    schedules,
    functions,
    asynchronous,
    start: () => {
      buses.start();
      schedules.start((saved?.schedules ?? []).map(restoreSchedule));
      asynchronous.resume(saved?.invocations ?? []);
    },
    stop: () => {
      buses.stop();
      schedules.stop();
      asynchronous.stop();
    },
    save: () => ({
      queues: queues.save(),
      schedules: schedules.save(),
      invocations: asynchronous.save(),
    }),
  };
};

/** What points to something that is not here is said at the start, not only when it first fires. */
const warnOfMissingTargets = (
  plan: Plan,
  missing: (arn: string) => string | undefined,
  notify: Notify,
): void => {
  const check = (what: string, target: string): void => {
    const reason = missing(target);
    if (reason !== undefined) notify("warning", `${what} has a target that can't be reached: ${reason}.`);
  };
  for (const rule of plan.rules)
    for (const target of rule.targets) check(`The rule ${rule.name}`, target.arn);
  for (const schedule of plan.schedules) check(`The schedule ${schedule.name}`, schedule.targetArn);
};

/** A dead-letter queue outside of the templates does not exist here: then messages stay where they are. */
const createQueues = (plan: Plan, queues: Queues, notify: Notify): void => {
  const names = new Set(plan.queues.map(({ name }) => name));
  for (const { name, settings } of plan.queues) {
    const { redrive, ...others } = settings;
    const found = redrive === undefined || names.has(redrive.queue);
    queues.create(name, found ? settings : others);
    if (!found)
      notify(
        "warning",
        `The queue ${name} has a dead-letter queue that can't be reached, so its messages are received for ever: there is no queue "${redrive.queue}".`,
      );
  }
};
