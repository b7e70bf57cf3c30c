/** A deployment, looked at from end to end: this machine, the stack, what it is made of, and how its executions are. */

import { type DescribedStack, describeStack } from "../../aws/stack.js";
import { deploymentIn, namesFromOutputs } from "../../aws/stack-names.js";
import type { DeploymentOutputs, OutputField } from "../../cdk/output-names.js";
import { DurableClient } from "../../client/client.js";
import { diagnoseJava, javaCommand } from "../../local/java.js";
import { messageOf } from "../exit.js";
import { checkIsHere, connectionOf, type Target } from "../target.js";
import { checked, type Finding, unmade } from "./finding.js";
import {
  judgeClock,
  judgeDeadLetters,
  judgeFailed,
  judgeJava,
  judgeLost,
  judgeMappings,
  judgeNode,
  judgeOutbox,
  judgeOverdue,
  judgeQueue,
  judgeStack,
  judgeStalled,
  judgeTable,
  LATE_MS,
} from "./judge.js";
import { type Resources, resources } from "./resources.js";

/** Of those that are listed, so many are looked at: one is enough to know. */
const LOOKED_AT = 100;

/** A filtered page may be short, or empty, and not be the last. */
const PAGES = 5;

export interface Examined {
  readonly target: Target;
  readonly deployment?: string;
  /** The deployment's time. */
  readonly now: number;
}

/** Finding by finding, as they come: whoever waits sees where it is. */
export async function* examine({ target, deployment, now }: Examined): AsyncGenerator<Finding, void, void> {
  yield judgeNode(process.version);
  yield judgeJava(javaMissing());
  const { stack, environment } = target;
  const connection = await connectionOf(target);
  let described: DescribedStack;
  let outputs: DeploymentOutputs;
  const began = Date.now();
  try {
    checkIsHere(target);
    described = await describeStack(stack, connection);
    outputs = deploymentIn(stack, described.outputs, deployment);
  } catch (error) {
    // Nothing else can be asked of what can't be found.
    return yield { ...unmade(`stack ${stack}`, error), verdict: "wrong", ...adviceOf(error) };
  }
  yield judgeStack(stack, described.status);
  // The answer came between the two; its time is cut to the second.
  if (described.answeredAt !== undefined)
    yield judgeClock((began + Date.now()) / 2 - (described.answeredAt + 500));
  const client = new DurableClient({
    ...namesFromOutputs(stack, described.outputs, deployment),
    ...(environment === undefined ? {} : { environment }),
  });
  const ask = resources(connection);
  yield* await ofReach(client);
  yield* await ofResources(ask, outputs.values, environment !== undefined);
  yield* await ofDeadLetters(client, now);
  yield* await ofExecutions(client, now);
}

function javaMissing(): string | undefined {
  const missing = diagnoseJava(javaCommand());
  return missing === undefined ? undefined : `found ${missing.found}`;
}

/** What is said of an error beyond its first line. */
function adviceOf(error: unknown): { readonly next?: string } {
  const [, ...advice] = messageOf(error).split("\n");
  return advice.length === 0 ? {} : { next: advice.join(" ") };
}

/** One strongly consistent read of each. */
function ofReach(client: DurableClient): Promise<readonly Finding[]> {
  return checked("tables and bucket", async () => {
    const { checks } = await client.health();
    return checks.map(({ what, ok, ms, error = "" }) => ({
      what: `reading: ${what}`,
      ...(ok
        ? { verdict: "ok" as const, found: `read in ${ms} ms` }
        : unmade(`reading: ${what}`, new Error(error))),
    }));
  });
}

type Values = DeploymentOutputs["values"];

async function ofResources(ask: Resources, values: Values, isLocal: boolean): Promise<readonly Finding[]> {
  const each = <T>(
    field: OutputField,
    what: string,
    check: (value: string) => Promise<T>,
    judge: (what: string, facts: T) => Finding,
  ): Promise<readonly Finding[]> => {
    const value = values[field];
    if (value === undefined) return Promise.resolve([]);
    return checked(what, async () => judge(what, await check(value)));
  };
  const group = (field: OutputField, what: string) =>
    each(field, what, ask.scheduleGroup, () => ({ what, verdict: "ok", found: "there" }));
  // A local cloud feeds its functions itself, and has no call that would tell of it.
  const fed = (field: OutputField, what: string) =>
    isLocal ? Promise.resolve([]) : each(field, what, ask.mappings, judgeMappings);
  const found = await Promise.all([
    each("ExecutionsTable", "Executions table", ask.table, (what, facts) => judgeTable(what, facts, true)),
    each("DirectoryTable", "Directory table", ask.table, (what, facts) => judgeTable(what, facts, false)),
    each("WakeQueueUrl", "queue of wakes", ask.queue, judgeQueue),
    each("DeliverQueueUrl", "queue of deliveries", ask.queue, judgeQueue),
    each("StartQueueUrl", "queue of starts", ask.queue, judgeQueue),
    fed("WorkerFunction", "worker's feed"),
    fed("RelayFunction", "relay's feed"),
    // They are fed only where the app declares events.
    values.DeliverQueueUrl === undefined ? [] : fed("DeliverFunction", "deliver's feed"),
    values.StartQueueUrl === undefined ? [] : fed("StartFunction", "start's feed"),
    group("ScheduleGroup", "schedules of timers"),
    group("FiringGroup", "schedules of clients"),
  ]);
  return found.flat();
}

function ofDeadLetters(client: DurableClient, now: number): Promise<readonly Finding[]> {
  return checked("dead letters", async () => {
    const counts = await client.deadLetters.count();
    const filled = counts.flatMap(({ queue, count }) => (count === 0 ? [] : [queue]));
    const letters =
      filled.length === 0 ? [] : await client.deadLetters.list({ queues: filled, limit: LOOKED_AT });
    return counts.map(({ queue, count }) => {
      const oldest = letters.find((letter) => letter.queue === queue)?.sentAt;
      return judgeDeadLetters(queue, count, oldest && now - oldest.getTime());
    });
  });
}

async function ofExecutions(client: DurableClient, now: number): Promise<readonly Finding[]> {
  const late = new Date(now - LATE_MS);
  const found = await Promise.all([
    checked("overdue executions", async () => {
      const due = (await open(client, { dueBefore: late })).flatMap(({ dueAt }) => dueAt?.getTime() ?? []);
      return judgeOverdue(due.length, due.length === 0 ? undefined : Math.min(...due), now);
    }),
    checked("executions whose worker is gone", async () =>
      judgeLost((await open(client, { leaseExpiredBefore: late })).length),
    ),
    checked("stalled executions", async () => judgeStalled(await client.count({ status: "stalled" }))),
    checked("failed executions", async () => judgeFailed(await client.count({ status: "failed" }))),
    checked("outgoing messages", async () => {
      const [pending, givenUp] = await Promise.all([
        client.outbox.list({ limit: LOOKED_AT }),
        client.outbox.list({ which: "given up", limit: LOOKED_AT }),
      ]);
      const since = pending.messages.map(({ at }) => at.getTime());
      return judgeOutbox(since, givenUp.messages.length, now);
    }),
  ]);
  return found.flat();
}

/** Paused ones wait for a person, whatever is due of them. */
async function open(
  client: DurableClient,
  filter: { readonly dueBefore?: Date; readonly leaseExpiredBefore?: Date },
) {
  const executions = [];
  let cursor: string | undefined;
  for (let page = 0; page < PAGES && executions.length < LOOKED_AT; page++) {
    const found = await client.list({
      ...filter,
      limit: LOOKED_AT,
      ...(cursor === undefined ? {} : { cursor }),
    });
    executions.push(...found.executions.filter(({ status }) => status !== "paused"));
    ({ cursor } = found);
    if (cursor === undefined) break;
  }
  return executions;
}
