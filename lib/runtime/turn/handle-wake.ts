/** What the worker does with one wake: the table of `decide/wake.ts`, with the calls. */
import { runnerOf } from "../../decide/pin.js";
import { decideWake, isBeforeStart, tooEarlyFor, untilStart } from "../../decide/wake.js";
import type { App } from "../../define/app.js";
import { PinnedCodeGoneError } from "../../model/pin-errors.js";
import { isClosed } from "../../model/status.js";
import type { Wake } from "../../model/wake.js";
import { arm } from "../arm.js";
import { answerNudge } from "../bus/nudge.js";
import { doClosingDuties } from "../ending/closing.js";
import { cancelIn } from "../messages/cancel-in.js";
import type { Outside } from "../outside.js";
import { persistently } from "../persistently.js";
import { lease, takeOver } from "./own.js";
import { runTurn } from "./turn.js";
import type { Limits } from "./work.js";

/** Added to the invocation's own deadline: the lease must outlive the process, by more than clocks differ. */
export const LEASE_SLACK_MS = 5_000;

/** Where no process of a pinned version is free, another look after so long. */
const BUSY_SECONDS = 10;

/** What became of the wake; its message may be deleted. When this throws, it must not be. */
export interface Handled {
  readonly did: "put-back" | "dropped" | "closed" | "turn" | "handed-over" | "relayed";
  readonly detail: string;
}

/**
 * @param messageId the queue's id of the message: the lease's owner, so that a redelivered message takes over its own crashed turn at once
 * @param limits of this invocation
 * @param isHanded the worker that got it from the queue handed it to this one, since the execution was pinned to its code then
 * @throws FencedError and infrastructure errors; the message then comes back by its visibility timeout
 */
export async function handleWake(
  outside: Outside,
  app: App,
  wake: Wake,
  messageId: string,
  limits: Limits,
  isHanded = false,
): Promise<Handled> {
  if (wake.reason === "relay")
    return { did: "relayed", detail: await answerNudge(outside, wake, limits.stopAt) };
  const { clock, store } = outside;
  const early = tooEarlyFor(wake, clock.now());
  if (early !== undefined) {
    await arm(outside, wake);
    return { did: "put-back", detail: `${early} ms early` };
  }
  // The sub-second rest is waited out before the lease is taken.
  if (wake.dueAt !== undefined && wake.dueAt > clock.now()) await clock.sleep(wake.dueAt - clock.now());

  const head = await persistently(() => store.readHead(wake.executionId));
  const unbegun = head !== undefined && isBeforeStart(head, clock.now());
  const cancelled = unbegun && (await cancelIn(store, head)) !== undefined;
  const action = decideWake({ wake, messageId, head, cancelled, now: clock.now() });
  switch (action.do) {
    case "drop":
      return { did: "dropped", detail: action.why };
    case "put-back":
      await outside.wakes.send(action.wake, action.delaySeconds);
      return { did: "put-back", detail: action.why };
    case "close":
      if (head !== undefined && isClosed(head.status))
        await doClosingDuties(outside, { ...head, status: head.status }, app.hooks);
      return { did: "closed", detail: "already closed" };
    case "turn":
    case "take-over": {
      if (head === undefined) return { did: "dropped", detail: "no such execution" };
      // Woken within the second before its start by something else than its own wake.
      if (!isBeforeStart(head, clock.now())) await clock.sleep(untilStart(head, clock.now()));
      const { deployments } = outside;
      const pins = app.workflows.get(head.workflow)?.pinned === true;
      const runner = runnerOf(head, deployments && { own: deployments.own, isHanded, pins });
      if (runner.run === "elsewhere") return putBack(outside, wake, 0, "moved to another code meanwhile");
      const handed =
        runner.run === "there"
          ? await deployments?.handOver(runner.code, wake, messageId, limits.deadline)
          : undefined;
      if (handed?.outcome === "busy") return putBack(outside, wake, BUSY_SECONDS, handed.why);
      if (handed?.outcome === "handled" && runner.run === "there")
        return { did: "handed-over", detail: runner.code };
      const request = {
        head,
        owner: messageId,
        until: limits.deadline + LEASE_SLACK_MS,
        hooks: app.hooks,
        ...(runner.run === "here" && runner.pin !== undefined ? { pin: runner.pin } : {}),
      };
      const owned = action.do === "turn" ? await lease(outside, request) : await takeOver(outside, request);
      if (owned === undefined) return putBack(outside, wake, 1, "another owner was faster");
      const code =
        handed?.outcome === "gone"
          ? without(app, new PinnedCodeGoneError(head.executionId, handed.why))
          : app;
      return { did: "turn", detail: await runTurn(outside, code, owned, limits) };
    }
  }
}

async function putBack(outside: Outside, wake: Wake, seconds: number, detail: string): Promise<Handled> {
  await outside.wakes.send({ ...wake, puts: (wake.puts ?? 0) + 1 }, seconds);
  return { did: "put-back", detail };
}

/** An app that has none of the code: what can be done without it is done, and the rest stalls with `reason`. */
function without(app: App, reason: Error): App {
  return {
    ...app,
    workflow: () => {
      throw reason;
    },
  };
}
