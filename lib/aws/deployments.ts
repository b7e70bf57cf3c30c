/** The worker's published versions: which one this process is, and how another one is given a wake. */
import { HoldfastError } from "../model/errors.js";
import type { EpochMs } from "../model/time.js";
import type { Wake } from "../model/wake.js";
import type { Deployments, HandedOver } from "../runtime/outside.js";
import { readCodeName } from "./code-name.js";
import { type Connection, clientSettings } from "./connection.js";
import { HANDED_UNTIL } from "./handed-wake.js";
import { once } from "./once.js";
import type { BatchAnswer } from "./sqs-batch.js";

/** A turn may take as long as a function may, and says nothing until it has ended. */
const ANSWER_WITHIN_MS = 920_000;

/** The process that has the code of a pinned execution did not handle its wake. */
export class HandOverError extends HoldfastError {
  readonly code = "HAND_OVER_FAILED";
  constructor(code: string, executionId: string, how: string) {
    super(
      `The wake of execution "${executionId}" was handed to ${code}, the code that it is pinned to, and that failed: ${how}. It comes back by itself; the log of that version says more.`,
    );
    this.name = "HandOverError";
  }
}

export function deployments(own: string | undefined, connection: Connection = {}): Deployments {
  const open = once(() => workerClient(connection));
  return {
    ...(own === undefined ? {} : { own }),
    async handOver(code, wake, messageId, until) {
      const found = readCodeName(code);
      if (found === undefined) return { outcome: "gone", why: `"${code}" names no version of a function` };
      const { client, InvokeCommand } = await open();
      try {
        const { FunctionError, Payload } = await client.send(
          new InvokeCommand({
            FunctionName: found.functionName,
            Qualifier: found.version,
            Payload: Buffer.from(JSON.stringify(batchOf(wake, messageId, until))),
          }),
        );
        const text = Payload?.transformToString() ?? "";
        if (FunctionError !== undefined) throw new HandOverError(code, wake.executionId, text.slice(0, 500));
        if (!isHandled(text))
          throw new HandOverError(code, wake.executionId, "its turn failed, and it said no more");
        return { outcome: "handled" };
      } catch (error) {
        const refused = refusal(error, code, own);
        if (refused !== undefined) return refused;
        throw error;
      }
    },
  };
}

/**
 * No retries of the SDK's: one whose answer is late may be at work, and a second one would take its turn over. The wake's message comes back
 * when that turn must have ended.
 */
async function workerClient(connection: Connection) {
  const { InvokeCommand, LambdaClient } = await import("./holdfast-part-lambda.js");
  const settings = clientSettings("lambda", connection);
  const client = new LambdaClient({
    ...settings,
    maxAttempts: 1,
    requestHandler: { ...settings.requestHandler, requestTimeout: ANSWER_WITHIN_MS },
  });
  return { client, InvokeCommand };
}

/** As the event source mapping would send it: the message's id is the owner of the lease. */
function batchOf(wake: Wake, messageId: string, until: EpochMs): object {
  const messageAttributes = { [HANDED_UNTIL]: { dataType: "String", stringValue: String(until) } };
  return { Records: [{ messageId, body: JSON.stringify(wake), messageAttributes }] };
}

function isHandled(text: string): boolean {
  const answer: Partial<BatchAnswer> | null = JSON.parse(text || "null");
  return Array.isArray(answer?.batchItemFailures) && answer.batchItemFailures.length === 0;
}

/** Of an invocation that certainly has not begun; undefined where it may be under way, or a deploy mends it. */
function refusal(error: unknown, code: string, own: string | undefined): HandedOver | undefined {
  const name = error instanceof Error ? error.name : "";
  if (name === "TooManyRequestsException")
    return { outcome: "busy", why: `Lambda has no room for ${code} now` };
  if (name === "ResourceNotFoundException") return { outcome: "gone", why: `there is no ${code} any more` };
  if (name !== "AccessDeniedException") return undefined;
  if (own === undefined)
    return {
      outcome: "gone",
      why: `this deployment has no pinned workflows, so it may not invoke ${code}; deploy it with the construct's prop "versions"`,
    };
  // A worker may invoke its own function's versions, and no other's. Of its own, a refusal is a permission that has not spread yet, or was lost.
  const isOther = readCodeName(code)?.functionName !== readCodeName(own)?.functionName;
  return isOther
    ? { outcome: "gone", why: `${code} is a function that this deployment's worker has replaced` }
    : undefined;
}
