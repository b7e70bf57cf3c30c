/**
 * What one set of templates describes, at work: services, functions and what feeds them. A deploy ends one and begins the next from what it saved;
 * the database, the address and the clock outlive both.
 */
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { DynamoDBStreamsClient } from "@aws-sdk/client-dynamodb-streams";
import type { Chaos } from "./chaos/chaos.js";
import type { Clock } from "./clock.js";
import type { StackInfo } from "./cloudformation.js";
import type { Gateway } from "./gateway.js";
import { Versions } from "./lambda/versions.js";
import { Mappings } from "./mappings/mappings.js";
import type { LogLine, Notify } from "./notices.js";
import { createServices, type Services } from "./services.js";
import type { CloudState } from "./state.js";
import { ensureTables } from "./tables.js";
import type { StackTemplate } from "./template/assembly.js";
import { type Ignored, type Plan, planOf } from "./template/plan.js";
import { resolveStacks } from "./template/resources.js";

/** What stays through every deploy. */
export interface Ground {
  readonly clock: Clock;
  readonly gateway: Gateway;
  readonly tables: DynamoDBClient;
  readonly streams: DynamoDBStreamsClient;
  /** Of every function. */
  readonly environment: Readonly<Record<string, string>>;
  readonly workDir: string;
  /** Where versions of functions are kept. */
  readonly versionsDir: string;
  readonly objectsDir: string | undefined;
  readonly chaos: Chaos | undefined;
  readonly notify: Notify;
  readonly onLog: (line: LogLine) => void;
  /** Something changed that is to outlive this process. */
  readonly changed: () => void;
  readonly durable: () => Promise<void>;
}

export interface Running {
  readonly stacks: readonly StackInfo[];
  readonly ignored: readonly Ignored[];
  readonly services: Services;
  snapshot(): CloudState;
  /** Lets functions that run go on for so long, then kills them. What comes meanwhile from outside waits for the next `run`. */
  stop(graceMs: number): Promise<CloudState>;
}

/** Templates that were read and understood: nothing of them is at work yet. */
export interface Prepared {
  readonly plan: Plan;
  readonly stacks: readonly StackInfo[];
  readonly versions: Versions;
}

/** @throws TemplateError */
export const prepare = (
  ground: Pick<Ground, "clock" | "gateway" | "workDir" | "versionsDir">,
  templates: readonly StackTemplate[],
  saved: CloudState | undefined,
): Prepared => {
  const { gateway, versionsDir, workDir, clock } = ground;
  const versions = new Versions(versionsDir, gateway.endpoint, saved?.versions);
  const resolved = resolveStacks(templates, {
    endpoint: gateway.endpoint,
    numberOf: (version) => versions.numberOf(version),
  });
  const plan = planOf(resolved, workDir, clock.now());
  const stacks = resolved.map(({ name, outputs }) => ({ name, outputs }));
  return { plan, stacks, versions };
};

export const run = async (
  ground: Ground,
  { plan, stacks, versions }: Prepared,
  saved: CloudState | undefined,
): Promise<Running> => {
  const { clock, gateway, chaos, notify, changed } = ground;
  const specs = plan.functions.map(({ spec }) => spec);
  versions.publish(plan.versions, specs, plan.aliases, clock.now());
  const services = createServices(plan, { ...ground, saved, versions });
  const fed = new Mappings(plan.mappings, { ...services, notify, changed, chaos });
  try {
    const streamArns = await ensureTables(ground.tables, plan.tables, notify);
    await fed.prepare(ground.streams, streamArns, saved?.checkpoints ?? {});
    services.start();
  } catch (error) {
    services.stop();
    await services.functions.stop(0);
    throw error;
  }
  // Nothing fails from here on: what services are told that are not kept would be lost.
  const { durable } = ground;
  gateway.open({ ...services, stacks, startedAtMs: Date.now(), durable, chaos });
  fed.start();
  const snapshot = (): CloudState => ({
    version: 1,
    clock: { scale: clock.scale, originMs: clock.originMs, nowMs: clock.now() },
    port: gateway.port,
    ...services.save(),
    versions: versions.save(),
    checkpoints: { ...saved?.checkpoints, ...fed.save() },
  });
  return {
    stacks,
    ignored: plan.ignored,
    services,
    snapshot,
    stop: async (graceMs) => {
      fed.stop();
      services.stop();
      await services.functions.stop(graceMs);
      gateway.hold();
      services.queues.close();
      await fed.settled();
      return snapshot();
    },
  };
};
