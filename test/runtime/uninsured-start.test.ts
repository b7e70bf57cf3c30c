/** A start that runs the first turn itself, and whose insurance wake can't be sent: it is there, held by nobody who lives (PROTOCOL A8). */
import { workflow } from "holdfast";
import { expect, test } from "vitest";
import { startNow } from "../../lib/aws/starting.js";
import type { Outside } from "../../lib/runtime/outside.js";
import { limitsUntil } from "../../lib/runtime/turn/work.js";
import { Bench } from "./bench.js";

const MINUTE = 60_000;
const double = workflow("double", async (_, n: number) => n * 2);

/** The start function, whose first sends are not taken. */
function start(bench: Bench, refused: number): ReturnType<typeof startNow> {
  const { clock } = bench.cloud;
  const client = bench.cloud.client();
  let left = refused;
  const wakes: Outside["wakes"] = {
    schedule: (wake, at) => client.wakes.schedule(wake, at),
    send: async (wake, delaySeconds) => {
      left -= 1;
      if (left >= 0) throw new Error("The queue does not answer.");
      await client.wakes.send(wake, delaySeconds);
    },
  };
  const payload = { workflow: "double", input: 21, id: "x-1", wait: { ms: 1_000 } };
  const limits = limitsUntil(clock.now() + MINUTE, MINUTE, 10_000);
  const answer = startNow({ ...client, wakes }, bench.app, payload, { owner: "request-1", limits });
  answer.catch(() => {});
  return answer;
}

test("it is insured by another one before its caller is told that it has been started", async () => {
  const bench = new Bench([double]);
  const answer = start(bench, 1);
  await bench.cloud.advance(5 * MINUTE);
  expect(await answer).toMatchObject({ executionId: "x-1", created: true });
  expect([await bench.status(), await bench.output()]).toEqual(["completed", 42]);
});

test("where none can be sent, the caller is told so, and starts it again", async () => {
  const bench = new Bench([double]);
  await expect(start(bench, 2)).rejects.toThrow("The queue does not answer.");
  const again = start(bench, 0);
  await bench.cloud.advance(5 * MINUTE);
  expect(await again).toMatchObject({ created: false });
  expect([await bench.status(), await bench.output()]).toEqual(["completed", 42]);
});
