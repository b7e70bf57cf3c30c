/** The worker's published versions: which one this process is, and how another one is given a wake. */
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { HoldfastError } from "../model/errors.js";
import type { Wake } from "../model/wake.js";
import type { Deployments } from "../runtime/outside.js";
import { readCodeName } from "./code-name.js";
import { type Connection, clientSettings } from "./connection.js";
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
  let client: LambdaClient | undefined;
  return {
    ...(own === undefined ? {} : { own }),
    async handOver(code, wake, messageId) {
      const found = readCodeName(code);
      if (found === undefined) return `"${code}" names no version of a function`;
      client ??= workerClient(connection);
      try {
        const { FunctionError, Payload } = await client.send(
          new InvokeCommand({
            FunctionName: found.functionName,
            Qualifier: found.version,
            Payload: Buffer.from(JSON.stringify(batchOf(wake, messageId))),
          }),
        );
        const text = Payload?.transformToString() ?? "";
        if (FunctionError !== undefined) throw new HandOverError(code, wake.executionId, text.slice(0, 500));
        if (!isHandled(text))
          throw new HandOverError(code, wake.executionId, "its turn failed, and it said no more");
        return undefined;
      } catch (error) {
        const gone = whyGone(error, code, own);
        if (gone !== undefined) return gone;
        throw error;
      }
    },
  };
}

/**
 * No retries of the SDK's: one whose answer is late may be at work, and a second one would take its turn over. The wake's message comes back
 * when that turn must have ended.
 */
function workerClient(connection: Connection): LambdaClient {
  const settings = clientSettings("lambda", connection);
  return new LambdaClient({
    ...settings,
    maxAttempts: 1,
    requestHandler: { ...settings.requestHandler, requestTimeout: ANSWER_WITHIN_MS },
  });
}

/** As the event source mapping would send it: the message's id is the owner of the lease. */
function batchOf(wake: Wake, messageId: string): object {
  return { Records: [{ messageId, body: JSON.stringify(wake) }] };
}

function isHandled(text: string): boolean {
  const answer: Partial<BatchAnswer> | null = JSON.parse(text || "null");
  return Array.isArray(answer?.batchItemFailures) && answer.batchItemFailures.length === 0;
}

function whyGone(error: unknown, code: string, own: string | undefined): string | undefined {
  const name = error instanceof Error ? error.name : "";
  if (name === "ResourceNotFoundException") return `there is no ${code} any more`;
  // Where versions are published, a refusal is a permission that has not arrived yet, or was lost: a deploy mends it.
  if (name === "AccessDeniedException" && own === undefined)
    return `this deployment has no pinned workflows, so it may not invoke ${code}; deploy it with the construct's prop "versions"`;
  return undefined;
}
