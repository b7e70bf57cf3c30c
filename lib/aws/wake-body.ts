/** A wake as it travels: JSON in a message's body. Whatever came is checked; nothing else may reach the engine. */
import { HoldfastError } from "../model/errors.js";
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
  if (typeof executionId !== "string" || executionId === "")
    throw new MalformedWakeError('its "executionId" is not text');
  const reason: unknown = Reflect.get(found, "reason");
  const known = REASONS.find((each) => each === reason);
  if (known === undefined) throw new MalformedWakeError(`its "reason" is ${JSON.stringify(reason)}`);
  const slot = optionalNumber(found, "slot");
  const dueAt = optionalNumber(found, "dueAt");
  const puts = optionalNumber(found, "puts");
  const rescues = optionalNumber(found, "rescues");
  const epoch = optionalNumber(found, "epoch");
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

function optionalNumber(found: object, field: string): number | undefined {
  const value: unknown = Reflect.get(found, field);
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
  throw new MalformedWakeError(`its "${field}" is not a number from 0 upward`);
}
