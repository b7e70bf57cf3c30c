/** Callback tokens: which operation of which execution they complete. They are names and no secrets: IAM decides who may complete. */
import { InvalidCallbackTokenError } from "./errors.js";
import { digest, mayBeExecutionId } from "./ids.js";

export interface CallbackTarget {
  readonly executionId: string;
  /** The callback operation's path. */
  readonly op: string;
  /** How often a sign of life is expected. */
  readonly heartbeatMs?: number;
}

/** URL-safe text. */
export function callbackToken({ executionId, op, heartbeatMs }: CallbackTarget): string {
  const content = Buffer.from(JSON.stringify([executionId, op, heartbeatMs ?? 0])).toString("base64url");
  return `${content}.${checksum(content)}`;
}

/** @throws InvalidCallbackTokenError, for one that was cut or mistyped too */
export function readCallbackToken(token: unknown): CallbackTarget {
  const [content = "", check, ...rest] = typeof token === "string" ? token.split(".") : [];
  if (rest.length > 0 || check !== checksum(content)) throw new InvalidCallbackTokenError(token);
  const [executionId, op, heartbeatMs] = partsOf(Buffer.from(content, "base64url").toString());
  if (!mayBeExecutionId(executionId) || typeof op !== "string" || !isDuration(heartbeatMs))
    throw new InvalidCallbackTokenError(token);
  return { executionId, op, ...(heartbeatMs === 0 ? {} : { heartbeatMs }) };
}

/** Empty for what is no list. */
function partsOf(json: string): readonly unknown[] {
  try {
    const parts: unknown = JSON.parse(json);
    return Array.isArray(parts) ? parts : [];
  } catch {
    return [];
  }
}

function isDuration(found: unknown): found is number {
  return typeof found === "number" && found >= 0;
}

/** 48 bits: finds what was cut or mistyped. */
function checksum(content: string): string {
  return digest(content, 8);
}
