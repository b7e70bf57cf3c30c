/** Starting an execution from outside of the app's code: its start function knows the workflows and checks the input. */
import { HoldfastError } from "../model/errors.js";
import type { Labels } from "../model/labels.js";
import { STATUSES } from "../model/status.js";
import { type Connection, clientSettings } from "./connection.js";
import type { StartAnswer } from "./starting.js";

/** The start function refused, or failed. Its `name` is that of the error there. */
export class StartRefusedError extends HoldfastError {
  readonly code = "START_REFUSED";
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

/** What the function is invoked with; see `start-payload.ts`. */
export interface StartInvocation extends Labels {
  readonly workflow: string;
  readonly input: unknown;
  /** Always given: an invocation whose answer was lost is repeated, and must find what it started. */
  readonly id: string;
  readonly delay?: unknown;
  readonly wait?: unknown;
  readonly onConflict?: string;
}

/** A function may run for fifteen minutes, and says nothing until it answers. */
const ANSWER_WITHIN_MS = 920_000;

/** Throws {@link StartRefusedError}. */
export async function invokeStart(
  functionName: string,
  payload: StartInvocation,
  connection: Connection = {},
): Promise<StartAnswer> {
  const { InvokeCommand, LambdaClient } = await import("./holdfast-part-lambda.js");
  const settings = clientSettings("lambda", connection);
  const client = new LambdaClient({
    ...settings,
    requestHandler: { ...settings.requestHandler, requestTimeout: ANSWER_WITHIN_MS },
  });
  try {
    const { FunctionError, Payload } = await client.send(
      new InvokeCommand({ FunctionName: functionName, Payload: Buffer.from(JSON.stringify(payload)) }),
    );
    const answer: unknown = JSON.parse(Payload?.transformToString() || "null");
    if (FunctionError !== undefined) throw refusal(answer, functionName, payload.id);
    if (isAnswer(answer)) return answer;
    throw new StartRefusedError(
      "UnexpectedAnswerError",
      `The function ${functionName} answered with something that is no start's answer: ${JSON.stringify(answer)?.slice(0, 200)}. Check that it is the deployment's start function.`,
    );
  } finally {
    client.destroy();
  }
}

/** Lambda's own words for an invocation that was killed: it ran out of time or memory, or its process ended. Nobody knows how far it came. */
const KILLED = /^(Sandbox\.|Runtime\.(ExitError|OutOfMemory))/;

function refusal(answer: unknown, functionName: string, id: string): StartRefusedError {
  const text = (field: string, otherwise: string): string => {
    const value: unknown =
      typeof answer === "object" && answer !== null ? Reflect.get(answer, field) : undefined;
    return typeof value === "string" ? value : otherwise;
  };
  const type = text("errorType", "StartRefusedError");
  const message = text(
    "errorMessage",
    `The function ${functionName} failed and said nothing more. Read its log.`,
  );
  if (!KILLED.test(type)) return new StartRefusedError(type, message);
  return new StartRefusedError(
    "StartUnansweredError",
    `The function ${functionName} was ended before it answered: ${message} The execution "${id}" may have been started. Look for it (holdfast show ${id}), or start it again with that id, which starts nothing twice.`,
  );
}

function isAnswer(found: unknown): found is StartAnswer {
  if (typeof found !== "object" || found === null) return false;
  const status: unknown = Reflect.get(found, "status");
  return (
    typeof Reflect.get(found, "executionId") === "string" &&
    typeof Reflect.get(found, "created") === "boolean" &&
    STATUSES.some((known) => known === status)
  );
}
