/** What the functions do together: the same on AWS and in the local cloud. */
import { incompressible } from "../setup/text.js";
import { beat, loop, overrun, Paid, Placed, placed, saga, steps } from "./app.js";
import { type Check, hold, within } from "./check.js";
import type { Ground } from "./ground.js";
import { WORKER_SECONDS } from "./stack.js";

/** The end, for so much of the stack's time at most. */
async function result<T>({ client, timeScale }: Ground, id: string, seconds: number): Promise<T> {
  // The client waits by the stack's clock, of which a slow machine gives it less than it seems.
  return client.result<T>(id, { timeout: { seconds: seconds * Math.max(1, timeScale / 4) } });
}

async function typesOf({ client }: Ground, id: string): Promise<string[]> {
  return (await client.history(id)).map(({ event }) => event.type);
}

/** By how much sleeps were late. Never early; how late is the services' to say, and on AWS it is bounded. */
async function lateness(
  ground: Ground,
  id: string,
  input: { hops: number; seconds: number },
): Promise<string> {
  await ground.client.start(loop, input, { id });
  const late = await result<number[]>(ground, id, input.hops * (input.seconds + 30));
  hold(late.length === input.hops && late.every((ms) => ms >= 0), `early: ${late.join(", ")} ms`);
  const most = Math.max(...late);
  hold(ground.where === "local" || most <= 2_000, `late by ${late.join(", ")} ms`);
  return `${input.hops} sleeps of ${input.seconds} s, late by ${most} ms at most`;
}

export const engineChecks: readonly Check[] = [
  {
    id: "saga",
    title: "A saga runs: a retry, an event, a timer, an event sent",
    needs: "anywhere",
    minutes: 1,
    async run(ground) {
      const { client } = ground;
      await client.start(saga, { order: "o-1" }, { id: "saga" });
      await client.publish(Paid, { order: "o-1" });
      hold((await result(ground, "saga", 300)) === "shipped", "it ended otherwise");
      const types = await typesOf(ground, "saga");
      const wanted = ["StepAttemptFailed", "StepCompleted", "EventReceived", "TimerFired", "EventSent"];
      const missing = wanted.filter((type) => !types.some((found) => found === type));
      hold(missing.length === 0 && !types.includes("LeaseTaken"), `its history: ${types.join(", ")}`);
      return types.join(", ");
    },
  },
  {
    id: "started-by-event",
    title: "An event on the bus starts one execution, however often it comes",
    needs: "anywhere",
    minutes: 1,
    async run(ground) {
      const { client } = ground;
      for (let n = 0; n < 3; n++) await client.publish(Placed, { order: "o-2" }, { id: "placed-1" });
      const ended = () => client.list({ workflow: placed.name, status: "completed" });
      await within(ground, 120, async () => (await ended()).executions[0], "no execution");
      await ground.pass(30);
      const { executions } = await client.list({ workflow: placed.name });
      hold(executions.length === 1, `${executions.length} executions`);
      return executions[0]?.executionId ?? "";
    },
  },
  {
    id: "recursion",
    title: "Twenty hops in a chain are not stopped as a recursion",
    needs: "anywhere",
    minutes: 2,
    async run(ground) {
      const found = await lateness(ground, "hops", { hops: 20, seconds: 2 });
      if (ground.where === "local") return found;
      const name = ground.output("WorkerFunction");
      const allowed = ground.cli("lambda", "get-function-recursion-config", "--function-name", name);
      hold(Object(allowed).RecursiveLoop === "Allow", JSON.stringify(allowed));
      return `${found}; RecursiveLoop: Allow`;
    },
  },
  {
    id: "delays",
    title: "Short timers are carried by the queue, and end on the second",
    needs: "anywhere",
    minutes: 5,
    run: (ground) => lateness(ground, "delays", { hops: 5, seconds: 50 }),
  },
  {
    id: "schedules",
    title: "Long timers are carried by a schedule, and end on the second",
    needs: "anywhere",
    minutes: 17,
    run: (ground) => lateness(ground, "schedules", { hops: 1, seconds: 1_000 }),
  },
  {
    id: "redelivery",
    title: "A turn that outlives its function is taken over, and costs one attempt",
    needs: "anywhere",
    minutes: 2,
    async run(ground) {
      await ground.client.start(overrun, undefined, { id: "overrun" });
      hold((await result(ground, "overrun", 600)) === "done", "it ended otherwise");
      const types = await typesOf(ground, "overrun");
      hold(types.filter((type) => type === "LeaseTaken").length === 1, `its history: ${types.join(", ")}`);
      return `taken over once, after a turn of ${WORKER_SECONDS} s`;
    },
  },
  {
    id: "large-value",
    title: "A value beyond an item lies in the bucket, and comes back from there",
    needs: "anywhere",
    minutes: 1,
    async run(ground) {
      const filler = incompressible(300_000);
      await ground.client.start(steps, { count: 1, filler }, { id: "large" });
      hold((await result(ground, "large", 300)) === 1, "it ended otherwise");
      const { input } = await ground.client.describe("large");
      hold(Object(input).filler === filler, "the input came back otherwise");
      return "300,000 bytes";
    },
  },
  {
    id: "recurring",
    title: "A client's schedule starts an execution at each of its times",
    needs: "anywhere",
    minutes: 5,
    async run(ground) {
      const { client } = ground;
      await client.schedules.put({ id: "beat", workflow: beat.name, expression: "rate(1 minute)" });
      try {
        const started = async () => {
          const { executions } = await client.list({ workflow: beat.name });
          return executions.length >= 2 ? executions : undefined;
        };
        const executions = await within(ground, 600, started, "no two executions");
        const ids = executions.map(({ executionId }) => executionId);
        hold(
          ids.every((id) => /@\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(id)),
          ids.join(", "),
        );
        return ids.join(", ");
      } finally {
        await client.schedules.delete("beat");
      }
    },
  },
];
