/** A wake as it travels: JSON in a message's body. Whatever came is checked; nothing else may reach the engine. */
import { HoldfastError } from "../model/errors.js";
import { shown } from "../model/shown.js";
import type { EpochMs } from "../model/time.js";
import type { Wake, WakeReason } from "../model/wake.js";

const REASONS: readonly WakeReason[] = [
  "start",
  "timer",
  "message",
  "insurance",
  "yield",
  "redrive",
  "audit",
  "relay",
];

/** DynamoDB takes so many bytes of a partition key: nothing is there under a longer one. */
const LONGEST_KEY = 2_048;

/** EventBridge Scheduler's times have four digits for the year: a wake for a later one would go round in the queue for ever. */
const LATEST = Date.UTC(9999, 11, 31);

/** A message of the wake queue that is no wake. */
export class MalformedWakeError extends HoldfastError {
  readonly code = "MALFORMED_WAKE";
  constructor(why: string) {
    super(
      `This message is not a wake: ${why}. Expected JSON such as {"executionId":"…","reason":"timer"}. Nothing but Holdfast may send to the wake queue; delete it from the dead-letter queue.`,
    );
    this.name = "MalformedWakeError";
  }
}

/** Throws {@link MalformedWakeError}. */
export function parseWake(body: string): Wake {
  let found: unknown;
  try {
    found = JSON.parse(body);
  } catch {
    throw new MalformedWakeError("its body is no JSON");
  }
  if (typeof found !== "object" || found === null) throw new MalformedWakeError("its body is no object");
  const executionId: unknown = Reflect.get(found, "executionId");
  if (typeof executionId !== "string" || executionId === "" || executionId.length > LONGEST_KEY)
    throw new MalformedWakeError(`its "executionId" is not text of 1 to ${LONGEST_KEY} characters`);
  const reason: unknown = Reflect.get(found, "reason");
  const known = REASONS.find((each) => each === reason);
  if (known === undefined) throw new MalformedWakeError(`its "reason" is ${shown(reason)}`);
  const slot = optionalCount(found, "slot");
  const dueAt = timeIn(found);
  const puts = optionalCount(found, "puts");
  const rescues = optionalCount(found, "rescues");
  const epoch = optionalCount(found, "epoch");
  return {
    executionId,
    reason: known,
    ...(slot === undefined ? {} : { slot }),
    ...(dueAt === undefined ? {} : { dueAt }),
    ...(puts === undefined ? {} : { puts }),
    ...(rescues === undefined ? {} : { rescues }),
    ...(epoch === undefined ? {} : { epoch }),
  };
}

function optionalCount(found: object, field: string): number | undefined {
  const value: unknown = Reflect.get(found, field);
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new MalformedWakeError(`its "${field}" is not a whole number from 0 upward`);
}

function timeIn(found: object): EpochMs | undefined {
  const value: unknown = Reflect.get(found, "dueAt");
  if (value === undefined) return undefined;
  if (typeof value === "number" && value >= 0 && value <= LATEST) return value;
  throw new MalformedWakeError('its "dueAt" is not a time in milliseconds, in the year 9999 at the latest');
}
