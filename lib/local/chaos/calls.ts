/** A call that something may happen to on its way, whichever service it is for. */
import { setTimeout as pause } from "node:timers/promises";
import type { Answer } from "../http.js";
import type { Chaos } from "./chaos.js";
import { conflictAnswer, failedAnswer, throttledAnswer } from "./refusals.js";
import type { CalledService, ChaosFault } from "./settings.js";

const CALL_FAULTS: readonly ChaosFault[] = ["throttled", "failed", "delayed", "cut", "unanswered"];
const TRANSACTION_FAULTS: readonly ChaosFault[] = [...CALL_FAULTS, "conflict"];

/** Well below what any client waits for an answer. */
const DELAY_MS_MAX = 500;

export interface Call {
  readonly service: CalledService;
  readonly operation: string;
  /** Asked only when the answer depends on it. */
  input(): unknown;
}

/** The answer; `undefined` when the connection is to be cut without one. */
export const disturbed = async (
  chaos: Chaos,
  call: Call,
  run: () => Promise<Answer | undefined>,
): Promise<Answer | undefined> => {
  const { service, operation } = call;
  const transaction = service === "dynamodb" && operation === "TransactWriteItems";
  const strike = chaos.happens(service, operation, transaction ? TRANSACTION_FAULTS : CALL_FAULTS);
  switch (strike?.fault) {
    case "throttled":
      return throttledAnswer(service);
    case "failed":
      return failedAnswer(service, strike.amount < 0.5);
    case "conflict":
      return conflictAnswer(call.input());
    case "delayed":
      await pause(strike.amount * DELAY_MS_MAX);
      return run();
    case "cut":
      return undefined;
    case "unanswered":
      // A refusal is lost on its way just as well.
      await run().catch(() => {});
      return undefined;
    default:
      return run();
  }
};
