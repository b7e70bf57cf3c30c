/** Callback tokens: which operation of which execution they complete. They are names and no secrets: IAM decides who may complete. */
import { InvalidCallbackTokenError } from "./errors.js";
import { digest } from "./ids.js";

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
  const parts: unknown = JSON.parse(Buffer.from(content, "base64url").toString());
  const [executionId, op, heartbeatMs] = Array.isArray(parts) ? parts : [];
  if (typeof executionId !== "string" || typeof op !== "string" || typeof heartbeatMs !== "number")
    throw new InvalidCallbackTokenError(token);
  return { executionId, op, ...(heartbeatMs === 0 ? {} : { heartbeatMs }) };
}

/** 48 bits: finds what was cut or mistyped. */
function checksum(content: string): string {
  return digest(content, 8);
}
