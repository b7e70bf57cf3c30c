/**
 * What a line of the engine's own log may hold. A log is read by more people than the tables, and kept elsewhere: so nothing that a user stores
 * gets there through a line of ours, and the type of these lines takes no error as it is. What an error tells about itself (its message, its
 * fields) may quote an input, an item or a password, unless it is known who wrote it.
 */
import { HoldfastError } from "./errors.js";
import { keptStack } from "./stack.js";

/** Names, counts and times; never what a user stored. */
export type Tellable = string | number | boolean | undefined | readonly string[] | ToldError;

export interface ToldError {
  readonly name: string;
  /** Of ours, and of what Node's own calls fail with (`ECONNREFUSED`). */
  readonly code?: string;
  /** Only of those whose words are made of names and numbers; of all others it stands in the history, or nowhere. */
  readonly message?: string;
  /** By which AWS finds the call that failed. */
  readonly requestId?: string;
  /** Where it was thrown, nearest first. */
  readonly at?: readonly string[];
  readonly cause?: ToldError;
}

/** Errors of ours whose words hold no more than names, ids, paths and limits. All others may repeat what somebody gave us, or threw. */
const TELLING: ReadonlySet<string> = new Set([
  "AUDIT_INCOMPLETE",
  "CORRUPT_HISTORY",
  "CRASH_LOOP",
  "DELIVERY_INCOMPLETE",
  "EXECUTION_CLOSED",
  "EXECUTION_CONFLICT",
  "EXECUTION_DELETED",
  "EXECUTION_NOT_FOUND",
  "FENCED",
  "MALFORMED_BUS_EVENT",
  "NON_DETERMINISM",
  "NON_DURABLE_AWAIT",
  "PAYLOAD_TOO_LARGE",
  "SETTING_MISSING",
  "STEP_TIMEOUT",
  "TERMINATED_UNREAD",
  "UNENCODABLE_VALUE",
  "UNKNOWN_ENGINE_FLAG",
  "UNKNOWN_EVENT",
  "UNKNOWN_WORKFLOW",
]);

/** A cause of a cause says little. */
const MOST_CAUSES = 3;

const LONGEST_WORD = 200;

/** @param error whatever was thrown */
export function told(error: unknown): ToldError {
  try {
    return toldAt(error, 0);
  } catch {
    // Somebody else's getters: whoever logs an error must not fail of it.
    return { name: "an error that can't be read" };
  }
}

function toldAt(error: unknown, depth: number): ToldError {
  if (!(error instanceof Error)) return { name: `something that is no Error: ${typeof error}` };
  const { name, message, stack, cause } = error;
  const code = textIn(error, "code");
  const metadata: unknown = Reflect.get(error, "$metadata");
  const requestId = textIn(metadata, "requestId");
  const at = placesIn(String(name), String(message), stack);
  return {
    name: cut(String(name)),
    ...(code === undefined ? {} : { code }),
    ...(isTelling(error) || isObject(metadata) ? { message: String(message) } : {}),
    ...(requestId === undefined ? {} : { requestId }),
    ...(at.length === 0 ? {} : { at }),
    ...(cause === undefined || depth === MOST_CAUSES ? {} : { cause: toldAt(cause, depth + 1) }),
  };
}

function isTelling(error: Error): boolean {
  return error instanceof HoldfastError && TELLING.has(error.code);
}

/** None of a stack that somebody has made by hand: nobody knows where its words end. */
function placesIn(name: string, message: string, stack: string | undefined): string[] {
  const frames = stack === undefined ? "" : (keptStack(name, message, stack)?.frames ?? "");
  return frames
    .split("\n")
    .map((frame) => frame.trim().replace(/^at /, ""))
    .filter((frame) => frame !== "");
}

function textIn(from: unknown, field: string): string | undefined {
  const found: unknown = isObject(from) ? Reflect.get(from, field) : undefined;
  return typeof found === "string" && found !== "" ? cut(found) : undefined;
}

function isObject(found: unknown): found is object {
  return typeof found === "object" && found !== null;
}

function cut(text: string): string {
  return text.length > LONGEST_WORD ? `${text.slice(0, LONGEST_WORD)}…` : text;
}
