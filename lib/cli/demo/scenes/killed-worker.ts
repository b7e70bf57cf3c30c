import { budget } from "../budget.js";
import type { Acting, Scene } from "../scene.js";
import { VISIBILITY_MARGIN, WORKER_TIMEOUT } from "../stage.js";

const REPORT = "report-killed";

/** (c) A report whose process is killed in the middle of a step. */
export const killedWorker: Scene = {
  title: "A worker that is killed in the middle of a step",
  async play(on) {
    const { stage, say } = on;
    say("→ start report, by a client");
    const started = await stage.client.start("report", { month: "2026-10", renderMs: 600 }, { id: REPORT });
    const began = () => stage.effects.of(REPORT, "report.render-began");
    const first = await on.until("the rendering to begin", () => began()[0]);
    // A number from a log is not killed unless it is one of ours.
    if (!isOurs(on, first.pid)) throw new Error(`process ${first.pid} is none of the functions'`);
    process.kill(first.pid, "SIGKILL");
    const killedAt = Date.now();
    say(`→ kill -9 ${first.pid}, the worker's process`);
    await on.until("the process to be gone", () => (isGone(on, first.pid) ? true : undefined));
    say(
      `gone: nobody tells anybody; its message comes back after ${WORKER_TIMEOUT} + ${VISIBILITY_MARGIN} s`,
    );
    const second = await on.until("the rendering to begin again", () => began()[1]);
    const ended = await on.ended(REPORT);

    const history = await stage.client.history(REPORT);
    const recorded = (op: string) =>
      history.flatMap(({ event }) =>
        event.type === "StepCompleted" && event.op === op ? [event.attempt] : [],
      );
    on.claim("the client's start created it", [started.executionId, started.created], [REPORT, true]);
    on.claim("the killed process never ended its step", rendered(on, first.pid), 0);
    on.claim(
      "another process began it anew, and ended it",
      [second.pid !== first.pid, rendered(on, second.pid)],
      [true, 1],
    );
    on.claim("the step before was not run again", stage.effects.of(REPORT, "report.collect").length, 1);
    on.claim(
      "the crash consumed the attempt",
      [first.attempt, second.attempt, ...recorded("step:render")],
      [1, 2, 2],
    );
    on.claim("the takeover stands in its history", await on.story(REPORT), STORY);
    on.claim(
      "it was taken over within three seconds of its message's return",
      second.at - killedAt < (WORKER_TIMEOUT + VISIBILITY_MARGIN + 3) * 1_000,
    );
    on.claim("it completed", ended.output, { file: "report-2026-10.pdf", orders: 1_204, revenue: 98_310 });
    return {
      executionId: REPORT,
      ids: [REPORT],
      budget: budget({ start: 1, lease: 1, commit: 2, takeover: 1, completion: 1 }),
    };
  },
};

const STORY = [
  "ExecutionStarted",
  "StepCompleted step:collect",
  "LeaseTaken",
  "StepCompleted step:render",
  "StepCompleted step:mail",
  "ExecutionCompleted",
];

function rendered({ stage }: Acting, pid: number): number {
  return stage.effects.of(REPORT, "report.render-ended").filter((one) => one.pid === pid).length;
}

function isOurs({ stage }: Acting, pid: number): boolean {
  return stage.cloud.functions.processes().some((one) => one.pid === pid);
}

function isGone(on: Acting, pid: number): boolean {
  if (isOurs(on, pid)) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}
